"""The forms of the release dialogue. The fields are those of the QA-DevOps document, sections 1 and 2."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from bot.core.authority import CHOOSABLE, Decision
from bot.core.environments import Place
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
    UserIds,
    WebLink,
    Widget,
)


class Outcome(StrEnum):
    """How a round of tests ended."""

    PASSED = "passed"
    PASSED_WITH_ISSUES = "passed_with_known_issues"
    FAILED = "failed"
    NOT_RUN = "not_run"


OUTCOMES = {
    Outcome.PASSED.value: "Passed",
    Outcome.PASSED_WITH_ISSUES.value: "Passed with known issues",
    Outcome.FAILED.value: "Failed",
    Outcome.NOT_RUN.value: "Not run",
}


class Signal(StrEnum):
    """What a rollback criterion watches (release plan, golden signals)."""

    ERROR_RATE = "error_rate"
    LATENCY = "latency_p95"
    TRAFFIC = "traffic"
    SATURATION = "saturation"
    OTHER = "other"


SIGNALS = {
    Signal.ERROR_RATE.value: "error rate",
    Signal.LATENCY.value: "latency (p95)",
    Signal.TRAFFIC.value: "traffic",
    Signal.SATURATION.value: "saturation",
    Signal.OTHER.value: "other signal",
}

SURE = {"yes": "They are right, although Greenlight knows them otherwise"}
HOTFIX = {"no": "No", "yes": "Yes"}
STRATEGIES = {"rolling": "Rolling", "blue_green": "Blue-green", "canary": "Canary"}

# A threshold says a direction, a number and a unit: ">5%", "≥ 2 s", "< 10 requests/s".
_THRESHOLD = re.compile(r"^(?:>|<|>=|<=|≥|≤)\s*\d+(?:[.,]\d+)?\s*\S{0,20}$")


def _threshold(value: str) -> str:
    if not _THRESHOLD.match(value):
        raise ValueError("This must be a comparison with a number, such as >5% or >2s.")
    return value


Version = Annotated[
    str,
    Stripped,
    Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._+\-]*$"),
    Expected("Write a version with letters, digits and . _ + - only, such as v1.2.0."),
]
Commit = Annotated[
    str,
    Stripped,
    Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._\-]{6,64}$"),
    Expected("Write the commit's id, at least its first 6 characters, such as abc123."),
]


def _alone(value: object) -> object:
    """One choice as it is typed in JSON, where several may be taken."""
    return (value,) if isinstance(value, str) else value


Sure = Annotated[
    tuple[Literal["yes"], ...],
    BeforeValidator(_alone),
    Field(max_length=1),
    Ask("The versions", Widget.CHOICES, hint="Only where Greenlight asked about one.", choices=SURE),
]
"""Somebody's word that a version is right which Greenlight does not know, or knows to be elsewhere."""


