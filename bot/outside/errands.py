"""The worker that does outside what was committed: claim, do, settle, as the outbox does with what is said (design,
section 3, "Delivery").

An errand is marked as ambiguous in a commit of its own before it is done. Whatever then happens to this process, the
mark stays until the errand is settled, so the next one looks whether it was done before it does it again. What it led
to is recorded as a step of its conversation, in the transaction that settles it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.clock import Clock
from bot.core.dialogue import Move
from bot.core.forms import Form
from bot.core.policy import Service
from bot.core.roles import GREENLIGHT, Actor
from bot.errors import GreenlightError, Refusal, StoreBusyError, TransientError
from bot.outward import DeclinedError, UnclearError
from bot.service import take_step
from bot.store.interface import Reader, Store, StoredErrand, Transaction
from bot.worker import LOOK_AGAIN, STORE_PAUSE, Worker, backoff

logger = logging.getLogger(__name__)

LINES_AT_ONCE = 8
LONGEST = 60.0
"""Seconds one errand may take; a service that drips its answer would hold its line for ever."""


@dataclass(frozen=True)
class Report:
    """The step that tells in the conversation what an errand led to, and by whom. Empty: there is nothing to tell.

    With `again` the errand is not over: it is done again after so many seconds, for the `reason`.
    """

    step: str = ""
    form: Form | None = None
    actor: Actor = GREENLIGHT
    again: float | None = None
    reason: str = ""


class Doer(Protocol):
    """Somebody who does errands of some kinds."""

    @property
    def settling(self) -> float:
        """Seconds after which it can be seen for certain whether something was done."""
        ...

    async def do(self, stored: StoredErrand) -> Report:
        """Do it, if it has not been done: an ambiguous one is looked up first.

        Raises TransientError, UnclearError or DeclinedError (bot.outward).
        """
        ...

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        """How people are told that it was refused for good."""
        ...


class Errands(Worker):
    """Does the store's errands: lines at the same time, one after another within a line. `doers` are by kind."""

    def __init__(self, store: Store, policies: Mapping[str, Service], doers: Mapping[str, Doer], clock: Clock) -> None:
        super().__init__("errands")
        self._store = store
        self._policies = policies
        self._doers = doers
        self._clock = clock
        self._busy: set[str] = set()

    async def _run(self) -> None:
        await self._revive()
        await super()._run()

    async def _revive(self) -> None:
        """A start is when tokens and configuration have changed: what was refused is tried again."""
        try:
            count = await self._store.write(_revive)
        except StoreBusyError as error:
            logger.warning("refused errands stay so: %s", error, extra={"action": "errands_not_revived"})
            return
        if count:
            logger.info("%d refused errands are tried again", count, extra={"action": "errands_revived"})

    # The dispatcher --------------------------------------------------------------------------------------------

    async def _dispatch(self, lanes: asyncio.TaskGroup) -> float:
        now, room = self._clock.now(), LINES_AT_ONCE - len(self._busy)
        ready: tuple[StoredErrand, ...] = ()
        later: datetime | None = None
        if room:
            ready, later = await self._store.read(partial(_look, now=now, limit=room, without=tuple(self._busy)))
        for stored in ready:
            self._busy.add(stored.errand.line)
            lanes.create_task(self._take_on(stored), name=f"errand:{stored.errand.line}")
        if not self._busy and not self._woken.is_set():
            self._idle.set()
        return min(LOOK_AGAIN, max(0.0, (later - self._clock.now()).total_seconds())) if later else LOOK_AGAIN

    async def _take_on(self, stored: StoredErrand) -> None:
        try:
            await self._carry_out(stored)
        except StoreBusyError as error:
            # Whatever came of it is not recorded; the errand is ambiguous or was not begun, and both are safe.
            logger.warning("an errand was not settled: %s", error, extra={"action": "errand_not_settled"})
            await asyncio.sleep(STORE_PAUSE)
        except Exception as error:
            # The edge: a fault with one errand must end neither the worker nor the errand.
            logger.exception("an errand failed", extra={"action": "errand_failed", "errand": stored.id})
            await self._keep(stored, type(error).__name__)
        finally:
            self._busy.discard(stored.errand.line)
            self.wake()

    # One errand ------------------------------------------------------------------------------------------------

    async def _carry_out(self, stored: StoredErrand) -> None:
        doer = self._doers.get(stored.errand.kind)
        if doer is None:
            await self._refuse(stored, Report(), f"Nobody here does what is called “{stored.errand.kind}”.")
            return
        look_from = self._clock.now() + timedelta(seconds=doer.settling)
        if not await self._store.write(lambda tx: tx.begin_errand(stored.id, look_from)):
            return
        try:
            report = await _do(doer, stored)
        except DeclinedError as error:
            await self._refuse(stored, doer.refused(stored, error), str(error))
        except UnclearError as error:
            pause = max(backoff(stored.attempts), doer.settling, error.retry_after or 0.0)
            await self._postpone(stored, pause, str(error), ambiguous=True)
        except TransientError as error:
            await self._postpone(stored, max(backoff(stored.attempts), error.retry_after or 0.0), str(error))
        else:
            await self._settle(stored, report, self._end_of(stored, report))

    def _end_of(self, stored: StoredErrand, report: Report) -> Callable[[Transaction], bool]:
        now = self._clock.now()
        if report.again is None:
            return lambda tx: tx.finish_errand(stored.id, now)
        not_before, reason = now + timedelta(seconds=report.again), report.reason

        def put_off(tx: Transaction) -> bool:
            tx.postpone_errand(stored.id, not_before, ambiguous=False, reason=reason)
            return True

        return put_off

    async def _settle(self, stored: StoredErrand, report: Report, settle: Callable[[Transaction], bool]) -> None:
        """Settle an errand and record what it led to, in one transaction."""
        now = self._clock.now()
        tell = partial(_tell, stored=stored, report=report, settle=settle, policies=self._policies, now=now)
        try:
            await self._store.write(tell)
        except Refusal as error:
            # The conversation has gone where nobody waits for it.
            logger.warning("an errand's end was not told: %s", error, extra={"action": "errand_not_told"})
            await self._store.write(settle)

    async def _refuse(self, stored: StoredErrand, report: Report, reason: str) -> None:
        extra = {"action": "errand_refused", "errand": stored.id, "kind": stored.errand.kind}
        logger.warning("refused: %s", reason, extra=extra)
        # After a restart it may be refused again, and people know why already.
        known = stored.reason == reason
        refuse = partial(_refuse, errand_id=stored.id, reason=reason, at=self._clock.now())
        await self._settle(stored, Report() if known else report, refuse)

    async def _postpone(self, stored: StoredErrand, pause: float, reason: str, *, ambiguous: bool = False) -> None:
        extra = {"action": "errand_waits", "pause": pause}
        logger.info("errand %d waits: %s", stored.id, reason, extra=extra)
        not_before = self._clock.now() + timedelta(seconds=pause)
        await self._store.write(
            lambda tx: tx.postpone_errand(stored.id, not_before, ambiguous=ambiguous, reason=reason),
        )

    async def _keep(self, stored: StoredErrand, reason: str) -> None:
        """After a fault of our own: try again later, and look first."""
        try:
            await self._postpone(stored, max(backoff(stored.attempts), STORE_PAUSE), reason, ambiguous=True)
        except GreenlightError:
            # A disk that is full refuses this write as well. The errand is ambiguous already.
            logger.exception("an errand was not settled", extra={"action": "errand_not_settled"})


async def _do(doer: Doer, stored: StoredErrand) -> Report:
    try:
        async with asyncio.timeout(LONGEST):
            return await doer.do(stored)
    except TimeoutError as error:
        raise UnclearError(f"It took longer than {LONGEST:g} s.") from error


def _revive(tx: Transaction) -> int:
    return tx.revive_errands()


def _look(
    reader: Reader, now: datetime, limit: int, without: tuple[str, ...]
) -> tuple[tuple[StoredErrand, ...], datetime | None]:
    return reader.errands(now, limit, without), reader.next_errand(now)


def _refuse(tx: Transaction, errand_id: int, reason: str, at: datetime) -> bool:
    return tx.refuse_errand(errand_id, reason, at)


def _tell(
    tx: Transaction,
    stored: StoredErrand,
    report: Report,
    settle: Callable[[Transaction], bool],
    policies: Mapping[str, Service],
    now: datetime,
) -> None:
    if settle(tx) and report.step:
        take_step(tx, stored.errand.conversation, Move(report.step, report.actor, report.form), policies, "", now)
