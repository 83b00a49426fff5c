"""The errands that tell people outside of Slack. Sending one twice is harmless, and losing one is not: what may have
been sent is sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.paging import NotNotifiedForm
from bot.core.routing import TITLES, Page
from bot.errands import Report
from bot.outward import DeclinedError
from bot.pagers.interface import Pager
from bot.store.interface import StoredErrand

MOST_REASON = 500


@dataclass(frozen=True)
class Paging:
    """Sends pages. `pager_of` gives the way of a kind, or raises DeclinedError."""

    pager_of: Callable[[str], Pager]
    settling: float = 0.0

    async def do(self, stored: StoredErrand) -> Report:
        await self.pager_of(stored.errand.kind).send(Page.model_validate(stored.errand.payload))
        return Report()

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        what = TITLES[stored.errand.kind]
        return Report("not_notified", NotNotifiedForm(what=what, reason=str(error)[:MOST_REASON]))
