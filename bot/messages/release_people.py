"""Who a release's messages speak to: the awaited, and nobody else (design, "Quiet")."""

from __future__ import annotations

from bot.core.dialogue import Signers, Step
from bot.core.events import Event
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_rules import Release, SignOff
from bot.core.roles import MACHINES, Role
from bot.messages.text import escape, mention, mention_group

MOST_MENTIONS = 10
"""More holders than this of one role are not all called: the role's name is said instead."""


def awaited_roles(release: Release) -> tuple[Role, ...]:
    """The roles that are awaited now; a machine that is awaited, such as the clock, needs no call."""
    roles: list[Role] = []
    for step in RELEASE.awaited(release.state):
        allowed = RELEASE.allowed(step, release)
        roles += allowed if isinstance(step.by, Signers) else allowed[:1]
    return tuple(role for role in dict.fromkeys(roles) if role not in MACHINES)


def known(release: Release, role: Role) -> str:
    """The person who acted in a role for this release last; empty where nobody has."""
    for act in reversed(release.trail):
        if _is_person(act.actor) and _only_role(RELEASE.step(act.step)) is role:
            return act.actor
    return next((sign_off.person for sign_off in _all_signatures(release) if sign_off.role is role), "")


def _is_person(actor: str) -> bool:
    return actor.startswith(("U", "W"))


def _only_role(step: Step) -> Role | None:
    """The one role whose people take a step; None where several may, so that the step tells nothing of the person."""
    people = () if isinstance(step.by, Signers) else tuple(role for role in step.by if role not in MACHINES)
    return people[0] if len(people) == 1 else None


def _all_signatures(release: Release) -> list[SignOff]:
    """The sign-offs, the newest first, also those that a revision or an objection made void."""
    kept = [release.forms.get(step, {}).get("voided", []) for step in ("object", "revise", "approve")]
    voided = [SignOff.model_validate(entry) for entries in kept for entry in entries]
    return sorted((*release.sign_offs, *voided), key=lambda sign_off: sign_off.at, reverse=True)


def holders(role: Role, policy: Service) -> str:
    """A role's configured groups and people as mentions; its name in plain words where there are none, or too many."""
    configured = policy.roles.get(role)
    if configured is None or not 0 < len(configured.users) + len(configured.groups) <= MOST_MENTIONS:
        return role.label
    groups = [mention_group(group) for group in configured.groups]
    return " ".join((*groups, *(mention(user) for user in configured.users)))


def call(release: Release, role: Role, policy: Service) -> str:
    """How a role is called: the person known from this release, else all who hold it."""
    person = known(release, role)
    may = person and not (role in release.missing and person in _barred(release))
    return mention(person) if may else holders(role, policy)


def _barred(release: Release) -> frozenset[str]:
    """Who can't sign for a missing role: authors of the change, and whoever signed already."""
    signed = (sign_off.person for sign_off in release.sign_offs)
    return frozenset((*release.approval.authors, *signed))


def call_awaited(release: Release, policy: Service, *, but: str = "") -> str:
    """All who are awaited as mentions; empty where nobody is. Who has just acted (`but`) needs no call."""
    people = [call(release, role, policy) for role in awaited_roles(release) if not but or known(release, role) != but]
    return " ".join(dict.fromkeys(people))


def acting_role(release: Release, event: Event) -> str:
    """The role in which a step was taken, in plain words; empty where it needed none."""
    held = set(event.roles)
    step = RELEASE.step(event.step)
    if "sign_off" in event.data:
        return Role(event.data["sign_off"]["role"]).label
    by = release.required if isinstance(step.by, Signers) else step.by
    role = next((role for role in (*by, *Role) if role.value in held), None)
    return role.label if role else ""


def byline(release: Release, event: Event) -> str:
    """Who took a step, without calling anybody: "Jane Smith · DevOps"."""
    role = acting_role(release, event)
    if event.actor == "clock":
        return escape(event.name)
    return " · ".join(part for part in (escape(event.name), role) if part)
