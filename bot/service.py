"""Load, decide, append, enqueue: one transaction per intent.

An intent is an ordinary function of an open transaction; the store decides where it runs. Nothing is said that is not
committed, nothing committed goes unsaid: the event, the snapshot, the outbox rows, the reminders and the delivery's
key are one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import getrandbits
from typing import Any, Literal, NamedTuple

from bot.answered import take_buttons_away
from bot.core.dialogue import SAME, Consequence, Dialogue, Move, Situation, Step, play
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Event, Outgoing, Reminder, private_key, reminder_message_key
from bot.core.policy import Service
from bot.core.reminders import reminders_for, snooze_span, tells_of
from bot.core.roles import CLOCK, Actor, Role
from bot.core.surroundings import BACK, Past, Surroundings
from bot.errors import Refusal
from bot.messages.limits import fit
from bot.messages.message import Message
from bot.messages.voices import VOICES
from bot.store.interface import DuplicateError, Reader, Record, StoredReminder, Transaction

LATE = timedelta(minutes=2)
"""A reminder that fires later than this says so: the team planned with the time it was due at."""


def new_id(now: datetime) -> str:
    """An id for a conversation: its time first, so that new rows stand side by side in every index, then chance."""
    # An id needs to be unlike the others and no secret: the system's own source costs more than the whole decision.
    return f"{int(now.timestamp() * 1000):011x}{getrandbits(32):08x}"


NEVER = datetime.min.replace(tzinfo=UTC)


class Opening(NamedTuple):
    """What identifies a conversation that is to be opened. `channel`: the service's own, where it is empty."""

    id: str
    dialogue: str
    environment: str
    version: str
    channel: str = ""

    def blank(self, dialogue: Dialogue[Any], move: Move, policy: Service, now: datetime) -> Any:
        """The conversation before its first event."""
        return _unopened(dialogue.conversation).but(  # type: ignore[arg-type]  # a class is hashable, whichever it is
            id=self.id,
            dialogue=dialogue.name,
            service=policy.name,
            environment=self.environment,
            version=self.version,
            channel=self.channel or policy.channels[0],
            opened_at=now,
            opened_by=move.actor.id,
            since=now,
        )


@cache
def _unopened(kind: type[Conversation]) -> Conversation:
    """A conversation of which nothing is known, checked once: every opening is a copy of it."""
    names = ("id", "dialogue", "service", "environment", "version", "channel", "opened_by", "state")
    return kind.model_validate(dict.fromkeys(names, "") | {"opened_at": NEVER, "since": NEVER})


class Taken(NamedTuple):
    """A step as it was recorded: the conversation after it, and its event's number. `repeated`: the delivery was seen
    before, and nothing was changed now; the conversation is as it is now, and the number that of the event of then.
    `differs`: what came with the delivery was something else then.
    """

    conversation: Any
    policy: Service
    number: int
    repeated: bool = False
    differs: bool = False


@dataclass(frozen=True)
class Recipients:
    """Who is told of a reminder: user ids."""

    reminder: StoredReminder
    people: tuple[str, ...]


def read_conversation(record: Record) -> Any:
    """The conversation of a record, in its dialogue's own shape."""
    return DIALOGUES[record.dialogue].read(record.snapshot)


def open_conversation(
    tx: Transaction, opening: Opening, move: Move, policy: Service, delivery: str, now: datetime
) -> Taken:
    """Open a conversation with a dialogue's first step. Refusal where its like is open already."""
    if (seen := _seen(tx, delivery, policy)) is not None:
        return seen
    dialogue, policy = DIALOGUES[opening.dialogue], policy.at(opening.environment)
    blank = _numbered(tx, dialogue, opening).blank(dialogue, move, policy, now)
    try:
        opened = _record(tx, dialogue, Situation(blank, move, policy, now))
    except DuplicateError as error:
        raise _already_open(tx, error.id) from error
    return _remembered(tx, delivery, Taken(opened, policy, opened.number), now)


