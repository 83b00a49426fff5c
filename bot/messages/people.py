"""Whom messages speak to: the awaited, and nobody else (design, "Quiet")."""

from __future__ import annotations

from bot.core.dialogue import Signers, Step
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Event
from bot.core.policy import Service
from bot.core.reminders import awaited_roles as owners
from bot.core.roles import MACHINES, Role
from bot.messages.text import escape, mention, mention_group

MOST_MENTIONS = 10
"""More holders than this of one role are not all called: the role's name is said instead."""


def awaited_roles(conversation: Conversation) -> tuple[Role, ...]:
    """The roles that are awaited now; a machine that is awaited, such as the clock, needs no call."""
    return tuple(role for role in owners(DIALOGUES[conversation.dialogue], conversation) if role not in MACHINES)


def known(conversation: Conversation, role: Role) -> str:
    """The person who acted in a role in this conversation last; empty where nobody has."""
    if asked := conversation.asked(role):
        return asked
    dialogue = DIALOGUES[conversation.dialogue]
    for act in reversed(conversation.trail):
        if _is_person(act.actor) and _only_role(dialogue.step(act.step)) is role:
            return act.actor
    return conversation.signed_as(role)


def _is_person(actor: str) -> bool:
    return actor.startswith(("U", "W"))


def _only_role(step: Step) -> Role | None:
    """The one role whose people take a step; None where several may, so that the step tells nothing of the person."""
    people = () if isinstance(step.by, Signers) else tuple(role for role in step.by if role not in MACHINES)
    return people[0] if len(people) == 1 else None


def holders(role: Role, policy: Service) -> str:
    """A role's configured groups and people as mentions; its name in plain words where there are none, or too many."""
    configured = policy.roles.get(role)
    if configured is None or not 0 < len(configured.users) + len(configured.groups) <= MOST_MENTIONS:
        return role.label
    groups = [mention_group(group) for group in configured.groups]
    return " ".join((*groups, *(mention(user) for user in configured.users)))


def call(conversation: Conversation, role: Role, policy: Service) -> str:
    """How a role is called: the person known from this conversation, else all who hold it."""
    person = known(conversation, role)
    return mention(person) if person and person not in conversation.barred(role) else holders(role, policy)


def call_awaited(conversation: Conversation, policy: Service, *, but: str = "") -> str:
    """All who are awaited as mentions; empty where nobody is. Who has just acted (`but`) needs no call."""
    people = [
        call(conversation, role, policy)
        for role in awaited_roles(conversation)
        if not but or known(conversation, role) != but
    ]
    return " ".join(dict.fromkeys(people))


def acting_role(conversation: Conversation, event: Event) -> str:
    """The role in which a step was taken, in plain words; empty where it needed none."""
    held = set(event.roles)
    step = DIALOGUES[conversation.dialogue].step(event.step)
    if given := event.data.get("sign_off") or event.data.get("agreement"):
        return Role(given["role"]).label
    if Role.LINKED.value in held:  # what they were there is said there
        return ""
    by = conversation.signers if isinstance(step.by, Signers) else step.by
    # What follows from another conversation was taken there, in a role that this one does not know.
    role = next((role for role in (*by, *Role) if role.value in held and role is not Role.LINKED), None)
    return role.label if role else ""


def byline(conversation: Conversation, event: Event) -> str:
    """Who took a step, without calling anybody: "Jane Smith · DevOps"."""
    role = acting_role(conversation, event)
    if event.actor == "clock":
        return escape(event.name)
    return " · ".join(part for part in (escape(event.name), role) if part)
