"""One run of a service's playbook: what is to be checked, what was found, and what it means. Pure.

What could not be checked is not known, and never good. A check that failed and then passed is flaky, and is called so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from bot.core.events import Fact
from bot.core.outside_text import one_line
from bot.core.playbook import Playbook
from bot.core.playbook_feedback import FeedbackRule
from bot.core.playbook_rules import CheckRule

MOST_WORDS = 300
"""Characters that are kept of what a check found."""

STUCK = timedelta(hours=2)
"""A run without an end after so long is given up, and another may begin."""


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 - an outcome and no password
    FAIL = "fail"
    FLAKY = "flaky"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """As people read it."""
        return "not known" if self is Outcome.UNKNOWN else self.value


class Verdict(StrEnum):
    """What a run as a whole says of production."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Result(Fact):
    """What a check found when it was last tried, in plain words. `seconds` is how long that took, `tries` how often it
    was tried until then, `at` when it ended. `fault`: the check itself is wrong, and not what it looks at.
    """

    name: str
    title: str
    outcome: Outcome
    words: Annotated[str, Field(max_length=MOST_WORDS)] = ""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    tries: Annotated[int, Field(ge=0)] = 1
    at: datetime | None = None
    required: bool = True
    fault: bool = False


class Opinion(Fact):
    """What somebody said who was asked to look at production."""

    person: str
    name: str
    found: bool
    words: str = ""
    at: datetime


class Run(Fact):
    """A run as it stands. `number` is that of the event that began it, `begun_by` the name of who did; `checks` are
    those that were to be done then. `interruptions`: how often a part of it was cut off and begun again. `asked` are
    the people whose opinions are waited for until `asked_until`; `is_answered`: no longer.
    """

    number: int
    began_at: datetime
    begun_by: str
    checks: tuple[str, ...]
    results: tuple[Result, ...] = ()
    interruptions: int = 0
    ended_at: datetime | None = None
    verdict: Verdict | None = None
    asked: tuple[str, ...] = ()
    asked_until: datetime | None = None
    opinions: tuple[Opinion, ...] = ()
    is_answered: bool = False

    def result(self, name: str) -> Result | None:
        return next((result for result in self.results if result.name == name), None)

    def with_results(self, new: tuple[Result, ...]) -> tuple[Result, ...]:
        """The results with new ones in place of the old ones of the same checks, in the order of the checks."""
        found = {result.name: result for result in (*self.results, *new)}
        return tuple(found[name] for name in self.checks if name in found)

    def with_opinion(self, new: Opinion) -> tuple[Opinion, ...]:
        """The opinions with a new one in place of the same person's."""
        return (*(opinion for opinion in self.opinions if opinion.person != new.person), new)

    def is_stuck(self, now: datetime) -> bool:
        ends = max(self.began_at, self.asked_until or self.began_at)
        return self.ended_at is None and now - ends > STUCK


# ── what is to be done ───────────────────────────────────────────────────────────────────────────────────────────────
def is_settled(result: Result | None, rule: CheckRule | None) -> bool:
    """Whether nothing is left to be tried of a check."""
    if result is None:
        return False
    if rule is None or result.fault or result.outcome not in (Outcome.FAIL, Outcome.UNKNOWN):
        return True
    return result.tries >= rule.tries


def is_waited_for(run: Run, playbook: Playbook) -> bool:
    """Whether people are still to answer."""
    rules = map(playbook.checks.get, run.checks)
    is_asked = any(isinstance(rule, FeedbackRule) for rule in rules)
    return is_asked and bool(run.asked) and run.ended_at is None and not run.is_answered


def is_tried_again(result: Result, rule: CheckRule | None) -> bool:
    """Whether a check did not pass, and is not given up."""
    return not is_settled(result, rule)


def left(run: Run, playbook: Playbook) -> dict[str, datetime | None]:
    """The checks that Greenlight has to do yet, each with the moment from which on; None: at once."""
    found: dict[str, datetime | None] = {}
    for name in run.checks:
        rule, result = playbook.checks.get(name), run.result(name)
        if is_settled(result, rule) or isinstance(rule, FeedbackRule):
            continue
        tried_at = result.at if result is not None else None
        found[name] = tried_at + timedelta(seconds=rule.pause) if tried_at and rule else None
    return found


def counted(result: Result, before: Result | None) -> Result:
    """A new result with the tries before it: what failed before it passed is flaky."""
    tries = (before.tries if before else 0) + 1
    flaky = result.outcome is Outcome.PASS and before is not None
    if not flaky or before is None:
        return result.but(tries=tries)
    words = one_line(f"passed at try {tries}; before: {before.words or before.outcome.words}", MOST_WORDS)
    return result.but(tries=tries, outcome=Outcome.FLAKY, words=words)


def gone(name: str, at: datetime) -> Result:
    """The result of a check that left the configuration while the run was under way."""
    words = "it is no longer in the configuration"
    return Result(name=name, title=name, outcome=Outcome.SKIPPED, words=words, tries=0, at=at)


# ── what it means ────────────────────────────────────────────────────────────────────────────────────────────────────
def verdict_of(results: tuple[Result, ...]) -> Verdict:
    """Failed where a required check failed; not known where one could not be done, or none was done at all."""
    required = [result.outcome for result in results if result.required]
    if Outcome.FAIL in required:
        return Verdict.FAILED
    done = any(outcome in (Outcome.PASS, Outcome.FLAKY) for outcome in required)
    unsure = any(outcome in (Outcome.UNKNOWN, Outcome.SKIPPED) for outcome in required)
    return Verdict.PASSED if done and not unsure else Verdict.UNKNOWN


def passed(results: tuple[Result, ...], names: tuple[str, ...]) -> bool:
    """Whether each of the named checks passed, flaky or not; without names, whether all of it did."""
    if not names:
        return verdict_of(results) is Verdict.PASSED
    good = {result.name for result in results if result.outcome in (Outcome.PASS, Outcome.FLAKY)}
    return good.issuperset(names)


def tally(results: tuple[Result, ...]) -> Iterator[str]:
    """How many of each outcome, such as "4 pass", the worst first."""
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.FLAKY, Outcome.SKIPPED, Outcome.PASS):
        if count := sum(result.outcome is outcome for result in results):
            yield f"{count} {outcome.words}"


SEVERITY: Mapping[Outcome, int] = {
    Outcome.FAIL: 0,
    Outcome.UNKNOWN: 1,
    Outcome.FLAKY: 2,
    Outcome.SKIPPED: 3,
    Outcome.PASS: 4,
}
"""Which results are shown first where not all can be."""
