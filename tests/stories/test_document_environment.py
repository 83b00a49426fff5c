"""The environment dialogues of the first document, over both of Slack's ways in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from playground.seed import CHARLIE, JANE, RELEASES
from tests.stories.blocking import nothing_blocks
from tests.stories.test_document_release import in_plain_words
from tests.stories.test_release_paths import card
from tests.stories.the_environment import (
    FINDINGS,
    ISSUE,
    ISSUE_LINES,
    PLAN,
    READY,
    REPORTED_AT,
    REQUEST,
    REQUEST_LINES,
    RESTORED,
    SECRET,
)


@pytest.fixture(params=["http", "socket"])
async def player(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Player]:
    """A team with nothing in flight."""
    socket_mode = request.param == "socket"
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=REPORTED_AT, socket_mode=socket_mode
    ) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)


def thread(player: Player) -> list[str]:
    """The messages of the latest card's thread as plain words, the card as it reads now first."""
    qa = player.person(CHARLIE)
    return [in_plain_words(qa.text_of(message)) for message in qa.thread(card(player))]


def assert_in_order(lines: tuple[str, ...], said: str) -> None:
    """Every line is said, each after the one before."""
    position = 0
    for line in lines:
        assert line in said[position:], f"{line!r} is not said after what comes before it in\n{said[position:]}"
        position = said.index(line, position)


async def test_the_documents_environment_issue(player: Player) -> None:
    """Section 3: reported, looked into, restored, verified."""
    await player.command(CHARLIE, "/env issue", "#releases")
    await player.send(CHARLIE, **ISSUE)
    [reported] = thread(player)
    head = reported.splitlines()[0]
    assert head == "🔴 Staging Environment Issue: ENV-1"
    await player.playground.advance(REPORTED_AT + timedelta(minutes=5))
    await player.step(JANE, RELEASES, "Update", **FINDINGS)
    await player.step(JANE, RELEASES, "Restored", **RESTORED)
    await player.step(CHARLIE, RELEASES, "Works again")
    now, *replies = thread(player)
    assert_in_order(ISSUE_LINES, "\n".join((_called(reported), *replies)))
    assert now.splitlines()[0] == "✅ Staging working again: ENV-1"


def _called(card_text: str) -> str:
    """The card with its call in front, as the document writes it: "@devops 🔴 Staging Environment Issue"."""
    head, *rest = card_text.splitlines()
    call = next(line for line in rest if line.startswith("👉"))
    return "\n".join((call, head, *rest))


async def test_the_documents_environment_request(player: Player) -> None:
    """Section 4: requested, planned, ready two days later, accepted; credentials reach the requester alone."""
    await player.command(CHARLIE, "/env request", "#releases")
    await player.send(CHARLIE, **REQUEST)
    [requested] = thread(player)
    await player.step(JANE, RELEASES, "Plan it", **PLAN)
    await player.playground.advance(REPORTED_AT + timedelta(days=2))
    await player.step(JANE, RELEASES, "Ready", **READY)
    await player.step(CHARLIE, RELEASES, "Accept")
    await player.mention(CHARLIE, "note Will start setting up k6 scripts.", card(player), "#releases")
    now, *replies = thread(player)
    assert_in_order(REQUEST_LINES, "\n".join((requested, *replies)))
    assert now.splitlines()[0] == "🟢 Perf Test Environment in use"
    charlie = player.person(CHARLIE)
    [message] = charlie.direct_messages
    assert SECRET in charlie.text_of(message)
    assert "Credentials of Perf Test Environment (REQ-1, admin-logistic) from Jane Smith" in in_plain_words(
        charlie.text_of(message)
    )
    assert SECRET not in "\n".join((requested, now, *replies))
