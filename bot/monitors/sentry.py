"""Sentry, by its events statistics (docs.sentry.io, Discover: GET …/organizations/{organization}/events-stats/)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from bot.core.signals import Sample, Samples
from bot.monitors.interface import UnusableError, answer


@dataclass(frozen=True)
class Sentry:
    """An organization of Sentry: its address ends with /api/0/organizations/<organization>.

    A query is Sentry's own search, such as `project:billing level:error`; its values are events a minute.
    """

    client: httpx.AsyncClient
    url: str
    token: SecretStr
    title: str = "Sentry"

    async def query_range(self, query: str, start: datetime, end: datetime, step: timedelta) -> Samples:
        del step  # events are counted by the minute
        given = {
            "query": query,
            "yAxis": "count()",
            "interval": "1m",
            "start": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "end": f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        }
        secret = self.token.get_secret_value()
        headers = {"Authorization": f"Bearer {secret}"}
        url = f"{self.url.rstrip('/')}/events-stats/"
        request = self.client.build_request("GET", url, params=given, headers=headers)
        return _samples((await answer(self.client, request, self.title, (secret,))).get("data"))

    async def check(self, query: str, now: datetime) -> None:
        # No event at all is good news, and an answer: zeros.
        await self.query_range(query, now - timedelta(hours=1), now, timedelta(minutes=1))


def _samples(data: Any) -> Samples:
    """[[1705420800, [{"count": 3}]], …]."""
    try:
        return tuple(Sample(datetime.fromtimestamp(moment, UTC), float(counts[0]["count"])) for moment, counts in data)
    except (TypeError, ValueError, LookupError) as error:
        raise UnusableError("Sentry answered with something else than was asked for.") from error
