"""Alerts of the monitoring during and after a deployment (DevOps engineer, "Alert Rules" and "Alert Fatigue
Prevention"): which of them are a release's, how they are grouped, and which are silenced while it is deployed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints

from bot.core.addresses import NoPassword
from bot.core.events import Fact
from bot.core.outside_text import one_line

_MATCHER = re.compile(r'^\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?P<sign>=~|!~|!=|=)\s*"?(?P<value>[^"]*)"?\s*$')

DRILL_LABEL = "greenlight_drill"
"""The label of a synthetic alert: the drill's conversation."""

LONGEST_NAME, LONGEST_SUMMARY, LONGEST_RUNBOOK = 100, 300, 500

AFTER_PLANNED_END = timedelta(minutes=30)
"""A silence ends by itself so long after the planned end, whatever becomes of this program."""


def _matcher(text: str) -> str:
    if not (match := _MATCHER.match(text)):
        raise ValueError(f"“{text[:60]}” is not a matcher; write it as Alertmanager does: alertname=PodRestarted.")
    try:
        re.compile(match["value"] if "~" in match["sign"] else "")
    except re.error as error:
        raise ValueError(f"“{text[:60]}” has no regular expression that can be read: {error}.") from error
    return text


MatcherText = Annotated[str, StringConstraints(max_length=200), AfterValidator(_matcher)]


def _silences_something(matchers: tuple[str, ...]) -> tuple[str, ...]:
    """Alertmanager refuses a silence of everything: some matcher has to want a label."""
    if not any(_wants_a_label(matcher) for matcher in matchers):
        told = ", ".join(matchers)[:60]
        raise ValueError(f"“{told}” would silence every alert; name at least one label's value, such as alertname=….")
    return matchers


def _wants_a_label(matcher: str) -> bool:
    _, sign, value = parts_of(matcher)
    return not _fits("", sign, value)


class AlertRule(Fact):
    """A service's Alertmanager. `belongs` are the matchers of alerts that are the service's; `expected` are sets of
    matchers whose alerts a deployment causes, silenced while it is under way. With `hook` Alertmanager tells of alerts
    itself, at /hooks/alertmanager, and a drill expects it to.

    A token, where it needs one, comes from the environment: ALERTMANAGER_TOKEN.
    """

    url: Annotated[HttpUrl, NoPassword("the environment variable ALERTMANAGER_TOKEN")]
    belongs: Annotated[tuple[MatcherText, ...], Field(max_length=10)] = ()
    expected: Annotated[
        tuple[
            Annotated[tuple[MatcherText, ...], Field(min_length=1, max_length=10), AfterValidator(_silences_something)],
            ...,
        ],
        Field(max_length=20),
    ] = ()
    hook: bool = False


@dataclass(frozen=True)
class Alert:
    """One alert as Alertmanager tells of it."""

    fingerprint: str
    labels: Mapping[str, str]
    starts_at: datetime
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_over: bool = False
    is_silenced: bool = False

    @property
    def name(self) -> str:
        """What it is called, as it is told and known again."""
        return one_line(self.labels.get("alertname"), LONGEST_NAME) or "An alert without a name"

    def matches(self, matchers: Iterable[str]) -> bool:
        """Whether its labels fit all of some matchers, as Alertmanager reads them: a label that is missing is empty, a
        regular expression fits the whole value.
        """
        return all(_fits(self.labels.get(name, ""), sign, value) for name, sign, value in map(parts_of, matchers))


class AlertGroup(Fact):
    """Alerts of one name, told together."""

    name: str
    severity: str = ""
    count: int = 1
    since: datetime
    summary: str = ""
    runbook: str = ""


def _fits(label: str, sign: str, value: str) -> bool:
    if sign in ("=", "!="):
        return (label == value) == (sign == "=")
    return bool(re.fullmatch(value, label)) == (sign == "=~")


def since_deployment(alerts: Iterable[Alert], began: datetime) -> Iterator[Alert]:
    """Those that nobody silenced, that are no drill's and that began with the deployment or later."""
    return (
        alert
        for alert in alerts
        if not alert.is_silenced and alert.starts_at >= began and DRILL_LABEL not in alert.labels
    )


def grouped(alerts: Iterable[Alert]) -> tuple[AlertGroup, ...]:
    """Alerts by name, the longest firing first; severity, summary and runbook are those of the first."""
    groups: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: one.starts_at):
        groups.setdefault(alert.name, []).append(alert)
    return tuple(_group(name, members) for name, members in groups.items())


def _group(name: str, members: list[Alert]) -> AlertGroup:
    first = members[0]
    runbook = one_line(first.annotations.get("runbook_url"), LONGEST_RUNBOOK + 1)
    leads_there = runbook.startswith(("https://", "http://")) and len(runbook) <= LONGEST_RUNBOOK
    return AlertGroup(
        name=name,
        severity=one_line(first.labels.get("severity"), 30),
        count=len(members),
        since=first.starts_at,
        summary=one_line(first.annotations.get("summary") or first.annotations.get("description"), LONGEST_SUMMARY),
        # A part of an address leads elsewhere.
        runbook=runbook if leads_there else "",
    )


def parts_of(matcher: str) -> tuple[str, str, str]:
    """A matcher's label, sign and value."""
    match = _MATCHER.match(matcher)
    assert match is not None, "checked with the configuration"
    return match["name"], match["sign"], match["value"]