def _seen(tx: Transaction, delivery: str, policy: Service) -> Taken | None:
    """What was recorded of a delivery before; None if it is new, or names no request."""
    if not delivery or (reply := tx.reply_to(delivery)) is None:
        return None
    conversation, _, number = reply.partition(" ")
    return Taken(read_conversation(load(tx, conversation)), policy, int(number or 1), repeated=True)


def _remembered(tx: Transaction, delivery: str, taken: Taken, now: datetime) -> Taken:
    if delivery:
        tx.remember(delivery, f"{taken.conversation.id} {taken.number}", now)
    return taken


def _numbered(tx: Transaction, dialogue: Dialogue[Any], opening: Opening) -> Opening:
    """The opening with its number, where the dialogue's conversations are tickets."""
    if not dialogue.ticket:
        return opening
    return opening._replace(version=f"{dialogue.ticket}-{tx.next_number(dialogue.name)}")


def _already_open(tx: Reader, conversation_id: str) -> Refusal:
    record = tx.load(conversation_id)
    assert record is not None
    dialogue = DIALOGUES[record.dialogue]  # a consequence may have met it, in another dialogue than the step's own
    state, trail = dialogue.state(record.state).words, read_conversation(record).trail
    by = f", begun by {trail[0].name}" if trail else ""
    why = f"{record.version} of {record.service} has an open {dialogue.noun} already{by}: it is {state}."
    return Refusal(why, remedy="Go on with that one in its thread.", since=record.since, fields={"version": why})


def take_step(
    tx: Transaction, conversation_id: str, move: Move, policies: Mapping[str, Service], delivery: str, now: datetime
) -> Taken:
    """Take a step of a conversation. Refusal where it is not possible; a repeated delivery changes nothing."""
    record = load(tx, conversation_id)
    conversation, policy = read_conversation(record), policy_of(record, policies)
    if (seen := _seen(tx, delivery, policy)) is not None:
        return seen
    dialogue = DIALOGUES[record.dialogue]
    try:
        changed = _record(tx, dialogue, Situation(conversation, move, policy, now))
    except DuplicateError as error:  # a finished one is opened again while its like is under way
        raise _already_open(tx, error.id) from error
    return _remembered(tx, delivery, Taken(changed, policy, changed.number), now)


def told_apart(
    tx: Transaction, intent: Callable[[Transaction], Taken], delivery: str, digest: str, at: datetime
) -> Taken:
    """Carry an intent out, and tell its repeat from another request with the same key, by a digest of what came with
    each. One that was remembered without a digest is like any.
    """
    taken, key = intent(tx), f"body:{delivery}"
    if taken.repeated:
        return taken._replace(differs=tx.reply_to(key) not in (None, digest))
    tx.remember(key, digest, at)
    return taken


def load(reader: Reader, conversation_id: str) -> Record:
    """A conversation that a button or a thread names. Refusal where there is none."""
    record = reader.load(conversation_id)
    if record is None:
        raise Refusal("This conversation is not in my records.", remedy="`/release list` shows those that are open.")
    return record


def policy_of(record: Record, policies: Mapping[str, Service]) -> Service:
    """The rules of a conversation's service, where it is. Refusal where the service has left the configuration."""
    policy = policies.get(record.service)
    if policy is None:
        raise Refusal(
            f"The service {record.service} is no longer in the configuration, so nothing can be decided about it.",
            remedy="Ask whoever runs Greenlight to put it back.",
        )
    return policy.at(record.environment)


