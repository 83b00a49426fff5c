"""What a start is checked against beside the gates, and who may pass a rule with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from bot.core import canary
from bot.core.dialogue import Situation, Tell
from bot.core.events import Event
from bot.core.policy import Service
from bot.core.release_forms import StartForm
from bot.core.release_rules import Release
from bot.core.roles import Role
from bot.core.versions import is_same_commit
from bot.errors import Refusal

MAY_OVERRIDE = (Role.RELEASE_MANAGER, Role.TECH_LEAD)


def deployer_or_override(situation: Situation[Release]) -> None:
    """Those who may override start a deployment only to override; otherwise it is DevOps's or the pipeline's."""
    form = situation.move.form
    assert isinstance(form, StartForm)
    deployers = (Role.DEVOPS, Role.CI)
    if not situation.move.actor.roles & set(deployers) and not form.override:
        why = "Starting is DevOps's; to start it yourself, give the reason for the override."
        why += unknown_roles(situation, deployers)
        raise Refusal(why, may=(Role.DEVOPS.label,), fields={"override": why})


def unknown_roles(situation: Situation[Release], wanted: tuple[Role, ...]) -> str:
    """What to add to a refusal where the actor may hold a wanted role, but it could not be looked up."""
    unknown = situation.move.actor.unknown.items()
    told = "; ".join(f"{role.label}: {why}" for role, why in unknown if role in wanted)
    return f" Your role could not be checked ({told}); try again in a minute." if told else ""


def approved_commit(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, StartForm)
    approved = situation.conversation.approval.commit
    if not is_same_commit(form.commit, approved):
        unless_overridden(situation, "commit", f"The approved commit is {approved}, not {form.commit}.")


def not_too_early(situation: Situation[Release]) -> None:
    planned = situation.conversation.planned_at
    early = timedelta(minutes=situation.policy.early_start)
    if planned and situation.now < planned - early:
        hours, minutes = divmod(ceil((planned - situation.now).total_seconds() / 60), 60)
        away = f"{hours} h {minutes} min" if hours else f"{minutes} min"
        unless_overridden(
            situation, "override", f"The agreed time is {away} away; “Move deployment” agrees on another."
        )


def unless_overridden(situation: Situation[Release], field: str, reason: str) -> None:
    """A rule stands against the step: it needs the role that may override, and a reason."""
    form = situation.move.form
    assert isinstance(form, StartForm)
    titles = tuple(role.label for role in MAY_OVERRIDE)
    who = " or ".join(titles)
    if not form.override:
        why = f"{reason} A {who} may override this with a reason."
        raise Refusal(why, may=titles, fields={field: why})
    if not situation.move.actor.roles & set(MAY_OVERRIDE):
        why = f"{reason} Only a {who} may override this.{unknown_roles(situation, MAY_OVERRIDE)}"
        raise Refusal(why, may=titles, fields={"override": why})


def start_facts(situation: Situation[Release]) -> dict[str, Any]:
    """When it is expected to be over, and the first share where it begins as a canary."""
    plan = situation.conversation.plan
    begun = canary.begun(situation.policy.canary, situation.now) if plan and plan.strategy == "canary" else {}
    return _expected_end(situation) | begun


def _expected_end(situation: Situation[Release]) -> dict[str, Any]:
    duration = timedelta(minutes=situation.conversation.forms["plan"]["duration"])
    return {"planned_end": (situation.now + duration).isoformat()}


def started(release: Release, event: Event) -> Release:
    end = datetime.fromisoformat(event.data["planned_end"])
    return release.but(planned_end=end, canary=canary.of(event))


def promote_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The next share; with the last one it is a deployment like any other."""
    present = situation.conversation.canary
    assert present is not None
    return canary.promoted(present, situation.policy.canary, situation.now) | _expected_end(situation)


def resume_facts(situation: Situation[Release]) -> dict[str, Any]:
    present = situation.conversation.canary
    assert present is not None
    return canary.resumed(present, situation.policy.canary, situation.now) | _expected_end(situation)


def hold_it_there(release: Release, event: Event, _policy: Service) -> tuple[Tell, ...]:
    """As `tells` of what pauses a canary: no deployer takes such an order, so DevOps is told to hold it there, unless
    it was DevOps who paused it.
    """
    paused = release.state == "canary_paused" and Role.DEVOPS not in event.roles
    return (Tell((Role.DEVOPS,), "hold the canary"),) if paused else ()
