"""Opsgenie's Alert API (docs.opsgenie.com, "Alert API"): its `alias` makes one alert of all that is one page, however
often it is sent. It answers before it has done what it was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.core.routing import Page
from bot.outward import call

TITLE = "Opsgenie"
LONGEST_MESSAGE, LONGEST_DESCRIPTION = 130, 15_000
PRIORITIES = {"P0": "P1", "critical": "P2", "warning": "P3"}
"""Opsgenie counts from P1, the worst, to P5."""

PATHS = {"acknowledge": "acknowledge", "resolve": "close"}


@dataclass(frozen=True)
class Opsgenie:
    """An API integration of Opsgenie."""

    client: httpx.AsyncClient
    url: str
    key: SecretStr

    async def send(self, page: Page) -> str:
        secret = self.key.get_secret_value()
        alerts = f"{self.url.rstrip('/')}/v2/alerts"
        headers = {"Authorization": f"GenieKey {secret}"}
        if page.action == "trigger":
            request = self.client.build_request("POST", alerts, headers=headers, json=_alert(page))
        else:
            address = f"{alerts}/{quote(page.key, safe='')}/{PATHS[page.action]}"
            told = {"source": "Greenlight", "note": page.summary[:LONGEST_DESCRIPTION]}
            request = self.client.build_request(
                "POST", address, headers=headers, params={"identifierType": "alias"}, json=told
            )
        await call(self.client, request, TITLE, secrets=(secret,))
        return f"{TITLE} accepted it"


def _alert(page: Page) -> dict[str, Any]:
    description = "\n".join(part for part in (page.summary, page.text, page.link) if part)
    return {
        "message": page.summary[:LONGEST_MESSAGE],
        "alias": page.key,
        "description": description[:LONGEST_DESCRIPTION],
        "priority": "P5" if page.is_drill else PRIORITIES[page.severity],
        "source": "Greenlight",
        "entity": page.source,
    }
