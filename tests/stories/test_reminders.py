"""Who is reminded, when, and of what; the clock is moved, nobody waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.core.policy import QuietHours
from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, JOHN, PAVEL, RELEASES, TANIA
from tests.stories.test_release_paths import approved, card, deployed, says, scheduled
from tests.stories.the_document import DEPLOYMENT_AT, PLAN, SMOKE, STARTS_AT


def private(player: Player, user: str) -> list[str]:
    """What the bot told a person alone, oldest first."""
    person = player.person(user)
    return [person.text_of(message) for message in person.direct_messages]


async def later(player: Player, minutes: float) -> datetime:
    await player.playground.advance(player.playground.now() + timedelta(minutes=minutes))
    return player.playground.now()


async def test_who_is_awaited_is_reminded_once_and_then_it_goes_up(player: Player) -> None:
    """Tania has half an hour to sign; after an hour John hears of it. Nobody else does."""
    await approved(player)
    await later(player, 29)
    assert private(player, TANIA) == []
    await later(player, 2)
    [nudge] = private(player, TANIA)
    assert "v1.2.0" in nudge
    assert "[Sign off]" in nudge
    await later(player, 28)
    assert private(player, JOHN) == []
    await later(player, 2)
    [raised] = private(player, JOHN)
    assert "Release Manager" in raised
    await later(player, 600)
    assert len(private(player, TANIA)) == 1
    assert private(player, PAVEL) == []


async def test_the_button_of_a_reminder_answers_it(player: Player) -> None:
    """Tania signs off from the private message."""
    await approved(player)
    await later(player, 31)
    [message] = player.person(TANIA).direct_messages
    await player.click(TANIA, message, "Sign off")
    assert "✅ Tech Lead: @Tania Petrova" in says(player)
    await later(player, 31)
    assert private(player, JOHN) == []
    assert len(private(player, JANE)) == 1


async def test_a_reminder_can_be_put_off_and_what_follows_it_waits_too(player: Player) -> None:
    """Half an hour's peace, and John hears nothing meanwhile."""
    await approved(player)
    await later(player, 31)
    [message] = player.person(TANIA).direct_messages
    await player.click(TANIA, message, "Snooze 30 min")
    await later(player, 28)
    assert len(private(player, TANIA)) == 1
    await later(player, 4)
    assert len(private(player, TANIA)) == 2
    [first, *_] = player.person(TANIA).direct_messages
    await player.step(TANIA, RELEASES, "Sign off")
    await player.click(TANIA, first, "Snooze 30 min")
    assert "nothing left to put off" in player.person(TANIA).text_of(player.person(TANIA).everything()[-1])


async def test_a_double_click_on_snooze_puts_off_once(player: Player) -> None:
    """Both clicks are answered, and the reminder comes back one time."""
    await approved(player)
    await later(player, 31)
    [message] = player.person(TANIA).direct_messages
    await asyncio.gather(*(player.person(TANIA).click(message, "Snooze 30 min") for _ in range(2)))
    await player.playground.settled()
    await later(player, 31)
    assert sum("[Snooze 30 min]" in told for told in private(player, TANIA)) == 2
    await later(player, 600)
    assert sum("[Snooze 30 min]" in told for told in private(player, TANIA)) == 2


async def test_devops_is_told_when_the_agreed_time_has_come(player: Player) -> None:
    """The message holds the button that starts the deployment."""
    await scheduled(player)
    await player.playground.advance(DEPLOYMENT_AT - timedelta(seconds=1))
    assert private(player, JANE) == []
    await player.playground.advance(DEPLOYMENT_AT + timedelta(seconds=1))
    [told] = private(player, JANE)
    assert "Time to deploy" in told
    [message] = player.person(JANE).direct_messages
    await player.click(JANE, message, "Start deployment")
    await player.send(JANE, commit="abc123")
    assert "Being deployed" in says(player)


async def test_the_watch_ends_the_release_and_claims_nothing_that_nobody_measured(player: Player) -> None:
    """Two hours after the smoke test, to the minute, by the clock alone. Nothing was measured, so nobody says how
    production was: people watched, as the plan says.
    """
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await later(player, 119)
    assert "complete and verified" not in says(player)
    await later(player, 1.1)
    assert "complete and verified" in says(player)
    thread = player.person(PAVEL).thread(card(player))
    told = player.person(PAVEL).text_of(thread[-1])
    assert "2 hours, by people alone: no monitor is configured" in told
    assert "Jane Smith's plan:* error rates: Will watch Sentry · performance: Will watch Datadog" in told
    assert not any("quiet" in player.person(PAVEL).text_of(message) for message in thread)


async def test_a_reminder_that_was_due_while_nobody_ran_fires_at_once_and_says_it_is_late(tmp_path: Path) -> None:
    """The process stops at 15:20 with a plan for 16:00, and comes back at 16:40. Each reminder fires once."""
    database = tmp_path / "x.db"
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT) as before:
        await scheduled(Player(before))
    async with playing(database, pace=Pace.unlimited(), starts_at=DEPLOYMENT_AT + timedelta(minutes=10)) as after:
        await after.settled()
        player = Player(after)
        [told] = private(player, JANE)
        assert "Time to deploy" in told
        assert "should have reached you" in told
        await after.advance(DEPLOYMENT_AT + timedelta(minutes=14))
        assert len(private(player, JANE)) == 1


async def test_quiet_hours_hold_back_what_can_wait_and_not_what_cannot(tmp_path: Path) -> None:
    """Nobody is woken for a sign-off; somebody is when production is between two versions."""
    configuration = load(CONFIGURATION)
    quiet = configuration.services["admin-logistic"].model_copy(update={"quiet_hours": QuietHours(zone="UTC")})
    services = {**configuration.services, "admin-logistic": quiet}
    evening = STARTS_AT.replace(hour=19, minute=50)
    async with playing(
        tmp_path / "x.db",
        pace=Pace.unlimited(),
        starts_at=evening,
        configuration=replace(configuration, services=services),
    ) as playground:
        playground.slack.limits.enabled = False
        player = Player(playground)
        await approved(player)
        await playground.advance(evening.replace(hour=23))
        assert private(player, TANIA) == []
        await playground.advance(evening.replace(hour=8, minute=0, second=1) + timedelta(days=1))
        assert len(private(player, TANIA)) == 1
        await player.step(TANIA, RELEASES, "Sign off")
        tonight = evening.replace(hour=22, minute=0) + timedelta(days=1)
        await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": tonight}))
        await player.step(CHARLIE, RELEASES, "Time works")
        await playground.advance(tonight + timedelta(seconds=1))
        assert "Time to deploy" in private(player, JANE)[-1]
