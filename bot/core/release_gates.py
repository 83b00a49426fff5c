"""What stands against a deployment: a closed window, a freeze, another release under way; and the ways through.

One release of a service deploys at a time. A hotfix, which the Release Manager signs, goes in spite of windows and
freezes (deployment strategy, "Emergency Hotfixes"); so does an exception, where a role that may has allowed one. An
override at the start passes everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from bot.core.dialogue import Consequence, Facts, Situation, Tell
from bot.core.events import Conversation, Event
from bot.core.forms import Ask, Form, OneLine
from bot.core.freeze_rules import Freeze
from bot.core.policy import Service
from bot.core.release_forms import ApprovalForm, PlanForm, StartForm, TimeForm
from bot.core.release_rules import Release
from bot.core.release_start import MAY_OVERRIDE
from bot.core.roles import Role
from bot.core.rollback_rules import Rollback
from bot.core.surroundings import Surroundings
from bot.core.windows import FreezeMark, look
from bot.errors import Refusal

HOLDING = (
    "deploying",
    "canary",
    "canary_paused",
    "awaiting_smoke",
    "smoke_running",
    "awaiting_decision",
    "rolling_back",
)
"""The states of a release in which no other of its service and environment may start."""

GOING_BACK = ("awaiting_start", "rolling_back", "awaiting_verification")
"""The states of a rollback in which no release of its service and environment may start."""

QUEUE = timedelta(hours=12)
"""Who plans to deploy within this is told when the way is free; later ones will see for themselves."""


class FreedForm(Form):
    """Which release is no longer in the way, and how it stands."""

    version: Annotated[OneLine, Ask("Release")]
    state: Annotated[OneLine, Ask("It is")]


# ── what stands against it ───────────────────────────────────────────────────────────────────────────────────────────
def obstacles(release: Release, at: datetime, policy: Service, others: tuple[Conversation, ...]) -> Iterator[str]:
    """The windows and freezes that stand against a deployment at a moment, save those that may be passed; a sentence
    each.
    """
    windows = policy.windows.get(release.environment)
    outlook = look(windows, at)
    if windows and not outlook.is_open and not _may_pass(release, None):
        opens = outlook.opens_at.astimezone(ZoneInfo(windows.zone)) if outlook.opens_at else None
        then = f"It opens on {opens:%A, %Y-%m-%d %H:%M}." if opens else "It does not open within a year."
        yield " ".join((*outlook.reasons, then))
    for freeze in others:
        if isinstance(freeze, Freeze) and _covers(freeze, release, at) and not _may_pass(release, freeze):
            yield _of_freeze(freeze)


def _covers(freeze: Freeze, release: Release, at: datetime) -> bool:
    return freeze.environment == release.environment and freeze.mark.covers(at)


def _may_pass(release: Release, freeze: Freeze | None) -> bool:
    """Hotfixes pass, and exceptions: of freezes only those that were set when the exception was allowed."""
    if release.is_hotfix:
        return True
    return release.exception_at is not None and (freeze is None or freeze.opened_at <= release.exception_at)


def _of_freeze(freeze: Freeze) -> str:
    until = f"until {_utc(freeze.ends_at)}" if freeze.ends_at else "until it is lifted"
    why = " ".join(freeze.reason.split())[:100]
    return f"{freeze.version} freezes {freeze.service} {until}, set by {freeze.set_by}: {why.rstrip('.')}."


def _utc(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def holder(release: Release, others: tuple[Conversation, ...]) -> Release | None:
    """The other release that is being deployed to the same environment now, if there is one."""
    for other in others:
        if isinstance(other, Release) and other.state in HOLDING and other.environment == release.environment:
            return other
    return None


def going_back(release: Release, others: tuple[Conversation, ...]) -> Rollback | None:
    """The rollback under way in the same environment, if there is one: it needs no release that would hold."""
    for other in others:
        if isinstance(other, Rollback) and other.state in GOING_BACK and other.environment == release.environment:
            return other
    return None


def _of_rollback(other: Rollback) -> str:
    alarm = other.trail[0]
    return (
        f"{other.version} of {other.service} is being rolled back: {alarm.name} raised the alarm at {_utc(alarm.at)}."
    )


def _no_way_back(release: Release, around: Surroundings) -> Iterator[str]:
    """A version may have been rolled back since it was planned to go back to it."""
    target = release.plan.rollback_target if release.plan else ""
    if around.is_known_bad(target):
        yield f"Its plan goes back to {target}, which was itself rolled back."


def _of_holder(other: Release) -> str:
    begun = other.took("start") or other.took("deployed") or other.trail[-1]
    return f"{other.version} holds {other.service}: {begun.name} took it on at {_utc(begun.at)}."


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
WHO_MAY = " or ".join(role.label for role in MAY_OVERRIDE)


def manager_for_hotfix(situation: Situation[Release]) -> None:
    """A hotfix needs the Release Manager's signature, so there must be one."""
    form, holders = situation.move.form, situation.policy.roles.get(Role.RELEASE_MANAGER)
    assert isinstance(form, ApprovalForm)
    if form.hotfix == "yes" and not (holders and (holders.users or holders.groups)):
        why = f"Nobody holds the role {Role.RELEASE_MANAGER.label} for {situation.policy.name}, who must sign a hotfix."
        raise Refusal(why, fields={"hotfix": why})


