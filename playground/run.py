"""`greenlight playground`: a Slack on this machine, with Greenlight installed in it and a page to use both."""

from __future__ import annotations

import logging
import tempfile
import time
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from bot.app import Application, running
from bot.clock import MovableClock
from bot.core.dialogues import DIALOGUES
from bot.errors import ConfigurationError, Problem
from bot.http.door import SLACK_PATH
from bot.pace import Pace
from bot.settings import Configuration, Environment, load
from bot.transports import HttpServer, until_signalled
from playground.page_api import Due, PageApi
from playground.seed import OPENS_AT, STARTS_AT, people_and_places, play_history
from playground.slack.server import SlackServer

logger = logging.getLogger(__name__)

CONFIGURATION = Path(__file__).parent / "greenlight.yml"
MANIFEST = Path(__file__).parents[1] / "manifest.yml"


@dataclass(frozen=True)
class Playground:
    """What runs: the Slack, the bot in it, and the clock that both live by."""

    slack: SlackServer
    application: Application
    server: HttpServer
    clock: MovableClock

    def now(self) -> datetime:
        return self.clock.now()

    async def next(self) -> Due | None:
        """The next reminder, as the clock bar shows it."""
        due = await self.application.queries.next_reminder()
        if due is None:
            return None
        reminder, record = due
        label = DIALOGUES[record.dialogue].step(reminder.step).label
        what = {
            "tell": f"{record.version}: word of “{label}”",
            "entry": f"{record.version}: {reminder.occasion.partition('@')[0]}",
            "nudge": f"{record.version}: reminder to “{label}”",
            "escalation": f"{record.version}: “{label}” goes up",
            "due": f"{record.version}: the agreed time",
            "step": f"{record.version}: {label.lower()}, by the clock",
        }
        return Due(reminder.due_at, what[reminder.kind])

    async def advance(self, moment: datetime) -> None:
        """Move on, stopping at each reminder on the way, so that each happens at its own time."""
        while (due := await self.next()) is not None and due.at <= moment:
            self.clock.move_to(due.at)
            await self.settled()
        self.clock.move_to(moment)
        await self.settled()

    async def settled(self) -> None:
        """Wait until neither side has anything under way."""
        await self.slack.settled()
        await self.application.settled()
        await self.slack.settled()


def manifest() -> dict[str, Any]:
    """The app's manifest, as Slack would be given it."""
    loaded: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return loaded


@asynccontextmanager
async def playing(
    database: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    starts_at: datetime = STARTS_AT,
    socket_mode: bool = False,
    configuration: Configuration | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[Playground]:
    """A playground with its team and channels, and nothing in flight yet."""
    clock = MovableClock(starts_at)
    slack = SlackServer(manifest(), now=clock.now)
    people_and_places(slack.workspace)
    parts: list[Playground] = []
    page = PageApi(slack, _Deferred(parts))
    slack.mount(page.add_routes)
    await slack.start(host, port)
    environment = Environment(
        bot_token=SecretStr(slack.bot_token),
        signing_secret=None if socket_mode else SecretStr(slack.signing_secret),
        app_token=SecretStr(slack.app_token) if socket_mode else None,
        database=database,
        port=0,
        slack_api_url=slack.api_url,
    )
    if socket_mode:
        slack.connect_socket_mode()
    try:
        async with running(environment, configuration or load(CONFIGURATION), clock, pace) as (application, server):
            if socket_mode:
                await slack.socket_mode.connected()
            else:
                slack.connect(f"{server.url}{SLACK_PATH}")
            playground = Playground(slack, application, server, clock)
            clock.when_moved(application.schedule.wake)
            clock.when_moved(application.outbox.wake)
            clock.when_moved(application.outside.wake)
            clock.when_moved(application.watch.wake)
            parts.append(playground)
            yield playground
    finally:
        await slack.stop()


class _Deferred:
    """The page's clock: the page's server must listen before the bot, whose reminders the clock shows, can start."""

    def __init__(self, parts: list[Playground]) -> None:
        self._parts = parts

    def now(self) -> datetime:
        return self._parts[0].now() if self._parts else STARTS_AT

    async def next(self) -> Due | None:
        return await self._parts[0].next() if self._parts else None

    async def advance(self, moment: datetime) -> None:
        if self._parts:
            await self._parts[0].advance(moment)


class Hurry:
    """Seconds for the outbox's pace, in which years pass until history is told: nobody waits for the past."""

    def __init__(self) -> None:
        self.over = False
        self._passed = 0.0

    def __call__(self) -> float:
        self._passed += 0.0 if self.over else 1_000.0
        return time.monotonic() + self._passed


async def run(host: str, port: int, database: Path | None, *, open_browser: bool) -> None:
    """Play until told to stop. Without a database, one is made for this time and thrown away after.

    Raises ConfigurationError where the database exists: the Slack of before, to which it belongs, is gone.
    """
    if database is not None and database.exists():  # noqa: ASYNC240 - before anything runs beside it
        remedy = (
            "Name a new file: the playground's Slack begins anew each time, and would not know what the old one says."
        )
        raise ConfigurationError((Problem("--database", str(database), "This file exists already.", remedy),))
    with tempfile.TemporaryDirectory(prefix="greenlight-") as folder:
        path = database or Path(folder) / "playground.db"
        hurry = Hurry()
        async with playing(path, host=host, port=port, pace=Pace(hurry)) as playground:
            await play_history(playground)
            await playground.advance(OPENS_AT)
            hurry.over = True
            url = playground.slack.url
            print(f"The playground is open at {url}  (stop it with Ctrl+C)", flush=True)  # noqa: T201 - the answer to the command
            if open_browser:
                webbrowser.open(url)
            await until_signalled()
