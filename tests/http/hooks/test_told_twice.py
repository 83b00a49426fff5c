"""A pipeline tells `/api` of its deployment, and GitHub tells of it, too: it is one deployment, whoever comes first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.api.conftest import DEPLOYED, RELEASE
from tests.http.hooks.conftest import Told, deployment, status

START = {"commit": "abc1234"}
HOOKED = {
    "start": ("deployment_status", status("in_progress", "16:00:00")),
    "deployed": ("deployment_status", status("success", "16:10:00")),
    "deploy_failed": ("deployment_status", status("failure", "16:10:00")),
}
BODIES: dict[str, Any] = {"start": START, "deployed": DEPLOYED, "deploy_failed": {"reason": "The migration failed"}}


async def ready(told: Told) -> dict[str, str]:
    """A release whose time has come; the header of a pipeline's token."""
    await told.scheduled()
    await told.github("deployment", deployment())
    return await told.token_for("start", "deployed", "deploy_failed", name="pipeline")


async def by_pipeline(told: Told, token: dict[str, str], step: str, body: Any = None) -> Any:
    return await told.post(f"{RELEASE}/steps/{step}", body or BODIES[step], headers=token)


async def by_hook(told: Told, step: str) -> None:
    assert (await told.github(*HOOKED[step])).status_code == 200


@pytest.mark.parametrize("course", [("start", "deployed"), ("start", "deploy_failed")])
async def test_what_github_told_first_is_not_refused_to_the_pipeline(told: Told, course: tuple[str, ...]) -> None:
    """It is answered as a request that comes again: with the step as it was recorded, and nothing is changed."""
    token = await ready(told)
    for step in course:
        await by_hook(told, step)
        steps, before = await told.steps(), told.rows()["events"]
        answer = await by_pipeline(told, token, step)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Idempotent-Replayed"] == "true"
        assert (answer.json()["step"], answer.json()["by"]) == (step, "Codertocat via GitHub")
        assert told.rows()["events"] == before
        assert await told.steps() == steps


@pytest.mark.parametrize("course", [("start", "deployed"), ("start", "deploy_failed")])
async def test_what_the_pipeline_told_first_is_no_news_from_github(told: Told, course: tuple[str, ...]) -> None:
    """No second step, no note, and no thread that asks whose it is."""
    token = await ready(told)
    for step in course:
        assert (await by_pipeline(told, token, step)).status_code == 200
        before = told.rows()["events"]
        await by_hook(told, step)
        assert told.rows()["events"] == before
    assert await told.states("unannounced") == []


async def test_a_start_of_another_commit_is_another_deployment(told: Told) -> None:
    """It is refused as ever: one is under way."""
    token = await ready(told)
    await by_hook(told, "start")
    answer = await by_pipeline(told, token, "start", {"commit": "fff9999"})
    assert answer.status_code == 409


async def test_a_start_that_comes_when_the_deployment_has_ended_is_refused(told: Told) -> None:
    """A pipeline that heard “started” now would deploy once more."""
    token = await ready(told)
    await by_hook(told, "start")
    await by_hook(told, "deploy_failed")
    assert (await by_pipeline(told, token, "start")).status_code == 409


async def test_what_another_pipeline_told_is_refused(told: Told) -> None:
    """Two pipelines that deploy the same are not one."""
    token = await ready(told)
    other = await told.token_for("start", name="another")
    assert (await by_pipeline(told, token, "start")).status_code == 200
    assert (await by_pipeline(told, other, "start")).status_code == 409


async def test_word_that_it_is_deployed_is_no_news_while_qa_looks_at_it(told: Told) -> None:
    """The job that reports comes a while after the one that deployed."""
    token = await ready(told)
    await by_hook(told, "start")
    await by_hook(told, "deployed")
    await told.player.step("U0CHARLIE", "C0RELEASES", "Begin smoke test")
    assert (await by_pipeline(told, token, "deployed")).status_code == 200
    assert await told.states() == ["smoke_running"]
