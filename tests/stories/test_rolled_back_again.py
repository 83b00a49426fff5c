"""A version is released again while its earlier rollback waits for its post-mortem: it has a way back again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.dialogues import DIALOGUES
from bot.core.observation import Finding
from bot.core.surroundings import BACK
from bot.store.interface import Reader
from bot.store.migrations import MIGRATIONS
from playground.player import Player
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from tests.stories.test_rollback import deployed
from tests.stories.the_rollback import DONE, VERIFIED


async def states(player: Player, dialogue: str) -> list[str]:
    """Of a dialogue's conversations, the latest first."""

    def read(reader: Reader) -> list[str]:
        return [record.state for record in reader.find(dialogue)]

    return await player.playground.application.store.read(read)


async def back(player: Player) -> None:
    """The rollback that is asked for, until it is verified."""
    await player.step(JANE, RELEASES, "Begin rollback", target="v1.0.9", eta="5")
    await player.step(JANE, RELEASES, "Rollback done", version="v1.0.9", **DONE)
    await player.step(CHARLIE, RELEASES, "Works again", **VERIFIED)


async def released_again(player: Player) -> None:
    """Its first rollback is verified and closed, its post-mortem is tomorrow."""
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Roll back", severity="P0", target="v1.0.9")
    await back(player)
    await player.step(TANIA, RELEASES, "Close", post_mortem_at=player.playground.now() + timedelta(days=1))
    await player.step(TANIA, RELEASES, "Lift freeze", reason="It was the courier's side")
    await deployed(player)
    assert await states(player, "rollback") == ["awaiting_postmortem"]


async def by_its_button(player: Player) -> None:
    await player.step(CHARLIE, RELEASES, "Roll back", severity="P0", target="v1.0.9")


async def by_the_watch(player: Player) -> None:
    application = player.playground.application
    (release,) = await application.store.read(lambda reader: reader.find("release", is_open=True))
    answers = {"severity": "P0", "signal": "Error rate", "measured": "7.2%", "limit": "5%", "name": "errors"}
    answers["started_at"] = player.playground.now().isoformat()
    await application.watch.take(release.id, Finding("breach", "P0:errors", answers))
    await player.playground.settled()


async def by_command(player: Player) -> None:
    await player.command(TANIA, "/rollback admin-logistic 1.2.0 severity=P0 target=v1.0.9", "#releases")


@pytest.mark.parametrize("asked", [by_its_button, by_the_watch, by_command])
async def test_a_version_that_was_released_again_is_rolled_back_again(player: Player, asked: object) -> None:
    """A rollback of its own, that DevOps is called to; the first one keeps its post-mortem."""
    await released_again(player)
    assert callable(asked)
    await asked(player)
    assert await states(player, "release") == ["rolling_back", "rolled_back"]
    assert await states(player, "rollback") == ["awaiting_start", "awaiting_postmortem"]
    await back(player)
    assert await states(player, "release") == ["rolled_back", "rolled_back"]
    assert await states(player, "rollback") == ["awaiting_closure", "awaiting_postmortem"]
    await player.step(TANIA, RELEASES, "Close", post_mortem_at=player.playground.now() + timedelta(days=1))
    assert await states(player, "rollback") == ["awaiting_postmortem"] * 2


async def test_one_that_is_under_way_still_has_no_other_beside_it(player: Player) -> None:
    await released_again(player)
    await by_its_button(player)
    await player.person(TANIA).command("/rollback admin-logistic v1.2.0 severity=P0", "#releases")
    await player.playground.settled()
    assert await states(player, "rollback") == ["awaiting_start", "awaiting_postmortem"]
    tania = player.person(TANIA)
    assert "is being rolled back already" in tania.text_of(tania.ephemerals[-1])


def test_the_database_knows_the_same_states_as_the_tables() -> None:
    """Those in which a conversation stands in nobody's way, of every dialogue; the rules read them as well."""
    settled = {state.name for dialogue in DIALOGUES.values() for state in dialogue.states if state.settled}
    assert settled == set(BACK) - {"closed"}
    for state in settled:
        assert f"state <> '{state}'" in MIGRATIONS["alike"]
    assert MIGRATIONS["alike"].count("state <>") == len(settled)
    others = {state.name for dialogue in DIALOGUES.values() if dialogue.name != "rollback" for state in dialogue.states}
    assert not others & settled, "another dialogue would not be kept unique"
