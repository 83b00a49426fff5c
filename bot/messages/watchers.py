"""Who watches a release: its signals where monitors are configured, else people alone, as DevOps's plan says. Where
nothing was measured, Greenlight says nothing of how production is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.core.observation import own_criterion
from bot.core.policy import Service
from bot.core.release_observation import deployment_of, measured
from bot.core.release_rules import Release
from bot.messages.text import escape

UNWATCHED = "By what people saw: Greenlight measures nothing after a rollback."


def by_people(release: Release, policy: Service) -> str:
    """After “Watched” on a card: that people do it. Empty where signals are measured."""
    return "" if measured(release, policy) else " by people"


def unmeasured(release: Release, policy: Service, now: datetime) -> Iterator[str]:
    """To whoever is to watch: what nobody else does, and what was planned. Nothing where all of it is measured."""
    if measured(release, policy):
        yield from _criterion(release, policy, now)
        return
    yield "No monitor is configured, so Greenlight sees nothing: please watch as planned, and tell of trouble here."
    yield from planned(release)


def planned(release: Release) -> Iterator[str]:
    """Who said in the plan how errors and performance are watched."""
    plan, planner = release.last_plan, release.took("plan")
    if plan is not None and planner is not None:
        errors, performance = escape(plan.error_monitoring), escape(plan.performance_monitoring)
        yield f"*{escape(planner.name)}'s plan:* error rates: {errors} · performance: {performance}"


def _criterion(release: Release, policy: Service, now: datetime) -> Iterator[str]:
    """That the release's own rollback criterion is left to people, and why, as long as it is to be watched."""
    own, deployment = own_criterion(policy.signals, release.approval), deployment_of(release)
    within = timedelta(minutes=release.approval.rollback_minutes)
    if isinstance(own, str) and deployment is not None and now - deployment.ended < within:
        yield f"The release's own rollback criterion is not measured ({escape(own)}): please watch it yourselves."
