"""GitHub tells of a service that lives in production and in staging: nothing that is told of one touches the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.policy import GitHubHook, Hooks
from tests.http.api.conftest import APPROVAL, RELEASE, RELEASES
from tests.http.hooks.conftest import Told, hooked, status

PLACES = ("production", "staging")
REPOSITORY = "codertocat/hello-world"


@pytest.fixture
async def two(tmp_path: Path, secrets: None) -> AsyncIterator[Told]:
    """Named on GitHub as here."""
    del secrets
    hooks = Hooks(github=GitHubHook(repository=REPOSITORY))
    async with hooked(tmp_path, environments=PLACES, hooks=hooks) as it:
        yield it


async def tell(told: Told, place: str, state: str, at: str, number: int, **deployed: str) -> dict[str, Any]:
    """A status of a deployment to a place; what was made of it."""
    payload = status(state, at, number, **deployed)
    payload["deployment"]["environment"] = payload["deployment_status"]["environment"] = place
    answer = await told.github("deployment_status", payload)
    assert answer.status_code == 200
    [made] = answer.json()["taken"]
    return dict(made)


async def test_the_same_commit_in_staging_moves_no_release_to_production(two: Told) -> None:
    """Announced is the one to production; staging's thread says where it is, and hears of staging alone."""
    await two.scheduled()
    made = await tell(two, "staging", "in_progress", "16:00:00", 1)
    assert (made["environment"], made["outcome"]) == ("staging", "appear")
    await tell(two, "production", "in_progress", "16:01:00", 2)
    await tell(two, "staging", "failure", "16:02:00", 1)
    assert await two.states() == ["deploying"]
    await tell(two, "production", "success", "16:05:00", 2)
    assert (await two.states(), (await two.steps())[-2:]) == (["awaiting_smoke"], ["start", "deployed"])
    assert await two.steps("unannounced") == ["appear", "progress"]
    assert "Staging" in two.said()


async def test_a_release_to_staging_is_moved_by_its_own_deployment_and_no_thread_asks_whose_it_is(two: Told) -> None:
    """And not by production's, which nobody announced."""
    await two.scheduled(environment="staging")
    assert (await tell(two, "production", "in_progress", "16:00:00", 2))["outcome"] == "appear"
    assert (await tell(two, "staging", "in_progress", "16:01:00", 1))["outcome"] == "start"
    assert (await tell(two, "staging", "success", "16:05:00", 1))["outcome"] == "deployed"
    assert await two.states() == ["awaiting_smoke"]
    assert await two.steps("unannounced") == ["appear"]


