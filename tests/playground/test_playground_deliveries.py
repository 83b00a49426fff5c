"""What reaches the app over HTTP: signed, shaped as Slack shapes it, once or retried, and what its answer does."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from playground.slack.choosing import AppFailedError
from playground.slack.server import SlackServer
from playground.slack.shapes import PersonError
from tests.playground.test_playground_web_api import refusal
from tests.playground.tiny_app import web_client

Json = dict[str, Any]
RELEASES = "C0000000001"


def card(**confirm: Any) -> list[Json]:
    options = [{"text": {"type": "plain_text", "text": word}, "value": word.lower()} for word in ("Rolling", "Canary")]
    return [
        {"type": "section", "block_id": "head", "text": {"type": "mrkdwn", "text": "Release"}},
        {
            "type": "actions",
            "block_id": "steps",
            "elements": [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "Go"},
                    "action_id": "go",
                    "value": "r1",
                    **confirm,
                },
                {"type": "static_select", "action_id": "how", "options": options},
                {"type": "overflow", "action_id": "more", "options": options},
                {"type": "users_select", "action_id": "who"},
                {"type": "datepicker", "action_id": "when"},
            ],
        },
    ]


async def post_card(server: SlackServer, text: str = "card", **more: Any) -> str:
    answer = await web_client(server).chat_postMessage(channel=RELEASES, text=text, blocks=card(), **more)
    return str(answer["ts"])


async def test_a_command_is_a_signed_form_with_what_slack_sends(server: SlackServer, recorded: Any) -> None:
    await server.person("quinn").command("/plain status @dana <b>")
    [(headers, body)] = recorded.requests
    verifier = SignatureVerifier(server.signing_secret)
    assert verifier.is_valid_request(body, headers)
    assert abs(int(headers["x-slack-request-timestamp"]) - time.time()) < 5
    [form] = recorded.payloads()
    assert {key: form[key] for key in ("command", "text", "user_name", "channel_id", "channel_name")} == {
        "command": "/plain",
        "text": "status @dana <b>",
        "user_name": "quinn",
        "channel_id": RELEASES,
        "channel_name": "releases",
    }
    assert form["trigger_id"]
    assert form["response_url"].startswith(server.url)
    assert "thread_ts" not in form


async def test_a_command_that_should_escape_carries_ids(server: SlackServer, recorded: Any) -> None:
    await server.person("quinn").command("/release ask @Dana Ortiz, @qa-team in #random & <b> https://a.example/x")
    [form] = recorded.payloads()
    assert form["text"] == (
        "ask <@U0000000002|dana>, <!subteam^S0000000001|@qa-team> in <#C0000000002|random> "
        "&amp; &lt;b&gt; <https://a.example/x>"
    )


async def test_an_app_that_takes_too_long_fails_in_front_of_the_person_and_is_not_asked_again(
    server: SlackServer, recorded: Any
) -> None:
    recorded.answers = [None]
    with pytest.raises(AppFailedError, match=r'/release failed with the error "operation_timeout"'):
        await server.person("quinn").command("/release status")
    ts = await post_card(server)
    for answer in (None, web.Response(status=500)):
        recorded.answers = [answer]
        with pytest.raises(AppFailedError):
            await server.person("quinn").click(ts, "Go")
    assert len(recorded.requests) == 3


async def test_a_commands_answer_may_be_text_or_json_and_is_private_unless_it_says_otherwise(
    server: SlackServer, recorded: Any
) -> None:
    quinn, dana = server.person("quinn"), server.person("dana")
    recorded.answers = [
        web.Response(text="plain"),
        web.json_response({"text": "loud", "response_type": "in_channel"}),
        web.json_response({"blocks": [{"type": "section"}]}),
    ]
    await quinn.command("/release a")
    await quinn.command("/release b")
    assert [message.text for message in quinn.ephemerals] == ["plain"]
    assert [message.text for message in dana.messages("#releases")] == ["loud"]
    with pytest.raises(AppFailedError, match="invalid_command_response"):
        await quinn.command("/release c")


async def test_commands_that_the_client_refuses_never_reach_the_app(server: SlackServer, recorded: Any) -> None:
    quinn = server.person("quinn")
    root = await quinn.says("root")
    with pytest.raises(PersonError, match="/release is not supported in threads"):
        await quinn.says("/release status", thread=root)
    with pytest.raises(PersonError, match="not a valid command"):
        await quinn.command("/unknown")
    server.workspace.leave(server.workspace.channel("#releases"), quinn.id)
    with pytest.raises(PersonError, match="Quinn Avery is not in #releases"):
        await quinn.command("/release status")
    assert not recorded.requests


async def test_a_click_carries_the_message_its_thread_and_the_value(server: SlackServer, recorded: Any) -> None:
    root = await post_card(server, "root")
    reply = await post_card(server, "reply", thread_ts=root)
    await server.person("quinn").click(reply, "Go")
    [payload] = recorded.payloads()
    assert payload["type"] == "block_actions"
    assert payload["container"] == {
        "type": "message",
        "message_ts": reply,
        "thread_ts": root,
        "channel_id": RELEASES,
        "is_ephemeral": False,
    }
    [action] = payload["actions"]
    assert (action["type"], action["action_id"], action["block_id"], action["value"]) == ("button", "go", "steps", "r1")
    assert payload["message"]["ts"] == reply
    assert payload["message"]["thread_ts"] == root
    assert payload["user"]["id"] == "U0000000001"


@pytest.mark.parametrize(
    ("action", "choose", "key", "content"),
    [
        ("how", "Canary", "selected_option", {"text": {"type": "plain_text", "text": "Canary"}, "value": "canary"}),
        ("more", "rolling", "selected_option", {"text": {"type": "plain_text", "text": "Rolling"}, "value": "rolling"}),
        ("who", "Dana Ortiz", "selected_user", "U0000000002"),
        ("when", "2024-01-17", "selected_date", "2024-01-17"),
    ],
)
async def test_a_choice_carries_what_was_chosen(
    server: SlackServer, recorded: Any, action: str, choose: str, key: str, content: Any
) -> None:
    await server.person("quinn").click(await post_card(server), action, choose=choose)
    assert recorded.payloads()[0]["actions"][0][key] == content


async def test_nobody_can_choose_what_is_not_offered(server: SlackServer, recorded: Any) -> None:
    ts, quinn = await post_card(server), server.person("quinn")
    with pytest.raises(PersonError, match="there is no option 'Blue' here; there are: 'Rolling', 'Canary'"):
        await quinn.click(ts, "how", choose="Blue")
    channel = server.workspace.channel("#releases")
    given = {"block_id": "steps", "action_id": "how", "selected_option": {"value": "blue"}}
    with pytest.raises(PersonError, match="offers no option"):
        await server.interactions.act_on_message(quinn.user, channel, ts, given)
    with pytest.raises(PersonError, match="no element is called 'Stop' here; there are: 'Go'"):
        await quinn.click(ts, "Stop")
    assert not recorded.requests


async def test_a_click_on_a_message_that_has_changed_meanwhile_still_reaches_the_app(
    server: SlackServer, recorded: Any
) -> None:
    quinn = server.person("quinn")
    shown = quinn.message(await post_card(server))
    await web_client(server).chat_update(channel=RELEASES, ts=shown.ts, text="done")
    await quinn.click(shown, "Go")
    [payload] = recorded.payloads()
    assert payload["actions"][0]["value"] == "r1"
    assert payload["message"]["text"] == "done"


async def test_a_click_on_an_ephemeral_message_names_it_but_does_not_include_it(
    server: SlackServer, recorded: Any
) -> None:
    quinn = server.person("quinn")
    await web_client(server).chat_postEphemeral(channel=RELEASES, user=quinn.id, text="x", blocks=card())
    await quinn.click(quinn.ephemerals[0], "Go")
    [payload] = recorded.payloads()
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload


async def test_a_message_shortcut_carries_the_message_and_a_global_one_no_channel(
    server: SlackServer, recorded: Any
) -> None:
    quinn = server.person("quinn")
    message = await quinn.says("it is broken")
    await quinn.shortcut("Report issue", message)
    await quinn.shortcut("New release")
    on_message, anywhere = recorded.payloads()
    assert (on_message["type"], on_message["callback_id"]) == ("message_action", "report")
    assert on_message["message"]["text"] == "it is broken"
    assert (anywhere["type"], anywhere["callback_id"]) == ("shortcut", "fresh")
    assert not {"channel", "response_url"} & anywhere.keys()
    with pytest.raises(PersonError, match="used on a message"):
        await quinn.shortcut("Report issue")


async def test_a_response_url_works_five_times_within_thirty_minutes(
    server: SlackServer, recorded: Any, clocks: Any
) -> None:
    quinn = server.person("quinn")
    await quinn.command("/release a")
    await quinn.command("/release b")
    first, second = (form["response_url"] for form in recorded.payloads())
    async with aiohttp.ClientSession() as session:
        for number in range(5):
            async with session.post(first, json={"text": str(number)}) as answer:
                assert answer.status == 200
        async with session.post(first, json={"text": "6"}) as answer:
            assert (answer.status, await answer.text()) == (404, "used_url")
        clocks.pass_seconds(30 * 60 + 1)
        async with session.post(second, json={"text": "late"}) as answer:
            assert (answer.status, await answer.text()) == (404, "expired_url")
    assert [message.text for message in quinn.ephemerals] == ["0", "1", "2", "3", "4"]


async def test_a_response_url_can_replace_or_delete_what_was_clicked(server: SlackServer, recorded: Any) -> None:
    quinn = server.person("quinn")
    ts = await post_card(server)
    await web_client(server).chat_postEphemeral(channel=RELEASES, user=quinn.id, text="x", blocks=card())
    await quinn.click(ts, "Go")
    await quinn.click(quinn.ephemerals[0], "Go")
    visible, private = (payload["response_url"] for payload in recorded.payloads())
    async with aiohttp.ClientSession() as session:
        for url, body, status in [
            (visible, {"replace_original": True, "text": "replaced"}, 200),
            (private, {"replace_original": True, "text": "quietly"}, 200),
            (visible, {"text": ""}, 400),
            (visible, {"text": "x", "thread_ts": ts}, 400),
            (visible, {"text": "x", "blocks": [{"type": "section"}]}, 400),
            (visible, {"text": "in thread", "thread_ts": ts, "response_type": "in_channel"}, 200),
        ]:
            async with session.post(url, json=body) as answer:
                assert answer.status == status, await answer.text()
        assert quinn.message(ts).text == "replaced"
        assert [message.text for message in quinn.ephemerals] == ["quietly"]
        assert [message.text for message in quinn.thread(ts)][1:] == ["in thread"]
        async with session.post(private, json={"delete_original": True}) as answer:
            assert answer.status == 200
    assert not quinn.ephemerals


async def test_a_trigger_opens_one_view_within_three_seconds(server: SlackServer, recorded: Any, clocks: Any) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [{"type": "divider"}]}
    quinn, client = server.person("quinn"), web_client(server)
    for _ in range(2):
        await quinn.command("/release a")
    used, late = (form["trigger_id"] for form in recorded.payloads())
    await client.views_open(trigger_id=used, view=view)
    assert (await refusal(client.views_open(trigger_id=used, view=view)))["error"] == "exchanged_trigger_id"
    clocks.pass_seconds(3.1)
    assert (await refusal(client.views_open(trigger_id=late, view=view)))["error"] == "expired_trigger_id"
    assert (await refusal(client.views_open(trigger_id="1.2.3", view=view)))["error"] == "invalid_trigger_id"


async def test_a_mention_is_an_event_where_the_bot_is_and_a_hint_where_it_is_not(
    server: SlackServer, recorded: Any
) -> None:
    quinn = server.person("quinn")
    root = await quinn.mention("status")
    await quinn.mention("and here?", thread=root)
    await quinn.mention("hello", "#random")
    first, second = recorded.payloads()
    assert first["type"] == "event_callback"
    assert first["event"]["type"] == "app_mention"
    assert first["event"]["text"] == f"<@{server.workspace.bot.id}> status"
    assert "thread_ts" not in first["event"]
    assert second["event"]["thread_ts"] == root.ts
    assert first["event_id"] != second["event_id"]
    assert "they're not in this channel" in quinn.ephemerals[0].text
    await quinn.invite_app("#random")
    await quinn.mention("hello", "#random")
    assert [payload["event"]["type"] for payload in recorded.payloads()[2:]] == ["member_joined_channel", "app_mention"]


async def test_an_event_is_retried_three_times_with_number_and_reason(server: SlackServer, recorded: Any) -> None:
    recorded.answers = [web.Response(status=500), None, web.Response(status=404), web.Response(status=500)]
    await server.person("quinn").mention("status")
    tries = [
        (headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason")) for headers, _ in recorded.requests
    ]
    assert tries == [(None, None), ("1", "http_error"), ("2", "http_timeout"), ("3", "http_error")]
    assert len({json.loads(body)["event_id"] for _, body in recorded.requests}) == 1


async def test_an_app_can_forbid_the_retry_of_what_it_refused(server: SlackServer, recorded: Any) -> None:
    recorded.answers = [web.Response(status=500, headers={"x-slack-no-retry": "1"})]
    await server.person("quinn").mention("status")
    assert len(recorded.requests) == 1


async def test_a_delivery_can_be_doubled(server: SlackServer, recorded: Any) -> None:
    server.faults.duplicate_next(2)
    await server.person("quinn").mention("status")
    await server.person("quinn").click(await post_card(server), "Go")
    await server.settled()
    first, second, click, copy = recorded.payloads()
    assert first["event_id"] == second["event_id"]
    assert click == copy


async def test_only_subscribed_events_are_delivered(server: SlackServer, recorded: Any) -> None:
    quinn = server.person("quinn")
    await quinn.says("not for the app")
    await quinn.says_to_app("for the app")
    await quinn.open_home()
    server.change_group("qa-team", ["quinn", "dana"])
    await server.settled()
    message, home, group = (payload["event"] for payload in recorded.payloads())
    assert (message["type"], message["channel_type"]) == ("message", "im")
    assert (home["type"], home["tab"]) == ("app_home_opened", "home")
    assert (group["type"], group["added_users"]) == ("subteam_members_changed", ["U0000000002"])


async def test_the_request_url_is_checked_as_slack_checks_it(server: SlackServer, recorded: Any) -> None:
    recorded.answers = [web.json_response({"challenge": "c1"}), web.Response(text="no"), web.Response()]
    assert await server.verify_request_url("c1")
    assert not await server.verify_request_url("c2")
    assert await server.check_certificate()
    assert recorded.payloads()[0]["type"] == "url_verification"
    assert recorded.payloads()[2]["ssl_check"] == "1"
