"""People's own pages: of a rollback that no release follows, and of an escalation. Where a release follows its
rollback, the pages are the release's, with what the watch and Alertmanager find (bot.core.paging).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.core.dialogue import Consequence, Situation
from bot.core.escalation_rules import Escalation
from bot.core.events import Conversation, Errand, Event
from bot.core.paging import channels_of, is_p0, pages
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.core.roles import MACHINES
from bot.core.rollback_rules import Rollback

Paged = Rollback | Escalation


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────
def raised(it: Paged, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step by which people say that it is P0."""
    return tuple(pages(it, event, policy, "trigger", ("P0",))) if _raises(it, event) else ()


def heard_in(it: Paged, event: Event, policy: Service) -> tuple[str, ...]:
    """As `announces` of the same."""
    return channels_of(it, event, policy) if _raises(it, event) else ()


def acknowledged(escalation: Escalation, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step by which somebody has heard of an escalation."""
    return tuple(pages(escalation, event, policy, "acknowledge", ("P0",))) if escalation.paged else ()


def begun(rollback: Rollback, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a rollback's first step by people: they need not be woken any more, about its release neither."""
    if MACHINES.intersection(event.roles):
        return ()
    return tuple(pages(rollback, event, policy, "acknowledge", event.data["woken"]))


def over(it: Paged, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step that ends it."""
    return tuple(pages(it, event, policy, "resolve", ("P0",))) if it.paged else ()


def _raises(it: Paged, event: Event) -> bool:
    return it.paged and is_p0(event)


# ── what is known ────────────────────────────────────────────────────────────────────────────────────────────────────
def escalation_facts(situation: Situation[Escalation]) -> dict[str, Any]:
    """Whether people are told outside of Slack already, of the same environment's P0."""
    it = situation.conversation
    same = (one for one in situation.surroundings.others if one.environment == it.environment)
    return {"paged_already": is_paged(same)}


def begin_facts(situation: Situation[Rollback]) -> dict[str, Any]:
    """Of which severities people were woken, by the rollback itself or by the release that follows it."""
    it, others = situation.conversation, situation.surroundings.others
    mine = ("P0",) if it.paged else ()
    release = next((one for one in others if isinstance(one, Release) and one.id == it.trouble), None)
    return {"woken": [*mine, *(release.observation.paged if release else ())]}


def is_paged(others: Iterable[Conversation]) -> bool:
    """Whether there is a P0 among conversations of which people were told."""
    return any(
        "P0" in one.observation.paged if isinstance(one, Release) else isinstance(one, Paged) and one.paged
        for one in others
    )


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────────
def release_hears(rollback: Rollback, event: Event) -> tuple[Consequence, ...]:
    """A release that follows its rollback knows how bad it is."""
    del event
    return (Consequence("release", "worsened", None, rollback.release),) if rollback.release else ()
