"""Greenlight is stopped in the middle of something, and begun again on the same database beside the same Slack: what
was under way goes on or ends, what is told is true, and nothing happens twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import HttpUrl

from bot.core.alerts import AlertRule
from bot.core.canary import CanaryRule
from bot.core.routing import Route, Routing
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION
from playground.seed import CHARLIE, INCIDENTS, JANE, JOHN, PAVEL, RELEASES, TANIA
from playground.slack.model import Message
from tests.deployers.fakes import FakeActions
from tests.pagers.fakes import FakeMailServer, FakeOpsgenie, FakePagerDuty
from tests.stories import restarting
from tests.stories.test_at_once_elsewhere import steps_taken
from tests.stories.test_deployers import breach as begins
from tests.stories.test_deployers import outcomes, started, with_deployer
from tests.stories.test_drill import thread as drill_thread
from tests.stories.test_environment_paths import reported
from tests.stories.test_feedback import ASKED
from tests.stories.test_hostile_machines import FakeAlertmanager
from tests.stories.test_release_paths import approved, card, deployed, last_words
from tests.stories.test_reminders import later, private
from tests.stories.test_rollback import alarm, heads
from tests.stories.test_rollback import deployed as verified
from tests.stories.test_routing import Told, watching
from tests.stories.test_tickets import with_tracker
from tests.stories.test_validation import HEALTHY, checks, configured, that_say, validate
from tests.stories.the_document import DEPLOYMENT_AT, PLAN
from tests.trackers.fakes import TOKEN, FakeGitHub, serving
from tests.validation.a_live_service import live


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop waits hardly at all for what hangs: what is cut off is what these stories are about."""
    monkeypatch.setattr("bot.app.ERRAND_SECONDS", 0.05)
    monkeypatch.setattr("bot.worker.GRACE", 0.05)
    for name in ("GITHUB_TOKEN", "PAGERDUTY_ROUTING_KEY", "OPSGENIE_API_KEY"):
        monkeypatch.setenv(name, TOKEN)


def said(player: Player, words: str, channel: str = "#releases") -> int:
    """How many messages in a channel's threads have some words."""
    reader = player.person(CHARLIE)
    heads = [one for one in reader.messages(channel) if one.thread_ts in (None, one.ts)]
    return sum(words in reader.text_of(message) for head in heads for message in reader.thread(head)[1:])


# ── an order ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_run_is_followed_on_by_the_next_process(tmp_path: Path) -> None:
    """It ends while nobody looks. What was told before is not told again."""
    async with serving(github := FakeActions()), restarting.team(tmp_path, with_deployer(github)) as team:
        async with team.at_work() as player:
            await started(player)
            github.goes("in_progress")
            await later(player, 1)
            assert await outcomes(player) == ["accepted", "running"]
        github.goes("completed", "success")
        async with team.at_work() as player:
            await later(player, 1)
            assert await outcomes(player) == ["accepted", "running", "succeeded"]
            assert said(player, "its run succeeded") == 1
            await later(player, 10)
            assert (len(github.dispatched), said(player, "its run succeeded")) == (1, 1)


async def test_an_order_whose_answer_was_not_there_yet_is_found_by_the_next_process(tmp_path: Path) -> None:
    """GitHub took it and is silent when the process is stopped."""
    github = FakeActions(faults=["silence"])
    async with serving(github), restarting.team(tmp_path, with_deployer(github)) as team:
        async with team.at_work() as player:
            starting = asyncio.create_task(started(player))
            await github.stuck.wait()
        await cut_off(starting)
        async with team.at_work() as player:
            await later(player, 2)
            assert await outcomes(player) == ["accepted"]
            assert (len(github.dispatched), said(player, "took the order")) == (1, 1)


async def test_a_rollback_that_begins_by_itself_begins_after_a_stop_in_between(tmp_path: Path) -> None:
    """The breach was recorded, and the way back ordered of a service that was silent."""
    async with serving(github := FakeActions()), AsyncExitStack() as stack:
        rule = {"rollback": "automatic", "starts": ("rollback",)}
        team = await stack.enter_async_context(restarting.team(tmp_path, with_deployer(github, **rule)))
        async with team.at_work() as player:
            await watched_twice(player)
            github.faults = ["silence"]
            breaching = asyncio.create_task(begins(player))
            await github.stuck.wait()
        await cut_off(breaching)
        async with team.at_work() as player:
            await later(player, 2)
            assert [one["action"] for one in github.dispatched] == ["rollback"]
            assert (await steps_taken(player, "rollback"))[:2] == ["request", "initiate"]
            assert sum("INITIATING ROLLBACK" in head for head in heads(player, RELEASES)) == 1


