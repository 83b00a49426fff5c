"""What a monitor does, whatever stands behind it.

MonitorError
├── UnreachableError   it could not be asked for now: whoever depends on it is blind, and asks again
└── UnusableError      it answered, but not with one series of numbers: a person has to change the query or the token
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from bot.core.outside_text import one_line
from bot.core.signals import Samples
from bot.errors import GreenlightError, TransientError
from bot.outward import DeclinedError, call

MOST_REASON = 500

TIMEOUT = httpx.Timeout(8.0, connect=3.0)
"""Seconds. A monitor that needs longer is as good as none: it is asked again at the next look."""


class MonitorError(GreenlightError):
    """A question that was not answered with one series of numbers. Its text is for people, and plain, whatever the
    monitor said.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(one_line(reason, MOST_REASON))


class UnreachableError(MonitorError):
    """The monitor could not be asked for now."""


class UnusableError(MonitorError):
    """The monitor answered, and the answer can't be used."""


@dataclass(frozen=True)
class AlertingRule:
    """An alerting rule: its name, whether it could be evaluated last (`ok`, `err`, `unknown`), and why not."""

    name: str
    health: str
    error: str = ""


class Monitor(Protocol):
    """Something that measures. Raises MonitorError; never retries, never gives numbers it did not get."""

    @property
    def title(self) -> str:
        """What people call it: “Prometheus”."""
        ...

    async def query_range(self, query: str, start: datetime, end: datetime, step: timedelta) -> Samples:
        """The values of one series between two moments, the oldest first. Empty where nothing was measured."""
        ...

    async def check(self, query: str, now: datetime) -> None:
        """Raise MonitorError where a query can't be evaluated to one series now."""
        ...


async def answer(
    client: httpx.AsyncClient, request: httpx.Request, title: str, secrets: tuple[str, ...] = ()
) -> Mapping[str, object]:
    """Send a request and read its answer, a JSON object. Raises MonitorError."""
    try:
        told = (await call(client, request, title, secrets=secrets)).json()
    except TransientError as error:
        raise UnreachableError(str(error)) from error
    except DeclinedError as error:
        raise UnusableError(str(error)) from error
    except ValueError as error:
        raise UnusableError(f"{title} answered with something that is not JSON.") from error
    if not isinstance(told, dict):
        raise UnusableError(f"{title} answered with something else than was asked for.")
    return told


def shorten(query: str, most: int = 120) -> str:
    """A query as it is shown to people."""
    line = " ".join(query.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
