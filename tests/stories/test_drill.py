"""A drill: who would be told of trouble is, and who is not reached is named."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import HttpUrl

from bot.core.alerts import AlertRule
from bot.core.routing import Route, Routing
from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import BILLING, CHARLIE, INCIDENTS, JANE, PAVEL, RELEASES
from tests.monitors.real_alertmanager import alertmanager
from tests.monitors.real_prometheus import free_port
from tests.stories.test_alerts import deploying
from tests.stories.test_routing import Told, team
from tests.stories.test_watch import that_say
from tests.stories.the_document import DEPLOYED, STARTS_AT

ROUTING: Routing = {
    "P0": Route(channel=INCIDENTS, pagerduty=True, opsgenie=True, mail=("oncall@example.com", "devops@example.com")),
    "critical": Route(channel=INCIDENTS, pagerduty=True, mail=("oncall@example.com",)),
    "warning": Route(channel=BILLING),
}
TOKEN = "a-token-of-forty-characters-0123456789abc"


@pytest.fixture
async def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    async with team(tmp_path, monkeypatch, ROUTING) as one:
        yield one


async def drill(told: Told, words: str = "admin-logistic severity=warning") -> None:
    await told.player.command(JANE, f"/release drill {words}", "#releases")
    await told.player.playground.settled()


def thread(player: Player) -> list[str]:
    """The drill's card, and what its thread says."""
    person = player.person(CHARLIE)
    heads = [one for one in person.messages(RELEASES) if one.thread_ts in (None, one.ts)]
    return [person.text_of(message).replace("*", "") for message in person.thread(heads[-1])]


def privately(told: Told, user: str) -> str:
    """What the bot answered a person last."""
    person = told.player.person(user)
    return person.text_of(person.ephemerals[-1])


async def test_everybody_is_reached_once_and_the_drill_has_passed(told: Told) -> None:
    """Channels that two severities share hear it once; PagerDuty and Opsgenie hear that it is over."""
    await drill(told)
    card, *rest = thread(told.player)
    assert "Over: everybody was reached" in card
    for line in (
        "✅ Channel of P0, critical",
        "✅ Channel of warning",
        "✅ PagerDuty: PagerDuty accepted it, and that",
    ):
        assert line in card
    assert re.search(r"✅ Mail: the mail server accepted it, after [0-4]\.\d s", card)
    assert len(rest) == 1
    assert [event["event_action"] for event in told.pagerduty.events] == ["trigger", "resolve"]
    assert told.pagerduty.events[0]["payload"]["severity"] == "info"
    assert "DRILL DRL-1" in told.pagerduty.events[0]["payload"]["summary"]
    assert [alert["status"] for alert in told.opsgenie.alerts.values()] == ["closed"]
    (mail,) = told.mail.mails
    assert mail["To"] == "oncall@example.com, devops@example.com"
    for channel in (INCIDENTS, BILLING):
        assert len([text for text in told.heard(channel) if "Drill" in text and "Nothing is wrong" in text]) == 1


async def test_who_is_not_reached_is_named_with_the_reason(told: Told) -> None:
    """A key that is refused, a channel without Greenlight, a mail server that is gone."""
    workspace = told.player.playground.slack.workspace
    workspace.leave(workspace.channel(INCIDENTS), workspace.bot.id)
    told.pagerduty.tokens = {"another-key"}
    told.mail.faults = ["busy"] * 20
    await drill(told)
    (card,) = thread(told.player)
    assert "Under way" in card
    assert "⏳ Mail" in card
    await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=6))
    card, *rest = thread(told.player)
    assert "Over: not everybody was reached" in card
    assert "❌ Channel of P0, critical" in card
    assert "/invite" in card
    assert "❌ PagerDuty: PagerDuty refused (400: Event object is invalid Invalid routing key)." in card
    assert "❌ Mail: Nothing arrived within 5 minutes." in card
    assert "✅ Opsgenie" in card
    assert len(rest) == 1
    told.mail.faults = []
    await told.player.playground.advance(told.player.playground.now() + timedelta(hours=1))
    assert told.mail.mails == []


