"""The one writer: a thread that owns the one writing connection. One commit a batch of intents; of one that raises,
nothing stays.

Group commit is what makes FULL durability affordable: those who wait while the disk syncs share the next sync.
Nobody is answered before the commit.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from types import CoroutineType
from typing import Any, TypeVar

from bot.errors import StoreBusyError
from bot.store.faults import is_busy, translated
from bot.store.interface import StoreFailedError, Transaction
from bot.store.news import News
from bot.store.transaction import SQLiteTransaction

logger = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 64
"""Intents in one commit at most, so that the first of them does not wait for too many others."""


class _Intent:
    """An intent on its way, and what became of it. Either the writer runs it, or its awaiter withdraws it."""

    __slots__ = ("_ticket", "error", "future", "result", "run")

    def __init__(self, run: Callable[[Transaction], Any], future: asyncio.Future[Any]) -> None:
        self.run = run
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self._ticket = [True]

    @property
    def waits(self) -> bool:
        return bool(self._ticket)

    def take(self) -> bool:
        """True for the first who asks, on whatever thread: taking from a list is atomic."""
        try:
            return self._ticket.pop()
        except IndexError:
            return False

    def withdraw(self) -> None:
        """Its time is up: if it has not begun, it never will."""
        if self.take() and not self.future.done():
            self.future.set_exception(StoreBusyError("The store did not get to it in time; nothing was recorded."))

    def resolve(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _Group:
    """The intents of one turn of an event loop. They are handed over together: the writer's thread is woken once, and
    takes the interpreter from a loop that has done its turn.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.intents: list[_Intent] = []
        self._left = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, intent: _Intent) -> None:
        self.intents.append(intent)
        self._left += 1

    def limit(self, budget: float) -> None:
        """Withdraw what has not begun after so many seconds."""
        self._timer = self.loop.call_later(budget, self._withdraw)

    def leave(self) -> None:
        """One of them has its outcome."""
        self._left -= 1
        if not self._left and self._timer is not None:
            self._timer.cancel()

    def _withdraw(self) -> None:
        for intent in self.intents:
            intent.withdraw()


class Writer:
    """Runs intents one after another on its own thread, over the connection that `connect` opens there.

    `budget`: seconds an intent may wait for its turn. `listener` is told what commits brought.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], budget: float) -> None:
        """Blocks until the connection is open; raises what `connect` raises."""
        self.listener: Callable[[News], None] | None = None
        self._connect = connect
        self._budget = budget
        self._queue: SimpleQueue[_Intent | None] = SimpleQueue()
        self._gathering: dict[asyncio.AbstractEventLoop, _Group] = {}
        self._closing = False
        self._opened = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()
        self._opened.wait()
        if self._failure is not None:
            raise self._failure

    async def write(self, run: Callable[[Transaction], T]) -> T:
        """Run an intent; its result after the commit. Raises what it raises, or StoreBusyError when its time is up."""
        if self._closing:
            raise StoreBusyError("The store is closing; nothing was recorded.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        intent = _Intent(run, future)
        group = self._gathering.get(loop)
        if group is None:
            group = self._gathering[loop] = _Group(loop)
            loop.call_soon(self._hand_over, group)
        group.add(intent)
        try:
            return await future
        finally:
            intent.take()  # of a caller who was cancelled, what has not begun never will
            group.leave()

    def _hand_over(self, group: _Group) -> None:
        del self._gathering[group.loop]
        group.limit(self._budget)
        for intent in group.intents:
            self._queue.put(intent)

    def stop_accepting(self) -> None:
        """Accept nothing more. What was accepted will be finished."""
        self._closing = True

    def finish(self) -> None:
        """Finish what was accepted, then close the connection. Blocks."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        try:
            connection = self._connect()
        except BaseException as error:  # noqa: BLE001 - raised by the constructor, which waits for it
            self._failure = error
            return
        finally:
            self._opened.set()
        transaction = SQLiteTransaction(connection)
        while (first := self._queue.get()) is not None:
            batch = _Batch(connection, transaction)
            ends = batch.serve(first, self._queue)
            _tell(batch.begun, partial(self.listener, batch.news) if self.listener and batch.news else None)
            if ends:
                break
        connection.close()


