"""What lists and homes are made of: a conversation with all that is shown of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.core.dialogue import Dialogue
from bot.core.events import Errand, Outgoing, Reminder
from bot.core.policy import Service
from bot.core.roles import Role


class Overview(NamedTuple):
    """One conversation as it stands: who is awaited, what happens by itself next, and where its thread is.

    `thread` is the channel id and the timestamp of the head, once it was posted.
    """

    dialogue: Dialogue[Any]
    conversation: Any
    policy: Service
    awaited: tuple[Role, ...] = ()
    reminder: Reminder | None = None
    thread: tuple[str, str] | None = None


def versions(found: Sequence[Overview]) -> list[str]:
    """The versions of some conversations as one asks for them: with the environment where another has the same."""
    times = Counter((one.conversation.service, one.conversation.version) for one in found)
    return [
        it.version if times[it.service, it.version] == 1 else f"{it.version}/{it.environment}"
        for it in (one.conversation for one in found)
    ]


@dataclass(frozen=True)
class HomePage:
    """A person's App Home: what waits for them, what else is under way, what ended lately, what Slack refused
    (each message with Slack's reason), what others refused that was to be done there (with theirs).
    """

    mine: tuple[Overview, ...] = ()
    under_way: tuple[Overview, ...] = ()
    ended: tuple[Overview, ...] = ()
    undelivered: tuple[tuple[Outgoing, str], ...] = ()
    undone: tuple[tuple[Overview, Errand, str], ...] = ()
