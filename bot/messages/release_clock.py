"""What is said of the release day's entries: the reminder of one, and its answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.core.events import Event, Reminder
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_clock import AFTER_T, entry_named
from bot.core.release_day import DayEntry
from bot.core.release_rules import Release
from bot.messages import blocks, release_lines
from bot.messages.freeze import held_back
from bot.messages.generic import begun, finished
from bot.messages.message import Block, Message, Said
from bot.messages.parts import Telling, both_zones, clock_time, paragraph, span, utc, version
from bot.messages.references import DONE_ACTION, SNOOZE_ACTION, STEP_ACTION, Reference
from bot.messages.reminders import reminder as usual
from bot.messages.text import bold, escape


# ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────────
def entry_done(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    entry = _entry(release, event.data["entry"])
    telling = begun(release, f"☑️ *{entry.name}*: {entry.what}")
    telling.say(f"☑️ {bold(entry.name)} {escape(entry.what)}: done.")
    if event.data.get("remark"):
        telling.tell(paragraph("", event.data["remark"]))
    return finished(telling, event, policy)


def entry_skipped(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    entry = _entry(release, event.data["entry"])
    telling = begun(release, f"⏭️ *{entry.name}*: {entry.what}")
    telling.say(f"⏭️ {bold(entry.name)} {escape(entry.what)}: skipped.")
    telling.tell(paragraph("*Why:*", event.data["reason"]))
    return finished(telling, event, policy)


def _entry(release: Release, name: str) -> DayEntry:
    return next(entry for entry in release.day if entry.name == name)


def reschedule(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """Another time for the same plan, which QA agrees to again."""
    before = event.data.get("planned_before")
    was = f" from {utc(datetime.fromisoformat(before))}" if before else ""
    when = datetime.fromisoformat(event.data["when"])
    telling = begun(release, "🕓 *Deployment moved*")
    telling.say(f"🕓 *Deployment moved*{was} to {both_zones(when)}")
    telling.tell(paragraph("*Why:*", event.data["reason"]))
    return finished(telling, event, policy, ask=f"Any concerns with {clock_time(when, event.at)} timing?")


# ── the reminder ─────────────────────────────────────────────────────────────────────────────────────────────────────
def reminder(
    release: Release,
    due: Reminder,
    policy: Service,
    now: datetime,
    *,
    late: timedelta | None,
    reminder_id: int,
) -> Message:
    """The private message to whoever is awaited; of an entry, with its task and the buttons that answer it."""
    entry = entry_named(release, due.occasion) if due.kind == "entry" else None
    if entry is None:
        spoken = partial(usual, details=partial(release_lines.reminded, policy=policy))
        return spoken(release, due, policy, now, late=late, reminder_id=reminder_id)
    what = f"*{version(release)}* of {escape(release.service)}"
    telling = Telling(release, f"⏱️ {escape(entry.name)} {escape(entry.what)}: {version(release)}")
    telling.say(f"⏱️ {bold(entry.name)} *{escape(entry.what)}*: {what}", _from_when(entry, release), *held_back(release))
    if late is not None:
        told = utc(due.due_at, day=late > timedelta(hours=12))
        telling.say(f"⏰ This should have reached you at {told}, {span(late)} ago; Greenlight was not running.")
    telling.blocks.append(blocks.actions(*_buttons(entry, release, reminder_id)))
    telling.aside(f"<#{release.channel}> · {RELEASE.state(release.state).words} · yours as {entry.owner.label}")
    return telling.message()


def _from_when(entry: DayEntry, release: Release) -> str:
    since = "has ended" if entry.is_after or release.planned_at is None else f"begins {both_zones(release.planned_at)}"
    return f"The deployment {since}. Please confirm that this is done, or say why it is skipped."


def _buttons(entry: DayEntry, release: Release, reminder_id: int) -> tuple[Block, ...]:
    """A time that was moved makes its old buttons stale; what follows the deployment belongs to no one stage."""
    stage = None if release.state in AFTER_T else release.stage
    given: dict[str, Any] = {"entry": entry.name}

    def to(step: str) -> str:
        return Reference("release", step, release.id, stage, given=given).write()

    return (
        blocks.button("Done", DONE_ACTION, to("entry_done"), style="primary"),
        blocks.button("Skip…", f"{STEP_ACTION}entry_skipped", to("entry_skipped")),
        blocks.button("Snooze 30 min", SNOOZE_ACTION, str(reminder_id)),
    )
