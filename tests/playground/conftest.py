"""A workspace of three people, and a clock that stands in January 2024."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.server import SlackServer
from playground.slack.state import Settings
from tests.playground.tiny_app import MANIFEST, web_client


class Clocks:
    """The workspace's wall clock and the machine's monotonic one, both moved by hand."""

    def __init__(self) -> None:
        self.wall = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)
        self.seconds = 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def pass_seconds(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)


@pytest.fixture
def clocks() -> Clocks:
    ZoneInfo("Europe/Berlin")  # read here, where no event loop is held up
    return Clocks()


@pytest.fixture
async def server(clocks: Clocks) -> AsyncIterator[SlackServer]:
    settings = Settings(patience=0.3, retry_delays=(timedelta(0), timedelta(0), timedelta(0)))
    server = SlackServer(MANIFEST, now=clocks.now, monotonic=clocks.monotonic, settings=settings)
    workspace = server.workspace
    workspace.add_person("quinn", "Quinn Avery", title="QA Engineer", tz="Europe/Berlin")
    workspace.add_person("dana", "Dana Ortiz", title="DevOps Engineer")
    workspace.add_person("teo", "Teo Lind", title="Tech Lead")
    workspace.add_group("qa-team", "QA", ["quinn"])
    workspace.add_channel("releases", topic="What ships")
    workspace.add_channel("random", with_bot=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def client(server: SlackServer) -> AsyncWebClient:
    return web_client(server)


class RecordedApp:
    """An app that notes every request to the letter and answers what it was told to, in turn; then with 200."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[web.Response | None] = []
        self.released = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        answer = self.answers.pop(0) if self.answers else web.Response()
        if answer is None:
            await self.released.wait()
            return web.Response()
        return answer

    def payloads(self) -> list[dict[str, Any]]:
        """What was sent, decoded: forms, interaction payloads, events."""
        return [_decoded(headers, body) for headers, body in self.requests]


def _decoded(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    if headers["content-type"] == "application/json":
        return dict(json.loads(body))
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return dict(json.loads(form["payload"])) if "payload" in form else form


@pytest.fixture
async def recorded(server: SlackServer) -> AsyncIterator[RecordedApp]:
    app = RecordedApp()
    application = web.Application()
    application.router.add_post("/slack/events", app.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    app.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    server.connect(app.url)
    yield app
    app.released.set()
    await runner.cleanup()
