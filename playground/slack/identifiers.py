"""Ids and timestamps in Slack's shapes, the same in every run that does the same things in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Identifiers:
    """`next("U")` is U0000000001, then U0000000002 …"""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()

    def next(self, prefix: str) -> str:
        self._count[prefix] += 1
        return f"{prefix}{self._count[prefix]:010X}"

    def short(self, purpose: str) -> str:
        """Five characters, as Slack gives to blocks and elements that have no id of their own."""
        self._count[purpose] += 1
        return f"{self._count[purpose]:05x}"


class Timestamps:
    """Message timestamps: seconds with six decimals, unique and rising, also while the clock stands still."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> str:
        self._last = max((self._now() - EPOCH) // timedelta(microseconds=1), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
