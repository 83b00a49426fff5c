"""The private word to whom something is handed over ("Handoff Points" of the DevOps engineer's document)."""

from __future__ import annotations

from bot.core.authority import Roles
from bot.core.dialogue import Tell
from bot.core.events import Conversation, Event
from bot.core.policy import Service
from bot.core.roles import Role


def handed_to(roles: Roles, event: Event, called: tuple[Role, ...] = ()) -> tuple[Tell, ...]:
    """Who is told: not those who are `called` by what is said anyway, nor the role of whoever did it."""
    left = tuple(role for role in roles if role not in called and role.value not in event.roles)
    return (Tell(left, "handoff"),) if left else ()


def deployment_complete(_release: Conversation, event: Event, policy: Service) -> tuple[Tell, ...]:
    """The announcement reaches the team and calls QA; any other role that a team names is told by itself."""
    return handed_to(policy.authority.handoffs.deployment_complete, event, called=(Role.QA,))


def incident_resolved(_incident: Conversation, event: Event, policy: Service) -> tuple[Tell, ...]:
    """Whoever has to know that an incident is over."""
    return handed_to(policy.authority.handoffs.incident_resolved, event)


def trouble_over(issue: Conversation, event: Event, policy: Service) -> tuple[Tell, ...]:
    """Trouble with an environment is an incident where nobody waited for the morning."""
    return incident_resolved(issue, event, policy) if getattr(issue, "is_pressing", False) else ()


def environment_ready(_request: Conversation, event: Event, policy: Service) -> tuple[Tell, ...]:
    """Who asked for the environment is called by its dialogue; other roles are told by themselves."""
    return handed_to(policy.authority.handoffs.environment_ready, event)
