"""A pipeline carries its part of a release over HTTP: asked for, started, deployed, tested, told in the thread."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import Any

import pytest

from bot.core.roles import Role
from tests.http.api.conftest import APPROVAL, CHANNEL, DEPLOYED, RELEASE, RELEASES, SMOKE, Pipeline

JUNIT = """<testsuites time="95.5"><testsuite name="e2e">
  <testcase classname="shop" name="Login" time="1.5"/>
  <testcase classname="shop" name="Create Order" time="2">{problem}</testcase>
  <testcase classname="shop" name="Refund"><skipped message="not yet"/></testcase>
</testsuite></testsuites>"""


def thread(pipeline: Pipeline) -> str:
    """All that stands in the release's thread and card."""
    person = pipeline.player.person("U0CHARLIE")
    told = [message for root in person.messages(CHANNEL) for message in person.thread(root)]
    return "\n".join(f"{message.text} {message.blocks}" for message in told)


async def test_a_pipeline_asks_for_approval_and_gives_none(pipeline: Pipeline) -> None:
    """The release is opened, and QA must sign like everybody else; nothing says that it was approved."""
    given = await pipeline.post(RELEASES, APPROVAL)
    assert given.status_code == 201, given.text
    told = given.json()
    assert (told["step"], told["state"], told["by"], told["event"]) == ("approve", "awaiting_signoffs", "github", 1)
    status = (await pipeline.http.get(RELEASE)).json()
    assert status["missing_sign_offs"] == ["qa", "tech_lead"]
    assert status["awaited"] == ["qa", "tech_lead"]
    assert status["commit"] == "abc1234"
    assert status["words"] == "waiting for sign-offs"
    assert status["thread"]["channel"] == CHANNEL
    card = thread(pipeline)
    assert "Ready for Approval: v1.2.0" in card
    assert "Release Approved" not in card
    await pipeline.player.command("U0JANE", "/release report v1.2.0", CHANNEL)
    report = str(pipeline.player.person("U0JANE").ephemerals[-1].blocks)
    assert ("Asked for" in report, "Approved" in report) == (True, False)
    await pipeline.player.command("U0JANE", "/release list", CHANNEL)
    assert "asked for by github" in str(pipeline.player.person("U0JANE").ephemerals[-1].blocks)


async def test_a_pipeline_carries_its_part_of_a_release(pipeline: Pipeline) -> None:
    """Every step is told in the thread with who took it, and the card follows."""
    await pipeline.scheduled()
    started = await pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc1234"})
    assert (started.status_code, started.json()["state"]) == (200, "deploying")
    deployed = await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    assert (deployed.status_code, deployed.json()["state"]) == (200, "awaiting_smoke"), deployed.text
    tested = await pipeline.post(f"{RELEASE}/smoke-results", SMOKE)
    assert (tested.status_code, tested.json()["step"], tested.json()["state"]) == (200, "smoke_passed", "watching")
    told = thread(pipeline)
    assert "github · CI pipeline" in told
    assert "Deployed to Production" in told
    assert "Production Verified" in told


async def test_a_failed_deployment_waits_for_a_decision_and_says_what_is_possible(pipeline: Pipeline) -> None:
    await pipeline.scheduled()
    await pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc1234"})
    failed = await pipeline.post(f"{RELEASE}/steps/deploy_failed", {"reason": "Readiness probe failed"})
    assert failed.json()["state"] == "awaiting_decision"
    status = (await pipeline.http.get(RELEASE)).json()
    assert {step["name"] for step in status["open_steps"]} >= {"continue", "roll_back"}
    assert all("href" not in step for step in status["open_steps"] if Role.CI not in step["by"])


@pytest.mark.parametrize(
    ("problem", "step", "row"),
    [
        ("", "smoke_passed", "Create Order"),
        ('<failure message="500"/>', "smoke_failed", "500"),
        ('<error type="Timeout"/>', "smoke_failed", "Timeout"),
    ],
)
async def test_junit_xml_decides_by_itself_whether_the_smoke_test_passed(
    pipeline: Pipeline, problem: str, step: str, row: str
) -> None:
    """What was skipped is not said to have passed."""
    await pipeline.scheduled()
    await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    report = JUNIT.format(problem=problem).encode()
    given = await pipeline.post(
        f"{RELEASE}/smoke-results", content=report, headers={"Content-Type": "application/xml; charset=utf-8"}
    )
    assert (given.status_code, given.json()["step"]) == (200, step), given.text
    told = thread(pipeline)
    assert row in told
    assert "1 not run: Refund" in told
    event = pipeline.rows()["events"][-1][-1]
    assert '"duration":2' in event


