"""Bolt's app as it is set up here: slash commands take the short way, and nothing else is different."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.bolt import Bolt
from bot.errors import Refusal
from bot.slack import Slack


def bolt() -> Bolt:
    """Nothing of it ever reaches this address."""
    return Bolt(Slack("xoxb-test", base_url="http://127.0.0.1:9/api/"))


def request(body: dict[str, Any]) -> AsyncBoltRequest:
    return AsyncBoltRequest(body=body, mode="socket_mode")


async def test_a_slash_command_is_answered_by_whoever_registered_for_its_name() -> None:
    """Another command, and whatever is no command, goes on to Bolt's listeners."""
    app = bolt()

    @app.slash_command("/release")
    async def release(command: Mapping[str, Any]) -> BoltResponse:
        return BoltResponse(status=200, body=f"heard {command['text']}")

    @app.command("/other")
    async def other(ack: AsyncAck) -> None:
        await ack("heard by a listener")

    @app.action("press")
    async def press(ack: AsyncAck) -> None:
        await ack()

    answer = await app.async_dispatch(request({"command": "/release", "text": "list"}))
    assert (answer.status, answer.body) == (200, "heard list")
    assert "heard by a listener" in (await app.async_dispatch(request({"command": "/other"}))).body
    pressed = {"type": "block_actions", "actions": [{"action_id": "press"}], "user": {"id": "U1"}}
    assert (await app.async_dispatch(request(pressed))).status == 200


async def test_what_a_slash_command_raises_ends_where_a_listeners_errors_end() -> None:
    """One place turns every error into a sentence."""
    app = bolt()

    @app.error
    async def told(error: Exception, body: dict[str, Any]) -> BoltResponse:
        return BoltResponse(status=200, body=f"{body['command']}: {error}")

    @app.slash_command("/release")
    async def release(_command: Mapping[str, Any]) -> BoltResponse:
        raise Refusal("Not now.")

    answer = await app.async_dispatch(request({"command": "/release"}))
    assert (answer.status, answer.body) == (200, "/release: Not now.")


def test_a_request_carries_all_that_bolt_would_give_it() -> None:
    """The method that is replaced is Bolt's own affair: this fails when a new version of Bolt puts more into it."""
    app, ours, bolts = bolt(), request({}), request({})
    app._init_context(ours)
    AsyncApp._init_context(app, bolts)
    assert ours.context.keys() == bolts.context.keys()
    assert ours.context.client.base_url == bolts.context.client.base_url
    assert ours.context.client is app.client


def test_a_command_of_the_short_way_is_spared_what_listeners_ask_for_and_no_other_is() -> None:
    """It has every attribute of Bolt's own request: this fails when a new version of Bolt gives it another."""
    app = bolt()

    @app.slash_command("/release")
    async def release(_command: Mapping[str, Any]) -> BoltResponse:
        return BoltResponse(status=200)

    fields = {"command": "/release", "team_id": "T1", "user_id": "U1"}
    short, bolts = app.request(fields, {}), request(fields)
    assert vars(short).keys() == vars(bolts).keys()
    assert (short.body, short.mode, short.headers) == (bolts.body, bolts.mode, bolts.headers)
    assert short.context == {}
    for other in ({**fields, "command": "/other"}, {"type": "block_actions", "user": {"id": "U1"}}):
        assert app.request(other, {}).context["user_id"] == "U1"


async def test_what_the_short_way_raises_ends_where_a_listeners_errors_end_as_well() -> None:
    """Bolt's error handler finds all it asks for in such a request."""
    app = bolt()

    @app.error
    async def told(error: Exception, body: dict[str, Any], request: AsyncBoltRequest) -> BoltResponse:
        return BoltResponse(status=200, body=f"{body['command']}: {error} {request.headers.get('x', '')}".strip())

    @app.slash_command("/release")
    async def release(_command: Mapping[str, Any]) -> BoltResponse:
        raise Refusal("Not now.")

    answer = await app.async_dispatch(app.request({"command": "/release"}, {}))
    assert (answer.status, answer.body) == (200, "/release: Not now.")
