"""The store on SQLite: one file, one process, one writer, readers beside it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from sqlite_utils import Database

from bot.errors import ConfigurationError, Problem
from bot.store.interface import Reader, Transaction
from bot.store.migrations import MIGRATIONS
from bot.store.queries import SQLiteReader
from bot.store.writer import Writer

try:
    import fcntl
except ImportError:  # not on Windows; there the operator sees to it that one process runs
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")

READERS = 2
BUSY_TIMEOUT = 100
"""Milliseconds SQLite waits for another process's lock before the writer looks whether anybody still waits."""

BUDGET = 2.0
"""Seconds an intent may wait: Slack shows an error after three."""


class SQLiteStore:
    """A `Store` in one SQLite file. Opening brings its schema up to date.

    Raises ConfigurationError where the file can't be used: a missing folder, no permission, not a database, in use by
    another process, or written by a newer Greenlight.
    """

    def __init__(self, path: Path, *, budget: float = BUDGET) -> None:
        self._path = path
        self._lock = _lock(path)
        try:
            connection = _connect(path)
            _migrate(connection, path)
        except BaseException:
            self._release()
            raise
        self._connection = connection
        self._writer = Writer(connection, budget)
        self._local = threading.local()
        self._reading: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    async def write(self, intent: Callable[[Transaction], T]) -> T:
        """Run an intent in the writer's transaction; see `Store.write`."""
        return await self._writer.write(intent)

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query of one consistent moment on a reading connection."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    async def close(self) -> None:
        """Finish what was accepted, then close."""
        await self._writer.close()
        await asyncio.to_thread(self._close)

    def _read(self, query: Callable[[Reader], T]) -> T:
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            return query(SQLiteReader(connection))
        finally:
            connection.execute("ROLLBACK")

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connect(self._path)
            connection.execute("PRAGMA query_only = ON")
            self._local.connection = connection
            self._reading.append(connection)
        return connection

    def _close(self) -> None:
        self._readers.shutdown(wait=True)
        for connection in (*self._reading, self._connection):
            connection.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()


def _refusal(path: Path, reason: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem("environment", "GREENLIGHT_DATABASE", f"{path}: {reason}", remedy),))


def _lock(path: Path) -> IO[str] | None:
    """Hold the file beside the database while this process uses it: SQLite serves one process."""
    try:
        lock = Path(f"{path}.lock").open("w", encoding="utf-8")  # noqa: SIM115 - held until the store closes
    except OSError as error:
        raise _refusal(path, f"{error.strerror}.", "Name a file in a folder that exists and may be written.") from error
    if fcntl is None:
        return lock  # type: ignore[unreachable]  # on Windows it is reached
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        remedy = "Stop the other process, or give this one a database of its own."
        raise _refusal(path, "another process of Greenlight uses this database.", remedy) from error
    return lock


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        with _explained(path):
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
            connection.execute("PRAGMA journal_mode = WAL")
            # The answer leaves after the commit: what was acknowledged survives a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
    except ConfigurationError:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        remedy = "Name an SQLite file of Greenlight's, or a new one."
        raise _refusal(path, f"it can't be used as a database ({error}).", remedy) from error


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    with _explained(path):
        database = Database(connection)
        known = {migration.name for migration in MIGRATIONS.pending(database)}
        applied = {migration.name for migration in MIGRATIONS.applied(database)}
        every = known | applied & {migration.name for migration in MIGRATIONS._migrations}  # noqa: SLF001 - sqlite-utils names no public list
        if newer := applied - every:
            raise _refusal(
                path,
                f"a newer Greenlight has written it ({', '.join(sorted(newer))}).",
                "Start that version, or restore a copy from before it.",
            )
        MIGRATIONS.apply(database)
