"""The one writer: a thread that owns the one writing connection. A savepoint per intent, one commit a batch.

Group commit is what makes FULL durability affordable: those who wait while the disk syncs share the next sync.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.errors import StoreBusyError
from bot.store.transaction import SQLiteTransaction

logger = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 64
"""Intents in one commit at most, so that the first of them does not wait for too many others."""


@dataclass(frozen=True, eq=False)
class _Intent:
    """An intent on its way. Whoever takes `claim` first decides: the writer runs it, or its awaiter withdraws it."""

    run: Callable[[SQLiteTransaction], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    claim: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool:
        return self.claim.acquire(blocking=False)


@dataclass(frozen=True)
class _Outcome:
    intent: _Intent
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs intents one after another on its own thread. `budget`: seconds an intent may wait for its turn."""

    def __init__(self, connection: sqlite3.Connection, budget: float) -> None:
        self._connection = connection
        self._transaction = SQLiteTransaction(connection)
        self._budget = budget
        self._queue: queue.SimpleQueue[_Intent | None] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def write(self, run: Callable[[SQLiteTransaction], T]) -> T:
        """Run an intent; its result after the commit. Raises what it raises, or StoreBusyError when its time is up."""
        if self._closing:
            raise StoreBusyError("the store is closing")
        loop = asyncio.get_running_loop()
        intent = _Intent(run, loop, loop.create_future())
        timer = loop.call_later(self._budget, _withdraw, intent)
        self._queue.put(intent)
        try:
            # Shielded: a caller that goes away does not undo what may be committed at this moment.
            result: T = await asyncio.shield(intent.future)
            return result
        finally:
            timer.cancel()

    async def close(self) -> None:
        """Finish what was accepted, then end the thread."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            ends = self._fill(batch)
            self._commit(batch)
            if ends:
                return

    def _fill(self, batch: list[_Intent]) -> bool:
        """Add what waits already; True if the end was among it."""
        while len(batch) < BATCH:
            try:
                intent = self._queue.get_nowait()
            except queue.Empty:
                return False
            if intent is None:
                return True
            batch.append(intent)
        return False

    def _commit(self, batch: list[_Intent]) -> None:
        if not self._begin(batch):
            return
        outcomes = [self._run(intent) for intent in batch if intent.take()]
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            logger.exception("the store could not commit", extra={"action": "commit_failed"})
            self._roll_back()
            failure = StoreBusyError(f"the store could not commit: {error}")
            outcomes = [_Outcome(outcome.intent, error=failure) for outcome in outcomes]
        _tell(outcomes)

    def _begin(self, batch: list[_Intent]) -> bool:
        """Take the database's write lock. While another process holds it, intents run out of time one by one."""
        while not all(intent.future.done() for intent in batch):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                logger.warning("the database is locked: %s", error, extra={"action": "store_locked"})
                continue  # after SQLite's own busy timeout
            return True
        return False

    def _run(self, intent: _Intent) -> _Outcome:
        execute = self._connection.execute
        try:
            execute("SAVEPOINT intent")
            result = intent.run(self._transaction)
            execute("RELEASE intent")
        except BaseException as error:  # noqa: BLE001 - handed to its awaiter as it is, whatever it is
            self._undo()
            return _Outcome(intent, error=error)
        return _Outcome(intent, result)

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK TO intent")
            self._connection.execute("RELEASE intent")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _withdraw(intent: _Intent) -> None:
    """An intent's time is up: if it has not begun, it never will."""
    if intent.take():
        intent.future.set_exception(StoreBusyError("the store did not get to it in time; nothing was recorded"))


def _tell(outcomes: list[_Outcome]) -> None:
    """Hand results over to their event loops, one wake-up each."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome.intent.loop, []).append(outcome)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, told)
        except RuntimeError:  # the loop was closed while its intents were running: nobody listens any more
            logger.warning("outcomes had no listener", extra={"action": "outcome_unheard"})


def _resolve(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        if outcome.intent.future.done():
            continue
        if outcome.error is not None:
            outcome.intent.future.set_exception(outcome.error)
        else:
            outcome.intent.future.set_result(outcome.result)
