"""A Slack that stays while Greenlight is stopped in the middle and begun again on the same database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.app import running
from bot.clock import MovableClock
from bot.http.door import SLACK_PATH
from bot.pace import Pace
from bot.settings import Configuration, Environment
from playground.player import Player
from playground.run import Playground, manifest
from playground.seed import people_and_places
from playground.slack.server import SlackServer
from tests.stories.blocking import nothing_blocks
from tests.stories.the_document import STARTS_AT


@dataclass
class Team:
    """The team's Slack and clock, and the database that all processes share."""

    slack: SlackServer
    clock: MovableClock
    database: Path
    configuration: Configuration

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Player]:
        """One process, until it is stopped."""
        environment = Environment(
            bot_token=SecretStr(self.slack.bot_token),
            signing_secret=SecretStr(self.slack.signing_secret),
            app_token=None,
            database=self.database,
            port=0,
            slack_api_url=self.slack.api_url,
        )
        async with running(environment, self.configuration, self.clock, Pace.unlimited()) as (application, server):
            self.slack.connect(f"{server.url}{SLACK_PATH}")
            parts = (application.schedule, application.outbox, application.outside, application.watch)
            self.clock._listeners[:] = [part.wake for part in parts]
            playground = Playground(self.slack, application, server, self.clock)
            with nothing_blocks():
                await playground.settled()
                yield Player(playground)


@asynccontextmanager
async def team(folder: Path, configuration: Configuration) -> AsyncIterator[Team]:
    """A team with nothing in flight, on the afternoon of the document's release."""
    clock = MovableClock(STARTS_AT)
    slack = SlackServer(manifest(), now=clock.now)
    people_and_places(slack.workspace)
    slack.limits.enabled = False
    await slack.start("127.0.0.1", 0)
    try:
        yield Team(slack, clock, folder / "x.db", configuration)
    finally:
        await slack.stop()
