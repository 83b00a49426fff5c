"""Deployments by Argo CD (its API server's `POST /api/v1/applications/{name}/sync`, `GET /api/v1/applications/{name}`).

An application is synchronised to a revision. Argo CD follows one revision for all: a canary's share is its rollout's
own matter, so `promote` is declined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.deployers.interface import Order, Progress, RunState, Started, fill
from bot.outward import DeclinedError, call, read_json

_STATES: Mapping[str, RunState] = {"Healthy": "succeeded", "Degraded": "failed", "Suspended": "waiting"}
"""What the health of an application that was synchronised means. Suspended: its rollout waits for somebody."""


@dataclass(frozen=True)
class ArgoCD:
    """An application of an Argo CD server. `revision` makes a Git revision of `{version}` or `{commit}`."""

    client: httpx.AsyncClient
    token: SecretStr
    server: str
    application: str
    revision: str = "{version}"
    title: str = "Argo CD"
    repeatable: bool = True
    """To synchronise to the same revision twice changes nothing the second time."""

    async def start(self, order: Order) -> Started:
        if order.kind == "promote":
            raise DeclinedError("Argo CD gives a canary no share of the traffic.", "Promote it in its rollout.")
        body = {
            "revision": fill(self.revision, order, self.title),
            "prune": False,
            "infos": [{"name": "greenlight", "value": order.key}],
        }
        await self._call("POST", self._path(order) + "/sync", json=body)
        return self._page(order)

    async def find(self, order: Order) -> Started | None:
        return self._page(order) if _is_of(await self._operation(order), order) else None

    async def progress(self, order: Order, url: str) -> Progress:
        status = await self._status(order)
        operation = status.get("operationState") or {}
        if not _is_of(operation, order):
            return Progress("unseen", "Another operation has begun in the application since.", url)
        phase, health = operation.get("phase") or "", (status.get("health") or {}).get("status") or ""
        if phase in ("Failed", "Error"):
            return Progress("failed", " ".join(f"{phase} {operation.get('message') or ''}".split()), url)
        if phase != "Succeeded":
            return Progress("running", phase, url)
        return Progress(_STATES.get(health, "running"), f"synced, {health or 'health unknown'}", url)

    async def check(self) -> tuple[str, str] | None:
        if "{" not in self.application:
            await self._call("GET", f"/api/v1/applications/{quote(self.application, safe='')}")
        return None

    def _name(self, order: Order) -> str:
        return quote(fill(self.application, order, self.title), safe="")

    def _path(self, order: Order) -> str:
        return f"/api/v1/applications/{self._name(order)}"

    def _page(self, order: Order) -> Started:
        return Started(f"{self.server.rstrip('/')}/applications/{self._name(order)}")

    async def _status(self, order: Order) -> dict[str, Any]:
        told = await self._call("GET", self._path(order))
        status = told.get("status") if isinstance(told, dict) else None
        return status if isinstance(status, dict) else {}

    async def _operation(self, order: Order) -> dict[str, Any]:
        return (await self._status(order)).get("operationState") or {}

    async def _call(self, method: str, path: str, *, json: object = None) -> Any:
        secret = self.token.get_secret_value()
        headers = {"Authorization": f"Bearer {secret}"}
        request = self.client.build_request(method, f"{self.server.rstrip('/')}{path}", json=json, headers=headers)
        return read_json(await call(self.client, request, self.title, secrets=(secret,)), self.title)


def _is_of(operation: dict[str, Any], order: Order) -> bool:
    """Whether an operation is the one that an order began."""
    infos = (operation.get("operation") or {}).get("info") or []
    return any(info.get("value") == order.key for info in infos if isinstance(info, dict))
