"""The raw traffic between Slack and the app, for the inspector: a ring buffer without anything secret in it."""

from __future__ import annotations

from collections import deque
from typing import Any, Literal

from playground.slack.events import EventLog
from playground.slack.shapes import Json

KEPT = 500
HIDDEN = "(hidden)"
SECRET_KEYS = frozenset({"token", "authorization", "x-slack-signature", "app_token", "ticket", "secret", "secrets"})
HIDDEN_BLOCK = "secret"
"""The block_id of a part of a message that only its reader is to see."""

Direction = Literal["to_app", "from_app"]


class Traffic:
    """The last 500 exchanges. `secrets` are strings that must never be shown, wherever they stand."""

    def __init__(self, events: EventLog, secrets: tuple[str, ...]) -> None:
        self._events = events
        self._secrets = secrets
        self._items: deque[Json] = deque(maxlen=KEPT)
        self._last_id = 0

    def note(  # the fields are the columns of the inspector
        self,
        direction: Direction,
        kind: str,
        *,
        at: str,
        status: int,
        milliseconds: float,
        request: Json,
        response: Any,
    ) -> None:
        """Keep one exchange. `status` 0 means that no answer came."""
        self._last_id += 1
        item: Json = {
            "id": self._last_id,
            "at": at,
            "direction": direction,
            "kind": kind,
            "status": status,
            "milliseconds": round(milliseconds, 1),
            "request": self._clean(request),
            "response": self._clean(response),
        }
        self._items.append(item)
        self._events.append("traffic", {"item": item})

    def after(self, number: int) -> list[Json]:
        return [item for item in self._items if item["id"] > number]

    def _clean(self, part: Any) -> Any:
        if isinstance(part, dict) and part.get("block_id") == HIDDEN_BLOCK:
            return {key: part[key] if key in ("type", "block_id") else HIDDEN for key in part}
        if isinstance(part, dict):
            return {key: HIDDEN if key.lower() in SECRET_KEYS else self._clean(value) for key, value in part.items()}
        if isinstance(part, list):
            return [self._clean(entry) for entry in part]
        if isinstance(part, str):
            for secret in self._secrets:
                part = part.replace(secret, HIDDEN)
        return part
