"""Trigger ids: each opens one view, within three seconds (docs.slack.dev, interactivity/handling-user-interaction)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from playground.slack.shapes import ApiError

LIFETIME = 3.0
"""Seconds of the real clock: what a person waits does not pass faster when the workspace's clock is moved."""


@dataclass
class Trigger:
    """Who acted, and in which view if it was in one."""

    user: str
    view_id: str | None
    made_at: float
    used: bool = False


class Triggers:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[str, Trigger] = {}

    def make(self, user: str, view_id: str | None = None) -> str:
        trigger_id = f"{len(self._known) + 1}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._known[trigger_id] = Trigger(user, view_id, self._monotonic())
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger up. Raises ApiError invalid_trigger_id, exchanged_trigger_id or expired_trigger_id."""
        trigger = self._known.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self._monotonic() - trigger.made_at > LIFETIME:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger
