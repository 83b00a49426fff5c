"""What is handed to the app and what comes back, whichever way it travels."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal, Protocol

from playground.slack.shapes import Json

EnvelopeType = Literal["slash_commands", "interactive", "events_api"]
Reason = Literal["http_timeout", "too_many_redirects", "connection_failed", "ssl_error", "http_error", "unknown_error"]


@dataclass(frozen=True)
class Envelope:
    """One delivery. `kind` names it in the inspector: a command, block_actions, app_mention …"""

    type: EnvelopeType
    kind: str
    payload: Json
    retry_number: int = 0
    retry_reason: Reason | None = None


@dataclass(frozen=True)
class Answer:
    """What the app answered in time: an HTTP status (200 for an acknowledged envelope), body, lower-case headers."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Json | None:
        """The body as a JSON object, None where it is none."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None


class DeliveryFailedError(Exception):
    """The app gave no answer in time, or none at all."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Transport(Protocol):
    """Carries one envelope to the app. Raises DeliveryFailedError."""

    async def send(self, envelope: Envelope) -> Answer: ...

    async def close(self) -> None: ...


class Unconnected:
    """Before the app told where it listens nothing reaches it."""

    async def send(self, envelope: Envelope) -> Answer:  # noqa: ARG002 - the interface names it
        raise DeliveryFailedError("connection_failed")

    async def close(self) -> None:
        """Nothing is held."""
