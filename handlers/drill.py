"""`/release drill`: is everybody reached who would be told of trouble?"""

from __future__ import annotations

from bot.core.drill import DRILLS
from handlers.commands import Subcommand, opening

SUBCOMMANDS = {
    "drill": Subcommand(
        "drill [service] [severity=warning]",
        "send a synthetic alert, and see where it arrives",
        opening(DRILLS, "begin"),
    )
}
