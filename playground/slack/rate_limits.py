"""Slack's rate limits as token buckets (docs.slack.dev, apis/web-api/rate-limits): per method, app and workspace."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True)
class Rate:
    """`burst` calls at once, refilled at `per_minute`."""

    per_minute: float
    burst: float


class Tier(Enum):
    """The tiers of the documentation. POSTING is about one message a second in a channel, with short bursts."""

    ONE = "tier 1"
    TWO = "tier 2"
    THREE = "tier 3"
    FOUR = "tier 4"
    SPECIAL = "special"
    POSTING = "posting"


DOCUMENTED: Mapping[Tier, Rate] = {
    Tier.ONE: Rate(1, 10),
    Tier.TWO: Rate(20, 20),
    Tier.THREE: Rate(50, 50),
    Tier.FOUR: Rate(100, 100),
    Tier.SPECIAL: Rate(600, 100),
    Tier.POSTING: Rate(60, 5),
}
WORKSPACE_POSTING = Rate(300, 300)


@dataclass
class _Bucket:
    tokens: float
    seen_at: float


@dataclass
class RateLimits:
    """Refuses what comes too fast. `monotonic` gives seconds; `rates` may be looser or stricter than Slack's own."""

    monotonic: Callable[[], float]
    rates: Mapping[Tier, Rate] = field(default_factory=lambda: DOCUMENTED)
    workspace_posting: Rate = WORKSPACE_POSTING
    enabled: bool = True
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def spend(self, method: str, tier: Tier, channel: str) -> int | None:
        """Take a call's token. None when it may go on, else the whole seconds to wait (for Retry-After)."""
        if not self.enabled:
            return None
        if tier is not Tier.POSTING:
            return self._take((method, ""), self.rates[tier])
        wait = self._take((method, channel), self.rates[tier])
        return wait if wait is not None else self._take((method, ""), self.workspace_posting)

    def _take(self, key: tuple[str, str], rate: Rate) -> int | None:
        now = self.monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(rate.burst, now))
        bucket.tokens = min(rate.burst, bucket.tokens + (now - bucket.seen_at) * rate.per_minute / 60)
        bucket.seen_at = now
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) * 60 / rate.per_minute))
        bucket.tokens -= 1
        return None
