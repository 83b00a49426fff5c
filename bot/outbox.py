"""The worker that says what was committed: claim, send, settle (design, section 3, "Delivery").

A row is marked as ambiguous in a commit of its own before it is sent. Whatever then happens to this process, the mark
stays until the row is settled, so the next one looks whether Slack has the message before it is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from bot.clock import Clock
from bot.core.events import Outgoing, over_what
from bot.errors import StoreBusyError, TransientError
from bot.messages.message import Message, Said
from bot.pace import Pace
from bot.slack import AmbiguousError, AuthorizationError, Posted, RateLimitedError, Slack, UndeliverableError
from bot.store.interface import Posting, Reader, Store, Transaction
from bot.worker import LOOK_AGAIN, STORE_PAUSE, Worker, backoff

logger = logging.getLogger(__name__)

LANES_AT_ONCE = 16
TOKEN_PAUSE = 60.0

NOTHING_TO_REPLACE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Slack's words for a message that somebody deleted, or that the workspace lets nobody change any more."""

Wording: TypeAlias = Callable[[Outgoing], Awaitable[tuple[Said, ...]]]
"""Puts a message that names an event into words; it may be several messages, or none."""

WhenUndeliverable: TypeAlias = Callable[[Posting, UndeliverableError], Awaitable[None]]


