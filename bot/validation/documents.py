"""JSON documents of others: read within limits, and looked into by paths such as checks.database or items[0].id."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.validation.interface import CheckError

_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
MOST_SHOWN = 60


class Missing:
    """There is nothing at a path."""


def parsed(body: bytes) -> Any:
    """A JSON document. CheckError where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CheckError("the answer is not JSON") from error


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
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
