"""Golden signals and their limits (release plan, "Golden Signals Configuration" and "Критерии для отката"; DevOps
engineer, "Alert Rules"), and what the measured values of one say at a moment.

A limit counts once it was held for its time: brief spikes are nobody's alarm (DevOps engineer, "Alert Fatigue
Prevention"). What was not measured is blind, and never normal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from statistics import median
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from bot.core.events import Fact

SignalName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Limit = Annotated[float, Field(allow_inf_nan=False)] | None


class Unit(StrEnum):
    """What a signal's numbers are. A percentage is 0 to 100."""

    PERCENT = "percent"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    PER_SECOND = "per_second"
    COUNT = "count"


class Signal(Fact):
    """One signal of a service: where it is asked for, and its limits, each of which must be held for `hold` seconds.

    `warning` and `critical` say how it is; `p1` has the team decide on a rollback, `p0` opens one at once. With
    direction `below`, less is worse. `query` is the monitor's own language; `{endpoint}` in it stands for the endpoint
    of a release's own rollback criterion, and the signal then belongs to that criterion alone.
    """

    query: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    monitor: SignalName = "prometheus"
    title: Text = "Signal"
    unit: Unit = Unit.COUNT
    direction: Literal["above", "below"] = "above"
    warning: Limit = None
    critical: Limit = None
    p1: Limit = None
    p0: Limit = None
    hold: Annotated[int, Field(ge=0, le=24 * 60 * 60)] = 120
    compared: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> Signal:
        for milder, harder in (("warning", "critical"), ("p1", "p0")):
            one, other = getattr(self, milder), getattr(self, harder)
            if one is not None and other is not None and one != other and not self.is_beyond(other, one):
                raise ValueError(f"{harder} must be worse than {milder} ({other:g} is not {self.direction} {one:g}).")
        return self

    @property
    def for_endpoints(self) -> bool:
        """Whether it is asked for one endpoint at a time."""
        return "{endpoint}" in self.query

    @property
    def held_for(self) -> timedelta:
        return timedelta(seconds=self.hold)

    def is_beyond(self, value: float, limit: float) -> bool:
        return value > limit if self.direction == "above" else value < limit


# The documents' limits. Percent, seconds; `hold` as in the alert rules.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "latency": {
        "title": "Response time (p95)",
        "unit": "seconds",
        "warning": 0.5,
        "critical": 1.0,
        "p1": 1.0,
        "p0": 2.0,
        "hold": 120,
    },
    "traffic": {"title": "Traffic", "unit": "per_second", "direction": "below", "compared": False},
    "errors": {"title": "Error rate", "unit": "percent", "warning": 1, "critical": 5, "p1": 1, "p0": 5, "hold": 120},
    "saturation": {
        "title": "CPU usage",
        "unit": "percent",
        "warning": 70,
        "critical": 90,
        "p1": 80,
        "p0": 95,
        "hold": 300,
        "compared": False,
    },
    "memory": {
        "title": "Memory usage",
        "unit": "percent",
        "warning": 80,
        "critical": 95,
        "p1": 85,
        "p0": 95,
        "hold": 300,
        "compared": False,
    },
    "disk": {"title": "Disk usage", "unit": "percent", "warning": 85, "critical": 95, "hold": 300, "compared": False},
    "database_latency": {
        "title": "Database query time (p95)",
        "unit": "seconds",
        "warning": 0.1,
        "critical": 0.5,
        "hold": 120,
    },
    "database_errors": {"title": "Database errors", "unit": "percent", "warning": 0.05, "critical": 0.1, "p0": 1},
    "database_connections": {
        "title": "Database connections",
        "unit": "percent",
        "warning": 80,
        "critical": 95,
        "hold": 300,
        "compared": False,
    },
    "exceptions": {"title": "Exceptions", "unit": "per_second", "warning": 0.01, "critical": 0.01},
    "up": {"title": "Service", "direction": "below", "critical": 1, "p0": 1, "hold": 120, "compared": False},
}
"""What a signal of one of these names is, where the configuration does not say otherwise."""


def _defaulted(given: object) -> object:
    """A configuration's signals, each of a known name with its defaults below it."""
    if not isinstance(given, dict):
        return given
    return {
        name: {"title": str(name).replace("_", " ").capitalize()[:60], **DEFAULTS.get(name, {}), **entry}
        if isinstance(entry, dict)
        else entry
        for name, entry in given.items()
    }


Signals = Annotated[dict[SignalName, Signal], BeforeValidator(_defaulted)]


@dataclass(frozen=True)
class Sample:
    """One measured value."""

    at: datetime
    value: float


Samples = tuple[Sample, ...]


class Level(StrEnum):
    NORMAL = "normal"
    WARNING = "warning"
    CRITICAL = "critical"
    BLIND = "blind"


@dataclass(frozen=True)
class Verdict:
    """What a signal says at a moment.

    `value` is the latest, `limit` the one that counts for `level` or `severity`, held since `since`. `reason` says why
    it is blind, in words for people; plain text. `spiking`: the latest value is beyond a limit, not yet for its time.
    """

    level: Level
    severity: Literal["", "P0", "P1"] = ""
    value: float | None = None
    limit: float | None = None
    since: datetime | None = None
    reason: str = ""
    spiking: bool = False

    @property
    def is_blind(self) -> bool:
        return self.level is Level.BLIND


