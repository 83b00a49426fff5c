"""The release day's clock: what is to be done around the agreed time, and by whom.

The entries are those of the release plan ("Pre-Release", "Release Day": T-24h … T+30m) and of its post-deployment
verification ("T+5m Health checks … T+30m"). Entries before T count back from the agreed time, those after it from the
end of the deployment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import StringConstraints

from bot.core.events import Fact
from bot.core.roles import Role

NAME_PATTERN = r"^T(?:-0|[+-][1-9][0-9]{0,3}[mhd])$"
EntryName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

URGENT = timedelta(hours=2)
"""What is due so shortly before the deployment, or after it, does not keep quiet hours."""


class EntryRule(Fact):
    """One entry as the configuration gives it: what is left out is the default entry's of the same name."""

    what: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    owner: Role | None = None


class Entry(Fact):
    """One line of the day. `proved_by` is the release's step that does what it asks for, if there is one."""

    name: EntryName
    what: str
    owner: Role
    proved_by: str = ""

    @property
    def offset(self) -> timedelta:
        """How long after T (negative: before) it is due."""
        return offset_of(self.name)

    @property
    def after(self) -> bool:
        """True if it counts from the end of the deployment."""
        return self.name.startswith("T+")

    @property
    def urgent(self) -> bool:
        return self.after or -self.offset <= URGENT


def offset_of(name: str) -> timedelta:
    """The offset that an entry's name says: T-24h is minus 24 hours, T+5m five minutes."""
    if not re.match(NAME_PATTERN, name):
        raise ValueError(f"“{name}” is not the name of an entry")
    if name == "T-0":
        return timedelta()
    span = timedelta(**{_UNITS[name[-1]]: int(name[2:-1])})
    return span if name[1] == "+" else -span


class DayEntry(Fact):
    """An entry on the day of one release. `at` is None as long as its time is not known; `by` is who answered it, and
    `words` what they said. What was `missed` was due before the time was agreed on.
    """

    name: str
    what: str
    owner: Role
    at: datetime | None = None
    state: Literal["open", "done", "skipped", "missed"] = "open"
    by: str = ""
    words: str = ""
    proved_by: str = ""

    @property
    def is_after(self) -> bool:
        """True if it counts from the end of the deployment."""
        return self.name.startswith("T+")

    @property
    def is_begin(self) -> bool:
        """True if it is the begin itself, and not another task at that time."""
        return self.name == "T-0" and self.proved_by == "start"

    @property
    def is_urgent(self) -> bool:
        return self.is_after or -offset_of(self.name) <= URGENT

    @property
    def occasion(self) -> str:
        """What its reminder is for: the entry at its time, so that another time is another occasion."""
        return f"{self.name}@{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if self.at else self.name

    def due_after(self, finished_at: datetime) -> datetime | None:
        """When it is due, if it counts from the end of the deployment."""
        return finished_at + offset_of(self.name) if self.is_after else None


DEFAULTS = (
    Entry(name="T-24h", what="Final readiness check", owner=Role.RELEASE_MANAGER),
    Entry(name="T-12h", what="Team told of the release", owner=Role.RELEASE_MANAGER),
    Entry(name="T-6h", what="Backups verified", owner=Role.DEVOPS),
    Entry(name="T-2h", what="Final tests in staging", owner=Role.QA),
    Entry(name="T-1h", what="Release prepared", owner=Role.DEVOPS),
    Entry(name="T-30m", what="Users told", owner=Role.RELEASE_MANAGER),
    Entry(name="T-0", what="Begin of the release", owner=Role.DEVOPS, proved_by="start"),
    Entry(name="T+5m", what="Health checks", owner=Role.DEVOPS),
    Entry(name="T+10m", what="Golden signals", owner=Role.DEVOPS),
    Entry(name="T+15m", what="Smoke tests", owner=Role.QA, proved_by="smoke_passed"),
    Entry(name="T+20m", what="Functional tests", owner=Role.QA),
    Entry(name="T+30m", what="Final check", owner=Role.RELEASE_MANAGER),
)
DEFAULT_NAMES = tuple(entry.name for entry in DEFAULTS)


def entries(rules: Mapping[str, EntryRule | None] | None) -> tuple[Entry, ...]:
    """The entries of a service's release day in their order: the documents', with those of the configuration in their
    place, beside them, or (None) left out. Without rules at all there is no clock.
    """
    if rules is None:
        return ()
    day = {entry.name: entry for entry in DEFAULTS}
    for name, rule in rules.items():
        default = day.pop(name, None)
        if rule is not None:
            kept = default or Entry(name=name, what=name, owner=Role.DEVOPS)
            changes = {"what": rule.what or kept.what, "owner": rule.owner or kept.owner}
            # Another task under the same name is not done by the step that did the document's.
            proved_by = kept.proved_by if rule.what in (None, kept.what) else ""
            day[name] = kept.model_copy(update={**changes, "proved_by": proved_by})
    return tuple(sorted(day.values(), key=lambda entry: (entry.after, entry.offset)))


def due_at(entry: Entry, planned_at: datetime, finished_at: datetime | None) -> datetime | None:
    """When an entry is due (aware UTC): None for one that counts from a deployment that has not ended.

    Absolute: T-24h is 24 hours before, also where the clocks change in between.
    """
    if not entry.after:
        return planned_at + entry.offset
    return finished_at + entry.offset if finished_at else None