class Outbox(Worker):
    """Sends the store's postings: lanes at the same time, one after the other within a lane.

    `wording` puts into words what an event makes be said; `on_undeliverable` is told what Slack refuses for good. Call
    `added` after a commit that enqueued something, and `wake` after the clock was moved.
    """

    def __init__(
        self,
        store: Store,
        slack: Slack,
        clock: Clock,
        pace: Pace | None = None,
        on_undeliverable: WhenUndeliverable | None = None,
        wording: Wording | None = None,
    ) -> None:
        super().__init__("outbox")
        self._store = store
        self._slack = slack
        self._clock = clock
        self._pace = pace or Pace()
        self._on_undeliverable = on_undeliverable
        self._wording = wording
        self._busy: set[str] = set()
        self._paused: dict[str, float] = {}

    def added(self, lanes: Iterable[str]) -> None:
        """Something was put into these lanes: look, if one of them can speak now. The others are looked at anyway when
        what they are saying is said, or their pause is over.
        """
        if any(lane not in self._busy and lane not in self._paused for lane in lanes):
            self.wake()

    # The dispatcher --------------------------------------------------------------------------------------------

    async def _dispatch(self, lanes: asyncio.TaskGroup) -> float:
        now, tick = self._clock.now(), self._pace.monotonic()
        self._paused = {lane: until for lane, until in self._paused.items() if until > tick}
        room = LANES_AT_ONCE - len(self._busy)
        ready: tuple[Posting, ...] = ()
        later: datetime | None = None
        if room:
            without = (*self._busy, *self._paused)
            ready, later = await self._store.read(partial(_look, now=now, limit=room, without=without))
        for posting in ready:
            self._begin(posting, lanes)
        if not self._busy and not self._paused and not self._woken.is_set():
            self._idle.set()
        if ready and len(ready) == room:
            return 0.0
        waits = [until - tick for until in self._paused.values()]
        if later is not None:
            waits.append((later - self._clock.now()).total_seconds())
        return max(0.0, min([LOOK_AGAIN, *waits]))

    def _begin(self, posting: Posting, lanes: asyncio.TaskGroup) -> None:
        """Let a lane speak, if its pace allows."""
        lane = posting.message.lane
        if lane in self._busy:
            return
        if wait := self._pace.spend(lane):
            self._paused[lane] = self._pace.monotonic() + wait
            return
        self._busy.add(lane)
        lanes.create_task(self._speak(posting, lane), name=f"outbox:{lane}")

    async def _speak(self, posting: Posting, lane: str) -> None:
        try:
            await self._deliver(posting, lane)
        except StoreBusyError as error:
            # Whatever Slack said is not recorded; the row is ambiguous or was not begun, and both are safe.
            logger.warning("a posting was not settled: %s", error, extra={"action": "posting_not_settled"})
            self._paused[lane] = self._pace.monotonic() + STORE_PAUSE
        except Exception as error:
            # The edge: a fault with one message must end neither the worker nor the message.
            logger.exception("a posting failed", extra={"action": "posting_failed", "posting": posting.id})
            self._paused[lane] = self._pace.monotonic() + STORE_PAUSE
            await self._keep(posting, type(error).__name__)
        finally:
            self._busy.discard(lane)
            self.wake()

    # One posting -----------------------------------------------------------------------------------------------

    async def _deliver(self, posting: Posting, lane: str) -> None:
        if not await self._store.write(partial(_mark, posting=posting)):
            return
        try:
            posted = await self._say(posting)
        except RateLimitedError as error:
            self._pace.hold(lane, error.retry_after)
            await self._retry(posting, error.retry_after, str(error))
        except UndeliverableError as error:
            await self._give_up(posting, error)
        except AuthorizationError as error:
            logger.error("%s", error, extra={"action": "token_refused", "posting": posting.id})  # noqa: TRY400 - no fault of the code
            await self._retry(posting, TOKEN_PAUSE, str(error), ambiguous=posting.ambiguous)
        except TransientError as error:
            pause = max(backoff(posting.attempts), error.retry_after or 0.0)
            await self._retry(posting, pause, str(error), ambiguous=isinstance(error, AmbiguousError))
        else:
            await self._store.write(partial(_settle, posting=posting, posted=posted, at=self._clock.now()))

    async def _say(self, posting: Posting) -> Posted | None:
        """Send it, unless it has been. None for a card, which is posted nowhere anew, and for what says nothing."""
        outgoing, posted = posting.message, None
        for index, said in enumerate(await self._words(outgoing)):
            if outgoing.kind == "card":
                assert posting.thread_ts is not None
                await self._slack.update(outgoing.channel, posting.thread_ts, said.message)
                return None
            try:
                if said.replaces:
                    await self._replace(outgoing, said)
                else:
                    posted = await self._say_part(posting, said, index)
            except TransientError as error:
                if index:  # the parts before it are there: they are looked for before anything is said again
                    raise AmbiguousError(str(error), error.retry_after) from error
                raise
        return posted

    async def _replace(self, outgoing: Outgoing, said: Said) -> None:
        """Put it in the place of an earlier message. One that can't be changed any more stays as it is, or gone."""
        try:
            await self._slack.update(outgoing.channel, said.replaces, said.message)
        except UndeliverableError as error:
            # A private message that asks for nothing any more only keeps buttons that change nothing.
            if error.reason not in NOTHING_TO_REPLACE and not over_what(outgoing):
                raise
            logger.info("nothing to replace: %s", error, extra={"action": "replaced_nothing", "key": outgoing.key})

    async def _words(self, outgoing: Outgoing) -> tuple[Said, ...]:
        """What is to be said: as it stands in the row, or what the event it names makes be said."""
        if not outgoing.event or self._wording is None:
            return (Said(Message(outgoing.text, outgoing.blocks), outgoing.broadcast),)
        return await self._wording(outgoing)

    async def _say_part(self, posting: Posting, said: Said, index: int) -> Posted:
        outgoing = posting.message
        key = f"{outgoing.key}:{index}" if outgoing.event else outgoing.key
        thread_ts = posting.thread_ts if outgoing.kind == "reply" else None
        if posting.ambiguous and (found := await self._look_up(posting, thread_ts, key)):
            return found
        if index:
            await self._pace_out(outgoing.lane)
        return await self._slack.post(
            outgoing.channel, said.message, key=key, thread_ts=thread_ts, broadcast=said.broadcast
        )

    async def _pace_out(self, lane: str) -> None:
        """Wait for a lane's next turn: the parts of one message keep the pace that messages keep."""
        wait = self._pace.spend(lane)
        while wait > 0:
            await asyncio.sleep(wait)
            wait = self._pace.spend(lane)

    async def _look_up(self, posting: Posting, thread_ts: str | None, key: str) -> Posted | None:
        """Whether an earlier try did reach Slack. AmbiguousError where that can't be known for now."""
        outgoing = posting.message
        try:
            return await self._slack.find_by_key(outgoing.channel, thread_ts, key, posting.enqueued_at)
        except TransientError as error:
            raise AmbiguousError(str(error), error.retry_after) from error
        except UndeliverableError as error:
            # Better said twice than never; if it can't be posted there either, a person will hear why.
            logger.warning("cannot look before sending again: %s", error, extra={"action": "look_up_refused"})
            return None

    async def _retry(self, posting: Posting, pause: float, reason: str, *, ambiguous: bool = False) -> None:
        logger.info("posting %d waits: %s", posting.id, reason, extra={"action": "posting_waits", "pause": pause})
        not_before = self._clock.now() + timedelta(seconds=pause)
        await self._store.write(
            lambda tx: tx.retry(posting.id, not_before, ambiguous=ambiguous, reason=reason),
        )

    async def _give_up(self, posting: Posting, error: UndeliverableError) -> None:
        extra = {"action": "undeliverable", "posting": posting.id, "channel": posting.message.channel}
        logger.warning("undeliverable: %s", error, extra=extra)
        await self._store.write(lambda tx: tx.give_up(posting.id, str(error), self._clock.now()))
        if self._on_undeliverable is not None:
            await self._on_undeliverable(posting, error)

    async def _keep(self, posting: Posting, reason: str) -> None:
        """After a fault of our own: try again later, and look first."""
        try:
            await self._retry(posting, backoff(posting.attempts), reason, ambiguous=True)
        except Exception:
            # The edge again: a disk that is full refuses this write as well. The row is ambiguous already.
            logger.exception("a posting was not settled", extra={"action": "posting_not_settled"})


def _look(
    reader: Reader, now: datetime, limit: int, without: tuple[str, ...]
) -> tuple[tuple[Posting, ...], datetime | None]:
    return reader.postings(now, limit, without), reader.next_posting(now)


def _mark(tx: Transaction, posting: Posting) -> bool:
    return tx.begin(posting.id)


def _settle(tx: Transaction, posting: Posting, posted: Posted | None, at: datetime) -> None:
    tx.settle(posting.id, posted.ts if posted else None, posted.channel if posted else None, at)
    it = posting.message
    if it.kind == "root" and it.event and (place := tx.stand_in(it.conversation)):
        # The thread has begun: what stood in for it elsewhere says so.
        tx.enqueue(it._replace(key=f"{it.conversation}:begun", kind="direct", channel=place[0]), at)
