"""The private message that reminds somebody of a release, with the buttons that answer it (design, section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.core.dialogue import Signers, Step
from bot.core.events import Reminder
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_rules import Release
from bot.core.roles import Role
from bot.messages import blocks
from bot.messages.message import Message
from bot.messages.references import SNOOZE_ACTION
from bot.messages.release_lines import pre_deployment
from bot.messages.release_parts import Telling, answers, both_zones, span, utc, version
from bot.messages.release_people import awaited_roles, call
from bot.messages.text import escape, moment

WAITS_FOR: Mapping[str, str] = {
    "cosign": "your sign-off",
    "revise": "your revision, or its withdrawal",
    "plan": "your plan",
    "confirm": "your answer about the time",
    "start": "you to start the deployment",
    "deployed": "your word that it is deployed",
    "begin_smoke": "your smoke test",
    "smoke_passed": "the results of your smoke test",
    "continue": "your decision to continue or roll back",
    "rolled_back": "you to verify the rollback",
}
"""What a release waits for, by the awaited step. A step that is not here is named by its button."""


def reminder(
    release: Release,
    reminder: Reminder,
    policy: Service,
    now: datetime,
    *,
    late: timedelta | None,
    reminder_id: int,
) -> Message:
    """The message to one person who is awaited, or to whom it went up. `late` is given where it comes too late."""
    step = RELEASE.step(reminder.step)
    opening = _opening(release, reminder, step, now)
    telling = Telling(release, opening.replace("*", ""))
    telling.say(opening, *_details(release, reminder, policy))
    if late is not None:
        telling.say(
            f"⏰ This should have reached you at {utc(reminder.due_at, day=late > timedelta(hours=12))}, "
            f"{span(late)} ago; Greenlight was not running."
        )
    snooze = blocks.button("Snooze 30 min", SNOOZE_ACTION, str(reminder_id))
    telling.offer(_offered(release, reminder, step), snooze)
    telling.aside(f"<#{release.channel}> · {RELEASE.state(release.state).words}")
    return telling.message()


def _opening(release: Release, reminder: Reminder, step: Step, now: datetime) -> str:
    what = f"*{version(release)}* of {escape(release.service)}"
    began = _waited_since(release, step)
    style = "time" if now - began < timedelta(hours=12) else "date_time"
    since = f"since {moment(began, style)} ({span(now - began)})"
    if reminder.kind == "due":
        return f"🕓 *Time to deploy {version(release)}* of {escape(release.service)}."
    if reminder.kind == "escalation":
        owners, me = _owners(release, step), _labels(reminder.roles)
        return f"🔔 {owners} has not answered {since}; {what} is now with you as {me}."
    return f"🔔 {what} waits for {_wanted(step)} {since}."


def _waited_since(release: Release, step: Step) -> datetime:
    """Since when the step is waited for: the agreed time, where it was agreed for later than the state began."""
    agreed = getattr(release, step.wait.since) if step.wait and step.wait.since else None
    return max(agreed or release.since, release.since)


def _wanted(step: Step) -> str:
    return WAITS_FOR.get(step.name, f"your step “{escape(step.label)}”")


def _owners(release: Release, step: Step) -> str:
    """The roles that did not answer."""
    allowed = RELEASE.allowed(step, release)
    first = allowed if isinstance(step.by, Signers) else allowed[:1]
    return " or ".join(role.label for role in first) or "Whoever is awaited"


def _labels(roles: tuple[str, ...]) -> str:
    return " or ".join(Role(role).label for role in roles)


def _details(release: Release, reminder: Reminder, policy: Service) -> Iterator[str]:
    """What helps to answer: the agreed time and what to prepare, or whom to ask."""
    if reminder.kind == "due":
        if release.planned_at:
            yield f"Planned for {both_zones(release.planned_at)}."
        if release.plan:
            yield "\n".join(pre_deployment(release.plan))
    if reminder.kind == "escalation":
        step = RELEASE.step(reminder.step)
        yield f"It waits for “{escape(step.label)}” by {_people(release, policy)}; please see that somebody answers."


def _people(release: Release, policy: Service) -> str:
    """Who was awaited, named in a private message, where naming calls nobody."""
    return " ".join(call(release, role, policy) for role in awaited_roles(release))


def _offered(release: Release, reminder: Reminder, step: Step) -> tuple[Step, ...]:
    """The buttons that the reader may use: the awaited step first; after an escalation every way out of theirs."""
    roles = {Role(role) for role in reminder.roles}
    steps = RELEASE.buttons(release.state) if reminder.kind == "escalation" else answers(release)
    may = [candidate for candidate in steps if roles & set(RELEASE.allowed(candidate, release))]
    return tuple(sorted(may, key=lambda candidate: candidate is not step))