PATIENCE = timedelta(minutes=2)
"""Without a value for so long a signal is blind; and a gap as long breaks what was held."""


def judge(signal: Signal, samples: Samples, now: datetime, patience: timedelta = PATIENCE) -> Verdict:
    """What the values of a signal, the oldest first, say at a moment."""
    measured = tuple(sample for sample in samples if isfinite(sample.value) and sample.at <= now)
    if not measured:
        return Verdict(Level.BLIND, reason=_nothing(samples))
    last = measured[-1]
    if now - last.at > patience:
        minutes = round((now - last.at).total_seconds() / 60)
        return Verdict(Level.BLIND, value=last.value, reason=f"the last value is {minutes} minutes old")
    severity, of_severity = _worst(signal, measured, (("P0", signal.p0), ("P1", signal.p1)), patience)
    named = ((Level.CRITICAL, signal.critical), (Level.WARNING, signal.warning))
    level, of_level = _worst(signal, measured, named, patience)
    kept = of_severity or of_level
    spiking = kept is None and any(signal.is_beyond(last.value, limit) for limit in limits_of(signal))
    return Verdict(
        Level(level) if level else Level.WARNING if severity else Level.NORMAL,
        severity if severity in ("P0", "P1") else "",
        last.value,
        kept[0] if kept else None,
        kept[1] if kept else None,
        spiking=spiking,
    )


def _nothing(samples: Samples) -> str:
    return "it gives no numbers (NaN); is there any traffic?" if samples else "it gives no values"


def _worst(
    signal: Signal, samples: Samples, limits: tuple[tuple[Any, float | None], ...], patience: timedelta
) -> tuple[Any, tuple[float, datetime] | None]:
    """The first of the named limits, the hardest first, that was held for its time; with since when."""
    for name, limit in limits:
        if limit is None:
            continue
        since = beyond_since(signal, samples, limit, patience)
        if since is not None and samples[-1].at - since >= signal.held_for:
            return name, (limit, since)
    return "", None


def beyond_since(signal: Signal, samples: Samples, limit: float, patience: timedelta = PATIENCE) -> datetime | None:
    """Since when every value was beyond a limit, without a gap; None where the latest is not."""
    return _since(samples, patience, lambda value: signal.is_beyond(value, limit))


def within_since(signal: Signal, samples: Samples, limit: float, patience: timedelta = PATIENCE) -> datetime | None:
    """Since when every value was within a limit, without a gap; None where the latest is not."""
    return _since(samples, patience, lambda value: not signal.is_beyond(value, limit))


def _since(samples: Samples, patience: timedelta, holds: Any) -> datetime | None:
    since = None
    for sample in reversed(samples):
        if not isfinite(sample.value):
            continue
        if not holds(sample.value) or (since is not None and since - sample.at > patience):
            break
        since = sample.at
    return since


def limits_of(signal: Signal) -> Iterator[float]:
    """Its limits, the mildest first."""
    given = {limit for limit in (signal.warning, signal.critical, signal.p1, signal.p0) if limit is not None}
    yield from sorted(given, reverse=signal.direction == "below")


# ── as it is kept and shown ──────────────────────────────────────────────────────────────────────────────────────────
class Row(Fact):
    """A signal in a check, in words. `state` is normal, warning, critical or blind."""

    name: str
    title: str
    value: str = ""
    before: str = ""
    limit: str = ""
    state: str = "normal"
    note: str = ""


class Chart(Fact):
    """A signal over time: a label and a value per moment (None: not measured), its limit, and the label at which the
    deployment began.
    """

    title: str
    unit: Unit
    labels: tuple[str, ...]
    values: tuple[float | None, ...]
    limit: float | None = None
    deployed: str = ""


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def amount(value: float, unit: Unit) -> str:
    """A value as the documents write it: "0.1%", "120ms", "1.2s", "45 per second"."""
    if unit is Unit.PERCENT:
        return f"{_digits(value)}%"
    if unit is Unit.MILLISECONDS or (unit is Unit.SECONDS and abs(value) < 1):
        return f"{_digits(value if unit is Unit.MILLISECONDS else 1000 * value)}ms"
    if unit is Unit.SECONDS:
        return f"{_digits(value)}s"
    return f"{_digits(value)}{' per second' if unit is Unit.PER_SECOND else ''}"


def _digits(value: float) -> str:
    """Three digits that count, and no more after the point than needed."""
    if value != 0 and abs(value) < 0.0005:
        return f"{value:.1g}"
    places = max(0, min(3, 2 - len(str(int(abs(value)))) + 1)) if abs(value) >= 0.1 else 3
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bound(signal: Signal, limit: float) -> str:
    """A limit as a criterion is written: ">5%", "<1"."""
    return f"{'>' if signal.direction == 'above' else '<'}{amount(limit, signal.unit)}"


def middle(values: Sequence[float]) -> float:
    """The median of those values that are numbers; 0 where none is."""
    return median([value for value in values if isfinite(value)] or [0.0])
