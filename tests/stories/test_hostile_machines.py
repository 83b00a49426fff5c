"""What other systems tell may hold all that JSON, XML or HTTP let in: nobody is pinged by it, Slack refuses nothing of
it, and nothing that was told is lost.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import HttpUrl

from bot.core.alerts import AlertRule
from tests.deployers.fakes import FakeActions, FakeArgo
from tests.http.hooks.conftest import SECRET
from tests.http.hooks.test_alertmanager_hook import group
from tests.stories.test_deployers import outcomes, started
from tests.stories.test_deployers import team as deploying_team
from tests.stories.test_environment_paths import reported
from tests.stories.test_hostile_paths import attacks_alive, undelivered
from tests.stories.test_hostile_release import EVIL
from tests.stories.test_release_paths import last_words
from tests.stories.test_reminders import later
from tests.stories.test_routing import ROUTING, Told, team, watching
from tests.stories.test_tickets import events
from tests.stories.test_tickets import team as tracking_team
from tests.stories.test_watch import that_say
from tests.stories.the_document import STARTS_AT
from tests.trackers.fakes import TOKEN, FakeGitHub, FakeJira, FakeTracker, serving

ODD = f"{EVIL[:60]}\x00\x07\x1b[31m\x9b\u2028\u200b{EVIL[60:]}"
HALF = "before \ud83d after <!channel>"
"""Half of an emoji: JSON may hold it, UTF-8 may not."""

HOSTILE = {
    "odd": f"{ODD}\r\nsecond line",
    "half an emoji": HALF,
    "long": f"{'🚀' * 5_000}{ODD * 100}",
    "nothing": "\x00\x01\x02",
}


@dataclass
class FakeAlertmanager(FakeTracker):
    """The alerts that fire, as its API tells of them: any JSON."""

    alerts: list[Any] = field(default_factory=list)

    def knows(self, request: web.Request) -> bool:
        del request
        return True

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v2/alerts", self.fire), web.get("/api/v2/silences", self.none)]

    async def fire(self, request: web.Request) -> web.Response:
        del request
        return web.Response(text=json.dumps(self.alerts), content_type="application/json")

    async def none(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([])


@asynccontextmanager
async def alerting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Told, FakeAlertmanager]]:
    """A watched release whose service's alerts can be asked for, and arrive as well."""
    monkeypatch.setenv("GREENLIGHT_ALERTMANAGER_TOKEN", SECRET)
    async with serving(fake := FakeAlertmanager()):
        rule = AlertRule(url=HttpUrl(fake.url), belongs=("service=admin-logistic",), hook=True)
        async with team(folder, monkeypatch, ROUTING, rule, STARTS_AT) as told:
            await watching(told.player)
            yield told, fake


def alert(told: Told, text: str, *, name: str | None = None) -> dict[str, Any]:
    """An alert in which everything that people may write is a text."""
    at = told.player.playground.now().isoformat()
    labels = {
        "alertname": text if name is None else name,
        "service": "admin-logistic",
        "severity": "critical",
        "pod": text,
    }
    words = {"summary": text, "description": text, "runbook_url": f"https://runbooks.example.com/{text}"}
    return {"labels": labels, "annotations": words, "startsAt": at, "status": {"state": "active"}, "fingerprint": "f"}


async def harmless(told: Told) -> None:
    assert attacks_alive(told.player) == []
    assert await undelivered(told.player) == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_an_alert_is_told_once_and_its_end_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Asked for at each look. The page that it opened ends with it."""
    async with alerting(tmp_path, monkeypatch) as (told, fake):
        fake.alerts = [alert(told, text)]
        for _ in range(8):
            await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=1))
        assert len(that_say(told.player, "since the deployment of v1.2.0")) == 1
        assert told.states() == {"critical": "triggered"}
        fake.alerts = []
        for _ in range(5):
            await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=1))
        assert len(that_say(told.player, "Alerts over")) == 1
        assert told.states() == {}
        await harmless(told)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_an_alert_that_arrives_by_itself_is_told_or_refused_with_the_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Half an emoji is no text that a body may hold; all else is told."""
    async with alerting(tmp_path, monkeypatch) as (told, _):
        body = group({**alert(told, text), "status": "firing"})
        async with httpx.AsyncClient(base_url=told.player.playground.server.url) as client:
            answer = await client.post(
                "/hooks/alertmanager",
                content=json.dumps(body),
                headers={"authorization": f"Bearer {SECRET}", "content-type": "application/json"},
            )
        await told.player.playground.settled()
        is_told = len(that_say(told.player, "since the deployment of v1.2.0")) == 1
        assert (answer.status_code, is_told) == ((422, False) if text == HALF else (200, True))
        await harmless(told)


