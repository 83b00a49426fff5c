"""What a rule may know beyond its own conversation."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.events import Conversation


@dataclass(frozen=True)
class Surroundings:
    """The service's other conversations, read in the transaction of the step that looks at them.

    others       those that are open, of every dialogue and environment of the service, the oldest first
    verified     the versions that were verified in the conversation's environment, the latest first
    rolled_back  the versions that were rolled back there, the latest first
    """

    others: tuple[Conversation, ...] = ()
    verified: tuple[str, ...] = ()
    rolled_back: tuple[str, ...] = ()


NOWHERE = Surroundings()
"""For a step that does not look around."""
