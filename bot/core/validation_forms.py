"""The forms of a validation's steps: what was checked and found. Only Greenlight fills them in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.core.forms import Ask, Form, Moment, Widget
from bot.core.playbook import MOST_CHECKS
from bot.core.validation import Result, Verdict

Results = Annotated[tuple[Result, ...], Field(max_length=MOST_CHECKS)]


class ProgressForm(Form):
    """What was found since the progress was told last. `interrupted`: it was cut off before, and begun again."""

    results: Annotated[Results, Ask("Results", Widget.LINES)] = ()
    interrupted: Annotated[bool, Ask("Interrupted")] = False


class ValidatedForm(Form):
    """All that a run has found."""

    verdict: Annotated[
        Verdict, Ask("Verdict", Widget.CHOICE, choices={verdict.value: verdict.value for verdict in Verdict})
    ]
    results: Annotated[Results, Ask("Results", Widget.LINES)]
    began_at: Annotated[Moment, Ask("Began", Widget.MOMENT, past=True)]
    interruptions: Annotated[int, Ask("Interruptions", Widget.NUMBER)] = 0
