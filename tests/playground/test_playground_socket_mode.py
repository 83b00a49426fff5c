"""The same deliveries over Socket Mode, to Bolt's own handler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.choosing import AppFailedError
from playground.slack.server import SlackServer
from playground.slack.state import Settings
from tests.playground.test_playground_web_api import refusal
from tests.playground.tiny_app import MANIFEST, bolt_app, web_client

Json = dict[str, Any]
VIEW: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Form"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "version",
            "label": {"type": "plain_text", "text": "Version"},
            "element": {"type": "plain_text_input", "action_id": "value"},
        }
    ],
}


@pytest.fixture
async def socket_server() -> AsyncIterator[SlackServer]:
    settings = Settings(patience=0.3, retry_delays=(timedelta(0),))
    async with SlackServer(MANIFEST, settings=settings) as server:
        server.workspace.add_person("quinn", "Quinn Avery")
        server.workspace.add_channel("releases")
        server.connect_socket_mode()
        yield server


@pytest.fixture
async def handled(socket_server: SlackServer) -> AsyncIterator[list[Json]]:
    """Bolt listens; what it heard is in the list."""
    app = bolt_app(socket_server)
    heard: list[Json] = []

    @app.command("/release")
    async def release(ack: Any, command: Json, client: AsyncWebClient) -> None:
        if command["text"] == "silence":
            return
        await ack("heard" if command["text"] == "text" else "")
        if not command["text"]:
            await client.views_open(trigger_id=command["trigger_id"], view=VIEW)

    @app.view("form")
    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"version": "Not yet."})

    @app.event("app_mention")
    async def mentioned(body: Json, say: Any) -> None:
        heard.append(body)
        await say("Yes?")

    handler = AsyncSocketModeHandler(app, socket_server.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
    await socket_server.socket_mode.connected()
    yield heard
    await handler.close_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped


@pytest.mark.usefixtures("handled")
async def test_commands_views_and_their_answers_travel_in_envelopes(socket_server: SlackServer) -> None:
    quinn = socket_server.person("quinn")
    await quinn.command("/release text")
    assert [message.text for message in quinn.ephemerals] == ["heard"]
    await quinn.command("/release")
    view = await quinn.opened("Form")
    assert (await view.fill(version="v1").submit()).errors == {"version": "Not yet."}


@pytest.mark.usefixtures("handled")
async def test_an_envelope_that_nobody_acknowledges_times_out_in_front_of_the_person(
    socket_server: SlackServer,
) -> None:
    with pytest.raises(AppFailedError, match="operation_timeout"):
        await socket_server.person("quinn").command("/release silence")


async def test_events_arrive_and_are_answered(socket_server: SlackServer, handled: list[Json]) -> None:
    quinn = socket_server.person("quinn")
    await quinn.mention("status")
    await quinn.sees("Yes?")
    assert [body["event"]["type"] for body in handled] == ["app_mention"]


async def test_an_event_without_acknowledgement_is_delivered_again_with_its_attempt(
    socket_server: SlackServer,
) -> None:
    attempts: list[tuple[int, str, str]] = []
    url = (await web_client(socket_server).apps_connections_open(app_token=socket_server.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as connection:
        hello = await connection.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        asking = asyncio.create_task(socket_server.person("quinn").mention("status"))
        envelope: Json = {}
        for _ in range(2):
            envelope = await connection.receive_json()
            attempts.append((envelope["retry_attempt"], envelope["retry_reason"], envelope["payload"]["event_id"]))
        await connection.send_json({"envelope_id": envelope["envelope_id"]})
        await asking
    event_id = attempts[0][2]
    assert attempts == [(0, "", event_id), (1, "http_timeout", event_id)]


async def test_a_ticket_opens_one_connection(socket_server: SlackServer) -> None:
    client = web_client(socket_server)
    url = (await client.apps_connections_open(app_token=socket_server.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_connections_need_socket_mode_to_be_on(server: SlackServer) -> None:
    server.connect("http://127.0.0.1:9/slack/events")
    body = await refusal(web_client(server).apps_connections_open(app_token=server.app_token))
    assert body["error"] == "socket_mode_not_enabled"


@pytest.mark.usefixtures("handled")
async def test_after_a_refresh_the_app_is_connected_anew_and_hears_again(socket_server: SlackServer) -> None:
    await socket_server.socket_mode.refresh()
    await socket_server.socket_mode.connected()
    quinn = socket_server.person("quinn")
    await quinn.command("/release text")
    assert [message.text for message in quinn.ephemerals] == ["heard"]
