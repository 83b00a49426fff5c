"""A service of several environments: each release and each rollback is of one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.playbook import Playbook
from bot.pace import Pace
from bot.settings import Configuration, load
from bot.store.interface import Reader
from playground.player import Player, RefusedError
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from playground.slack.model import Message
from tests.deployers.fakes import FakeActions, FakeArgo
from tests.stories.blocking import nothing_blocks
from tests.stories.test_deployers import with_deployer
from tests.stories.test_rollback import heads
from tests.stories.the_document import APPROVAL, DEPLOYED, PLAN, SMOKE, STARTS_AT
from tests.trackers.fakes import TOKEN, serving

PLACES = ("production", "staging")


@asynccontextmanager
async def team(configuration: Configuration, folder: Path, names: tuple[str, ...] = PLACES) -> AsyncIterator[Player]:
    """The team, whose services have a staging, too."""
    services = {name: service.but(environments=names) for name, service in configuration.services.items()}
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


@pytest.fixture
async def player(tmp_path: Path) -> AsyncIterator[Player]:
    async with team(load(CONFIGURATION), tmp_path) as one:
        yield one


async def approved(player: Player, **answers: str) -> None:
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **APPROVAL, **answers)


async def scheduled(player: Player, **answers: str) -> datetime:
    """And when."""
    await approved(player, **answers)
    await player.step(TANIA, RELEASES, "Sign off")
    at = player.playground.now() + timedelta(hours=1)
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": at, "rollback_target": "v1.0.9"}))
    await player.step(CHARLIE, RELEASES, "Time works")
    return at


async def places(player: Player, dialogue: str = "release") -> list[tuple[str, str]]:
    """Environment and state of a dialogue's conversations, the latest first."""

    def read(reader: Reader) -> list[tuple[str, str]]:
        return [(record.environment, record.state) for record in reader.find(dialogue)]

    return await player.playground.application.store.read(read)


def whispered(player: Player) -> str:
    charlie = player.person(CHARLIE)
    return charlie.text_of(charlie.ephemerals[-1]).replace("*", "")


# ── which one ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_release_goes_where_its_approval_says_and_to_the_first_environment_else(player: Player) -> None:
    """Asked where there are several; kept from then on, also by a revision."""
    await approved(player, environment="staging")
    assert await places(player) == [("staging", "awaiting_signoffs")]
    await approved(player)
    assert await places(player) == [("production", "awaiting_signoffs"), ("staging", "awaiting_signoffs")]
    with pytest.raises(RefusedError) as refused:
        await approved(player, environment="staging")
    assert "has an open release already" in refused.value.errors["version"]
    await player.person(CHARLIE).view.close()
    await player.step(CHARLIE, RELEASES, "Revise")
    view = await player.person(CHARLIE).opened()
    assert "Environment" not in view.labels
    assert "Environment: production" in view.text.replace("*", "")
    await player.send(CHARLIE, commit="def4567")
    assert len(await places(player)) == 2


async def test_an_environment_is_typed_and_one_that_is_not_there_is_told_with_those_that_are(player: Player) -> None:
    line = (
        "/release approve v1.2.0 sprint=16 commit=abc123 stories_tested=3 stories_total=3 bugs_found=0 bugs_fixed=0 "
        'regression=passed smoke=passed changes=All known_issues=None rollback_threshold=">5%"'
    )
    await player.command(CHARLIE, f"{line} environment=moon", "#releases")
    assert "admin-logistic has no environment “moon”; there are: production, staging." in whispered(player)
    assert await places(player) == []
    await player.command(CHARLIE, f"{line} environment=Staging", "#releases")
    assert await places(player) == [("staging", "awaiting_signoffs")]
    [thread] = [one for one in player.person(CHARLIE).messages(RELEASES) if one.thread_ts in (None, one.ts)]
    await player.mention(
        CHARLIE, f"{line[17:].replace('v1.2.0', 'version=v1.2.0')} environment=production", thread, "#releases"
    )
    assert await places(player) == [("staging", "awaiting_signoffs")]


@pytest.mark.parametrize("command", ["/rollback", "/release approve"])
@pytest.mark.parametrize("channel", ["#releases", "#incidents"], ids=["of its channel's service", "of any"])
async def test_an_environment_that_is_typed_before_a_form_is_chosen_in_it(
    player: Player, command: str, channel: str
) -> None:
    """However it is spelled: a form that dropped it would mean production."""
    await player.command(CHARLIE, f"{command} environment=Staging", channel)
    view = await player.person(CHARLIE).opened()
    assert view.value("environment") == "Staging"
    await view.close()
    await player.command(CHARLIE, f"{command} environment=moon", channel)
    assert "has no environment “moon”; there are: production, staging." in whispered(player)


async def test_what_is_said_of_a_release_names_its_own_environment(player: Player) -> None:
    """From its approval to its end, production is not mentioned."""
    at = await scheduled(player, environment="staging")
    await player.playground.advance(at)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.command(CHARLIE, "/release status v1.2.0", "#releases")
    assert "(staging) is being smoke-tested" in whispered(player)
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await player.playground.advance(at + timedelta(hours=5))
    assert await places(player) == [("staging", "completed")]
    said = all_said(player)
    assert any("Deployed to Staging" in one for one in said)
    assert [one for one in said if "production" in one.casefold()] == []


