"""A thousand reminders due in the same second while a hundred thousand wait: how late they fire, and whether once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.clock import SystemClock
from bot.core.events import Reminder
from bot.core.release_rules import Release
from bot.schedule import Schedule
from bot.store.interface import StoredReminder, Transaction
from bot.store.sqlite import SQLiteStore

AHEAD = timedelta(seconds=3)
"""After so long the thousand are due: time enough to start."""


@dataclass(frozen=True)
class Fired:
    """What became of those that were due. `p99` in milliseconds between due and committed as fired."""

    due: int
    waiting: int
    p99: float
    dropped: int
    twice: int


def _fill(tx: Transaction, first: int, count: int, due_at: datetime, now: datetime) -> None:
    for number in range(first, first + count):
        identity = f"bench-{number}"
        release = Release(
            id=identity,
            dialogue="release",
            service="bench",
            environment="production",
            version=f"v{number}",
            channel="C0BENCH",
            opened_at=now,
            opened_by="U0BENCH",
            state="awaiting_plan",
            since=now,
            number=1,
            stage=1,
        )
        tx.save(release, is_open=True)
        tx.set_reminders(identity, (Reminder(identity, "nudge", "plan", 1, due_at, ("devops",)),))


async def _measure(folder: Path, waiting: int, due: int) -> Fired:
    store, clock = await asyncio.to_thread(SQLiteStore, folder / "bench.db", budget=60.0), SystemClock()
    now = datetime.now(UTC)
    for first in range(0, waiting, 1_000):
        await store.write(lambda tx, first=first: _fill(tx, first, 1_000, now + timedelta(days=30), now))  # type: ignore[misc]  # the default binds the loop's value
    due_at = datetime.now(UTC) + AHEAD
    await store.write(lambda tx: _fill(tx, waiting, due, due_at, now))
    lateness: list[float] = []
    fired: Counter[int] = Counter()
    finished = asyncio.Event()

    async def fire(batch: tuple[StoredReminder, ...]) -> None:
        async def one(stored: StoredReminder) -> None:
            if await store.write(lambda tx: tx.fire(stored.id, clock.now())):
                fired[stored.id] += 1
                lateness.append(time.time() - stored.reminder.due_at.timestamp())

        await asyncio.gather(*map(one, batch))
        if len(fired) >= due:
            finished.set()

    schedule = Schedule(store, clock, fire)
    await schedule.start()
    try:
        async with asyncio.timeout(AHEAD.total_seconds() + 30):
            await finished.wait()
    except TimeoutError:
        pass  # what is missing is counted as dropped
    await schedule.stop()
    await store.close()
    ordered = sorted(lateness) or [float("inf")]
    p99 = 1000 * ordered[int(0.99 * (len(ordered) - 1))]
    return Fired(due, waiting, p99, due - len(fired), sum(count - 1 for count in fired.values()))


def measure(waiting: int, due: int) -> Fired:
    """Fill a store, and let the thousand come due."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), waiting, due))
