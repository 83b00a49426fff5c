"""What is forgotten in time: keys of requests, messages that were sent, reminders that fired. Events are kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.store.interface import Store, Transaction

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
"""Long after Slack's last redelivery (a day with delayed events), and short enough to keep the file small."""

INTERVAL = timedelta(hours=24)


class Housekeeping:
    """Purges when it is started, and once a day."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="housekeeping")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await purge(self._store, self._clock)
            await asyncio.sleep(INTERVAL.total_seconds())


async def purge(store: Store, clock: Clock) -> int:
    """Forget what is older than it needs to be; how many rows. A store that is busy is left for the next day."""
    try:
        forgotten = await store.write(partial(_purge, before=clock.now() - KEPT))
    except StoreBusyError:
        logger.warning("no time to purge", extra={"action": "purge_postponed"})
        return 0
    logger.info("%d rows forgotten", forgotten, extra={"action": "purged"})
    return forgotten


def _purge(tx: Transaction, before: datetime) -> int:
    return tx.purge(before)
