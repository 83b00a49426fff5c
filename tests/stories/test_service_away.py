"""A service that leaves the configuration while something of it is open, and comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, STARTS_AT, TANIA
from tests.stories.test_reminders import private


async def test_what_a_service_waits_for_is_reminded_of_when_it_is_back_in_the_configuration(tmp_path: Path) -> None:
    """While it is away nobody is told anything; then each reminder comes once, and says that it is late."""
    database, loaded = tmp_path / "x.db", load(CONFIGURATION)
    services = {name: service for name, service in loaded.services.items() if name != "admin-logistic"}
    without = replace(loaded, services=services)
    async with playing(database, pace=Pace.unlimited()) as playground:
        player = Player(playground)
        await player.command(
            CHARLIE, "/rollback admin-logistic v1.2.0 issue=Orders severity=P0 target=v1.1.0", "#releases"
        )
        await player.command(JANE, '/release freeze admin-logistic reason="Moving" until="tomorrow 8:00"', "#releases")
    later = STARTS_AT + timedelta(minutes=1)
    async with playing(database, pace=Pace.unlimited(), starts_at=later, configuration=without) as playground:
        await playground.advance(later + timedelta(minutes=3))
        assert private(Player(playground), JANE) == []
    later += timedelta(minutes=15)
    async with playing(database, pace=Pace.unlimited(), starts_at=later) as playground:
        player = Player(playground)
        await playground.settled()
        [told] = private(player, JANE)
        assert "The rollback of *v1.2.0* of admin-logistic waits for you to begin the rollback" in told
        assert "Greenlight was not running" in told
        assert "is now with you as Tech Lead" in private(player, TANIA)[-1]
        await playground.advance(STARTS_AT + timedelta(days=1))
        freeze = await playground.application.queries.version("freeze", "FRZ-1", ("admin-logistic",))
        assert freeze.conversation.state == "lifted"
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT + timedelta(days=1, hours=1)) as playground:
        await playground.settled()
        assert private(Player(playground), JANE) == []
