"""How fast Slack is spoken to, as token buckets, so that its 429 stays an exception (docs.slack.dev, "Rate limits").

A lane is what is sent one after the other: a channel's or a person's messages, named by its id, or a channel's cards,
named `card:` and its id.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Self

from bot.core.events import CARDS

POST = "chat.postMessage"
UPDATE = "chat.update"
PRUNED_AT = 1_000


@dataclass(frozen=True)
class Rate:
    """`burst` at once, then `per_second`."""

    per_second: float
    burst: int


A_LANE = Rate(per_second=1, burst=3)
"""chat.postMessage: about one message a second in a channel, short bursts allowed."""

ALL_POSTS = Rate(per_second=5, burst=50)
"""chat.postMessage: several hundred a minute in a workspace."""

ALL_CARDS = Rate(per_second=0.8, burst=5)
"""chat.update: tier 3, fifty a minute in a workspace."""


class Pace:
    """Says when a lane may speak again. `monotonic` gives seconds."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        lane: Rate = A_LANE,
        posts: Rate = ALL_POSTS,
        cards: Rate = ALL_CARDS,
    ) -> None:
        self.monotonic = monotonic
        self._lane = lane
        self._posts = posts
        self._cards = cards
        # When a bucket will be full again; one that is missing is full.
        self._full_at: dict[str, float] = {}
        self._held: dict[str, float] = {}

    @classmethod
    def unlimited(cls) -> Self:
        """For a Slack that counts nothing: only what it asks for (429) is waited for."""
        anything = Rate(inf, 1)
        return cls(lane=anything, posts=anything, cards=anything)

    def spend(self, lane: str) -> float:
        """Take a lane's turn: 0. Or, with nothing taken, the seconds until it may ask again."""
        now = self.monotonic()
        buckets = self._buckets(lane)
        wait = max(
            self._held.get(_scope(lane), 0.0) - now,
            *(self._free_at(name, rate) - now for name, rate in buckets),
        )
        if wait > 0:
            return wait
        for name, rate in buckets:
            self._full_at[name] = max(self._full_at.get(name, 0.0), now) + 1 / rate.per_second
        self._prune(now)
        return 0.0

    def hold(self, lane: str, seconds: float) -> None:
        """Slack asked for a pause. It means the method: for posts in this channel, for cards everywhere."""
        self._held[_scope(lane)] = self.monotonic() + seconds

    def _buckets(self, lane: str) -> tuple[tuple[str, Rate], ...]:
        if lane.startswith(CARDS):
            return ((UPDATE, self._cards),)
        return ((lane, self._lane), (POST, self._posts))

    def _free_at(self, name: str, rate: Rate) -> float:
        return self._full_at.get(name, 0.0) - (rate.burst - 1) / rate.per_second

    def _prune(self, now: float) -> None:
        if len(self._full_at) + len(self._held) > PRUNED_AT:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
            self._held = {name: at for name, at in self._held.items() if at > now}


def _scope(lane: str) -> str:
    return UPDATE if lane.startswith(CARDS) else lane
