"""A validation's steps in a release: who may begin one, what it changes, and what is done outside (QA Production).

A run is a chain of errands: each does what can be done now and is settled in the transaction that records what it
found, which entrusts the next. So nothing is lost between two, and nothing that was recorded is done again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.core.dialogue import Situation, Tell
from bot.core.events import Errand, Event
from bot.core.policy import Service
from bot.core.release_feedback import asked_facts
from bot.core.release_rules import Release
from bot.core.roles import GREENLIGHT, Role
from bot.core.validation import Result, Run, Verdict
from bot.errors import Refusal

BEGIN_VALIDATION = "begin_validation"
GO_ON_VALIDATING = "go_on_validating"
KINDS = (BEGIN_VALIDATION, GO_ON_VALIDATING)

DEPLOYED_STATES = ("canary", "canary_paused", "awaiting_smoke", "smoke_running", "watching", "awaiting_decision")
VALIDATED = (*DEPLOYED_STATES, "completed")
"""The states in which production runs the version, or a share of it does: it may be validated."""

TOLD = (*VALIDATED, "deploying", "rolling_back", "rolled_back")
"""The states in which a run that began still ends: a canary that is promoted meanwhile is being deployed."""


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def has_playbook(situation: Situation[Release]) -> None:
    policy, where = situation.policy, situation.conversation.environment
    if policy.playbook.checks:
        return
    if where != policy.environments[0]:
        raise Refusal(
            f"Nothing of {policy.name}'s playbook is checked in {where}.",
            remedy="What is checked there names the place with “{environment}” in the configuration; see README.",
        )
    raise Refusal(
        f"{policy.name} has no playbook, so there is nothing to check.",
        remedy="Whoever runs Greenlight adds it to the configuration, under “playbook”; see README.",
    )


def one_at_a_time(situation: Situation[Release]) -> None:
    """Two runs at once would only disturb each other. What begins by itself is about a new deployment, and takes the
    place of what was begun for the one before it.
    """
    run = situation.conversation.validation
    if situation.move.actor.id == GREENLIGHT.id:
        return
    if run is not None and run.ended_at is None and not run.is_stuck(situation.now):
        raise Refusal("A validation is under way; its progress is in the thread.", since=run.began_at)


def is_under_way(situation: Situation[Release]) -> None:
    run = situation.conversation.validation
    if run is None or run.ended_at is not None:
        raise Refusal("No validation is under way.")


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def begin_facts(situation: Situation[Release]) -> dict[str, Any]:
    """What is to be checked, as the configuration has it now."""
    playbook = situation.policy.playbook
    return {"checks": list(playbook.checks), **asked_facts(playbook, situation.now)}


def begun(release: Release, event: Event) -> Release:
    told = event.data
    until = told.get("asked_until")
    run = Run(
        number=event.number,
        began_at=event.at,
        begun_by=event.name,
        checks=tuple(told["checks"]),
        asked=tuple(told.get("asked", ())),
        asked_until=datetime.fromisoformat(until) if until else None,
    )
    return release.but(validation=run)


def progressed(release: Release, event: Event) -> Release:
    run = release.validation
    if run is None:
        return release
    new = tuple(map(Result.model_validate, event.data["results"]))
    interruptions = run.interruptions + bool(event.data["interrupted"])
    return release.but(validation=run.but(results=run.with_results(new), interruptions=interruptions))


def ended(release: Release, event: Event) -> Release:
    run = release.validation
    if run is None:
        return release
    return release.but(validation=run.but(ended_at=event.at, verdict=Verdict(event.data["verdict"])))


def tells_of_failure(release: Release, event: Event, policy: Service) -> tuple[Tell, ...]:
    """QA and DevOps hear of a failed validation at once (QA Production, action 8): they decide what it means."""
    del release, policy
    failed = event.data["verdict"] == Verdict.FAILED
    return (Tell((Role.QA, Role.DEVOPS)),) if failed else ()


# ── what is done outside ─────────────────────────────────────────────────────────────────────────────────────────────
def after_deployment(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a deployment's notice: a validation begins by itself where the configuration says so."""
    if not policy.playbook.automatic or not policy.playbook.checks:
        return ()
    return (_errand(BEGIN_VALIDATION, release, event),)


def going_on(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step of a run: what comes next."""
    del policy
    run = release.validation
    return (_errand(GO_ON_VALIDATING, release, event),) if run and run.ended_at is None else ()


def _errand(kind: str, release: Release, event: Event) -> Errand:
    run = release.validation
    number = run.number if run and kind == GO_ON_VALIDATING else 0
    key, line = f"{release.id}:{event.number}:{kind}", f"validation:{release.id}:{number}"
    return Errand(key, kind, release.id, line, payload={"run": number})


# ── what was found ───────────────────────────────────────────────────────────────────────────────────────────────────
def last_results(release: Release) -> tuple[tuple[Result, ...], datetime | None]:
    """What the last run that came to an end has found, and when it ended; nothing where there was none."""
    kept = release.forms.get("validated")
    if kept is None:
        return (), None
    found = tuple(map(Result.model_validate, kept["results"]))
    return found, datetime.fromisoformat(kept["ended_at"])


def end_facts(situation: Situation[Release]) -> dict[str, Any]:
    return {"ended_at": situation.now.isoformat()}
