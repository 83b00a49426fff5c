"""What the watch looks at after a deployment, and what it finds (release plan, "POST-DEPLOY ВЕРИФИКАЦИЯ" and "Критерии
для отката"): first metrics after five minutes, checks at T+10/15/20/30, breaches, what is worse than before, and what
could not be measured.

All of it is a function of the conversation and of measured values: what was told already stands in the conversation,
so that nothing is told twice and nothing forgotten, whoever looks next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from bot.core.events import Fact
from bot.core.release_forms import ApprovalForm
from bot.core.release_forms import Signal as Criterion
from bot.core.signals import (
    Chart,
    Level,
    Row,
    Samples,
    Signal,
    Unit,
    Verdict,
    amount,
    bound,
    judge,
    limits_of,
    within_since,
)

CRITERION = "criterion"
"""The name of the signal that is the release's own rollback criterion."""

ALERTS = "alerts"
FIRING = Signal(title="Alerts firing", warning=0, hold=0, compared=False)
"""The number of alerts as a signal, which no service has to configure: one is worth a warning."""

FIRST_METRICS = timedelta(minutes=5)
CHECKS = tuple(timedelta(minutes=minutes) for minutes in (10, 15, 20, 30))
LATER = timedelta(minutes=30)
"""After the last check signals are compared so often, until the watch ends."""

SETTLING = timedelta(minutes=5)
"""A new version warms up: what it does in this time is not compared with what was before."""

BLIND_AFTER = timedelta(seconds=60)
"""A question that failed once is asked again before people hear of it."""

LATE_CHECK = timedelta(minutes=4)
"""A check that comes later than this is not the check of that moment any more."""

RECOVERED_AFTER = timedelta(minutes=2)
MOST_POINTS = 20
"""Of a chart (docs.slack.dev, data visualization block)."""


# ── what a release keeps of it ───────────────────────────────────────────────────────────────────────────────────────
class Standing(Fact):
    """A breach that was told, and has not ended. `limit` is the one that was crossed, in the signal's own unit."""

    severity: Literal["P0", "P1"]
    since: datetime
    limit: float | None = None


class Observation(Fact):
    """What the watch of a release told already. `blind` holds the reason for each signal that can't be measured,
    `alerts` the severity of those that were told and are not over, by name, `paged` of which severities people were
    told outside of the thread. `alarm`: people say that it is P0, whatever is measured. `was_warned`: a check saw
    something beyond a limit, however briefly.
    """

    breached: dict[str, Standing] = Field(default_factory=dict)
    blind: dict[str, str] = Field(default_factory=dict)
    regressed: tuple[str, ...] = ()
    alerts: dict[str, str] = Field(default_factory=dict)
    was_blind: bool = False
    was_warned: bool = False
    paged: tuple[Literal["P0", "critical", "warning"], ...] = ()
    alarm: bool = False


NOTHING_TOLD = Observation()


# ── what is measured ─────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Reading:
    """A signal as it was asked for: its values, the oldest first; or why there are none, in words for people."""

    signal: Signal
    samples: Samples = ()
    problem: str = ""

    def verdict(self, now: datetime) -> Verdict:
        found = judge(self.signal, self.samples, now)
        return found if not self.problem else Verdict(Level.BLIND, reason=self.problem)


@dataclass(frozen=True)
class Deployment:
    """When a release's deployment began and ended. `whole` is False while a canary has a share of it alone."""

    began: datetime
    ended: datetime
    whole: bool = True


@dataclass(frozen=True)
class Look:
    """One look at a release: the moment, what was measured, and since when each blind signal is known to be blind.

    `before` holds the medians before the deployment.
    """

    now: datetime
    readings: Mapping[str, Reading]
    blind_since: Mapping[str, datetime] = field(default_factory=dict)
    before: Mapping[str, float] = field(default_factory=dict)

    def verdicts(self) -> dict[str, Verdict]:
        return {name: reading.verdict(self.now) for name, reading in self.readings.items()}


# ── what is to be measured ───────────────────────────────────────────────────────────────────────────────────────────
_SIGNAL_OF = {
    Criterion.ERROR_RATE: "errors",
    Criterion.LATENCY: "latency",
    Criterion.TRAFFIC: "traffic",
    Criterion.SATURATION: "saturation",
}
_THRESHOLD = re.compile(r"^(?P<sign>[<>≥≤]=?)\s*(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>\S{0,20})$")
_FACTOR = {
    (Unit.PERCENT, "%"): 1.0,
    (Unit.PERCENT, "percent"): 1.0,
    (Unit.SECONDS, "s"): 1.0,
    (Unit.SECONDS, "sec"): 1.0,
    (Unit.SECONDS, "ms"): 0.001,
    (Unit.MILLISECONDS, "ms"): 1.0,
    (Unit.MILLISECONDS, "s"): 1000.0,
    (Unit.PER_SECOND, "/s"): 1.0,
    (Unit.PER_SECOND, "rps"): 1.0,
}


