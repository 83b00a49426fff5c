"""JUnit XML reports as the results of a smoke test: a row per test, and nothing passed that was not run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import JUnitXmlError

from bot.core.smoke_forms import read_result
from bot.errors import Refusal

MOST_ROWS = 100
"""Entries of the form's results."""

LONGEST_NAME, LONGEST_DETAIL, LONGEST_LINE = 120, 150, 150

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_WHAT_IS_WRONG = "results"


@dataclass(frozen=True)
class _Case:
    name: str
    failed: bool
    skipped: bool
    detail: str


def smoke_results(report: bytes) -> dict[str, Any]:
    """The answers of the smoke test's form. Refusal where it is no JUnit XML, or no test was run."""
    root = _parsed(report)
    cases = [_case(case) for case in _cases(root)]
    run = [case for case in cases if not case.skipped]
    if not run:
        raise _wrong("No test was run: the report has no test case, or all were skipped.")
    skipped = [case.name for case in cases if case.skipped]
    issues = f"{len(skipped)} not run: {', '.join(skipped)}" if skipped else "None"
    return {
        "results": _rows(run),
        "duration": math.ceil(_seconds(root) / 60),
        "issues": _clip(issues, LONGEST_LINE),
    }


def _parsed(report: bytes) -> JUnitXml:
    try:
        element = fromstring(report, forbid_dtd=True)
        if element.tag not in ("testsuites", "testsuite"):
            raise _wrong(f"This is not JUnit XML: its root is <{_clip(str(element.tag), 40)}>, not <testsuites>.")
        return JUnitXml.fromroot(element)  # type: ignore[arg-type]  # its own stand-in for the standard library's
    except (ParseError, DefusedXmlException, JUnitXmlError, ValueError) as error:
        raise _wrong(f"This is not JUnit XML that can be read: {_clip(str(error), 100)}.") from error


def _cases(root: JUnitXml | TestSuite) -> Iterator[TestCase]:
    """Every test case, also those of suites within suites."""
    suites = root.testsuites() if isinstance(root, TestSuite) else root  # type: ignore[no-untyped-call]  # left untyped there
    if isinstance(root, TestSuite):
        yield from root
    for suite in suites:
        yield from _cases(suite)


def _case(case: TestCase) -> _Case:
    problems = [one for one in case.result if isinstance(one, (Failure, Error))]
    said = " ".join(str(one.message or one.text or one.type or "") for one in problems[:1])
    skipped = any(isinstance(one, Skipped) for one in case.result)
    return _Case(_clip(str(case.name or "unnamed test"), LONGEST_NAME), bool(problems), skipped, said)


def _rows(cases: list[_Case]) -> list[str]:
    """A row per test. Of more than fit, those that failed come first, and the rest is counted."""
    failed, passed = [case for case in cases if case.failed], [case for case in cases if not case.failed]
    if len(cases) <= MOST_ROWS:
        return [_row(case) for case in cases]
    shown = failed[: MOST_ROWS - 2]
    more = [f"{len(failed) - len(shown)} more tests: Fail"] if len(failed) > len(shown) else []
    rest = [f"{len(passed)} {'other ' if failed else ''}tests: Pass"] if passed else []
    return [*(_row(case) for case in shown), *more, *rest]


def _row(case: _Case) -> str:
    """As people type it. A name that would be read otherwise, such as “retry: fail fast”, loses what misleads."""
    detail = _clip(case.detail, LONGEST_DETAIL)
    verdict = f"Fail ({detail})" if case.failed and detail else "Fail" if case.failed else "Pass"
    name = case.name
    if read_result(f"{name}: {verdict}").name != name:
        name = re.sub(r"[:|–—-]+", " ", name).strip() or "unnamed test"
    return f"{name}: {verdict}"


def _seconds(root: JUnitXml) -> float:
    """What the report says it took; the sum of its cases where it does not."""
    try:
        told = float(root.time or 0) or sum(float(case.time or 0) for case in _cases(root))
    except (TypeError, ValueError):
        return 0.0
    return min(max(told, 0.0), 24 * 60 * 60.0) if math.isfinite(told) else 0.0


def _clip(text: str, longest: int) -> str:
    plain = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def _wrong(why: str) -> Refusal:
    return Refusal(why, fields={_WHAT_IS_WRONG: why})
