"""The rollback of the first document, in an incident channel, over both of Slack's ways in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from playground.seed import CHARLIE, INCIDENTS, JANE, RELEASES, TANIA
from tests.stories.blocking import nothing_blocks
from tests.stories.test_document_environment import assert_in_order
from tests.stories.test_document_release import in_plain_words
from tests.stories.test_rollback import deployed, head, heads
from tests.stories.the_document import STARTS_AT
from tests.stories.the_rollback import ALARM, ALARM_AT, CARD_LINES, DONE, THREAD_LINES, VERIFIED


@pytest.fixture(params=["http", "socket"])
async def player(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Player]:
    """A team whose v1.1.0 was verified a day before."""
    socket_mode = request.param == "socket"
    starts_at = STARTS_AT - timedelta(days=1)
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=starts_at, socket_mode=socket_mode
    ) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            player = Player(playground)
            await deployed(player, "v1.1.0", starts_at + timedelta(minutes=40))
            await playground.advance(STARTS_AT)
            await deployed(player)
            yield player


async def test_the_documents_rollback(player: Player) -> None:
    """Section 5: asked for, decided, begun, done in four minutes, verified, closed with a post-mortem tomorrow."""
    playground = player.playground
    await playground.advance(ALARM_AT)
    await player.person(CHARLIE).invite_app("#incidents")
    await player.command(CHARLIE, "/rollback admin-logistic", "#incidents")
    await player.send(CHARLIE, **ALARM)
    qa = player.person(CHARLIE)
    assert_in_order(CARD_LINES, in_plain_words(qa.text_of(head(player))))
    assert heads(player, RELEASES)[-1].startswith("🔴 In Rollback: v1.2.0")
    await playground.advance(ALARM_AT + timedelta(minutes=2))
    await player.step(TANIA, INCIDENTS, "Roll back")
    await playground.advance(ALARM_AT + timedelta(minutes=3))
    await player.step(JANE, INCIDENTS, "Begin rollback", eta="5")
    await playground.advance(ALARM_AT + timedelta(minutes=7))
    await player.step(JANE, INCIDENTS, "Rollback done", **DONE)
    await player.step(CHARLIE, INCIDENTS, "Testing…")
    await player.step(CHARLIE, INCIDENTS, "Works again", **VERIFIED)
    await player.step(TANIA, INCIDENTS, "Close", investigators="Bob Johnson")
    said = "\n".join(in_plain_words(qa.text_of(one)) for one in qa.thread(head(player))[1:])
    assert_in_order(THREAD_LINES, said)
    assert any(one.startswith("⏪ Rolled Back: v1.2.0") for one in heads(player, RELEASES))
    broadcast = [one for one in qa.messages(INCIDENTS) if one.broadcast]
    assert len(broadcast) == 2  # begun, done; with the card the three that a rollback costs a channel
