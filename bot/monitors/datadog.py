"""Datadog, by its timeseries query (docs.datadoghq.com, Metrics API: GET /api/v1/query)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from bot.core.signals import Sample, Samples
from bot.monitors.interface import UnusableError, answer, shorten


@dataclass(frozen=True)
class Datadog:
    """A Datadog site, such as https://api.datadoghq.eu."""

    client: httpx.AsyncClient
    url: str
    api_key: SecretStr
    application_key: SecretStr
    title: str = "Datadog"

    async def query_range(self, query: str, start: datetime, end: datetime, step: timedelta) -> Samples:
        del step  # Datadog chooses by the span
        given = {"query": query, "from": str(int(start.timestamp())), "to": str(int(end.timestamp()))}
        secrets = (self.api_key.get_secret_value(), self.application_key.get_secret_value())
        headers = {"DD-API-KEY": secrets[0], "DD-APPLICATION-KEY": secrets[1]}
        url = f"{self.url.rstrip('/')}/api/v1/query"
        request = self.client.build_request("GET", url, params=given, headers=headers)
        told = await answer(self.client, request, self.title, secrets)
        if told.get("error"):
            raise UnusableError(f"Datadog can't evaluate this query ({shorten(str(told['error']))}): {shorten(query)}")
        return _one_of(told.get("series"), query)

    async def check(self, query: str, now: datetime) -> None:
        if not await self.query_range(query, now - timedelta(hours=1), now, timedelta(minutes=1)):
            raise UnusableError(f"This query gives nothing: {shorten(query)}")


def _one_of(series: Any, query: str) -> Samples:
    if not isinstance(series, list):
        raise UnusableError("Datadog answered with something else than was asked for.")
    if len(series) > 1:
        names = "; ".join(str(one.get("scope", "?")) for one in series[:2])
        raise UnusableError(f"This query gives {len(series)} series where one is meant ({names}, …): {shorten(query)}")
    points = series[0].get("pointlist", ()) if series else ()
    return tuple(
        Sample(datetime.fromtimestamp(moment / 1000, UTC), float(value))
        for moment, value in points
        if value is not None
    )
