"""The forms of an environment request. The fields are those of the QA-DevOps document, section 4."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from bot.core.environment_issue_forms import EnvironmentName
from bot.core.forms import Ask, Entries, Form, Moment, OneLine, Paragraph, SomeEntries, Widget

UNNAMED = "new"
"""What a requested environment is called as long as it has no name."""

PERMANENT = "permanent"


def _labelled(lines: tuple[str, ...]) -> tuple[str, ...]:
    if not any("https://" in line or "http://" in line for line in lines):
        raise ValueError("At least one line needs a link, such as API URL: https://…")
    return lines


class RequestForm(Form):
    """What is needed (section 4, "QA → DevOps")."""

    environment: Annotated[
        EnvironmentName, Ask("Environment", hint="What it is to be called.", placeholder="Load Testing")
    ] = UNNAMED
    what: Annotated[Paragraph, Ask("What", Widget.TEXT, placeholder="Separate environment for performance testing")]
    why: Annotated[Paragraph, Ask("Why", Widget.TEXT, placeholder="Need to run load tests without affecting staging")]
    requirements: Annotated[
        SomeEntries, Ask("Requirements", Widget.LINES, hint="One per line.", placeholder="Copy of staging setup")
    ]
    needed_by: Annotated[OneLine, Ask("When needed", placeholder="Before Sprint 17")]
    needed_at: Annotated[
        Moment | None, Ask("At the latest", Widget.MOMENT, hint="Where there is a moment: DevOps is reminded of it.")
    ] = None
    duration: Annotated[
        OneLine | None,
        Ask("Duration", hint="“Permanent”, or leave it empty and say until when.", placeholder="Permanent"),
    ] = None
    until: Annotated[
        Moment | None,
        Field(validate_default=True),
        Ask("Until", Widget.MOMENT, hint="You are asked before it ends whether it is still needed."),
    ] = None

    @field_validator("until")
    @classmethod
    def _how_long(cls, until: Moment | None, info: ValidationInfo) -> Moment | None:
        duration = info.data.get("duration") or ""
        permanent = duration.casefold().startswith(PERMANENT)
        if until is None and not permanent and "duration" in info.data:
            raise ValueError("Say until when it is needed, or write “Permanent” as its duration.")
        if until is not None and permanent:
            raise ValueError("It can't be permanent and end; leave one of the two empty.")
        return until

    @property
    def name(self) -> str:
        """What it is to be called; empty where nobody has said so yet."""
        return "" if self.environment.casefold() == UNNAMED else self.environment


class PlanForm(Form):
    """DevOps's answer (section 4, "DevOps → QA")."""

    plan: Annotated[SomeEntries, Ask("Plan", Widget.LINES, hint="One per line.", placeholder="Clone staging config")]
    timeline: Annotated[OneLine, Ask("Timeline", placeholder="2 days")]
    ready_by: Annotated[
        Moment | None, Ask("Ready by", Widget.MOMENT, hint="Empty: as the timeline says, such as “2 days”.")
    ] = None
    access: Annotated[OneLine, Ask("Access", placeholder="Will share API URL and test credentials")]
    notes: Annotated[Entries, Ask("Note", Widget.LINES, hint="One per line.")] = ()


_SECRETS = Ask(
    "Credentials",
    Widget.TEXT,
    hint="They go to the requester alone, in a direct message. Greenlight keeps no copy.",
    placeholder="Test user: loadtest@example.com / …",
    secret=True,
)


class ReadyForm(Form):
    """The environment is there (section 4, "Perf Test Environment Ready")."""

    name: Annotated[EnvironmentName, Ask("Environment", placeholder="Perf Test")]
    urls: Annotated[
        SomeEntries,
        AfterValidator(_labelled),
        Ask("URLs", Widget.LINES, hint="One per line.", placeholder="API URL: https://…"),
    ]
    secrets: Annotated[str | None, _SECRETS] = None
    data: Annotated[Entries, Ask("Database", Widget.LINES, hint="One per line.", placeholder="10,000 seed orders")] = ()
    limits: Annotated[Entries, Ask("Limits", Widget.LINES, hint="One per line.", placeholder="2 CPU, 1GB RAM")] = ()


class ShareForm(Form):
    """Credentials, once more or for the first time."""

    secrets: Annotated[str, _SECRETS]


class AdjustForm(Form):
    """What is still missing."""

    adjustments: Annotated[SomeEntries, Ask("Adjustments", Widget.LINES, hint="One per line.")]


class ExtensionForm(Form):
    """How much longer an environment is needed."""

    until: Annotated[Moment, Ask("Until", Widget.MOMENT)]
    reason: Annotated[Paragraph | None, Ask("Reason", Widget.TEXT)] = None


class SharedForm(Form):
    """To whom credentials went; nothing of what they are."""

    person: Annotated[str, Ask("To")]
