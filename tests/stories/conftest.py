"""A playground with a team and nothing in flight, in which blocking calls are found out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from tests.stories.the_document import STARTS_AT


@pytest.fixture
async def player(tmp_path: Path) -> AsyncIterator[Player]:
    """Somebody who acts as anybody, on the afternoon of the document's release.

    One blocking call in a coroutine stalls every answer to Slack, so none is let through from the bot or its handlers
    once it serves. Starting reads files and may.
    """
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT) as playground:
        playground.slack.limits.enabled = False
        with blockbuster_ctx(scanned_modules=["bot", "handlers"]):
            yield Player(playground)
