"""One blocking call in a coroutine stalls every answer to Slack, so none is let through while stories are played."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from blockbuster import BlockingError, blockbuster_ctx

WATCHED = ["bot", "handlers"]
"""Whose calls are watched. The playground is not: it is no part of what is deployed. Of these two nothing is allowed;
starting, which reads files, lies before, and the store's threads are no part of the loop."""


class _Swallowed(logging.Handler):
    """Keeps the blocking calls that an edge (outbox, schedule, Bolt) caught and wrote into the log."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            if isinstance(error, BlockingError):
                self.found.append(f"{record.getMessage()}: {error}")
            error = error.__cause__ or error.__context__


@contextmanager
def nothing_blocks() -> Iterator[None]:
    """Every blocking call of the bot in the loop raises BlockingError; one that was swallowed fails at the end."""
    swallowed = _Swallowed()
    logging.getLogger().addHandler(swallowed)
    try:
        with blockbuster_ctx(scanned_modules=WATCHED):
            yield
    finally:
        logging.getLogger().removeHandler(swallowed)
    if swallowed.found:
        raise AssertionError("; ".join(swallowed.found))
