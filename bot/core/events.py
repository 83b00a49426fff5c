"""The facts that are stored: what happened, what is to be said, what is to be reminded of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from bot.core.models import json_of, put_together
from bot.core.roles import Role

_PRIVATELY, _OVER = "to:", "over:"

CARDS = "card:"
"""How the lane of a channel's cards begins."""


class Fact(BaseModel):
    """A frozen value that is written to and read from the store as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def trusted(cls, **values: Any) -> Self:
        """One of values that are known to be valid: all fields, in their order. It takes a third of the constructor's
        time, and every acknowledgement waits for it.
        """
        return put_together(cls, values, set(values))

    def but(self, **values: Any) -> Self:
        """A copy with other values, known to be valid. Half the time of `model_copy`."""
        return put_together(type(self), {**self.__dict__, **values}, self.__pydantic_fields_set__)

    def written(self) -> str:
        """As JSON, for the store."""
        return json_of(self)


class Act(Fact):
    """One taken step, as the conversation remembers it: enough to tell a late clicker what happened meanwhile."""

    step: str
    actor: str
    name: str
    at: datetime
    stage: int


class Event(Fact):
    """One taken step, for ever. `number` counts from 1 within its conversation; `state` and `stage` are those after it.

    `data` is the step's form and the facts that were decided with it, as JSON values.
    """

    conversation: str
    number: int
    dialogue: str
    step: str
    state: str
    stage: int
    at: datetime
    actor: str
    name: str
    roles: tuple[str, ...] = ()
    data: dict[str, Any] = Field(default_factory=dict)


class Conversation(Fact):
    """What is true of one dialogue now: the fold of its events.

    `stage` grows with every change of state, so that a click can name the situation it was made for; `before` is the
    state that an interruption left. `forms` keeps each step's latest form.
    """

    id: str
    dialogue: str
    service: str
    environment: str
    version: str
    channel: str
    opened_at: datetime
    opened_by: str
    state: str
    since: datetime
    number: int = 0
    stage: int = 0
    before: str = ""
    forms: dict[str, dict[str, Any]] = Field(default_factory=dict)
    trail: tuple[Act, ...] = ()

    def took(self, step: str) -> Act | None:
        """Who took a step last, if anybody did."""
        return next((act for act in reversed(self.trail) if act.step == step), None)

    @property
    def trouble(self) -> str:
        """What its pages are one for: the conversation that all trouble of one matter belongs to, by its id."""
        return self.id

    @property
    def signers(self) -> tuple[Role, ...]:
        """The roles whose agreement this conversation requires itself."""
        return ()

    @property
    def shut(self) -> frozenset[str]:
        """The steps that its state allows and its own course does not: no button offers them."""
        return frozenset()

    def asked(self, role: Role) -> str:
        """Who alone is asked in a role here, whoever else holds it (user id); empty: whoever acted in it last."""
        del role
        return ""

    def signed_as(self, role: Role) -> str:
        """Who agreed in a role last (user id), also where that was made void; empty where nobody did."""
        del role
        return ""

    def barred(self, role: Role) -> frozenset[str]:
        """Who can't act in a role here although they hold it (user ids)."""
        del role
        return frozenset()


class Outgoing(NamedTuple):
    """One thing to be said. `key` names it for ever, so that it is never said twice.

    What an event makes be said is named by `event`, its number, and put into words when it is sent: `text` is then
    only its title, `blocks` are empty, and it may become several messages. 0: `text` and `blocks` are all of it.

    kind `root` opens the conversation's thread in `channel`; `reply` goes into that thread (`broadcast`: and to the
    channel); `card` replaces the root's content (a newer card replaces one that still waits); `direct` goes to the
    person `channel` (a user id) alone, or, where it names an event, takes the place of the thread's stand-in.
    """

    key: str
    kind: Literal["root", "reply", "card", "direct"]
    channel: str
    text: str
    blocks: tuple[dict[str, Any], ...] = ()
    conversation: str = ""
    broadcast: bool = False
    event: int = 0

    @property
    def lane(self) -> str:
        """What it is sent in, one after the other: its channel; cards beside it, in a lane of their own."""
        return f"{CARDS}{self.channel}" if self.kind == "card" else self.channel


def private_key(conversation: str, number: int, person: str) -> str:
    """What names the private message that an event makes be sent to somebody."""
    return f"{conversation}:{number}:{_PRIVATELY}{person}"


def is_private(outgoing: Outgoing) -> bool:
    """Whether it is such a message, and none that stands in for a thread."""
    return outgoing.kind == "direct" and f":{_PRIVATELY}" in outgoing.key


def over_key(message_key: str) -> str:
    """What names the word that takes the buttons of a private message away, once it asks for nothing any more."""
    return f"{_OVER}{message_key}"


def over_what(outgoing: Outgoing) -> str:
    """The key of the message whose buttons such a word takes away; empty where it is none."""
    return outgoing.key.removeprefix(_OVER) if outgoing.key.startswith(_OVER) else ""


def reminder_message_key(reminder_id: int, snoozed: int, person: str, part: int = 0) -> str:
    """What names the private message of a reminder to somebody; each time that it comes back it is another one."""
    return f"reminder:{reminder_id}:{snoozed}:{person}:{part}"


def stand_in_key(conversation_id: str, part: int = 0) -> str:
    """The key of what is said elsewhere in place of a thread whose own channel would not take it."""
    return f"{conversation_id}:elsewhere:{part}"


ReminderKind = Literal["nudge", "escalation", "due", "step", "tell", "entry"]


class Reminder(NamedTuple):
    """Something that happens by itself at `due_at`, unless the conversation has left `stage` by then.

    `nudge` asks the awaited `roles` for `step`; `escalation` tells the next role that they did not answer; `due` says
    that the agreed time has come; `step` makes the clock take `step`. `tell` tells the `roles` of a step that was
    taken; `entry` is one of the release day's.

    With an `occasion` it belongs to no stage (`stage` is 0) and may happen whatever the state: a `tell` always does.
    """

    conversation: str
    kind: ReminderKind
    step: str
    stage: int
    due_at: datetime
    roles: tuple[str, ...] = ()
    occasion: str = ""


@dataclass(frozen=True)
class Errand:
    """One thing to be done outside, such as opening a ticket. `key` names it for ever, so that it is not done twice.

    `kind` says what it is, `payload` what it needs (JSON values). Errands of one `line` are done one after another, in
    order; lines at the same time.
    """

    key: str
    kind: str
    conversation: str
    line: str
    payload: Mapping[str, Any] = field(default_factory=dict)
