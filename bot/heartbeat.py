"""When Greenlight watched last, so that the next process can say for how long nobody did."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.core.observation import Finding
from bot.core.signals import Row
from bot.store.interface import Store, Transaction

EVERY = timedelta(minutes=1)
UNSEEN = timedelta(minutes=3)
"""So long nobody may have watched without a word of it: a restart is shorter."""

KEY = "watch:last"
ITSELF = "greenlight"
"""Stands among the signals that could not be measured."""


class Heartbeat:
    """Keeps in the store that releases are watched, once a minute."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: datetime | None = None
        self._is_first = True

    async def beat(self, now: datetime, watched: Collection[str]) -> tuple[tuple[str, Finding], ...]:
        """Note that these releases (by their conversations' ids) are watched now. What is to be told in each, where
        the process before ended so long ago that it matters: by the first call, also if nothing is watched then. Raises
        StoreBusyError.
        """
        if not watched or (self._kept is not None and now - self._kept < EVERY):
            self._is_first = False
            return ()
        last = await self._store.write(partial(_note, now=now))
        is_first, self._is_first, self._kept = self._is_first, False, now
        if not is_first or last is None or now - last <= UNSEEN:
            return ()
        return tuple((release, finding) for release in watched for finding in _gap(last, now))


def _note(tx: Transaction, now: datetime) -> datetime | None:
    """Note the moment; the one that was noted before."""
    before = tx.reply_to(KEY)
    tx.replace(KEY, now.isoformat(), now)
    return datetime.fromisoformat(before) if before else None


def _gap(last: datetime, now: datetime) -> tuple[Finding, Finding]:
    """That nobody watched, and that somebody does again."""
    until = f"{now.astimezone(UTC):%H:%M} UTC"
    blind = Row(name=ITSELF, title="Greenlight", state="blind", note=f"it was not running until {until}")
    sees = Row(name=ITSELF, title="Greenlight", note="it is running again")
    occasion = f"{ITSELF}:{last:%Y%m%d%H%M%S}"
    return (
        Finding("blind", f"blind:{occasion}", {"rows": [blind], "since": last.isoformat()}),
        Finding("sees", f"sees:{occasion}", {"rows": [sees]}),
    )
