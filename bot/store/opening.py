"""Opening a database: one process, a schema that this version knows, the settings that make a commit durable."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.errors import ConfigurationError, Problem
from bot.store.faults import what_to_do
from bot.store.migrations import MIGRATIONS, applied, migrate

if sys.platform != "win32":
    import fcntl

BUSY_TIMEOUT = 50
"""Milliseconds SQLite waits for another process's lock before the writer looks whether anybody still waits."""

CHECKPOINT = 4_000
"""Pages of the log (16 MB) after which a commit writes them back into the file. At SQLite's own 1,000 the pages that
every acknowledgement changes are written back four times as often, and it costs a twentieth more.
"""

CACHED_STATEMENTS = 256
CACHE_SIZE = 16_384
"""Of a connection, in KiB."""


class Lock:
    """Held while this process uses a database: SQLite serves one process.

    It is a file beside the database: to open and close the database's own would drop SQLite's locks on it
    (sqlite.org/howtocorrupt.html, section 2.2). On Windows nothing is locked.
    """

    def __init__(self, database: Path) -> None:
        """ConfigurationError where the place can't be written to, or another process holds the lock."""
        place = database.with_name(f"{database.name}.lock")
        try:
            self._descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            remedy = "Name a file in a folder that exists and that this user may write to."
            raise refusal(database, f"{place} can't be written: {error.strerror}.", remedy) from error
        if not self._taken():
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip()
            self.release()
            remedy = "Stop that process, or give this one a database of its own: SQLite serves one process."
            raise refusal(database, f"Greenlight's process {holder or '(unknown)'} uses it already.", remedy)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def _taken(self) -> bool:
        if sys.platform == "win32":
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        os.close(self._descriptor)


def open_writer(database: Path) -> sqlite3.Connection:
    """The writing connection, on a schema that is up to date. ConfigurationError where the file can't be used."""
    with explained(database):
        connection = _connect(database)
        try:
            _refuse_newer(connection, database)
            connection.execute("PRAGMA journal_mode = WAL")
            # The answer leaves after the commit: what was acknowledged survives a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
            if MIGRATIONS.keys() - applied(connection):
                migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def open_reader(database: Path) -> sqlite3.Connection:
    """A connection beside the writer's that can't change anything."""
    connection = _connect(database)
    connection.execute("PRAGMA query_only = ON")
    return connection


def refusal(database: Path, reason: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem("environment", "GREENLIGHT_DATABASE", f"{database}: {reason}", remedy),))


@contextlib.contextmanager
def explained(database: Path) -> Iterator[None]:
    """Turns SQLite's errors into what an operator can put right."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        where = "Name an SQLite file of Greenlight's, or a new one, where this user may write."
        raise refusal(database, f"{what_to_do(error) or 'It can not be used'} ({error}).", where) from error


def _connect(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        database,
        timeout=BUSY_TIMEOUT / 1000,
        isolation_level=None,  # the writer begins and commits
        check_same_thread=False,  # used by one thread, closed by another
        cached_statements=CACHED_STATEMENTS,
    )
    # Savepoints keep what they may have to take back: in memory, it costs half of what it does in a file.
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{CACHE_SIZE}")
    return connection


def _refuse_newer(connection: sqlite3.Connection, database: Path) -> None:
    if newer := applied(connection) - MIGRATIONS.keys():
        reason = f"A newer Greenlight has written it (with {', '.join(sorted(newer))})."
        raise refusal(database, reason, "Start that version, or restore a copy from before it.")
