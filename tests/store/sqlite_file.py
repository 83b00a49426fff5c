"""SQLite's file itself, as a person at a shell would ask it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from bot.store.sqlite import SQLiteStore

T = TypeVar("T")


async def open_at(path: Path, budget: float = 2.0) -> SQLiteStore:
    return await asyncio.to_thread(SQLiteStore, path, budget=budget)


async def raw(path: Path, ask: Callable[[sqlite3.Connection], T]) -> T:
    """Ask the file through a connection that is not the store's, as a person at a shell would."""

    def asked() -> T:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
            return ask(connection)

    return await asyncio.to_thread(asked)
