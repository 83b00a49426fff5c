"""`greenlight check` asks the monitors: what can't be evaluated, or not be reached, is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.checks.monitors import ask_monitors
from bot.errors import ConfigurationError
from bot.monitors.making import MonitorSecrets
from bot.settings import Configuration, load
from tests.monitors.real_alertmanager import alertmanager
from tests.monitors.real_prometheus import Started, free_port, prometheus, write_past

NOW = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)
TEXT = """\
version: 1
roles: {{qa: {{users: [U0A]}}, devops: {{users: [U0B]}}, tech_lead: {{users: [U0C]}}}}
services:
  orders:
    channels: [C0RELEASES]
    monitors:
      prometheus: {{url: "{url}"}}
{more}
"""


def configured(folder: Path, url: str, more: str) -> Configuration:
    path = folder / "greenlight.yml"
    path.write_text(TEXT.format(url=url, more=more), encoding="utf-8")
    return load(path)


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Started]:
    moments = [NOW - place * timedelta(seconds=30) for place in range(20, -1, -1)]
    write_past(tmp_path, {f'errors{{path="{path}"}}': [(moment, 1.0) for moment in moments] for path in ("/a", "/b")})
    async with prometheus(tmp_path) as started:
        yield started


async def test_every_query_is_evaluated_once_and_told_with_its_line(tmp_path: Path, real: Started) -> None:
    """Good ones are counted; one that gives nothing, two series, or is no query is a problem."""
    signals = """\
    signals:
      errors: {query: sum(errors)}
      latency: {query: nothing_like_it}
      traffic: {query: errors}
      memory: {query: "sum(errors"}
      errors_by_endpoint: {query: 'errors{path="{endpoint}"}'}"""
    problems, notes = await ask_monitors(configured(tmp_path, real.url, signals), NOW)
    told = [(problem.key.split(".")[3], problem.line, problem.reason) for problem in problems]
    assert [(name, line) for name, line, _ in told] == [("latency", 10), ("traffic", 11), ("memory", 12)]
    assert "gives nothing" in told[0][2]
    assert "2 series where one is meant" in told[1][2]
    assert "parse error" in told[2][2]
    assert notes == ("Monitors: 5 of 5 queries evaluated.",)


async def test_a_monitor_that_can_not_be_reached_is_no_problem_of_the_file(tmp_path: Path) -> None:
    """It is said, once."""
    signals = "    signals: {errors: {query: a}, latency: {query: b}}"
    configuration = configured(tmp_path, f"http://127.0.0.1:{free_port()}", signals)
    problems, notes = await ask_monitors(configuration, NOW)
    assert problems == ()
    assert notes[0] == "Monitors: 0 of 2 queries evaluated."
    assert len(notes) == 2
    assert "can't be reached" in notes[1]


async def test_tokens_that_a_monitor_needs_are_asked_for(tmp_path: Path) -> None:
    """By the names of their variables; their values are in no message."""
    more = """\
      dog: {kind: datadog, url: "https://api.datadoghq.eu"}
      events: {kind: sentry, url: "https://sentry.example.com/api/0/organizations/acme"}
    signals: {errors: {monitor: dog, query: "avg:errors{*}"}, exceptions: {monitor: events, query: "level:error"}}"""
    configuration = configured(tmp_path, "http://127.0.0.1:9", more)
    nothing = MonitorSecrets.model_construct(
        prometheus_token=None, sentry_token=None, datadog_api_key=None, datadog_app_key=None
    )
    problems, _ = await ask_monitors(configuration, NOW, nothing)
    assert [problem.key for problem in problems] == ["DATADOG_API_KEY", "DATADOG_APP_KEY", "SENTRY_TOKEN"]


async def test_without_signals_nobody_is_asked(tmp_path: Path) -> None:
    """And nothing is noted."""
    assert await ask_monitors(configured(tmp_path, "http://127.0.0.1:9", ""), NOW) == ((), ())


async def test_an_alertmanager_is_asked_for_the_services_alerts(tmp_path: Path) -> None:
    """One that answers is no news; what is no Alertmanager is a problem; one that is gone is a note."""
    async with alertmanager(tmp_path / "alertmanager") as real:
        more = f"    alertmanager: {{url: '{real.url}', belongs: [service=orders]}}"
        assert await ask_monitors(configured(tmp_path, "http://127.0.0.1:9", more), NOW) == ((), ())
        every = f"    alertmanager: {{url: '{real.url}'}}"
        problems, notes = await ask_monitors(configured(tmp_path, "http://127.0.0.1:9", every), NOW)
        assert (problems, "every alert counts" in notes[0]) == ((), True)
        wrong = f"    alertmanager: {{url: '{real.url}/elsewhere', belongs: [service=orders]}}"
        problems, _ = await ask_monitors(configured(tmp_path, "http://127.0.0.1:9", wrong), NOW)
        assert [problem.key for problem in problems] == ["services.orders.alertmanager"]
    problems, notes = await ask_monitors(configured(tmp_path, "http://127.0.0.1:9", more), NOW)
    assert problems == ()
    assert "can't be reached" in notes[0]


def test_a_silence_of_everything_is_refused_with_the_file(tmp_path: Path) -> None:
    """Alertmanager would refuse it on the day of the deployment."""
    more = "    alertmanager: {url: 'http://127.0.0.1:9', expected: [['alertname=~.*']]}"
    with pytest.raises(ConfigurationError) as refused:
        configured(tmp_path, "http://127.0.0.1:9", more)
    assert "would silence every alert" in str(refused.value)
