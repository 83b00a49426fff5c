"""What happened in the workspace, numbered, so that pages can follow and tests can wait without polling."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from playground.slack.shapes import Json

T = TypeVar("T")
KEPT = 5_000


@dataclass(frozen=True)
class Happening:
    """One entry. `audience` are the user ids who may see it; None is everybody."""

    id: int
    event: str
    data: Json
    audience: frozenset[str] | None


class EventLog:
    """An append-only log, bounded to the last 5,000 entries."""

    def __init__(self) -> None:
        self._entries: deque[Happening] = deque(maxlen=KEPT)
        self._waiting: set[asyncio.Future[None]] = set()
        self.last_id = 0

    def append(self, event: str, data: Json, audience: Iterable[str] | None = None) -> Happening:
        """Note what happened and wake all who wait."""
        self.last_id += 1
        entry = Happening(self.last_id, event, data, None if audience is None else frozenset(audience))
        self._entries.append(entry)
        self.wake()
        return entry

    def wake(self) -> None:
        """Let all who wait look again, also where nothing is to be told to pages."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def after(self, number: int, user: str) -> list[Happening]:
        """The entries beyond a number that a person may see, oldest first."""
        return [
            entry for entry in self._entries if entry.id > number and (entry.audience is None or user in entry.audience)
        ]

    async def changed(self) -> None:
        """Return at the next entry or wake."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    async def until(self, condition: Callable[[], T | None], timeout: float, what: str) -> T:  # noqa: ASYNC109 - the span is part of the sentence a failure tells
        """The condition's first true value, looked at after every entry. Raises TimeoutError naming `what`."""
        try:
            async with asyncio.timeout(timeout):
                while not (value := condition()):
                    await self.changed()
                return value
        except TimeoutError:
            raise TimeoutError(f"not within {timeout:g} s: {what}") from None
