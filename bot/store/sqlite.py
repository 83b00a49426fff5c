"""The store on SQLite: one file, one process, one writer, readers beside it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.errors import Refusal, StoreBusyError
from bot.store.faults import translated
from bot.store.interface import Reader, Transaction
from bot.store.news import News
from bot.store.opening import Lock, open_reader, open_writer
from bot.store.queries import SQLiteReader
from bot.store.writer import Writer

T = TypeVar("T")

READERS = 2

BUDGET = 2.0
"""Seconds an intent may wait: Slack shows an error after three."""


class SQLiteStore:
    """A `Store` in one SQLite file. Opening it blocks, and brings its schema up to date.

    Raises ConfigurationError where the file can't be used: a missing folder, no permission, not a database, in use by
    another process, or written by a newer Greenlight.
    """

    def __init__(self, path: Path, *, budget: float = BUDGET) -> None:
        self._lock = Lock(path)
        try:
            self._writer = Writer(partial(open_writer, path), budget)
        except BaseException:
            self._lock.release()
            raise
        self._readers = _Readers(path)
        self._tally = {"committed": 0, "refused": 0, "failed": 0}
        self._closed: asyncio.Task[None] | None = None

    def listen(self, listener: Callable[[News], None]) -> None:
        """Tell `listener` what commits brought; see `Store.listen`."""
        self._writer.listener = listener

    async def write(self, intent: Callable[[Transaction], T]) -> T:
        """Run an intent in the writer's transaction; see `Store.write`."""
        outcome = "failed"
        try:
            result = await self._writer.write(intent)
            outcome = "committed"
        except Refusal:
            outcome = "refused"
            raise
        else:
            return result
        finally:
            self._tally[outcome] += 1

    @property
    def tally(self) -> Mapping[str, int]:
        """How intents ended; see `Store.tally`."""
        return self._tally

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query of one consistent moment on a reading connection. StoreBusyError once the store is closed."""
        return await self._readers.read(query)

    async def close(self) -> None:
        """Finish what was accepted, then close. May be called again."""
        self._writer.stop_accepting()
        self._readers.stop_accepting()
        if self._closed is None:
            self._closed = asyncio.ensure_future(asyncio.to_thread(self._close))
        await asyncio.shield(self._closed)

    def _close(self) -> None:
        # The writer last and alone: the last connection to close writes the log back into the file and removes it.
        self._readers.close()
        self._writer.finish()
        self._lock.release()


class _Readers:
    """A few threads, each with its own connection. In WAL mode they don't wait for the writer, nor it for them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closing = False

    async def read(self, query: Callable[[Reader], T]) -> T:
        if self._closing:
            raise StoreBusyError("The store is closing.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, query)

    def stop_accepting(self) -> None:
        self._closing = True

    def close(self) -> None:
        """Finish what was accepted. Blocks."""
        self._threads.shutdown(wait=True)
        for connection in self._open:
            connection.close()

    def _read(self, query: Callable[[Reader], T]) -> T:
        try:
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                return query(SQLiteReader(connection))
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise translated(error) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = open_reader(self._path)
            self._own.connection = connection
            self._open.append(connection)
        return connection
