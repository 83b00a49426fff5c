"""Who takes part in a release (design, section 1), and who acts right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator


class Role(StrEnum):
    """A part in the dialogue. `ci`, `clock`, `watch` and `linked` (a step of another conversation that has this one
    follow) are machines; the others are held by people.
    """

    QA = "qa"
    DEVOPS = "devops"
    TECH_LEAD = "tech_lead"
    PM = "pm"
    RELEASE_MANAGER = "release_manager"
    SECURITY = "security"
    SUPPORT = "support"
    STAKEHOLDER = "stakeholder"
    CI = "ci"
    CLOCK = "clock"
    WATCH = "watch"
    LINKED = "linked"

    @property
    def label(self) -> str:
        """The role's name as the documents write it."""
        return _LABELS[self]


_LABELS = {
    Role.QA: "QA",
    Role.DEVOPS: "DevOps",
    Role.TECH_LEAD: "Tech Lead",
    Role.PM: "PM",
    Role.RELEASE_MANAGER: "Release Manager",
    Role.SECURITY: "Security",
    Role.SUPPORT: "Support",
    Role.STAKEHOLDER: "Stakeholder",
    Role.CI: "CI pipeline",
    Role.CLOCK: "the clock",
    Role.WATCH: "the watch",
    Role.LINKED: "a linked conversation",
}

PIPELINE = "ci:"
"""How the id of an actor begins that is a pipeline; its token's name follows."""

HOOK = f"{PIPELINE}hook:"
"""The same of a system that told of a deployment by a hook; its name follows."""

MACHINES = frozenset({Role.CI, Role.CLOCK, Role.WATCH, Role.LINKED})
PEOPLE_ROLES = tuple(role for role in Role if role not in MACHINES)


def _held_by_people(role: Role) -> Role:
    if role in MACHINES:
        raise ValueError(f"is a machine's role; allowed are {', '.join(PEOPLE_ROLES)}")
    return role


HeldRole = Annotated[Role, AfterValidator(_held_by_people)]
"""As a configuration's field: a role that people hold."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a person (Slack user id) or a machine (`clock`, `ci:<token name>`).

    `unknown` holds the roles that could not be looked up, each with the reason: they are not held (fails closed),
    but the refusal can say why.
    """

    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    unknown: Mapping[Role, str] = field(default_factory=dict)

    @property
    def is_person(self) -> bool:
        return not self.roles & MACHINES


GREENLIGHT = Actor(id="greenlight", name="Greenlight", roles=frozenset({Role.LINKED}))
"""Who records what Greenlight itself did outside of a conversation, such as that a message arrived."""

CLOCK = Actor(id="clock", name="Greenlight", roles=frozenset({Role.CLOCK}))

WATCH = Actor(id="watch", name="Greenlight", roles=frozenset({Role.WATCH}))
