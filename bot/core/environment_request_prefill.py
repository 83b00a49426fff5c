"""What the forms of an environment request already know. Credentials are never among it."""

from __future__ import annotations

from datetime import timedelta

from bot.core import environment_request_forms as forms
from bot.core.forms import Form
from bot.core.prefill import Answers, Filler, Known

KEPT = ("name", "urls", "data", "limits")


def _ready(known: Known) -> Answers:
    """What was handed over last, where it was adjusted since; else the name it was asked for by."""
    assert known.conversation is not None
    last = known.conversation.forms.get("ready", {})
    return {"name": known.conversation.name} | {name: last[name] for name in KEPT if name in last}


def _extension(known: Known) -> Answers:
    """A week more than was agreed."""
    until = known.conversation.until if known.conversation else None
    return {"until": max(until, known.now) + timedelta(days=7)} if until else {}


FILLERS: dict[type[Form], Filler] = {forms.ReadyForm: _ready, forms.ExtensionForm: _extension}
