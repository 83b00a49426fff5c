"""What a dialogue is: one table of steps, and the two pure functions that play it.

`decide` turns a move into an event or refuses it; `evolve` folds an event into the conversation. Neither knows what
is said about it, where it is stored, or what time it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from bot.core.events import Act, Conversation, Errand, Event, Reminder
from bot.core.forms import Form
from bot.core.models import values_of
from bot.core.policy import Service
from bot.core.prefill import Filler
from bot.core.pressing import Pressing
from bot.core.refusing import meant, not_open, refuse_stale, refuse_wrong_role
from bot.core.roles import MACHINES, Actor, Role
from bot.core.surroundings import NOWHERE, Surroundings
from bot.errors import Refusal

C = TypeVar("C", bound=Conversation)

SAME = "same"
"""As a step's target: the state does not change, and buttons made for it stay good."""


NOBODY_VOUCHED: Mapping[str, frozenset[Role]] = MappingProxyType({})


class Move(NamedTuple):
    """What somebody wants to do. `stage` is that of the card they saw, None where they saw none (a typed step).

    `vouched` gives the roles of the people whom the form names as having agreed by word of mouth.
    """

    step: str
    actor: Actor
    form: Form | None = None
    stage: int | None = None
    vouched: Mapping[str, frozenset[Role]] = NOBODY_VOUCHED


class Situation(NamedTuple, Generic[C]):
    """All that a rule may look at: the conversation before the step, the move, the service's policy, the time; and
    what is around the conversation, where the step `looks`.
    """

    conversation: C
    move: Move
    policy: Service
    now: datetime
    surroundings: Surroundings = NOWHERE


@dataclass(frozen=True)
class Wait:
    """When the owner of an awaited step is reminded.

    `after` counts from the moment the state was entered, or from the conversation's own time named by `since`
    (a field of the conversation that holds a datetime). After `after` again it goes up to `then`.
    An `urgent` wait does not keep quiet hours: production is between two versions. `states` narrows the step's
    sources to those in which it is awaited and not merely possible. `words` finish "… waits for": "your plan".
    `pressing` takes the place of `after` and `urgent` where it applies.
    """

    after: timedelta
    then: Role | None = None
    since: str = ""
    urgent: bool = False
    states: tuple[str, ...] = ()
    words: str = ""
    pressing: Pressing | None = None


@dataclass(frozen=True)
class Consequence:
    """A step that follows in another conversation, in the same transaction, by the same person as `linked`.

    `conversation` names that one; without it, one is opened for the same service in `channel`. Where the other
    conversation has moved on so that the step is not possible, or its like is open already, nothing follows. What
    follows from that step in turn is left out, unless it goes `onward`.
    """

    dialogue: str
    step: str
    form: Form | None = None
    conversation: str = ""
    channel: str = ""
    onward: bool = False


@dataclass(frozen=True)
class Tell:
    """Holders of roles who are told privately of a step at once. `name` tells apart what one step has to tell."""

    roles: tuple[Role, ...]
    name: str = "told"


Guard = Callable[[Situation[Any]], None]
Facts = Callable[[Situation[Any]], dict[str, Any]]
Effect = Callable[[Any, Event], Any]
Leads = Callable[[Any, Event], tuple[Consequence, ...]]
Tells = Callable[[Any, Event, Service], tuple[Tell, ...]]


@dataclass(frozen=True)
class Target:
    """A step's target that depends on what is true after it. `words` says it in the README's table."""

    words: str
    choose: Callable[[Any, Event], str]


@dataclass(frozen=True)
class Signers:
    """As `by` of a step: whoever the conversation itself requires. `words` says it in the README's table."""

    words: str
    choose: Callable[[Any], tuple[Role, ...]]


