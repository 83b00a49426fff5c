"""What a form already knows: answers that its step can be opened with, by field name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.policy import Service
from bot.core.surroundings import NOWHERE, Surroundings

Answers = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What may be looked at: the conversation (None before it is opened), the service's latest of the same dialogue,
    what is around it, the time, and the answers that were given already.
    """

    conversation: Any
    policy: Service
    previous: Any
    now: datetime
    surroundings: Surroundings = NOWHERE
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verified(self) -> str:
        """The last version that was verified in production; empty if none was."""
        return next(iter(self.surroundings.verified), "")


Filler = Callable[[Known], Answers]


def prefill(fill: Filler | None, known: Known) -> Answers:
    """The answers that are known before the person types. A form that nothing is known of starts empty."""
    return {name: value for name, value in fill(known).items() if value not in (None, "", ())} if fill else {}
