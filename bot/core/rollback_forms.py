"""The forms of the rollback dialogue. The fields are those of the QA-DevOps document, section 5, and of the release
plan's rollback part. A rollback is never refused for a formality: what is missing is asked for after it started.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator
from pydantic.fields import FieldInfo

from bot.core.environments import Place
from bot.core.forms import (
    Ask,
    Entries,
    Form,
    Minutes,
    Moment,
    OneLine,
    Paragraph,
    SomeEntries,
    UserIds,
    WebLink,
    Widget,
)
from bot.core.release_forms import RollbackForm, Sure, Version

SCOPES = {
    "application": "Application (2 min)",
    "database": "Application and database (5 min)",
    "system": "The full system (15 min)",
}
"""What is brought back, with its recovery target (release plan, "Время восстановления")."""


class RequestForm(RollbackForm):
    """The alarm (section 5, "QA → DevOps")."""

    version: Annotated[
        Version, Ask("Version to roll back", hint="What is live and broken.", placeholder="v1.2.0", locked=True)
    ]
    environment: Place = None

    @classmethod
    def asks(cls) -> Mapping[str, tuple[Ask, FieldInfo]]:
        """What it is about first, and last what is seldom said: inherited fields would stand before its own."""
        first, last = ("version", "severity", "target"), "sure"
        found = super().asks()
        others = (name for name in found if name not in (*first, last))
        return {name: found[name] for name in (*first, *others, last)}


class DetailForm(Form):
    """What the alarm left out."""

    issue: Annotated[Paragraph | None, Ask("Issue", Widget.TEXT, hint="What users can't do, and what they see.")] = None
    impact: Annotated[Entries, Ask("Impact", Widget.LINES, hint="One per line.")] = ()
    evidence: Annotated[Entries, Ask("Evidence", Widget.LINES, hint="One per line.")] = ()

    @model_validator(mode="after")
    def _something(self) -> DetailForm:
        if not (self.issue or self.impact or self.evidence):
            raise ValueError("Give at least one of issue, impact and evidence.")
        return self


class InitiateForm(Form):
    """DevOps begins (section 5, "INITIATING ROLLBACK")."""

    target: Annotated[Version, Ask("Roll back to", placeholder="v1.1.0")]
    eta: Annotated[int, Field(ge=1, le=24 * 60), Ask("ETA in minutes", Widget.NUMBER)] = 5
    scope: Annotated[
        str,
        Field(pattern="^(application|database|system)$"),
        Ask("What is brought back", Widget.CHOICE, hint="Decides the recovery target.", choices=SCOPES),
    ] = "application"
    sure: Sure = ()


class CompleteForm(Form):
    """What DevOps reports when it is done (section 5, "Rollback Complete")."""

    version: Annotated[Version, Ask("Now on", placeholder="v1.1.0")]
    duration: Annotated[Minutes, Ask("Duration in minutes", Widget.NUMBER)]
    checks: Annotated[
        SomeEntries, Ask("Immediate check", Widget.LINES, hint="One per line.", placeholder="API health: OK")
    ]
    verify: Annotated[OneLine | None, Ask("What QA should verify", placeholder="order creation works")] = None


class VerifyForm(Form):
    """What QA saw on the version that is back."""

    seen: Annotated[OneLine, Ask("What works again", placeholder="Order creation works")]


class CloseForm(Form):
    """The Tech Lead's closing: who investigates, and when the post-mortem is (section 5)."""

    investigators: Annotated[UserIds, Ask("Who investigates", Widget.PEOPLE)] = ()
    post_mortem_at: Annotated[Moment, Ask("Post-mortem at", Widget.MOMENT)]
    words: Annotated[Paragraph | None, Ask("What is to be clear before the next deployment", Widget.TEXT)] = None


class PublishForm(Form):
    """The post-mortem: a link to it, or its text."""

    link: Annotated[WebLink | None, Ask("Link", Widget.LINK, placeholder="https://…")] = None
    text: Annotated[Paragraph | None, Ask("Text", Widget.TEXT, hint="Instead of a link.")] = None

    @model_validator(mode="after")
    def _something(self) -> PublishForm:
        if not (self.link or self.text):
            raise ValueError("Give a link to the post-mortem, or its text.")
        return self


class OverdueForm(Form):
    """A recovery target that was missed."""

    occasion: Annotated[OneLine, Ask("Recovery target")]
