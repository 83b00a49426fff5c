"""Silences that Alertmanager does not take, or does not give back: people hear of it once, with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import HttpUrl

from bot.core.alerts import AlertRule
from bot.monitors.alertmanager import AUTHOR
from bot.outside.silences import MARK
from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import JANE, RELEASES
from tests.stories.test_release_paths import approved, scheduled
from tests.stories.test_reminders import later
from tests.stories.test_watch import that_say
from tests.stories.the_document import DEPLOYED, DEPLOYMENT_AT, STARTS_AT
from tests.trackers.fakes import FakeTracker, serving

EXPECTED = (("alertname=~Pod.*", "service=admin-logistic"), ("alertname=InstanceDown",))


@dataclass
class FakeAlertmanager(FakeTracker):
    """Silences in memory. `is_gone`: it answers nothing well; `refuses`: it takes no silence of this alert; `keeps`: it
    does not lift the one with this id.
    """

    silences: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_gone: bool = False
    refuses: str = "nothing"
    keeps: str = "nothing"

    def knows(self, request: web.Request) -> bool:
        del request
        return not self.is_gone

    def routes(self) -> list[web.RouteDef]:
        here = "/api/v2"
        return [
            web.get(f"{here}/alerts", self.none),
            web.get(f"{here}/silences", self.listed),
            web.post(f"{here}/silences", self.set),
            web.delete(f"{here}/silence/{{id}}", self.lifted),
        ]

    async def none(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([])

    async def listed(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(list(self.silences.values()))

    async def set(self, request: web.Request) -> web.Response:
        told = await request.json()
        if any(matcher["value"] == self.refuses for matcher in told["matchers"]):
            return web.json_response({"message": "bad matcher"}, status=400)
        name = f"s{len(self.silences)}"
        self.silences[name] = told | {"id": name, "status": {"state": "active"}}
        return web.json_response({"silenceID": name})

    async def lifted(self, request: web.Request) -> web.Response:
        if request.match_info["id"] == self.keeps:
            return web.json_response({"message": "not yours"}, status=403)
        del self.silences[request.match_info["id"]]
        return web.json_response(None)


@asynccontextmanager
async def silencing(folder: Path) -> AsyncIterator[tuple[Player, FakeAlertmanager]]:
    """A release that is about to be deployed, with alerts that it causes."""
    async with serving(fake := FakeAlertmanager()):
        loaded = load(CONFIGURATION)
        rule = AlertRule(url=HttpUrl(fake.url), expected=EXPECTED)
        services = {name: it.but(alertmanager=rule) for name, it in loaded.services.items()}
        settings: dict[str, Any] = {"pace": Pace.unlimited(), "starts_at": STARTS_AT}
        async with playing(folder / "x.db", configuration=replace(loaded, services=services), **settings) as playground:
            playground.slack.limits.enabled = False
            player = Player(playground)
            await scheduled(player)
            await playground.advance(DEPLOYMENT_AT)
            yield player, fake


async def looked(player: Player, times: int = 1) -> None:
    """The silences are compared so many times more."""
    for _ in range(times):
        await later(player, 1)


async def test_alerts_that_could_not_be_silenced_are_told_once_with_what_to_do(tmp_path: Path) -> None:
    """Quietly, in the thread; once it works again that is said, and a later trouble is no news."""
    async with silencing(tmp_path) as (player, fake):
        fake.is_gone = True
        await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
        await looked(player, 3)
        [told] = that_say(player, "Expected alerts are not silenced")
        assert "The token is missing or no longer valid" in told
        assert "silence it in Alertmanager by hand" in told
        assert "`alertname=~Pod.*, service=admin-logistic`" in told
        assert "`alertname=InstanceDown`" in told
        assert "@" not in told
        assert that_say(player, "Expected alerts are silenced") == []
        fake.is_gone = False
        await looked(player)
        assert len(that_say(player, "Expected alerts are silenced")) == 1
        fake.is_gone = True
        await looked(player, 2)
        assert len(that_say(player, "Expected alerts are not silenced")) == 1
        assert len(fake.silences) == 2


async def test_a_silence_that_is_refused_keeps_no_other_from_being_set_or_lifted(tmp_path: Path) -> None:
    """What an earlier deployment left behind is lifted although Alertmanager takes no new one of a kind."""
    async with silencing(tmp_path) as (player, fake):
        fake.refuses = "Pod.*"
        await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
        (release,) = await player.playground.application.store.read(lambda reader: reader.find("release"))
        left = {"id": "left", "createdBy": AUTHOR, "comment": f"{MARK}{release.id}:7 left behind"}
        fake.silences["left"] = left | {"status": {"state": "active"}, "endsAt": "2024-01-16T18:00:00Z"}
        await looked(player)
        assert [one["matchers"][0]["value"] for one in fake.silences.values()] == ["InstanceDown"]
        [told] = that_say(player, "Expected alerts are not silenced")
        assert "bad matcher" in told
        assert that_say(player, "The silence is lifted") == []


async def test_a_silence_that_could_not_be_lifted_is_told_once_with_its_end(tmp_path: Path) -> None:
    """Real alerts stay silent meanwhile, which those who watch have to know; it is lifted as soon as that works."""
    async with silencing(tmp_path) as (player, fake):
        await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
        await looked(player)
        assert len(fake.silences) == 2
        fake.is_gone = True
        await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
        await looked(player, 3)
        [told] = that_say(player, "The silence is not lifted")
        assert "It ends by itself at 2024-01-16 16:45 UTC" in told
        assert "look at the dashboards" in told
        fake.is_gone = False
        await looked(player)
        assert (fake.silences, len(that_say(player, "The silence is lifted"))) == ({}, 1)
        fake.is_gone = True
        await looked(player, 2)
        assert len(that_say(player, "The silence is not lifted")) == 1


async def test_a_silence_that_is_not_lifted_keeps_no_other_in_force(tmp_path: Path) -> None:
    """It is lifted only when nothing of it is left, and until then that is told, once."""
    async with silencing(tmp_path) as (player, fake):
        await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
        await looked(player)
        fake.keeps = "s0"
        await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
        await looked(player, 3)
        assert list(fake.silences) == ["s0"]
        [told] = that_say(player, "The silence is not lifted")
        assert "not yours" in told
        assert that_say(player, "The silence is lifted") == []
        fake.keeps = "nothing"
        await looked(player)
        assert (fake.silences, len(that_say(player, "The silence is lifted"))) == ({}, 1)


async def test_a_silence_that_was_lifted_is_not_told_to_be_in_force_for_the_sake_of_another(tmp_path: Path) -> None:
    """Alertmanager keeps what another release left behind: that is no trouble of this one's."""
    async with silencing(tmp_path) as (player, fake):
        store = player.playground.application.store
        await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
        await looked(player)
        await approved(player, version="v1.3.0")
        (other,) = await store.read(lambda reader: reader.find("release", version="v1.3.0"))
        left = {"id": "left", "createdBy": AUTHOR, "comment": f"{MARK}{other.id}:0 left behind"}
        fake.silences["left"] = left | {"status": {"state": "active"}, "endsAt": "2024-01-16T18:00:00Z"}
        fake.keeps = "left"
        await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
        await looked(player, 2)
        assert list(fake.silences) == ["left"]
        assert that_say(player, "The silence is not lifted") == []
        assert len(that_say(player, "The silence is lifted")) == 1


async def test_the_end_of_a_silence_that_was_set_anew_is_not_told_as_that_of_the_first(tmp_path: Path) -> None:
    """The deployment took longer than the first silence lasted: its end lies behind when it could not be lifted."""
    async with silencing(tmp_path) as (player, fake):
        await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
        await looked(player)
        fake.silences.clear()
        await later(player, 120)
        assert len(fake.silences) == 2
        fake.keeps = "s0"
        await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
        await looked(player)
        [told] = that_say(player, "The silence is not lifted")
        assert "ends by itself at" not in told
