"""Health endpoints, Datadog and Sentry, as their documented answers are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from bot.monitors.datadog import Datadog
from bot.monitors.health import HealthEndpoint
from bot.monitors.interface import UnreachableError, UnusableError
from bot.monitors.sentry import Sentry

NOW = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)
HEALTHY = {"status": "healthy", "version": "1.2.3", "uptime": 86400, "checks": {"database": "healthy", "cache": "down"}}


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("status", "body", "query", "value"),
    [
        (200, HEALTHY, "", 1.0),
        (200, HEALTHY, "database", 1.0),
        (200, HEALTHY, "cache", 0.0),
        (503, {**HEALTHY, "status": "unhealthy"}, "", 0.0),
        (200, {"status": "degraded"}, "", 0.0),
        (502, {}, "", 0.0),
    ],
)
async def test_a_health_endpoint_is_one_or_zero(status: int, body: object, query: str, value: float) -> None:
    """In the documents' shape, as a whole or by one of its checks."""
    async with answering(lambda _: httpx.Response(status, json=body)) as client:
        (sample,) = await HealthEndpoint(client, "http://x/health").query_range(query, NOW - STEP, NOW, STEP)
    assert sample.value == value


async def test_a_health_endpoint_remembers_what_it_said() -> None:
    """It tells of now alone, and a limit has to be held for its time."""
    told = iter([200, 503, 503])
    async with answering(lambda _: httpx.Response(next(told), json={})) as client:
        endpoint = HealthEndpoint(client, "http://x/health")
        for place in range(2):
            await endpoint.query_range("", NOW, NOW + place * STEP, STEP)
        seen = await endpoint.query_range("", NOW, NOW + 2 * STEP, STEP)
    assert [sample.value for sample in seen] == [1, 0, 0]


async def test_a_service_that_does_not_answer_is_down_and_not_unseen() -> None:
    """Nobody listens there: that is what its users see."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with answering(refuse) as client:
        (sample,) = await HealthEndpoint(client, "http://x/health").query_range("", NOW - STEP, NOW, STEP)
    assert sample.value == 0


async def test_a_check_that_an_endpoint_does_not_have_is_told_with_those_it_has() -> None:
    """A typing mistake in the configuration."""
    async with answering(lambda _: httpx.Response(200, json=HEALTHY)) as client:
        with pytest.raises(UnusableError, match="no check “databse”; it has database, cache"):
            await HealthEndpoint(client, "http://x/health").check("databse", NOW)


async def test_datadogs_points_are_read_and_two_series_are_not() -> None:
    """Milliseconds and values; None is not measured."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        points = [[NOW.timestamp() * 1000, 1.5], [NOW.timestamp() * 1000 + 20_000, None]]
        count = 2 if "by {host}" in request.url.params["query"] else 1
        return httpx.Response(200, json={"series": [{"scope": f"host:{n}", "pointlist": points} for n in range(count)]})

    async with answering(answer) as client:
        datadog = Datadog(client, "https://api.datadoghq.eu/", SecretStr("api"), SecretStr("app"))
        (sample,) = await datadog.query_range("avg:errors{*}", NOW - STEP, NOW, STEP)
        assert (sample.at, sample.value) == (NOW, 1.5)
        with pytest.raises(UnusableError, match="2 series where one is meant"):
            await datadog.query_range("avg:errors{*} by {host}", NOW - STEP, NOW, STEP)
    assert (asked[0].headers["dd-api-key"], asked[0].headers["dd-application-key"]) == ("api", "app")
    assert asked[0].url.path == "/api/v1/query"


async def test_datadogs_and_sentrys_troubles_are_told_apart() -> None:
    """A query that can't be evaluated, a token that is refused, and trouble of their own."""
    async with answering(lambda _: httpx.Response(200, json={"error": "bad query", "series": []})) as client:
        with pytest.raises(UnusableError, match="bad query"):
            await Datadog(client, "https://x", SecretStr("a"), SecretStr("b")).query_range("x", NOW, NOW, STEP)
    async with answering(lambda _: httpx.Response(401, json={"detail": "Invalid token sntrys_secret"})) as client:
        with pytest.raises(UnusableError) as told:
            await Sentry(client, "https://x", SecretStr("sntrys_secret")).query_range("x", NOW, NOW, STEP)
    assert "sntrys_secret" not in str(told.value)
    async with answering(lambda _: httpx.Response(500)) as client:
        with pytest.raises(UnreachableError):
            await Sentry(client, "https://x", SecretStr("s")).query_range("x", NOW, NOW, STEP)


async def test_sentrys_events_are_counted_by_the_minute() -> None:
    """No event at all is an answer too."""
    body = json.dumps({"data": [[int(NOW.timestamp()), [{"count": 3}]], [int(NOW.timestamp()) + 60, [{"count": 0}]]]})
    async with answering(lambda _: httpx.Response(200, text=body)) as client:
        sentry = Sentry(client, "https://sentry.io/api/0/organizations/acme", SecretStr("s"))
        assert [sample.value for sample in await sentry.query_range("level:error", NOW, NOW, STEP)] == [3, 0]
        await sentry.check("level:error", NOW)
    async with answering(lambda _: httpx.Response(200, json={"data": "?"})) as client:
        with pytest.raises(UnusableError):
            await Sentry(client, "https://x", SecretStr("s")).query_range("x", NOW, NOW, STEP)
