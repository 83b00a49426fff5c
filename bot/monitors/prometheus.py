"""Prometheus, by its HTTP API (prometheus.io, "HTTP API": /api/v1/query and /api/v1/query_range)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from bot.core.signals import Sample, Samples
from bot.monitors.interface import AlertingRule, UnusableError, answer, shorten


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus, or what speaks its language (Thanos, Mimir, VictoriaMetrics) at `url`.

    `token` is sent as a bearer token.
    """

    client: httpx.AsyncClient
    url: str
    token: SecretStr | None = None
    title: str = "Prometheus"

    async def query_range(self, query: str, start: datetime, end: datetime, step: timedelta) -> Samples:
        given = {
            "query": query,
            "start": f"{start.timestamp():.3f}",
            "end": f"{end.timestamp():.3f}",
            "step": f"{max(1.0, step.total_seconds()):g}",
        }
        series = self._one(await self._ask("query_range", given), query)
        return tuple(_samples(series.get("values", ()) if series else ()))

    async def check(self, query: str, now: datetime) -> None:
        found = await self._ask("query", {"query": query, "time": f"{now.timestamp():.3f}"})
        if found.get("resultType") == "scalar":
            return
        if self._one(found, query) is None:
            raise UnusableError(f"This query gives nothing: {shorten(query)}")

    async def alert_rules(self) -> tuple[AlertingRule, ...]:
        """Every alerting rule that is loaded (prometheus.io, "HTTP API": /api/v1/rules)."""
        url = f"{self.url.rstrip('/')}/api/v1/rules"
        request = self.client.build_request("GET", url, params={"type": "alert"}, headers=self._headers())
        groups = self._data(await answer(self.client, request, self.title, (self._secret(),))).get("groups")
        if not isinstance(groups, list):
            raise UnusableError(f"{self.title} answered with something else than was asked for.")
        rules = (rule for group in groups if isinstance(group, dict) for rule in group.get("rules") or ())
        return tuple(
            _rule(rule) for rule in rules if isinstance(rule, dict) and rule.get("type", "alerting") == "alerting"
        )

    def _secret(self) -> str:
        return self.token.get_secret_value() if self.token else ""

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._secret()}"} if self.token else {}

    async def _ask(self, path: str, given: Mapping[str, str]) -> Mapping[str, Any]:
        # As a form: a query may be longer than an address.
        request = self.client.build_request(
            "POST", f"{self.url.rstrip('/')}/api/v1/{path}", data=given, headers=self._headers()
        )
        return self._data(await answer(self.client, request, self.title, (self._secret(),)))

    def _data(self, told: Mapping[str, object]) -> Mapping[str, Any]:
        data = told.get("data")
        if told.get("status") != "success" or not isinstance(data, dict):
            raise UnusableError(f"{self.title} answered with something else than was asked for.")
        return data

    def _one(self, data: Mapping[str, Any], query: str) -> Mapping[str, Any] | None:
        """The one series of an answer; None where there is none."""
        kind, result = data.get("resultType"), data.get("result")
        if kind not in ("matrix", "vector") or not isinstance(result, list):
            raise UnusableError(f"This query gives a {kind} and not one series: {shorten(query)}")
        if len(result) > 1:
            names = "; ".join(_labels(one.get("metric", {})) for one in result[:2])
            raise UnusableError(
                f"This query gives {len(result)} series where one is meant ({names}, …). "
                f"Sum them up, or name one: {shorten(query)}"
            )
        return result[0] if result else None


def _rule(told: Mapping[str, Any]) -> AlertingRule:
    return AlertingRule(str(told.get("name", "")), str(told.get("health", "unknown")), str(told.get("lastError") or ""))


def _labels(metric: Mapping[str, str]) -> str:
    told = ", ".join(f"{name}={value}" for name, value in sorted(metric.items()))
    return "{" + shorten(told, 60) + "}"


def _samples(values: Iterable[Any]) -> Iterable[Sample]:
    for moment, value in values:
        yield Sample(datetime.fromtimestamp(float(moment), UTC), float(value))
