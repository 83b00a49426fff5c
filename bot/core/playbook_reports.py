"""Checks of a playbook that judge a report which something else has written: load generators, test runners, scanners
(QA Production, actions 2, 3 and 6).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.core.events import Fact
from bot.core.playbook_rules import Address, Request

PATH_PATTERN = r"^/[^\x00]{1,999}$"
ReportPath = Annotated[str, StringConstraints(pattern=PATH_PATTERN)]
Measure = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)] | None
Finding = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class ReportRule(Request):
    """Where a report is: at an address, or in a file of the machine that Greenlight runs on. {version}, {commit} and
    {environment} in either are filled in, so that an old report is not taken for a new one.
    """

    url: Address | None = None
    path: ReportPath | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url is None) is (self.path is None):
            raise ValueError("needs either a “url” or a “path”, where the report is")
        return self


class LoadRule(ReportRule):
    """What a load generator measured: k6's summary (--summary-export, or handleSummary's data as JSON), or Locust's
    statistics (--csv's _stats.csv, or --json). `most` and `least` are limits by measure: http_req_duration.p(95) of
    k6, or p95, failure_percent and requests of Locust. k6's own thresholds have to hold as well.
    """

    kind: Literal["k6", "locust"]
    most: dict[Measure, Number] = Field(default_factory=dict, max_length=50)
    least: dict[Measure, Number] = Field(default_factory=dict, max_length=50)

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.kind == "locust" and not self.most and not self.least:
            raise ValueError("has no limits; give “most” or “least”, such as most: {p95: 500, failure_percent: 1}")
        return self


class JUnitRule(ReportRule):
    """A test runner's results as JUnit XML: at least so many tests were run, and none failed."""

    kind: Literal["junit"]
    tests: Annotated[int, Field(ge=1)] = 1
    skipped: Count = None


class Allowance(Fact):
    """A finding of a scanner that is known and accepted, why, and until which day."""

    id: Finding
    reason: Finding
    until: date


class Most(Fact):
    """How many findings of each severity there may be; null for any number."""

    critical: Count = 0
    high: Count = 0
    medium: Count = None
    low: Count = None
    unknown: Count = None


class ScanRule(ReportRule):
    """A security scanner's findings against a policy. Findings that are `allowed` do not count until their day."""

    kind: Literal["sarif", "trivy", "snyk"]
    most: Most = Most()
    allowed: tuple[Allowance, ...] = Field(default=(), max_length=200)
