"""The Web API's manners: who may call what, how fast, and what a refusal looks like to slack_sdk."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.faults import Trouble
from playground.slack.server import SlackServer
from tests.playground.tiny_app import MANIFEST, web_client

Json = dict[str, Any]


async def refusal(call: Any) -> Json:
    """What slack_sdk raises for a refused call: the answer's body."""
    with pytest.raises(SlackApiError) as refused:
        await call
    return dict(refused.value.response.data)


async def test_the_bot_learns_who_it_is_and_which_scopes_it_holds(client: AsyncWebClient, server: SlackServer) -> None:
    answer = await client.auth_test()
    assert answer["user_id"] == server.workspace.bot.id
    assert answer["bot_id"] == server.workspace.bot_id
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_a_wrong_token_and_no_token_and_an_app_token_are_told_apart(server: SlackServer) -> None:
    wrong = web_client(server, "xoxb-wrong")
    assert (await refusal(wrong.auth_test()))["error"] == "invalid_auth"
    app = web_client(server, server.app_token)
    assert (await refusal(app.auth_test()))["error"] == "not_allowed_token_type"
    bot = web_client(server)
    assert (await refusal(bot.apps_connections_open(app_token=server.bot_token)))["error"] == "not_allowed_token_type"
    async with aiohttp.ClientSession() as session, session.post(f"{server.api_url}auth.test") as answer:
        assert await answer.json() == {"ok": False, "error": "not_authed"}


async def test_an_unknown_method_is_named_so(client: AsyncWebClient) -> None:
    assert (await refusal(client.api_call("chat.shout")))["error"] == "unknown_method"


async def test_form_bodies_and_json_bodies_are_both_read(server: SlackServer) -> None:
    headers = {"Authorization": f"Bearer {server.bot_token}"}
    blocks = '[{"type": "divider"}]'
    async with aiohttp.ClientSession(headers=headers) as session:
        form = {"channel": "C0000000001", "text": "a", "blocks": blocks}
        async with session.post(f"{server.api_url}chat.postMessage", data=form) as answer:
            assert (await answer.json())["message"]["blocks"][0]["type"] == "divider"
        async with session.post(f"{server.api_url}chat.postMessage", json={**form, "blocks": "[{"}) as answer:
            assert (await answer.json())["error"] == "invalid_blocks_format"
        json_type = {"Content-Type": "application/json"}
        async with session.post(f"{server.api_url}chat.postMessage", data="{", headers=json_type) as answer:
            assert (await answer.json())["error"] == "invalid_json"


async def test_a_missing_scope_is_named_with_those_that_are_there() -> None:
    manifest = {**MANIFEST, "oauth_config": {"scopes": {"bot": ["commands"]}}}
    async with SlackServer(manifest) as server:
        body = await refusal(web_client(server).chat_postMessage(channel="C1", text="x"))
        assert (body["error"], body["needed"], body["provided"]) == ("missing_scope", "chat:write", "commands")


async def test_a_missing_argument_says_which(client: AsyncWebClient) -> None:
    body = await refusal(client.api_call("chat.postMessage", json={"text": "x"}))
    assert body["error"] == "invalid_arguments"
    assert "channel" in body["response_metadata"]["messages"][0]


async def test_invalid_blocks_say_what_and_where(client: AsyncWebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
    body = await refusal(client.chat_postMessage(channel="C0000000001", text="x", blocks=blocks))
    assert body["errors"] == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
    assert body["response_metadata"]["messages"] == [f"[ERROR] {body['errors'][0]}"]


async def test_posts_beyond_one_a_second_in_a_channel_are_limited_with_a_time_to_wait(
    client: AsyncWebClient, server: SlackServer, clocks: Any
) -> None:
    for number in range(5):
        await client.chat_postMessage(channel="C0000000001", text=str(number))
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="C0000000001", text="too fast")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    assert refused.value.response["error"] == "ratelimited"
    server.workspace.add_channel("elsewhere")
    await client.chat_postMessage(channel="C0000000003", text="another channel")
    clocks.pass_seconds(1)
    await client.chat_postMessage(channel="C0000000001", text="after the wait")


async def test_a_tier_two_method_is_limited_at_twenty_a_minute(client: AsyncWebClient, clocks: Any) -> None:
    for _ in range(20):
        await client.usergroups_list()
    assert (await refusal(client.usergroups_list()))["error"] == "ratelimited"
    clocks.pass_seconds(3)
    await client.usergroups_list()


async def test_limits_can_be_switched_off(client: AsyncWebClient, server: SlackServer) -> None:
    server.limits.enabled = False
    for number in range(20):
        await client.chat_postMessage(channel="C0000000001", text=str(number))


@pytest.mark.parametrize(
    ("trouble", "raised", "posted"),
    [
        ("ratelimited", SlackApiError, 0),
        ("server_error", SlackApiError, 0),
        ("reset", aiohttp.ClientConnectionError, 0),
        ("accepted_then_dropped", aiohttp.ClientConnectionError, 1),
        ("timeout", asyncio.TimeoutError, 0),
    ],
)
async def test_trouble_can_be_ordered_for_the_next_call_and_is_over_after_it(
    server: SlackServer, trouble: Trouble, raised: type[Exception], posted: int
) -> None:
    client = web_client(server)
    client.timeout = 1 if trouble == "timeout" else 5
    server.faults.next_calls("chat.postMessage", trouble, retry_after=7)
    with pytest.raises(raised) as failed:
        await client.chat_postMessage(channel="C0000000001", text="x")
    if isinstance(failed.value, SlackApiError) and trouble == "ratelimited":
        assert failed.value.response.headers["Retry-After"] == "7"
    quinn = server.person("quinn")
    assert len(quinn.messages("#releases")) == posted
    await client.chat_postMessage(channel="C0000000001", text="y")
    assert len(quinn.messages("#releases")) == posted + 1


async def test_a_refusal_of_slacks_can_be_ordered_by_name(client: AsyncWebClient, server: SlackServer) -> None:
    server.faults.refuse_next("usergroups.users.list", "plan_upgrade_required")
    assert (await refusal(client.usergroups_users_list(usergroup="S0000000001")))["error"] == "plan_upgrade_required"
    await client.usergroups_users_list(usergroup="S0000000001")


async def test_the_inspector_sees_every_call_and_nothing_secret(client: AsyncWebClient, server: SlackServer) -> None:
    await client.chat_postMessage(channel="C0000000001", text=f"my token is {server.bot_token}")
    [item] = server.traffic.after(0)
    assert (item["direction"], item["kind"], item["status"]) == ("from_app", "chat.postMessage", 200)
    assert item["request"]["text"] == "my token is (hidden)"
    assert server.bot_token not in str(server.traffic.after(0))
    assert server.signing_secret not in str(server.workspace.events.after(0, "U0000000001"))
