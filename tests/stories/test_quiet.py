"""Who is disturbed by a release, and how often: the awaited, once, where the work is."""

from __future__ import annotations

from datetime import timedelta

from playground.player import Player
from playground.seed import CHARLIE, JANE, PEOPLE, RELEASES, TANIA
from playground.slack.mentions import EVERYBODY
from tests.stories.test_release_paths import approved, card, deployed
from tests.stories.the_document import DEPLOYED, DEPLOYMENT_AT, PLAN, SMOKE


class Disturbed:
    """Counts who was mentioned since it was asked last."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._seen = self._mentions()

    def _mentions(self) -> dict[str, int]:
        return {user: self._player.person(user).unread("#releases")[1] for user, *_ in PEOPLE}

    def since(self, *, but: str = "") -> dict[str, int]:
        """User ids with how often they were mentioned, those who were not left out; and `but`, who just acted."""
        before, self._seen = self._seen, self._mentions()
        found = {user: count - before[user] for user, count in self._seen.items() if count > before[user]}
        return {user: count for user, count in found.items() if user != but}


EVERYONE = {user: 1 for user, *_ in PEOPLE}


async def test_each_step_calls_whoever_is_awaited_next_once_and_nobody_else(player: Player) -> None:
    """The team's group hears the two announcements that name it in the document: deployed, and complete."""
    disturbed = Disturbed(player)
    await approved(player)
    # The document's sign-offs name who gave them: “QA: @qa-engineer”.
    assert disturbed.since(but=CHARLIE) == {TANIA: 1}
    await player.step(TANIA, RELEASES, "Sign off")
    assert disturbed.since() == {JANE: 1}
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    assert disturbed.since() == {CHARLIE: 1}
    await player.step(CHARLIE, RELEASES, "Time works")
    assert disturbed.since() == {JANE: 1}
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    assert disturbed.since() == {}
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    assert disturbed.since() == EVERYONE
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    assert disturbed.since() == {}
    await player.playground.advance(DEPLOYMENT_AT + timedelta(hours=3))
    assert disturbed.since() == EVERYONE


async def test_the_channel_itself_hears_approved_deployed_and_complete_and_everything_else_stays_in_the_thread(
    player: Player,
) -> None:
    """Also where the time is renegotiated, a plan is revised, and notes are written."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Object", reason="STORY-130 exports empty files")
    await player.step(CHARLIE, RELEASES, "Revise", commit="def4567")
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Propose another time", when=DEPLOYMENT_AT, reason="In a demo")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="def4567")
    await player.step(JANE, RELEASES, "Deployment failed", reason="The migration timed out")
    await player.step(TANIA, RELEASES, "Continue", reason="Run it again")
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await player.step(JANE, RELEASES, "Watch longer", minutes="60")
    await player.playground.advance(DEPLOYMENT_AT + timedelta(hours=4))
    person = player.person(CHARLIE)
    heard = [person.text_of(one).replace("*", "").splitlines()[0] for one in person.messages("#releases")]
    assert len(heard) == 3
    assert heard[0] == "✅ Release v1.2.0 is complete and verified"
    assert "Deployed to Production" in heard[1]
    assert "Perfect!" in heard[2]
    assert len(person.thread(card(player))) >= 14


async def test_reminders_are_private_and_the_channel_hears_nothing_of_them(player: Player) -> None:
    """A whole day without an answer: two people are asked in private, the thread stays as it was."""
    await approved(player)
    said = len(player.person(CHARLIE).thread(card(player)))
    disturbed = Disturbed(player)
    await player.playground.advance(player.playground.now() + timedelta(hours=24))
    assert disturbed.since() == {}
    assert len(player.person(CHARLIE).thread(card(player))) == said
    assert sum(len(player.person(user).direct_messages) for user, *_ in PEOPLE) == 2


async def test_nobody_is_called_with_channel_or_here_whatever_happens(player: Player) -> None:
    """Not even when production is to be rolled back."""
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Smoke failed", results=["Login: Fail (500)"], duration="3")
    await player.step(TANIA, RELEASES, "Roll back", severity="P0 — Production down", issue="No login", target="v1.1.0")
    await player.step(JANE, RELEASES, "Begin rollback", eta="2")
    await player.step(JANE, RELEASES, "Rollback done", duration="4", checks=["Login: OK"])
    await player.step(CHARLIE, RELEASES, "Works again", seen="Login works")
    for message in player.person(CHARLIE).thread(card(player)):
        assert not message.pings & set(EVERYBODY)
