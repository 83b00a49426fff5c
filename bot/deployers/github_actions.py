"""Deployments by a GitHub Actions workflow with `workflow_dispatch` (docs.github.com, "REST API endpoints for
workflows": "Create a workflow dispatch event"; "REST API endpoints for workflow runs": "List workflow runs for a
workflow").

The workflow has the inputs `action`, `version`, `environment`, `commit`, `percentage` and `greenlight_key`, and names
its runs with the key: GitHub does not say which run a dispatch began, and a run is found again by its name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.deployers.interface import Order, Started
from bot.outward import call, github_headers

RUNS = 50
"""The latest runs that are looked through for an order."""


@dataclass(frozen=True)
class GitHubActions:
    """A workflow of a repository (`owner/name`), started on a branch or tag."""

    client: httpx.AsyncClient
    token: SecretStr
    repository: str
    workflow: str
    ref: str = "main"
    api: str = "https://api.github.com"
    title: str = "GitHub Actions"

    async def start(self, order: Order) -> Started:
        inputs = {
            "action": order.kind,
            "version": order.version,
            "environment": order.environment,
            "commit": order.commit,
            "percentage": str(order.percentage),
            "greenlight_key": order.key,
        }
        await self._call("POST", "dispatches", json={"ref": self.ref, "inputs": inputs})
        # The run appears a moment later, and whoever reads the notice wants to watch it; the workflow's page has it.
        return Started(f"https://github.com/{self.repository}/actions/workflows/{self.workflow}")

    async def find(self, order: Order) -> Started | None:
        answer = await self._call("GET", "runs", params={"event": "workflow_dispatch", "per_page": str(RUNS)})
        for run in answer.json().get("workflow_runs", []):
            if order.key in (run.get("display_title") or run.get("name") or ""):
                return Started(run.get("html_url") or "")
        return None

    async def _call(
        self, method: str, what: str, *, json: object = None, params: dict[str, str] | None = None
    ) -> httpx.Response:
        secret = self.token.get_secret_value()
        path = f"/repos/{self.repository}/actions/workflows/{quote(self.workflow, safe='')}/{what}"
        url, headers = f"{self.api}{path}", github_headers(secret)
        request = self.client.build_request(method, url, json=json, params=params, headers=headers)
        return await call(self.client, request, self.title, secrets=(secret,))
