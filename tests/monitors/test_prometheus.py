"""The client of Prometheus against a real one: values, and every answer that is not one series of numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.monitors.interface import UnreachableError, UnusableError
from bot.monitors.prometheus import Prometheus
from tests.monitors.real_prometheus import free_port, prometheus, write_past

START = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as made:
        yield made


@pytest.fixture
async def real(tmp_path: Path, client: httpx.AsyncClient) -> AsyncIterator[Prometheus]:
    """Ten minutes of two services."""
    moments = [START + place * STEP for place in range(20)]
    past = {
        'errors{service="orders"}': [(moment, float(place)) for place, moment in enumerate(moments)],
        'errors{service="billing"}': [(moment, 1.0) for moment in moments],
    }
    write_past(tmp_path, past)
    async with prometheus(tmp_path) as started:
        yield Prometheus(client, started.url)


async def test_the_values_of_one_series_come_in_order(real: Prometheus) -> None:
    """With their times, in UTC."""
    samples = await real.query_range('errors{service="orders"}', START, START + 4 * STEP, STEP)
    assert [(sample.at, sample.value) for sample in samples] == [(START + n * STEP, float(n)) for n in range(5)]


async def test_a_query_that_gives_nothing_has_no_values_and_is_told_by_the_check(real: Prometheus) -> None:
    """A name that does not exist."""
    assert await real.query_range("nothing_of_the_kind", START, START + STEP, STEP) == ()
    with pytest.raises(UnusableError, match="gives nothing: nothing_of_the_kind"):
        await real.check("nothing_of_the_kind", START)


async def test_two_series_where_one_is_meant_are_told_with_their_labels(real: Prometheus) -> None:
    """Both when it is watched and when it is checked."""
    for asked in (real.query_range("errors", START, START + STEP, STEP), real.check("errors", START)):
        with pytest.raises(UnusableError, match="2 series where one is meant") as told:
            await asked
        assert "service=billing" in str(told.value)
        assert "service=orders" in str(told.value)


async def test_a_query_that_is_no_query_is_told_in_prometheus_own_words(real: Prometheus) -> None:
    """With the place of the mistake."""
    with pytest.raises(UnusableError, match="parse error"):
        await real.query_range("sum(errors", START, START + STEP, STEP)


async def test_a_number_and_one_series_pass_the_check(real: Prometheus) -> None:
    """What can be evaluated is not objected to."""
    await real.check("1 + 1", START)
    await real.check("sum(errors)", START + STEP)


async def test_values_that_are_no_numbers_come_as_such(real: Prometheus) -> None:
    """0/0, as an error rate without traffic."""
    (sample,) = await real.query_range("vector(0) / vector(0)", START, START, STEP)
    assert sample.value != sample.value


async def test_a_prometheus_that_is_not_there_is_unreachable(client: httpx.AsyncClient) -> None:
    """Nothing listens there."""
    gone = Prometheus(client, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UnreachableError, match="Prometheus can't be reached"):
        await gone.query_range("up", START, START, STEP)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "<html>", UnusableError),
        (200, "[]", UnusableError),
        (200, '{"status": "success", "data": 1}', UnusableError),
        (200, '{"status": "success", "data": {"resultType": "string", "result": [1, "x"]}}', UnusableError),
        (401, "no", UnusableError),
        (500, "", UnreachableError),
        (503, "", UnreachableError),
        (429, "", UnreachableError),
    ],
)
async def test_answers_of_proxies_and_others_are_errors_of_the_monitor(
    status: int, body: str, error: type[Exception]
) -> None:
    """Whatever comes back, nothing is made up; and the token is in no message."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer secret-token"
        return httpx.Response(status, text=body or "secret-token")

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        monitor = Prometheus(client, "http://prometheus", SecretStr("secret-token"))
        with pytest.raises(error) as told:
            await monitor.query_range("up", START, START, STEP)
    assert "secret-token" not in str(told.value)
