"""What SQLite's errors mean to whoever asked (sqlite.org/rescode.html)."""

from __future__ import annotations

import sqlite3

from bot.errors import StoreBusyError
from bot.store.interface import ContradictionError, StoreFailedError


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for what Python's module raised itself."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Another process holds a lock."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def translated(error: BaseException) -> BaseException:
    """An error of an intent or a query as the store's interface names it. What is not SQLite's passes as it is."""
    if isinstance(error, StopIteration):
        return _because(error, RuntimeError("An intent raised StopIteration, which no future can carry."))
    if not isinstance(error, sqlite3.Error):
        return error
    if isinstance(error, sqlite3.IntegrityError):
        return _because(error, ContradictionError(str(error)))
    if is_busy(error):
        return _because(error, StoreBusyError("The database is locked by another process; nothing was recorded."))
    if what := what_to_do(error):
        return _because(error, StoreFailedError(f"{what} ({error})."))
    return error


def what_to_do(error: sqlite3.Error) -> str | None:
    """What happened and what an operator can do about it; None for errors that are ours."""
    return {
        sqlite3.SQLITE_FULL: "The database's disk is full: make room",
        sqlite3.SQLITE_IOERR: "The database's disk failed: see the machine's log",
        sqlite3.SQLITE_READONLY: "The database can't be written: see its permissions and its disk",
        sqlite3.SQLITE_CANTOPEN: "The database can't be opened: see its folder and its disk",
        sqlite3.SQLITE_CORRUPT: "The database is damaged: restore a backup",
        sqlite3.SQLITE_NOTADB: "The file is not an SQLite database: name another one, or restore a backup",
        sqlite3.SQLITE_NOMEM: "The machine has no memory left",
    }.get(primary_code(error))


def _because(cause: BaseException, meaning: Exception) -> Exception:
    meaning.__cause__ = cause
    return meaning
