"""What a pipeline may do: the rows of the dialogues' tables that name the role `ci`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.core.dialogue import Dialogue, Step
from bot.core.dialogues import DIALOGUES
from bot.core.roles import Role


@dataclass(frozen=True)
class Row:
    """A step of a dialogue that a pipeline may take."""

    dialogue: Dialogue[Any]
    step: Step

    @property
    def scope(self) -> str:
        """What a token must be good for."""
        return self.step.name if self.dialogue.name == "release" else f"{self.dialogue.name}.{self.step.name}"

    @property
    def form_name(self) -> str:
        """The name of its form in the API's description."""
        return self.step.form.__name__.removesuffix("Form") if self.step.form else ""


def rows() -> tuple[Row, ...]:
    """Every row for pipelines, in the tables' order."""
    return tuple(
        Row(dialogue, step)
        for dialogue in DIALOGUES.values()
        for step in dialogue.steps
        if isinstance(step.by, tuple) and Role.CI in step.by
    )


def scopes() -> tuple[str, ...]:
    """All that a token can be good for."""
    return tuple(row.scope for row in rows())


def collection(dialogue: Dialogue[Any]) -> str:
    """The part of an address that names a dialogue's conversations, such as `releases`."""
    return f"{dialogue.name.replace('_', '-')}s"