async def test_a_pipeline_that_waits_is_answered_when_the_state_comes(pipeline: Pipeline) -> None:
    """Woken by the commit, not by asking again and again."""
    await pipeline.post(RELEASES, APPROVAL)
    query = {"wait": "30", "until": ["awaiting_plan", "objected"]}
    waiting = asyncio.create_task(pipeline.http.get(RELEASE, params=query))
    await pipeline.player.step("U0CHARLIE", CHANNEL, "Sign off")
    assert not waiting.done()
    await pipeline.player.step("U0TANIA", CHANNEL, "Sign off")
    async with asyncio.timeout(5):
        assert (await waiting).json()["state"] == "awaiting_plan"


async def test_waiting_without_a_state_ends_with_any_change(pipeline: Pipeline) -> None:
    await pipeline.post(RELEASES, APPROVAL)
    waiting = asyncio.create_task(pipeline.http.get(RELEASE, params={"wait": "30"}))
    await pipeline.player.step("U0TANIA", CHANNEL, "Sign off")
    await pipeline.player.step("U0CHARLIE", CHANNEL, "Sign off")
    async with asyncio.timeout(5):
        assert (await waiting).json()["state"] == "awaiting_plan"


async def test_waiting_ends_when_nothing_more_will_come(pipeline: Pipeline) -> None:
    """A withdrawn release never becomes `scheduled`, and the pipeline need not wait a minute to hear it."""
    await pipeline.post(RELEASES, APPROVAL)
    await pipeline.player.step("U0CHARLIE", CHANNEL, "Withdraw", reason="Wrong branch")
    async with asyncio.timeout(5):
        status = (await pipeline.http.get(RELEASE, params={"wait": "60", "until": "scheduled"})).json()
    assert (status["state"], status["is_open"]) == ("withdrawn", False)


async def test_waiting_ends_when_greenlight_stops(pipeline: Pipeline) -> None:
    """Else the platform would kill the process that still waits."""
    await pipeline.post(RELEASES, APPROVAL)
    waiting = asyncio.create_task(pipeline.http.get(RELEASE, params={"wait": "60", "until": "scheduled"}))
    await pipeline.http.get(RELEASE)
    pipeline.player.playground.application.pulse.end()
    async with asyncio.timeout(5):
        assert (await waiting).json()["state"] == "awaiting_signoffs"


@pytest.mark.parametrize("path", [RELEASES, f"{RELEASE}/steps/start", f"{RELEASE}/smoke-results"])
async def test_a_repeated_request_is_answered_the_same_and_changes_nothing(pipeline: Pipeline, path: str) -> None:
    """Also after the release has gone on."""
    bodies: dict[str, Any] = {
        RELEASES: APPROVAL,
        f"{RELEASE}/steps/start": {"commit": "abc1234"},
        f"{RELEASE}/smoke-results": SMOKE,
    }
    if path == RELEASES:
        first = await pipeline.post(path, bodies[path], key="run-1")
        await pipeline.player.step("U0CHARLIE", CHANNEL, "Sign off")
    else:
        await pipeline.scheduled()
        if path.endswith("smoke-results"):
            await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
        first = await pipeline.post(path, bodies[path], key="run-1")
    await pipeline.player.mention("U0JANE", "note Hm", pipeline.player.person("U0JANE").messages(CHANNEL)[0], CHANNEL)
    before = pipeline.rows()
    again = await pipeline.post(path, bodies[path], key="run-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert pipeline.rows() == before


async def test_a_key_that_named_another_request_is_refused(pipeline: Pipeline) -> None:
    await pipeline.scheduled()
    await pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc1234"}, key="run-1")
    given = await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED, key="run-1")
    assert given.status_code == 422
    assert "start" in given.json()["detail"]


@pytest.mark.parametrize("path", [RELEASES, f"{RELEASE}/steps/start", f"{RELEASE}/smoke-results"])
async def test_a_key_that_came_with_another_body_is_refused(pipeline: Pipeline, path: str) -> None:
    """Its sender would believe that the second was recorded. The first is answered on, and its body is kept nowhere."""
    bodies: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        RELEASES: (APPROVAL, APPROVAL | {"sprint": "Sprint 17"}),
        f"{RELEASE}/steps/start": ({"commit": "abc1234"}, {"commit": "abc12345"}),
        f"{RELEASE}/smoke-results": (SMOKE, SMOKE | {"duration": 9}),
    }
    body, other = bodies[path]
    if path != RELEASES:
        await pipeline.scheduled()
    if path.endswith("smoke-results"):
        await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    first = await pipeline.post(path, body, key="run-1")
    before = pipeline.rows()
    refused = await pipeline.post(path, other, key="run-1")
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert "used for" in refused.json()["detail"]
    assert "with another body already" in refused.json()["detail"]
    assert "new key" in refused.json()["remedy"]
    assert pipeline.rows() == before
    assert (await pipeline.post(path, body, key="run-1")).json() == first.json()
    assert [len(reply) for reply in digests(before)] == [64]


