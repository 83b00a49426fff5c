"""All dialogues by name."""

from __future__ import annotations

from typing import Any

from bot.core.dialogue import Dialogue
from bot.core.release import RELEASE

DIALOGUES: dict[str, Dialogue[Any]] = {RELEASE.name: RELEASE}
