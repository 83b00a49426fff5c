"""The results of a smoke test as people report them (QA-DevOps dialogue, section 2): a row per test."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from bot.core.events import Fact
from bot.core.forms import Ask, Form, OneLine, SomeEntries, Widget


class TestResult(Fact):
    """One row of a smoke test: its name, whether it passed, and what was seen where it did not."""

    __test__ = False  # the name is the field's; pytest is not to collect it

    name: str
    passed: bool
    detail: str = ""


_RESULT = re.compile(
    r"(?i)^(?P<name>.+?)(?:\s*[:|]\s*|\s+[–—-]\s+)(?:[✅❌]\ufe0f?\s*)?"
    r"(?P<verdict>pass|passed|ok|fail|failed)\b[\s:,–—-]*(?P<detail>.*)$"
)


def read_result(line: str) -> TestResult:
    """A result as people type it: "Login: Pass", "Create Order: Fail (500 error)". ValueError where it says neither."""
    match = _RESULT.match(line.strip())
    if match is None:
        raise ValueError(f"“{line[:60]}” says neither Pass nor Fail. Write Login: Pass, or Login: Fail (what you saw).")
    detail = match["detail"].strip()
    if detail.startswith("(") and detail.endswith(")"):
        detail = detail[1:-1].strip()
    passed = match["verdict"].lower() in {"pass", "passed", "ok"}
    return TestResult(name=match["name"].strip(), passed=passed, detail=detail)


class SmokeForm(Form):
    """The production smoke test's results (QA-DevOps dialogue, section 2): a row per test."""

    results: Annotated[
        SomeEntries,
        Ask("Results", Widget.LINES, hint="One test per line, with Pass or Fail.", placeholder="Login: Pass"),
    ]
    duration: Annotated[int, Field(ge=0, le=24 * 60), Ask("Duration in minutes", Widget.NUMBER)]
    issues: Annotated[OneLine, Ask("Issues found")] = "None"

    @field_validator("results")
    @classmethod
    def _readable(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            read_result(line)
        return lines

    @property
    def rows(self) -> tuple[TestResult, ...]:
        return tuple(read_result(line) for line in self.results)


class SmokePassedForm(SmokeForm):
    """The results of a smoke test that passed: no row may have failed."""

    @field_validator("results")
    @classmethod
    def _all_passed(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        failed = [read_result(line).name for line in lines if not read_result(line).passed]
        if failed:
            raise ValueError(f"{', '.join(failed)[:100]} failed. Use “Smoke failed” to report it.")
        return lines


class SmokeFailedForm(SmokeForm):
    """The results of a smoke test that failed: at least one row must have."""

    @field_validator("results")
    @classmethod
    def _some_failed(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        if all(read_result(line).passed for line in lines):
            raise ValueError("Every test passed. Use “Smoke passed”, or mark the one that failed.")
        return lines
