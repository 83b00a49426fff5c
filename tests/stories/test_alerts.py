"""Alerts and silences around a deployment, against a real Alertmanager."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bot.monitors.alertmanager import Alertmanager, Silence
from bot.pace import Pace
from bot.settings import Configuration, load
from bot.store.interface import Reader
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from tests.monitors.real_alertmanager import alertmanager
from tests.monitors.real_prometheus import Started, free_port
from tests.stories.test_release_paths import approved
from tests.stories.test_watch import pass_time, that_say
from tests.stories.the_document import DEPLOYED, PLAN


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Started]:
    async with alertmanager(tmp_path) as started:
        yield started


def configured(folder: Path, url: str, every: int = 1) -> Configuration:
    data = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    data["services"]["admin-logistic"]["alertmanager"] = {
        "url": url,
        "belongs": ["service=admin-logistic"],
        "expected": [["alertname=~Pod.*", "service=admin-logistic"], ["alertname=InstanceDown"]],
    }
    data["services"]["admin-logistic"]["measuring"] = {"every": every}
    path = folder / "greenlight.yml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load(path)


@asynccontextmanager
async def played(
    folder: Path, url: str, starts_at: datetime, database: str = "x.db", every: int = 1
) -> AsyncIterator[Player]:
    """The clock is the real one: Alertmanager takes no silence for the past."""
    settings: dict[str, Any] = {
        "pace": Pace.unlimited(),
        "starts_at": starts_at,
        "configuration": configured(folder, url, every),
    }
    async with playing(folder / database, **settings) as playground:
        playground.slack.limits.enabled = False
        yield Player(playground)


async def deploying(player: Player) -> None:
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    soon = player.playground.now() + timedelta(minutes=1)
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": soon}))
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")


async def in_force(url: str) -> list[tuple[str, str]]:
    """The silences that Alertmanager itself tells of: state and comment."""
    async with httpx.AsyncClient(trust_env=False) as client:
        told = (await client.get(f"{url}/api/v2/silences")).json()
    return sorted((one["status"]["state"], one["comment"].partition(" ")[2]) for one in told)


async def fire(url: str, *, over: bool = False, **labels: str) -> None:
    """Raise an alert, or end it, as Prometheus does."""
    ends = {"endsAt": datetime.now(UTC).isoformat()} if over else {}
    body = [
        {
            **ends,
            "labels": {"service": "admin-logistic", "severity": "critical", **labels},
            "annotations": {"summary": "Too many 5xx", "runbook_url": "https://runbooks.example.com/errors"},
        }
    ]
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{url}/api/v2/alerts", json=body)).raise_for_status()


ABOUT = "admin-logistic v1.2.0 is being deployed."


async def test_expected_alerts_are_silenced_while_it_is_deployed_and_no_longer(tmp_path: Path, real: Started) -> None:
    """Set with the start, lifted with the deployed notice, each told once."""
    async with played(tmp_path, real.url, datetime.now(UTC)) as player:
        await deploying(player)
        assert await in_force(real.url) == [("active", ABOUT)] * 2
        await player.playground.settled()
        assert await in_force(real.url) == [("active", ABOUT)] * 2
        await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
        assert await in_force(real.url) == [("expired", ABOUT)] * 2
        await player.playground.settled()
        assert len(that_say(player, "Expected alerts are silenced")) == 1
        assert len(that_say(player, "The silence is lifted")) == 1


async def test_a_silence_that_an_earlier_process_left_is_lifted_by_the_next(tmp_path: Path, real: Started) -> None:
    """Whoever set it died between the notice and the lifting. Silences of others stay as they are."""
    now = datetime.now(UTC)
    await of_others(real.url, now)
    async with played(tmp_path, real.url, now) as player:
        await deploying(player)
        await player.playground.application.silences.stop()
        await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
    assert [state for state, what in await in_force(real.url) if what == ABOUT] == ["active"] * 2
    async with played(tmp_path, real.url, player.playground.now()) as player:
        await player.playground.settled()
        assert await in_force(real.url) == [
            ("active", "another installation"),
            ("active", "mine"),
            *[("expired", ABOUT)] * 2,
        ]
        assert (await steps(player)).count("unsilenced") == 1


async def test_a_process_that_dies_while_it_is_deployed_leaves_the_silence_in_force(
    tmp_path: Path, real: Started
) -> None:
    """The next one finds it as it should be: it is not set twice, and told once."""
    async with played(tmp_path, real.url, datetime.now(UTC)) as player:
        await deploying(player)
    async with played(tmp_path, real.url, player.playground.now()) as player:
        await player.playground.settled()
        assert await in_force(real.url) == [("active", ABOUT)] * 2
        assert (await steps(player)).count("silenced") == 1


async def steps(player: Player) -> list[str]:
    """The steps of the one release that were taken, by all processes."""

    def taken(reader: Reader) -> list[str]:
        (release,) = reader.find("release")
        return [event.step for event in reader.events(release.id)]

    return await player.playground.application.store.read(taken)


async def of_others(url: str, now: datetime) -> None:
    """A silence that a person set, and one of another installation of Greenlight."""
    until = now + timedelta(hours=1)
    async with httpx.AsyncClient(trust_env=False) as client:
        await Alertmanager(client, url).silence(
            ["alertname=Old"], now, until, "greenlight:r-gone:0 another installation"
        )
        theirs = {
            "matchers": [{"name": "a", "value": "b", "isRegex": False}],
            "createdBy": "tania",
            "comment": "x mine",
            "startsAt": now.isoformat(),
            "endsAt": until.isoformat(),
        }
        (await client.post(f"{url}/api/v2/silences", json=theirs)).raise_for_status()


async def test_a_silence_ends_by_itself_where_nobody_lifts_it(tmp_path: Path, real: Started) -> None:
    """Half an hour after the planned end, whatever becomes of Greenlight."""
    async with played(tmp_path, real.url, datetime.now(UTC)) as player:
        await deploying(player)
        ends = [one.ends_at for one in await silences(real.url)]
        assert all(timedelta(minutes=40) < end - player.playground.now() < timedelta(minutes=50) for end in ends)


async def silences(url: str) -> tuple[Silence, ...]:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await Alertmanager(client, url).silences()


async def test_alerts_of_the_service_are_told_once_with_their_runbook_and_counted(
    tmp_path: Path, real: Started
) -> None:
    """Two of a name are one line; another service's and what fires again are no news."""
    async with played(tmp_path, real.url, datetime.now(UTC)) as player:
        await deploying(player)
        await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
        await fire(real.url, alertname="HighErrorRate", instance="a")
        await fire(real.url, alertname="HighErrorRate", instance="b")
        await fire(real.url, alertname="HighErrorRate", service="billing")
        await player.playground.advance(player.playground.now() + timedelta(seconds=2))
        (told,) = that_say(player, "since the deployment of v1.2.0")
        for words in ("HighErrorRate", "(critical)", "× 2", "Too many 5xx", "runbook"):
            assert words in told
        await fire(real.url, alertname="HighErrorRate", instance="c")
        await player.playground.advance(player.playground.now() + timedelta(seconds=2))
        assert len(that_say(player, "since the deployment of v1.2.0")) == 1
        await player.playground.advance(player.playground.now() + timedelta(minutes=5))
        (metrics,) = that_say(player, "📊 *Initial Metrics")
        assert "Alerts firing: ⚠️ 3 (warning" in metrics


