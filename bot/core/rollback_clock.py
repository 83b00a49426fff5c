"""What happens by itself in a rollback: the stopwatch against the recovery targets, the question for the post-mortem.

The table that uses it is bot.core.rollback.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.core.events import Reminder
from bot.core.policy import Service
from bot.core.roles import Role
from bot.core.rollback_rules import Rollback

RECOVERY_TARGETS = {
    "application": timedelta(minutes=2),
    "database": timedelta(minutes=5),
    "system": timedelta(minutes=15),
}
"""Release plan, "Время восстановления (RTO)"."""

POST_MORTEM_ASKED = (1, *range(3, 11), *range(14, 92, 7))
"""On which days after it was to be held the post-mortem is asked for; on the second the row's own wait asks."""


def timetable(rollback: Rollback, policy: Service) -> tuple[Reminder, ...]:
    """The stopwatch while it is rolled back, and the post-mortem that is asked for until it is published."""
    if rollback.state == "rolling_back" and rollback.started_at:
        return _stopwatch(rollback, rollback.started_at)
    if rollback.state == "awaiting_postmortem" and rollback.post_mortem_at:
        return _post_mortem(rollback, rollback.post_mortem_at, policy)
    return ()


def _stopwatch(rollback: Rollback, started_at: datetime) -> tuple[Reminder, ...]:
    names = tuple(RECOVERY_TARGETS)
    return tuple(
        _at(rollback, "step", "overdue", started_at + RECOVERY_TARGETS[name], (), f"{rollback.attempts}:{name}")
        for name in names[names.index(rollback.scope) :]
    )


def _post_mortem(rollback: Rollback, at: datetime, policy: Service) -> tuple[Reminder, ...]:
    quiet = policy.quiet_hours
    roles = (Role.TECH_LEAD.value,)
    told: list[Reminder] = [_at(rollback, "due", "publish", at, roles, "post-mortem")]
    for day in POST_MORTEM_ASKED:
        due = at + timedelta(days=day)
        told.append(_at(rollback, "nudge", "publish", quiet.release(due) if quiet else due, roles, f"day {day}"))
    return tuple(told)


def _at(rollback: Rollback, kind: Any, step: str, due_at: datetime, roles: tuple[str, ...], occasion: str) -> Reminder:
    return Reminder(rollback.id, kind, step, 0, due_at, roles, occasion)
