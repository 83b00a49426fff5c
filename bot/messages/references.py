"""What a button, a modal or a reminder points at, written into Slack's own fields and read back.

A click names its conversation and the stage it was made for, so that two releases are never confused and a stale
click is known as one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.core.dialogues import DIALOGUES
from bot.errors import GreenlightError

STEP_ACTION = "step:"
"""The action_id of a step's button is this and the step's name; one listener hears them all."""

STEP_CALLBACK = "step"
"""The callback_id of every step's modal; what it is for stands in its private_metadata."""

ANSWER = "answer"
"""The action_id of every input in a modal; its block_id is the field's name."""

SNOOZE_ACTION = "snooze"
"""The action_id of the snooze button; its value is the reminder's id."""

DONE_ACTION = "done"
"""The action_id of a button that takes a step at once with the answers that it carries."""

CHECKLIST_ACTION = "checklist"
"""The action_id of the button that opens a release's checklist."""

CHECKLIST_CALLBACK = "checklist"
"""The callback_id of the form to tick it."""


MOST_CHARACTERS = 2_000
"""Of a button's value (Block Kit, "Button element")."""


class ReferenceUnreadableError(GreenlightError):
    """A button's value or a modal's metadata is not ours, or from a version that wrote it otherwise."""


@dataclass(frozen=True)
class Reference:
    """Which step of which conversation, made for which stage. A step that opens one names no conversation yet.

    `service` and `channel` are known for an opening step. `given` are answers that were typed already, `from_home` says
    that it was clicked in App Home, which is to be drawn anew after it.
    """

    dialogue: str
    step: str
    conversation: str = ""
    stage: int | None = None
    service: str = ""
    channel: str = ""
    from_home: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)

    def write(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if value not in ("", None, False, {})})

    def giving(self, answers: Mapping[str, Any]) -> Reference:
        """The reference with answers for its form, as many as a button has room for."""
        kept = self
        for name, answer in answers.items():
            more = replace(kept, given={**kept.given, name: _plain(answer)})
            kept = more if len(more.write()) <= MOST_CHARACTERS else kept
        return kept

    @classmethod
    def read(cls, written: str) -> Reference:
        """The reference as it was written. ReferenceUnreadableError where it isn't ours, or names what is no more."""
        try:
            found = cls(**json.loads(written))
        except (TypeError, ValueError) as error:
            raise ReferenceUnreadableError(written[:100]) from error
        dialogue = DIALOGUES.get(found.dialogue)
        if dialogue is None or all(step.name != found.step for step in dialogue.steps):
            raise ReferenceUnreadableError(written[:100])
        return found


def _plain(answer: Any) -> Any:
    """An answer as JSON holds it."""
    return answer.isoformat() if isinstance(answer, datetime) else answer
