"""The line of the day: how a release's card shows the entries of its clock."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.release_clock import AFTER_T
from bot.core.release_day import DayEntry
from bot.core.release_rules import Release
from bot.messages.text import escape, moment

SHOWN = ("scheduled", "deploying", "canary", "canary_paused", *AFTER_T)

MARKS = {"open": "⏳", "done": "✅", "skipped": "⏭️", "missed": "➖"}


def day_lines(release: Release) -> Iterator[str]:
    """The line of the day: ✅ done, ⏭️ skipped, ➖ too late when the time was agreed on, ⏳ open, with its time."""
    if not release.day or release.state not in SHOWN:
        return
    yield f"*Release day*\n{' · '.join(_shown(entry, release) for entry in release.day)}"


def _shown(entry: DayEntry, release: Release) -> str:
    """An entry in short; the next ones to answer with their time."""
    mark = f"{MARKS[entry.state]} {escape(entry.name)}"
    if entry.state != "open" or entry.at is None:
        return mark if entry.state != "open" else f"▫️ {escape(entry.name)}"
    same_day = release.planned_at is not None and entry.at.date() == release.planned_at.date()
    return f"{mark} {moment(entry.at, 'time' if same_day else 'date_time')}"


def missed(release: Release) -> str:
    """The entries whose time had passed when the time was agreed on; empty if there are none."""
    late = [entry.name for entry in release.day if entry.state == "missed" and not entry.is_after]
    return f"Too late for {escape(', '.join(late))} of the release day." if late else ""
