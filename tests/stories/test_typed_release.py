"""The document's release with the keyboard alone: one typed command, then mentions in its thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playground.player import Player
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from tests.stories.test_bad_input import whispered
from tests.stories.test_document_release import in_plain_words, read_thread
from tests.stories.test_release_paths import card, last_words, says
from tests.stories.the_document import DEPLOYMENT_AT, LINES

APPROVE = (
    '/release approve v1.2.0 sprint="Sprint 16" branch=main commit=abc123 stories_tested=3 stories_total=3 '
    "bugs_found=5 bugs_fixed=5 regression=passed smoke=Passed "
    'changes="STORY-123: Order Tracking; STORY-130: Excel Export; FIX-234, FIX-235, FIX-236" '
    'known_issues="None blocking release; STORY-145 (legacy courier display) — low priority, next sprint" '
    "release_notes=https://docs.example.com/releases/v1.2.0 "
    'rollback_signal="error rate" rollback_threshold=>5% rollback_endpoint=/api/v1/orders/tracking rollback_minutes=30'
)
PLAN = (
    'plan when="today 16:00 UTC" window="low traffic window" duration=15 rollback_target=v1.1.0 '
    'migrations="Yes (1 migration)" cache_clear=Yes error_monitoring="Will watch Sentry" '
    'performance_monitoring="Will watch Datadog"'
)
DEPLOYED = (
    'deployed duration=12 components="Backend: Healthy; Frontend: Healthy" migration="✅ Applied" cache="✅ Cleared" '
    'health_checks="API: 200 OK; Frontend: Loading correctly; Auth: Working" '
    'monitoring="Sentry: https://sentry.example.com/d/1; Datadog: https://datadog.example.com/d/2" '
    'metrics="Error rate: 0.1% (normal); Response time: 120ms avg (normal); '
    'Active users: 45 (normal for this time)"'
)
SMOKE = (
    'smoke_passed results="Login: Pass; Order List: Pass; Order Tracking (new): Pass; Excel Export (new): Pass; '
    'Create Order: Pass; Dashboard: Pass" duration=8'
)


async def test_the_documents_release_is_typed_from_approval_to_completion(player: Player) -> None:
    """Every line of the document is found in the thread, as if it had been filled into forms."""
    await player.command(CHARLIE, APPROVE, "#releases")
    assert "v1.2.0* of Admin Logistic (production) is waiting for sign-offs" in whispered(player, CHARLIE)
    head = card(player)
    announced = in_plain_words(says(player))
    await player.mention(TANIA, "cosign", head, "#releases")
    await player.mention(JANE, PLAN, head, "#releases")
    await player.mention(CHARLIE, "confirm", head, "#releases")
    await player.playground.advance(DEPLOYMENT_AT - timedelta(minutes=7))
    await player.mention(JANE, "start commit=abc123", head, "#releases")
    await player.playground.advance(DEPLOYMENT_AT + timedelta(minutes=5))
    await player.mention(JANE, DEPLOYED, head, "#releases")
    await player.mention(CHARLIE, "begin_smoke", head, "#releases")
    await player.playground.advance(DEPLOYMENT_AT + timedelta(minutes=13))
    await player.mention(CHARLIE, SMOKE, head, "#releases")
    await player.playground.advance(DEPLOYMENT_AT + timedelta(hours=2, minutes=14))
    said = announced + read_thread(player)
    assert [line for line in LINES if line not in said] == []
    assert player.person(JANE).ephemerals == player.person(TANIA).ephemerals == []


async def test_what_is_typed_wrongly_is_answered_privately_with_field_reason_and_form(player: Player) -> None:
    """Nothing is recorded, and nobody else sees it."""
    await player.command(CHARLIE, APPROVE.replace("stories_tested=3", "stories_tested=4"), "#releases")
    assert "Stories in the release: More stories are tested than the release has" in whispered(player, CHARLIE)
    await player.command(CHARLIE, APPROVE.replace("regression=passed", "regression=maybe"), "#releases")
    assert "Regression: This must be one of: passed" in whispered(player, CHARLIE)
    await player.command(CHARLIE, APPROVE.replace("regression=", "regresion="), "#releases")
    assert "There is no field “regresion”" in whispered(player, CHARLIE)
    await player.command(CHARLIE, APPROVE.replace('"Sprint 16"', '"Sprint 16'), "#releases")
    assert "quotation mark is not closed" in whispered(player, CHARLIE)
    await player.command(CHARLIE, APPROVE.replace("v1.2.0", "v 1.2.0", 1), "#releases")
    assert "Which version is meant, “v” or “1.2.0”?" in whispered(player, CHARLIE)
    assert "The services are: admin-logistic, billing" in whispered(player, CHARLIE)
    assert player.person(CHARLIE).messages("#releases") == []
    assert player.person(JANE).ephemerals == []


async def test_a_line_that_lacks_something_opens_the_form_with_what_was_typed(player: Player) -> None:
    """Nobody types twenty fields; what is there is kept."""
    await player.command(CHARLIE, '/release approve v1.2.0 sprint="Sprint 16" commit=abc123', "#releases")
    view = await player.person(CHARLIE).opened()
    assert (view.value("version"), view.value("sprint"), view.value("commit")) == ("v1.2.0", "Sprint 16", "abc123")
    await view.close()


async def test_a_typed_step_keeps_the_rules_of_the_button(player: Player) -> None:
    """Role, state, missing details: each with a private answer, and a form where one is needed."""
    await player.command(CHARLIE, APPROVE, "#releases")
    head = card(player)
    before = len(player.person(CHARLIE).thread(head))
    await player.mention(JANE, "cosign", head, "#releases")
    assert "Who may: Tech Lead" in whispered(player, JANE).replace("*", "")
    await player.mention(JANE, "deployed", head, "#releases")
    assert "not possible for v1.2.0 now" in whispered(player, JANE)
    assert "Possible now: Sign off, Object, Revise, Withdraw" in whispered(player, JANE).replace("*", "")
    await player.mention(TANIA, "object", head, "#releases")
    offer = player.person(TANIA).ephemerals[-1]
    assert player.person(TANIA).buttons_of(offer) == ["Object"]
    assert "reason=…" in player.person(TANIA).text_of(offer)
    await player.click(TANIA, offer, "Object")
    await player.send(TANIA, reason="STORY-130 exports empty files")
    assert "Release Stopped" in says(player)
    assert "STORY-130 exports empty files" in last_words(player)
    assert len(player.person(CHARLIE).thread(head)) == before + 3 + 1  # their three mentions, and the objection


async def test_a_field_of_one_text_takes_all_that_is_typed(player: Player) -> None:
    """“@Greenlight object STORY-130 exports empty files”, with quotes and equals signs as they come."""
    await player.command(CHARLIE, APPROVE, "#releases")
    await player.mention(TANIA, 'object The export says "rows=0" & nothing else', card(player), "#releases")
    assert 'The export says "rows=0" & nothing else' in last_words(player)
    head = player.message_with(TANIA, RELEASES, "Revise")
    assert player.person(TANIA).buttons_of(head) == ["Checklist", "Revise", "Withdraw"]


async def test_what_was_typed_of_a_step_stands_in_the_form_that_asks_for_the_rest(player: Player) -> None:
    """Jane types half of her plan; the form opens with it and with what is known, and asks for what is missing."""
    await player.command(CHARLIE, APPROVE, "#releases")
    await player.mention(TANIA, "cosign", card(player), "#releases")
    await player.mention(
        JANE, 'plan when="17:30 UTC" concerns="One node is slow; Disk at 80 %"', card(player), "#releases"
    )
    await player.click(JANE, player.person(JANE).ephemerals[-1], "Plan deployment")
    view = await player.person(JANE).opened()
    assert view.value("when") == int(datetime(2024, 1, 16, 17, 30, tzinfo=UTC).timestamp())
    assert view.value("concerns") == "One node is slow\nDisk at 80 %"
    await player.send(JANE, rollback_target="v1.1.0")
    assert "17:30 UTC" in says(player)
    assert "One node is slow" in last_words(player)
