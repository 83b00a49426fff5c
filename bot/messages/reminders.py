"""The private message that reminds somebody, with the buttons that answer it (design, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from bot.core.dialogue import Signers, Step
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Event, Reminder
from bot.core.policy import Service
from bot.core.reminders import snooze_span
from bot.core.roles import Role
from bot.core.rollback import ROLLBACK
from bot.messages import blocks
from bot.messages.message import Block, Message
from bot.messages.parts import NAME, Telling, answers, capital, says_of, span, utc, version
from bot.messages.people import awaited_roles, call
from bot.messages.references import SNOOZE_ACTION
from bot.messages.text import bold, clip, escape, moment

Details = Callable[[Any, Reminder], Iterator[str]]
"""What a dialogue adds to a reminder, as mrkdwn: `details(conversation, reminder)`."""


def no_details(_conversation: Conversation, _reminder: Reminder) -> Iterator[str]:
    """Nothing to add."""
    return iter(())


def reminder(
    conversation: Conversation,
    reminder: Reminder,
    policy: Service,
    now: datetime,
    *,
    late: timedelta | None,
    reminder_id: int,
    details: Details = no_details,
) -> Message:
    """The message to one person who is awaited, or to whom it went up. `late` is given where it comes too late."""
    step = DIALOGUES[conversation.dialogue].step(reminder.step)
    opening = _opening(conversation, reminder, step, now)
    telling = Telling(conversation, opening.replace("*", ""))
    telling.say(opening, *details(conversation, reminder), *_whom_to_ask(conversation, reminder, policy))
    if late is not None:
        telling.say(
            f"⏰ This should have reached you at {utc(reminder.due_at, day=late > timedelta(hours=12))}, "
            f"{span(late)} ago; Greenlight was not running."
        )
    put_off = f"Snooze {snooze_span(conversation, step, policy) // timedelta(minutes=1)} min"
    snooze = [blocks.button(put_off, SNOOZE_ACTION, str(reminder_id))] if reminder.kind != "tell" else []
    telling.offer(_offered(conversation, reminder, step), *snooze, policy=policy)
    telling.aside(f"<#{conversation.channel}> · {DIALOGUES[conversation.dialogue].state(conversation.state).words}")
    return telling.message()


def over(text: str, shown: tuple[Block, ...], event: Event, channel: str) -> Message:
    """What becomes of such a message when it asks for nothing any more: the event that ended it stands in the place of
    its buttons, and of where things stood then.
    """
    label = DIALOGUES[event.dialogue].step(event.step).label
    done = f"☑️ {bold(label)} · {escape(clip(event.name, NAME))}, {moment(event.at)}"
    kept = tuple(takewhile(lambda block: block["type"] != "actions", shown))
    where = blocks.context(f"<#{channel}> · {done}. Nothing is asked of you here any more.")
    return Message(f"{text} ☑️", (*kept, where))


def _opening(conversation: Conversation, reminder: Reminder, step: Step, now: datetime) -> str:
    sort = "the rollback of " if conversation.dialogue == ROLLBACK.name else ""
    what = f"{sort}*{version(conversation)}* of {escape(conversation.service)}"
    began = _waited_since(conversation, step)
    style = "time" if now - began < timedelta(hours=12) else "date_time"
    since = f"since {moment(began, style)} ({span(now - began)})"
    if reminder.kind == "tell":
        told = "told to you as" if len(reminder.roles) == 1 else "told to"
        return f"{says_of(step, conversation)}: {what} · {told} {_labels(reminder.roles, ' and ')}."
    if reminder.kind == "due" and conversation.dialogue == ROLLBACK.name:
        return f"🕓 *Time for {_wanted(step)}*: {what}."
    if reminder.kind == "due":
        return f"🕓 *Time to deploy {version(conversation)}* of {escape(conversation.service)}."
    if reminder.kind == "escalation":
        owners, me = _owners(conversation, step), _labels(reminder.roles)
        return f"🔔 {owners} has not answered {since}; {what} is now with you as {me}."
    return f"🔔 {capital(what)} waits for {_wanted(step)} {since}."


def _waited_since(conversation: Conversation, step: Step) -> datetime:
    """Since when the step is waited for: the agreed time, where it was agreed for later than the state began."""
    agreed = getattr(conversation, step.wait.since) if step.wait and step.wait.since else None
    return max(agreed or conversation.since, conversation.since)


def _wanted(step: Step) -> str:
    return (step.wait.words if step.wait else "") or f"your step “{escape(step.label)}”"


def _owners(conversation: Conversation, step: Step) -> str:
    """The roles that did not answer."""
    allowed = DIALOGUES[conversation.dialogue].allowed(step, conversation)
    first = allowed if isinstance(step.by, Signers) else allowed[:1]
    return " or ".join(role.label for role in first) or "Whoever is awaited"


def _labels(roles: tuple[str, ...], between: str = " or ") -> str:
    return between.join(Role(role).label for role in roles)


def _whom_to_ask(conversation: Conversation, reminder: Reminder, policy: Service) -> Iterator[str]:
    """Where it went up: what it waits for, and whom to ask."""
    if reminder.kind == "escalation":
        step = DIALOGUES[conversation.dialogue].step(reminder.step)
        people = _people(conversation, policy)
        yield f"It waits for “{escape(step.label)}” by {people}; please see that somebody answers."


def _people(conversation: Conversation, policy: Service) -> str:
    """Who was awaited, named in a private message, where naming calls nobody."""
    return " ".join(call(conversation, role, policy) for role in awaited_roles(conversation))


def _offered(conversation: Conversation, reminder: Reminder, step: Step) -> tuple[Step, ...]:
    """The buttons that the reader may use: the awaited step first; after an escalation every way out of theirs."""
    roles = {Role(role) for role in reminder.roles}
    steps = (
        DIALOGUES[conversation.dialogue].buttons(conversation.state)
        if reminder.kind == "escalation"
        else answers(conversation)
    )
    may = [
        candidate
        for candidate in steps
        if roles & set(DIALOGUES[conversation.dialogue].allowed(candidate, conversation))
    ]
    return tuple(sorted(may, key=lambda candidate: candidate is not step))
