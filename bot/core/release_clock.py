"""The release day's clock in a release: its entries, set when the time is agreed on, moved with it, answered by people.

What the entries are stands in bot.core.release_day. Those before T are asked for while the release is scheduled, those
after it from the end of the deployment on; what was due before anybody could know of it is not asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator

from bot.core import release_feedback as feedback
from bot.core.dialogue import Situation
from bot.core.events import Event, Reminder
from bot.core.forms import Ask, Expected, Form, OneLine, Paragraph, Widget
from bot.core.policy import Service
from bot.core.release_day import DayEntry, Entry, due_at, entries
from bot.core.release_forms import TimeForm
from bot.core.release_rules import Release
from bot.core.release_rules import timetable as further
from bot.core.release_start import MAY_OVERRIDE
from bot.core.roles import Role
from bot.errors import Refusal

BEFORE_T = ("scheduled",)
AFTER_T = ("awaiting_smoke", "smoke_running", "watching")
ANSWERABLE = ("scheduled", "deploying", "canary", "canary_paused", *AFTER_T, "awaiting_decision")
"""The states in which an entry may be answered: also late, as long as the release is under way."""

DEPUTIES = (Role.RELEASE_MANAGER, Role.DEVOPS)
"""Who owns an entry whose owner's role nobody holds, the first that somebody does."""

R = TypeVar("R", bound=Release)


def _spelled(name: str) -> str:
    """An entry's name as it is written: T-24h, also where somebody typed t-24H."""
    return name[:1].upper() + name[1:].lower().replace("–", "-").replace("−", "-")


EntryField = Annotated[
    OneLine, AfterValidator(_spelled), Ask("Entry", placeholder="T-24h"), Expected("Name an entry, such as T-24h.")
]


class EntryDoneForm(Form):
    """Which entry of the day is done, and what is worth keeping of it."""

    entry: EntryField
    remark: Annotated[Paragraph | None, Ask("Remark", Widget.TEXT)] = None


class EntrySkippedForm(Form):
    """Which entry of the day is left out, and why."""

    entry: EntryField
    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def entry_is_theirs(situation: Situation[Release]) -> None:
    """The entry exists, is not answered yet, and is the actor's: its owner's, or a role's that may override."""
    entry = _entry_of(situation)
    owners = {entry.owner, *MAY_OVERRIDE}
    if not situation.move.actor.roles & owners:
        raise Refusal(f"{entry.name} ({entry.what}) is not yours to answer.", may=(entry.owner.label,))
    if entry.state in ("done", "skipped"):
        raise Refusal(f"{entry.name} ({entry.what}) was answered already: {entry.state} by {entry.by}.")


