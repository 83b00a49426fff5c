"""Waits that are shorter where something presses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Pressing:
    """Where a wait is shorter, and keeps no quiet hours: `applies` tells of the conversation, `words` say it in the
    README's table.
    """

    words: str
    applies: Callable[[Any], bool]
    after: timedelta
