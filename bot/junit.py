"""JUnit XML reports, read safely: they come from outside."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import JUnitXmlError
from junitparser.xunit2 import FlakyError, FlakyFailure

from bot.core.outside_text import one_line

LONGEST_NAME = 120


@dataclass(frozen=True)
class Case:
    """One test. `flaky`: it failed, and passed when its runner tried it again (Maven Surefire writes so)."""

    name: str
    failed: bool
    skipped: bool
    detail: str
    flaky: bool = False


@dataclass(frozen=True)
class Report:
    """What a report says: its tests in order, and how many seconds they took."""

    cases: tuple[Case, ...]
    seconds: float

    @property
    def run(self) -> tuple[Case, ...]:
        """The tests that were not skipped."""
        return tuple(case for case in self.cases if not case.skipped)


def read(report: bytes) -> Report:
    """A report. ValueError, with what is wrong in a sentence, where it is no JUnit XML."""
    root = _parsed(report)
    return Report(tuple(_case(case) for case in _cases(root)), _seconds(root))


def _parsed(report: bytes) -> JUnitXml:
    try:
        element = fromstring(report, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise ValueError(f"This is not JUnit XML that can be read: {one_line(str(error), 100)}.") from error
    if element.tag not in ("testsuites", "testsuite"):
        raise ValueError(f"This is not JUnit XML: its root is <{one_line(str(element.tag), 40)}>, not <testsuites>.")
    try:
        return JUnitXml.fromroot(element)  # type: ignore[arg-type]  # its own stand-in for the standard library's
    except (JUnitXmlError, ValueError) as error:
        raise ValueError(f"This is not JUnit XML that can be read: {one_line(str(error), 100)}.") from error


def _cases(root: JUnitXml | TestSuite) -> Iterator[TestCase]:
    """Every test case, also those of suites within suites."""
    suites = root.testsuites() if isinstance(root, TestSuite) else root  # type: ignore[no-untyped-call]  # left untyped there
    if isinstance(root, TestSuite):
        yield from root
    for suite in suites:
        yield from _cases(suite)


def _case(case: TestCase) -> Case:
    problems = [one for one in case.result if isinstance(one, (Failure, Error))]
    said = " ".join(str(one.message or one.text or one.type or "") for one in problems[:1])
    skipped = any(isinstance(one, Skipped) for one in case.result)
    flaky = any(True for kind in (FlakyFailure, FlakyError) for _ in case.iterchildren(kind))  # type: ignore[no-untyped-call]  # left untyped there
    return Case(one_line(str(case.name or "unnamed test"), LONGEST_NAME), bool(problems), skipped, said, flaky)


def _seconds(root: JUnitXml) -> float:
    """What the report says it took; the sum of its cases where it does not."""
    try:
        told = float(root.time or 0) or sum(float(case.time or 0) for case in _cases(root))
    except (TypeError, ValueError):
        return 0.0
    return min(max(told, 0.0), 24 * 60 * 60.0) if math.isfinite(told) else 0.0