def wanted(signals: Mapping[str, Signal], approval: ApprovalForm, age: timedelta) -> dict[str, Signal]:
    """The signals that are measured so long after a deployment, by name: the service's, and the release's own."""
    asked = {name: signal for name, signal in signals.items() if not signal.for_endpoints}
    own = own_criterion(signals, approval)
    if isinstance(own, Signal) and age <= timedelta(minutes=approval.rollback_minutes) + own.held_for:
        asked[CRITERION] = own
    return asked


def own_criterion(signals: Mapping[str, Signal], approval: ApprovalForm) -> Signal | str:
    """The release's own rollback criterion as a signal; or why it is not watched, in words.

    What the team agreed on beforehand needs no further decision: crossing it is P0.
    """
    name = _SIGNAL_OF.get(approval.rollback_signal, "")
    endpoint = approval.rollback_endpoint or ""
    fitting = [
        signal
        for key, signal in signals.items()
        if (key == name or key.startswith(f"{name}_")) and signal.for_endpoints == bool(endpoint)
    ]
    if not name or not fitting:
        lacking = "no signal of this service has {endpoint} in its query" if endpoint else "no such signal is measured"
        return lacking if name else "it names no signal that can be measured"
    base = fitting[0]
    match = _THRESHOLD.match(approval.rollback_threshold)
    factor = _FACTOR.get((base.unit, match["unit"].casefold())) if match else None
    if match is None or (factor is None and (match["unit"] or base.unit is not Unit.COUNT)):
        return f"“{approval.rollback_threshold}” is not in the unit of this signal, {base.unit.value}"
    limit = float(match["number"].replace(",", ".")) * (factor or 1.0)
    return base.model_copy(
        update={
            "query": base.query.replace("{endpoint}", _quoted(endpoint)),
            "title": f"{base.title} of {endpoint}"[:60] if endpoint else f"{base.title} (this release)"[:60],
            "direction": "above" if match["sign"][0] in ">≥" else "below",
            "warning": None,
            "critical": None,
            "p1": None,
            "p0": limit,
            "compared": False,
        }
    )


