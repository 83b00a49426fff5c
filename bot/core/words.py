"""What people mean by a few words."""

from __future__ import annotations

import re

_NOTHING = frozenset({"", "-", "–", "—", "0", "n/a", "no", "nil", "none"})
_NO_DOWNTIME = re.compile(r"(?i)^(?:(?:none|no|nil|zero|without|n/a|0)\b|[-–—]?$)(?!\s+(?:more|longer|less)\b)")
_SOME_TIME = re.compile(r"(?i)[1-9]\d*\s*(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?)\b")


def is_none(text: str) -> bool:
    """Whether somebody wrote that there is nothing."""
    return text.strip().rstrip(".").casefold() in _NOTHING


def is_no_downtime(text: str) -> bool:
    """Whether a plan's downtime is none: it begins with None, No, Zero (zero-downtime) or 0, and names no time.

    "None expected (zero-downtime deploy)" is none; "No more than 5 minutes" and "None for the API, 10 min for the UI"
    are not.
    """
    words = text.strip()
    return bool(_NO_DOWNTIME.match(words)) and not _SOME_TIME.search(words)
