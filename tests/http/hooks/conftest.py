"""A playground that other systems tell of deployments, each with its own signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.core.alerts import AlertRule
from bot.core.policy import GitHubHook, Hooks
from bot.http.hooks.signed import signature
from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from tests.http.api.conftest import CHANNEL, Pipeline
from tests.stories.blocking import nothing_blocks
from tests.stories.the_document import STARTS_AT

FIXTURES = Path(__file__).parents[2] / "fixtures" / "github"
SECRET = "a-secret-of-forty-characters-0123456789ab"
VARIABLES = (
    "GREENLIGHT_GITHUB_WEBHOOK_SECRET",
    "GREENLIGHT_ARGOCD_TOKEN",
    "GREENLIGHT_ALERTMANAGER_TOKEN",
    "GREENLIGHT_WEBHOOK_SECRET",
)
SHA = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
"""The commit of GitHub's example deployment."""


def example(name: str) -> dict[str, Any]:
    """One of GitHub's own examples, such as deployment.0."""
    read: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return read


@dataclass(frozen=True)
class Told(Pipeline):
    """Whoever tells the bot of deployments. `conversations` and `thread` show what came of it."""

    async def github(self, event: str, payload: object, *, delivery: str = "1", **headers: str) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        given = {
            "content-type": "application/json",
            "x-github-event": event,
            "x-github-delivery": delivery,
            "x-hub-signature-256": f"sha256={signed}",
        }
        return await self._told("github", body, {**given, **headers})

    async def argocd(self, payload: object, token: str = SECRET) -> httpx.Response:
        return await self._told("argocd", json.dumps(payload).encode(), {"authorization": f"Bearer {token}"})

    async def signed(self, payload: object, *, at: datetime | None = None, secret: str = SECRET) -> httpx.Response:
        body, timestamp = json.dumps(payload).encode(), str(int((at or self.player.playground.now()).timestamp()))
        told = f"v1={signature(secret, timestamp, body)}"
        return await self._told("signed", body, {"x-greenlight-timestamp": timestamp, "x-greenlight-signature": told})

    async def _told(self, hook: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        answer = await self.http.post(f"/hooks/{hook}", content=body, headers=headers)
        await self.player.playground.settled()
        return answer

    async def states(self, dialogue: str = "release") -> list[str]:
        """The states of a dialogue's conversations, the first opened first."""
        store = self.player.playground.application.store
        found = await store.read(lambda reader: reader.find(dialogue))
        return [record.state for record in reversed(found)]

    async def steps(self, dialogue: str = "release") -> list[str]:
        """All steps of the latest conversation of a dialogue."""
        store = self.player.playground.application.store
        found = await store.read(lambda reader: reader.find(dialogue, limit=1))
        events = await store.read(lambda reader: reader.events(found[0].id))
        return [event.step for event in events]

    def said(self) -> str:
        """All that stands in the channel and its threads."""
        person = self.player.person("U0CHARLIE")
        told = [message for root in person.messages(CHANNEL) for message in person.thread(root)]
        return "\n".join(f"{message.text} {message.blocks}" for message in told)


def deployment(number: int = 1, sha: str = "abc1234", ref: str = "v1.2.0") -> dict[str, Any]:
    """GitHub's example of a deployment, of a commit and a ref of ours."""
    payload = example("deployment.0")
    payload["deployment"] |= {"id": number, "sha": sha, "ref": ref}
    return payload


def status(state: str, at: str, number: int = 1, sha: str = "abc1234", ref: str = "v1.2.0") -> dict[str, Any]:
    """GitHub's example of a deployment's status, of a commit and a ref of ours. `at`: a time of the release's day."""
    payload, moment = example("deployment_status.0"), f"2024-01-16T{at}Z"
    payload["deployment"] |= {"id": number, "sha": sha, "ref": ref, "created_at": "2024-01-16T15:58:00Z"}
    payload["deployment_status"] |= {
        "id": number * 10**8 + int(at.replace(":", "")) * 100 + len(state),
        "state": state,
        "created_at": moment,
    }
    return payload


@asynccontextmanager
async def hooked(folder: Path, alertmanager: AlertRule | None = None, **changes: Any) -> AsyncIterator[Told]:
    """A playground whose first service is told of by everybody. `changes` are of this service."""
    configuration, database = load(CONFIGURATION), folder / "x.db"
    github = GitHubHook(repository="codertocat/hello-world", workflows={"test.yml": "production"})
    hooks = Hooks(github=github, argocd={"shop": "production"})
    services = {name: it.but(hooks=Hooks()) for name, it in configuration.services.items()}
    services["admin-logistic"] = services["admin-logistic"].but(
        **{"hooks": hooks, "alertmanager": alertmanager} | changes
    )
    configuration = replace(configuration, services=services)
    playing_it = playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT, configuration=configuration)
    async with playing_it as playground:
        playground.slack.limits.enabled = False
        it = Told(Player(playground), httpx.AsyncClient(base_url=playground.server.url, timeout=20), database, "")
        async with it.http:
            with nothing_blocks():
                yield it


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every hook is open."""
    for variable in VARIABLES:
        monkeypatch.setenv(variable, SECRET)


@pytest.fixture
async def told(tmp_path: Path, secrets: None) -> AsyncIterator[Told]:
    del secrets
    async with hooked(tmp_path) as it:
        yield it