async def cut_off(asking: asyncio.Task[None]) -> None:
    """Whoever asked is gone with the process that was to answer."""
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def watched_twice(player: Player) -> None:
    """v1.1.0 is verified, and v1.2.0 watched."""

    await verified(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await verified(player, "v1.2.0")


# ── a validation ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_open_question_is_answered_after_a_stop_and_ends_the_validation_once(tmp_path: Path) -> None:
    """Pavel answers before, John after; the message that is kept up to date is the same one."""
    async with live({"/health": [HEALTHY]}) as service:
        configuration = configured(tmp_path, checks(service, look=ASKED))
        async with restarting.team(tmp_path, configuration) as team:
            async with team.at_work() as player:
                await deployed(player)
                await validate(player)
                await player.click(PAVEL, player.person(PAVEL).direct_messages[-1], "It works as it should")
            async with team.at_work() as player:
                await player.click(JOHN, player.person(JOHN).direct_messages[-1], "It works as it should")
                assert len(that_say(player, "Production validated")) == 1
                assert len(that_say(player, "*Checked Production: v1.2.0* · 2 of 2 checks done")) == 1
                assert that_say(player, "*Validating Production") == []
                assert (service.count("/health"), len(private(player, PAVEL))) == (1, 1)


async def test_the_time_for_feedback_that_ran_out_meanwhile_ends_the_validation_at_the_start(tmp_path: Path) -> None:
    """Nobody answered: that is not known, and said once."""
    async with live({"/health": [HEALTHY]}) as service:
        configuration = configured(tmp_path, checks(service, look=ASKED | {"answers": 1}))
        async with restarting.team(tmp_path, configuration) as team:
            async with team.at_work() as player:
                await deployed(player)
                await validate(player)
            team.clock.move_by(timedelta(hours=1))
            async with team.at_work() as player:
                assert len(that_say(player, "Validation without a verdict")) == 1
                await player.click(JOHN, question(player, JOHN), "It works as it should")
                await later(player, 60)
                assert len(that_say(player, "Validation without a verdict")) == 1


def question(player: Player, user: str) -> Message:
    """What somebody was asked about production."""
    person = player.person(user)
    return next(one for one in person.direct_messages if "is live in" in person.text_of(one))


# ── a page ───────────────────────────────────────────────────────────────────────────────────────────────────────────
ROUTING: Routing = {"P0": Route(channel=INCIDENTS, pagerduty=True, opsgenie=True), "critical": Route(pagerduty=True)}


@asynccontextmanager
async def routed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[restarting.Team, FakePagerDuty, FakeOpsgenie]]:
    async with serving(pagerduty := FakePagerDuty()), serving(opsgenie := FakeOpsgenie()):
        monkeypatch.setenv("PAGERDUTY_URL", pagerduty.url)
        monkeypatch.setenv("OPSGENIE_URL", opsgenie.url)
        loaded = load(CONFIGURATION)
        services = {name: it.but(routing=ROUTING) for name, it in loaded.services.items()}
        async with restarting.team(folder, replace(loaded, services=services)) as team:
            yield team, pagerduty, opsgenie


def told_by(player: Player, pagerduty: FakePagerDuty, opsgenie: FakeOpsgenie) -> Told:
    return Told(player, pagerduty, opsgenie, FakeMailServer())


