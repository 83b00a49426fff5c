"""Who is told of trouble beside the thread, by its severity."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.alerts import AlertRule
from bot.core.routing import Route, Routing
from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import BILLING, CHARLIE, INCIDENTS, JANE, RELEASES, TANIA
from tests.pagers.fakes import TOKEN, FakeMailServer, FakeOpsgenie, FakePagerDuty, mail_server
from tests.stories.blocking import nothing_blocks
from tests.stories.test_release_paths import deployed
from tests.stories.test_watch import state, that_say
from tests.stories.the_document import SMOKE, STARTS_AT
from tests.trackers.fakes import serving

LOUD, QUIET = INCIDENTS, BILLING
"""Channels of the playground that stand for those of a team's alerts."""


async def watching(player: Player) -> None:
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)


@dataclass
class Told:
    """The team, and all that is told beside its thread."""

    player: Player
    pagerduty: FakePagerDuty
    opsgenie: FakeOpsgenie
    mail: FakeMailServer

    async def watch_says(self, step: str, occasion: str, **answers: object) -> None:
        """What the watch found, as it records it."""
        conversations = self.player.playground.application.conversations
        store = self.player.playground.application.store
        (release,) = await store.read(lambda reader: reader.find("release"))
        await conversations.observe(release.id, step, answers, f"watch:{release.id}:{occasion}")
        await self.player.playground.settled()

    async def breach(self, severity: str, name: str = "errors") -> None:
        since = self.player.playground.now() - timedelta(minutes=2)
        limit = "5%" if severity == "P0" else "1%"
        answers = {"severity": severity, "signal": "Error rate", "measured": "7.2%", "limit": limit}
        await self.watch_says("breach", f"{severity}:{name}", **answers, name=name, started_at=since.isoformat())

    async def recover(self, name: str = "errors") -> None:
        since = self.player.playground.now().isoformat()
        await self.watch_says("recovered", f"over:{name}", name=name, signal="Error rate", measured="0.1%", since=since)

    async def alert(self, name: str, severity: str) -> None:
        since = self.player.playground.now().isoformat()
        runbook = f"https://runbooks.example.com/{name}"
        group = {"name": name, "severity": severity, "since": since, "summary": "Too many", "runbook": runbook}
        await self.watch_says("alerted", name, groups=[group])

    def heard(self, channel: str) -> list[str]:
        person = self.player.person(CHARLIE)
        return [person.text_of(message) for message in person.messages(channel)]

    def states(self) -> dict[str, str]:
        """PagerDuty's open incidents, by severity."""
        return {key.rpartition("-")[2]: state for key, state in self.pagerduty.open.items()}


ROUTING: Routing = {
    "P0": Route(channel=LOUD, pagerduty=True, opsgenie=True, mail=("oncall@example.com",)),
    "critical": Route(channel=LOUD, pagerduty=True),
    "warning": Route(channel=QUIET),
}


@asynccontextmanager
async def team(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    routing: Routing,
    rule: AlertRule | None = None,
    starts_at: datetime | None = None,
) -> AsyncIterator[Told]:
    """A team that routes trouble, with all that it is routed to."""
    pagerduty, opsgenie = FakePagerDuty(), FakeOpsgenie()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(pagerduty))
        await stack.enter_async_context(serving(opsgenie))
        mail = await stack.enter_async_context(mail_server())
        for name, value in {
            "PAGERDUTY_ROUTING_KEY": TOKEN,
            "PAGERDUTY_URL": pagerduty.url,
            "OPSGENIE_API_KEY": TOKEN,
            "OPSGENIE_URL": opsgenie.url,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail.port),
            "SMTP_FROM": "greenlight@example.com",
            "SMTP_SECURITY": "none",
        }.items():
            monkeypatch.setenv(name, value)
        loaded = load(CONFIGURATION)
        services = {name: it.but(routing=routing, alertmanager=rule) for name, it in loaded.services.items()}
        configuration = replace(loaded, services=services)
        starts_at = starts_at or (datetime.now(UTC) if rule else STARTS_AT)
        playground = await stack.enter_async_context(
            playing(folder / "x.db", pace=Pace.unlimited(), starts_at=starts_at, configuration=configuration)
        )
        playground.slack.limits.enabled = False
        stack.enter_context(nothing_blocks())
        player = Player(playground)
        await player.person(CHARLIE).invite_app("#incidents")
        yield Told(player, pagerduty, opsgenie, mail)


@pytest.fixture
async def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    async with team(tmp_path, monkeypatch, ROUTING) as one:
        yield one


async def test_a_p0_reaches_its_channel_the_pagers_and_the_mail_once(told: Told) -> None:
    """With what was measured and where the thread is; the warning channel hears nothing."""
    await watching(told.player)
    before = len(told.heard(QUIET))
    await told.breach("P0")
    loud = [text for text in told.heard(LOUD) if "Error rate" in text]
    assert len(loud) == 1
    for words in ("🚨 P0", "7.2%", "limit 5%", "since 2024-01-16 15:58 UTC", "v1.2.0", "admin-logistic", "thread in"):
        assert words in loud[0]
    assert told.states() == {"P0": "triggered"}
    assert [alert["priority"] for alert in told.opsgenie.alerts.values()] == ["P1"]
    (mail,) = told.mail.mails
    assert "P0: Error rate 7.2% (limit 5%) (v1.2.0 of admin-logistic production)" in str(mail["Subject"])
    assert len(told.heard(QUIET)) == before


