"""The line of the day: how a release's card shows the entries of its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.core.release_clock import AFTER_T, BEFORE_T
from bot.core.release_day import DayEntry
from bot.core.release_rules import Release
from bot.messages.text import escape, moment

SHOWN = ("scheduled", "deploying", "canary", "canary_paused", *AFTER_T)

FAR = timedelta(hours=16)
"""What is due so long before the deployment is shown with its day."""

SEPARATOR = " · "

MARKS = {"open": "⏳", "done": "✅", "skipped": "⏭️", "missed": "➖"}


def day_lines(release: Release) -> Iterator[str]:
    """The line of the day: ✅ done, ⏭️ skipped, ➖ too late when the time was agreed on, ⏳ open, with its time;
    ▫️ nobody answered, or not to be answered yet.
    """
    if not release.day or release.state not in SHOWN:
        return
    before = [_shown(entry, release) for entry in release.day if not entry.is_after]
    after = [entry for entry in release.day if entry.is_after]
    yield "*Release day*"
    yield SEPARATOR.join(before)
    if any(entry.at for entry in after):
        yield SEPARATOR.join(_shown(entry, release) for entry in after)
    elif after:
        names = " … ".join(dict.fromkeys((after[0].name, after[-1].name)))
        yield f"▫️ {escape(names)} follow the deployment"


def _shown(entry: DayEntry, release: Release) -> str:
    """An entry in short; an open one with its time, and with its day where that is another."""
    mark = f"{MARKS[entry.state]} {escape(entry.name)}"
    if entry.state == "open" and not entry.is_after and release.state not in BEFORE_T:
        return f"▫️ {escape(entry.name)}"
    if entry.state != "open" or entry.at is None:
        return mark
    far = release.planned_at is not None and release.planned_at - entry.at >= FAR
    return f"{mark} {moment(entry.at, 'date_time' if far else 'time')}"


def missed(release: Release) -> str:
    """The entries whose time had passed when the time was agreed on; empty if there are none."""
    late = [entry.name for entry in release.day if entry.state == "missed" and not entry.is_after]
    return f"Too late for {escape(', '.join(late))} of the release day." if late else ""
