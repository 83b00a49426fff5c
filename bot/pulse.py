"""Wakes whoever waits for something to be committed."""

from __future__ import annotations

import asyncio


class Pulse:
    """Beats after every commit. Whoever takes the next beat before reading misses no commit after that read."""

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self.over = False

    def next(self) -> asyncio.Event:
        """The beat that comes: set by the next commit, or when the process stops."""
        return self._next

    def beat(self) -> None:
        """Wake all who wait."""
        beaten, self._next = self._next, asyncio.Event()
        beaten.set()

    def end(self) -> None:
        """The process stops: nobody is to wait any longer."""
        self.over = True
        self.beat()
