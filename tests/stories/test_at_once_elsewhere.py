"""Two people, or one twice, at the same moment in the dialogues beside the release: what was taken is taken once."""

from __future__ import annotations

import asyncio

from bot.store.interface import Reader
from playground.player import Player
from playground.seed import CHARLIE, INCIDENTS, JANE, JOHN, PAVEL, RELEASES, TANIA
from tests.stories.test_bad_input import whispered
from tests.stories.test_rollback import alarm
from tests.stories.test_rollback import head as rollback_card
from tests.stories.the_environment import ISSUE, REQUEST


async def steps_taken(player: Player, dialogue: str) -> list[str]:
    """The steps of a dialogue's latest conversation, as they are recorded."""

    def taken(reader: Reader) -> list[str]:
        [record] = reader.find(dialogue, limit=1)
        return [event.step for event in reader.events(record.id)]

    return await player.playground.application.store.read(taken)


async def refused(player: Player, *people: str) -> list[str]:
    """What those read who came too late, of people who clicked at the same moment."""
    await player.playground.settled()
    return [whispered(player, one) for one in people if player.person(one).ephemerals]


async def test_two_who_decide_on_a_rollback_at_the_same_moment_decide_it_once(player: Player) -> None:
    await alarm(player, version="v1.2.0")
    card = rollback_card(player)
    both = (player.person(one).click(card, "Roll back", confirm=True) for one in (TANIA, JOHN))
    await asyncio.gather(*both)
    [told] = await refused(player, TANIA, JOHN)
    assert "took “Roll back”" in told
    assert await steps_taken(player, "rollback") == ["request", "decide"]


async def test_a_decision_and_a_raised_severity_at_the_same_moment_begin_one_way_back(player: Player) -> None:
    await alarm(player, version="v1.2.0")
    card = rollback_card(player)
    await asyncio.gather(
        player.person(TANIA).click(card, "Roll back", confirm=True),
        player.person(JANE).click(card, "Raise to P0", confirm=True),
    )
    assert len(await refused(player, TANIA, JANE)) == 1
    assert len(await steps_taken(player, "rollback")) == 2


async def test_one_voice_clicked_twice_at_once_is_heard_once(player: Player) -> None:
    await alarm(player, version="v1.2.0")
    card = rollback_card(player)
    await asyncio.gather(*(player.person(JOHN).click(card, "In favour") for _ in range(2)))
    [told] = await refused(player, JOHN)
    assert "You have said so already" in told
    assert await steps_taken(player, "rollback") == ["request", "favour"]


async def test_two_who_fill_the_same_form_of_a_rollback_begin_it_once(player: Player) -> None:
    """Whoever is later keeps the form, and reads in it what happened."""
    await alarm(player, version="v1.2.0", severity="P0 — Production down", target="v1.1.0")
    card = rollback_card(player)
    for one in (JANE, TANIA):
        await player.click(one, card, "Begin rollback")
    filled = [(await player.person(one).opened()).fill(eta="5") for one in (JANE, TANIA)]
    outcomes = await asyncio.gather(*(one.submit() for one in filled))
    await player.playground.settled()
    [late] = [outcome for outcome in outcomes if outcome.result != "closed"]
    assert "took “Begin rollback”" in " ".join((late.errors or {}).values())
    assert (await steps_taken(player, "rollback")).count("initiate") == 1
    assert sum("INITIATING" in player.person(TANIA).text_of(one) for one in player.person(TANIA).thread(card)[1:]) == 1


async def test_an_issue_is_taken_up_once_however_often_it_is_clicked(player: Player) -> None:
    started = player.playground.now()
    await player.command(CHARLIE, "/env issue", "#releases")
    await player.send(CHARLIE, **(ISSUE | {"started": started}))
    card = player.message_with(JANE, RELEASES, "Look into it")
    await asyncio.gather(*(player.person(JANE).click(card, "Look into it") for _ in range(3)))
    await player.playground.settled()
    assert await steps_taken(player, "environment_issue") == ["report", "investigate"]


async def test_a_request_that_is_planned_and_withdrawn_at_once_has_one_end(player: Player) -> None:
    await player.command(CHARLIE, "/env request", "#releases")
    await player.send(CHARLIE, **REQUEST)
    card = player.message_with(JANE, RELEASES, "Decline")
    await player.click(JANE, card, "Decline")
    await player.click(CHARLIE, card, "Withdraw")
    filled = [(await player.person(one).opened()).fill(reason="Not needed") for one in (JANE, CHARLIE)]
    outcomes = await asyncio.gather(*(one.submit() for one in filled))
    await player.playground.settled()
    assert [outcome.result for outcome in outcomes].count("closed") == 1
    assert len(await steps_taken(player, "environment_request")) == 2


async def test_all_who_acknowledge_at_the_same_moment_are_kept(player: Player) -> None:
    """Nobody's word is lost, and nobody hears that somebody else was faster."""
    await player.command(JANE, '/release escalate situation=production_down details="500"', "#releases")
    card = player.message_with(TANIA, RELEASES, "Acknowledge")
    await asyncio.gather(*(player.person(one).click(card, "Acknowledge") for one in (TANIA, PAVEL)))
    assert await refused(player, TANIA, PAVEL) == []
    assert await steps_taken(player, "escalation") == ["raise", "acknowledge", "acknowledge"]


async def test_a_freeze_that_two_lift_at_once_is_lifted_once(player: Player) -> None:
    await player.command(JOHN, "/release freeze admin-logistic Moving", "#releases")
    await asyncio.gather(
        *(player.person(one).command("/release unfreeze FRZ-1 Done", "#releases") for one in (TANIA, JOHN))
    )
    told = await refused(player, TANIA, JOHN)
    assert sum("is not possible for FRZ-1 now" in one for one in told) == 1
    assert await steps_taken(player, "freeze") == ["freeze", "lift"]


async def test_two_alarms_of_one_version_at_the_same_moment_are_one(player: Player) -> None:
    """From two channels, spelt differently."""
    await player.person(CHARLIE).invite_app("#incidents")
    await asyncio.gather(
        player.person(CHARLIE).command("/rollback admin-logistic v1.2.0 severity=P0", "#incidents"),
        player.person(TANIA).command("/rollback admin-logistic 1.2.0 severity=P0", "#releases"),
    )
    await player.playground.settled()
    told = [whispered(player, one) for one in (CHARLIE, TANIA)]
    assert sum("is being rolled back already" in one for one in told) == 1
    heads = [
        player.person(TANIA).text_of(one)
        for channel in (INCIDENTS, RELEASES)
        for one in player.person(TANIA).messages(channel)
        if one.thread_ts in (None, one.ts)
    ]
    assert sum("ROLLBACK NEEDED" in one for one in heads) == 1
    assert await steps_taken(player, "rollback") == ["request"]
