"""A validation's run, purely: what is left to do, what was flaky, and what it means."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.core.playbook import Playbook
from bot.core.playbook_rules import HttpRule
from bot.core.validation import (
    STUCK,
    Outcome,
    Result,
    Run,
    Verdict,
    counted,
    is_settled,
    left,
    passed,
    verdict_of,
)
from tests.core.a_release import START

URL = "https://orders.example.com/health"
PASS, FAIL, FLAKY, SKIPPED, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.FLAKY, Outcome.SKIPPED, Outcome.UNKNOWN


def result(
    outcome: Outcome, name: str = "api", *, tries: int = 1, required: bool = True, fault: bool = False
) -> Result:
    return Result(
        name=name, title=name, outcome=outcome, words="503", tries=tries, at=START, required=required, fault=fault
    )


def rule(**more: object) -> HttpRule:
    return HttpRule.model_validate({"kind": "http", "url": URL} | more)


def run(*results: Result, checks: tuple[str, ...] = ("api", "login")) -> Run:
    return Run(number=7, began_at=START, begun_by="Quinn", checks=checks, results=results)


def playbook(**rules: dict[str, object]) -> Playbook:
    return Playbook.model_validate(
        {"checks": {name: {"kind": "http", "url": URL} | one for name, one in rules.items()}}
    )


# ── what it means ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ((PASS,), Verdict.PASSED),
        ((PASS, FLAKY), Verdict.PASSED),
        ((PASS, FAIL), Verdict.FAILED),
        ((UNKNOWN, FAIL), Verdict.FAILED),
        ((PASS, UNKNOWN), Verdict.UNKNOWN),
        ((PASS, SKIPPED), Verdict.UNKNOWN),
        ((SKIPPED,), Verdict.UNKNOWN),
        ((), Verdict.UNKNOWN),
    ],
)
def test_a_verdict_is_no_better_than_its_required_checks(outcomes: tuple[Outcome, ...], verdict: Verdict) -> None:
    """What is not known is never good; nothing checked is nothing known."""
    results = tuple(result(outcome, f"check-{place}") for place, outcome in enumerate(outcomes))
    assert verdict_of(results) is verdict


def test_what_is_for_information_decides_nothing() -> None:
    """Neither where it fails, nor where it alone passes."""
    assert verdict_of((result(PASS), result(FAIL, "extra", required=False))) is Verdict.PASSED
    assert verdict_of((result(PASS, "extra", required=False),)) is Verdict.UNKNOWN


@pytest.mark.parametrize(("outcome", "good"), [(PASS, True), (FLAKY, True), (FAIL, False), (UNKNOWN, False)])
def test_an_item_is_proved_by_the_checks_that_it_names(outcome: Outcome, *, good: bool) -> None:
    """Whatever became of others; one that was not done proves nothing."""
    results = (result(outcome), result(FAIL, "login"))
    assert passed(results, ("api",)) is good
    assert not passed(results, ("api", "gone"))
    assert not passed(results, ())


# ── what is left ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("found", "settled"),
    [
        (None, False),
        (result(PASS), True),
        (result(SKIPPED), True),
        (result(FAIL), False),
        (result(UNKNOWN, tries=2), False),
        (result(FAIL, tries=3), True),
        (result(UNKNOWN, fault=True), True),
    ],
)
def test_a_check_is_tried_until_it_passes_or_its_tries_are_over(found: Result | None, *, settled: bool) -> None:
    """Twice more unless told otherwise; never where the check itself is wrong."""
    assert is_settled(found, rule()) is settled


def test_what_may_change_something_is_tried_once_unless_told_otherwise() -> None:
    """Its data are test data; still nobody wants three orders."""
    assert rule(method="POST", synthetic=True).tries == 1
    assert rule(method="POST", synthetic=True, retries=1).tries == 2
    assert rule().tries == 3
    assert rule(retries=0).tries == 1


def test_what_is_left_waits_for_its_pause_and_nothing_is_done_twice() -> None:
    """New checks at once, those that failed later, those that passed never."""
    rules = playbook(api={}, login={"pause": 60}, search={})
    now = run(result(PASS), result(FAIL, "login"), checks=("api", "login", "search"))
    assert left(now, rules) == {"login": START + timedelta(seconds=60), "search": None}
    done = now.with_results((result(PASS, "search"), result(PASS, "login", tries=2)))
    assert [one.name for one in done] == ["api", "login", "search"]
    assert left(now.but(results=done), rules) == {}


def test_a_check_that_left_the_configuration_is_left_to_be_skipped_at_once() -> None:
    """It waits for nobody."""
    assert left(run(), playbook(api={})) == {"api": None, "login": None}


@pytest.mark.parametrize(
    ("before", "now", "outcome", "tries"),
    [
        (None, PASS, PASS, 1),
        (None, FAIL, FAIL, 1),
        (FAIL, PASS, FLAKY, 2),
        (UNKNOWN, PASS, FLAKY, 2),
        (FAIL, UNKNOWN, UNKNOWN, 2),
    ],
)
def test_what_failed_before_it_passed_is_flaky(
    before: Outcome | None, now: Outcome, outcome: Outcome, tries: int
) -> None:
    """And says what it failed with."""
    found = counted(result(now), result(before) if before else None)
    assert (found.outcome, found.tries) == (outcome, tries)
    assert (found.words == "passed at try 2; before: 503") is (outcome is FLAKY)


@pytest.mark.parametrize(("after", "stuck"), [(timedelta(), False), (STUCK, False), (STUCK * 2, True)])
def test_a_run_without_an_end_is_given_up_after_a_while(after: timedelta, *, stuck: bool) -> None:
    """Counted from the end of people's time to answer; one that ended is not stuck."""
    now: datetime = START + after
    assert run().is_stuck(now) is stuck
    assert not run().but(asked_until=now).is_stuck(now)
    assert not run().but(ended_at=START).is_stuck(now)
