"""Work that follows an answer: it may be slow, must not delay the answer, and is finished before the process ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from bot.errors import GreenlightError

logger = logging.getLogger(__name__)


class Background:
    """Tasks that run beside the handlers. What they raise on purpose is logged; the rest reaches the loop's handler."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, Any], action: str) -> None:
        """Start work; `action` is the slug under which a failure is logged."""
        task = asyncio.create_task(self._guarded(work, action), name=action)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, Any], action: str) -> None:
        try:
            await work
        except GreenlightError as error:
            logger.warning("%s failed: %s", action, error, extra={"action": f"{action}_failed"})

    async def drain(self, within: float | None = None) -> None:
        """Wait until nothing is under way; what is still running after `within` seconds is cancelled."""
        pending = set(self._tasks)
        while pending:
            _, unfinished = await asyncio.wait(pending, timeout=within)
            for task in unfinished:
                task.cancel()
            pending = set(self._tasks) - unfinished
