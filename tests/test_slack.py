"""The one caller of Slack's Web API, against the playground's Slack and against servers that answer badly."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.clock import MovableClock
from bot.errors import GreenlightError, TransientError
from bot.messages.message import Message
from bot.slack import AmbiguousError, AuthorizationError, RateLimitedError, Slack, UndeliverableError
from playground.slack.faults import Trouble
from playground.slack.server import SlackServer
from tests.slack_workspace import (
    DANA,
    GUS,
    MANIFEST,
    QA_GROUP,
    QUINN,
    RANDOM,
    RELEASES,
    START,
    answering,
    calls,
    workspace,
)

HELLO = Message("hello", ({"type": "section", "text": {"type": "mrkdwn", "text": "hello"}},))
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "A form"}, "blocks": list(HELLO.blocks)}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
async def server(clock: MovableClock) -> AsyncIterator[SlackServer]:
    async with workspace(clock) as server:
        yield server


@pytest.fixture
async def slack(server: SlackServer) -> AsyncIterator[Slack]:
    slack = Slack(server.bot_token, base_url=server.api_url, timeout=0.5)
    yield slack
    await slack.close()


async def test_a_post_carries_its_key_and_unfurls_nothing(slack: Slack, server: SlackServer) -> None:
    posted = await slack.post(RELEASES, HELLO, key="r1:1:card")
    sent = server.traffic.after(0)[-1]["request"]
    assert sent["metadata"] == {"event_type": "greenlight_message", "event_payload": {"key": "r1:1:card"}}
    assert sent["unfurl_links"] is False
    assert sent["unfurl_media"] is False
    assert "thread_ts" not in sent
    assert server.workspace.conversations.get(RELEASES, posted.ts) is not None
    assert posted.channel == RELEASES


async def test_a_reply_goes_into_its_thread_and_to_the_channel_only_when_told(
    slack: Slack, server: SlackServer
) -> None:
    root = await slack.post(RELEASES, HELLO, key="root")
    quiet = await slack.post(RELEASES, HELLO, key="quiet", thread_ts=root.ts)
    loud = await slack.post(RELEASES, HELLO, key="loud", thread_ts=root.ts, broadcast=True)
    quinn = server.person("quinn")
    assert [message.ts for message in quinn.messages("#releases")] == [root.ts, loud.ts]
    assert [message.ts for message in quinn.thread(root.ts)] == [root.ts, quiet.ts, loud.ts]


async def test_an_update_replaces_text_and_blocks_and_keeps_the_key(slack: Slack, server: SlackServer) -> None:
    root = await slack.post(RELEASES, HELLO, key="root")
    await slack.update(RELEASES, root.ts, Message("plain now"))
    message = server.workspace.conversations.get(RELEASES, root.ts)
    assert message is not None
    assert (message.text, message.blocks) == ("plain now", [])
    assert await slack.find_by_key(RELEASES, None, "root") == root


async def test_a_message_is_found_by_its_key_in_the_channel_the_thread_and_direct_messages(slack: Slack) -> None:
    root = await slack.post(RELEASES, HELLO, key="root")
    reply = await slack.post(RELEASES, HELLO, key="reply", thread_ts=root.ts)
    direct = await slack.post(QUINN, HELLO, key="direct")
    assert direct.channel.startswith("D")
    assert await slack.find_by_key(RELEASES, None, "root", START) == root
    assert await slack.find_by_key(RELEASES, root.ts, "reply", START) == reply
    assert await slack.find_by_key(QUINN, None, "direct", START) == direct
    assert await slack.find_by_key(RELEASES, root.ts, "never sent", START) is None


async def test_a_key_is_found_beyond_the_first_page(slack: Slack, clock: MovableClock) -> None:
    first = await slack.post(RELEASES, HELLO, key="first")
    for number in range(205):
        await slack.post(RELEASES, HELLO, key=f"later {number}")
    assert await slack.find_by_key(RELEASES, None, "first") == first
    assert await slack.find_by_key(RELEASES, None, "first", clock.now() + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("channel", "code", "remedy"),
    [(RANDOM, "not_in_channel", "/invite @Greenlight"), ("CNOWHERE", "channel_not_found", "configuration")],
)
async def test_what_slack_refuses_for_good_says_what_to_do(slack: Slack, channel: str, code: str, remedy: str) -> None:
    with pytest.raises(UndeliverableError) as caught:
        await slack.post(channel, HELLO, key="k")
    assert caught.value.reason == code
    assert remedy in caught.value.remedy


async def test_an_archived_channel_and_a_foreign_message_are_refused_for_good(
    slack: Slack, server: SlackServer
) -> None:
    said = await server.person("quinn").says("mine")
    with pytest.raises(UndeliverableError, match="cant_update_message"):
        await slack.update(RELEASES, said.ts, HELLO)
    server.workspace.channels[RELEASES].is_archived = True
    with pytest.raises(UndeliverableError, match="Unarchive"):
        await slack.post(RELEASES, HELLO, key="k")


async def test_blocks_over_a_limit_are_named_without_their_text(slack: Slack) -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "secret" * 1000}}
    with pytest.raises(UndeliverableError) as caught:
        await slack.post(RELEASES, Message("x", (long,)), key="k")
    assert caught.value.reason == "invalid_blocks"
    assert "secret" not in str(caught.value)


async def test_a_missing_scope_is_named(clock: MovableClock) -> None:
    async with workspace(clock, without_scopes=("usergroups:read",)) as server:
        slack = Slack(server.bot_token, base_url=server.api_url)
        with pytest.raises(UndeliverableError, match="usergroups:read"):
            await slack.group_members(QA_GROUP)
        await slack.close()


async def test_a_wrong_token_is_an_operators_matter(server: SlackServer) -> None:
    slack = Slack("xoxb-wrong", base_url=server.api_url)
    with pytest.raises(AuthorizationError, match="SLACK_BOT_TOKEN") as caught:
        await slack.post(RELEASES, HELLO, key="k")
    assert "xoxb-wrong" not in str(caught.value)
    await slack.close()


async def test_a_rate_limit_says_how_long(slack: Slack, server: SlackServer) -> None:
    server.faults.next_calls("chat.postMessage", "ratelimited", retry_after=17)
    with pytest.raises(RateLimitedError) as caught:
        await slack.post(RELEASES, HELLO, key="k")
    assert (caught.value.retry_after, caught.value.method) == (17, "chat.postMessage")
    assert calls(server, "chat.postMessage") == 1


@pytest.mark.parametrize("trouble", ["server_error", "reset", "timeout", "accepted_then_dropped"])
async def test_an_answer_that_is_lost_is_ambiguous_and_nothing_is_sent_twice(
    slack: Slack, server: SlackServer, trouble: Trouble
) -> None:
    server.faults.next_calls("chat.postMessage", trouble)
    with pytest.raises(AmbiguousError):
        await slack.post(RELEASES, HELLO, key="k")
    assert calls(server, "chat.postMessage") == 1


async def test_a_connection_that_was_never_made_is_not_ambiguous() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        slack = Slack("xoxb-1", base_url=f"http://127.0.0.1:{unused.getsockname()[1]}/api/")
        with pytest.raises(TransientError) as caught:
            await slack.post(RELEASES, HELLO, key="k")
    assert not isinstance(caught.value, AmbiguousError)
    await slack.close()


@pytest.mark.parametrize(
    ("status", "content_type", "text", "expected"),
    [
        (200, "text/plain", "please log in", AmbiguousError),
        (200, "text/html", "<h1>please log in</h1>", AmbiguousError),
        (200, "application/json", "{broken", AmbiguousError),
        (200, "application/json", '{"ok": false, "error": "fatal_error"}', AmbiguousError),
        (503, "text/plain", "unavailable", AmbiguousError),
        (429, "application/json", '{"ok": false, "error": "ratelimited"}', RateLimitedError),
        (200, "application/json", '{"ok": false, "error": "token_revoked"}', AuthorizationError),
        (200, "application/json", '{"ok": false, "error": "brand_new_error"}', UndeliverableError),
    ],
)
async def test_any_answer_becomes_one_of_the_errors(
    status: int, content_type: str, text: str, expected: type[GreenlightError]
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type=content_type)

    async with answering(answer) as address:
        slack = Slack("xoxb-1", base_url=address)
        with pytest.raises(expected) as caught:
            await slack.post(RELEASES, HELLO, key="k")
        assert type(caught.value) is expected
        await slack.close()


async def test_an_unknown_refusal_points_to_the_methods_page() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error": "brand_new_error"})

    async with answering(answer) as address:
        other = Slack("xoxb-1", base_url=address)
        with pytest.raises(UndeliverableError, match=r"docs\.slack\.dev/reference/methods/chat\.postMessage"):
            await other.post(RELEASES, HELLO, key="k")
        await other.close()


async def test_tokens_and_words_stay_out_of_the_log(
    slack: Slack, server: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await slack.post(RELEASES, Message("a private sentence"), key="k")
        url = server.slack.response_urls.make(QUINN, RELEASES)
        await slack.answer_privately(Message("another one"), user=QUINN, response_url=url + "x", channel=RELEASES)
        server.faults.next_calls("chat.postMessage", "reset")
        with pytest.raises(AmbiguousError):
            await slack.post(RELEASES, Message("a private sentence"), key="k")
    assert server.bot_token not in caplog.text
    assert "sentence" not in caplog.text
    assert "/response/" not in caplog.text
    assert "another one" not in caplog.text


async def test_a_private_answer_uses_the_response_url_first(slack: Slack, server: SlackServer) -> None:
    url = server.slack.response_urls.make(QUINN, RELEASES)
    assert await slack.answer_privately(HELLO, user=QUINN, response_url=url, channel=RELEASES)
    assert len(server.person("quinn").ephemerals) == 1
    assert calls(server, "chat.postEphemeral") == 0


async def test_a_private_answer_in_a_thread_is_shown_in_the_thread(slack: Slack, server: SlackServer) -> None:
    """A response_url would show it in the channel: Slack gives it no thread."""
    head = (await slack.post(RELEASES, HELLO, key="k")).ts
    await slack.post(RELEASES, HELLO, key="l", thread_ts=head)
    url = server.slack.response_urls.make(QUINN, RELEASES)
    assert await slack.answer_privately(HELLO, user=QUINN, response_url=url, channel=RELEASES, thread_ts=head)
    assert [message.thread_ts for message in server.person("quinn").ephemerals] == [head]
    assert await slack.answer_privately(HELLO, user=QUINN, response_url=url, channel=RANDOM, thread_ts=head)
    assert [message.thread_ts for message in server.person("quinn").ephemerals] == [head, None]


async def test_a_private_answer_falls_back_to_an_ephemeral_message_and_then_to_a_direct_one(
    slack: Slack, server: SlackServer
) -> None:
    url = server.slack.response_urls.make(QUINN, RELEASES) + "gone"
    quinn = server.person("quinn")
    assert await slack.answer_privately(HELLO, user=QUINN, response_url=url, channel=RELEASES)
    assert [message.text for message in quinn.ephemerals] == ["hello"]
    assert await slack.answer_privately(HELLO, user=QUINN, response_url=url, channel=RANDOM)
    assert [message.text for message in quinn.direct_messages] == ["hello"]
    assert not await slack.answer_privately(HELLO, user="UNOBODY", channel=RANDOM)


async def test_a_modal_opens_with_a_fresh_trigger_and_a_late_one_says_click_again(
    slack: Slack, server: SlackServer
) -> None:
    trigger = server.slack.triggers.make(QUINN)
    await slack.open_view(trigger, MODAL)
    assert server.person("quinn").views_open == 1
    with pytest.raises(UndeliverableError, match="click again"):
        await slack.open_view(trigger, MODAL)


async def test_home_is_published(slack: Slack, server: SlackServer) -> None:
    await slack.publish_home(QUINN, {"type": "home", "blocks": list(HELLO.blocks)})
    assert server.person("quinn").home is not None


async def test_people_are_read_with_what_bars_them_from_roles(slack: Slack, server: SlackServer) -> None:
    server.workspace.people[DANA].deleted = True
    quinn, dana, gus = [await slack.user(user) for user in (QUINN, DANA, GUS)]
    assert (quinn.name, quinn.zone, quinn.may_hold_roles) == ("Quinn Avery", "Europe/Berlin", True)
    assert (dana.is_deactivated, dana.may_hold_roles) == (True, False)
    assert (gus.is_guest, gus.may_hold_roles) == (True, False)
    bot = await slack.user(server.workspace.bot.id)
    assert not bot.may_hold_roles


async def test_groups_and_channels_are_listed(slack: Slack, server: SlackServer) -> None:
    for number in range(250):
        server.workspace.add_channel(f"team-{number}", with_bot=False)
    channels = {channel.id: channel for channel in await slack.channels()}
    assert len(channels) == 252
    assert channels[RELEASES].is_member
    assert not channels[RANDOM].is_member
    assert (await slack.channel(RELEASES)).name == "releases"
    assert [(group.id, group.handle) for group in await slack.groups()] == [(QA_GROUP, "qa-team")]
    assert await slack.group_members(QA_GROUP) == (QUINN,)


async def test_the_token_tells_whom_it_belongs_to_and_its_scopes(slack: Slack, server: SlackServer) -> None:
    identity = await slack.auth_test()
    await slack.identify()
    assert identity.user_id == slack.bot_user == server.workspace.bot.id
    assert "chat:write" in identity.scopes
    assert all(scope in MANIFEST.read_text(encoding="utf-8") for scope in identity.scopes)


async def test_after_close_a_call_is_refused_as_transient(slack: Slack) -> None:
    await slack.identify()
    await slack.close()
    with pytest.raises(TransientError, match="stopping"):
        await slack.identify()


async def test_many_calls_share_one_session(slack: Slack) -> None:
    await asyncio.gather(*(slack.user(QUINN) for _ in range(20)))
    session = slack.client.session
    await slack.user(QUINN)
    assert slack.client.session is session


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert Slack("xoxb-1", base_url="http://127.0.0.1:8080/api/").client.proxy is None
    assert Slack("xoxb-1", base_url="http://localhost:8080/api/").client.proxy is None
    assert Slack("xoxb-1").client.proxy == "http://proxy.example:3128"


async def test_reads_are_queries_and_writes_are_json() -> None:
    """Slack takes JSON only where something is written (docs.slack.dev, "Using the Web API")."""
    seen: dict[str, Any] = {}

    async def answer(request: web.Request) -> web.Response:
        seen[request.match_info["method"]] = (request.method, dict(request.query), (await request.read()).decode())
        return web.json_response({"ok": True, "users": [], "ts": "1.0", "channel": "C1"})

    async with answering(answer) as address:
        slack = Slack("xoxb-1", base_url=address)
        await slack.group_members("S1")
        await slack.post("C1", HELLO, key="k")
        await slack.close()
    assert seen["usergroups.users.list"] == ("GET", {"usergroup": "S1"}, "")
    method, query, body = seen["chat.postMessage"]
    assert (method, query) == ("POST", {})
    assert json.loads(body)["channel"] == "C1"
