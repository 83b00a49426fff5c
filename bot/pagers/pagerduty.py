"""PagerDuty's Events API v2 (developer.pagerduty.com, "Send an Alert Event"): its `dedup_key` makes one incident of all
that is one page, however often it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from bot.core.routing import Page
from bot.outward import call

TITLE = "PagerDuty"
LONGEST_SUMMARY = 1024
SEVERITIES = {"P0": "critical", "critical": "error", "warning": "warning"}
"""PagerDuty's own words; P0 is its worst."""


@dataclass(frozen=True)
class PagerDuty:
    """An integration of a PagerDuty service or of its event orchestration, named by its routing key."""

    client: httpx.AsyncClient
    url: str
    key: SecretStr

    async def send(self, page: Page) -> str:
        secret = self.key.get_secret_value()
        body: dict[str, Any] = {"routing_key": secret, "event_action": page.action, "dedup_key": page.key}
        if page.action == "trigger":
            body |= {"client": "Greenlight", "payload": _payload(page)}
            if page.link:
                body["links"] = [{"href": page.link, "text": "Runbook"}]
        request = self.client.build_request("POST", f"{self.url.rstrip('/')}/v2/enqueue", json=body)
        await call(self.client, request, TITLE, secrets=(secret,))
        return f"{TITLE} accepted it"


def _payload(page: Page) -> dict[str, Any]:
    service, _, environment = page.source.partition(" ")
    return {
        "summary": page.summary[:LONGEST_SUMMARY],
        "source": page.source,
        "severity": "info" if page.is_drill else SEVERITIES[page.severity],
        "timestamp": page.at.isoformat(),
        "component": service,
        "group": environment,
        "custom_details": {"told": page.text},
    }
