"""Deployments by a GitHub Actions workflow with `workflow_dispatch` (docs.github.com, "REST API endpoints for
workflows": "Create a workflow dispatch event", "Get a workflow"; "REST API endpoints for workflow runs": "List workflow
runs for a workflow", "Get a workflow run").

github.com answers a dispatch with its run where that is asked for (`return_run_details`). GitHub Enterprise Server
refuses the question where it is older, and a lost answer says nothing either: then a run is known by its name alone, so
the workflow names its runs with the input that holds the order's key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.core.deployer_rules import INPUTS
from bot.deployers.interface import Order, Progress, RunState, Started, fill
from bot.outward import call, github_headers, read_json

RUNS = 50
"""The latest runs that are looked through for an order."""

_RUN = re.compile(r"/actions/runs/(\d+)")
_STATES: Mapping[str, RunState] = {
    "requested": "queued",
    "queued": "queued",
    "pending": "queued",
    "waiting": "waiting",
    "action_required": "waiting",
    "success": "succeeded",
}
"""GitHub's words for a run's status and conclusion; other statuses mean that it runs, other conclusions that it failed.
"""


@dataclass(frozen=True)
class GitHubActions:
    """A workflow of a repository (`owner/name`), started on a branch or tag."""

    client: httpx.AsyncClient
    token: SecretStr
    repository: str
    workflow: str
    ref: str = "main"
    inputs: dict[str, str] = field(default_factory=INPUTS.copy)
    api: str = "https://api.github.com"
    title: str = "GitHub Actions"
    repeatable: bool = False

    async def start(self, order: Order) -> Started:
        inputs = {name: self._filled(template, order) for name, template in self.inputs.items()}
        body: dict[str, Any] = {"ref": fill(self.ref, order, self.title), "inputs": inputs}
        if not self._is_server:
            body["return_run_details"] = True
        told = await self._call("POST", f"workflows/{self._file}/dispatches", json=body)
        page = told.get("html_url") if isinstance(told, dict) else ""
        return Started(_page(page) or f"{self._web}/{self.repository}/actions/workflows/{self.workflow}")

    async def find(self, order: Order) -> Started | None:
        run = await self._named(order)
        return Started(_page(run.get("html_url"))) if run else None

    async def progress(self, order: Order, url: str) -> Progress:
        number = _RUN.search(url)
        if number is None:
            run = await self._named(order)
        else:
            told = await self._call("GET", f"runs/{number[1]}")
            run = told if isinstance(told, dict) else None
        return _progress(run) if run else Progress("unseen", "Its run is not found by the order's key in its name.")

    async def check(self) -> tuple[str, str] | None:
        told = await self._call("GET", f"workflows/{self._file}")
        state = told.get("state", "active") if isinstance(told, dict) else "active"
        return None if state == "active" else (f"{self.workflow} is {state}.", "Enable the workflow in GitHub.")

    @property
    def _file(self) -> str:
        return quote(self.workflow, safe="")

    @property
    def _is_server(self) -> bool:
        """GitHub Enterprise Server, whose API is a path of its own."""
        return self.api.rstrip("/").endswith("/api/v3")

    @property
    def _web(self) -> str:
        return self.api.rstrip("/").removesuffix("/api/v3").replace("://api.github.com", "://github.com")

    def _filled(self, template: str, order: Order) -> str:
        # A rollback's commit may be unknown; a workflow that is told the version finds it.
        return order.commit if template == "{commit}" else fill(template, order, self.title)

    async def _named(self, order: Order) -> dict[str, Any] | None:
        params = {"event": "workflow_dispatch", "per_page": str(RUNS)}
        told = await self._call("GET", f"workflows/{self._file}/runs", params=params)
        runs = told.get("workflow_runs", []) if isinstance(told, dict) else []
        key = re.compile(rf"(?<![A-Za-z0-9:]){re.escape(order.key)}(?![A-Za-z0-9:])")
        return next((run for run in runs if key.search(run.get("display_title") or run.get("name") or "")), None)

    async def _call(self, method: str, what: str, *, json: object = None, params: dict[str, str] | None = None) -> Any:
        secret = self.token.get_secret_value()
        url, headers = f"{self.api.rstrip('/')}/repos/{self.repository}/actions/{what}", github_headers(secret)
        request = self.client.build_request(method, url, json=json, params=params, headers=headers)
        return read_json(await call(self.client, request, self.title, secrets=(secret,)), self.title)


def _progress(run: dict[str, Any]) -> Progress:
    status, conclusion, page = run.get("status") or "", run.get("conclusion") or "", _page(run.get("html_url"))
    state: RunState = _STATES.get(status, "running")
    if status == "completed":
        state = _STATES.get(conclusion, "failed")
    return Progress(state, (conclusion or status).replace("_", " "), page)


def _page(url: object) -> str:
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else ""
