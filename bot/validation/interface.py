"""What a check does, whatever it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

import httpx

from bot.clock import Clock
from bot.core.validation import Outcome
from bot.errors import GreenlightError
from bot.monitors.interface import Monitor

MOST_BODY = 1_000_000
"""Bytes of an answer that are read for a check."""

Secrets = Callable[[str], str | None]
"""Looks a secret up by the name of its environment variable."""


class CheckError(GreenlightError):
    """A check could not be done. Its text is for people, and plain. `fault`: the check itself is wrong, so that doing
    it again helps nobody.
    """

    def __init__(self, reason: str, *, fault: bool = False) -> None:
        super().__init__(reason)
        self.fault = fault


@dataclass(frozen=True)
class Finding:
    """What a check found, in plain words."""

    outcome: Outcome
    words: str


@dataclass(frozen=True)
class Context:
    """What checks work with: how they speak, what marks their traffic, what {version} and other
    names in their rules stand for, and whom they may ask.
    """

    client: httpx.AsyncClient
    secrets: Secrets
    clock: Clock
    mark: tuple[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    monitors: Mapping[str, Monitor] = field(default_factory=dict)

    def filled(self, text: str) -> str:
        """A text of a rule with its names filled in."""
        for name, value in self.values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def address(self, text: str) -> str:
        """As `filled`, of an address or a path: what is filled in is one part of it, and leads nowhere else."""
        for name, value in self.values.items():
            text = text.replace(f"{{{name}}}", quote(value, safe="").replace("..", "%2E%2E"))
        return text


class Check(Protocol):
    """One check of a playbook. Raises CheckError where it could not be done; tries once and repeats nothing."""

    async def run(self, context: Context) -> Finding:
        """Look, and say what was found."""
        ...
