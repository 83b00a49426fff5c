"""The checklist as people use it: ticked from the card, in the thread, by the steps; and what waits for it."""

from __future__ import annotations

import pytest

from playground.player import Player, RefusedError
from playground.seed import BILLING, CHARLIE, JANE, JOHN, PAVEL, RELEASES, TANIA
from playground.slack.model import Message
from playground.slack.open_view import View
from tests.stories.test_bad_input import whispered
from tests.stories.test_release_paths import approved, card, last_words, says, scheduled
from tests.stories.the_document import APPROVAL, DEPLOYED, DEPLOYMENT_AT, PLAN

SIGN_OFF = "QA Sign-off"
REVIEWED = ["Migrations reviewed", "Monitoring alerts configured"]


async def opened(player: Player, user: str, message: Message) -> View:
    """The checklist's form, opened from a card."""
    await player.click(user, message, "Checklist")
    return await player.person(user).opened()


async def save(player: Player, view: View, section: str, *ticked: str) -> None:
    """Have these items of a section ticked, and no others."""
    assert (await view.fill((section, ticked)).submit()).result == "closed"
    await player.playground.settled()


async def test_what_the_approval_proves_is_ticked_and_the_rest_by_people(player: Player) -> None:
    """Jane opens the checklist from the card: QA's part is there to read, hers to tick."""
    await approved(player)
    assert "*Checklist* 7/21" in says(player)
    view = await opened(player, JANE, card(player))
    assert "All stories tested · Charlie Wilson 2024-01-16 15:20 UTC (Approve)" in view.text
    assert view.labels == ["DevOps Pre-deployment", "Deployment", "Post-deployment", "Sign-off"]
    assert view.value("DevOps Pre-deployment") == []
    await save(player, view, "DevOps Pre-deployment", *REVIEWED)
    assert "*Checklist* 9/21" in says(player)
    assert "*Ticked*\n• Migrations reviewed\n• Monitoring alerts configured" in last_words(player)
    again = await opened(player, JANE, card(player))
    assert again.value("DevOps Pre-deployment") == REVIEWED


async def test_two_people_with_the_form_open_take_nothing_back_from_each_other(player: Player) -> None:
    """Both opened it before the other saved."""
    await approved(player)
    jane, tania = await opened(player, JANE, card(player)), await opened(player, TANIA, card(player))
    await save(player, jane, "DevOps Pre-deployment", "Migrations reviewed")
    await save(player, tania, "DevOps Pre-deployment", "Config changes documented")
    assert "*Checklist* 9/21" in says(player)


async def test_a_form_that_changes_nothing_says_nothing(player: Player) -> None:
    await approved(player)
    said = len(player.person(JANE).thread(card(player)))
    view = await opened(player, JANE, card(player))
    assert (await view.submit()).result == "closed"
    await player.playground.settled()
    assert len(player.person(JANE).thread(card(player))) == said


async def test_whoever_may_tick_nothing_reads_it_all(player: Player) -> None:
    """A PM sees the checklist, without boxes and without a button to send."""
    await approved(player)
    view = await opened(player, PAVEL, card(player))
    assert view.labels == []
    assert view.definition.get("submit") is None
    assert "⬜ Migrations reviewed · DevOps" in view.text


async def test_the_checklist_is_opened_by_its_command(player: Player) -> None:
    """With a version or without one; where there is nothing, the person is told."""
    await player.command(JANE, "/release checklist", "#releases")
    assert "No release is under way here" in whispered(player, JANE)
    await approved(player)
    for line in ("/release checklist", "/release checklist v1.2.0", "/release checklist admin-logistic v1.2.0"):
        await player.command(JANE, line, "#releases")
        view = await player.person(JANE).opened()
        assert view.title == "Checklist v1.2.0"
        await view.close()
    await player.command(JANE, "/release checklist v9", "#releases")
    assert "I know no release of v9 here" in whispered(player, JANE)


async def test_the_checklist_is_read_and_ticked_in_the_thread(player: Player) -> None:
    """`@Greenlight checklist`, `tick …`, `untick …`; and the document's own shape to copy."""
    await approved(player)
    await player.mention(JANE, "tick migrations reviewed", card(player), "#releases")
    assert "*Ticked*: Migrations reviewed" in last_words(player)
    await player.mention(JANE, "checklist", card(player), "#releases")
    told = whispered(player, JANE)
    assert "Release Checklist: v1.2.0" in told
    assert "8 of 21 done" in told
    assert "✅ Migrations reviewed · Jane Smith 2024-01-16 15:20 UTC" in told
    assert "⬜ Rollback plan ready · DevOps" in told
    await player.mention(JANE, "checklist markdown", card(player), "#releases")
    told = whispered(player, JANE)
    assert "### QA Sign-off\n- [x] All stories tested" in told
    assert "- [x] QA Engineer: Charlie Wilson\n- [x] Date: 2024-01-16 15:20 UTC" in told
    await player.mention(JANE, "untick Migrations reviewed", card(player), "#releases")
    assert "*Open again*: Migrations reviewed" in last_words(player)


