"""Alertmanager tells of alerts: those of a release under watch are told in its thread, once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl

from bot.core.alerts import AlertRule
from tests.http.api.conftest import DEPLOYED, RELEASE
from tests.http.hooks.conftest import SECRET, Told, hooked
from tests.monitors.real_alertmanager import alertmanager

NOWHERE = HttpUrl("http://127.0.0.1:9")
RULE = AlertRule(url=NOWHERE, belongs=("service=admin-logistic", "severity=~critical|warning"))
BEARER = {"authorization": f"Bearer {SECRET}"}


@pytest.fixture
async def alerted(tmp_path: Path, secrets: None) -> AsyncIterator[Told]:
    """A release that was deployed, of a service whose alerts are known."""
    del secrets
    async with hooked(tmp_path, RULE) as it:
        await it.scheduled()
        token = await it.token_for("deployed", name="ci")
        assert (await it.post(f"{RELEASE}/steps/deployed", DEPLOYED, headers=token)).status_code == 200
        yield it


def alert(name: str = "HighErrorRate", at: str = "2024-01-16T16:05:00Z", **more: Any) -> dict[str, Any]:
    """An alert as Alertmanager sends it (prometheus.io, "webhook_config")."""
    labels = {"alertname": name, "service": "admin-logistic", "severity": "critical", **more.pop("labels", {})}
    told = {"status": "firing", "labels": labels, "startsAt": at, "endsAt": "0001-01-01T00:00:00Z"}
    annotations = {"summary": "Too many 5xx", "runbook_url": "https://runbooks.example.com/errors"}
    return {**told, "annotations": annotations, "fingerprint": f"{abs(hash(name)):x}"[:16], **more}


def group(*alerts: dict[str, Any]) -> dict[str, Any]:
    head = {"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "greenlight"}
    rest = {"groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager:9093"}
    return {**head, **rest, "alerts": list(alerts)}


async def send(told: Told, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
    answer = await told.http.post("/hooks/alertmanager", json=body, headers=BEARER if headers is None else headers)
    await told.player.playground.settled()
    return answer


async def test_alerts_of_a_release_under_watch_are_told_in_its_thread(alerted: Told) -> None:
    """Grouped by name, counted, with the runbook."""
    two = (alert(labels={"pod": "a"}, fingerprint="a"), alert(labels={"pod": "b"}, fingerprint="b"))
    [heard] = (await send(alerted, group(*two, alert("Latency")))).json()["taken"]
    assert heard == {"service": "admin-logistic", "firing": 3, "resolved": 0, "told": ["v1.2.0"]}
    said = alerted.said()
    assert "HighErrorRate" in said
    assert "https://runbooks.example.com/errors" in said
    assert (await alerted.steps()).count("alerted") == 1


async def test_what_is_sent_five_times_is_told_once(alerted: Told) -> None:
    """A group grows; what it had before is not told again."""
    for _ in range(5):
        await send(alerted, group(alert()))
    for _ in range(5):
        await send(alerted, group(alert(), alert("Latency")))
    assert (await alerted.steps()).count("alerted") == 2


@pytest.mark.parametrize(
    ("changed", "heard"),
    [
        ({"at": "2024-01-16T15:00:00Z"}, 1),
        ({"status": "resolved"}, 1),
        ({"labels": {"service": "billing"}}, 0),
        ({"labels": {"severity": "critical-ish"}}, 0),
    ],
    ids=["before the deployment", "resolved", "another service's", "of another severity"],
)
async def test_what_is_not_the_releases_is_not_told(alerted: Told, changed: dict[str, Any], heard: int) -> None:
    """What a service calls its own is heard; told is what began since the deployment and fires."""
    given = await send(alerted, group(alert(**changed)))
    assert (given.status_code, len(given.json()["taken"])) == (200, heard)
    assert "alerted" not in await alerted.steps()


async def test_who_shows_no_secret_is_not_heard(alerted: Told) -> None:
    """A bearer token, or the password of basic authentication, as its http_config allows."""

    def basic(password: str) -> dict[str, str]:
        return {"authorization": f"Basic {base64.b64encode(f'any:{password}'.encode()).decode()}"}

    for wrong in ({}, {"authorization": "Bearer x"}, basic("x"), {"authorization": "Basic %%"}, basic("")):
        assert (await send(alerted, group(alert()), wrong)).status_code == 401
    assert "alerted" not in await alerted.steps()
    assert (await send(alerted, group(alert()), basic(SECRET))).status_code == 200
    assert "alerted" in await alerted.steps()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"version": "3", "alerts": []}, "version"),
        (group(alert(startsAt="soon")), "alerts.0.startsAt"),
        (group(alert(fingerprint="")), "alerts.0.fingerprint"),
        ([], "body"),
    ],
    ids=["version", "time", "fingerprint", "list"],
)
async def test_a_body_that_is_wrong_is_refused_with_the_field(alerted: Told, body: object, field: str) -> None:
    given = await send(alerted, body)
    assert given.status_code == 422
    assert field in given.json()["fields"]


async def test_a_real_alertmanager_tells_of_its_alerts(alerted: Told, tmp_path: Path) -> None:
    """Configured as README says."""
    url = f"{alerted.player.playground.server.url}/hooks/alertmanager"
    receiver = {"webhook_configs": [{"url": url, "http_config": {"authorization": {"credentials": SECRET}}}]}
    labels = {"alertname": "HighErrorRate", "service": "admin-logistic", "severity": "critical"}
    async with alertmanager(tmp_path / "real", receiver) as real, httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{real.url}/api/v2/alerts", json=[{"labels": labels}])).raise_for_status()
        async with asyncio.timeout(20):
            beat = alerted.player.playground.application.pulse.next()
            while "alerted" not in await alerted.steps():
                await beat.wait()
                beat = alerted.player.playground.application.pulse.next()
    await alerted.player.playground.settled()
    assert "HighErrorRate" in alerted.said()