async def test_a_page_that_was_cut_off_is_one_incident_and_resolved_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PagerDuty has it and is silent; the trouble is over when the next process runs."""
    async with routed(tmp_path, monkeypatch) as (team, pagerduty, opsgenie):
        async with team.at_work() as player:
            await player.person(CHARLIE).invite_app("#incidents")
            await watching(player)
            pagerduty.faults = ["silence"]
            breaching = asyncio.create_task(told_by(player, pagerduty, opsgenie).breach("P1"))
            await pagerduty.stuck.wait()
        await cut_off(breaching)
        async with team.at_work() as player:
            assert list(pagerduty.open.values()) == ["triggered"]
            await later(player, 1)
            await told_by(player, pagerduty, opsgenie).recover()
            assert pagerduty.open == {}
            assert len({event["dedup_key"] for event in pagerduty.events}) == 1
            assert said(player, "Rollback criterion breached") == 1


async def test_a_page_stays_open_over_a_stop_and_ends_with_the_rollback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun before, verified after."""
    async with routed(tmp_path, monkeypatch) as (team, pagerduty, opsgenie):
        async with team.at_work() as player:
            await player.person(CHARLIE).invite_app("#incidents")
            await watching(player)
            await told_by(player, pagerduty, opsgenie).breach("P0")
            await player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="2")
        async with team.at_work() as player:
            assert list(pagerduty.open.values()) == ["acknowledged"]
            await player.step(JANE, RELEASES, "Rollback done", duration="4", checks=["API health: OK"])
            await player.step(CHARLIE, RELEASES, "Works again", seen="Orders work")
            assert pagerduty.open == {}
            assert [alert["status"] for alert in opsgenie.alerts.values()] == ["closed"]


# ── a rollback that is decided ───────────────────────────────────────────────────────────────────────────────────────
async def test_a_decision_that_was_due_while_nobody_ran_is_asked_for_once_and_goes_up(tmp_path: Path) -> None:
    """Voices stay on the card, its old buttons work, and the time that passed counts."""
    async with restarting.team(tmp_path, load(CONFIGURATION)) as team:
        async with team.at_work() as player:
            await deployed(player)
            await alarm(player)
            await player.step(JOHN, INCIDENTS, "In favour")
            before = len(private(player, TANIA))
        team.clock.move_by(timedelta(minutes=25))
        async with team.at_work() as player:
            asked = len(private(player, TANIA)) - before
            assert asked == 1
            assert sum("is now with you as Release Manager" in text for text in private(player, JOHN)) == 1
            assert "John Doe" in heads(player, INCIDENTS)[-1]
            await player.step(TANIA, INCIDENTS, "Roll back")
            assert (await steps_taken(player, "rollback")) == ["request", "favour", "decide"]
            await later(player, 2)
            assert len(private(player, TANIA)) == before + 1


# ── what nobody watched ──────────────────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def canaries(folder: Path) -> AsyncIterator[restarting.Team]:
    """A team whose canaries are promoted by the clock, where the alerts stay quiet."""
    async with serving(alertmanager := FakeAlertmanager()):
        loaded = load(CONFIGURATION)
        rules = {"canary": CanaryRule(promoted_by="quiet"), "alertmanager": AlertRule(url=HttpUrl(alertmanager.url))}
        services = {name: it.but(**rules) for name, it in loaded.services.items()}
        async with restarting.team(folder, replace(loaded, services=services)) as team:
            yield team


async def begin_canary(player: Player) -> None:
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN | {"strategy": "canary"})
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")


async def test_a_canary_whose_time_ended_while_nobody_ran_is_left_to_people(tmp_path: Path) -> None:
    """Signals that nobody looked at were not quiet: DevOps is asked, once, and promotes it."""
    async with canaries(tmp_path) as team:
        async with team.at_work() as player:
            await begin_canary(player)
            await later(player, 31)
            assert (await steps_taken(player, "release"))[-1] == "promote"
            before = len(private(player, JANE))
        team.clock.move_by(timedelta(hours=3))
        async with team.at_work() as player:
            assert (await steps_taken(player, "release")).count("promote") == 1
            assert sum("promote the canary" in text for text in private(player, JANE)[before:]) == 1
            await player.step(JANE, RELEASES, "Promote canary", seen="Quiet")
            await later(player, 31)
            assert (await steps_taken(player, "release")).count("promote") == 3


async def test_a_canary_that_nobody_watched_for_a_while_is_left_to_people_although_it_is_seen_again(
    tmp_path: Path,
) -> None:
    """Ten minutes of its half hour: the card and DevOps's reminder say why it was not promoted by itself."""
    async with canaries(tmp_path) as team:
        async with team.at_work() as player:
            await begin_canary(player)
            await later(player, 5)
            before = len(private(player, JANE))
        team.clock.move_by(timedelta(minutes=10))
        async with team.at_work() as player:
            await later(player, 26)
            assert "promote" not in await steps_taken(player, "release")
            why = "The watch was blind for a part of this share's time: it is not promoted by itself."
            assert why in player.person(JANE).text_of(card(player))
            await later(player, 5)
            [asked] = [text for text in private(player, JANE)[before:] if "promote the canary" in text]
            assert why in asked
            await player.step(JANE, RELEASES, "Promote canary", seen="The dashboards are quiet")
            assert why not in player.person(JANE).text_of(card(player))
            await later(player, 31)
            assert (await steps_taken(player, "release")).count("promote") == 2