@dataclass(frozen=True)
class Step:
    """One row of a dialogue's table.

    name        what is typed in a thread, and what the event is called; never reused once retired
    label       the button's text
    sources     the states it is possible in; empty for the step that opens the conversation
    to          the state after it
    by          the roles that may take it; empty: everybody in the workspace
    form        what is asked for; None: a click is enough
    says        the line that tells of it, the documents' own emoji first
    hears       `channel` where the documents announce it to the team, else `thread`
    wait        for an awaited step: when its owner is reminded, and to whom it then goes up
    confirm     the question of a dangerous button's confirm dialog
    warns       what that dialog says beside it, of the service's policy; empty where there is nothing to say
    button      False for a step that only machines take or that is typed
    style       the button's colour
    needs       refuses it for a service that lacks something, before its form opens; of the service's policy
    guards      rules that refuse it, in order
    facts       what is decided beyond the form, kept in the event
    effect      how the conversation changes beyond state and forms, by what the event says save its state and stage
    looks       True if its rules look at the service's other conversations
    leads       what follows in other conversations; of the conversation after it, and its event
    tells       who is told privately at once; of the conversation after it, its event and the policy
    errands     what is done outside after the commit; of the same
    announces   the channels that hear of it beside the conversation's own; of the same
    revises     the step whose message in the thread is kept up to date instead of telling of this one
    refreshes   the same, beside telling of this one
    privately   who is written to privately (user ids); of the same
    never_late  True if a button of an earlier moment still counts where the step is possible now
    """

    name: str
    label: str
    sources: tuple[str, ...]
    to: str | Target
    by: tuple[Role, ...] | Signers
    says: str
    form: type[Form] | None = None
    hears: Literal["channel", "thread"] = "thread"
    wait: Wait | None = None
    confirm: str = ""
    warns: Callable[[Service], str] | None = None
    button: bool = True
    style: Literal["primary", "danger", ""] = ""
    needs: Callable[[Service], None] | None = None
    guards: tuple[Guard, ...] = ()
    facts: Facts | None = None
    effect: Effect | None = None
    looks: bool = False
    leads: Leads | None = None
    tells: Tells | None = None
    errands: Callable[[Any, Event, Service], tuple[Errand, ...]] | None = None
    announces: Callable[[Any, Event, Service], tuple[str, ...]] | None = None
    revises: str = ""
    refreshes: str = ""
    privately: Callable[[Any, Event, Service], tuple[str, ...]] | None = None
    never_late: bool = False

    @property
    def by_people(self) -> bool:
        """True if people may take it, and not machines alone."""
        return isinstance(self.by, Signers) or not self.by or not MACHINES.issuperset(self.by)


@dataclass(frozen=True)
class State:
    """A state, named by who is awaited. `words` finish the sentence "the release is …"; `emoji` opens the card; `asks`
    is what the awaited are asked for, `{place}` in it being the environment. `settled`: it is open for its
    records alone, and its like may be opened beside it.
    """

    name: str
    words: str
    emoji: str
    final: bool = False
    asks: str = ""
    settled: bool = False


@dataclass(frozen=True)
class Dialogue(Generic[C]):
    """A dialogue: its states, its table, and the conversation's shape.

    A conversation without a version of its own is a ticket: `ticket` is the prefix of its number, such as ENV in ENV-7,
    which then stands where a version would. `command` is the slash command it is opened and asked about with. It lives
    in the service's channel, or, if it is `anywhere`, in the channel where it was opened. `fillers` know answers of
    forms. `timetable` gives what happens by itself beside the waits of the rows: reminders with an occasion each.
    """

    name: str
    noun: str
    conversation: type[C]
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    ticket: str = ""
    command: str = "/release"
    anywhere: bool = False
    fillers: Mapping[type[Form], Filler] = field(default_factory=dict)
    timetable: Callable[[C, Service], tuple[Reminder, ...]] | None = None

    # A table does not change: what is asked of it at every step is looked up.
    @cached_property
    def _steps(self) -> Mapping[str, Step]:
        return {step.name: step for step in self.steps}

    @cached_property
    def _states(self) -> Mapping[str, State]:
        return {state.name: state for state in self.states}

    @cached_property
    def _open_steps(self) -> Mapping[str, tuple[Step, ...]]:
        return {name: tuple(step for step in self.steps if name in step.sources) for name in self._states}

    @cached_property
    def _awaited(self) -> Mapping[str, tuple[Step, ...]]:
        return {
            name: tuple(step for step in steps if step.wait and name in (step.wait.states or step.sources))
            for name, steps in self._open_steps.items()
        }

    def step(self, name: str) -> Step:
        """The row of a step. Refusal where there is none, with what there is."""
        if (found := self._steps.get(name)) is not None:
            return found
        names = [step.name for step in self.steps if step.sources and step.by_people]
        remedy = f"{meant(name, names)}`help` lists those possible now. The steps are: {', '.join(names)}."
        raise Refusal(f"There is no step “{name}” in {self.a_noun}.", remedy=remedy)

    @property
    def a_noun(self) -> str:
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    def state(self, name: str) -> State:
        return self._states[name]

    def open_steps(self, state: str) -> tuple[Step, ...]:
        """The steps that are possible in a state, in the table's order."""
        return self._open_steps.get(state, ())

    def buttons(self, state: str) -> tuple[Step, ...]:
        return tuple(step for step in self.open_steps(state) if step.button)

    def awaited(self, state: str) -> tuple[Step, ...]:
        """The open steps that somebody is reminded of."""
        return self._awaited.get(state, ())

    def allowed(self, step: Step, conversation: C | None) -> tuple[Role, ...]:
        """The roles that may take a step now."""
        if isinstance(step.by, Signers):
            return step.by.choose(conversation) if conversation is not None else ()
        return step.by

    def read(self, snapshot: str) -> C:
        """The conversation from its stored JSON."""
        return self.conversation.model_validate_json(snapshot)