def _record(tx: Transaction, dialogue: Dialogue[Any], situation: Situation[Any], *, onward: bool = False) -> Any:
    """Decide, write all that follows from the decision, and return the conversation after it.

    What follows from a step that followed itself is left out, unless it goes `onward`.
    """
    before, policy, now = situation.conversation, situation.policy, situation.now
    step = dialogue.step(situation.move.step)
    if step.looks:
        situation = situation._replace(surroundings=look_around(tx, before))
    event, after = play(dialogue, situation)
    # The snapshot first: its unique key settles a race of two openings before anything else is written.
    tx.save(after, is_open=not dialogue.state(after.state).final)
    tx.append(event)
    _say(tx, dialogue, before, after, event, now)
    for person in step.privately(after, event, policy) if step.privately else ():
        tx.enqueue(_private(after, event, step, person), now)
    wanted = reminders_for(dialogue, after, policy)
    if not before.number:
        tx.add_reminders(wanted)
    # A note must not wake reminders that were put off: only what changed is set anew.
    elif after.stage != before.stage or wanted != reminders_for(dialogue, before, policy):
        take_buttons_away(tx, before, event, wanted)
        tx.set_reminders(after.id, wanted)
    if step.tells:
        tx.add_reminders(tells_of(step, after, event, policy))
    for errand in step.errands(after, event, policy) if step.errands else ():
        tx.entrust(errand, now)
    for channel in step.announces(after, event, policy) if step.announces else ():
        _announce(tx, channel, VOICES[dialogue.name].announced(after, event, policy), event, now)
    if step.leads and (onward or Role.LINKED not in situation.move.actor.roles):
        for consequence in step.leads(after, event):
            _follow(tx, consequence, after, situation)
    return after


def look_around(reader: Reader, conversation: Conversation) -> Surroundings:
    """What is around a conversation: its service's other open ones, and how earlier versions fared."""
    it = conversation
    opened = [
        record
        for name in DIALOGUES
        for record in reader.find(name, service=it.service, is_open=True)
        if record.id != it.id
    ]
    opened.sort(key=lambda record: record.opened_at)
    releases, rollbacks = (
        tuple(map(_past, reader.find(dialogue, service=it.service, environment=it.environment)))
        for dialogue in ("release", "rollback")
    )
    return Surroundings(tuple(map(read_conversation, opened)), releases, rollbacks)


def _past(record: Record) -> Past:
    if record.dialogue != "rollback" or record.state not in BACK:
        return Past(record.id, record.version, record.state, since=record.since)
    rollback = read_conversation(record)
    return Past(record.id, record.version, record.state, rollback.live, rollback.finished_at or record.since)


def _follow(tx: Transaction, consequence: Consequence, cause: Conversation, situation: Situation[Any]) -> None:
    """Take the step that follows in another conversation, if it is possible there."""
    dialogue = DIALOGUES[consequence.dialogue]
    actor = situation.move.actor
    move = Move(consequence.step, Actor(actor.id, actor.name, frozenset({Role.LINKED})), consequence.form)
    if consequence.conversation:
        record = tx.load(consequence.conversation)
        conversation = read_conversation(record) if record else None
    else:
        opening = Opening(
            new_id(situation.now),
            dialogue.name,
            cause.environment,
            getattr(consequence.form, "version", cause.version),
            consequence.channel or (cause.channel if dialogue.anywhere else ""),
        )
        conversation = _numbered(tx, dialogue, opening).blank(dialogue, move, situation.policy, situation.now)
    if conversation is not None and _may_follow(tx, dialogue, consequence, conversation):
        followed = Situation(conversation, move, situation.policy, situation.now)
        _record(tx, dialogue, followed, onward=consequence.onward)


def _may_follow(reader: Reader, dialogue: Dialogue[Any], consequence: Consequence, conversation: Conversation) -> bool:
    it = conversation
    if consequence.conversation:
        return it.state in dialogue.step(consequence.step).sources
    like = reader.find(dialogue.name, service=it.service, environment=it.environment, version=it.version, is_open=True)
    return all(dialogue.state(record.state).settled for record in like)


