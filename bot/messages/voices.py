"""Which functions speak for which dialogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.core.policy import Service
from bot.messages import (
    drill,
    environment_issue,
    environment_request,
    escalation,
    freeze,
    paging,
    release,
    release_clock,
    rollback,
    unannounced,
    validation,
)
from bot.messages.message import Message, Said
from bot.messages.reminders import reminder
from bot.messages.reports import drafted


@dataclass(frozen=True)
class Voice:
    """What is said in a dialogue: the head of its thread, what happened, and what is awaited.

    `card(conversation, policy)`, `told(conversation after the event, event, policy)`,
    `reminder(conversation, reminder, policy, now, late=…, reminder_id=…)`. `drafts` are by step what is drafted after
    it, in the thread: `draft(conversation after the event, events until then, policy)`. `announced` is what other
    channels hear. `private` are by step what those are told who are written to privately.
    """

    card: Callable[[Any, Service], Message]
    told: Callable[..., tuple[Said, ...]]
    reminder: Callable[..., Message]
    drafts: Mapping[str, Callable[..., tuple[Said, ...]]] = field(default_factory=dict)
    announced: Callable[..., Message] = paging.announced
    private: Mapping[str, Callable[[Any, Service], Message]] = field(default_factory=dict)


VOICES = {
    "release": Voice(release.card, release.told, release_clock.reminder, private={"validate": validation.question}),
    "escalation": Voice(escalation.card, escalation.told, partial(reminder, details=escalation.reminded)),
    "environment_issue": Voice(
        environment_issue.card, environment_issue.told, partial(reminder, details=environment_issue.reminded)
    ),
    "environment_request": Voice(
        environment_request.card, environment_request.told, partial(reminder, details=environment_request.reminded)
    ),
    "rollback": Voice(rollback.card, rollback.told, partial(reminder, details=rollback.reminded), {"close": drafted}),
    "unannounced": Voice(unannounced.card, unannounced.told, partial(reminder, details=unannounced.reminded)),
    "drill": Voice(drill.card, drill.told, reminder),
    "freeze": Voice(freeze.card, freeze.told, reminder),
}