class ApprovalForm(Form):
    """QA's sign-off (QA-DevOps dialogue, section 1, "QA → DevOps")."""

    version: Annotated[Version, Ask("Version", placeholder="v1.2.0", locked=True)]
    environment: Place = None
    sprint: Annotated[OneLine, Ask("Sprint", placeholder="Sprint 16")]
    branch: Annotated[OneLine, Ask("Branch")] = "main"
    commit: Annotated[Commit, Ask("Commit", hint="Sign-offs count for this commit alone.", placeholder="abc123")]
    stories_tested: Annotated[
        int, Field(ge=0, le=9999), Ask("Stories tested", Widget.NUMBER, section="Testing Summary")
    ]
    stories_total: Annotated[int, Field(ge=0, le=9999), Ask("Stories in the release", Widget.NUMBER)]
    bugs_found: Annotated[int, Field(ge=0, le=9999), Ask("Bugs found", Widget.NUMBER)]
    bugs_fixed: Annotated[int, Field(ge=0, le=9999), Ask("Bugs fixed", Widget.NUMBER)]
    regression: Annotated[Outcome, Ask("Regression", Widget.CHOICE, choices=OUTCOMES)]
    smoke: Annotated[Outcome, Ask("Smoke test", Widget.CHOICE, choices=OUTCOMES)]
    changes: Annotated[
        SomeEntries,
        Ask(
            "Included Changes",
            Widget.LINES,
            hint="One per line.",
            placeholder="STORY-123: Order Tracking",
            section="Contents",
        ),
    ]
    known_issues: Annotated[
        SomeEntries,
        Ask(
            "Known Issues",
            Widget.LINES,
            hint="One per line. Where there are none, say “None”.",
            placeholder="None blocking release",
        ),
    ]
    release_notes: Annotated[WebLink | None, Ask("Release Notes", Widget.LINK, placeholder="https://…")] = None
    rollback_signal: Annotated[
        Signal, Ask("Roll back when", Widget.CHOICE, choices=SIGNALS, section="Rollback Criteria")
    ] = Signal.ERROR_RATE
    rollback_threshold: Annotated[
        OneLine,
        AfterValidator(_threshold),
        Ask("Threshold", hint="A comparison with a unit, such as >5% or >2s.", placeholder=">5%"),
    ]
    rollback_endpoint: Annotated[OneLine | None, Ask("Endpoint", placeholder="/api/v1/orders/tracking")] = None
    rollback_minutes: Annotated[int, Field(ge=1, le=24 * 60), Ask("Minutes after the deployment", Widget.NUMBER)] = 30
    hotfix: Annotated[
        str,
        Field(pattern="^(no|yes)$"),
        Ask(
            "Hotfix",
            Widget.CHOICE,
            hint="Goes at any time; the Release Manager signs it as well.",
            choices=HOTFIX,
            section="Sign-off",
        ),
    ] = "no"
    authors: Annotated[
        UserIds,
        Ask(
            "Authors of the change",
            Widget.PEOPLE,
            hint="They may not sign off their own work.",
        ),
    ] = ()
    verbal: Annotated[
        UserIds,
        Ask("Agreed by word of mouth", Widget.PEOPLE, hint="You vouch for them; shown as “verbal”."),
    ] = ()

    @field_validator("stories_total")
    @classmethod
    def _not_fewer_than_tested(cls, total: int, info: ValidationInfo) -> int:
        if total < info.data.get("stories_tested", 0):
            raise ValueError("More stories are tested than the release has; check both numbers.")
        return total

    @field_validator("bugs_fixed")
    @classmethod
    def _not_more_than_found(cls, fixed: int, info: ValidationInfo) -> int:
        if fixed > info.data.get("bugs_found", fixed):
            raise ValueError("More bugs are fixed than were found; check both numbers.")
        return fixed

    @field_validator("regression", "smoke")
    @classmethod
    def _passed(cls, outcome: Outcome) -> Outcome:
        # Communication guidelines: "Rush approval without testing" is a don't.
        if outcome is Outcome.FAILED:
            raise ValueError(
                "A release with failed tests can't be approved. Fix and test again, or approve with known issues."
            )
        if outcome is Outcome.NOT_RUN:
            raise ValueError("A release can't be approved before this was run.")
        return outcome


class ReasonForm(Form):
    """Why somebody stops, changes or risks something."""

    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]


class PlanForm(Form):
    """DevOps's acknowledgement and plan (QA-DevOps dialogue, section 1, "DevOps → QA")."""

    when: Annotated[Moment, Ask("When", Widget.MOMENT, section="Deployment Plan")]
    window: Annotated[OneLine | None, Ask("Why then", placeholder="low traffic window")] = None
    duration: Annotated[int, Field(ge=1, le=24 * 60), Ask("Duration in minutes", Widget.NUMBER)] = 15
    downtime: Annotated[
        OneLine, Ask("Downtime", hint="What begins with None, No, 0 or Zero-downtime needs nobody's agreement.")
    ] = "None expected (zero-downtime deploy)"
    strategy: Annotated[
        str,
        Field(pattern="^(rolling|blue_green|canary)$"),
        Ask("Strategy", Widget.CHOICE, choices=STRATEGIES),
    ] = "rolling"
    rollback_target: Annotated[
        Version,
        Ask("Version to roll back to", hint="No deployment without a safety net.", placeholder="v1.1.0"),
    ]
    sure: Sure = ()
    migrations: Annotated[
        OneLine, Ask("Database migrations", placeholder="Yes (1 migration)", section="Pre-deployment")
    ] = "None"
    config_changes: Annotated[OneLine, Ask("Config changes")] = "None"
    cache_clear: Annotated[OneLine, Ask("Cache clear")] = "No"
    error_monitoring: Annotated[OneLine, Ask("Error rates", placeholder="Will watch Sentry", section="Monitoring")]
    performance_monitoring: Annotated[OneLine, Ask("Performance", placeholder="Will watch Datadog")]
    concerns: Annotated[Entries, Ask("Infrastructure concerns", Widget.LINES, hint="One per line.")] = ()
    decisions: Annotated[
        tuple[Decision, ...], Ask("Needs agreement on", Widget.CHOICES, choices=CHOOSABLE, section="Authority")
    ] = ()


