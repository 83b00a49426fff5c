"""Limits of signals: held for their time, never guessed where nothing was measured, and told as the documents write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import nan

import pytest
from pydantic import ValidationError

from bot.core.policy import Service
from bot.core.signals import Level, Sample, Samples, Signal, Unit, amount, judge

NOW = datetime(2024, 1, 16, 16, 30, tzinfo=UTC)
ERRORS = Signal(query="x", title="Error rate", unit=Unit.PERCENT, warning=1, critical=5, p1=1, p0=5, hold=120)


def every(seconds: float, *values: float) -> Samples:
    """Values so far apart, the last of them now."""
    count = len(values)
    return tuple(
        Sample(NOW - timedelta(seconds=seconds * (count - 1 - place)), value) for place, value in enumerate(values)
    )


@pytest.mark.parametrize(
    ("values", "level", "severity"),
    [
        ((0.2, 0.2, 0.2, 0.2, 0.2, 0.2), Level.NORMAL, ""),
        ((0.2, 2, 2, 2, 2, 2), Level.WARNING, "P1"),
        ((0.2, 2, 2, 9, 9, 9), Level.WARNING, "P1"),
        ((9, 9, 9, 9, 9, 9), Level.CRITICAL, "P0"),
        ((5, 5, 5, 5, 5, 5), Level.WARNING, "P1"),
        ((9, 9, 9, 9, 9, 0.2), Level.NORMAL, ""),
    ],
    ids=["quiet", "warning", "a spike above a breach", "P0", "on the limit is not beyond it", "over"],
)
def test_a_limit_counts_once_it_was_held_for_its_time(values: tuple[float, ...], level: Level, severity: str) -> None:
    """Two minutes of it, at a value every 30 seconds; the hardest that was held is told."""
    verdict = judge(ERRORS, every(30, *values), NOW)
    assert (verdict.level, verdict.severity) == (level, severity)


def test_a_breach_names_the_limit_and_since_when_it_is_held() -> None:
    """From the first value beyond it."""
    verdict = judge(ERRORS, every(30, 0.2, 7, 7, 7, 7, 8), NOW)
    assert (verdict.value, verdict.limit, verdict.since) == (8, 5, NOW - timedelta(minutes=2))


def test_a_brief_spike_is_no_breach_and_is_not_hidden_either() -> None:
    """The latest value is beyond the limit, for less than its time."""
    verdict = judge(ERRORS, every(30, 0.2, 0.2, 0.2, 0.2, 0.2, 12), NOW)
    assert (verdict.level, verdict.severity, verdict.spiking) == (Level.NORMAL, "", True)


def test_a_gap_in_the_values_breaks_what_was_held() -> None:
    """Nobody knows what was between two values ten minutes apart."""
    held = every(30, 9, 9)
    earlier = tuple(Sample(sample.at - timedelta(minutes=10), 9.0) for sample in every(30, 9, 9, 9))
    assert judge(ERRORS, (*earlier, *held), NOW).severity == ""


def test_the_milder_direction_is_the_other_one_where_less_is_worse() -> None:
    """A service that is down says 0."""
    up = Signal(query="up", direction="below", critical=1, p0=1, hold=60)
    assert judge(up, every(30, 1, 1, 1, 1), NOW).level is Level.NORMAL
    assert judge(up, every(30, 1, 0, 0, 0), NOW).severity == "P0"


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ((), "no values"),
        (every(30, nan, nan), "no numbers (NaN)"),
        (tuple(Sample(one.at - timedelta(minutes=7), 0.1) for one in every(30, 1, 1)), "7 minutes old"),
    ],
    ids=["none", "not a number", "old"],
)
def test_what_was_not_measured_is_blind_and_never_normal(samples: Samples, words: str) -> None:
    """With the reason in words."""
    verdict = judge(ERRORS, samples, NOW)
    assert verdict.is_blind
    assert words in verdict.reason


def test_a_value_that_is_no_number_is_passed_over() -> None:
    """A rate without traffic is NaN for a moment; the values around it count."""
    assert judge(ERRORS, every(30, 9, 9, nan, 9, 9, 9), NOW).severity == "P0"


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.1, Unit.PERCENT, "0.1%"),
        (0.0234, Unit.PERCENT, "0.023%"),
        (0, Unit.PERCENT, "0%"),
        (12.345, Unit.PERCENT, "12.3%"),
        (0.12, Unit.SECONDS, "120ms"),
        (1.234, Unit.SECONDS, "1.23s"),
        (120, Unit.MILLISECONDS, "120ms"),
        (1234.5, Unit.PER_SECOND, "1,234 per second"),
        (45, Unit.COUNT, "45"),
        (0.00001, Unit.COUNT, "1e-05"),
    ],
)
def test_amounts_are_written_as_in_the_documents(value: float, unit: Unit, words: str) -> None:
    """Short, with the unit, and no more digits than anybody reads."""
    assert amount(value, unit) == words


def test_a_known_name_brings_the_documents_limits_along() -> None:
    """Only the query is needed; what is given counts more; an unknown name is its own title."""
    service = Service.model_validate_json(
        '{"name": "x", "channels": ["C0AAA"], "signals": {"errors": {"query": "q"}, '
        '"latency": {"query": "q", "p0": 3}, "queue_depth": {"query": "q"}}}'
    )
    errors, latency, queue = service.signals.values()
    assert (errors.title, errors.unit, errors.warning, errors.p1, errors.p0) == ("Error rate", Unit.PERCENT, 1, 1, 5)
    assert (latency.warning, latency.critical, latency.p0) == (0.5, 1, 3)
    assert (queue.title, queue.p0) == ("Queue depth", None)


def test_a_critical_limit_that_is_milder_than_the_warning_is_refused() -> None:
    """The two were swapped, or the direction is wrong."""
    with pytest.raises(ValidationError, match="critical must be worse than warning"):
        Signal(query="x", warning=5, critical=1)
    Signal(query="x", direction="below", warning=5, critical=1)
