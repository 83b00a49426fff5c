"""Slack fails, the store is busy, people press at once, the process stops: nothing is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from playground.slack.model import Message
from playground.slack.rate_limits import Rate, Tier
from tests.stories.test_bad_input import TYPED, whispered
from tests.stories.test_release_paths import approved, card, last_words, says
from tests.stories.the_document import STARTS_AT


def keys(player: Player) -> list[str]:
    """The outbox keys of all that was posted in the channel's threads, by Slack's own record."""
    heads = player.person(CHARLIE).messages("#releases")
    posted = [message for head in heads for message in player.person(CHARLIE).thread(head)]
    return [message.metadata["event_payload"]["key"] for message in posted if message.metadata]


@pytest.mark.parametrize("trouble", ["ratelimited", "reset", "accepted_then_dropped", "server_error"])
async def test_a_post_that_fails_is_made_once_in_the_end(player: Player, trouble: str) -> None:
    """Also where Slack had taken it and the answer was lost: it is looked up before it is sent again."""
    player.playground.slack.faults.next_calls("chat.postMessage", trouble)  # type: ignore[arg-type]  # one of its names
    await player.command(CHARLIE, f"/release {TYPED}", "#releases")
    await player.person(CHARLIE).sees("Release Approved: v1.2.0", timeout=20)
    await player.playground.settled()
    assert len(player.person(CHARLIE).messages("#releases")) == 1
    assert len(set(keys(player))) == len(keys(player))


async def test_two_people_who_press_at_once_take_one_step(player: Player) -> None:
    """A double click, and the same button by one person on two devices."""
    await approved(player)
    seen = card(player)
    tania = player.person(TANIA)
    await asyncio.gather(*(tania.click(seen, "Sign off") for _ in range(5)))
    await player.playground.settled()
    signed = [one for one in tania.thread(card(player)) if "Signed off" in tania.text_of(one)]
    assert len(signed) == 1
    assert "earlier moment" in whispered(player, TANIA) or "signed v1.2.0 already" in whispered(player, TANIA)


async def test_an_event_that_slack_delivers_twice_has_one_effect(player: Player) -> None:
    """The same event_id, to the letter."""
    await approved(player)
    player.playground.slack.faults.duplicate_next()
    await player.mention(JANE, "note Backups are verified", card(player), "#releases")
    jane = player.person(JANE)
    notes = [one for one in jane.thread(card(player)) if jane.text_of(one).startswith("📝")]
    assert len(notes) == 1


async def test_a_busy_store_says_that_nothing_was_recorded_and_the_repeat_is_safe(player: Player) -> None:
    """Another process holds the database's lock for longer than a click may wait."""
    await approved(player)
    path = player.playground.application.environment.database

    def hold() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        return connection

    held = await asyncio.to_thread(hold)
    await player.person(TANIA).click(card(player), "Sign off")
    held.execute("ROLLBACK")
    held.close()
    await player.playground.settled()
    assert "not recorded" in whispered(player, TANIA)
    assert "⏳ Tech Lead: awaited" in says(player)
    await player.step(TANIA, RELEASES, "Sign off")
    assert "✅ Tech Lead" in says(player)


async def test_roles_that_cannot_be_looked_up_are_not_held_and_the_reason_is_told(player: Player) -> None:
    """Fails closed: a group that Slack will not tell."""
    player.playground.slack.faults.refuse_next("usergroups.users.list", "fatal_error", times=50)
    player.playground.slack.faults.refuse_next("users.info", "fatal_error", times=50)
    await player.playground.advance(STARTS_AT + timedelta(hours=1))
    await player.command(CHARLIE, "/release approve", "#releases")
    assert "could not be checked" in whispered(player, CHARLIE)
    assert player.person(CHARLIE).views_open == 0


async def test_an_unknown_button_form_and_shortcut_are_acknowledged_and_logged(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    """As after an update: a message from before has a button nobody knows any more."""
    slack = player.playground.application.slack
    from bot.messages.message import Message  # noqa: PLC0415 - this test alone speaks past the outbox

    button = {"type": "button", "text": {"type": "plain_text", "text": "Old"}, "action_id": "retired", "value": "1"}
    old = Message("old", ({"type": "actions", "elements": [button]},))
    posted = await slack.post(RELEASES, old, key="old")
    with caplog.at_level(logging.WARNING):
        await player.click(CHARLIE, player.person(CHARLIE).message(posted.ts), "Old")
    assert "don't know this any more" in whispered(player, CHARLIE)
    assert any(getattr(record, "action", "") == "unknown_interaction" for record in caplog.records)


async def test_what_was_committed_is_said_after_a_restart_and_once(tmp_path: Path) -> None:
    """Slack takes nothing until the process ends; the next process says it all, in order."""
    database = tmp_path / "x.db"
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT) as before:
        before.slack.faults.next_calls("chat.postMessage", "server_error", times=100)
        player = Player(before)
        await player.command(CHARLIE, f"/release {TYPED}", "#releases")
        assert player.person(CHARLIE).messages("#releases") == []
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT + timedelta(minutes=10)) as after:
        player = Player(after)
        await after.settled()
        assert len(player.person(CHARLIE).messages("#releases")) == 1
        await player.step(TANIA, RELEASES, "Sign off")
        assert "Signed off" in last_words(player)


async def test_it_starts_while_slack_cannot_be_reached(tmp_path: Path) -> None:
    """Every call fails at first; a command that needs nobody looked up is answered all the same."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT) as playground:
        playground.slack.faults.next_calls("*", "reset", times=20)
        player = Player(playground)
        await player.command(CHARLIE, "/release list", "#releases")
        assert "No release of admin-logistic is under way" in whispered(player, CHARLIE)


@pytest.mark.parametrize("trouble", ["lost answers", "too many requests"])
async def test_a_message_of_many_parts_that_breaks_off_in_the_middle_is_completed_and_no_part_is_said_twice(
    player: Player, trouble: str
) -> None:
    """A hundred long changes need several messages; some answers are lost, or Slack asks for a pause in between."""
    changes = "; ".join(f"CHANGE-{number:03d} {'x' * 250}" for number in range(100))
    slack = player.playground.slack
    if trouble == "lost answers":
        slack.faults.next_calls("chat.postMessage", "accepted_then_dropped", times=3)
    else:
        slack.limits.enabled = True
        slack.limits.rates = {**slack.limits.rates, Tier.POSTING: Rate(per_minute=600, burst=4)}
    await player.command(CHARLIE, f"/release {TYPED.replace('STORY-123', changes)}", "#releases")

    def all_is_said(_: Message) -> bool:
        head, *_rest = player.person(CHARLIE).messages("#releases")
        shown = " ".join(player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).thread(head))
        return all(f"CHANGE-{number:03d}" in shown for number in range(100))

    await player.person(CHARLIE).sees(all_is_said, channel="#releases", timeout=30)
    await player.playground.settled()
    assert len(keys(player)) > 4
    assert len(set(keys(player))) == len(keys(player))
