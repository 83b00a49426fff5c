"""The forms of the watch's steps: what it measured and found. Only the watch fills them in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.core.alerts import AlertGroup
from bot.core.forms import Ask, Entries, Form, Moment, OneLine, Paragraph, Widget
from bot.core.signals import Chart, Row

MOST_AT_ONCE = 50
"""Alerts that are told together, by name; more are told one such step after the other."""

Rows = Annotated[tuple[Row, ...], Field(max_length=100)]


class BreachForm(Form):
    """What the watch saw (release plan, "Критерии для отката"). `name` is the signal's in the configuration."""

    severity: Annotated[
        str, Field(pattern="^(P0|P1)$"), Ask("Severity", Widget.CHOICE, choices={"P0": "P0", "P1": "P1"})
    ]
    signal: Annotated[OneLine, Ask("Signal")]
    measured: Annotated[OneLine, Ask("Measured")]
    limit: Annotated[OneLine, Ask("Limit")]
    started_at: Annotated[Moment, Ask("Since", Widget.MOMENT, past=True)]
    name: Annotated[OneLine | None, Ask("Name")] = None
    threshold: Annotated[float | None, Ask("Threshold")] = None
    chart: Annotated[Chart | None, Ask("Chart", Widget.LINES)] = None


class MetricsForm(Form):
    """How the signals stand at a moment after the deployment."""

    occasion: Annotated[OneLine, Ask("When")]
    rows: Annotated[Rows, Ask("Signals", Widget.LINES)]


class RecoveredForm(Form):
    """A signal that was beyond a limit and is within it again, for its time."""

    name: Annotated[OneLine, Ask("Name")]
    signal: Annotated[OneLine, Ask("Signal")]
    measured: Annotated[OneLine, Ask("Measured")]
    limit: Annotated[OneLine | None, Ask("Limit")] = None
    since: Annotated[Moment, Ask("Since", Widget.MOMENT, past=True)]


class BlindForm(Form):
    """Signals that can't be measured, each with the reason."""

    rows: Annotated[Rows, Ask("Signals", Widget.LINES)]
    since: Annotated[Moment, Ask("Since", Widget.MOMENT, past=True)]


class SeesForm(Form):
    """Signals that could not be measured and can be again."""

    rows: Annotated[Rows, Ask("Signals", Widget.LINES)]


class RegressedForm(Form):
    """A signal that is worse than before the deployment, below its limits."""

    name: Annotated[OneLine, Ask("Name")]
    signal: Annotated[OneLine, Ask("Signal")]
    before: Annotated[OneLine, Ask("Before")]
    after: Annotated[OneLine, Ask("Now")]
    certainty: Annotated[OneLine, Ask("Certainty")]
    chart: Annotated[Chart | None, Ask("Chart", Widget.LINES)] = None


class AlertedForm(Form):
    """Alerts of the service that began to fire after its deployment, by name."""

    groups: Annotated[tuple[AlertGroup, ...], Field(min_length=1, max_length=MOST_AT_ONCE), Ask("Alerts", Widget.LINES)]


class AlertsOverForm(Form):
    """Alerts that were told and fire no more."""

    names: Annotated[tuple[OneLine, ...], Field(min_length=1, max_length=MOST_AT_ONCE), Ask("Alerts", Widget.LINES)]


class SilencedForm(Form):
    """Until when the silences are in force, if nobody lifts them."""

    until: Annotated[Moment, Ask("Until", Widget.MOMENT)]


class NotSilencedForm(Form):
    """Why the alerts that a deployment causes could not be silenced, and which these are."""

    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]
    matchers: Annotated[Entries, Ask("Alerts", Widget.LINES)] = ()


class NotLiftedForm(Form):
    """Why silences could not be lifted."""

    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]