async def test_who_begins_the_rollback_need_not_be_woken_and_its_end_ends_the_page(told: Told) -> None:
    """Acknowledged by DevOps's click, resolved when the rollback is verified."""
    await watching(told.player)
    await told.breach("P0")
    await told.player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="2")
    assert told.states() == {"P0": "acknowledged"}
    assert [alert["status"] for alert in told.opsgenie.alerts.values()] == ["acknowledged"]
    await told.player.step(JANE, RELEASES, "Rollback done", duration="4", checks=["API health: OK"])
    await told.player.step(CHARLIE, RELEASES, "Works again", seen="Orders work")
    assert await state(told.player) == "rolled_back"
    assert told.states() == {}
    assert [alert["status"] for alert in told.opsgenie.alerts.values()] == ["closed"]
    assert [str(mail["Subject"]).split(":")[0] for mail in told.mail.mails] == ["P0", "Over"]


async def test_all_trouble_of_a_severity_is_one_page_until_nothing_of_it_is_left(told: Told) -> None:
    """Two signals and an alert: one incident, resolved with the last of them."""
    await watching(told.player)
    await told.breach("P1", "errors")
    await told.breach("P1", "latency")
    await told.alert("HighErrorRate", "critical")
    assert told.states() == {"critical": "triggered"}
    await told.player.step(TANIA, RELEASES, "Continue", reason="Known, and going down")
    assert told.states() == {"critical": "acknowledged"}
    await told.recover("errors")
    await told.recover("latency")
    assert told.states() == {"critical": "acknowledged"}
    await told.watch_says("alerts_over", "over", names=["HighErrorRate"])
    assert told.states() == {}
    assert "Over: HighErrorRate" in told.heard(LOUD)[-1]


async def test_a_channel_that_greenlight_is_not_in_is_told_to_whoever_can_invite_it(told: Told) -> None:
    """And what was to be said there is said once it is."""
    workspace = told.player.playground.slack.workspace
    workspace.leave(workspace.channel(LOUD), workspace.bot.id)
    await watching(told.player)
    await told.breach("P1")
    charlie = told.player.person(CHARLIE)
    assert any("/invite" in charlie.text_of(message) for message in charlie.direct_messages)
    await charlie.invite_app("#incidents")
    await told.player.playground.settled()
    assert len([text for text in told.heard(LOUD) if "Error rate" in text]) == 1


async def test_a_warning_wakes_nobody_and_what_is_only_said_is_told_nowhere_else(told: Told) -> None:
    await watching(told.player)
    loud = len(told.heard(LOUD))
    await told.alert("HighCPUUsage", "warning")
    assert "HighCPUUsage" in told.heard(QUIET)[-1]
    assert "runbook" in told.heard(QUIET)[-1]
    quiet = len(told.heard(QUIET))
    await told.alert("BackupDone", "info")
    assert (len(told.heard(LOUD)), len(told.heard(QUIET))) == (loud, quiet)
    assert told.pagerduty.events == []
    assert told.mail.mails == []


async def test_a_key_that_is_refused_is_told_in_the_thread(told: Told) -> None:
    """With what PagerDuty said and what is to be done; the others are told all the same."""
    await watching(told.player)
    told.pagerduty.tokens = {"another-key"}
    await told.breach("P0")
    (refused,) = that_say(told.player, "Could not be notified")
    assert "PagerDuty refused (400" in refused
    assert len(told.opsgenie.alerts) == 1
    assert len(told.mail.mails) == 1


async def test_what_was_lost_is_sent_again_and_is_one_page_all_the_same(told: Told) -> None:
    """Taken without an answer, then a pause that is asked for: people are told once."""
    await watching(told.player)
    told.pagerduty.faults = ["lost", "limit"]
    told.mail.faults = ["busy"]
    await told.breach("P0")
    for _ in range(6):
        await told.player.playground.advance(told.player.playground.now() + timedelta(seconds=40))
    assert told.states() == {"P0": "triggered"}
    assert len(told.pagerduty.events) == 2
    assert len(told.mail.mails) == 1
    assert len([text for text in told.heard(LOUD) if "Error rate" in text]) == 1


async def test_a_pager_that_can_not_be_reached_is_told_of_once_and_tried_on(told: Told) -> None:
    """Half a minute, and the thread says that nobody was woken; hours later it succeeds."""
    await watching(told.player)
    told.pagerduty.faults = ["reset"] * 12
    await told.breach("P0")
    assert that_say(told.player, "Could not be notified") == []
    for _ in range(20):
        await told.player.playground.advance(told.player.playground.now() + timedelta(minutes=5))
    (failed,) = that_say(told.player, "Could not be notified")
    assert "PagerDuty" in failed
    assert "tried again" in failed
    assert told.states() == {"P0": "triggered"}
