"""The example pipeline, run as it stands against the playground: it asks, waits for people, deploys and reports."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import load
from playground.run import CONFIGURATION
from tests.http.api.conftest import AGREED_AT, RELEASE, Pipeline, piped
from tests.http.api.test_api_release import thread

EXAMPLES = Path(__file__).parents[3] / "examples"
EXPRESSION = re.compile(r"\$\{\{\s*([a-z_.A-Z]+)\s*\}\}")
REPORT = """<testsuites time="60"><testsuite name="e2e"><testcase name="Login"/>
  <testcase name="Order List">{problem}</testcase></testsuite></testsuites>"""


class Runner:
    """Runs the steps of the example's job, as GitHub Actions does: `run` in bash, `env` around it."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.folder = folder
        self.settled = pipeline.player.playground.settled
        self.job: dict[str, Any] = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text(encoding="utf-8"))[
            "jobs"
        ]["deploy"]
        self.known = {
            "vars.GREENLIGHT_URL": pipeline.player.playground.server.url,
            "secrets.GREENLIGHT_TOKEN": pipeline.token,
            "inputs.version": "v1.2.0",
            "inputs.sprint": "Sprint 16",
            "inputs.changes": 'Order "tracking"; $(touch broken)',
            "github.sha": "abc1234def5678abc1234def5678abc1234def56",
            "github.run_id": "77",
            "github.run_attempt": "1",
            "github.server_url": "https://github.com",
            "github.repository": "acme/shop",
        }
        self.script("greenlight.sh", (EXAMPLES / "greenlight.sh").read_text(encoding="utf-8"))

    def script(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        return {name: EXPRESSION.sub(lambda found: self.known[found[1]], value) for name, value in given.items()}

    async def step(self, name: str, **more: str) -> tuple[int, str]:
        """Run a step by its name; its exit code and what it printed."""
        [step] = [one for one in self.job["steps"] if one.get("name") == name]
        given = self.environment({**self.job["env"], **step.get("env", {})})
        around = {"PATH": os.environ["PATH"], "POLL": "1", **given, **more}
        ran = await asyncio.create_subprocess_exec(
            *("bash", "-e", "-o", "pipefail", "-c", step["run"]),
            cwd=self.folder,
            env=around,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await ran.communicate()
        await self.settled()
        assert ran.returncode is not None
        return ran.returncode, printed.decode()


@pytest.fixture
def runner(pipeline: Pipeline, tmp_path: Path) -> Runner:
    return runner_of(pipeline, tmp_path)


def runner_of(pipeline: Pipeline, tmp_path: Path) -> Runner:
    if not all(map(shutil.which, ("bash", "curl", "jq"))):
        pytest.skip("needs bash, curl and jq, as a runner has them")
    folder = tmp_path / "checkout"
    folder.mkdir()
    return Runner(pipeline, folder)


async def state(pipeline: Pipeline) -> str:
    return str((await pipeline.http.get(RELEASE)).json()["state"])


async def asked_and_started(pipeline: Pipeline, runner: Runner) -> None:
    """The pipeline asks and waits; meanwhile people sign, plan and agree, and the time comes."""
    assert (await runner.step("Ask for approval"))[0] == 0
    waiting = asyncio.create_task(runner.step("Wait for the green light, and start"))
    await pipeline.agreed()
    assert not waiting.done()
    await pipeline.player.playground.advance(AGREED_AT)
    code, printed = await waiting
    assert code == 0, printed
    await pipeline.player.playground.settled()


async def test_the_example_asks_waits_deploys_and_reports(pipeline: Pipeline, runner: Runner) -> None:
    """Step by step, as the file has them; asking again leaves the release as it is."""
    await asked_and_started(pipeline, runner)
    assert await state(pipeline) == "deploying"
    runner.script("deploy.sh", '#!/bin/sh\n[ "$1" = v1.2.0 ]\n')
    for name in ("Ask for approval", "Deploy", "Tell that it is deployed"):
        code, printed = await runner.step(name)
        assert code == 0, (name, printed)
    assert await state(pipeline) == "awaiting_smoke"
    runner.script("smoke.sh", f"#!/bin/sh\ncat > \"$1\" <<'END'\n{REPORT.format(problem='')}\nEND\n")
    for name in ("Smoke test", "Tell the results of the smoke test"):
        code, printed = await runner.step(name)
        assert code == 0, (name, printed)
    assert await state(pipeline) == "watching"
    await pipeline.player.playground.settled()
    told = thread(pipeline)
    assert "https://github.com/acme/shop/actions/runs/77" in told
    assert 'Order "tracking"; $(touch broken)' in told
    assert not (runner.folder / "broken").exists()


async def test_a_deployment_that_fails_is_told(pipeline: Pipeline, runner: Runner) -> None:
    await asked_and_started(pipeline, runner)
    runner.script("deploy.sh", "#!/bin/sh\nexit 1\n")
    assert (await runner.step("Deploy"))[0] == 1
    code, printed = await runner.step("Tell that it failed", PAGE='a "page"')
    assert code == 0, printed
    assert await state(pipeline) == "awaiting_decision"
    await pipeline.player.playground.settled()
    assert 'The deployment failed, see a "page"' in thread(pipeline)


async def test_failed_tests_are_told_and_decide_the_step(pipeline: Pipeline, runner: Runner) -> None:
    await asked_and_started(pipeline, runner)
    assert (await runner.step("Tell that it is deployed"))[0] == 0
    (runner.folder / "report.xml").write_text(REPORT.format(problem='<failure message="500"/>'), encoding="utf-8")
    assert (await runner.step("Tell the results of the smoke test"))[0] == 0
    assert await state(pipeline) == "awaiting_decision"


async def test_a_release_that_is_withdrawn_ends_the_wait(pipeline: Pipeline, runner: Runner) -> None:
    """With a code of its own, so that nobody deploys."""
    assert (await runner.step("Ask for approval"))[0] == 0
    waiting = asyncio.create_task(runner.step("Wait for the green light, and start"))
    await pipeline.player.step("U0CHARLIE", "C0RELEASES", "Withdraw", reason="Not now")
    code, printed = await waiting
    assert (code, "v1.2.0 is withdrawn" in printed) == (3, True)


async def test_a_version_that_was_asked_for_with_another_commit_is_not_deployed(
    pipeline: Pipeline, runner: Runner
) -> None:
    """The pipeline ends at once instead of waiting for what will not be allowed."""
    assert (await runner.step("Ask for approval"))[0] == 0
    assert (await runner.step("Ask for approval"))[0] == 0
    code, printed = await runner.step("Ask for approval", COMMIT="fff0000")
    assert (code, "not fff0000" in printed) == (1, True)
    assert await state(pipeline) == "awaiting_signoffs"


async def test_nobody_answers_in_time_and_nobody_without_a_token(pipeline: Pipeline, runner: Runner) -> None:
    """Each ends with its own code and says why."""
    assert (await runner.step("Ask for approval"))[0] == 0
    code, printed = await runner.step("Wait for the green light, and start", TIMEOUT="0")
    assert (code, "nobody answered in time" in printed) == (4, True)
    code, printed = await runner.step("Wait for the green light, and start", GREENLIGHT_TOKEN="glt_wrong")
    assert (code, "refused with 401" in printed) == (1, True)
    assert pipeline.token not in printed


async def test_of_a_version_under_way_in_two_environments_it_moves_the_one_it_is_told(tmp_path: Path) -> None:
    """Nothing that is deployed to staging is started, or waited for, in production; unnamed, it is refused."""
    loaded = load(CONFIGURATION)
    services = {name: it.but(environments=("production", "staging")) for name, it in loaded.services.items()}
    async with piped(tmp_path, configuration=replace(loaded, services=services)) as pipeline:
        runner, place = runner_of(pipeline, tmp_path), {"GREENLIGHT_ENVIRONMENT": "staging"}
        assert (await runner.step("Ask for approval"))[0] == 0
        await pipeline.scheduled(environment="staging")
        start = "Wait for the green light, and start"
        code, printed = await runner.step(start)
        assert (code, "under way in production and in staging" in printed) == (1, True)
        code, printed = await runner.step(start, **place)
        assert code == 0, printed
        code, printed = await runner.step("Tell that it is deployed", **place)
        assert code == 0, printed
        stands = [
            (await pipeline.http.get(f"{RELEASE}?environment={name}")).json()["state"]
            for name in ("production", "staging")
        ]
        assert stands == ["awaiting_signoffs", "awaiting_smoke"]


async def test_called_wrongly_it_says_how_it_is_called(pipeline: Pipeline, runner: Runner) -> None:
    """All of that, and nothing of how it is made."""
    runner.job["steps"].append({"name": "wrong", "run": "./greenlight.sh bogus"})
    code, printed = await runner.step("wrong", VERSION="v1")
    assert (code, pipeline.token in printed) == (2, False)
    assert "GREENLIGHT_ENVIRONMENT" in printed
    assert printed.rstrip().endswith("4 if nobody answered in time.")