async def test_an_alertmanager_that_is_gone_makes_the_watch_blind_for_alerts(tmp_path: Path) -> None:
    """Said once; nothing else is held up by it."""
    async with alertmanager(tmp_path) as gone:
        pass
    async with played(tmp_path, gone.url, datetime.now(UTC)) as player:
        await deploying(player)
        await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
        for _ in range(4):
            await player.playground.advance(player.playground.now() + timedelta(seconds=30))
        (blind,) = that_say(player, "The watch is blind")
        assert "Alertmanager can't be reached" in blind


async def test_an_alert_that_is_over_is_told_and_is_news_when_it_comes_back(tmp_path: Path, real: Started) -> None:
    """Two minutes without it, and not a moment: who watches is not told of flapping."""
    async with played(tmp_path, real.url, datetime.now(UTC)) as player:
        await deploying(player)
        await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | {"duration": "1"}))
        await fire(real.url, alertname="HighErrorRate")
        await pass_time(player.playground, 1)
        await fire(real.url, alertname="HighErrorRate", over=True)
        await pass_time(player.playground, 1)
        assert that_say(player, "Alerts over") == []
        await pass_time(player.playground, 2)
        (over,) = that_say(player, "Alerts over")
        assert "HighErrorRate" in over
        await fire(real.url, alertname="HighErrorRate")
        await pass_time(player.playground, 1)
        assert len(that_say(player, "since the deployment of v1.2.0")) == 2
        await fire(real.url, alertname="HighErrorRate", over=True)
        await pass_time(player.playground, 4)
        assert len(that_say(player, "Alerts over")) == 2


async def test_an_alertmanager_that_comes_back_is_told_what_is_wanted(tmp_path: Path) -> None:
    """It was gone when the deployment began: nothing was said of a silence then."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with played(tmp_path, url, datetime.now(UTC)) as player:
        await deploying(player)
        assert that_say(player, "Expected alerts are silenced") == []
        async with alertmanager(tmp_path / "alertmanager", None, port):
            await player.playground.settled()
            assert await in_force(url) == [("active", ABOUT)] * 2
            await player.playground.settled()
            assert len(that_say(player, "Expected alerts are silenced")) == 1
