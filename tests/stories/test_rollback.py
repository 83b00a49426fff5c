"""The way back: the document's fifth dialogue with its own values, and the other ways it can go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from playground.player import Player, RefusedError
from playground.seed import CHARLIE, INCIDENTS, JANE, JOHN, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.the_document import APPROVAL, DEPLOYED, DEPLOYMENT_AT, PLAN, SMOKE

ALARM: dict[str, Any] = {
    "issue": "Users cannot complete orders — “Create Order” button gives 500 error.",
    "impact": ["Core functionality broken", "Multiple user reports in last 10 min", "Revenue impact"],
    "evidence": ["Sentry: 50+ errors on POST /api/v1/orders", "Error: “Database constraint violation”"],
}
"""QA-DevOps dialogue, section 5."""


async def deployed(player: Player, version: str = "v1.2.0", at: datetime | None = None) -> None:
    """A release that is being watched."""
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **(APPROVAL | {"version": version}))
    await player.step(TANIA, RELEASES, "Sign off")
    at = at or max(DEPLOYMENT_AT, player.playground.now() + timedelta(minutes=40))
    plan = PLAN | {"when": at, "rollback_target": "v1.0.9", "sure": "yes"}
    await player.step(JANE, RELEASES, "Plan deployment", **plan)
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(at)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)


async def alarm(player: Player, line: str = "/rollback admin-logistic", **answers: Any) -> None:
    """Raised in the incident channel, to which the bot was invited."""
    if not heads(player, INCIDENTS):
        await player.person(CHARLIE).invite_app("#incidents")
    await player.command(CHARLIE, line, "#incidents")
    await player.send(CHARLIE, **(ALARM | answers))


def heads(player: Player, channel: str) -> list[str]:
    person = player.person(TANIA)
    return [person.text_of(one) for one in person.messages(channel) if one.thread_ts in (None, one.ts)]


def thread(player: Player, label_of_head: str, channel: str = INCIDENTS) -> str:
    """All that is said in the latest thread whose head has some words."""
    person = player.person(TANIA)
    found = [one for one in person.messages(channel) if label_of_head in person.text_of(one)]
    return "\n".join(person.text_of(one) for one in person.thread(found[-1]))


def head(player: Player) -> Message:
    return [one for one in player.person(TANIA).messages(INCIDENTS) if one.thread_ts in (None, one.ts)][-1]


async def test_a_p1_alarm_in_an_incident_channel_is_decided_rolled_back_verified_and_closed(player: Player) -> None:
    """The document's values; the release follows without anybody touching it."""
    await deployed(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await deployed(player)
    await alarm(player)
    card = player.person(TANIA).text_of(head(player)).replace("*", "")
    for line in (
        "ROLLBACK NEEDED: v1.2.0",
        "Severity: P1 — Critical",
        "Environment: Production",
        "Core functionality broken",
        "Sentry: 50+ errors on POST /api/v1/orders",
        "Rollback to v1.1.0 immediately.",
        "Waiting for the Tech Lead's decision to roll back or not",
    ):
        assert line in card
    assert heads(player, RELEASES)[-1].startswith("🔴 In Rollback: v1.2.0")
    assert "The rollback has its own thread in #incidents" in heads(player, RELEASES)[-1]
    tania = player.person(TANIA)
    released = [one for one in tania.messages(RELEASES) if one.thread_ts in (None, one.ts)][-1]
    assert "own thread in #incidents; this release follows it" in tania.text_of(tania.thread(released)[-1])
    await player.step(JOHN, INCIDENTS, "In favour")
    assert "👍 In favour: John Doe" in player.person(TANIA).text_of(head(player))
    await player.step(TANIA, INCIDENTS, "Roll back")
    await player.step(JANE, INCIDENTS, "Begin rollback", eta="5")
    await player.playground.advance(player.playground.now() + timedelta(minutes=4))
    await player.step(JANE, INCIDENTS, "Rollback done", verify="order creation works", checks=["API health: OK"])
    await player.step(CHARLIE, INCIDENTS, "Works again", seen="Order creation works")
    await player.step(TANIA, INCIDENTS, "Close", investigators="Bob Johnson")
    told = thread(player, "v1.2.0").replace("*", "")
    for line in (
        "INITIATING ROLLBACK",
        "Rolling back to v1.1.0.",
        "ETA: 5 minutes.",
        "Everyone stand by.",
        "Recovery target missed",
        "Status: Production now on v1.1.0",
        "Duration: 4 minutes",
        "API health: OK",
        "Please verify order creation works.",
        "Order creation works on v1.1.0.",
        "Rollback successful. Production is stable.",
        "Rollback verified. Production stable.",
        "Let's investigate the v1.2.0 issue before re-deploy.",
        "Post-mortem scheduled for 2024-01-17",
    ):
        assert line in told, told
    assert any(one.startswith("⏪ Rolled Back: v1.2.0") for one in heads(player, RELEASES))
    await player.step(TANIA, INCIDENTS, "Publish post-mortem", link="https://docs.example.com/pm/1")
    assert "Rollback Closed" in player.person(TANIA).text_of(head(player))


async def test_p0_is_rolled_back_at_once_and_needs_no_more_than_a_version(player: Player) -> None:
    await player.person(CHARLIE).invite_app("#incidents")
    await player.command(CHARLIE, "/rollback admin-logistic v1.2.0 severity=P0", "#incidents")
    card = player.person(TANIA).text_of(head(player))
    assert "Waiting for DevOps to begin" in card
    assert "Not said yet: the issue, the impact, evidence." in card
    assert "DevOps names the one to go back to" in card
    assert "Decline" not in player.person(TANIA).buttons_of(head(player))
    assert "False alarm" in player.person(TANIA).buttons_of(head(player))
    await player.step(CHARLIE, INCIDENTS, "Add details", **ALARM)
    assert "Core functionality broken" in player.person(TANIA).text_of(head(player))
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.1.0", eta="2")
    assert "INITIATING ROLLBACK" in player.person(TANIA).text_of(head(player))


async def test_what_production_needs_at_once_is_not_declined(player: Player) -> None:
    await alarm(player, version="v1.2.0", severity="P0 — Production down")
    await player.mention(TANIA, "decline reason=fine", head(player), "#incidents")
    assert "production is down" in player.person(TANIA).text_of(player.person(TANIA).ephemerals[-1])


async def test_two_who_raise_the_same_alarm_start_one_rollback(player: Player) -> None:
    await alarm(player, version="v1.2.0")
    with pytest.raises(RefusedError) as refused:
        await alarm(player, version="v1.2.0")
    assert "Charlie Wilson" in refused.value.errors["version"]
    assert len([one for one in heads(player, INCIDENTS) if "ROLLBACK NEEDED" in one]) == 1


async def test_a_declined_rollback_lets_the_release_go_on_where_it_was(player: Player) -> None:
    await deployed(player)
    await alarm(player)
    await player.step(TANIA, INCIDENTS, "Decline", reason="A fix is live already")
    assert "Rollback Declined" in player.person(TANIA).text_of(head(player))
    assert heads(player, RELEASES)[-1].startswith("✅ Production Verified: v1.2.0")


async def test_still_broken_goes_back_to_devops_and_up_the_path(player: Player) -> None:
    await alarm(player, version="v1.2.0", severity="P0 — Production down")
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.1.0", eta="2")
    await player.step(JANE, INCIDENTS, "Rollback done", duration="4", checks=["API health: OK"])
    await player.step(CHARLIE, INCIDENTS, "Still broken", reason="Orders still fail with 500")
    for person in (TANIA, JOHN):
        told = [player.person(person).text_of(one) for one in player.person(person).direct_messages]
        assert "Still broken" in told[-1]
        assert "Orders still fail with 500" in told[-1]
    assert player.person(JANE).buttons_of(head(player)) == ["Begin rollback", "Add details"]
    assert "No other version was verified" in player.person(JANE).text_of(head(player))
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.0.9", eta="2")
    assert "(attempt 2)" in player.person(TANIA).text_of(head(player))


async def test_who_begins_late_puts_it_off_for_minutes_and_the_next_role_hears_of_it_soon(player: Player) -> None:
    await alarm(player, version="v1.2.0", severity="P0 — Production down", target="v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(minutes=3))
    await player.click(JANE, player.person(JANE).direct_messages[-1], "Snooze 5 min")
    assert player.person(TANIA).direct_messages == []
    await player.playground.advance(player.playground.now() + timedelta(minutes=6))
    assert "is now with you as Tech Lead" in player.person(TANIA).text_of(player.person(TANIA).direct_messages[-1])


async def test_silent_deciders_are_asked_and_then_it_goes_up(player: Player) -> None:
    await alarm(player, version="v1.2.0")
    await player.playground.advance(player.playground.now() + timedelta(minutes=20))
    tania = [player.person(TANIA).text_of(one) for one in player.person(TANIA).direct_messages]
    john = [player.person(JOHN).text_of(one) for one in player.person(JOHN).direct_messages]
    assert "waits for your decision: roll back, or not" in tania[-1]
    assert "is now with you as Release Manager" in john[-1]


async def test_a_version_that_was_itself_rolled_back_is_no_way_back(player: Player) -> None:
    await deployed(player)
    await alarm(player, severity="P0 — Production down", target="v1.1.0")
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.1.0", eta="2")
    await player.step(JANE, INCIDENTS, "Rollback done", duration="4", checks=["API health: OK"])
    await player.step(CHARLIE, INCIDENTS, "Works again", seen="Orders work")
    with pytest.raises(RefusedError) as refused:
        await alarm(player, version="v1.3.0", target="v1.2.0")
    assert "v1.2.0 was itself rolled back" in refused.value.errors["target"]


async def test_the_post_mortem_is_asked_for_until_it_is_published(player: Player) -> None:
    await alarm(player, version="v1.2.0", severity="P0 — Production down")
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.1.0", eta="2")
    await player.step(JANE, INCIDENTS, "Rollback done", duration="4", checks=["API health: OK"])
    await player.step(CHARLIE, INCIDENTS, "Works again", seen="Orders work")
    await player.step(TANIA, INCIDENTS, "Close", words="Which migration broke it")
    before = len(player.person(TANIA).direct_messages)
    await player.playground.advance(player.playground.now() + timedelta(days=3, hours=2))
    asked = [player.person(TANIA).text_of(one) for one in player.person(TANIA).direct_messages][before:]
    assert len(asked) >= 3
    assert "Time for the post-mortem" in asked[0]
    assert all("v1.2.0" in one for one in asked)
    await player.step(JANE, INCIDENTS, "Publish post-mortem", text="A migration dropped a default.")
    before = len(player.person(TANIA).direct_messages)
    await player.playground.advance(player.playground.now() + timedelta(days=5))
    assert len(player.person(TANIA).direct_messages) == before


async def test_a_rollback_freezes_its_service_until_somebody_lifts_that(player: Player) -> None:
    """Nothing else goes to production while the incident lasts; the freeze has its thread in the service's channel."""
    await alarm(player, version="v1.2.0", severity="P0 — Production down")
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.1.0", eta="2")
    [freeze] = [one for one in heads(player, RELEASES) if "Rollback of v1.2.0" in one]
    assert "FRZ-1" in freeze
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **(APPROVAL | {"version": "v1.2.1", "commit": "fff9999"}))
    await player.step(TANIA, RELEASES, "Sign off")
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"rollback_target": "v1.1.0"}))
    assert "FRZ-1" in " ".join(refused.value.errors.values())
    await player.person(JANE).view.close()
    await player.step(JANE, INCIDENTS, "Rollback done", duration="2", checks=["API health: OK"])
    await player.step(CHARLIE, INCIDENTS, "Works again", seen="Orders work")
    await player.step(JOHN, RELEASES, "Lift freeze", reason="The cause is found")
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"rollback_target": "v1.1.0"}))
    assert any("v1.2.1" in one and "Waiting for QA to agree" in one for one in heads(player, RELEASES))