async def test_more_alerts_than_one_message_takes_are_all_told_and_all_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole platform goes down."""
    async with alerting(tmp_path, monkeypatch) as (told, fake):
        names = [f"Alert{number:03d}" for number in range(120)]
        fake.alerts = [alert(told, ODD, name=name) for name in names]
        await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=1))
        said = "\n".join(that_say(told.player, "Alert"))
        assert [name for name in names if said.count(name) != 1] == []
        fake.alerts = []
        for _ in range(4):
            await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=1))
        said = "\n".join(that_say(told.player, "Alerts over"))
        assert [name for name in names if name not in said] == []
        assert told.states() == {}
        await harmless(told)


@pytest.mark.parametrize(
    "one",
    [None, [], "text", {}, {"labels": None}, {"labels": {"alertname": 7}, "annotations": [], "status": "active"}],
    ids=str,
)
async def test_alerts_of_another_shape_make_the_watch_blind_for_alerts_and_hold_nothing_else_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: Any
) -> None:
    """Or are told as what they are, where there is a moment at which they began."""
    async with alerting(tmp_path, monkeypatch) as (told, fake):
        fake.alerts = [one if not isinstance(one, dict) or not one else {"startsAt": "2024-01-16T16:00:00Z", **one}]
        for _ in range(12):
            await told.player.playground.advance(told.player.playground.now() + timedelta(seconds=30))
        is_told = len(that_say(told.player, "since the deployment of v1.2.0"))
        assert is_told + len(that_say(told.player, "The watch is blind")) == 1
        assert len(that_say(told.player, "📊 *Initial Metrics")) == 1


# ── deployers, trackers, pagers ──────────────────────────────────────────────────────────────────────────────────────
def refusing(text: str) -> Any:
    """A service that refuses everything, with a text."""

    async def refuse(request: web.Request) -> web.Response:
        del request
        return web.Response(status=422, text=json.dumps({"message": text}), content_type="application/json")

    return refuse


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_a_deployers_refusal_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    fake = FakeActions()
    monkeypatch.setattr(fake, "dispatch", refusing(text))
    async with serving(fake), deploying_team(fake, tmp_path) as player:
        await started(player)
        await later(player, 5)
        assert await outcomes(player) == ["refused"]
        assert "did not take the order" in last_words(player)
        assert (attacks_alive(player), await undelivered(player)) == ([], [])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_what_argo_cd_says_of_a_failure_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("ARGOCD_TOKEN", TOKEN)
    async with serving(fake := FakeArgo()), deploying_team(fake, tmp_path) as player:
        await started(player)
        fake.goes("Failed", text, text)
        for _ in range(4):
            await later(player, 1)
        assert await outcomes(player) == ["accepted", "failed"]
        assert (attacks_alive(player), await undelivered(player)) == ([], [])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_what_github_says_of_a_run_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Its conclusion and address are other than documented."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    async with serving(fake := FakeActions()), deploying_team(fake, tmp_path) as player:
        await started(player)
        fake.runs[-1].update(status="completed", conclusion=text, html_url=f"https://x.example.com/{text}")
        for _ in range(4):
            await later(player, 1)
        assert await outcomes(player) in (["accepted", "failed"], ["accepted"])
        assert (attacks_alive(player), await undelivered(player)) == ([], [])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_a_pagers_refusal_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    async with team(tmp_path, monkeypatch, ROUTING) as told:
        await watching(told.player)
        told.pagerduty.tokens = set()
        monkeypatch.setattr(type(told.pagerduty), "_wrong", lambda *_: [text])
        await told.breach("P0")
        for _ in range(3):
            await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=1))
        assert len(that_say(told.player, "Could not be notified")) == 1
        await harmless(told)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_a_trackers_refusal_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Its reason is the service's own."""
    fake = FakeGitHub()
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setattr(fake, "opened", refusing(text))
    async with serving(fake), tracking_team(fake, tmp_path) as player:
        await reported(player)
        await later(player, 2)
        assert (await events(player)).count("ticket_refused") == 1
        assert (attacks_alive(player), await undelivered(player)) == ([], [])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_a_ticket_with_a_strange_name_is_told_with_it_or_as_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """Jira says how its ticket is called; it is opened once."""
    monkeypatch.setenv("JIRA_TOKEN", TOKEN)
    asked: list[str] = []

    async def opened(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text=json.dumps({"key": text}), content_type="application/json")

    monkeypatch.setattr(fake := FakeJira(in_cloud=False), "opened", opened)
    async with serving(fake), tracking_team(fake, tmp_path) as player:
        await reported(player)
        for _ in range(3):
            await later(player, 2)
        assert len({*await events(player)} & {"ticket_opened", "ticket_refused"}) == 1
        assert (attacks_alive(player), await undelivered(player)) == ([], [])
    assert "errand_failed" not in {getattr(record, "action", "") for record in caplog.records}
    assert len(asked) == 1
