"""All dialogues by name."""

from __future__ import annotations

from typing import Any

from bot.core.dialogue import Dialogue
from bot.core.escalation import ESCALATION
from bot.core.release import RELEASE

DIALOGUES: dict[str, Dialogue[Any]] = {dialogue.name: dialogue for dialogue in (RELEASE, ESCALATION)}
