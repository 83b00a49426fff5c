"""A rollback, or a plan, that names a version which Greenlight knows otherwise: it asks, and believes who is sure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from playground.player import Player, RefusedError
from playground.seed import CHARLIE, INCIDENTS, JANE, JOHN, RELEASES, TANIA
from tests.stories.test_rollback import alarm, deployed, heads, thread
from tests.stories.test_rolled_back_again import states
from tests.stories.the_document import APPROVAL, PLAN
from tests.stories.the_rollback import DONE, VERIFIED


async def approved(player: Player, version: str = "v1.2.0") -> None:
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **(APPROVAL | {"version": version}))


async def signed(player: Player) -> None:
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")


async def objected(player: Player) -> None:
    await approved(player)
    await player.step(TANIA, RELEASES, "Object", reason="The tests are of another commit")


async def planned(player: Player) -> None:
    await signed(player)
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"rollback_target": "v1.0.9"}))


async def disputed(player: Player) -> None:
    await signed(player)
    await player.step(
        JANE, RELEASES, "Plan deployment", **(PLAN | {"rollback_target": "v1.0.9", "downtime": "10 minutes"})
    )


async def scheduled(player: Player) -> None:
    await planned(player)
    await player.step(CHARLIE, RELEASES, "Time works")


EARLY = {
    "awaiting_signoffs": approved,
    "objected": objected,
    "awaiting_plan": signed,
    "awaiting_agreement": disputed,
    "awaiting_timing": planned,
    "scheduled": scheduled,
}


async def complete(player: Player, version: str) -> None:
    """A version that was verified, and whose watch is over."""
    await deployed(player, version)
    await player.step(JANE, RELEASES, "Complete now", summary="All quiet")


# ── what is not deployed ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("state", EARLY)
async def test_a_release_that_is_not_deployed_is_rolled_back_only_by_who_is_sure_that_it_is_live(
    player: Player, state: str
) -> None:
    """Refused with what is known to be live; with one more tick it is believed, and the release follows its rollback
    as if it had been deployed.
    """
    await EARLY[state](player)
    assert await states(player, "release") == [state]
    asked = {"version": "1.2.0", "severity": "P0 — Production down"}
    with pytest.raises(RefusedError) as refused:
        await alarm(player, **asked)
    why = refused.value.errors["version"]
    assert why.startswith("v1.2.0 was not deployed to production by its release, which is ")
    assert "If v1.2.0 is live all the same, tick below" in why
    assert await states(player, "rollback") == []
    await player.send(CHARLIE, **asked, sure="yes")
    assert await states(player, "release") == ["rolling_back"]
    assert heads(player, RELEASES)[-1].startswith("🔴 In Rollback: v1.2.0")
    assert "The rollback has its own thread in #incidents" in heads(player, RELEASES)[-1]
    assert "Rollback requested before this release deployed it" in thread(player, "v1.2.0", RELEASES)
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.0.9", eta="5")
    await player.step(JANE, INCIDENTS, "Rollback done", version="v1.0.9", **DONE)
    await player.step(CHARLIE, INCIDENTS, "Works again", **VERIFIED)
    assert await states(player, "release") == ["rolled_back"]


@pytest.mark.parametrize("state", EARLY)
async def test_a_false_alarm_gives_the_release_back_the_state_it_had(player: Player, state: str) -> None:
    await EARLY[state](player)
    await player.command(CHARLIE, "/rollback v1.2.0 severity=P0 sure=yes", "#releases")
    assert await states(player, "release") == ["rolling_back"]
    await player.step(TANIA, RELEASES, "False alarm", reason="It was staging")
    assert await states(player, "release") == [state]


async def test_a_typed_alarm_about_the_coming_version_is_told_which_one_is_live(player: Player) -> None:
    await complete(player, "v1.1.0")
    await approved(player)
    await player.command(TANIA, "/rollback v1.2.0 severity=P0", "#releases")
    tania = player.person(TANIA)
    told = tania.text_of(tania.ephemerals[-1])
    assert "v1.2.0 was not deployed to production by its release, which is awaiting signoffs." in told
    assert "Known to be live is v1.1.0." in told
    assert "`sure=yes`" in told
    assert await states(player, "rollback") == []


async def test_a_withdrawn_version_that_is_live_all_the_same_has_a_way_back(player: Player) -> None:
    """Its release is over and stays so."""
    await approved(player)
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="A bug was found")
    await player.command(TANIA, "/rollback admin-logistic v1.2.0 severity=P0", "#releases")
    assert await states(player, "rollback") == []
    await player.command(TANIA, "/rollback admin-logistic v1.2.0 severity=P0 sure=yes", "#releases")
    assert await states(player, "rollback") == ["awaiting_start"]
    assert await states(player, "release") == ["withdrawn"]


async def test_a_version_that_is_live_and_approved_once_more_is_rolled_back_without_a_question(player: Player) -> None:
    """What stops is the release that is still to come: the one that brought it is over."""
    await complete(player, "v1.2.0")
    await approved(player)
    await alarm(player, version="v1.2.0", severity="P0 — Production down")
    assert await states(player, "rollback") == ["awaiting_start"]
    assert await states(player, "release") == ["rolling_back", "completed"]


# ── where to ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_unknown_target_is_questioned_once_something_was_verified(player: Player) -> None:
    """In the plan, in the alarm, and where DevOps begins; the nearest known one is named."""
    await complete(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await signed(player)
    at = player.playground.now() + timedelta(hours=1)
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": at, "rollback_target": "v1.1.1"}))
    assert refused.value.errors["rollback_target"] == (
        "No release in my records brought v1.1.1 to production. Did you mean v1.1.0? If it is right all the same, "
        "tick below that the versions are right. Known are: v1.1.0."
    )
    await player.send(JANE, **(PLAN | {"when": at, "rollback_target": "v1.1.0"}))
    assert await states(player, "release") == ["awaiting_timing", "completed"]


async def test_who_begins_the_rollback_is_asked_about_another_target_and_not_twice_about_the_same(
    player: Player,
) -> None:
    await complete(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await deployed_on(player, "v1.1.0")
    asked = {"severity": "P0 — Production down", "target": "v1.0.8"}
    with pytest.raises(RefusedError) as refused:
        await alarm(player, **asked)
    assert "No release in my records brought v1.0.8 to production" in refused.value.errors["target"]
    await player.send(CHARLIE, **asked, sure="yes")
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.0.7", eta="5")
    assert "No release in my records brought v1.0.7 to production" in refused.value.errors["target"]
    await player.send(JANE, target="v1.0.8", eta="5")
    assert await states(player, "rollback") == ["rolling_back"]


async def test_what_a_rollback_went_back_to_is_known_from_then_on(player: Player) -> None:
    """It runs there now, whatever brought it first."""
    await complete(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await deployed_on(player, "v1.1.0")
    await alarm(player, severity="P0 — Production down", target="v1.0.8", sure="yes")
    await player.step(JANE, INCIDENTS, "Begin rollback", eta="5")
    await player.step(JANE, INCIDENTS, "Rollback done", **DONE)
    await player.step(CHARLIE, INCIDENTS, "Works again", **VERIFIED)
    await player.command(CHARLIE, "/rollback admin-logistic", "#releases")
    assert (await player.person(CHARLIE).opened()).value("version") == "v1.0.8"
    await player.person(CHARLIE).view.close()
    await player.step(JOHN, RELEASES, "Lift freeze", reason="The cause is found")
    await approved(player, "v1.2.1")
    await player.step(TANIA, RELEASES, "Sign off")
    at = player.playground.now() + timedelta(hours=1)
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": at, "rollback_target": "1.0.8"}))
    assert (await states(player, "release"))[0] == "awaiting_timing"


async def test_a_target_that_was_confirmed_in_the_plan_is_not_questioned_in_the_alarm(player: Player) -> None:
    """Its button has it, and nobody looks for a tick while production is down."""
    await complete(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await deployed_on(player, "v1.0.8", sure="yes")
    await player.step(CHARLIE, RELEASES, "Roll back", severity="P0")
    assert await states(player, "rollback") == ["awaiting_start"]


async def test_who_plans_anew_is_asked_about_another_target_and_not_twice_about_the_same(player: Player) -> None:
    """A tick that was made for one version does not stand for the next."""
    await complete(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await signed(player)
    at = player.playground.now() + timedelta(hours=2)
    plan = PLAN | {"when": at, "rollback_target": "v1.0.8", "sure": "yes"}
    await player.step(JANE, RELEASES, "Plan deployment", **plan)
    for _ in range(2):
        await player.step(CHARLIE, RELEASES, "Propose another time", when=at, reason="Lunch")
        await player.step(JANE, RELEASES, "Plan deployment", when=at)
    await player.step(CHARLIE, RELEASES, "Propose another time", when=at, reason="Lunch")
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, RELEASES, "Plan deployment", when=at, rollback_target="v1.0.7")
    assert "No release in my records brought v1.0.7 to production" in refused.value.errors["rollback_target"]


async def deployed_on(player: Player, target: str, **plan: str) -> None:
    """v1.2.0, deployed, with a plan that names where it goes back to."""
    await signed(player)
    at = player.playground.now() + timedelta(hours=1)
    answers = PLAN | {"when": at, "rollback_target": target} | plan
    await player.step(JANE, RELEASES, "Plan deployment", **answers)
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(at)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
