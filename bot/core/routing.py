"""Who is told of trouble by its severity (plan of the release, "Каналы уведомлений"; DevOps engineer, "Alert Routing"):
channels in Slack, PagerDuty, Opsgenie, mail.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.core.events import Fact

Severity = Literal["P0", "critical", "warning"]
Action = Literal["trigger", "acknowledge", "resolve"]
SEVERITIES: tuple[Severity, ...] = ("P0", "critical", "warning")

PAGERDUTY, OPSGENIE, MAIL = "pagerduty", "opsgenie", "mail"
KINDS = (PAGERDUTY, OPSGENIE, MAIL)
TITLES = {PAGERDUTY: "PagerDuty", OPSGENIE: "Opsgenie", MAIL: "Mail"}

Address = Annotated[str, StringConstraints(pattern=r"^[^\s@<>,;:\"]{1,64}@[^\s@<>,;:\"]{1,190}$")]
RoutedChannel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,}$")]

_SAME_AS: dict[str, Severity] = {
    "p0": "P0",
    "emergency": "P0",
    "page": "critical",
    "p1": "critical",
    "critical": "critical",
    "error": "critical",
    "warning": "warning",
    "warn": "warning",
    "": "warning",
}
"""How alerts call their severity; what is not here, such as info, is told in the thread alone."""


class Route(Fact):
    """Who is told of one severity beside the release's thread. Keys and the mail server come from the environment."""

    channel: RoutedChannel | None = None
    pagerduty: bool = False
    opsgenie: bool = False
    mail: Annotated[tuple[Address, ...], Field(max_length=20)] = ()

    def kinds(self) -> tuple[str, ...]:
        """The kinds of errands it takes."""
        wanted = {PAGERDUTY: self.pagerduty, OPSGENIE: self.opsgenie, MAIL: bool(self.mail)}
        return tuple(kind for kind in KINDS if wanted[kind])


Routing = dict[Severity, Route]


class Page(Fact):
    """What is sent outside, in plain text. `key` is the same for all that is one page; `text` has a line a fact."""

    action: Action
    key: str
    severity: Severity
    summary: str
    text: str
    source: str
    at: datetime
    link: str = ""
    to: tuple[str, ...] = ()
    is_drill: bool = False


def severity_of(label: str) -> Severity | None:
    """What an alert's own word for its severity means here; None for what nobody need be told of."""
    return _SAME_AS.get(label.strip().casefold())