def _quoted(text: str) -> str:
    """Fit to stand between the double quotes of a query."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def comparison_number(age: timedelta) -> int:
    """How many comparisons are due so long after a deployment: at the checks, then every half an hour."""
    early = sum(age >= check for check in CHECKS)
    return early + max(0, (age - CHECKS[-1]) // LATER)


# ── what is found ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Finding:
    """A step that the watch takes, its answers, and what tells it from every other of the conversation.

    `charted` names the signal whose chart belongs to it.
    """

    step: str
    occasion: str
    answers: dict[str, Any]
    charted: str = ""


def findings(told: Observation, took: frozenset[str], deployment: Deployment, look: Look) -> tuple[Finding, ...]:
    """What is to be told after a look, in order. `took` names the occasions of metrics and checks that were told."""
    verdicts = look.verdicts()
    return (
        *_blindness(told, look, verdicts),
        *_recoveries(told, look, verdicts),
        *_breaches(told, look, verdicts),
        *_checks(took, deployment, look, verdicts),
    )


def _breaches(told: Observation, look: Look, verdicts: Mapping[str, Verdict]) -> Iterator[Finding]:
    """The worst first: after a P0 the rollback is under way."""
    for name, verdict in sorted(verdicts.items(), key=lambda entry: entry[1].severity or "P9"):
        before = told.breached.get(name)
        if not verdict.severity or (before and (before.severity == "P0" or verdict.severity == "P1")):
            continue
        signal, since = look.readings[name].signal, verdict.since or look.now
        assert verdict.value is not None and verdict.limit is not None  # noqa: PT018 - one fact: it was measured
        answers = {
            "severity": verdict.severity,
            "signal": signal.title,
            "measured": amount(verdict.value, signal.unit),
            "limit": bound(signal, verdict.limit),
            "started_at": since.isoformat(),
            "name": name,
            "threshold": verdict.limit,
        }
        yield Finding("breach", f"breach:{name}:{verdict.severity}:{since:%Y%m%d%H%M%S}", answers, charted=name)


def _recoveries(told: Observation, look: Look, verdicts: Mapping[str, Verdict]) -> Iterator[Finding]:
    for name, standing in told.breached.items():
        verdict, reading = verdicts.get(name), look.readings.get(name)
        if verdict is None or reading is None or verdict.is_blind or verdict.severity or verdict.value is None:
            continue
        limit = standing.limit if standing.limit is not None else next(iter(limits_of(reading.signal)), None)
        since = within_since(reading.signal, reading.samples, limit) if limit is not None else None
        if since is None or look.now - since < max(RECOVERED_AFTER, reading.signal.held_for):
            continue
        answers = {
            "name": name,
            "signal": reading.signal.title,
            "measured": amount(verdict.value, reading.signal.unit),
            "limit": bound(reading.signal, limit) if limit is not None else "",
            "since": since.isoformat(),
        }
        yield Finding("recovered", f"recovered:{name}:{standing.since:%Y%m%d%H%M%S}", answers)


def _blindness(told: Observation, look: Look, verdicts: Mapping[str, Verdict]) -> Iterator[Finding]:
    blind = {
        name: verdict.reason
        for name, verdict in verdicts.items()
        if verdict.is_blind and look.now - look.blind_since.get(name, look.now) >= BLIND_AFTER
    }
    new = {name: reason for name, reason in blind.items() if name not in told.blind}
    if new:
        since = min(look.blind_since[name] for name in new)
        rows = [
            Row(name=name, title=look.readings[name].signal.title, state="blind", note=reason[:200])
            for name, reason in new.items()
        ]
        answers = {"rows": rows, "since": since.isoformat()}
        yield Finding("blind", f"blind:{'+'.join(sorted(new))}:{since:%Y%m%d%H%M%S}", answers)
    seen = [name for name in told.blind if name not in verdicts or not verdicts[name].is_blind]
    if seen:
        rows = [_row(name, look, verdicts[name]) for name in seen if name in verdicts]
        gone = [Row(name=name, title=name, note="no longer measured") for name in seen if name not in verdicts]
        yield Finding("sees", f"sees:{'+'.join(sorted(seen))}:{look.now:%Y%m%d%H%M%S}", {"rows": [*rows, *gone]})


def _checks(
    took: frozenset[str], deployment: Deployment, look: Look, verdicts: Mapping[str, Verdict]
) -> Iterator[Finding]:
    """The latest check that is due. One that was missed is not made up for: its moment has passed."""
    age = look.now - deployment.ended
    due = [
        (step, moment)
        for step, moment in (("first_metrics", FIRST_METRICS), *(("checked", check) for check in CHECKS))
        if moment <= age < moment + LATE_CHECK and occasion_of(moment) not in took
    ]
    if not due or not verdicts or not deployment.whole:
        return
    step, moment = due[-1]
    rows = [_row(name, look, verdict) for name, verdict in verdicts.items()]
    yield Finding(step, occasion_of(moment), {"occasion": occasion_of(moment), "rows": rows})


def occasion_of(moment: timedelta) -> str:
    return f"T+{round(moment.total_seconds() / 60)}m"


def _row(name: str, look: Look, verdict: Verdict) -> Row:
    signal = look.readings[name].signal
    told = {} if verdict.value is None or verdict.is_blind else {"value": amount(verdict.value, signal.unit)}
    if name in look.before:
        told["before"] = amount(look.before[name], signal.unit)
    mildest = next(limits_of(signal), None)
    limit = verdict.limit if verdict.limit is not None else mildest
    if limit is not None:
        told["limit"] = bound(signal, limit)
    note = verdict.reason
    if verdict.spiking:
        note = "beyond its limit, for less than its time"
    state = verdict.severity or verdict.level.value
    return Row(name=name, title=signal.title, state=state, note=note[:200], **told)


# ── a chart ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def chart_of(signal: Signal, samples: Samples, limit: float | None, began: datetime) -> Chart | None:
    """A signal as a chart of as many points as Slack takes: the worst value of each stretch. None without values."""
    if not samples:
        return None
    start, end = samples[0].at, samples[-1].at
    width = max((end - start) / (MOST_POINTS - 1), timedelta(seconds=1))
    worst: list[float | None] = [None] * MOST_POINTS
    for sample in samples:
        place = min(MOST_POINTS - 1, int((sample.at - start) / width))
        kept = worst[place]
        worst[place] = sample.value if kept is None or signal.is_beyond(sample.value, kept) else kept
    count = min(MOST_POINTS, int((end - start) / width) + 1)
    moments = [start + index * width for index in range(count)]
    style = "%H:%M" if width >= timedelta(minutes=1) else "%H:%M:%S"
    labels = [f"{moment:{style}}" for moment in moments]
    deployed = ""
    if start <= began <= end:
        place = min(count - 1, int((began - start) / width))
        deployed = labels[place] = f"{began:{style}} deployed"
    return Chart(
        title=signal.title,
        unit=signal.unit,
        labels=tuple(labels),
        values=tuple(worst[:count]),
        limit=limit,
        deployed=deployed,
    )
