"""What is forgotten, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.clock import MovableClock
from bot.housekeeping import KEPT, purge
from bot.store.interface import Transaction
from bot.store.sqlite import SQLiteStore

NOW = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)


def seen(tx: Transaction, key: str, at: datetime) -> None:
    tx.remember(key, "answer", at)


def reply(tx: Transaction, key: str) -> str | None:
    return tx.reply_to(key)


async def test_a_requests_key_is_forgotten_after_a_month_and_not_before(tmp_path: Path) -> None:
    """Slack repeats nothing for so long; what is younger may still be repeated."""
    store = SQLiteStore(tmp_path / "x.db")
    await store.write(partial(seen, key="old", at=NOW - KEPT - timedelta(seconds=1)))
    await store.write(partial(seen, key="young", at=NOW - KEPT + timedelta(seconds=1)))
    assert await purge(store, MovableClock(NOW, running=False)) == 1
    assert await store.write(partial(reply, key="old")) is None
    assert await store.write(partial(reply, key="young")) == "answer"
    await store.close()
