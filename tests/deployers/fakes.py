"""What deployments are started with, on loopback: strict about what is sent, as documented; with faults."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.trackers.fakes import TOKEN, FakeTracker

INPUTS = ("action", "version", "environment", "commit", "percentage", "greenlight_key")


@dataclass
class FakeActions(FakeTracker):
    """GitHub Actions of acme/shop, with the workflow deploy.yml. `named`: the workflow names its runs with the key;
    `is_server`: an Enterprise Server that refuses `return_run_details`, as an unknown field.
    """

    inputs: tuple[str, ...] = INPUTS
    named: bool = True
    is_server: bool = False
    state: str = "active"
    runs: list[dict[str, Any]] = field(default_factory=list)
    dispatched: list[dict[str, Any]] = field(default_factory=list)

    @property
    def api(self) -> str:
        return f"{self.url}/api/v3" if self.is_server else self.url

    def routes(self) -> list[web.RouteDef]:
        here = f"{'/api/v3' if self.is_server else ''}/repos/acme/shop/actions"
        return [
            web.post(f"{here}/workflows/deploy.yml/dispatches", self.dispatch),
            web.get(f"{here}/workflows/deploy.yml", self.workflow),
            web.get(f"{here}/workflows/deploy.yml/runs", self.listed),
            web.get(f"{here}/runs/{{id}}", self.run),
        ]

    async def dispatch(self, request: web.Request) -> web.Response:
        """A run is queued."""
        told = await request.json()
        known = {"ref", "inputs"} if self.is_server else {"ref", "inputs", "return_run_details"}
        if unknown := set(told) - known:
            return web.json_response({"message": f"{unknown} is not a permitted key."}, status=400)
        if told["ref"] != "main":
            return web.json_response({"message": f"No ref found for: {told['ref']}"}, status=422)
        if unexpected := [name for name in told["inputs"] if name not in self.inputs]:
            return web.json_response({"message": f"Unexpected inputs provided: {unexpected}"}, status=422)
        assert all(isinstance(value, str) for value in told["inputs"].values())
        self.dispatched.append(told["inputs"])
        run = self._add(told["inputs"].get("greenlight_key", "") if self.named else "")
        if not told.get("return_run_details"):
            return web.Response(status=204)
        return web.json_response(
            {"workflow_run_id": run["id"], "run_url": f"{self.api}/runs/{run['id']}", "html_url": run["html_url"]}
        )

    def _add(self, key: str) -> dict[str, Any]:
        number = 900 + len(self.runs)
        run = {
            "id": number,
            "html_url": f"https://github.com/acme/shop/actions/runs/{number}",
            "display_title": f"Deploy ({key})" if key else "Deploy",
            "status": "queued",
            "conclusion": None,
        }
        self.runs.append(run)
        return run

    async def workflow(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"path": ".github/workflows/deploy.yml", "state": self.state})

    async def listed(self, request: web.Request) -> web.Response:
        assert request.query["event"] == "workflow_dispatch"
        return web.json_response({"workflow_runs": self.runs[::-1]})

    async def run(self, request: web.Request) -> web.Response:
        found = [run for run in self.runs if str(run["id"]) == request.match_info["id"]]
        return web.json_response(found[0]) if found else web.json_response({"message": "Not Found"}, status=404)

    def goes(self, status: str, conclusion: str | None = None) -> None:
        """The latest run goes on."""
        self.runs[-1].update(status=status, conclusion=conclusion)


@dataclass
class FakeArgo(FakeTracker):
    """An Argo CD server with the application shop. `syncs` are the revisions it was synchronised to."""

    syncs: list[str] = field(default_factory=list)
    status: dict[str, Any] = field(default_factory=lambda: {"health": {"status": "Healthy"}})

    def routes(self) -> list[web.RouteDef]:
        here = "/api/v1/applications/shop"
        return [web.get(here, self.application), web.post(f"{here}/sync", self.sync)]

    async def application(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"metadata": {"name": "shop"}, "status": self.status})

    async def sync(self, request: web.Request) -> web.Response:
        """An operation begins, unless one is under way."""
        told = await request.json()
        assert set(told) == {"revision", "prune", "infos"}
        if self.status.get("operationState", {}).get("phase") == "Running":
            told = {"error": "another operation is already in progress", "code": 9}
            return web.json_response(told, status=400)
        self.syncs.append(told["revision"])
        operation = {"info": told["infos"], "sync": {"revision": told["revision"]}}
        state = {"phase": "Running", "operation": operation}
        self.status = {"health": {"status": "Progressing"}, "operationState": state}
        return web.json_response({"metadata": {"name": "shop"}, "status": self.status})

    def goes(self, phase: str, health: str, message: str = "") -> None:
        """The operation goes on."""
        self.status["operationState"].update(phase=phase, message=message)
        self.status["health"] = {"status": health}


@dataclass
class FakeReceiver(FakeTracker):
    """A webhook of a team, at /orders: it verifies who asks, and carries a key out once. `page`: where it is seen."""

    page: str = "https://deploys.example.com/7"
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/orders", self.take)]

    def knows(self, request: web.Request) -> bool:
        del request
        return True

    async def take(self, request: web.Request) -> web.Response:
        """An order, signed."""
        body, timestamp = await request.read(), request.headers["X-Greenlight-Timestamp"]
        signed = [hmac.new(token.encode(), f"v1:{timestamp}:".encode() + body, hashlib.sha256) for token in self.tokens]
        if request.headers["X-Greenlight-Signature"] not in {f"v1={one.hexdigest()}" for one in signed}:
            return self.refusal("unauthorized")
        self.orders.setdefault(request.headers["Idempotency-Key"], await request.json())
        return web.json_response({"url": self.page}, status=202)


__all__ = ["TOKEN", "FakeActions", "FakeArgo", "FakeReceiver"]
