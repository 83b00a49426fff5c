"""The watch after the document's release, against a real Prometheus: what it tells, once, and what it leaves alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from bot.pace import Pace
from bot.settings import Configuration, load
from bot.store.interface import Reader
from playground.player import Player
from playground.run import CONFIGURATION, Playground, playing
from playground.seed import CHARLIE, RELEASES
from playground.slack.model import Message
from tests.monitors.real_prometheus import Started, prometheus, write_past
from tests.stories.blocking import nothing_blocks
from tests.stories.test_release_paths import deployed
from tests.stories.the_document import DEPLOYMENT_AT, SMOKE, STARTS_AT

EVERY = timedelta(seconds=30)
TURNED_UP = DEPLOYMENT_AT + timedelta(minutes=12)


def moments() -> Iterator[datetime]:
    """From three hours before the deployment to three hours after."""
    moment = DEPLOYMENT_AT - timedelta(hours=3)
    while moment < DEPLOYMENT_AT + timedelta(hours=3):
        yield moment
        moment += EVERY


def series(value: Callable[[datetime, float], float], seed: int) -> list[tuple[datetime, float]]:
    """A value for each moment, from the moment and a bit of chance."""
    chance = np.random.default_rng(seed)
    return [(moment, float(value(moment, chance.normal()))) for moment in moments()]


PAST = {
    'errors{case="quiet"}': series(lambda _, chance: max(0.0, 0.1 + 0.02 * chance), 1),
    'errors{case="broken"}': series(lambda at, chance: max(0.0, (12 if at >= TURNED_UP else 0.1) + 0.02 * chance), 2),
    'errors{case="worse"}': series(lambda at, chance: max(0.0, (2.5 if at >= TURNED_UP else 0.1) + 0.02 * chance), 3),
    'latency{case="quiet"}': series(lambda _, chance: 0.2 + 0.01 * chance, 4),
    'latency{case="slower"}': series(lambda at, chance: (0.26 if at > DEPLOYMENT_AT else 0.2) + 0.01 * chance, 5),
    'latency{case="noisy"}': series(lambda _, chance: 0.2 * float(np.exp(0.4 * chance)), 6),
}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prometheus")
    write_past(folder, PAST)
    return folder


def configured(folder: Path, url: str, errors: str, latency: str) -> Configuration:
    """The playground's configuration, with two signals."""
    data = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    data["services"]["admin-logistic"] |= {
        "monitors": {"prometheus": {"url": url}},
        "signals": {
            "errors": {"query": f'errors{{case="{errors}"}}'},
            "latency": {"query": f'latency{{case="{latency}"}}'},
        },
    }
    path = folder / "greenlight.yml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load(path)


@asynccontextmanager
async def watched(folder: Path, url: str, errors: str = "quiet", latency: str = "quiet") -> AsyncIterator[Player]:
    """A playground whose service is measured by a Prometheus."""
    configuration = configured(folder, url, errors, latency)
    settings = {"pace": Pace.unlimited(), "starts_at": STARTS_AT, "configuration": configuration}
    async with playing(folder / "x.db", **settings) as playground:  # type: ignore[arg-type]  # settings of several types
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)


@pytest.fixture
async def started(past: Path) -> AsyncIterator[Started]:
    async with prometheus(past) as made:
        yield made


async def pass_time(playground: Playground, minutes: float) -> None:
    """Let time pass, a look every 30 seconds."""
    until = playground.now() + timedelta(minutes=minutes)
    while playground.now() < until:
        await playground.advance(min(until, playground.now() + EVERY))


def heads(player: Player) -> list[Message]:
    """The heads of the channel's threads: the release's, then the rollback's."""
    return [one for one in player.person(CHARLIE).messages("#releases") if one.thread_ts in (None, one.ts)]


def thread(player: Player) -> list[str]:
    """What the release's thread says."""
    charlie = player.person(CHARLIE)
    return [charlie.text_of(message) for message in charlie.thread(heads(player)[0])]


def that_say(player: Player, words: str) -> list[str]:
    return [text for text in thread(player) if words in text]


def charts(player: Player) -> list[Message]:
    messages = player.person(CHARLIE).thread(heads(player)[0])
    return [message for message in messages if any(block["type"] == "data_visualization" for block in message.blocks)]


async def state(player: Player) -> str:
    def read(reader: Reader) -> str:
        return reader.find("release", limit=1)[0].state

    return await player.playground.application.store.read(read)


async def test_metrics_and_checks_of_a_quiet_release_are_told_at_their_times(tmp_path: Path, started: Started) -> None:
    """First metrics after five minutes, four checks, then silence until the watch ends."""
    async with watched(tmp_path, started.url) as player:
        await deployed(player)
        await pass_time(player.playground, 4.5)
        assert that_say(player, "📊 *Initial Metrics") == []
        await pass_time(player.playground, 1)
        (metrics,) = that_say(player, "📊 *Initial Metrics")
        assert "Error rate: 0.1" in metrics
        assert "(normal; 0." in metrics
        await player.step(CHARLIE, RELEASES, "Begin smoke test")
        await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
        await pass_time(player.playground, 40)
        told = [text for text in thread(player) if "Production at T+" in text]
        assert [text.split("T+")[1].split("*")[0].split(":")[0] for text in told] == ["10m", "15m", "20m", "30m"]
        assert all("2 signals normal" in text for text in told)
        before = len(thread(player))
        await player.playground.advance(DEPLOYMENT_AT + timedelta(hours=3))
        assert "production stayed quiet" in thread(player)[-1]
        assert len(thread(player)) == before + 1
        assert charts(player) == []


