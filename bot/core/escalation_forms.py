"""What an escalation says ("Обязательная эскалация", mandatory escalation, of the DevOps engineer's document)."""

from __future__ import annotations

from typing import Annotated

from bot.core.authority import EMERGENCIES, Emergency
from bot.core.forms import Ask, Form, OneLine, Paragraph, Widget


class EscalateForm(Form):
    """What has happened. The situation decides who is told."""

    situation: Annotated[Emergency, Ask("Situation", Widget.CHOICE, choices=EMERGENCIES)]
    details: Annotated[Paragraph, Ask("What happened", Widget.TEXT, placeholder="Orders fail with a 500 error")]


class RaiseForm(EscalateForm):
    """The same, of no release, or of the one it is about."""

    about: Annotated[OneLine | None, Ask("About", hint="A version or a ticket, if it is about one.")] = None


class HandledForm(Form):
    """How it ended."""

    outcome: Annotated[Paragraph, Ask("How it was handled", Widget.TEXT)]
