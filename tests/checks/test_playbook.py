"""`greenlight check` does the checks of playbooks once: what can't be done is told, what they find is only noted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.checks.playbook import ask_playbooks
from bot.clock import MovableClock
from bot.errors import Problem
from bot.settings import load
from tests.validation.a_live_service import LiveService, live

CLOCK = MovableClock(datetime(2024, 1, 16, 16, 0, tzinfo=UTC), running=False)
TEXT = """\
version: 1
roles: {qa: {users: [U0A]}, devops: {users: [U0B]}, tech_lead: {users: [U0C]}}
services:
  orders:
    channels: [C0RELEASES]
    playbook:
      checks:
"""


@pytest.fixture
async def service() -> AsyncIterator[LiveService]:
    answers: dict[str, list[Any]] = {"/health": [{"status": "ok"}], "/sick": [503], "/k6.json": [{"metrics": "none"}]}
    async with live(answers) as made:
        yield made


async def asked(folder: Path, service: LiveService, *checks: str, **secrets: str) -> tuple[list[Problem], list[str]]:
    """What is told of some checks; {url} in them is the service."""
    lines = "".join(f"        {check.replace('{url}', service.url)}\n" for check in checks)
    path = folder / "greenlight.yml"
    path.write_text(TEXT + lines, encoding="utf-8")
    problems, notes = await ask_playbooks(load(path), CLOCK, secrets.get)
    return list(problems), list(notes)


async def test_checks_that_change_nothing_are_done_once(tmp_path: Path, service: LiveService) -> None:
    """What changes something, asks people or needs a version is left alone, and said to be."""
    problems, notes = await asked(
        tmp_path,
        service,
        "health: {kind: http, url: '{url}/health', fields: {status: ok}}",
        "order: {kind: http, url: '{url}/orders', method: POST, synthetic: true}",
        "version: {kind: http, url: '{url}/health', fields: {version: '{version}'}}",
        "look: {kind: feedback, people: [U0A]}",
    )
    assert problems == []
    left = "the others change something, ask people, or need a release or a variable"
    assert notes == [f"Playbooks: 1 of 4 checks done; {left}."]
    assert service.asked == ["GET /health"]
    assert service.headers[0]["x-greenlight-test"] == "greenlight-check"


async def test_what_cannot_be_reached_or_is_bad_now_is_noted(tmp_path: Path, service: LiveService) -> None:
    """It says nothing of the configuration."""
    problems, notes = await asked(
        tmp_path,
        service,
        "sick: {kind: http, url: '{url}/sick'}",
        "away: {kind: http, url: 'http://127.0.0.1:9/'}",
        "tests: {kind: junit, url: '{url}/junit.xml'}",
    )
    assert problems == []
    assert notes == [
        "Playbooks: 3 of 3 checks done.",
        "orders: the check “Sick”, now: fail, answered 503 instead of 200.",
        "orders: the check “Away” could not be done: it can't be reached.",
        "orders: the check “Tests” could not be done: there is no report yet (404).",
    ]


async def test_a_variable_that_is_not_set_and_a_report_that_is_none_are_problems(
    tmp_path: Path, service: LiveService
) -> None:
    """Each with what to do; a secret is never shown."""
    checks = (
        "one: {kind: http, url: '{url}/health', secret_headers: {Authorization: SHOP_TOKEN}}",
        "two: {kind: http, url: '{url}/health', basic_auth: SHOP_TOKEN}",
        "load: {kind: k6, url: '{url}/k6.json'}",
    )
    problems, _ = await asked(tmp_path, service, *checks)
    (variable, report) = problems
    assert (variable.file, variable.key) == ("environment", "SHOP_TOKEN")
    assert "the check services.orders.playbook.checks.one needs it" in variable.reason
    assert report.key == "services.orders.playbook.checks.load"
    assert report.line == 10
    assert "this is no summary of k6" in report.reason
    service.headers.clear()
    problems, notes = await asked(tmp_path, service, *checks[:2], SHOP_TOKEN="s3cret")
    assert problems == []
    assert notes == ["Playbooks: 2 of 2 checks done."]
    assert {headers["authorization"] for headers in service.headers} == {"s3cret", "Basic czNjcmV0"}
