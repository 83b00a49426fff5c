"""Both ways in: they listen, they stop without cutting anybody off, and they need no Slack to start."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot import manifest
from bot.clock import MovableClock
from bot.http.bodies import Receive, Scope, Send, answer
from bot.transports import STOP_SIGNALS, HttpServer, SocketClient, told_to_stop
from playground.slack.choosing import AppFailedError
from playground.slack.server import SlackServer

START = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)


class Slow:
    """An application that answers when it is let."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked.set()
        await self.may_answer.wait()
        await answer(send, 200, {"done": True})


async def test_a_server_takes_a_free_port_and_tells_which() -> None:
    slow = Slow()
    slow.may_answer.set()
    server = HttpServer(slow, "127.0.0.1", 0)
    await server.start()
    assert server.port
    async with httpx.AsyncClient() as client:
        assert (await client.get(server.url)).json() == {"done": True}
    await server.stop()


async def test_an_answer_waits_for_no_acknowledgement_of_its_head() -> None:
    """On the standard loop as on uvloop: forty milliseconds an answer, where the kernel is left to itself."""

    async def quick(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await answer(send, 200, {})

    server = HttpServer(quick, "127.0.0.1", 0)
    await server.start()
    seconds = []
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(11):
            began = time.perf_counter()
            await client.get(server.url)
            seconds.append(time.perf_counter() - began)
    await server.stop()
    assert sorted(seconds)[5] < 0.03


async def test_a_port_that_is_taken_is_an_error_and_does_not_end_the_process() -> None:
    """uvicorn alone would call sys.exit."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = HttpServer(Slow(), "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            await server.start()
    await server.stop()


async def test_a_server_that_stops_takes_nobody_new_and_finishes_what_it_began() -> None:
    """A click that is being recorded is answered; the next one reaches another process."""
    slow = Slow()
    server = HttpServer(slow, "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient() as client:
        under_way = asyncio.create_task(client.get(server.url))
        await slow.asked.wait()
        stopping = asyncio.create_task(server.stop())
        await refused(server.port)
        assert not stopping.done()
        slow.may_answer.set()
        assert (await under_way).json() == {"done": True}
        await stopping


async def refused(port: int) -> None:
    """Return once nobody listens on a port."""
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                return
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize("number", STOP_SIGNALS)
async def test_a_signal_to_stop_is_heard_and_later_ones_do_not_kill(number: signal.Signals) -> None:
    """Platforms send SIGTERM, a terminal SIGINT; an impatient second one must not cut the stop short."""
    with told_to_stop() as told:
        assert not told.is_set()
        os.kill(os.getpid(), number)
        await asyncio.wait_for(told.wait(), 5)
        os.kill(os.getpid(), number)
        await asyncio.sleep(0)


# ── Socket Mode ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A Slack with somebody in it, that delivers over Socket Mode."""
    clock = MovableClock(START)
    server = SlackServer(manifest.read(manifest.for_socket_mode()), now=clock.now)
    server.workspace.add_person("quinn", "Quinn Avery", user_id="UQUINN")
    server.workspace.add_channel("releases", channel_id="CRELEASES")
    await server.start()
    server.connect_socket_mode()
    try:
        yield server
    finally:
        await server.stop()


def bolt_for(base_url: str) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-1", bot_user_id="UBOT")

    return AsyncApp(
        signing_secret="",
        client=AsyncWebClient(base_url=base_url),
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,
    )


async def test_socket_mode_finishes_its_answers_before_it_closes(slack: SlackServer) -> None:
    """A command that is being recorded when the process is told to stop is acknowledged all the same."""
    bolt = bolt_for(slack.api_url)
    heard, may_answer = asyncio.Event(), asyncio.Event()

    @bolt.command("/release")
    async def slow(ack: AsyncAck) -> None:
        heard.set()
        await may_answer.wait()
        await ack("recorded")

    client = SocketClient(bolt, slack.app_token)
    client.start()
    await slack.socket_mode.connected()
    quinn = slack.person("quinn")
    under_way = asyncio.create_task(quinn.command("/release help"))
    await heard.wait()
    stopping = asyncio.create_task(client.stop())
    # Time enough to close, if it would.
    assert not (await asyncio.wait({stopping}, timeout=0.1))[0]
    may_answer.set()
    await under_way
    await stopping
    assert quinn.text_of(quinn.ephemerals[-1]) == "recorded"
    with pytest.raises(AppFailedError):
        await quinn.command("/release help")


async def test_socket_mode_starts_and_stops_without_slack(caplog: pytest.LogCaptureFixture) -> None:
    """It keeps trying beside everything else, and says that it is alone."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    client = SocketClient(bolt_for(f"http://127.0.0.1:{port}/api/"), "xapp-1-A-1-a")
    with caplog.at_level(logging.CRITICAL):
        client.start()
        await asyncio.sleep(0)
        assert not await client.connected()
        await asyncio.wait_for(client.stop(), 5)


async def test_socket_mode_connects_anew_when_slack_asks(slack: SlackServer) -> None:
    """Slack refreshes every connection within hours; nothing is missed."""
    bolt = bolt_for(slack.api_url)

    @bolt.command("/release")
    async def quick(ack: AsyncAck, command: dict[str, Any]) -> None:
        await ack(f"heard {command['text']}")

    client = SocketClient(bolt, slack.app_token)
    client.start()
    await slack.socket_mode.connected()
    await slack.socket_mode.refresh()
    await slack.socket_mode.connected()
    quinn = slack.person("quinn")
    await quinn.command("/release again")
    assert await client.connected()
    assert quinn.text_of(quinn.ephemerals[-1]) == "heard again"
    await client.stop()
