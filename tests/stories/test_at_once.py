"""Two releases, two people, two devices, one moment: every click moves what it was made for, once."""

from __future__ import annotations

import asyncio

import pytest

from bot.store.interface import Reader
from playground.player import Player, RefusedError
from playground.seed import CHARLIE, JANE, JOHN, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.test_bad_input import whispered
from tests.stories.test_release_paths import approved, card, deployed, last_words, says, scheduled
from tests.stories.the_document import APPROVAL, DEPLOYMENT_AT, PLAN, SMOKE


def text_of(player: Player, message: Message) -> str:
    """A message as it reads now."""
    return player.person(CHARLIE).text_of(player.person(CHARLIE).message(message.ts))


def thread_of(player: Player, message: Message) -> str:
    charlie = player.person(CHARLIE)
    return "\n".join(charlie.text_of(one) for one in charlie.thread(message))


async def steps_taken(player: Player, version: str = "v1.2.0") -> list[str]:
    """The steps of the latest release of a version, as they are recorded."""

    def taken(reader: Reader) -> list[str]:
        [record] = reader.find("release", version=version, limit=1)
        return [event.step for event in reader.events(record.id)]

    return await player.playground.application.store.read(taken)


async def test_two_releases_go_side_by_side_and_never_touch_each_other(player: Player) -> None:
    """Every step of the one is taken while the other waits in the same state, by button and by mention in turn."""
    await approved(player)
    first = card(player)
    await approved(player, version="v1.3.0", commit="fff9999")
    second = card(player)
    for head, mine, other in ((first, "v1.2.0", "v1.3.0"), (second, "v1.3.0", "v1.2.0")):
        await player.click(TANIA, player.person(TANIA).message(head.ts), "Sign off")
        assert mine in thread_of(player, head)
        assert "Signed off" in thread_of(player, head)
        assert other not in thread_of(player, head)
    for head, commit in ((first, "abc123"), (second, "fff9999")):
        await player.click(JANE, player.person(JANE).message(head.ts), "Plan deployment")
        await player.send(JANE, **PLAN)
        await player.mention(CHARLIE, "confirm", head, "#releases")
        assert commit in text_of(player, head)
    await player.playground.advance(DEPLOYMENT_AT)
    await player.mention(JANE, "start commit=fff9999", second, "#releases")
    assert "Being deployed" in text_of(player, second)
    assert "Scheduled" in text_of(player, first)
    await player.mention(JANE, "start commit=fff9999", first, "#releases")
    assert "abc123" in whispered(player, JANE)
    assert "Scheduled" in text_of(player, first)


async def test_a_form_of_one_release_never_fills_the_other(player: Player) -> None:
    """Jane opens the form of the older release, and only then clicks around in the younger."""
    await approved(player)
    first = card(player)
    await approved(player, version="v1.3.0", commit="fff9999")
    second = card(player)
    for head in (first, second):
        await player.click(TANIA, head, "Sign off")
    await player.click(JANE, player.person(JANE).message(first.ts), "Plan deployment")
    assert player.person(JANE).view.title == "Plan deployment v1.2.0"
    await player.send(JANE, **PLAN)
    assert "16:00 UTC" in text_of(player, first)
    assert "Acknowledged" not in thread_of(player, second)


async def test_a_form_that_was_open_while_others_acted_is_told_what_happened_and_changes_nothing(
    player: Player,
) -> None:
    """Jane fills her plan while Tania objects; her words stay in the form."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment")
    await player.step(TANIA, RELEASES, "Object", reason="STORY-130 exports empty files")
    with pytest.raises(RefusedError) as refused:
        await player.send(JANE, **PLAN)
    assert "Tania Petrova took “Object”" in " ".join(refused.value.errors.values())
    assert player.person(JANE).views_open == 1
    assert await steps_taken(player) == ["approve", "cosign", "object"]


async def test_an_offered_form_grows_stale_like_any_other_button(player: Player) -> None:
    """Jane asks for the plan's form in the thread, plans by the card, and finds the offer again after QA's answer."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.mention(JANE, "plan", card(player), "#releases")
    offer = player.person(JANE).ephemerals[-1]
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Propose another time", when=DEPLOYMENT_AT, reason="Later, please")
    await player.click(JANE, offer, "Plan deployment")
    assert player.person(JANE).views_open == 0
    assert "Charlie Wilson took “Propose another time”" in whispered(player, JANE)