async def test_what_is_not_ones_own_to_tick_is_refused_with_who_may(player: Player) -> None:
    await approved(player)
    await player.mention(CHARLIE, "tick Migrations reviewed; Smoke test passed", card(player), "#releases")
    told = whispered(player, CHARLIE)
    assert "“Migrations reviewed” is DevOps's to tick" in told
    assert "DevOps, Release Manager, Tech Lead" in told
    await player.mention(CHARLIE, "tick Lunch", card(player), "#releases")
    assert "There is no item “Lunch” on this checklist" in whispered(player, CHARLIE)


async def test_another_commit_opens_again_what_was_reviewed_and_says_so(player: Player) -> None:
    await approved(player)
    await player.mention(JANE, "tick Migrations reviewed", card(player), "#releases")
    await player.step(CHARLIE, RELEASES, "Revise", commit="def4567", bugs_fixed="4")
    assert "Open again on the checklist: All bugs fixed, Migrations reviewed." in last_words(player)
    assert "*Checklist* 6/21" in says(player)


# ── gates ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def billing_scheduled(player: Player) -> None:
    """A release of the service whose checklist holds its deployments, at its agreed time."""
    await player.command(CHARLIE, "/release approve", "#billing-releases")
    await player.send(CHARLIE, **(APPROVAL | {"version": "v2.5.0"}))
    await player.step(TANIA, BILLING, "Sign off")
    await player.step(JANE, BILLING, "Plan deployment", **(PLAN | {"rollback_target": "v2.4.0"}))
    await player.step(CHARLIE, BILLING, "Time works")
    await player.playground.advance(DEPLOYMENT_AT)


def billing_card(player: Player) -> str:
    person = player.person(JANE)
    return person.text_of(person.messages("#billing-releases")[0])


async def test_a_deployment_waits_for_the_items_that_gate_it(player: Player) -> None:
    """Jane can't start before the migrations were tested and the backup was taken; then she can."""
    await billing_scheduled(player)
    assert "open before the deployment: Database migrations tested, Backup taken" in billing_card(player)
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, BILLING, "Start deployment", commit="abc123")
    told = refused.value.errors["override"]
    assert "Open on the checklist: Database migrations tested (DevOps), Backup taken (DevOps)" in told
    await player.person(JANE).view.close()
    view = await opened(player, JANE, player.message_with(JANE, BILLING, "Checklist"))
    done = ("Database migrations tested", "Backup taken", "Rollback plan documented")
    await save(player, view, "Pre-Deployment Checklist", *done)
    assert "open before the deployment" not in billing_card(player)
    await player.step(JANE, BILLING, "Start deployment", commit="abc123")
    assert "Being deployed" in billing_card(player)


async def test_a_closed_gate_is_overridden_by_the_role_that_may_and_what_was_open_is_told(player: Player) -> None:
    await billing_scheduled(player)
    await player.step(JOHN, BILLING, "Start deployment", commit="abc123", override="The outage can't wait")
    person = player.person(JANE)
    told = person.text_of(person.thread(person.messages("#billing-releases")[0])[-1])
    assert "The outage can't wait" in told
    assert "*Open on the checklist:*\n• Database migrations tested\n• Backup taken" in told


async def test_a_notice_of_a_deployment_that_nobody_started_says_what_was_open(player: Player) -> None:
    """It has happened, so it is not refused; but it does not pass unseen."""
    await billing_scheduled(player)
    await player.step(JANE, BILLING, "Deployed", **DEPLOYED)
    announced = player.person(JANE).text_of(player.person(JANE).messages("#billing-releases")[-1])
    assert "Deployed while this was open on the checklist*\n• Database migrations tested\n• Backup taken" in announced


async def test_where_gates_are_off_nothing_waits(player: Player) -> None:
    """The document's own release goes its way with its checklist open."""
    await scheduled(player)
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    assert "Being deployed" in says(player)


async def test_an_item_that_a_step_proved_can_be_opened_again_by_hand(player: Player) -> None:
    """The form shows who ticked it and how; unticking it is kept as whoever does it says."""
    await approved(player)
    view = await opened(player, CHARLIE, card(player))
    [boxes] = [
        block["element"] for block in view.definition["blocks"] if block.get("label", {}).get("text") == SIGN_OFF
    ]
    assert boxes["options"][0]["description"]["text"] == "Charlie Wilson, 2024-01-16 15:20 UTC (Approve)"
    await save(player, view, SIGN_OFF, *view.value(SIGN_OFF)[1:])
    assert "*Open again*: All stories tested" in last_words(player)
    assert "*Checklist* 6/21" in says(player)


async def test_somebody_without_a_role_reads_the_checklist_and_ticks_nothing(player: Player) -> None:
    await approved(player)
    view = await opened(player, "U0BOB", card(player))
    assert view.labels == []
    await player.mention("U0BOB", "tick Migrations reviewed", card(player), "#releases")
    assert "DevOps, Release Manager, Tech Lead" in whispered(player, "U0BOB")
