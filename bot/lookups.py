"""A cache of things that are looked up elsewhere: one call for many askers, old answers while a new one is fetched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.clock import Clock
from bot.errors import GreenlightError, TransientError

logger = logging.getLogger(__name__)

T = TypeVar("T")

FRESH = timedelta(minutes=5)
USABLE = timedelta(minutes=10)
"""Between the two an answer is still given while a new one is fetched in the background; after it, never."""


@dataclass(frozen=True)
class _Known(Generic[T]):
    value: T
    at: datetime


class Lookups(Generic[T]):
    """What `fetch` says about a key, remembered. `fetch` raises GreenlightError where it can't say."""

    def __init__(self, fetch: Callable[[str], Awaitable[T]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: dict[str, _Known[T]] = {}
        self._flights: dict[str, asyncio.Task[T]] = {}
        self._under_way: set[asyncio.Task[T]] = set()
        self._paused_until: datetime | None = None

    async def get(self, key: str, budget: float) -> T:
        """What is known, or what can be learnt within `budget` seconds.

        Raises what `fetch` raised, or TransientError where it took too long; then it goes on for the next asker.
        """
        known = self._known.get(key)
        age = self._clock.now() - known.at if known else None
        if known is not None and age is not None and age < USABLE:
            if age >= FRESH:
                self._refresh(key)
            return known.value
        flight = self._flight(key)
        done, _ = await asyncio.wait((flight,), timeout=budget)
        if not done:
            raise TransientError("Slack did not answer in time")
        if flight.cancelled():
            raise TransientError("Greenlight is stopping")
        return flight.result()

    def fresh(self, key: str) -> T | None:
        """The answer, if it is known and needs no asking: without a task or a turn of the loop."""
        known = self._known.get(key)
        return known.value if known is not None and self._clock.now() - known.at < FRESH else None

    def last(self, key: str) -> T | None:
        """The last answer, however old it is."""
        known = self._known.get(key)
        return known.value if known else None

    def forget(self, key: str) -> None:
        """It has changed: the next asker gets a new answer, also where one was under way."""
        self._known.pop(key, None)
        self._flights.pop(key, None)

    async def close(self) -> None:
        """Give up what is under way."""
        flights = tuple(self._under_way)
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _refresh(self, key: str) -> None:
        if self._paused_until is None or self._clock.now() >= self._paused_until:
            self._flight(key)

    def _flight(self, key: str) -> asyncio.Task[T]:
        """The one call that is under way for a key."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._learn(key), name=f"look_up:{key}")
            self._flights[key] = flight
            self._under_way.add(flight)
            flight.add_done_callback(lambda ended: self._landed(key, ended))
        return flight

    async def _learn(self, key: str) -> T:
        if self._paused_until is not None and self._clock.now() < self._paused_until:
            raise TransientError("Slack asked for a pause")
        return await self._fetch(key)

    def _landed(self, key: str, flight: asyncio.Task[T]) -> None:
        self._under_way.discard(flight)
        current = self._flights.get(key) is flight
        if current:
            del self._flights[key]
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            if current:
                self._known[key] = _Known(flight.result(), self._clock.now())
        elif isinstance(error, TransientError) and error.retry_after:
            self._paused_until = self._clock.now() + timedelta(seconds=error.retry_after)
        if isinstance(error, GreenlightError):
            logger.warning("%s could not be looked up: %s", key, error, extra={"action": "look_up_failed"})
