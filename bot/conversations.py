"""The intents as handlers call them: who acts is looked up, the form is read, and one transaction follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from bot.clock import Clock
from bot.core.dialogue import Move, Situation, Step, admit
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation
from bot.core.forms import Form
from bot.core.policy import Service
from bot.core.prefill import Known
from bot.core.release import RELEASE
from bot.core.release_forms import ApprovalForm
from bot.core.reminders import reminders_for
from bot.core.roles import GREENLIGHT, WATCH, Actor, Role
from bot.core.secrets import Secret, without_secrets
from bot.core.surroundings import Surroundings
from bot.directory import Directory
from bot.errors import Refusal, StoreBusyError
from bot.messages.references import Reference
from bot.service import (
    Opening,
    Recipients,
    Taken,
    fire_reminder,
    load,
    look_around,
    new_id,
    open_conversation,
    policy_of,
    read_conversation,
    snooze_reminder,
    take_step,
    told_apart,
)
from bot.store.interface import Reader, Record, Store, StoredReminder, Transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_OPEN, REMEMBERED = 10_000, timedelta(days=29)
"""Conversations of a dialogue whose reminders are set anew at a start, and those of how long ago: a day less than what
fired is kept for (bot.housekeeping).
"""


@dataclass(frozen=True)
class HandedOver:
    """Secrets that came with a step which was recorded: the conversation after it, who gave them, and them by field."""

    conversation: Any
    giver: Actor
    secrets: Mapping[str, Secret]


@dataclass(frozen=True)
class Asked:
    """A form that may be opened: its step, what is known for it, and who asked. `versioned`: it is about a version, and
    not about a ticket.
    """

    step: Step
    form: type[Form]
    known: Known
    actor: Actor
    versioned: bool = True


class Conversations:
    """All that can be done to conversations. `hand_over` is called with the secrets of a step that was recorded, which
    are nowhere else then.

    Every method that changes something raises Refusal where it is not possible and StoreBusyError where it could not
    be recorded in time; nothing was recorded in either case.
    """

    def __init__(
        self,
        store: Store,
        policies: Mapping[str, Service],
        directory: Directory,
        clock: Clock,
        hand_over: Callable[[HandedOver], None],
    ) -> None:
        self.store = store
        self.policies = policies
        self._directory = directory
        self._clock = clock
        self._hand_over = hand_over

    async def ask(self, reference: Reference, user: str, given: Mapping[str, Any] | None = None) -> Asked:
        """What is needed to open a step's form. Refusal where the step is not possible, before anything is typed.
        `given` is what is known of its answers.
        """
        dialogue = DIALOGUES[reference.dialogue]
        step = dialogue.step(reference.step)
        conversation, policy = await self._subject(reference)
        actor = await self._directory.actor(user, policy)
        move, now = Move(step.name, actor, None, reference.stage), self._clock.now()
        blank = conversation or self._opening(reference, None, given or {}).blank(dialogue, move, policy, now)
        admit(dialogue, Situation(blank, move, policy, now))
        if step.form is None:
            raise Refusal(f"“{step.label}” needs no details.")
        previous, around = await self.store.read(partial(_history, conversation=blank))
        known = Known(conversation, policy, previous, now, around)
        return Asked(step, step.form, known, actor, versioned=not dialogue.ticket)

    async def take(
        self, reference: Reference, who: str | Actor, answers: Mapping[str, Any], delivery: str, digest: str = ""
    ) -> Taken:
        """Take the step that a reference names, or open a conversation with it. `who` is a person's Slack user id, or a
        machine that was recognised already. `delivery` names the request; without it, its repeat is not known as one.
        `digest` is of what came with it, where senders may use a name twice.
        """
        dialogue = DIALOGUES[reference.dialogue]
        step = dialogue.step(reference.step)
        kept, secrets = without_secrets(step.form, answers) if step.form else ({}, {})
        form = step.form.from_answers(kept) if step.form else None
        policy = await self._policy(reference)
        actor, vouched = (who, {}) if isinstance(who, Actor) else await self._actor_and_vouched(who, form, policy)
        move = Move(step.name, actor, form, reference.stage, vouched)
        intent = self._intent(reference, move, policy, delivery)
        if delivery and digest:
            intent = partial(told_apart, intent=intent, delivery=delivery, digest=digest, at=self._clock.now())
        taken = await self.store.write(intent)
        if secrets and not taken.repeated:
            self._hand_over(HandedOver(taken.conversation, actor, secrets))
        return taken

    async def record(self, conversation_id: str, step: str, form: Form | None = None) -> Taken:
        """Record what Greenlight did itself as a step of a conversation. Refusal where the step is not possible now."""
        move = Move(step, GREENLIGHT, form)
        return await self.store.write(self._step(conversation_id, move, ""))

    async def observe(self, conversation: str, step: str, answers: Mapping[str, Any], delivery: str) -> Taken:
        """Take a step of a release as the watch. `delivery` names what was found, so that it is told once."""
        form = RELEASE.step(step).form
        move = Move(step, WATCH, form.from_answers(answers) if form else None)
        return await self.store.write(self._step(conversation, move, delivery))

    async def fire(self, due: tuple[StoredReminder, ...]) -> None:
        """Let due reminders happen, each an intent of its own, so that one that fails holds no other back.

        One whose people can't be looked up now is left as it is: the schedule brings it again.
        """
        known = await asyncio.gather(*(self._recipients(stored) for stored in due), return_exceptions=True)
        told = [one for one in known if isinstance(one, Recipients)]
        now = self._clock.now()
        intents = (partial(fire_reminder, told=one, policies=self.policies, now=now) for one in told)
        outcomes = await asyncio.gather(*(self.store.write(intent) for intent in intents), return_exceptions=True)
        for one, outcome in zip(told, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                logger.warning("reminder refused: %s", outcome, extra={"action": "reminder_refused"})
                await self.store.write(partial(_drop, stored=one.reminder, policies=self.policies, now=now))
        for failure in (*known, *outcomes):
            if isinstance(failure, BaseException) and not isinstance(failure, Refusal):
                raise failure

    async def renew(self) -> None:
        """Set the reminders of what is open anew, as the configuration says now: a service may have been away from it.

        What happened already does not happen again, and what was put off stays so.
        """
        now = self._clock.now()
        for conversation in await self.store.read(_open_ones):
            try:
                await self.store.write(partial(_renew, conversation_id=conversation, policies=self.policies, now=now))
            except StoreBusyError as error:
                logger.warning("reminders stay as they were: %s", error, extra={"action": "reminders_not_renewed"})

    async def snooze(self, reminder_id: int) -> datetime:
        """Put a reminder off; the moment it will come back."""
        now = self._clock.now()
        return await self.store.write(
            partial(snooze_reminder, reminder_id=reminder_id, policies=self.policies, now=now)
        )

    async def resend(self, channel: str) -> int:
        """Send again what a channel would not take; how many messages."""
        return await self.store.write(partial(_resend, channel=channel, now=self._clock.now()))

    def _intent(
        self, reference: Reference, move: Move, policy: Service, delivery: str
    ) -> Callable[[Transaction], Taken]:
        """A move of the conversation that a reference names, or the one that opens it."""
        if reference.conversation:
            return self._step(reference.conversation, move, delivery)
        opening, now = self._opening(reference, move.form), self._clock.now()
        return partial(open_conversation, opening=opening, move=move, policy=policy, delivery=delivery, now=now)

    def _step(self, conversation: str, move: Move, delivery: str) -> Callable[[Transaction], Taken]:
        """A move of a conversation."""
        policies, now = self.policies, self._clock.now()
        return partial(
            take_step, conversation_id=conversation, move=move, policies=policies, delivery=delivery, now=now
        )

    async def _policy(self, reference: Reference) -> Service:
        _, policy = await self._subject(reference)
        return policy

    async def _subject(self, reference: Reference) -> tuple[Any, Service]:
        """The conversation a reference names (None for an opening step) and its service's rules."""
        if reference.conversation:
            record = await self.store.read(partial(load, conversation_id=reference.conversation))
            return read_conversation(record), policy_of(record, self.policies)
        policy = self.policies.get(reference.service)
        if policy is None:
            names = ", ".join(self.policies)
            raise Refusal(
                f"There is no service “{reference.service}”.",
                remedy=f"The services are: {names}.",
                fields={"service": f"Choose one of: {names}."},
            )
        return None, policy

    async def _actor_and_vouched(
        self, user: str, form: Form | None, policy: Service
    ) -> tuple[Actor, dict[str, frozenset[Role]]]:
        if not isinstance(form, ApprovalForm) or not form.verbal:
            return await self._directory.actor(user, policy), {}
        people = (user, *form.verbal)
        actors = await asyncio.gather(*(self._directory.actor(person, policy) for person in people))
        return actors[0], {actor.id: actor.roles for actor in actors[1:]}

    def _opening(self, reference: Reference, form: Form | None, given: Mapping[str, Any] | None = None) -> Opening:
        """What identifies a new conversation: the form's version and environment, where it asks for them; an
        environment that was given before the form was opened.
        """
        named = _answer(form, "environment") or str((given or {}).get("environment") or "")
        environment = named or self.policies[reference.service].environments[0]
        environment = environment.casefold()
        version, here = _answer(form, "version"), reference.channel.startswith(("C", "G"))
        channel = reference.channel if here and DIALOGUES[reference.dialogue].anywhere else ""
        return Opening(new_id(self._clock.now()), reference.dialogue, environment, version, channel)

    async def _recipients(self, stored: StoredReminder) -> Recipients:
        """Whoever acted in the role in this conversation, if they still hold it; else all who hold it."""
        reminder = stored.reminder
        record = await self.store.read(partial(_load_quietly, conversation_id=reminder.conversation))
        policy = self.policies.get(record.service) if record else None
        if record is None or policy is None or reminder.kind == "step":
            return Recipients(stored, ())
        conversation = read_conversation(record)
        people: list[str] = []
        for role in map(Role, reminder.roles):
            holders = await self._directory.holders(role, policy)
            owner = owner_of(conversation, role, holders)
            people.extend((owner,) if owner else holders)
        return Recipients(stored, tuple(dict.fromkeys(people)))