async def test_a_key_that_was_used_for_one_environment_says_nothing_of_another(two: Told) -> None:
    """A pipeline that heard of staging's start would deploy to production."""
    await two.scheduled(environment="staging")
    bearer = await two.token_for("approve", "start", name="ci")
    assert (await two.post(RELEASES, APPROVAL, headers=bearer)).status_code == 201
    start = {"commit": APPROVAL["commit"]}
    answers = [
        await two.post(f"{RELEASE}/steps/start?environment={place}", start, key="run-1", headers=bearer)
        for place in ("staging", "staging", "production")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert "“start” of v1.2.0 for staging already" in answers[-1].text
    assert await two.states() == ["deploying", "awaiting_signoffs"]


async def test_a_step_that_names_no_environment_is_none_of_staging(two: Told) -> None:
    """Production's pipeline would deploy what was allowed for staging."""
    await two.scheduled(environment="staging")
    bearer = await two.token_for("start", name="ci")
    start = {"commit": APPROVAL["commit"]}
    answer = await two.post(f"{RELEASE}/steps/start", start, headers=bearer)
    assert (answer.status_code, await two.states()) == (422, ["scheduled"])
    assert "There is v1.2.0 for staging alone" in answer.text
    assert "?environment=staging" in answer.text
    told = (await two.http.get(RELEASE, headers=bearer)).json()
    [there] = [one["href"] for one in told["open_steps"] if one["name"] == "start"]
    assert (there, told["links"]["self"]) == (
        f"{RELEASE}/steps/start?environment=staging",
        f"{RELEASE}?environment=staging",
    )
    answer = await two.post(there, start, headers=bearer)
    assert (answer.status_code, await two.states()) == (200, ["deploying"])


async def test_a_pipeline_names_the_environment_where_its_version_is_under_way_in_two(two: Told) -> None:
    """Of one alone it need not. An environment without the version is told with its name."""
    await two.scheduled(environment="staging")
    bearer = await two.token_for("approve", "start", name="ci")
    answer = await two.http.get(RELEASE, headers=bearer)
    assert (answer.status_code, answer.json()["environment"]) == (200, "staging")
    assert (await two.post(RELEASES, APPROVAL, headers=bearer)).status_code == 201
    start = {"commit": APPROVAL["commit"]}
    answer = await two.post(f"{RELEASE}/steps/start", start, headers=bearer)
    assert answer.status_code == 422
    assert "v1.2.0 is under way in production and in staging." in answer.text
    assert "?environment=production" in answer.text
    assert await two.states() == ["scheduled", "awaiting_signoffs"]
    answer = await two.post(f"{RELEASE}/steps/start?environment=Staging", start, headers=bearer)
    assert (answer.status_code, await two.states()) == (200, ["deploying", "awaiting_signoffs"])
    answer = await two.http.get(f"{RELEASE}?environment=moon", headers=bearer)
    assert (answer.status_code, "for moon" in answer.text) == (404, True)
    answer = await two.post(RELEASES, APPROVAL | {"version": "v1.3.0", "environment": "moon"}, headers=bearer)
    assert "there are: production, staging" in answer.text


async def test_a_way_back_hears_of_its_own_environment_alone(two: Told) -> None:
    """The version before is deployed to staging while production goes back to it."""
    await two.scheduled()
    for state, at in (("in_progress", "16:00:00"), ("success", "16:05:00")):
        await tell(two, "production", state, at, 2)
    player = two.player
    await player.command("U0TANIA", "/rollback admin-logistic v1.2.0 severity=P0 target=v1.1.0", "#releases")
    await player.step("U0JANE", "C0RELEASES", "Begin rollback", target="v1.1.0", eta="2")
    before = {"ref": "v1.1.0", "sha": "def4567"}
    assert (await tell(two, "staging", "success", "16:12:00", 3, **before))["outcome"] == "appear"
    assert "note" not in await two.steps("rollback")
    assert (await tell(two, "production", "success", "16:13:00", 4, **before))["outcome"] == "note"
    assert (await two.steps("rollback"))[-1] == "note"


async def test_a_rollback_in_staging_leaves_production_where_it_is(two: Told) -> None:
    """The same version is in both."""
    await two.scheduled()
    for state, at in (("in_progress", "16:00:00"), ("success", "16:05:00")):
        await tell(two, "production", state, at, 2)
    line = "/rollback admin-logistic v1.2.0 environment=staging severity=P0 target=v1.1.0"
    await two.player.command("U0TANIA", line, "#releases")
    assert (await two.states("rollback"), await two.states()) == (["awaiting_start"], ["awaiting_smoke"])
    await two.player.step("U0JANE", "C0RELEASES", "Begin rollback", target="v1.1.0", eta="2")
    assert await two.states() == ["awaiting_smoke"]
    made = await tell(two, "production", "success", "16:13:00", 4, ref="v1.1.0", sha="def4567")
    assert (made["outcome"], (await two.steps("rollback"))[-1]) == ("appear", "initiate")


@pytest.mark.parametrize(
    ("names", "given", "known"),
    [
        ({}, "Preview <!channel>", "production, staging"),
        ({"Live": "production", "Stage": "staging"}, "production", "Live, Stage"),
    ],
    ids=["as here", "named otherwise"],
)
async def test_an_environment_that_is_none_of_the_services_is_told_with_those_that_are(
    tmp_path: Path, secrets: None, names: dict[str, str], given: str, known: str
) -> None:
    """Whoever set up the hook reads it where GitHub shows its deliveries; nothing is opened."""
    del secrets
    hooks = Hooks(github=GitHubHook(repository=REPOSITORY, environments=names))
    async with hooked(tmp_path, environments=PLACES, hooks=hooks) as it:
        await it.scheduled()
        made = await tell(it, given, "success", "16:05:00", 1)
        assert made["outcome"] == "left alone"
        assert f"“{given}” on GitHub; it has: {known}." in made["reason"]
        assert (await it.states(), await it.states("unannounced")) == (["scheduled"], [])


async def test_names_on_github_lead_to_their_own_environment_however_they_are_written(
    tmp_path: Path, secrets: None
) -> None:
    del secrets
    names = {"Live": "production", "production": "staging"}
    async with hooked(
        tmp_path, environments=PLACES, hooks=Hooks(github=GitHubHook(repository=REPOSITORY, environments=names))
    ) as it:
        await it.scheduled()
        assert (await tell(it, "Production", "success", "16:03:00", 1))["environment"] == "staging"
        assert await it.states() == ["scheduled"]
        assert (await tell(it, "LIVE", "success", "16:05:00", 2))["outcome"] == "deployed"