async def test_a_view_that_is_submitted_twice_is_one_release(player: Player) -> None:
    """A double click on the form's button, or Slack's own repeat: the same view."""
    player.playground.slack.limits.enabled = False
    await player.command(CHARLIE, "/release approve", "#releases")
    view = await player.person(CHARLIE).opened()
    view.fill(**{name: "\n".join(value) if isinstance(value, list) else value for name, value in APPROVAL.items()})
    player.playground.slack.faults.duplicate_next()
    assert (await view.submit()).result == "closed"
    await player.playground.settled()
    assert await steps_taken(player) == ["approve"]
    assert len(player.person(CHARLIE).messages("#releases")) == 1


async def test_the_same_step_from_two_devices_at_once_is_taken_once_and_the_other_is_told(player: Player) -> None:
    """QA's timing, clicked five times at once."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    seen = card(player)
    await asyncio.gather(*(player.person(CHARLIE).click(seen, "Time works") for _ in range(5)))
    await player.playground.settled()
    assert (await steps_taken(player)).count("confirm") == 1
    assert len(player.person(CHARLIE).ephemerals) == 4
    assert "Charlie Wilson took “Time works”" in whispered(player, CHARLIE)


async def test_of_two_opposite_clicks_at_once_one_wins_and_the_other_learns_why_it_did_not(player: Player) -> None:
    """Charlie agrees to the time in the moment in which John withdraws the release."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    seen = card(player)
    await player.click(JOHN, seen, "Withdraw")
    john = await player.person(JOHN).opened()
    john.fill(reason="The customer's fair is tomorrow")
    _, outcome = await asyncio.gather(player.person(CHARLIE).click(seen, "Time works"), john.submit())
    await player.playground.settled()
    [last] = {*await steps_taken(player)} - {"approve", "cosign", "plan"}
    if last == "confirm":
        assert "Charlie Wilson took “Time works”" in " ".join((outcome.errors or {}).values())
    else:
        assert "John Doe took “Withdraw”" in whispered(player, CHARLIE)


async def test_two_approvals_of_one_version_at_once_are_one_release(player: Player) -> None:
    """The unique key of open releases decides; the second is told of the first."""
    line = (
        '/release approve v1.2.0 sprint="Sprint 16" commit=abc123 stories_tested=3 stories_total=3 bugs_found=5 '
        'bugs_fixed=5 regression=passed smoke=passed changes="STORY-123" known_issues=None rollback_threshold=>5%'
    )
    await asyncio.gather(*(player.person(CHARLIE).command(line, "#releases") for _ in range(4)))
    await player.playground.settled()
    assert len(player.person(CHARLIE).messages("#releases")) == 1
    told = [player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).ephemerals]
    assert sum("has an open release already" in one for one in told) == 3
    assert sum("is waiting for sign-offs" in one and "already" not in one for one in told) == 1


async def test_a_note_makes_no_button_stale(player: Player) -> None:
    """It changes no state; whoever looked at the card before may click on."""
    await approved(player)
    seen = card(player)
    await player.mention(JANE, "note Backups are verified", seen, "#releases")
    await player.click(TANIA, seen, "Sign off")
    assert "✅ Tech Lead" in says(player)


async def test_a_button_of_a_release_that_is_over_says_so(player: Player) -> None:
    """Somebody scrolls up to last week's card in another window."""
    await scheduled(player)
    seen = card(player)
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not today")
    before = await steps_taken(player)
    await player.click(JANE, seen, "Start deployment")
    told = whispered(player, JANE)
    assert "Charlie Wilson took “Withdraw”" in told
    assert "The release is withdrawn" in told
    assert await steps_taken(player) == before


async def test_the_watchs_end_and_a_rollback_in_the_same_moment_are_one_or_the_other(player: Player) -> None:
    """The clock completes while Tania's rollback form is open: her alarm counts: it has no formalities."""
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await player.step(TANIA, RELEASES, "Roll back")
    await player.playground.advance(DEPLOYMENT_AT.replace(hour=19))
    assert (await steps_taken(player))[-1] == "complete"
    await player.send(TANIA, issue="Orders fail", target="v1.1.0")
    assert (await steps_taken(player))[-1] == "roll_back"
    assert "ROLLBACK NEEDED" in last_words(player)
