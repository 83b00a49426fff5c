"""JUnit XML reports as the results of a smoke test: a row per test, and nothing passed that was not run."""

from __future__ import annotations

import math
import re
from typing import Any

from bot.core.outside_text import one_line
from bot.core.smoke_forms import read_result
from bot.errors import Refusal
from bot.junit import Case, read

MOST_ROWS = 100
"""Entries of the form's results."""

LONGEST_DETAIL, LONGEST_LINE = 150, 150
_WHAT_IS_WRONG = "results"


def smoke_results(report: bytes) -> dict[str, Any]:
    """The answers of the smoke test's form. Refusal where it is no JUnit XML, or no test was run."""
    try:
        told = read(report)
    except ValueError as error:
        raise _wrong(str(error)) from error
    run = list(told.run)
    if not run:
        raise _wrong("No test was run: the report has no test case, or all were skipped.")
    skipped = [case.name for case in told.cases if case.skipped]
    issues = f"{len(skipped)} not run: {', '.join(skipped)}" if skipped else "None"
    return {
        "results": _rows(run),
        "duration": math.ceil(told.seconds / 60),
        "issues": one_line(issues, LONGEST_LINE),
    }


def _rows(cases: list[Case]) -> list[str]:
    """A row per test. Of more than fit, those that failed come first, and the rest is counted."""
    failed, passed = [case for case in cases if case.failed], [case for case in cases if not case.failed]
    if len(cases) <= MOST_ROWS:
        return [_row(case) for case in cases]
    shown = failed[: MOST_ROWS - 2]
    more = [f"{len(failed) - len(shown)} more tests: Fail"] if len(failed) > len(shown) else []
    rest = [f"{len(passed)} {'other ' if failed else ''}tests: Pass"] if passed else []
    return [*(_row(case) for case in shown), *more, *rest]


def _row(case: Case) -> str:
    """As people type it. A name that would be read otherwise, such as “retry: fail fast”, loses what misleads."""
    detail = one_line(case.detail, LONGEST_DETAIL)
    verdict = f"Fail ({detail})" if case.failed and detail else "Fail" if case.failed else "Pass"
    name = case.name
    if read_result(f"{name}: {verdict}").name != name:
        name = re.sub(r"[:|–—-]+", " ", name).strip() or "unnamed test"
    return f"{name}: {verdict}"


def _wrong(why: str) -> Refusal:
    return Refusal(why, fields={_WHAT_IS_WRONG: why})
