"""The other ways a release can go, one story each: who does what, and what everybody reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from playground.player import Player, RefusedError
from playground.seed import CHARLIE, JANE, JOHN, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.the_document import APPROVAL, DEPLOYED, DEPLOYMENT_AT, PLAN, SMOKE


def card(player: Player) -> Message:
    """The head of the latest release's thread."""
    return [one for one in player.person(CHARLIE).messages("#releases") if one.thread_ts in (None, one.ts)][-1]


def says(player: Player) -> str:
    """What the head of the thread says now."""
    return player.person(CHARLIE).text_of(card(player))


def last_words(player: Player) -> str:
    """The newest message of the thread."""
    return player.person(CHARLIE).text_of(player.person(CHARLIE).thread(card(player))[-1])


async def approved(player: Player, **changed: Any) -> None:
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **(APPROVAL | changed))


async def scheduled(player: Player) -> None:
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Time works")


async def deployed(player: Player) -> None:
    await scheduled(player)
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)


async def test_an_objection_stops_a_release_until_qa_revises_it_and_a_new_commit_is_signed_anew(player: Player) -> None:
    """Tania signs, then objects; Charlie revises with another commit; Tania's agreement counts for the old one only."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(TANIA, RELEASES, "Object", reason="STORY-130 exports empty files")
    assert "Release Stopped" in says(player)
    assert "STORY-130 exports empty files" in last_words(player)
    assert player.person(TANIA).buttons_of(card(player)) == ["Checklist", "Revise", "Withdraw"]
    await player.step(CHARLIE, RELEASES, "Revise", commit="def4567", changes=["STORY-123: Order Tracking"])
    assert "def4567" in says(player)
    assert "⏳ Tech Lead: awaited" in says(player)
    assert "def4567" in last_words(player)
    await player.step(TANIA, RELEASES, "Sign off")
    assert "✅ Tech Lead: @Tania Petrova" in says(player)
    assert "Plan deployment" in player.person(JANE).buttons_of(card(player))


async def test_a_time_that_does_not_suit_is_negotiated(player: Player) -> None:
    """Charlie proposes 17:30, Jane's form opens with that time, and she plans for it."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    better = DEPLOYMENT_AT + timedelta(minutes=90)
    await player.step(CHARLIE, RELEASES, "Propose another time", when=better, reason="I am in a demo until 17:15")
    assert "I am in a demo until 17:15" in last_words(player)
    await player.step(JANE, RELEASES, "Plan deployment")
    view = await player.person(JANE).opened()
    assert view.value("when") == int(better.timestamp())
    assert (await view.submit()).result == "closed"
    await player.playground.settled()
    assert "17:30 UTC" in says(player)
    await player.step(CHARLIE, RELEASES, "Time works")
    assert "Scheduled" in says(player)


async def test_a_deployment_that_fails_waits_for_the_tech_leads_decision(player: Player) -> None:
    """Jane reports the failure, Tania decides to go on, and the deployment is where it was."""
    await scheduled(player)
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    await player.step(JANE, RELEASES, "Deployment failed", reason="The migration timed out")
    assert "Decision Needed" in says(player)
    assert "The migration timed out" in last_words(player)
    await player.step(TANIA, RELEASES, "Continue", reason="The migration is idempotent; run it again")
    assert "Deployed" in player.person(JANE).buttons_of(card(player))
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    assert "Deployed to Production" in says(player)