async def test_a_watch_that_ended_while_nobody_ran_is_not_said_to_have_been_quiet(tmp_path: Path) -> None:
    """The release is complete, and says that nobody looked; the checklist's items of the watch stay open."""
    async with restarting.team(tmp_path, load(CONFIGURATION)) as team:
        async with team.at_work() as player:
            await watching(player)
        team.clock.move_by(timedelta(hours=5))
        async with team.at_work() as player:
            assert (await steps_taken(player, "release"))[-1] == "complete"
            assert said(player, "production stayed quiet") == 0
            assert said(player, "Greenlight was not running then") == 1
            await player.mention(JANE, "checklist", card(player), "#releases")
            listed = player.person(JANE).text_of(player.person(JANE).ephemerals[-1])
            assert "⬜ Error rates normal" in listed


async def test_a_time_in_which_nobody_watched_is_told_in_the_thread_and_at_the_end(tmp_path: Path) -> None:
    """Once, by the process after it; a short restart is no news. Nothing is called quiet that nobody saw."""
    async with serving(alertmanager := FakeAlertmanager()):
        loaded = load(CONFIGURATION)
        rule = AlertRule(url=HttpUrl(alertmanager.url))
        services = {name: it.but(alertmanager=rule) for name, it in loaded.services.items()}
        async with restarting.team(tmp_path, replace(loaded, services=services)) as team:
            async with team.at_work() as player:
                await watching(player)
                await later(player, 5)
            for minutes, times in ((1, 0), (40, 1), (1, 1)):
                team.clock.move_by(timedelta(minutes=minutes))
                async with team.at_work() as player:
                    await later(player, 1)
                    assert said(player, "🙈 *The watch is blind*") == times
                    assert said(player, "Greenlight: it was not running until") == times
                    assert said(player, "Greenlight: it is running again") == times
            async with team.at_work() as player:
                await later(player, 120)
                assert (await steps_taken(player, "release"))[-1] == "complete"
                assert said(player, "production stayed quiet") == 0


# ── a ticket ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("fault", ["hang", "silence"])
async def test_a_ticket_that_was_being_opened_is_opened_once(tmp_path: Path, fault: str) -> None:
    """Whether the tracker had it or not."""
    github = FakeGitHub(faults=[fault])  # type: ignore[list-item]  # one of its names
    async with serving(github), restarting.team(tmp_path, with_tracker(github)) as team:
        async with team.at_work() as player:
            reporting = asyncio.create_task(reported(player))
            await github.stuck.wait()
        await cut_off(reporting)
        async with team.at_work() as player:
            await later(player, 3)
            assert len(github.issues) == 1
            assert (await steps_taken(player, "environment_issue")).count("ticket_opened") == 1
            assert "#1" in last_words(player)


# ── a drill ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("minutes", [1, 30])
async def test_a_drill_goes_on_or_ends_with_who_was_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """PagerDuty hangs when the process is stopped. Within five minutes it is tried again, later it was not reached."""
    async with routed(tmp_path, monkeypatch) as (team, pagerduty, opsgenie):
        async with team.at_work() as player:
            await player.person(CHARLIE).invite_app("#incidents")
            pagerduty.faults = ["hang"]
            drilling = asyncio.create_task(
                player.command(JANE, "/release drill admin-logistic severity=P0", "#releases")
            )
            await pagerduty.stuck.wait()
            await asyncio.wait_for(arrived(player, 2), 10)
        await cut_off(drilling)
        team.clock.move_by(timedelta(minutes=minutes))
        async with team.at_work() as player:
            await later(player, 1)
            card, *rest = drill_thread(player)
            assert ("Over: everybody was reached" if minutes == 1 else "Over: not everybody was reached") in card
            assert len(rest) == 1
            assert len(opsgenie.alerts) == 1
            assert pagerduty.open == {}
            heard = [player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).messages("#incidents")]
            assert sum("Drill" in text for text in heard) == 1


async def arrived(player: Player, count: int) -> None:
    """So many arrivals of the drill are recorded."""
    pulse = player.playground.application.pulse
    while (await steps_taken(player, "drill")).count("arrived") < count:
        await asyncio.wait_for(pulse.next().wait(), 10)
