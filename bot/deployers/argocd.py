"""Deployments by Argo CD (its API server's `POST /api/v1/applications/{name}/sync`, `GET /api/v1/applications/{name}`).

An application is synchronised to a revision. Argo CD follows one revision for all: a canary's share is its rollout's
own matter, so `promote` is declined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.deployers.interface import Order, Started
from bot.outward import DeclinedError, call


@dataclass(frozen=True)
class ArgoCD:
    """An application of an Argo CD server. `revision` makes a Git revision of `{version}` or `{commit}`."""

    client: httpx.AsyncClient
    token: SecretStr
    server: str
    application: str
    revision: str = "{version}"
    title: str = "Argo CD"

    async def start(self, order: Order) -> Started:
        if order.kind == "promote":
            raise DeclinedError("Argo CD gives a canary no share of the traffic.", "Promote it in its rollout.")
        body = {
            "revision": self._revision(order),
            "prune": False,
            "infos": [{"name": "greenlight", "value": order.key}],
        }
        await self._call("POST", "/sync", json=body)
        return self._page()

    async def find(self, order: Order) -> Started | None:
        answer = await self._call("GET", "")
        state: dict[str, Any] = answer.json().get("status", {}).get("operationState", {})
        infos = state.get("operation", {}).get("info") or []
        if any(info.get("value") == order.key for info in infos if isinstance(info, dict)):
            return self._page()
        return None

    def _revision(self, order: Order) -> str:
        if "{commit}" in self.revision and not order.commit:
            raise DeclinedError(
                f"Argo CD is told commits, and none is known of {order.version}.",
                "Use “{version}” as the revision, or roll back by hand.",
            )
        return self.revision.format(version=order.version, commit=order.commit)

    def _page(self) -> Started:
        return Started(f"{self.server.rstrip('/')}/applications/{quote(self.application, safe='')}")

    async def _call(self, method: str, what: str, *, json: object = None) -> httpx.Response:
        secret = self.token.get_secret_value()
        url = f"{self.server.rstrip('/')}/api/v1/applications/{quote(self.application, safe='')}{what}"
        request = self.client.build_request(method, url, json=json, headers={"Authorization": f"Bearer {secret}"})
        return await call(self.client, request, self.title, secrets=(secret,))
