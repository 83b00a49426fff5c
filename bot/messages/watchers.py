"""Who watches a release: its signals where monitors are configured, else people alone, as DevOps's plan says. Where
nothing was measured, Greenlight says nothing of how production is.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.policy import Service
from bot.core.release_observation import measured
from bot.core.release_rules import Release
from bot.messages.text import escape

UNWATCHED = "By what people saw: Greenlight measures nothing after a rollback."


def by_people(release: Release, policy: Service) -> str:
    """After “Watched” on a card: that people do it. Empty where signals are measured."""
    return "" if measured(release, policy) else " by people"


def unmeasured(release: Release, policy: Service) -> Iterator[str]:
    """To whoever is to watch: that nobody else does, and what was planned. Nothing where signals are measured."""
    if measured(release, policy):
        return
    yield "No monitor is configured, so Greenlight sees nothing: please watch as planned, and tell of trouble here."
    yield from planned(release)


def planned(release: Release) -> Iterator[str]:
    """Who said in the plan how errors and performance are watched."""
    plan, planner = release.last_plan, release.took("plan")
    if plan is not None and planner is not None:
        errors, performance = escape(plan.error_monitoring), escape(plan.performance_monitoring)
        yield f"*{escape(planner.name)}'s plan:* error rates: {errors} · performance: {performance}"
