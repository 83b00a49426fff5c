"""A playground whose HTTP API is asked, and a pipeline with a token that asks it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.http.api.table import scopes
from bot.pace import Pace
from bot.tokens import make
from playground.player import Player
from playground.run import playing
from tests.stories.blocking import nothing_blocks
from tests.stories.the_document import STARTS_AT

APPROVAL: dict[str, Any] = {
    "version": "v1.2.0",
    "sprint": "Sprint 16",
    "commit": "abc1234",
    "stories_tested": 3,
    "stories_total": 3,
    "bugs_found": 5,
    "bugs_fixed": 5,
    "regression": "passed",
    "smoke": "passed",
    "changes": ["STORY-123: Order Tracking"],
    "known_issues": ["None"],
    "rollback_threshold": ">5%",
}
DEPLOYED: dict[str, Any] = {
    "duration": 12,
    "components": ["Backend: Healthy", "Frontend: Healthy"],
    "health_checks": ["API: 200 OK"],
    "monitoring": ["Sentry: https://sentry.example.com"],
}
SMOKE: dict[str, Any] = {"results": ["Login: Pass", "Order List: Pass"], "duration": 8}
RELEASES = "/api/services/admin-logistic/releases"
RELEASE = f"{RELEASES}/v1.2.0"
CHANNEL = "C0RELEASES"

ROWS = ("conversations", "events", "outbox", "reminders", "deliveries", "tokens")


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that speaks to the bot over HTTP, and the playground it happens in."""

    player: Player
    http: httpx.AsyncClient
    database: Path
    token: str

    async def post(self, path: str, body: object = None, *, key: str = "", **more: Any) -> httpx.Response:
        headers = more.pop("headers", {}) | ({"Idempotency-Key": key} if key else {})
        given: dict[str, Any] = {"json": body} if body is not None else {}
        answer = await self.http.post(path, headers=headers, **given, **more)
        await self.player.playground.settled()
        return answer

    async def token_for(self, *steps: str, service: str = "admin-logistic", name: str = "other") -> dict[str, str]:
        """The header of another token."""
        playground = self.player.playground
        made = make(name, service, steps, playground.now())
        await playground.application.store.write(lambda tx: tx.keep_token(made.kept))
        return {"Authorization": f"Bearer {made.token}"}

    def rows(self) -> dict[str, list[Any]]:
        """All that is stored."""
        connection = sqlite3.connect(self.database)
        try:
            return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ROWS}  # noqa: S608 - our own names
        finally:
            connection.close()

    async def scheduled(self, **approval: str) -> None:
        """Have the release approved, signed, planned and agreed upon, and the agreed time come."""
        headers = {} if self.token else await self.token_for("approve")
        assert (await self.post(RELEASES, APPROVAL | approval, headers=headers)).status_code == 201
        await self.agreed()
        await self.player.playground.advance(AGREED_AT)

    async def agreed(self) -> None:
        """Have a release that was asked for signed, planned and agreed upon."""
        await self.player.step("U0CHARLIE", CHANNEL, "Sign off")
        await self.player.step("U0TANIA", CHANNEL, "Sign off")
        await self.player.step(
            "U0JANE",
            CHANNEL,
            "Plan deployment",
            when=AGREED_AT,
            rollback_target="v1.1.0",
            error_monitoring="Sentry",
            performance_monitoring="Datadog",
        )
        await self.player.step("U0CHARLIE", CHANNEL, "Time works")


AGREED_AT = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)


@asynccontextmanager
async def piped(folder: Path, **settings: Any) -> AsyncIterator[Pipeline]:
    """A pipeline with a token for every step. `settings` as those of `playing`."""
    database = folder / "x.db"
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT, **settings) as playground:
        playground.slack.limits.enabled = False
        made = make("github", "admin-logistic", scopes(), STARTS_AT)
        await playground.application.store.write(lambda tx: tx.keep_token(made.kept))
        bearer = {"Authorization": f"Bearer {made.token}"}
        async with httpx.AsyncClient(base_url=playground.server.url, headers=bearer, timeout=20) as http:
            with nothing_blocks():
                yield Pipeline(Player(playground), http, database, made.token)


@pytest.fixture
async def pipeline(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with piped(tmp_path) as one:
        yield one
