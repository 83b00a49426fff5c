"""The errands that tell people outside of Slack. Sending one twice is harmless, and losing one is not: what may have
been sent is sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.paging import NotNotifiedForm
from bot.core.routing import TITLES, Page
from bot.errors import TransientError
from bot.outside.errands import Report
from bot.outward import DeclinedError
from bot.pagers.interface import Pager
from bot.store.interface import StoredErrand
from bot.worker import backoff

MOST_REASON = 500
TELL_AFTER = 5
"""Tries that failed: with the pauses between them, half a minute."""


@dataclass(frozen=True)
class Paging:
    """Sends pages. `pager_of` gives the way of a kind, or raises DeclinedError."""

    pager_of: Callable[[str], Pager]
    settling: float = 0.0

    async def do(self, stored: StoredErrand) -> Report:
        """Send it. Whoever does not answer for half a minute is told of in the thread, once, and tried on."""
        page = Page.model_validate(stored.errand.payload)
        try:
            await self.pager_of(stored.errand.kind).send(page)
        except TransientError as error:
            if stored.attempts != TELL_AFTER or page.action != "trigger":
                raise
            reason = f"{error} It is tried again until it succeeds; until then nobody is told that way."
            form = NotNotifiedForm(what=TITLES[stored.errand.kind], reason=reason[:MOST_REASON])
            again = max(backoff(stored.attempts), error.retry_after or 0.0)
            return Report("not_notified", form, again=again, reason=str(error))
        return Report()

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        what = TITLES[stored.errand.kind]
        return Report("not_notified", NotNotifiedForm(what=what, reason=str(error)[:MOST_REASON]))
