"""Production is on the version while its rollback waits to begin: its signals are looked at, in a real Prometheus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.service import read_conversation
from bot.store.interface import Reader
from playground.player import Player
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from tests.monitors.real_prometheus import Started, prometheus, write_past
from tests.stories.test_release_paths import deployed
from tests.stories.test_watch import heads, pass_time, series, state, that_say, thread, watched
from tests.stories.the_document import DEPLOYMENT_AT

BROKEN_AT, CHANGES_AT = DEPLOYMENT_AT + timedelta(minutes=12), DEPLOYMENT_AT + timedelta(minutes=24)


def errors(afterwards: float) -> list[tuple[datetime, float]]:
    """P1 for twelve minutes, and something else afterwards."""

    def value(at: datetime, chance: float) -> float:
        base = 0.1 if at < BROKEN_AT else 2.5 if at < CHANGES_AT else afterwards
        return max(0.0, base + 0.02 * chance)

    return series(value, 1)


PAST = {
    'errors{case="worsens"}': errors(12),
    'errors{case="passes"}': errors(0.1),
    'latency{case="quiet"}': series(lambda _, chance: 0.2 + 0.01 * chance, 4),
}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prometheus")
    write_past(folder, PAST)
    return folder


@pytest.fixture
async def started(past: Path) -> AsyncIterator[Started]:
    async with prometheus(past) as made:
        yield made


async def rollback_of(player: Player) -> str:
    """Its state and severity."""

    def read(reader: Reader) -> str:
        (record,) = reader.find("rollback")
        return f"{record.state} {read_conversation(record).severity}"

    return await player.playground.application.store.read(read)


async def deciding(player: Player) -> None:
    """A P1 breach was told, and QA asked for the rollback."""
    await deployed(player)
    await pass_time(player.playground, 16)
    assert await state(player) == "awaiting_decision"
    await player.step(CHARLIE, RELEASES, "Roll back", severity="P1", target="v1.1.0")
    assert await state(player) == "rolling_back"


def that_say_of_rollback(player: Player, words: str) -> list[str]:
    charlie = player.person(CHARLIE)
    texts = [charlie.text_of(message) for message in charlie.thread(heads(player)[1])]
    return [text for text in texts if words in text]


async def test_a_p1_that_worsens_while_it_is_decided_is_rolled_back_without_a_decision(
    tmp_path: Path, started: Started
) -> None:
    """Told once in the release's thread and once in the rollback's, where it can be begun."""
    async with watched(tmp_path, started.url, errors="worsens") as player:
        await deciding(player)
        assert await rollback_of(player) == "awaiting_decision P1"
        await pass_time(player.playground, 12)
        assert await rollback_of(player) == "awaiting_start P0"
        _, worse = that_say(player, "Rollback criterion breached")
        assert "is P0 now, and needs no decision" in worse
        assert len(that_say_of_rollback(player, "Now P0: production is down")) == 1
        assert that_say_of_rollback(player, "Error rate: 12")
        await pass_time(player.playground, 5)
        assert len(that_say(player, "Rollback criterion breached")) == 2
        await player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="5")
        before = thread(player)
        await pass_time(player.playground, 5)
        assert thread(player) == before


async def test_a_p1_that_passes_while_it_is_decided_is_told_once_and_the_release_goes_on(
    tmp_path: Path, started: Started
) -> None:
    """Declined for that, it is watched on, and what was told is not told again."""
    async with watched(tmp_path, started.url, errors="passes") as player:
        await deciding(player)
        await pass_time(player.playground, 14)
        (told,) = that_say(player, "Within its limit again")
        assert "where it can be called off" in told
        assert await rollback_of(player) == "awaiting_decision P1"
        await player.step(TANIA, RELEASES, "Decline", reason="It has passed")
        assert await state(player) == "awaiting_decision"
        await player.step(TANIA, RELEASES, "Continue", reason="It has passed")
        assert await state(player) == "awaiting_smoke"
        await pass_time(player.playground, 40)
        assert len(that_say(player, "Within its limit again")) == 1
        assert len(that_say(player, "Rollback criterion breached")) == 1


async def test_a_version_that_production_leaves_is_not_watched(tmp_path: Path, started: Started) -> None:
    """The errors end because another version is live: nobody is told that this one is well again."""
    async with watched(tmp_path, started.url, errors="passes") as player:
        await deciding(player)
        await player.step(TANIA, RELEASES, "Roll back")
        await player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="5")
        before = thread(player)
        await pass_time(player.playground, 20)
        assert thread(player) == before


async def test_a_restart_while_it_is_decided_tells_nothing_twice(tmp_path: Path, started: Started) -> None:
    """The next process goes on watching, and learns what was told from the release."""
    async with watched(tmp_path, started.url, errors="worsens") as player:
        await deciding(player)
        told, application = thread(player), player.playground.application
        await application.watch.stop()
        again = type(application.watch)(
            application.store,
            application.conversations,
            application.monitors.by_service,
            player.playground.clock,
            application.watch.alerts,
        )
        again.start()
        try:
            await again.settled()
            await player.playground.settled()
            assert thread(player) == told
        finally:
            await again.stop()
