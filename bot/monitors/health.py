"""A plain health endpoint (DevOps engineer, "Health Checks"): {"status": "healthy", "checks": {"database": "healthy"}},
200 when healthy and 503 when not.

It tells of now alone, so that what it said before is remembered here. An endpoint that does not answer is the
service's own fault and no blindness: it is down.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from bot.core.signals import Sample, Samples
from bot.monitors.interface import UnreachableError, UnusableError, shorten

REMEMBERED = 2_000
"""Values of each query."""

GOOD = frozenset({"healthy", "ok", "up", "pass", "passing", "true"})


@dataclass(frozen=True)
class HealthEndpoint:
    """1 where it says healthy, 0 where not. The query names one of its checks; without one, the whole is meant."""

    client: httpx.AsyncClient
    url: str
    title: str = "the health endpoint"
    _seen: dict[str, deque[Sample]] = field(default_factory=dict)

    async def query_range(self, query: str, start: datetime, end: datetime, step: timedelta) -> Samples:
        del step
        kept = self._seen.setdefault(query, deque(maxlen=REMEMBERED))
        if not kept or kept[-1].at < end:
            kept.append(Sample(end, await self._ask(query)))
        return tuple(sample for sample in kept if start <= sample.at <= end)

    async def check(self, query: str, now: datetime) -> None:
        del now
        if await self._ask(query) != 1:
            raise UnusableError(f"{self.url} says it is not healthy{f' ({query})' if query else ''}.")

    async def _ask(self, query: str) -> float:
        try:
            told = await self.client.get(self.url)
        except httpx.TransportError as error:
            if any(isinstance(cause, socket.gaierror) for cause in _causes(error)):
                raise UnreachableError(f"There is no address for {self.url}.") from error
            return 0.0
        if told.status_code not in (200, 503):
            if told.status_code >= 500:
                return 0.0
            raise UnusableError(f"{self.url} answers {told.status_code}, which is neither healthy nor unhealthy.")
        return self._value(told, query)

    def _value(self, told: httpx.Response, query: str) -> float:
        try:
            body = told.json()
        except ValueError:
            body = None
        if not query:
            status = str(body.get("status", "healthy")) if isinstance(body, dict) else "healthy"
            return float(told.status_code == 200 and status.casefold() in GOOD)
        checks = body.get("checks") if isinstance(body, dict) else None
        if not isinstance(checks, dict) or query not in checks:
            known = f"; it has {shorten(', '.join(checks))}" if isinstance(checks, dict) and checks else ""
            raise UnusableError(f"{self.url} has no check “{query}”{known}.")
        return float(str(checks[query]).casefold() in GOOD)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