class TimeForm(Form):
    """QA's counter-proposal of a time."""

    when: Annotated[Moment, Ask("A better time", Widget.MOMENT)]
    reason: Annotated[Paragraph, Ask("Why", Widget.TEXT)]


class StartForm(Form):
    """What is being deployed, and the recorded exception where a rule stands against it."""

    commit: Annotated[Commit, Ask("Commit being deployed", hint="It must be the approved one.")]
    override: Annotated[
        Paragraph | None,
        Ask("Reason to override", Widget.TEXT, hint="Only where a rule refuses; a Release Manager or Tech Lead may."),
    ] = None


class DeployedForm(Form):
    """The deployment notice (QA-DevOps dialogue, section 2)."""

    finished_at: Annotated[
        Moment | None, Ask("Time", Widget.MOMENT, hint="When it was done. Empty means now.", past=True)
    ] = None
    # Asked of people; None is what a machine leaves untold.
    duration: Annotated[int | None, Field(ge=0, le=24 * 60), Ask("Duration in minutes", Widget.NUMBER)]
    components: Annotated[
        SomeEntries,
        Ask(
            "Components",
            Widget.LINES,
            hint="One per line, with the state that you saw.",
            placeholder="Backend: Healthy",
            section="Deployment Details",
        ),
    ]
    migration: Annotated[OneLine, Ask("Database migration")] = "None"
    cache: Annotated[OneLine, Ask("Cache")] = "Not cleared"
    health_checks: Annotated[
        SomeEntries,
        Ask(
            "Health Checks",
            Widget.LINES,
            hint="One per line, with what you saw; “not checked” where nobody looked.",
            placeholder="API: 200 OK",
            section="After deploying",
        ),
    ]
    monitoring: Annotated[
        SomeEntries,
        Ask("Monitoring", Widget.LINES, hint="One link per line.", placeholder="Sentry: https://…"),
    ]
    metrics: Annotated[
        Entries,
        Ask("Initial Metrics", Widget.LINES, hint="One per line.", placeholder="Error rate: 0.1% (normal)"),
    ] = ()
    issues: Annotated[OneLine, Ask("Issues during the deployment")] = "None"

    @field_validator("monitoring")
    @classmethod
    def _has_links(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        # Communication guidelines: "Provide monitoring access", not "Keep logs inaccessible".
        if not any("https://" in line or "http://" in line for line in lines):
            raise ValueError("At least one line needs a link, such as Sentry: https://…")
        return lines


class ExtendForm(Form):
    """How much longer production is watched."""

    minutes: Annotated[int, Field(ge=5, le=7 * 24 * 60), Ask("Minutes more", Widget.NUMBER)] = 60


class SummaryForm(Form):
    """The closing words, where a person and not the clock completes."""

    summary: Annotated[Paragraph | None, Ask("Summary", Widget.TEXT)] = None


class RollbackForm(Form):
    """Why a release is rolled back (QA-DevOps dialogue, section 5). Nothing is required: what is missing is asked for
    after it started.
    """

    severity: Annotated[
        str,
        Field(pattern="^(P0|P1)$"),
        Ask(
            "Severity",
            Widget.CHOICE,
            choices={"P0": "P0 — Production down", "P1": "P1 — Critical"},
            hint="P0 is rolled back at once; P1 once the Tech Lead has decided.",
        ),
    ] = "P1"
    issue: Annotated[Paragraph | None, Ask("Issue", Widget.TEXT)] = None
    impact: Annotated[Entries, Ask("Impact", Widget.LINES, hint="One per line.")] = ()
    evidence: Annotated[Entries, Ask("Evidence", Widget.LINES, hint="One per line.")] = ()
    target: Annotated[
        Version | None,
        Ask("Roll back to", hint="Empty means the last verified version.", placeholder="v1.1.0"),
    ] = None
    sure: Sure = ()


class RolledBackForm(Form):
    """The rollback as verified (QA-DevOps dialogue, section 5)."""

    version: Annotated[Version, Ask("Production is now on", placeholder="v1.1.0")]
    duration: Annotated[Minutes, Ask("Duration in minutes", Widget.NUMBER)]
    checks: Annotated[
        SomeEntries, Ask("Immediate check", Widget.LINES, hint="One per line.", placeholder="API health: OK")
    ]


class NoteForm(Form):
    """Words to keep with the conversation."""

    text: Annotated[Paragraph, Ask("Note", Widget.TEXT)]
