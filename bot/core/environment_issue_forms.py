"""The forms of an environment issue. The fields are those of the QA-DevOps document, section 3."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, HttpUrl, field_validator, model_validator

from bot.core.forms import (
    Ask,
    Entries,
    Expected,
    Form,
    Minutes,
    Moment,
    OneLine,
    Paragraph,
    SomeEntries,
    Stripped,
    WebLink,
    Widget,
)
from bot.core.vagueness import KNOWN_PLACES, is_vague

URGENCIES = {
    "low": "Low",
    "medium": "Medium",
    "high": "High",
    "critical": "Critical",
}
PRESSING = frozenset({"high", "critical"})
"""The urgencies that do not wait for the morning."""

LONGEST_ADDRESS = 300
"""Characters of a ticket's address: it stands on the card beside all else."""


def _bare_name(value: str) -> str:
    """“Staging environment” is called staging: the word is said beside it anyway."""
    return re.sub(r"(?i)\s+environment$", "", value)


EnvironmentName = Annotated[OneLine, Field(max_length=60), AfterValidator(_bare_name)]

# The document's communication guidelines: "Report environment issues with details", not "Just say 'staging is broken'".
_VAGUE = (
    "This does not say what to look at. Name what fails and how: which call or page, which status or message, such as "
    "“API returns 503 on every call”."
)


class ReportForm(Form):
    """QA's report (section 3, "QA → DevOps")."""

    environment: Annotated[EnvironmentName, Ask("Environment", placeholder="staging")]
    problem: Annotated[
        Paragraph,
        Ask(
            "Problem",
            Widget.TEXT,
            hint="What fails, and how: which call or page, which status or message.",
            placeholder="Staging API returning 503 errors",
        ),
    ]
    started: Annotated[Moment, Ask("When started", Widget.MOMENT, past=True)]
    impact: Annotated[
        Paragraph, Ask("Impact", Widget.TEXT, hint="What can't go on.", placeholder="Cannot continue testing STORY-140")
    ]
    symptoms: Annotated[
        SomeEntries, Ask("Symptoms", Widget.LINES, hint="One per line.", placeholder="All API calls return 503")
    ]
    tried: Annotated[
        Entries, Ask("What I tried", Widget.LINES, hint="One per line.", placeholder="Tried different endpoints")
    ] = ()
    urgency: Annotated[
        str, Field(pattern="^(low|medium|high|critical)$"), Ask("Urgency", Widget.CHOICE, choices=URGENCIES)
    ]
    urgency_reason: Annotated[OneLine | None, Ask("Why this urgency", placeholder="blocking sprint testing")] = None
    blocked: Annotated[
        Entries, Ask("Blocked work", Widget.LINES, hint="Keys of stories or tickets.", placeholder="STORY-140")
    ] = ()
    evidence: Annotated[Entries, Ask("Evidence", Widget.LINES, hint="Messages, log lines, links.")] = ()

    @field_validator("problem")
    @classmethod
    def _says_what(cls, problem: str) -> str:
        if is_vague(problem):
            raise ValueError(_VAGUE)
        return problem

    @field_validator("symptoms")
    @classmethod
    def _seen(cls, symptoms: tuple[str, ...]) -> tuple[str, ...]:
        if all(is_vague(line) for line in symptoms):
            raise ValueError("Say what is seen: a status, a message, a page that stays empty; since which call.")
        return symptoms

    @classmethod
    def _leading(cls, words: list[str], named: Any, now: datetime, zone: str) -> dict[str, Any]:
        """`staging` is an environment, `staging API returns 503` that and the problem; other words are the problem."""
        if not words:
            return {}
        place = {"environment": words[0]} if words[0].casefold() in KNOWN_PLACES and "environment" not in named else {}
        twice = len(words) > 1 and words[0].casefold() == words[1].casefold()
        problem = {} if place and len(words) == 1 else {"problem": " ".join(words[twice:])}
        if problem and "problem" in named:
            return super()._leading(words, named, now, zone)
        return place | problem

    @property
    def is_pressing(self) -> bool:
        return self.urgency in PRESSING


class UpdateForm(Form):
    """What DevOps found, and what follows (section 3, "DevOps → QA")."""

    findings: Annotated[Entries, Ask("Findings", Widget.LINES, hint="One per line.", placeholder="Server is up")] = ()
    cause: Annotated[OneLine | None, Ask("Cause", placeholder="Looks like a runaway query")] = None
    fix: Annotated[
        Entries, Ask("Fix", Widget.LINES, hint="One per line.", placeholder="Restarting backend service")
    ] = ()
    workaround: Annotated[Paragraph | None, Ask("Workaround", Widget.TEXT, hint="What QA can do meanwhile.")] = None
    eta: Annotated[Minutes | None, Ask("ETA in minutes", Widget.NUMBER)] = None

    @model_validator(mode="after")
    def _something(self) -> UpdateForm:
        if not (self.findings or self.cause or self.fix or self.workaround or self.eta is not None):
            raise ValueError("Give at least one of findings, cause, fix, workaround and ETA.")
        return self


class RestoreForm(Form):
    """The environment works again (section 3, "Update: Staging restored")."""

    root_cause: Annotated[
        Paragraph, Ask("Root cause", Widget.TEXT, placeholder="Background job was holding connections")
    ]
    fix: Annotated[Paragraph, Ask("Fix", Widget.TEXT, placeholder="Killed stuck process, restarted service")]
    prevention: Annotated[
        Paragraph, Ask("Prevention", Widget.TEXT, hint="What keeps it from coming back; “None yet” where nothing does.")
    ]


def _short_address(url: HttpUrl) -> HttpUrl:
    if len(str(url)) > LONGEST_ADDRESS:
        raise ValueError(f"This is too long: {LONGEST_ADDRESS} characters at most.")
    return url


class TicketForm(Form):
    """The ticket that a tracker opened for a conversation."""

    key: Annotated[
        str,
        Stripped,
        Field(min_length=1, max_length=60, pattern=r"^[#A-Za-z0-9][\w#./-]*$"),
        Expected("Write the ticket's key, such as OPS-12 or #12."),
        Ask("Key", placeholder="OPS-12"),
    ]
    url: Annotated[WebLink, AfterValidator(_short_address), Ask("Link", Widget.LINK)]


class TicketRefusedForm(Form):
    """Why a tracker would not open a ticket, or close it."""

    what: Annotated[str, Field(pattern="^(open|close)$"), Ask("What")]
    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]