async def test_a_smoke_test_that_fails_ends_in_a_rollback(player: Player) -> None:
    """Charlie reports what failed, Tania calls the rollback and decides it, Jane rolls back, Charlie verifies it."""
    await deployed(player)
    release = card(player)
    failed = ["Login: Pass", "Create Order: Fail (500 error)"]
    with pytest.raises(RefusedError) as refused:
        await player.step(CHARLIE, RELEASES, "Smoke passed", results=failed, duration="3")
    assert "Create Order failed" in refused.value.errors["results"]
    await player.person(CHARLIE).view.close()
    await player.step(CHARLIE, RELEASES, "Smoke failed", results=failed, duration="3")
    assert "500 error" in last_words(player)
    await player.step(TANIA, RELEASES, "Roll back", issue="“Create Order” gives a 500 error", target="v1.1.0")
    assert "ROLLBACK NEEDED: v1.2.0" in says(player)
    assert "Rollback to v1.1.0 immediately." in says(player)
    assert "Rollback requested" in player.person(CHARLIE).text_of(player.person(CHARLIE).thread(release)[-1])
    await player.step(TANIA, RELEASES, "Roll back")
    await player.step(JANE, RELEASES, "Begin rollback", eta="5")
    await player.step(JANE, RELEASES, "Rollback done", duration="4", checks=["API health: OK"])
    await player.step(CHARLIE, RELEASES, "Works again", seen="Orders work")
    release = player.person(CHARLIE).message(release.ts)
    assert player.person(CHARLIE).text_of(release).startswith("⏪ Rolled Back: v1.2.0")
    assert player.person(CHARLIE).buttons_of(release) == []


async def test_a_release_can_be_withdrawn_before_it_is_deployed_and_approved_anew(player: Player) -> None:
    """John withdraws; the same version can then be approved again, as a release of its own."""
    await scheduled(player)
    await player.step(JOHN, RELEASES, "Withdraw", reason="The customer's fair is tomorrow")
    assert "Withdrawn" in says(player)
    assert "The customer's fair is tomorrow" in last_words(player)
    await approved(player)
    assert "Release Approved: v1.2.0" in says(player)


async def test_the_watch_can_be_extended_and_ends_when_it_then_ends(player: Player) -> None:
    """An hour more, and completion an hour later."""
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await player.step(JANE, RELEASES, "Watch longer", minutes="60")
    ends = player.playground.now() + timedelta(hours=3)
    await player.playground.advance(ends - timedelta(minutes=1))
    assert "complete and verified" not in says(player)
    await player.playground.advance(ends)
    assert "complete and verified" in says(player)


async def test_a_release_that_is_complete_can_still_be_rolled_back(player: Player) -> None:
    """Trouble that shows a day later."""
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await player.playground.advance(player.playground.now() + timedelta(hours=26))
    await player.step(TANIA, RELEASES, "Roll back", issue="Invoices are wrong since yesterday", target="v1.1.0")
    assert "ROLLBACK NEEDED: v1.2.0" in says(player)
    assert "Invoices are wrong since yesterday" in says(player)


async def test_the_whole_dialogue_can_be_typed_in_the_thread(player: Player) -> None:
    """The same steps as mentions, since slash commands do not work in threads."""
    await player.command(
        CHARLIE,
        '/release approve v1.2.0 sprint="Sprint 16" commit=abc123 stories_tested=3 stories_total=3 bugs_found=5 '
        'bugs_fixed=5 regression=passed smoke=passed changes="STORY-123: Order Tracking; STORY-130: Excel Export" '
        'known_issues="None" rollback_threshold=>5%',
        "#releases",
    )
    head = card(player)
    await player.mention(TANIA, "cosign", head, "#releases")
    await player.mention(
        JANE,
        'plan when="today 16:00 UTC" rollback_target=v1.1.0 error_monitoring="Will watch Sentry" '
        'performance_monitoring="Will watch Datadog"',
        head,
        "#releases",
    )
    await player.mention(CHARLIE, "confirm", head, "#releases")
    await player.mention(JANE, "note Backups are verified, “all green” they say", head, "#releases")
    await player.playground.advance(DEPLOYMENT_AT)
    await player.mention(JANE, "start commit=abc123", head, "#releases")
    await player.mention(
        JANE,
        'deployed duration=12 components="Backend: Healthy; Frontend: Healthy" health_checks="API: 200 OK" '
        'monitoring="Sentry: https://sentry.example.com/d/1"',
        head,
        "#releases",
    )
    await player.mention(CHARLIE, "begin_smoke", head, "#releases")
    await player.mention(CHARLIE, 'smoke_passed results="Login: Pass; Dashboard: Pass" duration=8', head, "#releases")
    assert "Production Verified" in says(player)
    notes = [player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).thread(head)]
    assert any("Backups are verified, “all green” they say" in note for note in notes)
