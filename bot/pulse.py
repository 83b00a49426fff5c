"""Wakes whoever waits for something to be committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


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


class OncePerTurn:
    """Calls a function in the event loop's next turn, once, however often it is asked for in this one: those who shared
    a commit go on in the same turn.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._is_asked = False

    def __call__(self) -> None:
        if not self._is_asked:
            self._is_asked = True
            asyncio.get_running_loop().call_soon(self._call)

    def _call(self) -> None:
        self._is_asked = False
        self._function()