async def test_an_error_rate_that_is_turned_up_opens_the_rollback_once(tmp_path: Path, started: Started) -> None:
    """Held for two minutes it is P0: told with a chart and in words, and the release is being rolled back."""
    async with watched(tmp_path, started.url, errors="broken") as player:
        await deployed(player)
        await pass_time(player.playground, 13)
        assert await state(player) == "awaiting_smoke"
        await pass_time(player.playground, 3)
        assert await state(player) == "rolling_back"
        (told,) = that_say(player, "Rollback criterion breached")
        for words in ("P0", "Error rate", "12%", ">5%", "before the deployment at 16:00", "The limit is 5%"):
            assert words in told
        (drawn,) = charts(player)
        (chart,) = (block for block in drawn.blocks if block["type"] == "data_visualization")
        assert "16:00 deployed" in chart["chart"]["axis_config"]["categories"]
        await pass_time(player.playground, 10)
        assert len(that_say(player, "Rollback criterion breached")) == 1
        _, rollback = heads(player)
        alarm = player.person(CHARLIE).text_of(rollback)
        assert "Error rate: 12%" in alarm


async def test_a_milder_breach_asks_the_team_once_and_lets_the_watch_go_on(tmp_path: Path, started: Started) -> None:
    """P1: a decision is asked for; continued by the Tech Lead it is not asked again, though it goes on."""
    async with watched(tmp_path, started.url, errors="worse") as player:
        await deployed(player)
        await pass_time(player.playground, 16)
        assert await state(player) == "awaiting_decision"
        (told,) = that_say(player, "Rollback criterion breached")
        assert "P1" in told
        await player.step("U0TANIA", RELEASES, "Continue", reason="The old couriers are known to fail")
        await pass_time(player.playground, 10)
        assert await state(player) == "awaiting_smoke"
        assert len(that_say(player, "Rollback criterion breached")) == 1
        assert "1 P1" in that_say(player, "Production at T+20m")[0]


async def test_a_slower_service_below_its_limits_is_flagged_once(tmp_path: Path, started: Started) -> None:
    """200 ms that became 260, with a warning at 500: told with the medians, and nothing is stopped."""
    async with watched(tmp_path, started.url, latency="slower") as player:
        await deployed(player)
        await pass_time(player.playground, 65)
        (told,) = that_say(player, "Worse than before the deployment")
        assert "Response time (p95)" in told
        assert "Before: 20" in told.replace("*", "")
        assert "Now: 26" in told.replace("*", "")
        assert len(charts(player)) == 1
        assert await state(player) == "awaiting_smoke"


async def test_a_noisy_service_is_left_alone(tmp_path: Path, started: Started) -> None:
    """Values between 80 and 500 ms, before as after."""
    async with watched(tmp_path, started.url, latency="noisy") as player:
        await deployed(player)
        await pass_time(player.playground, 95)
        assert that_say(player, "Worse than before") == []
        assert that_say(player, "Rollback criterion") == []
        assert await state(player) == "awaiting_smoke"


async def test_a_watch_whose_prometheus_is_gone_says_it_is_blind_and_then_that_it_sees(
    tmp_path: Path, past: Path
) -> None:
    """Once each, and its checks say “not known” meanwhile, never “normal”."""
    async with prometheus(past) as first:
        port = int(first.url.rpartition(":")[2])
        async with watched(tmp_path, first.url) as player:
            await deployed(player)
            await pass_time(player.playground, 6)
            await first.stop()
            await pass_time(player.playground, 5)
            (blind,) = that_say(player, "The watch is blind")
            assert "Prometheus can't be reached" in blind
            (check,) = that_say(player, "Production at T+10m")
            assert "2 of 2 signals not known" in check
            assert "normal" not in check
            async with prometheus(past, port=port):
                await pass_time(player.playground, 2)
            (sees,) = that_say(player, "The watch sees again")
            assert "Error rate" in sees
            assert len(that_say(player, "The watch is blind")) == 1


async def test_a_process_that_dies_in_the_middle_tells_nothing_twice_and_forgets_nothing(
    tmp_path: Path, started: Started
) -> None:
    """The next one finds the breach that is under way, and tells only what was not told."""
    async with watched(tmp_path, started.url, errors="broken") as player:
        await deployed(player)
        await pass_time(player.playground, 11)
        watch = player.playground.application.watch
        await watch.stop()
        await pass_time(player.playground, 5)
        assert await state(player) == "awaiting_smoke"
        again = type(watch)(
            player.playground.application.store,
            player.playground.application.conversations,
            player.playground.application.monitors.by_service,
            player.playground.clock,
            watch.alerts,
        )
        again.start()
        try:
            await again.settled()
            await player.playground.settled()
        finally:
            await again.stop()
        assert await state(player) == "rolling_back"
        assert len(that_say(player, "📊 *Initial Metrics")) == 1
        assert len(that_say(player, "Production at T+10m")) == 1
        assert len(that_say(player, "Rollback criterion breached")) == 1
