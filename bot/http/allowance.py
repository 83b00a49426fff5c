"""How often somebody may ask: a bucket that fills steadily, and holds enough for a burst."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

MOST_KNOWN = 10_000
"""Buckets that are kept; full ones are forgotten beyond that."""


@dataclass
class Allowance:
    """`a_minute` requests for each key, and `burst` at once."""

    a_minute: float = 120
    burst: float = 60
    seconds: Callable[[], float] = monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str) -> float:
        """Take one. 0 where it was there, else the seconds until it will be; nothing was taken then."""
        now = self.seconds()
        if len(self._left) > MOST_KNOWN:
            self._left = {known: it for known, it in self._left.items() if self._filled(it, now) < self.burst}
        left = self._filled(self._left.get(key, (self.burst, now)), now)
        if left < 1:
            self._left[key] = (left, now)
            return (1 - left) * 60 / self.a_minute
        self._left[key] = (left - 1, now)
        return 0.0

    def _filled(self, bucket: tuple[float, float], now: float) -> float:
        left, then = bucket
        return min(self.burst, left + (now - then) * self.a_minute / 60)
