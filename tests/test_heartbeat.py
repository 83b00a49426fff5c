"""A process knows how long nobody watched before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.heartbeat import EVERY, UNSEEN, Heartbeat
from bot.store.sqlite import SQLiteStore

NOW = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)
WATCHED = ("r1", "r2")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    one = SQLiteStore(tmp_path / "x.db")
    yield one
    await one.close()


async def test_the_first_process_has_nothing_to_tell(store: SQLiteStore) -> None:
    assert await Heartbeat(store).beat(NOW, WATCHED) == ()


@pytest.mark.parametrize(("away", "told"), [(UNSEEN, 0), (UNSEEN + timedelta(seconds=1), 4), (timedelta(days=3), 4)])
async def test_the_next_one_tells_each_release_what_it_was_away_for(
    store: SQLiteStore, away: timedelta, told: int
) -> None:
    """That nobody watched since the last beat, and that somebody does again; a short restart is no news."""
    await Heartbeat(store).beat(NOW, WATCHED)
    found = await Heartbeat(store).beat(NOW + away, WATCHED)
    assert len(found) == told
    assert [(release, one.step) for release, one in found[:2]] == [("r1", "blind"), ("r1", "sees")][:told]
    assert all(one.answers.get("since", NOW.isoformat()) == NOW.isoformat() for _, one in found)


async def test_a_process_that_runs_on_tells_nothing_however_long_nothing_is_watched(store: SQLiteStore) -> None:
    """Its own pauses are no absence."""
    heart = Heartbeat(store)
    await heart.beat(NOW, WATCHED)
    assert await heart.beat(NOW + timedelta(hours=1), ()) == ()
    assert await heart.beat(NOW + timedelta(hours=2), WATCHED) == ()


async def test_a_beat_is_kept_once_a_minute(store: SQLiteStore) -> None:
    """And counts from the last one that was kept."""
    heart = Heartbeat(store)
    for seconds in range(0, 59, 7):
        await heart.beat(NOW + timedelta(seconds=seconds), WATCHED)
    assert await Heartbeat(store).beat(NOW + UNSEEN + timedelta(seconds=30), WATCHED) != ()
    await heart.beat(NOW + timedelta(minutes=9), WATCHED)
    assert await Heartbeat(store).beat(NOW + timedelta(minutes=9) + EVERY, WATCHED) == ()


async def test_what_is_first_watched_after_the_start_was_not_missed(store: SQLiteStore) -> None:
    """It was deployed since, and nobody was away from it."""
    await Heartbeat(store).beat(NOW, WATCHED)
    later = Heartbeat(store)
    assert await later.beat(NOW + timedelta(hours=5), ()) == ()
    assert await later.beat(NOW + timedelta(hours=6), ("r3",)) == ()