def digests(rows: dict[str, list[Any]]) -> list[str]:
    """What is kept of bodies."""
    return [reply for key, reply, _ in rows["deliveries"] if key.startswith("body:")]


async def test_the_same_body_is_the_same_however_its_json_is_written(pipeline: Pipeline) -> None:
    """A client may write its fields in another order when it tries again."""
    first = await pipeline.post(RELEASES, APPROVAL, key="run-1")
    written = json.dumps(dict(reversed(APPROVAL.items())), indent=2)
    again = await pipeline.post(RELEASES, key="run-1", content=written, headers={"Content-Type": "application/json"})
    assert (again.status_code, again.json()) == (first.status_code, first.json())


async def test_two_bodies_with_one_key_at_the_same_moment_are_told_apart(pipeline: Pipeline) -> None:
    """One is recorded, the other is refused and not answered with the first."""
    await pipeline.scheduled()
    given = await asyncio.gather(
        pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc1234"}, key="run-1"),
        pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc12345"}, key="run-1"),
    )
    assert sorted(answer.status_code for answer in given) == [200, 422]


async def test_a_key_that_was_remembered_before_bodies_were_told_apart_is_answered(pipeline: Pipeline) -> None:
    """As it was then: what came with it is not known."""
    first = await pipeline.post(RELEASES, APPROVAL, key="run-1")
    connection = sqlite3.connect(pipeline.database)
    with connection:
        connection.execute("DELETE FROM deliveries WHERE key LIKE 'body:%'")
    connection.close()
    again = await pipeline.post(RELEASES, APPROVAL, key="run-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())


async def test_a_request_that_was_refused_leaves_its_key_free(pipeline: Pipeline) -> None:
    """The next try may mend the body."""
    await pipeline.scheduled()
    wrong = await pipeline.post(f"{RELEASE}/steps/start", {"commit": "fffffff"}, key="run-1")
    assert wrong.status_code >= 400
    mended = await pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc1234"}, key="run-1")
    assert mended.status_code == 200


async def test_a_key_is_of_one_version(pipeline: Pipeline) -> None:
    """Nobody deploys another version because of what was recorded of the first."""
    await pipeline.post(RELEASES, APPROVAL, key="run-1")
    other = APPROVAL | {"version": "v1.3.0"}
    given = await pipeline.post(RELEASES, other, key="run-1")
    assert (given.status_code, "v1.2.0" in given.json()["detail"]) == (422, True)
    assert (await pipeline.http.get(f"{RELEASES}/v1.3.0")).status_code == 404


async def test_a_pipeline_tells_that_the_rollback_is_done(pipeline: Pipeline) -> None:
    """The rollback is a conversation of its own, named by the version that is rolled back."""
    await pipeline.scheduled()
    await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    await pipeline.player.command("U0TANIA", '/rollback v1.2.0 severity=P0 issue="500s" target=v1.1.0', CHANNEL)
    status = await pipeline.http.get("/api/services/admin-logistic/rollbacks/v1.2.0")
    assert (status.status_code, status.json()["state"]) == (200, "awaiting_start"), status.text


async def test_a_pipeline_begins_a_validation_of_what_is_live(pipeline: Pipeline) -> None:
    """Not before the deployment; once, as the playground's playbook says; and a second one waits for its end."""
    await pipeline.scheduled()
    early = await pipeline.post(f"{RELEASE}/steps/validate")
    assert early.status_code == 409, early.text
    await pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc1234"})
    await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    begun = await pipeline.post(f"{RELEASE}/steps/validate", key="run-7")
    assert begun.status_code == 200, begun.text
    assert "is live in production" in str(pipeline.player.person("U0PAVEL").direct_messages[-1].blocks)
    assert (await pipeline.post(f"{RELEASE}/steps/validate", key="run-7")).json() == begun.json()
    again = await pipeline.post(f"{RELEASE}/steps/validate")
    assert again.status_code == 409
    assert "A validation is under way" in again.text
