"""A service of several environments: each release and each rollback is of one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.pace import Pace
from bot.settings import Configuration
from playground.player import Player
from playground.run import playing
from playground.seed import JANE, RELEASES
from tests.deployers.fakes import FakeActions, FakeArgo
from tests.stories.blocking import nothing_blocks
from tests.stories.test_deployers import with_deployer
from tests.stories.test_rollback import heads
from tests.stories.the_document import STARTS_AT
from tests.trackers.fakes import TOKEN, serving

PLACES = ("production", "staging")


@asynccontextmanager
async def team(configuration: Configuration, folder: Path) -> AsyncIterator[Player]:
    """The team, whose services have a staging, too."""
    services = {name: service.but(environments=PLACES) for name, service in configuration.services.items()}
    several, pace = replace(configuration, services=services), Pace.unlimited()
    async with playing(folder / "x.db", pace=pace, starts_at=STARTS_AT, configuration=several) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)


@pytest.mark.parametrize(
    ("fake", "environment", "ordered"),
    [
        (FakeArgo(), "production", True),
        (FakeArgo(), "staging", False),
        (FakeActions(), "staging", True),
    ],
    ids=["one application for production", "and not for staging", "a workflow that is told where"],
)
async def test_a_rollback_of_staging_does_not_move_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeActions | FakeArgo, environment: str, *, ordered: bool
) -> None:
    """Whoever is not told which environment is meant is asked for the first one's alone; DevOps does the others'."""
    for name in ("GITHUB_TOKEN", "ARGOCD_TOKEN"):
        monkeypatch.setenv(name, TOKEN)
    async with serving(fake), team(with_deployer(fake), tmp_path) as player:
        await player.command(JANE, f"/rollback v1.2.0 severity=P0 target=v1.1.0 environment={environment}", "#releases")
        await player.step(JANE, RELEASES, "Begin rollback", eta="5")
        asked = fake.syncs if isinstance(fake, FakeArgo) else [one["environment"] for one in fake.dispatched]
        assert bool(asked) is ordered
        assert "staging" in asked or not isinstance(fake, FakeActions)
        assert "🔴 INITIATING ROLLBACK: v1.2.0" in "\n".join(heads(player, RELEASES))
