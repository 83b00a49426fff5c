"""What only an escalation can tell: whom it reaches, and who has acknowledged it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.core.authority import EMERGENCIES, Emergency
from bot.core.dialogue import Consequence, Situation, Tell
from bot.core.escalation_forms import EscalateForm, RaiseForm
from bot.core.events import Conversation, Event, Fact
from bot.core.paging import is_p0
from bot.core.policy import Service
from bot.core.roles import Role

STEWARDS = (Role.RELEASE_MANAGER, Role.TECH_LEAD)
"""Who is told where nobody holds a role that the matrix names, the first that somebody does."""


class Acknowledgement(Fact):
    """Somebody has heard of it, for a role."""

    role: Role
    person: str
    at: datetime


class Escalation(Conversation):
    """One situation that goes up at once, until it is handled."""

    told: tuple[Role, ...] = ()
    paged: bool = False
    acknowledgements: tuple[Acknowledgement, ...] = ()

    @property
    def emergency(self) -> str:
        """The situation's name, as people read it."""
        return EMERGENCIES[self.forms["raise"]["situation"]]

    @property
    def unacknowledged(self) -> tuple[Role, ...]:
        heard = {one.role for one in self.acknowledgements}
        return tuple(role for role in self.told if role not in heard)

    @property
    def signers(self) -> tuple[Role, ...]:
        return self.told

    def signed_as(self, role: Role) -> str:
        return next((one.person for one in self.acknowledgements if one.role is role), "")


def reached(emergency: Emergency, policy: Service) -> tuple[tuple[Role, ...], tuple[Role, ...]]:
    """Whom a situation reaches, and the roles of the matrix that nobody holds."""
    wanted = policy.authority.emergencies.of(emergency)
    held = tuple(role for role in wanted if policy.is_held(role))
    others = tuple(role for role in STEWARDS if policy.is_held(role))[:1]
    return held or others or wanted, tuple(role for role in wanted if role not in held)


def raise_facts(situation: Situation[Escalation]) -> dict[str, Any]:
    form = situation.move.form
    assert isinstance(form, RaiseForm)
    told, nobody = reached(form.situation, situation.policy)
    return {"told": [role.value for role in told], "nobody": [role.value for role in nobody]}


def raised(escalation: Escalation, event: Event) -> Escalation:
    told = tuple(map(Role, event.data["told"]))
    # One that was raised before people were told of it outside of Slack says nothing of that.
    paged = is_p0(event) and not event.data.get("paged_already", True)
    return escalation.but(told=told, acknowledgements=(), paged=paged)


def tells(escalation: Escalation, _event: Event, _policy: Service) -> tuple[Tell, ...]:
    """All whom it reaches are told privately at once."""
    return (Tell(escalation.told, "raised"),)


def acknowledge_facts(situation: Situation[Escalation]) -> dict[str, Any]:
    """Who has heard of it has heard of it for every role they hold."""
    actor = situation.move.actor
    roles = [role for role in situation.conversation.unacknowledged if role in actor.roles]
    heard = [Acknowledgement(role=role, person=actor.id, at=situation.now) for role in roles]
    return {"acknowledgements": [one.model_dump(mode="json") for one in heard]}


def acknowledged(escalation: Escalation, event: Event) -> Escalation:
    heard = tuple(map(Acknowledgement.model_validate, event.data["acknowledgements"]))
    return escalation.model_copy(update={"acknowledgements": (*escalation.acknowledgements, *heard)})


def escalates(conversation: Conversation, event: Event) -> tuple[Consequence, ...]:
    """What is escalated in another dialogue opens an escalation of its own, in the same channel."""
    kept = {name: event.data[name] for name in EscalateForm.asks()}
    form = RaiseForm.model_validate({**kept, "about": conversation.version})
    return (Consequence("escalation", "raise", form),)
