"""One release with all of it: a deployer whose word is taken, GitHub's hooks of the same run, watch, alerts, pages, and
a validation. Nothing is said twice, and nothing against what was said before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.core.deployer_rules import WorkflowRule
from bot.core.playbook import Playbook
from bot.core.policy import GitHubHook, Hooks
from bot.messages.limits import violations
from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from tests.deployers.fakes import FakeActions
from tests.http.hooks.conftest import SECRET, VARIABLES, Told, example
from tests.pagers.fakes import FakeOpsgenie, FakePagerDuty
from tests.stories.blocking import nothing_blocks
from tests.stories.test_deployers import breach, started
from tests.stories.test_release_paths import card
from tests.stories.test_reminders import later
from tests.stories.test_routing import LOUD, ROUTING
from tests.stories.the_document import SMOKE, STARTS_AT
from tests.trackers.fakes import TOKEN, serving
from tests.validation.a_live_service import LiveService, live


def word_of(run: dict[str, Any], state: str, conclusion: str | None = None) -> dict[str, Any]:
    payload = example("workflow_run.1")
    payload["repository"] = example("deployment.0")["repository"]
    payload["workflow_run"] |= {
        "id": run["id"],
        "html_url": run["html_url"],
        "display_title": run["display_title"],
        "head_sha": "0123456789abcdef0123456789abcdef01234567",
        "head_branch": "main",
        "status": state,
        "conclusion": conclusion,
        "created_at": "2024-01-16T16:00:00Z",
        "run_started_at": "2024-01-16T16:00:00Z",
        "updated_at": "2024-01-16T16:04:00Z",
    }
    return payload


@dataclass
class Everything:
    told: Told
    github: FakeActions
    pagerduty: FakePagerDuty
    service: LiveService

    @property
    def player(self) -> Player:
        return self.told.player

    async def hears(self, state: str, conclusion: str | None = None) -> list[str]:
        payload = word_of(self.github.runs[-1], state, conclusion)
        return [one["outcome"] for one in (await self.told.github("workflow_run", payload)).json()["taken"]]

    def thread(self) -> list[str]:
        person = self.player.person(CHARLIE)
        roots = [one for one in person.messages("#releases") if one.thread_ts in (None, one.ts)]
        return [person.text_of(one) for root in roots for one in person.thread(root)]


@asynccontextmanager
async def everything(folder: Path, monkeypatch: pytest.MonkeyPatch, later: timedelta = timedelta(0), **rule: Any) -> AsyncIterator[Everything]:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, SECRET)
    github, pagerduty, opsgenie = FakeActions(), FakePagerDuty(), FakeOpsgenie()
    async with AsyncExitStack() as stack:
        for one in (github, pagerduty, opsgenie):
            await stack.enter_async_context(serving(one))
        service = await stack.enter_async_context(live({"/health": [{"status": "healthy"}]}))
        for name, value in {
            "GITHUB_TOKEN": TOKEN,
            "PAGERDUTY_ROUTING_KEY": TOKEN,
            "PAGERDUTY_URL": pagerduty.url,
            "OPSGENIE_API_KEY": TOKEN,
            "OPSGENIE_URL": opsgenie.url,
        }.items():
            monkeypatch.setenv(name, value)
        loaded = load(CONFIGURATION)
        given: Any = {"kind": "github_actions", "repository": "acme/shop", "workflow": "deploy.yml", "url": github.url}
        checks = {"health": {"kind": "http", "url": f"{service.url}/health", "fields": {"status": "healthy"}}}
        shop = loaded.services["admin-logistic"].but(
            deployer=WorkflowRule.model_validate(given | {"reports": True} | rule),
            hooks=Hooks(github=GitHubHook(repository="codertocat/hello-world", workflows={"test.yml": "production"})),
            routing={name: replace_mail(route) for name, route in ROUTING.items()},
            playbook=Playbook.model_validate({"checks": checks, "automatic": True}),
        )
        services = dict(loaded.services) | {"admin-logistic": shop}
        configuration, database = replace(loaded, services=services), folder / "x.db"
        playground = await stack.enter_async_context(
            playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT + later, configuration=configuration)
        )
        playground.slack.limits.enabled = False
        player = Player(playground)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=playground.server.url, timeout=20))
        stack.enter_context(nothing_blocks())
        await player.person(CHARLIE).invite_app("#incidents")
        yield Everything(Told(player, http, database, ""), github, pagerduty, service)


def replace_mail(route: Any) -> Any:
    return route.model_copy(update={"mail": ()})


@pytest.fixture
async def all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Everything]:
    async with everything(tmp_path, monkeypatch) as one:
        yield one


async def test_explore(all_of_it: Everything) -> None:
    it = all_of_it
    await started(it.player)
    print(await it.hears("in_progress"))
    it.github.goes("in_progress")
    await later(it.player, 1)
    print(await it.hears("completed", "success"))
    it.github.goes("completed", "success")
    await later(it.player, 1)
    print(await it.hears("completed", "success"))
    await later(it.player, 3)
    await it.player.step(CHARLIE, RELEASES, "Begin smoke test")
    await it.player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await breach(it.player)
    for text in it.thread():
        print("-----\n" + text)


async def test_explore_failed(all_of_it: Everything) -> None:
    it = all_of_it
    await started(it.player)
    it.github.goes("completed", "failure")
    await later(it.player, 1)
    await later(it.player, 1)
    token = await it.told.token_for("release.deployed", "deployed", "deploy_failed")
    answer = await it.told.post("/api/services/admin-logistic/releases/v1.2.0/steps/deployed", {"duration": 3, "components": ["Backend: Healthy"], "health_checks": ["API: 200"], "monitoring": ["S: https://s.example.com"]}, headers=token)
    print(answer.status_code, answer.text)
    print(await it.hears("completed", "failure"))
    it.github.runs[-1]["id"] = 5555
    print(await it.hears("completed", "success"))
    for text in it.thread():
        print("-----\n" + text)
