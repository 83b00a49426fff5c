"""Response URLs: five uses within thirty minutes (docs.slack.dev, interactivity/handling-user-interaction)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from playground.slack.shapes import ApiError

USES = 5
LIFETIME = timedelta(minutes=30)


@dataclass
class ResponseUrl:
    """Where it answers to: a person in a channel, and the message that was acted on if there was one."""

    user: str
    channel: str
    message_ts: str | None
    thread_ts: str | None
    made_at: datetime
    uses: int = 0


class ResponseUrls:
    """Hands out URLs below `base_url` and counts their uses. Age is told by the workspace's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, ResponseUrl] = {}
        self.base_url = ""

    def make(self, user: str, channel: str, message_ts: str | None = None, thread_ts: str | None = None) -> str:
        key = secrets.token_urlsafe(24)
        self._known[key] = ResponseUrl(user, channel, message_ts, thread_ts, self._now())
        return f"{self.base_url}/response/{key}"

    def use(self, key: str) -> ResponseUrl:
        """Count a use. Raises ApiError invalid_url, expired_url or used_url."""
        entry = self._known.get(key)
        if entry is None:
            raise ApiError("invalid_url")
        if self._now() - entry.made_at > LIFETIME:
            raise ApiError("expired_url")
        if entry.uses >= USES:
            raise ApiError("used_url")
        entry.uses += 1
        return entry
