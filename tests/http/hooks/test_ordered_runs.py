"""Runs that Greenlight itself dispatched come back as word of a deployment: they are known as what was ordered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.core.policy import GitHubHook, Hooks
from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from playground.seed import JANE, RELEASES, TANIA
from tests.deployers.fakes import FakeActions
from tests.http.hooks.conftest import SECRET, VARIABLES, Told, example, status
from tests.stories.test_deployers import started, with_deployer
from tests.stories.test_release_paths import card, deployed
from tests.stories.test_reminders import later
from tests.stories.the_document import STARTS_AT
from tests.trackers.fakes import TOKEN, serving

MAIN = "0123456789abcdef0123456789abcdef01234567"
"""The commit at the head of the branch that the workflow runs on: not the release's."""


@pytest.fixture(params=["by its page", "by the key in its name"])
async def github(request: pytest.FixtureRequest) -> AsyncIterator[FakeActions]:
    """GitHub names the run that it dispatched, or the workflow names it with the order's key."""
    one = FakeActions() if request.param == "by its page" else FakeActions(is_server=True)
    one.named = one.is_server
    async with serving(one):
        yield one


@pytest.fixture
async def told(github: FakeActions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, SECRET)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    hooks = Hooks(github=GitHubHook(repository="codertocat/hello-world", workflows={"test.yml": "production"}))
    configuration = with_deployer(github)
    services = {
        name: it.but(hooks=hooks if name == "admin-logistic" else Hooks())
        for name, it in configuration.services.items()
    }
    configuration, database = replace(configuration, services=services), tmp_path / "x.db"
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT, configuration=configuration) as playground:
        playground.slack.limits.enabled = False
        it = Told(Player(playground), httpx.AsyncClient(base_url=playground.server.url, timeout=20), database, "")
        async with it.http:
            yield it


def word_of(run: dict[str, Any], state: str, conclusion: str | None = None) -> dict[str, Any]:
    """GitHub's example of a run, as it tells of one that was dispatched."""
    payload = example("workflow_run.1")
    payload["repository"] = example("deployment.0")["repository"]
    payload["workflow_run"] |= {
        "id": run["id"],
        "html_url": run["html_url"],
        "display_title": run["display_title"],
        "head_sha": MAIN,
        "head_branch": "main",
        "status": state,
        "conclusion": conclusion,
        "created_at": "2024-01-16T16:00:00Z",
        "run_started_at": "2024-01-16T16:00:00Z",
        "updated_at": "2024-01-16T16:04:00Z",
    }
    return payload


async def outcome(told: Told, run: dict[str, Any], *states: str) -> str:
    [made] = (await told.github("workflow_run", word_of(run, *states))).json()["taken"]
    return str(made["outcome"])


async def test_the_run_of_an_order_is_its_releases_whatever_commit_the_workflow_ran_on(
    told: Told, github: FakeActions
) -> None:
    """It begins what has begun, and its end is the deployment's: the hook's word counts."""
    await started(told.player)
    assert await outcome(told, github.runs[0], "in_progress") == "nothing new"
    assert await outcome(told, github.runs[0], "completed", "success") == "deployed"
    assert await told.states() == ["awaiting_smoke"]
    assert await told.states("unannounced") == []


async def test_the_run_of_a_rollbacks_order_is_no_deployment_that_nobody_announced(
    told: Told, github: FakeActions
) -> None:
    """And is told by its follower, once."""
    player = told.player
    await deployed(player)
    await player.step(TANIA, RELEASES, "Roll back", severity="P0", issue="500 everywhere", target="v1.1.0")
    await player.step(JANE, RELEASES, "Begin rollback", eta="5")
    assert await outcome(told, github.runs[-1], "in_progress") == "nothing new"
    assert await outcome(told, github.runs[-1], "completed", "success") == "nothing new"
    assert await told.states("unannounced") == []
    assert await told.states("rollback") == ["rolling_back"]


async def test_another_run_of_the_workflow_is_still_nobodys(told: Told, github: FakeActions) -> None:
    await started(told.player)
    other = github.runs[0] | {"id": 7, "html_url": "https://github.com/acme/shop/actions/runs/7", "display_title": "x"}
    assert await outcome(told, other, "in_progress") == "appear"


async def test_the_deployment_that_an_ordered_run_makes_of_an_environment_is_known_as_well(
    told: Told, github: FakeActions
) -> None:
    """GitHub names the run with it; its status starts nothing twice, and ends the release's deployment."""
    await started(told.player)
    for state, at in (("in_progress", "16:01:00"), ("success", "16:04:00")):
        payload = status(state, at, sha=MAIN, ref="main")
        payload["workflow_run"] = word_of(github.runs[0], "in_progress")["workflow_run"]
        assert (await told.github("deployment_status", payload)).status_code == 200
    assert await told.states() == ["awaiting_smoke"]
    assert await told.states("unannounced") == []


async def test_no_card_says_that_a_run_goes_on_which_its_hook_has_ended(told: Told, github: FakeActions) -> None:
    """The follower saw it run, the hook told its end first; then it is rolled back."""
    await started(told.player)
    github.goes("in_progress")
    await later(told.player, 1)
    release = card(told.player)
    assert await outcome(told, github.runs[0], "completed", "success") == "deployed"
    github.goes("completed", "success")
    await later(told.player, 1)
    assert (await told.steps())[-1] == "deployed"
    await told.player.step(TANIA, RELEASES, "Roll back", severity="P0", issue="500 everywhere", target="v1.1.0")
    tania = told.player.person(TANIA)
    head = tania.text_of(tania.message(release.ts))
    assert "In Rollback" in head
    assert "run goes on" not in head
