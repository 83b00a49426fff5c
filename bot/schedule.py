"""The next wake-up: reminders are rows, and APScheduler holds one date job for the next one that is due.

Its own job stores can't join the store's transaction and drop what is late (design, section 3, "Measured choices").
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeAlias

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.clock import Clock
from bot.store.interface import Reader, Store, StoredReminder

logger = logging.getLogger(__name__)

BATCH = 200
"""Reminders that are handed over at once, so that one transaction serves many."""

SAFETY_SECONDS = 60
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(seconds=5)
GRACE = 5.0
"""Seconds that the batch which is being fired at the end may take."""

SHARE = 20
LONGEST_GAP = 0.1
"""Seconds. Under load a look at the store is followed by a pause of twenty times its length, at most this."""

Fire: TypeAlias = Callable[[tuple[StoredReminder, ...]], Awaitable[None]]


class Schedule:
    """Hands every due reminder to `fire`, which marks it as fired (or put off, or dropped) in the store.

    One that is not marked, or whose `fire` raises, is tried again soon; it holds no other back. Call `wake` after a
    commit that set reminders, and after the clock was moved.
    """

    def __init__(self, store: Store, clock: Clock, fire: Fire) -> None:
        self._store = store
        self._clock = clock
        self._fire = fire
        self._rung = asyncio.Event()
        self._settled = asyncio.Event()
        self._planned: datetime | None = None
        self._retry = FIRST_RETRY
        self._scheduler: AsyncIOScheduler | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def running(self) -> bool:
        """True while reminders are watched."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Begin; what became due while nobody watched fires at once."""
        # At INFO it tells of every wake-up.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.start()
        self._scheduler.add_job(
            self._ring, "interval", seconds=SAFETY_SECONDS, id="safety", misfire_grace_time=None, coalesce=True
        )
        self._task = asyncio.create_task(self._run(), name="schedule")
        self.wake()

    async def stop(self) -> None:
        """Finish the batch that is being fired, then end. What is due then fires after the next start."""
        if self._task is None or self._scheduler is None:
            return
        self._stopping = True
        self._rung.set()
        await asyncio.wait((self._task,), timeout=GRACE)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        # APScheduler's asyncio scheduler shuts down in the loop's next turn.
        await asyncio.sleep(0)

    def wake(self, due: datetime | None = None) -> None:
        """Look again. With `due`, the earliest moment that was set, only if it is before the planned wake-up."""
        if due is not None and self._planned is not None and due >= self._planned:
            return
        self._settled.clear()
        self._rung.set()

    async def settled(self) -> None:
        """Return when nothing that is due now is unfired."""
        self.wake()
        while self.running and not self._settled.is_set():
            assert self._task is not None
            waiting = asyncio.ensure_future(self._settled.wait())
            await asyncio.wait((waiting, self._task), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def _ring(self) -> None:
        self.wake()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            await self._rung.wait()
            self._rung.clear()
            # From here on every wake counts: the plan is being made anew.
            self._planned = None
            started = loop.time()
            await self._turn()
            await asyncio.sleep(min(SHARE * (loop.time() - started), LONGEST_GAP))

    async def _turn(self) -> None:
        """Fire what is due, then plan the next wake-up."""
        try:
            left, next_due = await self._fire_due()
        except Exception:
            # The edge: the store can't be read for now. Nothing is lost, the rows wait.
            logger.exception("reminders could not be read", extra={"action": "reminders_unread"})
            left, next_due = True, None
        if self._stopping:
            return
        if left:
            self._plan(self._retry, None)
            self._retry = min(2 * self._retry, LONGEST_RETRY)
            return
        self._retry = FIRST_RETRY
        if next_due is not None:
            self._plan(next_due - self._clock.now(), next_due)
        if not self._rung.is_set():
            self._settled.set()

    async def _fire_due(self) -> tuple[bool, datetime | None]:
        """Hand over all that is due, each row once. Whether some of it is still there, and when the next one is due."""
        tried: set[int] = set()
        while not self._stopping:
            look = partial(_look, now=self._clock.now(), limit=BATCH + len(tried))
            due, next_due = await self._store.read(look)
            # Only those that were tried and are still there need to be looked past.
            tried.intersection_update({stored.id for stored in due})
            batch = tuple(stored for stored in due if stored.id not in tried)[:BATCH]
            if not batch:
                return bool(due), next_due
            tried.update(stored.id for stored in batch)
            await self._fire_batch(batch)
        return True, None

    async def _fire_batch(self, batch: tuple[StoredReminder, ...]) -> None:
        try:
            await self._fire(batch)
        except Exception:
            # The edge: one reminder that fails must not end all reminding.
            extra = {"action": "reminders_failed", "reminders": [stored.id for stored in batch]}
            logger.exception("reminders failed, and are tried again", extra=extra)

    def _plan(self, delay: timedelta, due: datetime | None) -> None:
        """Set the one date job. APScheduler goes by the machine's time, reminders by our clock: a delay is the same."""
        assert self._scheduler is not None
        self._planned = due
        self._scheduler.add_job(
            self._ring,
            "date",
            run_date=datetime.now(UTC) + max(delay, timedelta(0)),
            id="next_due",
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
        )


def _look(reader: Reader, now: datetime, limit: int) -> tuple[tuple[StoredReminder, ...], datetime | None]:
    return reader.due(now, limit), reader.next_due()