def _answer(form: Form | None, name: str) -> str:
    """What a form says in a field; empty where it does not ask for it."""
    return getattr(form, name) if form is not None and name in form.asks() else ""


def owner_of(conversation: Conversation, role: Role, holders: tuple[str, ...]) -> str:
    """Who of a role's holders acted in it in this conversation last: they are asked before the others."""
    if (asked := conversation.asked(role)) in holders:
        return asked
    dialogue = DIALOGUES[conversation.dialogue]
    for act in reversed(conversation.trail):
        if act.actor in holders and role in dialogue.allowed(dialogue.step(act.step), conversation):
            return act.actor
    return ""


def _history(reader: Reader, conversation: Conversation) -> tuple[Any, Surroundings]:
    """The service's latest conversation of the same dialogue, and what is around one."""
    latest = reader.find(conversation.dialogue, service=conversation.service, limit=1)
    return read_conversation(latest[0]) if latest else None, look_around(reader, conversation)


def _load_quietly(reader: Reader, conversation_id: str) -> Record | None:
    return reader.load(conversation_id)


def _drop(tx: Transaction, stored: StoredReminder, policies: Mapping[str, Service], now: datetime) -> None:
    """A reminder that is refused is over. Where its service has left the configuration, it and the others are taken
    away instead of marked: they come back with the service.
    """
    record = tx.load(stored.reminder.conversation)
    if record is not None and record.service not in policies:
        tx.set_reminders(record.id, ())
    tx.fire(stored.id, now)


def _open_ones(reader: Reader) -> tuple[str, ...]:
    return tuple(record.id for name in DIALOGUES for record in reader.find(name, is_open=True, limit=MOST_OPEN))


def _renew(tx: Transaction, conversation_id: str, policies: Mapping[str, Service], now: datetime) -> None:
    record = tx.load(conversation_id)
    if record is not None and record.is_open and (policy := policies.get(record.service)):
        wanted = reminders_for(DIALOGUES[record.dialogue], read_conversation(record), policy)
        # What fired longer ago is forgotten, and must not happen again.
        tx.set_reminders(conversation_id, tuple(one for one in wanted if one.due_at > now - REMEMBERED))


def _resend(tx: Transaction, channel: str, now: datetime) -> int:
    return tx.resend(channel, now)
