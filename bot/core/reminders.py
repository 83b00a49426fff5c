"""When the awaited are reminded, and when the clock acts itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.dialogue import Dialogue, Signers, Step, Wait
from bot.core.events import Conversation, Event, Reminder, ReminderKind
from bot.core.policy import QuietHours, Service
from bot.core.roles import Role

C = TypeVar("C", bound=Conversation)

SNOOZE, SHORTEST_SNOOZE = timedelta(minutes=30), timedelta(minutes=5)


def reminders_for(dialogue: Dialogue[C], conversation: C, policy: Service) -> tuple[Reminder, ...]:
    """All that is to happen by itself while the conversation stays in its stage.

    Of two awaited steps by the same role, the first in the table speaks: nobody is reminded twice of one thing.
    """
    reminders: list[Reminder] = []
    asked: set[Role] = set()
    for step in _awaited(dialogue, conversation):
        owners = _owners(step, dialogue.allowed(step, conversation))
        if not asked.issuperset(owners):
            asked.update(owners)
            reminders.extend(_of_step(step, conversation, policy, owners))
    if dialogue.timetable:
        reminders.extend(dialogue.timetable(conversation, policy))
    return tuple(reminders)


def reminder_key(dialogue: str, step: str) -> str:
    """How the configuration's `reminders` name a step: a release's steps alone, those of other dialogues with it."""
    return step if dialogue == "release" else f"{dialogue}.{step}"


def patience(dialogue: str, step: Step, policy: Service) -> timedelta:
    """How long an awaited step may take before its owner is reminded: as configured, else as its row says."""
    assert step.wait is not None
    minutes = policy.reminders.get(reminder_key(dialogue, step.name))
    return step.wait.after if minutes is None else timedelta(minutes=minutes)


def tells_of(step: Step, conversation: Conversation, event: Event, policy: Service) -> tuple[Reminder, ...]:
    """Who is told of a step that was taken: due at once, whatever happens next."""
    return tuple(
        Reminder(
            conversation=conversation.id,
            kind="tell",
            step=step.name,
            stage=0,
            due_at=event.at,
            roles=tuple(role.value for role in tell.roles),
            occasion=f"{event.number}:{tell.name}",
        )
        for tell in (step.tells(conversation, event, policy) if step.tells else ())
    )


def awaited_roles(dialogue: Dialogue[C], conversation: C) -> tuple[Role, ...]:
    """The roles that are asked for something now, people and machines."""
    owners = (_owners(step, dialogue.allowed(step, conversation)) for step in _awaited(dialogue, conversation))
    return tuple(dict.fromkeys(role for roles in owners for role in roles))


def _awaited(dialogue: Dialogue[C], conversation: C) -> tuple[Step, ...]:
    """The awaited steps of the conversation's state, without those whose time is not set: nobody waits for these."""
    steps = dialogue.awaited(conversation.state)
    return tuple(step for step in steps if not is_idle(step, conversation))


def is_idle(step: Step, conversation: Conversation) -> bool:
    """True if a step's wait counts from a time that is not set: there is nothing to wait for."""
    return step.wait is not None and _time_of(step, conversation) is None


def _time_of(step: Step, conversation: Conversation) -> datetime | None:
    """The moment that a step's wait counts from."""
    since = step.wait.since if step.wait else ""
    return getattr(conversation, since) if since else conversation.since


def _owners(step: Step, allowed: tuple[Role, ...]) -> tuple[Role, ...]:
    """Who is reminded of a step: its first role; where the conversation chooses its signers, all of them."""
    return allowed if isinstance(step.by, Signers) else allowed[:1]


def _of_step(step: Step, conversation: Conversation, policy: Service, owners: tuple[Role, ...]) -> list[Reminder]:
    wait = step.wait
    assert wait is not None
    agreed = _time_of(step, conversation)
    if agreed is None:
        return []
    # A time agreed for later counts; one that passed before the state was entered has been waited for by nobody.
    started = max(agreed, conversation.since)
    after, urgent = _haste(step, wait, conversation, policy)
    quiet = None if urgent else policy.quiet_hours

    def at(kind: ReminderKind, due: datetime, to: tuple[Role, ...]) -> Reminder:
        roles = tuple(role.value for role in to)
        return Reminder(conversation.id, kind, step.name, conversation.stage, due, roles)

    if Role.CLOCK in owners:
        return [at("step", started, ())]
    first = [at("due", started, owners)] if wait.since == "planned_at" else []
    nudged = _awake(started + after, quiet)
    nudge = [at("nudge", nudged, owners)]
    # Counted from the nudge: where that waited for the morning, its owner still has the whole time to answer.
    up = [at("escalation", _awake(nudged + after, quiet), (wait.then,))] if wait.then else []
    return [*first, *nudge, *up]


def _awake(due: datetime, quiet: QuietHours | None) -> datetime:
    return quiet.release(due) if quiet else due


def snooze_span(conversation: Conversation, step: Step, policy: Service) -> timedelta:
    """How long a reminder may be put off: half an hour, and what presses no longer than it was waited for."""
    if step.wait is None:
        return SNOOZE
    after, urgent = _haste(step, step.wait, conversation, policy)
    return max(SHORTEST_SNOOZE, min(after, SNOOZE)) if urgent else SNOOZE


def _haste(step: Step, wait: Wait, conversation: Conversation, policy: Service) -> tuple[timedelta, bool]:
    """How long is waited, and whether also in quiet hours: as the row or the configuration says, or as it presses."""
    after = patience(conversation.dialogue, step, policy)
    if wait.pressing and wait.pressing.applies(conversation):
        return min(after, wait.pressing.after), True
    return after, wait.urgent
