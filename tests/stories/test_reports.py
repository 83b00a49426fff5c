"""What is written once it is over: the draft in the thread, and `report` wherever it is asked for."""

from __future__ import annotations

from datetime import timedelta

from playground.player import Player
from playground.seed import CHARLIE, INCIDENTS, JANE, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.test_rollback import alarm, deployed, head


def written(message: Message) -> str:
    """The text to be copied of a message."""
    return "\n".join(
        block["elements"][0]["elements"][0]["text"] for block in message.blocks if block["type"] == "rich_text"
    )


async def rolled_back(player: Player) -> None:
    await alarm(player, severity="P0 — Production down", version="v1.2.0")
    await player.step(JANE, INCIDENTS, "Begin rollback", target="v1.1.0", eta="2")
    await player.playground.advance(player.playground.now() + timedelta(minutes=4))
    await player.step(JANE, INCIDENTS, "Rollback done", duration="4", checks=["API health: OK"])
    await player.step(CHARLIE, INCIDENTS, "Works again", seen="Orders work")


async def test_at_the_closing_the_post_mortem_is_drafted_in_the_thread(player: Player) -> None:
    await rolled_back(player)
    await player.step(TANIA, INCIDENTS, "Close", words="Which migration broke it")
    thread = player.person(TANIA).thread(head(player))
    draft = written(thread[-1])
    assert "# Post-mortem: v1.2.0 of Admin Logistic (production)" in draft
    assert "| 2024-01-16 15:24 | Jane Smith (DevOps) | Rollback done | v1.1.0; 4 min |" in draft
    assert "Recovery target missed" in draft
    assert "To be clear before the next deployment:\n\nWhich migration broke it" in draft
    assert thread[-1].pings == frozenset()


async def test_the_post_mortem_is_given_again_to_whoever_asks(player: Player) -> None:
    """With the names of those who are to investigate, and what happened since."""
    await rolled_back(player)
    await player.step(TANIA, INCIDENTS, "Close", investigators="Bob Johnson")
    await player.command(JANE, "/rollback report v1.2.0", "#incidents")
    assert "Investigated by: Bob Johnson" in written(player.person(JANE).ephemerals[-1])
    await player.mention(CHARLIE, "report", head(player), "#incidents")
    assert "| Tania Petrova (Tech Lead) | Close |" in written(player.person(CHARLIE).ephemerals[-1])
    await player.command(JANE, "/rollback report", "#releases")
    assert "# Post-mortem: v1.2.0" in written(player.person(JANE).ephemerals[-1])


async def test_a_release_is_reviewed_by_its_version(player: Player) -> None:
    await deployed(player)
    await player.command(JANE, "/release report v1.2.0", "#releases")
    review = written(player.person(JANE).ephemerals[-1])
    assert "# Post-deployment review: v1.2.0 of Admin Logistic (production)" in review
    assert "| Order Tracking (new) | Pass |" in review
    head_of_release = player.message_with(TANIA, RELEASES, "Roll back")
    await player.mention(JANE, "report", head_of_release, "#releases")
    assert written(player.person(JANE).ephemerals[-1]).startswith("# Post-deployment review")


async def test_what_is_meant_is_asked_where_it_is_not_clear(player: Player) -> None:
    await player.command(JANE, "/release report", "#releases")
    jane = player.person(JANE)
    assert "No release is under way here." in jane.text_of(jane.ephemerals[-1])
    assert "/release report v1.2.0" in jane.text_of(jane.ephemerals[-1])
    await player.command(JANE, "/rollback report v9.9.9", "#releases")
    assert "I know no rollback of v9.9.9" in jane.text_of(jane.ephemerals[-1])


async def test_a_long_report_follows_in_order(player: Player) -> None:
    """Several private messages, of which none is missing."""
    await rolled_back(player)
    for number in range(30):
        await player.mention(JANE, f"note {number} {'x' * 900}", head(player), "#incidents")
    before = len(player.person(JANE).ephemerals)
    await player.command(JANE, "/rollback report v1.2.0", "#incidents")
    told, *parts = player.person(JANE).ephemerals[before:]
    whole = "\n".join(map(written, (told, *parts)))
    assert len(parts) >= 2
    assert [whole.find(f"| {number} xxx") > 0 for number in range(30)] == [True] * 30
    assert whole.index("| 0 xxx") < whole.index("| 29 xxx") < whole.index("## Root cause")
