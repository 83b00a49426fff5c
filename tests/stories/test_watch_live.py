"""A service that runs, is scraped by a real Prometheus, and has its error rate turned up while it is watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from aiohttp import web

from bot.pace import Pace
from bot.settings import Configuration, load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import JANE, RELEASES
from tests.monitors.real_prometheus import free_port, prometheus, ready
from tests.stories.test_release_paths import approved
from tests.stories.test_watch import charts, state, that_say
from tests.stories.the_document import DEPLOYED, PLAN

QUERY = '100 * sum(rate(requests_total{status="500"}[4s])) / sum(rate(requests_total[4s]))'


@dataclass
class Exporter:
    """A service that counts its requests, some of which fail."""

    failing: float = 0.0
    counts: dict[str, float] = field(default_factory=lambda: {"200": 0.0, "500": 0.0})

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a scrape: a hundred requests more each time."""
        del request
        self.counts["500"] += 100 * self.failing
        self.counts["200"] += 100 * (1 - self.failing)
        lines = (f'requests_total{{status="{status}"}} {count}' for status, count in self.counts.items())
        return web.Response(text="# TYPE requests_total counter\n" + "\n".join(lines) + "\n")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_get("/metrics", self.serve)
        runner = web.AppRunner(application)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            await ready(f"http://127.0.0.1:{port}/metrics")
            yield f"127.0.0.1:{port}"
        finally:
            await runner.cleanup()


def configured(folder: Path, url: str) -> Configuration:
    data = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    data["services"]["admin-logistic"] |= {
        "monitors": {"prometheus": {"url": url}},
        "signals": {"errors": {"query": QUERY, "hold": 3}},
        "measuring": {"every": 1},
    }
    path = folder / "greenlight.yml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load(path)


async def until(player: Player, wanted: str, within: float = 40.0) -> None:
    """Real time passes here: what a scraper has not seen can't be moved to."""
    for _ in range(int(5 * within)):
        if await state(player) == wanted:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"the release is {await state(player)}, not {wanted}")


async def test_an_error_rate_that_is_turned_up_is_caught_and_the_rollback_opened(tmp_path: Path) -> None:
    """A fifth of all requests fail from one second to the next: seconds later the thread says so, with a chart."""
    exporter = Exporter()
    now = datetime.now(UTC)
    async with exporter.running() as target, prometheus(tmp_path, targets=[target]) as started:
        settings = configured(tmp_path, started.url)
        async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=now, configuration=settings) as play:
            play.slack.limits.enabled = False
            player = Player(play)
            await approved(player)
            await player.step("U0TANIA", RELEASES, "Sign off")
            plan = PLAN | {"when": now + timedelta(minutes=10)}
            await player.step(JANE, RELEASES, "Plan deployment", **plan)
            await player.step("U0CHARLIE", RELEASES, "Time works")
            await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
            await asyncio.sleep(6)
            assert await state(player) == "awaiting_smoke"
            exporter.failing = 0.2
            await until(player, "rolling_back")
            await player.playground.settled()
            (told,) = that_say(player, "Rollback criterion breached")
            assert "P0" in told
            assert len(charts(player)) == 1
