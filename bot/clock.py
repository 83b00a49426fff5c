"""The one source of time. Everything that asks what time it is asks a clock that was handed to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """A clock that starts where it is told to, runs with the machine's, and can be moved on (never back).

    The playground and the tests use it. `running=False` stands still between moves.
    """

    def __init__(self, start: datetime, *, running: bool = True) -> None:
        self._shown = start.astimezone(UTC)
        self._running = running
        self._taken_at = datetime.now(UTC)
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        if not self._running:
            return self._shown
        return self._shown + (datetime.now(UTC) - self._taken_at)

    def move_to(self, moment: datetime) -> None:
        """Move on to a moment; an earlier one than now changes nothing. Listeners are told after the move."""
        self._shown = max(self.now(), moment.astimezone(UTC))
        self._taken_at = datetime.now(UTC)
        for listener in self._listeners:
            listener()

    def move_by(self, span: timedelta) -> None:
        self.move_to(self.now() + span)

    def when_moved(self, listener: Callable[[], None]) -> None:
        """Call the listener after every move, so that a scheduler can look again."""
        self._listeners.append(listener)
