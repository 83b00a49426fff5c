"""A workspace of three people, and a clock that stands in January 2024."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from tiny_app import MANIFEST, web_client

from playground.slack.server import SlackServer


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
    return Clocks()


@pytest.fixture
async def server(clocks: Clocks) -> AsyncIterator[SlackServer]:
    server = SlackServer(MANIFEST, now=clocks.now, monotonic=clocks.monotonic)
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