def _say(
    tx: Transaction, dialogue: Dialogue[Any], before: Conversation, after: Conversation, event: Event, now: datetime
) -> None:
    """Enqueue what the event makes be said; bot.wording puts it into words when it is sent."""
    step = dialogue.step(event.step)
    title = f"{after.version}: {step.label}"

    def outgoing(name: str, kind: Literal["root", "card", "reply"]) -> Outgoing:
        return Outgoing(
            message_key(after.id, event.number, name), kind, after.channel, title, (), after.id, event=event.number
        )

    if not before.number:
        tx.enqueue(outgoing("card", "root"), now)
    elif step.to != SAME or _is_changed(before, after):
        card = outgoing("card", "card")
        tx.enqueue(card, now)
        if dialogue.anywhere and (place := tx.stand_in(after.id)) and load(tx, after.id).root_ts is None:
            # What stands elsewhere in place of a thread that has not begun follows it like a card.
            tx.enqueue(card._replace(key=f"{card.key}:stand-in", kind="direct", channel=place[0]), now)
    tx.enqueue(outgoing("told", "reply"), now)


def _announce(tx: Transaction, channel: str, message: Message, event: Event, now: datetime) -> None:
    """Enqueue what another channel hears of an event, in as many messages as it needs."""
    for index, part in enumerate(fit(message)):
        key = f"{event.conversation}:{event.number}:to:{channel}{f':{index}' if index else ''}"
        tx.enqueue(Outgoing(key, "direct", channel, part.text, part.blocks, event.conversation), now)


def _private(after: Conversation, event: Event, step: Step, person: str) -> Outgoing:
    """What a step makes be said to one person, put into words when it is sent."""
    key, title = private_key(after.id, event.number, person), f"{after.version}: {step.label}"
    return Outgoing(key, "direct", person, title, (), after.id, event=event.number)


def message_key(conversation: str, number: int, name: str = "told") -> str:
    """What names what an event makes be said: in its thread, unless `name` says otherwise."""
    return f"{conversation}:{number}:{name}"


def _is_changed(before: Conversation, after: Conversation) -> bool:
    """True if more happened than that something was noted."""
    noted = {"number": after.number, "forms": after.forms}
    return before.model_copy(update=noted) != after


def fire_reminder(tx: Transaction, told: Recipients, policies: Mapping[str, Service], now: datetime) -> None:
    """Let a due reminder happen, once: tell its people, or take the clock's step."""
    stored, reminder = told.reminder, told.reminder.reminder
    record = tx.load(reminder.conversation)
    if not tx.fire(stored.id, now) or record is None:
        return
    if record.stage != reminder.stage and not reminder.occasion:
        return
    conversation, policy = read_conversation(record), policy_of(record, policies)
    dialogue = DIALOGUES[record.dialogue]
    if reminder.kind == "step":
        _record(tx, dialogue, Situation(conversation, _clock_move(dialogue, reminder), policy, now))
        return
    late = now - reminder.due_at
    message = VOICES[record.dialogue].reminder(
        conversation, reminder, policy, now, late=late if late > LATE else None, reminder_id=stored.id
    )
    for person in told.people:
        for index, part in enumerate(fit(message)):
            key = reminder_message_key(stored.id, stored.snoozed, person, index)
            tx.enqueue(Outgoing(key, "direct", person, part.text, part.blocks, record.id), now)


def _clock_move(dialogue: Dialogue[Any], reminder: Reminder) -> Move:
    form = dialogue.step(reminder.step).form
    about = {"occasion": reminder.occasion} if form and "occasion" in form.model_fields else {}
    # What belongs to no stage is taken wherever its row allows it.
    stage = None if reminder.occasion else reminder.stage
    return Move(reminder.step, CLOCK, form.model_validate(about) if form else None, stage)


def snooze_reminder(tx: Transaction, reminder_id: int, policies: Mapping[str, Service], now: datetime) -> datetime:
    """Put a reminder off; until when. Refusal where what it asked for is done already."""
    if (stored := tx.reminder(reminder_id)) is not None:
        record = load(tx, stored.reminder.conversation)
        step = DIALOGUES[record.dialogue].step(stored.reminder.step)
        until = now + snooze_span(read_conversation(record), step, policy_of(record, policies))
        if tx.snooze(reminder_id, until):
            return until
    raise Refusal("There is nothing left to put off: what this reminder asked for has happened meanwhile.")
