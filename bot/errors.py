"""Errors, split by whose fault they are and what is to be done.

GreenlightError
├── Refusal             the person's move is not possible now; the sentence is shown to them, nothing changed
├── TransientError      the outside world failed for now; whoever asked tries again
│   └── StoreBusyError  the store did not commit within its budget; repeating is safe
└── ConfigurationError  the operator must change something; the start refuses
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class GreenlightError(Exception):
    """The root of all that this program raises on purpose."""


@dataclass
class Refusal(GreenlightError):  # noqa: N818 - the design's word; it is an answer, not a fault
    """A move that is not possible now. Shown privately to the person who tried; nothing was changed.

    All text is plain: whoever shows it escapes it. `may` are role names, `people` Slack ids of people and
    of user groups who hold them, `open_now` the labels of steps that are possible, `fields` maps a form's field names
    to what is wrong there.
    """

    reason: str
    remedy: str = ""
    may: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    open_now: tuple[str, ...] = ()
    since: datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join(part for part in (self.reason, self.remedy) if part)


class TransientError(GreenlightError):
    """Something outside failed for now. `retry_after`, in seconds, is what the other side asked for, if it did."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class StoreBusyError(TransientError):
    """The store could not record an intent within its time budget. Nothing was recorded."""


@dataclass(frozen=True)
class Problem:
    """One thing an operator must put right: where it stands, what is wrong, what to do.

    `line` counts from 1; 0 where the problem is not one of a line. `key` is empty where it is the whole file's.
    """

    file: str
    key: str
    reason: str
    remedy: str
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.key, f"{self.reason} {self.remedy}".rstrip()) if part)


class ConfigurationError(GreenlightError):
    """The configuration or the environment can't be used; every problem is listed at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
