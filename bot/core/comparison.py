"""Whether a signal is worse than before the deployment: a statistical test, so that a regression below every limit is
seen and noise is not.

Three things keep it honest:

Neighbouring values of a signal resemble each other (a rate over five minutes asked for twice a minute repeats itself),
while the test takes each for a new fact. With the sum R of their correlations at all distances, n values are worth
n/(1+2R): the variance of the test's statistic is widened by that, and Student's distribution takes the place of the
normal one.

One looks again and again, and at several signals. The whole watch may raise a false alarm with the probability
`RISK`. Look number k spends RISK/(k(k+1)) of it: these sum up to RISK however often one looks. Within a look Holm's
method shares it among the signals.

A difference may be certain and not matter. Besides the test, the median must be worse by a share, and the new values
must be worse than the old ones in most pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu
from scipy.stats import t as student

from bot.core.signals import Samples, Signal

Values = npt.NDArray[np.float64]

RISK = 0.01
"""The probability that a watch without any change tells of a regression, over all looks and signals."""

SHARE = 0.1
"""A regression is worse by a tenth of what it was at least."""

OF_LIMIT = 0.02
"""… and by a fiftieth of its mildest limit, so that nobody hears of an error rate that went from 0.001 to 0.002 %."""

SUPERIORITY = 0.7
"""The probability that a value after is worse than one before: about where it is called large (Vargha and Delaney)."""

FEWEST_BEFORE, FEWEST_AFTER = 12, 8
LONG_ENOUGH = 60
"""From so many values on, their own resemblance can be told; before, that of the values before the change counts."""

LEAST_WORTH = 2.0
"""Values that resemble each other so much that they are worth fewer than this say nothing."""


@dataclass(frozen=True)
class Comparison:
    """A signal before and after. `p_value`: how probable at least this difference is without a change.

    `superiority` is the share of pairs in which the value after is worse. `widened` is 1 + 2R.
    """

    before: float
    after: float
    p_value: float
    superiority: float
    widened: float
    matters: bool


def compare(signal: Signal, before: Samples, after: Samples) -> Comparison | None:
    """Compare, with a one-sided Mann-Whitney U test. None where there is too little to tell."""
    old, new = _values(before), _values(after)
    if len(old) < FEWEST_BEFORE or len(new) < FEWEST_AFTER:
        return None
    widened = max(_widened(old), _widened(new) if len(new) >= LONG_ENOUGH else 1.0)
    if len(old) / widened < LEAST_WORTH or len(new) / widened < LEAST_WORTH:
        return None
    upwards = signal.direction == "above"
    # U counts the pairs in which the value after is the greater one, ties half.
    greater = float(mannwhitneyu(new, old, method="asymptotic").statistic)
    worse = greater if upwards else len(old) * len(new) - greater
    p_value = float(student.sf(_distance(worse, old, new) / sqrt(widened), (len(old) + len(new)) / widened - 2))
    superiority = worse / (len(old) * len(new))
    was, now = float(np.median(old)), float(np.median(new))
    return Comparison(was, now, p_value, superiority, widened, _matters(signal, was, now, superiority))


def _distance(worse: float, old: Values, new: Values) -> float:
    """How many standard deviations U is from what chance gives, ties taken into account."""
    count = len(old) + len(new)
    _, tied = np.unique(np.concatenate((old, new)), return_counts=True)
    ties = float((tied.astype(float) ** 3 - tied).sum()) / (count * (count - 1))
    variance = len(old) * len(new) / 12 * (count + 1 - ties)
    return (worse - len(old) * len(new) / 2) / sqrt(variance) if variance > 0 else 0.0


def regressed(found: Mapping[str, Comparison], look: int) -> tuple[str, ...]:
    """The signals that are worse than before, by all that was compared at a look (the first is 1): Holm's method."""
    budget = RISK / (look * (look + 1))
    told: list[str] = []
    in_order = sorted(found.items(), key=lambda entry: entry[1].p_value)
    for place, (name, one) in enumerate(in_order):
        if one.p_value > budget / (len(in_order) - place):
            break
        told.append(name)
    return tuple(name for name in told if found[name].matters)


def _values(samples: Samples) -> Values:
    return np.array([sample.value for sample in samples if isfinite(sample.value)], dtype=np.float64)


def _widened(values: Values) -> float:
    """By how much resembling neighbours widen the variance: 1 + 2R, with the correlations of ranks (so that a few
    outliers do not hide them) up to the first distance at which there is none, and what a short series hides of them.
    """
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)
    ranks -= ranks.mean()
    total, count = float(ranks @ ranks), len(values)
    if total == 0 or np.ptp(values) == 0:
        return 1.0
    added = 0.0
    for distance in range(1, count // 3):
        correlation = float(ranks[distance:] @ ranks[:-distance]) / total
        if correlation <= 2 / sqrt(count) / 2:
            break
        added += correlation
    widened = 1 + 2 * added
    # The mean is taken from the same values, which lowers every correlation by about so much.
    return widened / max(0.3, 1 - 2 * widened / count)


def _matters(signal: Signal, was: float, now: float, superiority: float) -> bool:
    worse = now - was if signal.direction == "above" else was - now
    mildest = [limit for limit in (signal.warning, signal.critical, signal.p1, signal.p0) if limit]
    least = max(SHARE * abs(was), OF_LIMIT * min(map(abs, mildest), default=0.0))
    return worse > 0 and worse >= least and superiority >= SUPERIORITY