def all_said(player: Player) -> list[str]:
    """And what Charlie, Jane and Tania were told privately."""
    charlie = player.person(CHARLIE)
    public = [charlie.text_of(one) for head in charlie.messages(RELEASES) for one in charlie.thread(head)]
    people = (player.person(one) for one in (CHARLIE, JANE, TANIA))
    return public + [person.text_of(one) for person in people for one in person.direct_messages]


async def test_what_is_said_of_a_rollback_names_its_own_environment(player: Player) -> None:
    """Nobody is told that production is down because staging is."""
    line = "/rollback admin-logistic v1.2.0 severity=P1 target=v1.1.0 environment=staging"
    await player.command(JANE, line, "#releases")
    await player.step(CHARLIE, RELEASES, "Raise to P0")
    said = [one for one in all_said(player) if "is down" in one]
    assert len(said) == 1
    assert "Now P0: staging is down" in said[0]


async def test_a_playbook_that_says_nothing_of_another_environment_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """Its checks are of production; what staging needs is named."""
    loaded = load(CONFIGURATION)
    service = loaded.services["admin-logistic"]
    playbook = Playbook.model_validate({"checks": {"api": {"kind": "http", "url": "https://orders.example.com/api"}}})
    changed = replace(loaded, services={**loaded.services, service.name: service.but(playbook=playbook)})
    async with team(changed, tmp_path) as player:
        at = await scheduled(player, environment="staging")
        await player.playground.advance(at)
        await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
        await player.command(CHARLIE, "/release validate v1.2.0", "#releases")
        assert "Nothing of admin-logistic's playbook is checked in staging." in whispered(player)


async def test_a_rollback_is_of_the_environment_that_was_chosen(player: Player) -> None:
    """Its way back, too, is that environment's."""
    at = await scheduled(player, environment="staging")
    await player.playground.advance(at)
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await player.step(JANE, RELEASES, "Complete now", summary="All quiet")
    await player.command(CHARLIE, "/rollback admin-logistic v1.3.0 environment=staging", "#releases")
    assert "Rollback to v1.2.0 immediately." in heads(player, RELEASES)[-1]
    await player.command(CHARLIE, "/rollback admin-logistic", "#releases")
    view = await player.person(CHARLIE).opened()
    assert (view.value("environment"), view.value("target")) == ("Production", None)
    await player.send(CHARLIE, version="v1.4.0", environment="staging")
    assert await places(player, "rollback") == [("staging", "awaiting_decision")] * 2
    said = await player.person(JANE).says("Staging fails since then", "#releases", thread=released(player))
    await player.person(CHARLIE).shortcut("Request rollback", said)
    view = await player.person(CHARLIE).opened()
    assert (view.value("version"), view.value("environment")) == ("v1.2.0", "Staging")


def released(player: Player) -> Message:
    """The head of the release's thread."""
    charlie = player.person(CHARLIE)
    return next(one for one in charlie.messages(RELEASES) if "v1.2.0 is complete" in charlie.text_of(one))


async def test_who_asks_about_a_version_that_is_under_way_in_two_environments_says_which(player: Player) -> None:
    await approved(player, environment="staging")
    await approved(player)
    await player.command(CHARLIE, "/release status v1.2.0", "#releases")
    assert "v1.2.0 is under way in production and in staging." in whispered(player)
    assert "`v1.2.0/production`" in whispered(player)
    await player.command(CHARLIE, "/release status v1.2.0/staging", "#releases")
    assert "v1.2.0 of Admin Logistic (staging) is waiting for sign-offs" in whispered(player)
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not yet")
    await player.command(CHARLIE, "/release status v1.2.0", "#releases")
    assert "(staging) is waiting for sign-offs" in whispered(player)


async def test_what_is_escalated_is_kept_with_the_release_of_the_environment_that_is_named(player: Player) -> None:
    """As it says how to name it."""
    await approved(player)
    await approved(player, environment="staging")
    for version, told in (("v1.2.0", "`v1.2.0/production`"), ("v1.2.0/staging", "Told at once")):
        line = f'/release escalate admin-logistic {version} situation="production down" details="Orders fail"'
        await player.command(CHARLIE, line, "#releases")
        assert told in whispered(player)
    assert await places(player, "escalation") == [("staging", "awaiting_acknowledgement")]


@pytest.mark.parametrize("asked", ["checklist", "report"])
async def test_two_that_are_under_way_are_told_apart_as_one_names_them(player: Player, asked: str) -> None:
    await approved(player)
    await approved(player, environment="staging")
    await player.command(CHARLIE, f"/release {asked} admin-logistic", "#releases")
    assert "Under way are v1.2.0/staging, v1.2.0/production." in whispered(player)


async def test_where_there_is_one_environment_nobody_is_asked_for_it(tmp_path: Path) -> None:
    async with team(load(CONFIGURATION), tmp_path, ("production",)) as one:
        await one.command(CHARLIE, "/release approve", "#releases")
        assert "Environment" not in (await one.person(CHARLIE).opened()).labels
        await one.send(CHARLIE, **APPROVAL)
        assert await places(one) == [("production", "awaiting_signoffs")]
