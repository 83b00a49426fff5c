"""What is left to write once it is over, filled from what was recorded: the post-mortem of a rollback and the review of
a deployment, as Markdown (DevOps engineer's document, "Post-Mortem Process" and "Post-Deployment").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Event
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.core.roles import PIPELINE
from bot.core.rollback_clock import RECOVERY_TARGETS
from bot.core.rollback_forms import SCOPES, RequestForm
from bot.core.rollback_rules import Rollback
from bot.messages.generic import shown
from bot.messages.markdown import BLANK, bullets, inert, lines_of, section, table, to_copy
from bot.messages.message import Said
from bot.messages.parts import capital, span, version
from bot.messages.people import acting_role

SAID = ("reason", "text", "issue", "seen", "summary", "override", "words", "situation", "link")
"""The fields whose words a timeline repeats, the first that there is."""

NUMBERS = {"target": "to {}", "version": "{}", "eta": "ETA {} min", "duration": "{} min", "minutes": "{} min"}
"""The short facts that a timeline repeats beside them."""

TO_DO = "- [ ] "


# ── what both have ───────────────────────────────────────────────────────────────────────────────────────────────────
def _title(kind: str, conversation: Conversation, policy: Service) -> list[str]:
    it = conversation
    return [f"# {kind}: {inert(it.version)} of {inert(policy.title)} ({inert(it.environment)})", ""]


def _moment(when: datetime | None) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if when else "–"


def _facts(rows: Iterable[tuple[str, str]]) -> list[str]:
    return table(("What", "Recorded"), [(name, value) for name, value in rows if value])


def timeline(conversation: Conversation, events: Sequence[Event]) -> list[str]:
    """All that happened, a row each: when in UTC, who and in which role, what, with which words."""
    dialogue = DIALOGUES[conversation.dialogue]
    rows = [
        (
            f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M}",
            _who(conversation, event),
            inert(dialogue.step(event.step).label),
            _details(event.data),
        )
        for event in events
    ]
    return table(("When (UTC)", "Who", "What", "Details"), rows)


def _who(conversation: Conversation, event: Event) -> str:
    role = acting_role(conversation, event)
    return f"{inert(event.name)} ({role})" if role and event.actor != "clock" else inert(event.name)


def _details(data: Mapping[str, Any]) -> str:
    given = {name: data[name] for name in (*NUMBERS, *SAID) if data.get(name) not in (None, "")}
    short = [words.format(inert(str(given[name]))) for name, words in NUMBERS.items() if name in given]
    said = [inert(str(given[name])) for name in SAID if name in given]
    return "; ".join((*short, *_breach(data), *_missed(data), *said[:1]))


def _breach(data: Mapping[str, Any]) -> list[str]:
    if "measured" not in data:
        return []
    return [f"{inert(data['signal'])}: {inert(data['measured'])}, limit {inert(data['limit'])}"]


def _missed(data: Mapping[str, Any]) -> list[str]:
    scope = str(data.get("occasion", "")).rpartition(":")[2]
    return [SCOPES[scope]] if scope in SCOPES else []


def _act(conversation: Conversation, events: Sequence[Event], *steps: str) -> str:
    """When a step was taken last, and by whom."""
    event = next((event for event in reversed(events) if event.step in steps), None)
    return f"{_moment(event.at)}, {_who(conversation, event)}" if event else ""


def _first(events: Sequence[Event], *steps: str) -> Event | None:
    return next((event for event in events if event.step in steps), None)


def _last(events: Sequence[Event], *steps: str) -> Event | None:
    return next((event for event in reversed(events) if event.step in steps), None)


# ── the post-mortem ──────────────────────────────────────────────────────────────────────────────────────────────────
def post_mortem(
    rollback: Rollback, events: Sequence[Event], policy: Service, names: Mapping[str, str] | None = None
) -> str:
    """The post-mortem as far as it is known; what people must find out is headed and left blank. `names`: people by
    user id, for those who are to investigate and have not acted.
    """
    lines = [
        *_title("Post-mortem", rollback, policy),
        *_facts(_rollback_facts(rollback, events)),
        *section("What happened", lines_of(rollback.issue)),
        *section("Impact", bullets(rollback.impact), 3),
        *section("Evidence", bullets(rollback.evidence), 3),
        *section("Timeline", timeline(rollback, events)),
        *section("How it was brought back", _way_back(rollback, events)),
        *section("Root cause", _investigation(rollback, events, names or {})),
        *section("Preventive measures", [TO_DO]),
        *section("Runbooks to update", [TO_DO]),
        *section("Learnings to share with the team", [TO_DO]),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _rollback_facts(rollback: Rollback, events: Sequence[Event]) -> list[tuple[str, str]]:
    return [
        ("Severity", inert(shown(RequestForm.asks()["severity"][0], rollback.severity))),
        ("Reported", _act(rollback, events[:1], "request")),
        ("Decided", _decision(rollback, events)),
        ("Voices", _voices(rollback)),
        ("Begun", _act(rollback, events, "initiate")),
        ("Done", _act(rollback, events, "complete")),
        ("Verified", _act(rollback, events, "verify")),
        ("Now on", inert(rollback.live)),
        ("Attempts", str(rollback.attempts) if rollback.attempts > 1 else ""),
        ("Recovery target", _target(rollback)),
        ("From the report to the verification", _between(events, "request", "verify")),
        ("Post-mortem", _moment(rollback.post_mortem_at) if rollback.post_mortem_at else ""),
    ]


def _decision(rollback: Rollback, events: Sequence[Event]) -> str:
    if rollback.severity == "P0" and not _last(events, "decline", "withdraw"):
        return "at once, by its severity"
    event = _last(events, "decide", "decline", "withdraw")
    if event is None:
        return ""
    label = DIALOGUES[rollback.dialogue].step(event.step).label
    return f"{label}: {_moment(event.at)}, {_who(rollback, event)}"


def _voices(rollback: Rollback) -> str:
    told = [
        f"{words}: {', '.join(inert(vote.name) for vote in rollback.votes if vote.in_favour is in_favour)}"
        for words, in_favour in (("in favour", True), ("against", False))
        if any(vote.in_favour is in_favour for vote in rollback.votes)
    ]
    return "; ".join(told)


def _target(rollback: Rollback) -> str:
    if not rollback.attempts:
        return ""
    target, took = RECOVERY_TARGETS[rollback.scope], rollback.took_minutes if rollback.finished_at else None
    label = inert(SCOPES[rollback.scope].partition(" (")[0])
    if took is None:
        return f"{label}: {span(target)}"
    kept = "missed" if timedelta(minutes=took) > target else "met"
    return f"{label}: {span(target)}; it took {span(timedelta(minutes=took))}: {kept}"


def _between(events: Sequence[Event], first: str, last: str) -> str:
    begun, ended = _first(events, first), _last(events, last)
    return span(ended.at - begun.at) if begun and ended else ""


def _way_back(rollback: Rollback, events: Sequence[Event]) -> list[str]:
    if not rollback.attempts:
        return [f"{capital(inert(rollback.environment))} was not rolled back."]
    lines = [f"{inert(rollback.version)} was rolled back to {inert(rollback.live or rollback.target)}."]
    if checks := rollback.forms.get("complete", {}).get("checks"):
        lines += ["", "Checked right after it:", "", *bullets(checks)]
    if verified := _last(events, "verify"):
        lines += ["", f"Verified: {inert(verified.data['seen'])}"]
    return lines


def _investigation(rollback: Rollback, events: Sequence[Event], names: Mapping[str, str]) -> list[str]:
    kept = rollback.forms.get("close", {})
    known = {**{event.actor: event.name for event in events}, **names}
    people = [inert(known[person]) for person in kept.get("investigators", ()) if person in known]
    lines = [f"Investigated by: {', '.join(people)}", ""] if people else []
    if kept.get("words"):
        lines += ["To be clear before the next deployment:", "", *lines_of(kept["words"]), ""]
    return [*lines, BLANK]


def drafted(rollback: Rollback, events: Sequence[Event], policy: Service) -> tuple[Said, ...]:
    """The draft in the thread, once the rollback is closed and the post-mortem has its time."""
    title = f"📄 *Post-mortem of {version(rollback)}, a draft from what was recorded*: copy it, and fill in the blanks."
    return tuple(map(Said, to_copy(title, post_mortem(rollback, events, policy))))


# ── the review of a deployment ───────────────────────────────────────────────────────────────────────────────────────
def deployment_review(release: Release, events: Sequence[Event], policy: Service) -> str:
    """The post-deployment review of a release as far as it is known; what people think of it is left blank."""
    deployed = release.forms.get("deployed", {})
    lines = [
        *_title("Post-deployment review", release, policy),
        *_facts(_release_facts(release, events)),
        *section("What was released", bullets(release.approval.changes)),
        *section("Known issues", bullets(release.approval.known_issues), 3),
        *section("How the deployment went", _notice(deployed) or [_unfinished(release)]),
        *section("Smoke test", _smoke(release)),
        *section("What stood out", _trouble(release, events) or ["Nothing that was recorded."]),
        *section("Timeline", timeline(release, events)),
        *section("What went well", [TO_DO]),
        *section("What to do better", [TO_DO]),
        *section("Actions, with who does them", [TO_DO]),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _unfinished(release: Release) -> str:
    """What there is to say of a deployment that nobody told the end of."""
    started = release.took("start")
    if started is None:
        return "It was not deployed."
    share = f" {release.canary.share}% of the traffic went to it." if release.canary else ""
    return f"It was begun {_moment(started.at)}, and its end was not told.{share}"


def _release_facts(release: Release, events: Sequence[Event]) -> list[tuple[str, str]]:
    plan, state = release.last_plan, DIALOGUES["release"].state(release.state)
    planned = f"{_moment(plan.when)}, {span(timedelta(minutes=plan.duration))}" if plan else ""
    took = release.forms.get("deployed", {}).get("duration")
    began = "Asked for" if release.opened_by.startswith(PIPELINE) else "Approved"
    return [
        ("Outcome", capital(inert(state.words))),
        ("Commit", f"{inert(release.approval.commit)} on {inert(release.approval.branch)}"),
        (began, _act(release, events, "approve", "revise")),
        ("Planned for", planned),
        ("Strategy", inert(str(plan.strategy).replace("_", "-")) if plan else ""),
        ("Downtime", inert(plan.downtime) if plan else ""),
        ("Started", _act(release, events, "start")),
        ("Deployed", _act(release, events, "deployed")),
        ("The deployment took", span(timedelta(minutes=took)) if took is not None else ""),
        ("Smoke test", _act(release, events, "smoke_passed", "smoke_failed")),
        ("Completed", _act(release, events, "complete")),
        ("Rolled back", _act(release, events, "rolled_back")),
        ("From the approval to the end", _between(events, "approve", events[-1].step) if state.final else ""),
    ]


def _notice(deployed: Mapping[str, Any]) -> list[str]:
    lines = bullets((*deployed.get("components", ()), *deployed.get("health_checks", ()), *deployed.get("metrics", ())))
    more = (("Database migration", "migration"), ("Cache", "cache"), ("Issues", "issues"))
    return lines + [f"- {label}: {inert(deployed[name])}" for label, name in more if deployed.get(name)]


def _smoke(release: Release) -> list[str]:
    act = release.took("smoke_passed") or release.took("smoke_failed")
    kept = release.forms.get(act.step, {}) if act else {}
    rows = [result.rpartition(":") for result in kept.get("results", ())]
    cells = [(inert(name.strip()) or "–", inert(verdict.strip())) for name, _, verdict in rows]
    lines = table(("Test", "Result"), cells) if cells else ["It was not run."]
    return [*lines, "", f"Issues found: {inert(kept['issues'])}"] if kept.get("issues") else lines


STOOD_OUT = (
    *("object", "propose_time", "disagree", "allow", "reschedule", "withdraw", "deploy_failed", "pause_canary"),
    *("resume_canary", "smoke_failed", "breach", "continue", "escalate", "roll_back", "found_live"),
)


def _trouble(release: Release, events: Sequence[Event]) -> list[str]:
    """What did not go straight on: objections, failures, breaches, overrides, a release that was taken back."""
    dialogue = DIALOGUES["release"]
    told = [(event, _details(event.data)) for event in events if event.step in STOOD_OUT or event.data.get("override")]
    return [
        f"- {_moment(event.at)}, {_who(release, event)}: {dialogue.step(event.step).label}"
        + (f" ({details})" if details else "")
        for event, details in told
    ]
