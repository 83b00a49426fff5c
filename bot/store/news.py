"""What a commit brings to those who wait for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class News:
    """What a commit brought that somebody waits for: the outbox's `lanes` that something was put into, the earliest
    moment that a reminder was set for (None: none was), whether there are new errands, and whether a conversation
    changed.
    """

    lanes: set[str] = field(default_factory=set)
    due: datetime | None = None
    errands: bool = False
    conversations: bool = False

    def __bool__(self) -> bool:
        return self.conversations or self.errands or self.due is not None or bool(self.lanes)
