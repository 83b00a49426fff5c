"""Puts what an event makes be said into words, when it is sent and not before: the answer to a click is not kept
waiting for it. A card is always that of the present state; what happened is told as of its own moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.core.dialogue import evolve
from bot.core.dialogues import DIALOGUES
from bot.core.events import Event, Outgoing, is_private, over_what
from bot.core.policy import Service
from bot.messages.limits import fit
from bot.messages.message import Said
from bot.messages.refusals import begun_there, raised_elsewhere
from bot.messages.reminders import over
from bot.messages.voices import VOICES
from bot.service import message_key, read_conversation
from bot.store.interface import Reader, Record, Store


class Wording:
    """The messages of a posting that names an event; none where the event has nothing more to say."""

    def __init__(self, store: Store, policies: Mapping[str, Service]) -> None:
        self._store = store
        self._policies = policies

    async def __call__(self, outgoing: Outgoing) -> tuple[Said, ...]:
        record, events = await self._store.read(partial(_load, conversation_id=outgoing.conversation))
        # A service that has left the configuration still finishes its sentence.
        policy = self._policies.get(record.service) or Service(name=record.service, channels=(record.channel,))
        policy = policy.at(record.environment)
        voice = VOICES[record.dialogue]
        if outgoing.kind == "card":
            return (Said(fit(voice.card(read_conversation(record), policy))[0]),)
        if outgoing.kind == "direct" and not is_private(outgoing):
            asked = over_what(outgoing)
            return await (
                self._over(asked, events[outgoing.event - 1], record.channel)
                if asked
                else self._elsewhere(record, policy)
            )
        then = _as_of(record, events, outgoing.event)
        if outgoing.kind == "root":
            return (Said(fit(voice.card(then, policy))[0]),)
        rest = fit(voice.card(then, policy))[1:] if outgoing.event == 1 else ()
        event = events[outgoing.event - 1]
        step = DIALOGUES[record.dialogue].step(event.step)
        if outgoing.kind == "direct":
            return tuple(Said(part) for part in fit(voice.private[event.step](then, policy)))
        if step.revises:
            return await self._revised(then, step.revises, events, policy)
        told = voice.told(then, event, policy)
        if draft := voice.drafts.get(event.step):
            told = (*told, *draft(then, events[: outgoing.event], policy))
        parts = [Said(part, said.broadcast) for said in told for part in fit(said.message)]
        revised = await self._revised(then, step.refreshes, events, policy) if step.refreshes else ()
        return (*map(Said, rest), *parts, *revised)

    async def _over(self, asked: str, event: Event, channel: str) -> tuple[Said, ...]:
        """A private message that asked for something, without its buttons; nothing where it did not arrive."""
        sent = await self._store.read(lambda reader: reader.sent_message(asked))
        return (Said(fit(over(sent[1].text, sent[1].blocks, event, channel))[0], replaces=sent[0]),) if sent else ()

    async def _elsewhere(self, record: Record, policy: Service) -> tuple[Said, ...]:
        """What stands in for a thread: the card as it is now, or where the thread is once it has begun."""
        place = await self._store.read(lambda reader: reader.stand_in(record.id))
        if place is None:
            return ()
        if record.root_ts:
            noun = DIALOGUES[record.dialogue].noun
            there = begun_there(noun, record.version, record.service, record.channel)
            return (Said(there, replaces=place[1]),)
        card = VOICES[record.dialogue].card(read_conversation(record), policy)
        return (Said(fit(raised_elsewhere(card, record.channel))[0], replaces=place[1]),)

    async def _revised(self, then: Any, first: str, events: tuple[Event, ...], policy: Service) -> tuple[Said, ...]:
        """What takes the place of an earlier step's message; nothing where a newer one will, or it is not there."""
        dialogue = DIALOGUES[then.dialogue]
        for later in events[then.number :]:
            row = dialogue.step(later.step)
            if first in (row.revises, row.refreshes, row.name):
                return ()
        begun = next((one for one in reversed(events[: then.number]) if one.step == first), None)
        if begun is None:
            return ()
        key = message_key(then.id, begun.number)
        ts = await self._store.read(lambda reader: reader.sent_as(key))
        said = VOICES[then.dialogue].told(then, begun, policy)[0]
        return (Said(fit(said.message)[0], replaces=ts),) if ts else ()


def _load(reader: Reader, conversation_id: str) -> tuple[Record, tuple[Event, ...]]:
    record = reader.load(conversation_id)
    assert record is not None, "the outbox refers to it"
    return record, reader.events(conversation_id)


def _as_of(record: Record, events: tuple[Event, ...], number: int) -> Any:
    """The conversation as it was after an event: the fold of what happened until then."""
    dialogue = DIALOGUES[record.dialogue]
    now = read_conversation(record)
    if now.number == number:
        return now
    identity = ("id", "dialogue", "service", "environment", "version", "channel", "opened_at", "opened_by")
    facts = {name: getattr(now, name) for name in identity}
    conversation = dialogue.conversation(**facts, state="", since=now.opened_at)
    for event in events[:number]:
        conversation = evolve(dialogue, conversation, event)
    return conversation