class _Batch:
    """The intents of one commit.

    Nearly all succeed, and nearly all that don't are refused before they write. So they run without a savepoint each,
    which would cost a tenth of all that an acknowledgement does. Where one has written and then raises, the whole batch
    is taken back, and what had succeeded is run again, now with savepoints.
    """

    def __init__(self, connection: sqlite3.Connection, transaction: SQLiteTransaction) -> None:
        self._connection = connection
        self._transaction = transaction
        self.begun: list[_Intent] = []
        self.news = transaction.news = News()
        self._with_savepoints = False
        self._lost: BaseException | None = None

    def serve(self, first: _Intent, queue: SimpleQueue[_Intent | None]) -> bool:
        """Run the first and what waits behind it, and commit. True if the queue's end was met."""
        if not self._begin(first):
            return False
        ends = self._run_all(first, queue)
        self._commit()
        return ends

    def _begin(self, first: _Intent) -> bool:
        """Take the database's write lock. While another process holds it, intents run out of time one by one."""
        while first.waits:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if is_busy(error):
                    continue  # after SQLite's own busy timeout
                self._roll_back()
                if first.take():
                    logger.exception("the store could not begin", extra={"action": "begin_failed"})
                    first.error = translated(error)
                    self.begun.append(first)
                return False
            return True
        return False

    def _run_all(self, first: _Intent, queue: SimpleQueue[_Intent | None]) -> bool:
        intent: _Intent | None = first
        while intent is not None:
            if intent.take():
                self.begun.append(intent)
                self._run(intent)
            if self._lost is not None or len(self.begun) >= BATCH:
                return False
            try:
                intent = queue.get_nowait()
            except Empty:
                return False
        return True

    def _run(self, intent: _Intent) -> None:
        if self._with_savepoints:
            self._run_in_savepoint(intent)
            return
        connection = self._connection
        changes = connection.total_changes
        try:
            intent.result = _plain(intent.run(self._transaction))
        except BaseException as error:  # noqa: BLE001 - handed to its awaiter, whatever it is
            intent.error = translated(error)
            if connection.total_changes != changes:
                self._run_again()
        if not connection.in_transaction:  # after some errors (a full disk) SQLite has rolled back everything by itself
            self._lost = intent.error or sqlite3.OperationalError("the batch was rolled back")

    def _run_again(self) -> None:
        """Take back what one intent did, and so the batch; then repeat what had succeeded of it."""
        self._with_savepoints = True
        try:
            # A savepoint for all would keep a copy of each page that the batch changes.
            self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._lost = error
        for intent in self.begun:
            if self._lost is None and intent.error is None:
                self._run_in_savepoint(intent)

    def _run_in_savepoint(self, intent: _Intent) -> None:
        execute = self._connection.execute
        try:
            execute("SAVEPOINT intent")
            intent.result = _plain(intent.run(self._transaction))
            execute("RELEASE intent")
        except BaseException as error:  # noqa: BLE001 - handed to its awaiter, whatever it is
            intent.error = translated(error)
            self._undo(intent.error)

    def _undo(self, error: BaseException) -> None:
        """Take back what one intent did. After some errors (a full disk) SQLite has rolled back the whole batch."""
        try:
            self._connection.execute("ROLLBACK TO intent")
            self._connection.execute("RELEASE intent")
        except sqlite3.Error:
            self._lost = error

    def _commit(self) -> None:
        try:
            if self._lost is None:
                self._connection.execute("COMMIT")
                return
        except sqlite3.Error as error:
            self._lost = translated(error)
        logger.error("%d intents were not recorded: %s", len(self.begun), self._lost, extra={"action": "commit_failed"})
        self._roll_back()
        self.news = News()
        for intent in self.begun:
            # Also those that were refused: the reason may be among what was lost.
            intent.error = StoreFailedError(f"Nothing was recorded: {self._lost}")
            intent.error.__cause__ = self._lost

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            logger.exception("the store could not roll back", extra={"action": "rollback_failed"})


def _plain(result: object) -> object:
    if isinstance(result, CoroutineType):
        result.close()
        raise TypeError("An intent is an ordinary function, and this one returned a coroutine.")
    return result


def _tell(intents: list[_Intent], listen: Callable[[], None] | None) -> None:
    """Hand results over to their event loops, one wake-up each; and what the commit brought."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Intent]] = {}
    for intent in intents:
        by_loop.setdefault(intent.future.get_loop(), []).append(intent)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, told, listen)
        except RuntimeError:  # the loop was closed while its intents were running: nobody listens any more
            logger.warning("outcomes had no listener", extra={"action": "outcome_unheard"})


def _resolve(intents: list[_Intent], listen: Callable[[], None] | None) -> None:
    for intent in intents:
        intent.resolve()
    if listen is not None:
        listen()