def _entry_of(situation: Situation[Release]) -> DayEntry:
    form, day = situation.move.form, situation.conversation.day
    assert isinstance(form, (EntryDoneForm, EntrySkippedForm))
    found = next((entry for entry in day if entry.name == form.entry), None)
    if found is None:
        names = ", ".join(entry.name for entry in day)
        why = f"There is no entry {form.entry[:20]} on this release's day."
        remedy = f"There are: {names}." if names else "The release day's clock is switched off for this service."
        raise Refusal(why, remedy=remedy, fields={"entry": f"{why} {remedy}"})
    return found


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def agreed_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The day as it is when the time is agreed on. What lies ahead is open, also where it was answered for another
    time; what is past keeps its answer, or was missed.
    """
    release, policy = situation.conversation, situation.policy
    before = {entry.name: entry for entry in release.day}
    assert release.planned_at is not None
    day = []
    for entry in entries(policy.release_day):
        due, kept = due_at(entry, release.planned_at, None), before.get(entry.name)
        if due is not None and due < situation.now:
            answered = kept if kept and kept.state in ("done", "skipped") else None
            day.append(answered.but(at=due) if answered else _entry(entry, policy, due, "missed"))
        else:
            day.append(_entry(entry, policy, due, "open"))
    return {"day": [entry.model_dump(mode="json") for entry in day]}


def _entry(entry: Entry, policy: Service, due: datetime | None, state: str) -> DayEntry:
    owner = next((role for role in (entry.owner, *DEPUTIES) if policy.is_held(role)), entry.owner)
    return DayEntry(name=entry.name, what=entry.what, owner=owner, at=due, state=state, proved_by=entry.proved_by)


def finished_facts(situation: Situation[Release], finished_at: datetime) -> list[DayEntry]:
    """The day when the deployment has ended: the entries after it get their times."""
    day = []
    for entry in situation.conversation.day:
        due = entry.due_after(finished_at)
        if due is None or entry.state != "open":
            day.append(entry)
        else:
            day.append(entry.but(at=due, state="missed" if due < situation.now else "open"))
    return day


def with_day(notice: Callable[[Situation[Any]], dict[str, Any]]) -> Callable[[Situation[Any]], dict[str, Any]]:
    """The facts of a deployment notice, and the day after it."""

    def facts(situation: Situation[Release]) -> dict[str, Any]:
        told = notice(situation)
        day = finished_facts(situation, datetime.fromisoformat(told["finished_at"]))
        return told | {"day": [entry.model_dump(mode="json") for entry in day]}

    return facts


def dated(release: R, event: Event) -> R:
    """The release with the day that an event brings; and what the event itself proves is done."""
    kept = event.data.get("day")
    day = release.day if kept is None else tuple(DayEntry.model_validate(entry) for entry in kept)
    steps = {event.step, "start"} if event.step == "deployed" else {event.step}
    proved = (entry.state == "open" and entry.proved_by in steps for entry in day)
    answered = tuple(
        entry.but(state="done", by=event.name) if done else entry for entry, done in zip(day, proved, strict=True)
    )
    return release if answered == release.day else release.but(day=answered)


def after(effect: Callable[[Any, Event], Any]) -> Callable[[Any, Event], Any]:
    """An effect, and what it means for the day."""
    return lambda release, event: dated(effect(release, event), event)


def done(release: Release, event: Event) -> Release:
    return _answered(release, event, "done", event.data.get("remark") or "")


def skipped(release: Release, event: Event) -> Release:
    return _answered(release, event, "skipped", event.data["reason"])


def _answered(release: Release, event: Event, state: str, words: str) -> Release:
    answer = {"state": state, "by": event.name, "words": words}
    day = (entry.but(**answer) if entry.name == event.data["entry"] else entry for entry in release.day)
    return release.but(day=tuple(day))


def moved_facts(situation: Situation[Release]) -> dict[str, Any]:
    """When it was to begin, for who reads of it."""
    planned = situation.conversation.planned_at
    return {"planned_before": planned.isoformat() if planned else None}


def moved(release: Release, event: Event) -> Release:
    """Another time for the same plan."""
    when, plan = datetime.fromisoformat(event.data["when"]), release.forms["plan"]
    end = when + timedelta(minutes=plan["duration"])
    return release.but(
        planned_at=when, planned_end=end, forms={**release.forms, "plan": {**plan, "when": event.data["when"]}}
    )


# ── when they are asked for ──────────────────────────────────────────────────────────────────────────────────────────
def timetable(release: Release, policy: Service) -> tuple[Reminder, ...]:
    """What happens by itself in a release: a reminder to the owner of each open entry whose time is known."""
    asked = (entry for entry in release.day if entry.state == "open" and entry.at and _is_asked(entry, release))
    reminders = (
        Reminder(
            conversation=release.id,
            kind="entry",
            step="entry_done",
            stage=0,
            due_at=_awake(entry, release, policy),
            roles=(entry.owner.value,),
            occasion=entry.occasion,
        )
        for entry in asked
    )
    return (*reminders, *further(release, policy), *feedback.timetable(release))


def _is_asked(entry: DayEntry, release: Release) -> bool:
    """Whoever begins is reminded of that by the step itself, with its button."""
    if entry.is_begin:
        return False
    return release.state in (AFTER_T if entry.is_after else BEFORE_T)


def _awake(entry: DayEntry, release: Release, policy: Service) -> datetime:
    """When an entry's owner is told: not in quiet hours, unless it is urgent, or would come too late."""
    assert entry.at is not None
    if entry.is_urgent or policy.quiet_hours is None:
        return entry.at
    later = policy.quiet_hours.release(entry.at)
    return later if release.planned_at is None or later < release.planned_at else entry.at


def entry_named(release: Release, occasion: str) -> DayEntry | None:
    """The entry that a reminder was set for, if it is still at that time."""
    return next((entry for entry in release.day if entry.occasion == occasion), None)


def check_time(situation: Situation[Release]) -> None:
    """Another time is another one."""
    form = situation.move.form
    assert isinstance(form, TimeForm)
    if form.when == situation.conversation.planned_at:
        why = "This is the agreed time already."
        raise Refusal(why, fields={"when": why})
