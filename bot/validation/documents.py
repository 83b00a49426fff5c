"""JSON documents of others: read within limits, and looked into by paths such as checks.database or items[0].id."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from bot.validation.interface import CheckError

_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
MOST_SHOWN = 60


class Missing:
    """There is nothing at a path."""


def parsed(body: bytes, what: str = "the answer") -> Any:
    """A JSON document. CheckError where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CheckError(f"{what} is not JSON") from error


def number(value: Any) -> float | None:
    """A finite number of a document; None for anything else, truth values among it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects in a list of a document; none where there is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def at_path(document: Any, path: str) -> Any:
    """What a document holds at a path; Missing where that leads nowhere."""
    for index, name in _PART.findall(path):
        if index and isinstance(document, list) and int(index) < len(document):
            document = document[int(index)]
        elif name and isinstance(document, dict) and name in document:
            document = document[name]
        else:
            return Missing()
    return document


def shown(value: Any) -> str:
    """A value of a document, short enough for a line."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a monitor measures floats; people count in whole numbers
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
