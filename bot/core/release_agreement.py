"""Whose agreement a plan needs, and how it is given ("Decision Authority" of the DevOps engineer's document)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.core.authority import Decision
from bot.core.dialogue import Situation
from bot.core.events import Event
from bot.core.policy import Service
from bot.core.release_forms import PlanForm
from bot.core.release_rules import Agreement, Release
from bot.core.roles import Role
from bot.core.words import is_no_downtime
from bot.errors import Refusal

DEPUTIES = (Role.RELEASE_MANAGER, Role.TECH_LEAD)
"""Who agrees in the place of a role that nobody holds, the first that somebody does."""


def decisions_of(plan: PlanForm) -> tuple[Decision, ...]:
    """What a plan asks for beyond what DevOps decides alone."""
    downtime = () if is_no_downtime(plan.downtime) else (Decision.DOWNTIME,)
    return (*downtime, *plan.decisions)


def plan_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The roles whose agreement the plan needs, by decision; and who stands in for roles that nobody holds."""
    plan, policy = situation.move.form, situation.policy
    assert isinstance(plan, PlanForm)
    needed = {decision: policy.authority.decisions.of(decision) for decision in decisions_of(plan)}
    deputies = {role: _deputy(role, policy) for roles in needed.values() for role in roles}
    return {
        "needs": {
            decision.value: list(dict.fromkeys(deputies[role].value for role in roles))
            for decision, roles in needed.items()
            if roles
        },
        "deputies": {role.value: deputy.value for role, deputy in deputies.items() if deputy is not role},
    }


def _deputy(role: Role, policy: Service) -> Role:
    """The role, if somebody holds it; else who agrees in its place: a release is not to wait for nobody."""
    return next((one for one in (role, *DEPUTIES) if policy.is_held(one)), role)


def planned(release: Release, event: Event) -> Release:
    """After a plan: its times, and the agreements it needs; those to an earlier plan were not to this one."""
    when = datetime.fromisoformat(event.data["when"])
    return release.model_copy(
        update={
            "planned_at": when,
            "planned_end": when + timedelta(minutes=event.data["duration"]),
            "decisions": {name: tuple(map(Role, roles)) for name, roles in event.data.get("needs", {}).items()},
            "agreements": (),
        }
    )


def not_the_planner(situation: Situation[Release]) -> None:
    """Agreement is somebody else's than the planner's, and each role's by another person."""
    release, actor = situation.conversation, situation.move.actor
    plan = release.took("plan")
    left = tuple(role.label for role in release.unagreed)
    if plan and plan.actor == actor.id:
        raise Refusal("This is your own plan; somebody else has to agree to it.", may=left)
    if actor.id in {agreement.person for agreement in release.agreements}:
        raise Refusal("You have agreed already; each agreement needs a different person.", may=left)


def agree_facts(situation: Situation[Release]) -> dict[str, Any]:
    release, actor = situation.conversation, situation.move.actor
    role = next(role for role in release.unagreed if role in actor.roles)
    return {"agreement": Agreement(role=role, person=actor.id, at=situation.now).model_dump(mode="json")}


def agreed(release: Release, event: Event) -> Release:
    agreement = Agreement.model_validate(event.data["agreement"])
    return release.model_copy(update={"agreements": (*release.agreements, agreement)})
