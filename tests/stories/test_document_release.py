"""The dialogue of the first document, from approval to completion, over both of Slack's ways in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.pace import Pace
from playground.player import Player
from playground.run import Playground, playing
from playground.seed import CHARLIE, JANE, JOHN, PAVEL, RELEASES, TANIA
from tests.stories.blocking import nothing_blocks
from tests.stories.the_document import APPROVAL, DEPLOYED, DEPLOYMENT_AT, LINES, PLAN, SMOKE, STARTS_AT


@pytest.fixture(params=["http", "socket"])
async def playground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Playground]:
    """A team with nothing in flight, on the afternoon of the document's release."""
    socket_mode = request.param == "socket"
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT, socket_mode=socket_mode
    ) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield playground


def in_plain_words(text: str) -> str:
    """A text without the signs that only dress it."""
    return text.replace("*", "").replace("`", "").replace("\u2060", "")


async def approve(player: Player) -> str:
    """QA approves; the announcement as the channel reads it then."""
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **APPROVAL)
    return read_thread(player)


def read_thread(player: Player) -> str:
    """The release's thread, its head first."""
    qa = player.person(CHARLIE)
    card, *_ = qa.messages("#releases")
    return in_plain_words("\n".join(qa.text_of(message) for message in qa.thread(card)))


async def play_on(player: Player) -> None:
    """What follows: sign-off, plan, timing, deployment, smoke test, and the two hours of watch."""
    playground = player.playground
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Time works")
    await playground.advance(DEPLOYMENT_AT - timedelta(minutes=7))
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    await playground.advance(DEPLOYMENT_AT + timedelta(minutes=5))
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await playground.advance(DEPLOYMENT_AT + timedelta(minutes=13))
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await playground.advance(DEPLOYMENT_AT + timedelta(hours=2, minutes=14))


async def test_the_documents_release_is_played_from_approval_to_completion(playground: Playground) -> None:
    """Every line of the document is found in the thread, in its own words and with its own values."""
    player = Player(playground)
    announced = await approve(player)
    await play_on(player)
    said = read_thread(player)
    assert [line for line in LINES if line not in announced + said] == []
    assert said.startswith("✅ Release v1.2.0 is complete and verified")
    qa = playground.slack.person(CHARLIE)
    card, *_ = qa.messages("#releases")
    assert qa.buttons_of(card) == ["Checklist", "Roll back"]


async def test_the_channel_hears_three_messages_and_nobody_else_is_called(playground: Playground) -> None:
    """Approved, deployed, complete. PM and Release Manager are not mentioned by anything but the team's own group."""
    player = Player(playground)
    await approve(player)
    await play_on(player)
    heard = playground.slack.person(PAVEL).messages("#releases")
    assert len(heard) == 3
    for bystander in (PAVEL, JOHN):
        _, mentions = playground.slack.person(bystander).unread("#releases")
        assert mentions == 2  # the team, at the deployment and at the end
    assert playground.slack.person(PAVEL).direct_messages == []
    told = playground.slack.person(JOHN).direct_messages
    assert all(message.text.startswith("⏱️") for message in told)  # his entries of the release day


async def test_the_card_announces_the_approval_in_the_documents_words(playground: Playground) -> None:
    """Before anybody answers, the head of the thread is the document's approval."""
    player = Player(playground)
    await approve(player)
    [card] = playground.slack.person(JANE).messages("#releases")
    text = in_plain_words(playground.slack.person(JANE).text_of(card))
    assert text.startswith("🚀 Release Approved: v1.2.0\n")
    assert "⏳ Tech Lead: awaited" in text
    assert "Approved for production deployment." not in text
    assert playground.slack.person(JANE).buttons_of(card) == ["Checklist", "Sign off", "Object", "Revise", "Withdraw"]
