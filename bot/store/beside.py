"""A single write beside a bot that may be running: commands that need no Slack, and are done in a moment."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from bot.errors import ConfigurationError
from bot.store.faults import translated
from bot.store.interface import Transaction
from bot.store.migrations import MIGRATIONS, applied
from bot.store.opening import Lock, explained, open_writer, refusal
from bot.store.transaction import SQLiteTransaction

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that a command waits for the bot's own commits; each takes milliseconds."""


def write_beside(database: Path, intent: Callable[[Transaction], T]) -> T:
    """Run an intent in a transaction of its own; a new file gets its schema first.

    Raises what the intent raises (nothing of it is kept), ConfigurationError where the file can't be used.
    """
    with _connected(database) as connection, explained(database):
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = intent(SQLiteTransaction(connection))
        except BaseException as error:
            connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.IntegrityError):
                raise translated(error) from error
            raise
        connection.execute("COMMIT")
        return result


@contextlib.contextmanager
def _connected(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection on a schema that is up to date: brought there by us, or by the bot that runs."""
    with contextlib.ExitStack() as stack:
        try:
            stack.callback(Lock(database).release)
            connection = open_writer(database)
        except ConfigurationError:
            if not database.is_file():
                raise
            connection = _beside_the_bot(database)
        yield stack.enter_context(contextlib.closing(connection))


def _beside_the_bot(database: Path) -> sqlite3.Connection:
    with explained(database):
        connection = sqlite3.connect(database, timeout=PATIENCE, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        if applied(connection) != MIGRATIONS.keys():
            connection.close()
            remedy = "Use the command of the version that runs, or restart the bot with this one."
            raise refusal(database, "The bot that uses it is of another version.", remedy)
    return connection