async def test_an_arrival_that_takes_its_time_is_told_with_it(told: Told) -> None:
    """By the clock of the team."""
    told.opsgenie.faults = ["limit"]
    await drill(told)
    for _ in range(2):
        await told.player.playground.advance(told.player.playground.now() + timedelta(seconds=30))
    card = thread(told.player)[0]
    assert "Over: everybody was reached" in card
    assert re.search(r"✅ Opsgenie: Opsgenie accepted it, and that it is over, after 3[0-4]\.\d s", card)


@pytest.mark.parametrize("words", ["admin-logistic severity=warning", "admin-logistic", "severity=warning", ""])
async def test_a_drill_of_nobody_is_refused_before_its_form_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """With what to configure; nobody fills in a form for nothing."""
    async with team(tmp_path, monkeypatch, {}) as told:
        await drill(told, words)
        assert "there is nothing to test" in privately(told, JANE)
        assert "routing" in privately(told, JANE)
        assert told.player.person(JANE).views_open == 0


async def test_where_the_channel_means_no_service_only_those_with_somebody_to_tell_are_offered(
    tmp_path: Path,
) -> None:
    """Nobody chooses a service to hear then that it can't be tested."""
    loaded = load(CONFIGURATION)
    services = dict(loaded.services)
    services["billing"] = services["billing"].but(routing={"warning": Route(channel=BILLING)})
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT, configuration=replace(loaded, services=services)
    ) as playground:
        player = Player(playground)
        await player.command(JANE, "/release drill", "#incidents")
        view = await player.person(JANE).opened()
        assert [option for option in view.options("service") if "admin" in option] == []
        assert len(view.options("service")) == 1


async def test_only_those_who_may_begin_one(told: Told) -> None:
    """A drill wakes people."""
    await told.player.command(PAVEL, "/release drill admin-logistic severity=warning", "#releases")
    assert "DevOps" in privately(told, PAVEL)
    assert told.pagerduty.events == []


async def test_the_alert_goes_the_whole_way_through_a_real_alertmanager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into Alertmanager, out of its webhook, back to Greenlight; the release under watch hears nothing of it."""
    monkeypatch.setenv("GREENLIGHT_ALERTMANAGER_TOKEN", TOKEN)
    port = free_port()
    rule = AlertRule(url=HttpUrl(f"http://127.0.0.1:{port}"), belongs=("service=admin-logistic",), hook=True)
    async with team(tmp_path, monkeypatch, {"warning": Route(channel=BILLING)}, rule) as told:
        address = f"{told.player.playground.server.url}/hooks/alertmanager"
        hook = {"url": address, "http_config": {"authorization": {"credentials": TOKEN}}}
        async with alertmanager(tmp_path / "alertmanager", {"webhook_configs": [hook]}, port):
            await deploying(told.player)
            await told.player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
            await drill(told)
            async with asyncio.timeout(20):
                while "Over: everybody was reached" not in thread(told.player)[0]:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)
            card = thread(told.player)[0]
            assert "✅ Alertmanager: Alertmanager shows it" in card
            assert "✅ Alertmanager's word to Greenlight: it arrived" in card
            await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=1))
            assert that_say(told.player, "since the deployment of") == []


async def test_an_alertmanager_that_tells_nobody_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the alert, and no receiver that leads back: said with what to look at."""
    port = free_port()
    rule = AlertRule(url=HttpUrl(f"http://127.0.0.1:{port}"), belongs=("service=admin-logistic",), hook=True)
    async with (
        alertmanager(tmp_path / "alertmanager", None, port),
        team(tmp_path, monkeypatch, {}, rule) as told,
    ):
        await drill(told)
        await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=6))
        card = thread(told.player)[0]
        assert "Over: not everybody was reached" in card
        assert "✅ Alertmanager: Alertmanager shows it" in card
        assert "❌ Alertmanager's word to Greenlight: Alertmanager told nothing at /hooks/alertmanager" in card
