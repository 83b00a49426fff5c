"""All dialogues by name."""

from __future__ import annotations

from typing import Any

from bot.core.dialogue import Dialogue
from bot.core.drill import DRILLS
from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.escalation import ESCALATION
from bot.core.freeze import FREEZE
from bot.core.release import RELEASE
from bot.core.rollback import ROLLBACK
from bot.core.unannounced import UNANNOUNCED

DIALOGUES: dict[str, Dialogue[Any]] = {
    dialogue.name: dialogue
    for dialogue in (RELEASE, ROLLBACK, ESCALATION, FREEZE, ENVIRONMENT_ISSUE, ENVIRONMENT_REQUEST, UNANNOUNCED, DRILLS)
}
