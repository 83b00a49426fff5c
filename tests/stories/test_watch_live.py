"""A service that runs, is scraped by a real Prometheus, and has its error rate turned up while it is watched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from bot.pace import Pace
from bot.settings import Configuration, load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import JANE, RELEASES
from tests.monitors.real_alertmanager import alertmanager
from tests.monitors.real_prometheus import free_port, prometheus, ready
from tests.stories.test_alerts import deploying, in_force
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


def configured(folder: Path, url: str, **more: object) -> Configuration:
    data = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    data["services"]["admin-logistic"] |= {
        "monitors": {"prometheus": {"url": url}},
        "signals": {"errors": {"query": QUERY, "hold": 3}},
        "measuring": {"every": 1},
        **more,
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


RULES = {
    "groups": [
        {
            "name": "service",
            "interval": "1s",
            "rules": [
                {
                    "alert": "HighErrorRate",
                    "expr": f"{QUERY} > 2",
                    "labels": {"service": "admin-logistic", "severity": "critical"},
                    "annotations": {
                        "summary": "{{ $value | humanize }} % fail",
                        "runbook_url": "https://runbooks.example.com/errors",
                    },
                }
            ],
        }
    ]
}
TOKEN = "a-token-of-forty-characters-0123456789abc"


async def test_a_deployment_goes_wrong_under_a_real_prometheus_and_a_real_alertmanager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it causes is silenced until it is deployed; then a milder trouble is alerted and asks the team, and a worse
    one opens the rollback.
    """
    monkeypatch.setenv("GREENLIGHT_ALERTMANAGER_TOKEN", TOKEN)
    exporter, port, now = Exporter(), free_port(), datetime.now(UTC)
    (tmp_path / "service.rules.yml").write_text(json.dumps(RULES), encoding="utf-8")
    address = f"http://127.0.0.1:{port}"
    rule = {
        "url": address,
        "belongs": ["service=admin-logistic"],
        "expected": [["alertname=~Pod.*"]],
        "hook": True,
    }
    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(exporter.running())
        started = await stack.enter_async_context(prometheus(tmp_path, [target], alertmanager=f"127.0.0.1:{port}"))
        settings = configured(tmp_path, started.url, alertmanager=rule)
        starting = playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=now, configuration=settings)
        play = await stack.enter_async_context(starting)
        hook = {
            "url": f"{play.server.url}/hooks/alertmanager",
            "http_config": {"authorization": {"credentials": TOKEN}},
        }
        await stack.enter_async_context(alertmanager(tmp_path / "alertmanager", {"webhook_configs": [hook]}, port))
        play.slack.limits.enabled = False
        player = Player(play)
        await deploying(player)
        assert [state for state, _ in await in_force(address)] == ["active"]
        await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
        assert [state for state, _ in await in_force(address)] == ["expired"]
        exporter.failing = 0.03
        await until(player, "awaiting_decision")
        async with asyncio.timeout(30):
            while not that_say(player, "HighErrorRate"):  # noqa: ASYNC110 - other processes find it and tell it
                await asyncio.sleep(0.2)
        exporter.failing = 0.3
        await until(player, "rolling_back")
        await play.settled()
        assert [("P0" in told) for told in that_say(player, "Rollback criterion breached")] == [False, True]
        (alert,) = that_say(player, "HighErrorRate")
        for words in ("(critical)", "% fail", "runbook"):
            assert words in alert
        assert len(charts(player)) == 2
