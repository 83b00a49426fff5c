"""What works off rows of the store, on and on: it looks, does what it can, and waits until it is woken."""

from __future__ import annotations

import asyncio
import logging

from slack_sdk.http_retry.builtin_interval_calculators import BackoffRetryIntervalCalculator

from bot.errors import StoreBusyError

logger = logging.getLogger(__name__)

LOOK_AGAIN = 30.0
"""Seconds after which the store is read without being woken: a safety net."""

SHARE = 20
SHORTEST_GAP = 0.005
LONGEST_GAP = 0.25
"""Seconds between two reads. Under load a read is followed by a pause of twenty times its length, within these."""

LONGEST_BACKOFF = 8
"""Doublings of one second: some four minutes."""

STORE_PAUSE = 1.0
GRACE = 3.0
"""Seconds that what is being done at the end may take, after the drain."""


def backoff(attempts: int) -> float:
    """Seconds to wait after so many tries that failed: twice as long each time, with some chance in it."""
    return BackoffRetryIntervalCalculator(backoff_factor=1.0).calculate_sleep_duration(min(attempts, LONGEST_BACKOFF))


class Worker:
    """The turns of a worker. `_dispatch` starts what can be done now as tasks of the group, sets `_idle` where there is
    nothing, and returns the seconds after which to look again unless woken.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._read_failed = {"action": f"{name}_read_failed"}
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """True while it works."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - what is left then is kept, nothing fails
        """Do what can be done within `timeout` seconds, then end. The rest waits in the store."""
        task = self._task
        if task is None:
            return
        if not await self.drain(timeout):
            logger.warning(
                "the %s stopped with work waiting", self._name, extra={"action": f"{self._name}_not_drained"}
            )
        self._stopping = True
        self.wake()
        await asyncio.wait((task,), timeout=GRACE)
        # What is cut off here is ambiguous, and is looked up by the next process.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def wake(self) -> None:
        """Something was added, or time has passed: look now."""
        self._idle.clear()
        self._woken.set()

    async def idle(self) -> None:
        """Return when nothing is being done and nothing can be done now; what waits for a retry does not count."""
        self.wake()
        while self.running and not self._idle.is_set():
            assert self._task is not None
            waiting = asyncio.ensure_future(self._idle.wait())
            await asyncio.wait((waiting, self._task), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - the answer says whether it was long enough
        """Wait until idle, at most `timeout` seconds; whether it is."""
        try:
            async with asyncio.timeout(timeout):
                await self.idle()
        except TimeoutError:
            return False
        return True

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as lanes:
            while not self._stopping:
                self._woken.clear()
                started = loop.time()
                pause = await self._round(lanes)
                gap = SHARE * (loop.time() - started)
                await asyncio.sleep(min(max(SHORTEST_GAP, gap), LONGEST_GAP))
                await _either(self._woken, pause)

    async def _round(self, lanes: asyncio.TaskGroup) -> float:
        """Start what may be sent now; the seconds after which to look again unless woken."""
        try:
            return await self._dispatch(lanes)
        except StoreBusyError as error:
            logger.warning("the %s could not be read: %s", self._name, error, extra=self._read_failed)
        except Exception:
            # The edge: a fault here must not end all work; what waits is kept.
            logger.exception("the %s could not be read", self._name, extra=self._read_failed)
        return STORE_PAUSE

    async def _dispatch(self, lanes: asyncio.TaskGroup) -> float:
        raise NotImplementedError


async def _either(woken: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return
