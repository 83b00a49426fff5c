"""A playground with a team and nothing in flight, in which blocking calls are found out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from tests.stories.blocking import nothing_blocks
from tests.stories.the_document import STARTS_AT


@pytest.fixture
async def player(tmp_path: Path) -> AsyncIterator[Player]:
    """Somebody who acts as anybody, on the afternoon of the document's release."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)
