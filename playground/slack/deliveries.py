"""Handing things to the app: in flight, answered, retried."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from playground.slack.events import EventLog
from playground.slack.faults import Faults
from playground.slack.traffic import Traffic
from playground.slack.transport import Answer, DeliveryFailedError, Envelope, Reason, Transport, Unconnected

RETRY_DELAYS = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
"""Events are tried again almost at once, after one minute and after five (docs.slack.dev, apis/events-api, retries)."""


class Deliveries:
    """All that goes to the app. Commands and interactions are sent once; events are retried."""

    def __init__(
        self,
        events: EventLog,
        traffic: Traffic,
        faults: Faults,
        now: Callable[[], datetime],
        retry_delays: Sequence[timedelta] = RETRY_DELAYS,
    ) -> None:
        self.transport: Transport = Unconnected()
        self.retry_delays = tuple(retry_delays)
        self._events = events
        self._traffic = traffic
        self._faults = faults
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self.in_flight = 0

    async def ask(self, envelope: Envelope) -> Answer:
        """Send once and wait for the answer. Raises DeliveryFailedError."""
        self.in_flight += 1
        try:
            if self._faults.take_duplicate():
                self._spawn(self._send_quietly(envelope))
            return await self._send(envelope)
        finally:
            self._landed()

    def post_event(self, envelope: Envelope) -> None:
        """Send an event without waiting; retried until it is answered with 2xx or Slack gives up."""
        copies = 2 if self._faults.take_duplicate() else 1
        for _ in range(copies):
            self.in_flight += 1
            self._spawn(self._post_event(envelope))

    async def settled(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - told in the failure's sentence
        """Return when no delivery is on its way. A retry that waits for its time is not on its way."""
        await self._events.until(lambda: not self.in_flight, timeout, "all deliveries answered")

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.transport.close()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _landed(self) -> None:
        self.in_flight -= 1
        self._events.wake()

    async def _send_quietly(self, envelope: Envelope) -> None:
        self.in_flight += 1
        try:
            await self._send(envelope)
        except DeliveryFailedError:
            return  # the copy of a delivery has nobody who waits for it
        finally:
            self._landed()

    async def _post_event(self, envelope: Envelope) -> None:
        counted = True
        try:
            for number, delay in enumerate((None, *self.retry_delays)):
                if delay:
                    counted = False
                    self._landed()
                    await asyncio.sleep(delay.total_seconds())
                    self.in_flight += 1
                    counted = True
                reason = await self._attempt(replace(envelope, retry_number=number))
                if reason is None:
                    return
                envelope = replace(envelope, retry_reason=reason)
        finally:
            if counted:
                self._landed()

    async def _attempt(self, envelope: Envelope) -> Reason | None:
        """Why the event must be tried again; None when it need not."""
        try:
            answer = await self._send(envelope)
        except DeliveryFailedError as failure:
            return failure.reason
        if answer.is_ok or answer.headers.get("x-slack-no-retry") == "1":
            return None
        return "http_error"

    async def _send(self, envelope: Envelope) -> Answer:
        started = time.monotonic()
        answer: Answer | None = None
        reason: str | None = None
        try:
            answer = await self.transport.send(envelope)
        except DeliveryFailedError as failure:
            reason = failure.reason
            raise
        finally:
            self._traffic.note(
                "to_app",
                envelope.kind,
                at=self._now().isoformat(),
                status=0 if answer is None else answer.status,
                milliseconds=(time.monotonic() - started) * 1000,
                request=envelope.payload,
                response=reason or "cancelled" if answer is None else answer.json() or answer.body,
            )
        return answer