def admit(dialogue: Dialogue[C], situation: Situation[C]) -> Step:
    """The step that a move asks for, if it is possible before any details are known. Raises Refusal otherwise.

    Checked in this order: the step exists, the click is not stale, the state allows it, the actor may, the service has
    what the step needs.
    """
    conversation, move = situation.conversation, situation.move
    step = dialogue.step(move.step)
    possible = conversation.state in step.sources if conversation.number else not step.sources
    if not (step.never_late and possible):
        refuse_stale(dialogue, conversation, move)
    if not possible:
        raise not_open(dialogue, conversation, step)
    refuse_wrong_role(dialogue, step, situation)
    if step.needs:
        step.needs(situation.policy)
    return step


def able(step: Step, services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Those of some services that have what a step needs. Raises the first one's Refusal where none has."""
    needs = step.needs
    if needs is None:
        return services
    found = tuple(service for service in services if not _refuses(needs, service))
    if not found:
        needs(services[0])
    return found


def _refuses(needs: Callable[[Service], None], service: Service) -> bool:
    try:
        needs(service)
    except Refusal:
        return True
    return False


def decide(dialogue: Dialogue[C], situation: Situation[C]) -> Event:
    """The event that a move makes of a conversation. Raises Refusal, and nothing has changed, where it can't be.

    Checked in this order: what `admit` checks, the form is there, the step's own guards.
    """
    return play(dialogue, situation)[0]


def play(dialogue: Dialogue[C], situation: Situation[C]) -> tuple[Event, C]:
    """What `decide` decides, and what `evolve` makes of it. Both need the step's effect: here it is worked out once."""
    conversation, move = situation.conversation, situation.move
    step = admit(dialogue, situation)
    if step.form is not None and not isinstance(move.form, step.form):
        raise Refusal(f"“{step.label}” needs its details.", remedy="Use the button, or give the fields.")
    for guard in step.guards:
        guard(situation)
    data = values_of(move.form) if step.form and move.form else {}
    data.update(step.facts(situation) if step.facts else {})
    draft = Event.trusted(
        conversation=conversation.id,
        number=conversation.number + 1,
        dialogue=dialogue.name,
        step=step.name,
        state=conversation.state,
        stage=conversation.stage,
        at=situation.now,
        actor=move.actor.id,
        name=move.actor.name,
        roles=tuple(sorted(move.actor.roles)),
        data=data,
    )
    affected = _affected(conversation, step, draft)
    event = _with_target(conversation, affected, step, draft)
    return event, _after(conversation, affected, step, event)


def _with_target(conversation: C, affected: C, step: Step, draft: Event) -> Event:
    """The event with the state it leads to: another state, or its own restarted, is a new stage."""
    if step.to == SAME:
        return draft
    if isinstance(step.to, Target):
        state = step.to.choose(affected, draft)
        stays = state == conversation.state and not draft.data.get("restarts")
        return draft.but(state=state, stage=draft.stage + (not stays))
    return draft.but(state=step.to, stage=draft.stage + 1)


def evolve(dialogue: Dialogue[C], conversation: C, event: Event) -> C:
    """The conversation after an event. Total: an event that was recorded is never refused."""
    step = dialogue.step(event.step)
    return _after(conversation, _affected(conversation, step, event), step, event)


def _after(conversation: C, affected: C, step: Step, event: Event) -> C:
    act = Act.trusted(step=event.step, actor=event.actor, name=event.name, at=event.at, stage=event.stage)
    moved = event.stage != conversation.stage
    return affected.but(
        number=event.number,
        state=event.state,
        stage=event.stage,
        since=event.at if moved else conversation.since,
        before=conversation.state if event.state != conversation.state else conversation.before,
        forms={**affected.forms, event.step: event.data},
        trail=(*conversation.trail, act) if moved or step.to != SAME else conversation.trail,
    )


def _affected(conversation: C, step: Step, event: Event) -> C:
    changed: C = step.effect(conversation, event) if step.effect else conversation
    return changed
