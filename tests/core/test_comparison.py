"""The comparison with before the deployment: what it finds, what it leaves alone, and how often it errs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest

from bot.core.comparison import RISK, Comparison, compare, regressed
from bot.core.signals import Sample, Samples, Signal, Unit

Values = npt.NDArray[np.float64]
START = datetime(2024, 1, 16, 14, 0, tzinfo=UTC)
LATENCY = Signal(query="x", unit=Unit.SECONDS, warning=0.5, critical=1)
LOOKS = (10, 15, 20, 30, 60, 90, 120)
"""Minutes after the deployment."""


def samples(values: Values) -> Samples:
    """A value every 30 seconds."""
    return tuple(Sample(START + timedelta(seconds=30 * place), float(value)) for place, value in enumerate(values))


def noise(seed: int, count: int, correlation: float = 0.0) -> Values:
    """Noise of deviation 1 whose neighbours resemble each other so much."""
    random = np.random.default_rng(seed)
    fresh = random.normal(size=count) * np.sqrt(1 - correlation**2)
    made = np.empty(count)
    made[0] = random.normal()
    for place in range(1, count):
        made[place] = correlation * made[place - 1] + fresh[place]
    return made


def watched(seed: int, correlation: float, worse: float, signals: int = 3) -> int | None:
    """Two hours before and two after, looked at again and again; the minute at which a regression is told."""
    series = [0.2 + 0.03 * noise(seed * 100 + number, 480, correlation) for number in range(signals)]
    series[0][240:] *= worse
    for look, minutes in enumerate(LOOKS, 1):
        found: dict[str, Comparison] = {}
        for number, values in enumerate(series):
            after = values[250 : 240 + 2 * minutes]
            one = compare(LATENCY, samples(values[:240]), samples(after))
            if one is not None:
                found[str(number)] = one
        if regressed(found, look):
            return minutes
    return None


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
def test_noise_is_hardly_ever_called_a_regression(correlation: float) -> None:
    """Over all looks and signals, also where neighbouring values resemble each other. Two of 40 would be five times
    the risk that is taken.
    """
    alarms = sum(watched(seed, correlation, 1.0) is not None for seed in range(40))
    assert alarms <= 1, f"{alarms} of 40 with a risk of {RISK}"


@pytest.mark.parametrize(("correlation", "worse"), [(0.0, 1.15), (0.5, 1.25), (0.8, 1.4)])
def test_a_regression_far_below_every_limit_is_found(correlation: float, worse: float) -> None:
    """200 ms that become 230 to 280, where the warning begins at 500."""
    found = [watched(seed, correlation, worse) for seed in range(20)]
    assert sum(minutes is not None for minutes in found) >= 17, found


def test_a_certain_difference_that_does_not_matter_is_not_told() -> None:
    """Two percent more, with hardly any noise."""
    before, after = 0.2 + 0.0001 * noise(1, 240), 0.204 + 0.0001 * noise(2, 100)
    one = compare(LATENCY, samples(before), samples(after))
    assert one is not None
    assert one.p_value < 1e-9
    assert not regressed({"latency": one}, 1)


def test_an_improvement_is_no_regression_and_the_direction_is_the_signals_own() -> None:
    """Less latency is good; less traffic may not be."""
    less = compare(LATENCY, samples(0.2 + 0.01 * noise(1, 240)), samples(0.1 + 0.01 * noise(2, 60)))
    traffic = Signal(query="x", unit=Unit.PER_SECOND, direction="below")
    fallen = compare(traffic, samples(200 + 10 * noise(1, 240)), samples(100 + 10 * noise(2, 60)))
    assert less is not None
    assert fallen is not None
    assert not regressed({"latency": less}, 1)
    assert regressed({"traffic": fallen}, 1) == ("traffic",)


@pytest.mark.parametrize(("before", "after"), [(3, 100), (100, 2), (0, 0)])
def test_too_little_is_not_compared(before: int, after: int) -> None:
    """No verdict instead of a guess."""
    assert (
        compare(LATENCY, samples(noise(1, before) if before else np.array([])), samples(noise(2, 200)[:after])) is None
    )


def test_values_that_never_change_are_compared_too() -> None:
    """A flat line before and after, and one that jumped."""
    flat, other = samples(np.full(100, 0.2)), samples(np.full(40, 0.4))
    same, jumped = compare(LATENCY, flat, flat[:40]), compare(LATENCY, flat, other)
    assert same is not None
    assert jumped is not None
    assert not regressed({"x": same}, 1)
    assert regressed({"x": jumped}, 1) == ("x",)


def test_a_later_look_asks_for_more_certainty() -> None:
    """What was enough at the first look is not at the fifth."""
    one = Comparison(before=0.2, after=0.3, p_value=RISK / 2, superiority=0.9, widened=1.0, matters=True)
    assert regressed({"x": one}, 1) == ("x",)
    assert regressed({"x": one}, 5) == ()
    assert regressed({"x": one, "y": one}, 1) == ()
