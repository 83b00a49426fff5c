#!/bin/sh
# A pipeline's side of a release: asks for approval, waits, starts, and tells how it went. Needs sh and curl, no more.
#
#   GREENLIGHT_URL      where Greenlight is, such as https://greenlight.example.com
#   GREENLIGHT_TOKEN    from `greenlight token create <service> <name>`; a secret of the pipeline
#   GREENLIGHT_SERVICE  the service's short name in Greenlight
#   VERSION, COMMIT     what is released
#   GREENLIGHT_ENVIRONMENT  of a service with several environments, the one that is deployed to; name it in approval.json,
#                       too. Unset, nothing but the first is started or told of.
#   RUN                 names this run, so that a request that is sent again is known; the CI's own run id
#   TIMEOUT             seconds to wait for people, 5 hours unless set; POLL: seconds of one wait, 60 at most
#
#   greenlight.sh ask approval.json      asks for approval; a release that is open already is left as it is
#   greenlight.sh start                  waits for sign-offs, plan and agreed time, then starts the deployment
#   greenlight.sh deployed notice.json   tells that it is deployed
#   greenlight.sh failed "what happened" tells that it failed
#   greenlight.sh smoke report.xml       tells the results of the smoke test, from JUnit XML
#   greenlight.sh wait state …           waits for one of the states; 0 once it is there
#
# Ends with 0 if it went well, 1 if Greenlight refused it, 2 if it was called wrongly, 3 if the release ended
# otherwise (withdrawn, rolled back), 4 if nobody answered in time.
set -eu

: "${GREENLIGHT_URL:?}" "${GREENLIGHT_TOKEN:?}" "${GREENLIGHT_SERVICE:?}" "${VERSION:?}"
releases="${GREENLIGHT_URL%/}/api/services/$GREENLIGHT_SERVICE/releases"
release="$releases/$VERSION"
where="${GREENLIGHT_ENVIRONMENT:+environment=$GREENLIGHT_ENVIRONMENT}"
run="${RUN:-$(date +%s)-$$}${GREENLIGHT_ENVIRONMENT:+-$GREENLIGHT_ENVIRONMENT}"
ends_at=$(($(date +%s) + ${TIMEOUT:-18000}))
answer=$(mktemp)
body=$(mktemp)
trap 'rm -f "$answer" "$body"' EXIT

# request METHOD URL [curl's arguments …]: the status goes to $status, the body to the file $answer.
# The token goes to curl on its standard input: arguments can be read by everybody on the machine.
request() {
    method=$1 url=$2
    shift 2
    tries=0
    while :; do
        status=$(printf 'header = "Authorization: Bearer %s"\n' "$GREENLIGHT_TOKEN" |
            curl --silent --show-error --config - --max-time 90 --request "$method" --output "$answer" \
                --write-out '%{http_code}' "$@" "$url") || status=000
        tries=$((tries + 1))
        case $status in
            000 | 429 | 502 | 503 | 504) [ "$tries" -lt 10 ] && sleep $((tries * 2)) && continue ;;
        esac
        return 0
    done
}

# post STEP URL FILE TYPE: each step has a key of its own, so that it is recorded once however often it is sent.
post() {
    request POST "$2" --header "Idempotency-Key: $run-$1" --header "Content-Type: $4" --data-binary "@$3"
}

field() { # the text of a field of the answer, on the top
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$answer" | head -n 1
}

told() { # says what Greenlight said
    case $status in
        2*) echo "$1: $(field state)" ;;
        *)
            echo "$1: refused with $status: $(cat "$answer")" >&2
            exit 1
            ;;
    esac
}

look() { # look SECONDS [&until=…]: waits so long at most, woken by Greenlight
    request GET "$release?wait=$1${2:-}&$where"
    told "$VERSION" >/dev/null
    state=$(field state)
    case $state in
        withdrawn | rolled_back)
            echo "$VERSION is $state" >&2
            exit 3
            ;;
    esac
}

in_time() {
    if [ "$(date +%s)" -ge "$ends_at" ]; then
        echo "$VERSION is still $state; nobody answered in time" >&2
        exit 4
    fi
}

json_text() { # a text as JSON
    printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\010\013-\037' | sed 's/\\/\\\\/g; s/"/\\"/g; s/	/ /g' |
        awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }')"
}

case ${1:-} in
    ask)
        request GET "$release?$where"
        if [ "$status" = 200 ] && grep -q '"is_open":true' "$answer"; then
            approved=$(field commit)
            case ${COMMIT:-$approved} in
                "$approved"*) echo "$VERSION is open already: $(field state)" && exit 0 ;;
                *) echo "$VERSION is open already, with commit $approved and not $COMMIT" >&2 && exit 1 ;;
            esac
        fi
        post ask "$releases" "${2:?}" application/json
        told "asked for approval"
        ;;
    start)
        look 0
        while :; do
            case $state in
                deploying | canary) echo "$VERSION is $state" && exit 0 ;;
                scheduled)
                    printf '{"commit": "%s"}' "${COMMIT:?}" >"$body"
                    post start "$release/steps/start?$where" "$body" application/json
                    [ "$status" = 409 ] || { told "started" && exit 0; }
                    echo "not yet: $(field detail)"
                    ;;
                awaiting_* | objected) echo "$VERSION waits: $(field words)" ;;
                *) echo "$VERSION is $state: it can't be started" >&2 && exit 3 ;;
            esac
            in_time
            look "${POLL:-60}"
        done
        ;;
    deployed)
        post deployed "$release/steps/deployed?$where" "${2:?}" application/json
        told "deployed"
        ;;
    failed)
        printf '{"reason": %s}' "$(json_text "${2:?}")" >"$body"
        post failed "$release/steps/deploy_failed?$where" "$body" application/json
        told "failed"
        ;;
    smoke)
        post smoke "$release/smoke-results?$where" "${2:?}" application/xml
        told "smoke test"
        ;;
    wait)
        shift
        : "${1:?}"
        until=
        for wanted in "$@"; do until="$until&until=$wanted"; done
        look 0 "$until"
        while :; do
            for wanted in "$@"; do [ "$state" != "$wanted" ] || { echo "$VERSION is $state" && exit 0; }; done
            in_time
            look "${POLL:-60}" "$until"
        done
        ;;
    *)
        sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