def may_start_now(situation: Situation[Release]) -> None:
    """The window is open, nothing is frozen, and no other release of the service is under way; or overridden."""
    form, mine = situation.move.form, situation.move.actor.roles & set(MAY_OVERRIDE)
    assert isinstance(form, StartForm)
    reasons = standing(situation)
    if reasons and not (form.override and mine):
        remedy = f"A {WHO_MAY} may override this with a reason."
        if form.override:
            remedy = f"Only a {WHO_MAY} may override this."
        raise Refusal(" ".join(reasons), remedy=remedy)


def may_be_planned_then(situation: Situation[Release]) -> None:
    """Nothing is planned into a closed window or a freeze, unless as a hotfix or by an exception."""
    form = situation.move.form
    assert isinstance(form, (PlanForm, TimeForm))
    others = situation.surroundings.others
    if reasons := list(obstacles(situation.conversation, form.when, situation.policy, others)):
        remedy = f"Choose another time. A {WHO_MAY} may allow an exception: “allow” with a reason, in the thread."
        raise Refusal(" ".join(reasons), remedy=remedy)


def standing(situation: Situation[Release]) -> list[str]:
    """Every reason against a start now, each a sentence."""
    release, others = situation.conversation, situation.surroundings.others
    reasons = [
        *obstacles(release, situation.now, situation.policy, others),
        *_no_way_back(release, situation.surroundings),
    ]
    if other := holder(release, others):
        return [*reasons, _of_holder(other)]
    back = going_back(release, others)
    return [*reasons, _of_rollback(back)] if back else reasons


# ── facts, effects and consequences ──────────────────────────────────────────────────────────────────────────────────
def both(first: Facts, second: Facts) -> Facts:
    """What two rules decide about one step."""
    return lambda situation: first(situation) | second(situation)


def standing_facts(situation: Situation[Release]) -> dict[str, Any]:
    """What stood against a deployment that was begun, or done, nevertheless."""
    return {"obstacles": standing(situation)} if situation.conversation.state == "scheduled" else {}


def mark_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The freezes that the agreed time falls into."""
    release, planned = situation.conversation, situation.conversation.planned_at
    freezes = [other for other in situation.surroundings.others if isinstance(other, Freeze)]
    marks = [one.mark for one in freezes if planned and _covers(one, release, planned)]
    return {"freezes": [mark.model_dump(mode="json") for mark in marks]}


def marked(release: Release, event: Event) -> Release:
    marks = tuple(FreezeMark.model_validate(mark) for mark in event.data["freezes"])
    return release.model_copy(update={"freezes": marks})


def frozen(release: Release, event: Event) -> Release:
    mark = FreezeMark.model_validate(event.data)
    others = tuple(kept for kept in release.freezes if kept.ticket != mark.ticket)
    return release.model_copy(update={"freezes": (*others, mark)})


def thawed(release: Release, event: Event) -> Release:
    left = tuple(kept for kept in release.freezes if kept.ticket != event.data["ticket"])
    return release.model_copy(update={"freezes": left})


def excepted(release: Release, event: Event) -> Release:
    return release.model_copy(update={"exception_at": event.at})


def next_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The release that may start when this one is out of the way: the scheduled one with the earliest agreed time that
    no freeze and no closed window holds back.
    """
    release = situation.conversation
    waiting = [
        (other.planned_at, other.id)
        for other in situation.surroundings.others
        if isinstance(other, Release)
        and (other.environment, other.state) == (release.environment, "scheduled")
        and other.planned_at
        and other.planned_at <= situation.now + QUEUE
        and not any(obstacles(other, situation.now, situation.policy, situation.surroundings.others))
    ]
    return {"next": min(waiting)[1]} if waiting else {}


def frees_next(release: Release, event: Event) -> tuple[Consequence, ...]:
    """A release that lets go tells the next one."""
    if release.state in HOLDING or "next" not in event.data:
        return ()
    form = FreedForm(version=release.version, state=release.state)
    return (Consequence("release", "freed", form, event.data["next"]),)


def tells_devops(_release: Release, _event: Event, _policy: Service) -> tuple[Tell, ...]:
    return (Tell((Role.DEVOPS,)),)
