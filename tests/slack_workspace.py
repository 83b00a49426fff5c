"""For tests of what calls Slack: the playground's server with the app's real manifest, and no 429 unasked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml
from aiohttp import web

from bot.clock import MovableClock
from playground.slack.server import SlackServer
from playground.slack.state import Settings

MANIFEST = Path(__file__).parent.parent / "manifest.yml"
START = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)

QUINN, DANA, TEO, GUS = "UQUINN", "UDANA", "UTEO", "UGUEST"
QA_GROUP = "SQATEAM"
RELEASES, RANDOM = "CRELEASES", "CRANDOM"


@asynccontextmanager
async def workspace(clock: MovableClock, *, without_scopes: tuple[str, ...] = ()) -> AsyncIterator[SlackServer]:
    """Three people and a guest, a group of Quinn, a channel with the bot and one without."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    scopes = manifest["oauth_config"]["scopes"]
    scopes["bot"] = [scope for scope in scopes["bot"] if scope not in without_scopes]
    server = SlackServer(manifest, now=clock.now, settings=Settings(rate_limited=False))
    people = server.workspace
    people.add_person("quinn", "Quinn Avery", user_id=QUINN, tz="Europe/Berlin")
    people.add_person("dana", "Dana Ortiz", user_id=DANA)
    people.add_person("teo", "Teo Lind", user_id=TEO)
    people.add_person("gus", "Gus Guest", user_id=GUS, is_restricted=True)
    people.add_group("qa-team", "QA", [QUINN], group_id=QA_GROUP)
    people.add_channel("releases", channel_id=RELEASES)
    people.add_channel("random", channel_id=RANDOM, with_bot=False)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def answering(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server that answers every call in the given way; its Web API's address."""
    application = web.Application()
    application.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


def calls(server: SlackServer, method: str) -> int:
    """How often a method was called."""
    return sum(item["kind"] == method for item in server.traffic.after(0))
