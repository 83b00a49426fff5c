"""JUnit XML reports, read safely: they come from outside, and may be large.

They are read piece by piece, so that no more of one is in memory than what is kept of it, however it is nested and
whatever output it carries along.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from bot.core.outside_text import one_line

LONGEST_NAME, LONGEST_DETAIL = 120, 1_000

MOST_CASES = 100_000
"""Tests of a report. Above that, it is no report of a smoke test, nor of a playbook's check."""

PIECE, MOST_PIECES = 65_536, 16
"""Bytes that are read at once, and how many times as many may pass without an element or a text: a tag of megabytes
would be kept whole until its end.
"""

SUITES = ("testsuites", "testsuite")
PROBLEMS, FLAKY = ("failure", "error"), ("flakyFailure", "flakyError")

LONGEST_RUN = 24 * 60 * 60.0


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
    reading = _Reading()
    parser = DefusedXMLParser(target=reading, forbid_dtd=True)
    try:
        for start in range(0, len(report), PIECE):
            parser.feed(report[start : start + PIECE])
            reading.look_up()
        parser.close()
    except _NoReportError:
        raise
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise ValueError(f"This is not JUnit XML that can be read: {one_line(str(error), 100)}.") from error
    return Report(tuple(reading.cases), reading.seconds)


class _NoReportError(ValueError):
    """It can be read, and is no report, or too large a one."""


class _Reading:
    """What hears of a report's elements one after another, as the standard library's parser tells its target."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self._path: list[str] = []
        self._told = self._summed = 0.0
        self._case: dict[str, str] = {}
        self._marks: set[str] = set()
        self._details: list[str] = []
        self._room = self._silent = 0

    def look_up(self) -> None:
        """A piece was read."""
        self._silent += 1
        if self._silent > MOST_PIECES:
            raise _NoReportError("This is not JUnit XML that can be read: one of its tags is longer than a megabyte.")

    @property
    def seconds(self) -> float:
        """What the report says it took; the sum of its cases where it does not."""
        return min(self._told or self._summed, LONGEST_RUN)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._silent = 0
        parent = self._path[-1] if self._path else ""
        if not parent:
            if tag not in SUITES:
                raise _NoReportError(f"This is not JUnit XML: its root is <{one_line(tag, 40)}>, not <testsuites>.")
            self._told = _seconds(attributes)
        self._path.append(tag)
        if tag == "testcase" and parent in SUITES:
            self._begin(attributes)
        elif parent == "testcase":
            self._mark(tag, attributes)

    def end(self, tag: str) -> None:
        self._silent = 0
        self._path.pop()
        self._room = 0
        if tag == "testcase" and self._path[-1] in SUITES:
            self._finish()

    def data(self, text: str) -> None:
        self._silent = 0
        if self._room:
            self._details.append(text[: self._room])
            self._room -= len(self._details[-1])

    def close(self) -> None:
        """Nothing is left to be told."""

    def _begin(self, attributes: Mapping[str, str]) -> None:
        if len(self.cases) == MOST_CASES:
            raise _NoReportError(f"It holds more than {MOST_CASES:,} tests, which is the most that is read.")
        self._case, self._details = {"name": attributes.get("name", "")}, []
        self._marks = set()
        self._summed += _seconds(attributes)

    def _mark(self, tag: str, attributes: Mapping[str, str]) -> None:
        """What became of the test. Its first problem is told: by its message, else its text, else its type."""
        if tag in PROBLEMS and self._marks.isdisjoint(PROBLEMS):
            self._case["message"] = attributes.get("message", "")[:LONGEST_DETAIL]
            self._case["type"] = attributes.get("type", "")[:LONGEST_DETAIL]
            self._room = LONGEST_DETAIL
        if tag in (*PROBLEMS, *FLAKY, "skipped"):
            self._marks.add(tag)

    def _finish(self) -> None:
        case, marks = self._case, self._marks
        told = case.get("message") or "".join(self._details) or case.get("type", "")
        self.cases.append(
            Case(
                one_line(case["name"] or "unnamed test", LONGEST_NAME),
                failed=not marks.isdisjoint(PROBLEMS),
                skipped="skipped" in marks,
                detail=told,
                flaky=not marks.isdisjoint(FLAKY),
            )
        )


def _seconds(attributes: Mapping[str, str]) -> float:
    try:
        told = float(attributes.get("time", ""))
    except ValueError:
        return 0.0
    return max(told, 0.0) if math.isfinite(told) else 0.0
