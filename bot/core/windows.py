"""When a deployment may begin (deployment strategy, "Deployment Schedule": Tuesday and Thursday from 10:00 AM to
3:00 PM; no Fridays, holidays, end of month).

A window is what the clock on the wall of its zone shows: in the hour that a clock shows twice it is open both times,
in the hour that is skipped it is not.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Self
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from bot.core.events import Fact
from bot.core.wall_clock import WEEKDAYS, MinuteTime, Weekday, ZoneName

HORIZON = 400
"""Days that are looked ahead for the next opening: more than a year, so that a yearly exception has ended."""

YEARS = range(2020, 2061)
"""The years whose public holidays are known."""

MIDNIGHT = time(0)
_MINUTE = timedelta(minutes=1)


@cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    return {code: tuple(parts) for code, parts in holidays.list_supported_countries().items()}


def _known_country(code: str) -> str:
    if code not in _countries():
        raise ValueError("is not a country whose holidays I know; use its two letters (ISO 3166), such as DE or US")
    return code


Country = Annotated[str, StringConstraints(min_length=2, max_length=3), AfterValidator(_known_country)]


@cache
def public_holidays(country: str, subdivision: str) -> Mapping[date, str]:
    """The public holidays of the years that a plan may be made for, with their names, in English where known so.

    Reads files of the library the first time: the configuration does that when it is read.
    """
    with warnings.catch_warnings():
        # The library warns of moveable feasts whose dates nobody has announced yet.
        warnings.simplefilter("ignore")
        named = holidays.country_holidays(country, subdiv=subdivision or None, years=YEARS, language="en_US")
    return dict(named.items())


class Holidays(Fact):
    """Days on which nothing is deployed: a country's public holidays (of a subdivision), and days of the team's own."""

    country: Country | None = None
    subdivision: str = ""
    dates: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _known_place(self) -> Self:
        if self.country is None:
            if self.subdivision:
                raise ValueError("has a subdivision without its country; name the country as well, such as DE")
            return self
        known = _countries()[self.country]
        if self.subdivision and self.subdivision not in known:
            raise ValueError(f"has an unknown subdivision of {self.country}; there are: {', '.join(known) or 'none'}")
        public_holidays(self.country, self.subdivision)
        return self

    def name(self, day: date) -> str:
        """What the holiday is called; empty on any other day."""
        if day in self.dates:
            return "a day of the team's own"
        return public_holidays(self.country, self.subdivision).get(day, "") if self.country else ""


class WeeklyWindow(Fact):
    """A time of some days of the week. `end` at or before `start` is that of the next day; 00:00 is midnight."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    start: MinuteTime
    end: MinuteTime

    @property
    def overnight(self) -> bool:
        return self.end <= self.start

    def __str__(self) -> str:
        names = [day.label for day in self.days]
        listed = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
        return f"{listed} {self.start:%H:%M}–{self.end:%H:%M}"


class Windows(Fact):
    """When deployments to one environment may begin. Without `weekly`, at any time that nothing else rules out.

    `avoid` are days of the week, `month_end` the number of days at a month's end, on which nothing is deployed.
    """

    zone: ZoneName = "UTC"
    weekly: tuple[WeeklyWindow, ...] = ()
    avoid: tuple[Weekday, ...] = ()
    holidays: Holidays | None = None
    month_end: Annotated[int, Field(ge=0, le=10)] = 0

    def __str__(self) -> str:
        """The weekly windows as one phrase: "Tuesday and Thursday 10:00–15:00 (Europe/Berlin)"."""
        return f"{'; '.join(map(str, self.weekly)) or 'any day'} ({self.zone})"


@dataclass(frozen=True)
class Outlook:
    """What a moment is to the windows: `reasons` why it is closed (none: it is open), each a whole sentence, and
    `opens_at`, the next opening (aware UTC; None where it is open, or does not open within a year).
    """

    reasons: tuple[str, ...] = ()
    opens_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return not self.reasons


OPEN = Outlook()


def look(windows: Windows | None, moment: datetime) -> Outlook:
    """Whether a deployment may begin at an aware moment. None: always."""
    if windows is None:
        return OPEN
    local = moment.astimezone(ZoneInfo(windows.zone))
    reasons = tuple(_reasons(windows, local))
    return Outlook(reasons, _next_opening(windows, moment)) if reasons else OPEN


def _reasons(windows: Windows, local: datetime) -> Iterator[str]:
    day = local.date()
    if not _covered(windows, local):
        yield f"{local:%A %H:%M} is outside of the window: {windows}."
    yield from _ruled_out(windows, day)


def _ruled_out(windows: Windows, day: date) -> Iterator[str]:
    """Why nothing is deployed on a day, whatever the time."""
    if (weekday := WEEKDAYS[day.weekday()]) in windows.avoid:
        yield f"Nothing is deployed on a {weekday.label}."
    if windows.holidays and (name := windows.holidays.name(day)):
        yield f"{day:%A}, {day.isoformat()}, is a holiday ({name})."
    if (day + timedelta(days=windows.month_end)).month != day.month:
        yield f"{day.isoformat()} is among the last {windows.month_end} days of the month."


def _covered(windows: Windows, local: datetime) -> bool:
    clock = local.time()
    return any(start <= clock and (end == MIDNIGHT or clock < end) for start, end in _parts(windows, local.date()))


def _parts(windows: Windows, day: date) -> Iterator[tuple[time, time]]:
    """The times of a day that weekly windows cover; MIDNIGHT as an end is that of the day."""
    if not windows.weekly:
        yield MIDNIGHT, MIDNIGHT
    today, yesterday = WEEKDAYS[day.weekday()], WEEKDAYS[day.weekday() - 1]
    for window in windows.weekly:
        if today in window.days:
            yield window.start, MIDNIGHT if window.overnight else window.end
        if yesterday in window.days and window.overnight and window.end != MIDNIGHT:
            yield MIDNIGHT, window.end


def _next_opening(windows: Windows, moment: datetime) -> datetime | None:
    zone = ZoneInfo(windows.zone)
    today = moment.astimezone(zone).date()
    for ahead in range(HORIZON):
        day = today + timedelta(days=ahead)
        if not any(_ruled_out(windows, day)):
            opening = next((one for one in _openings(windows, day, zone) if one > moment), None)
            if opening is not None:
                return opening
    return None


def _openings(windows: Windows, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a day at which it opens, in UTC, the first first."""
    begins, ends = (datetime.combine(day + timedelta(days=ahead), MIDNIGHT, zone) for ahead in (0, 1))
    if begins.utcoffset() == ends.utcoffset():
        starts = sorted({start for start, _ in _parts(windows, day)})
        yield from (datetime.combine(day, start, zone).astimezone(UTC) for start in starts)
        return
    # On the day that the clocks change, a start may be skipped or come twice: go and look, minute by minute.
    at, end, was_open = begins.astimezone(UTC), ends.astimezone(UTC), False
    while at < end:
        is_open = _covered(windows, at.astimezone(zone))
        if is_open and not was_open:
            yield at
        at, was_open = at + _MINUTE, is_open


# ── freezes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def frozen_at(moment: datetime, starts: datetime, until: datetime | None) -> bool:
    """Whether a moment lies between a begin and an end (None: no end is known); the end itself is free again."""
    return starts <= moment and (until is None or moment < until)


class FreezeMark(Fact):
    """A freeze, as a release that stands under it remembers it."""

    ticket: str
    reason: str
    starts: datetime
    until: datetime | None = None

    def covers(self, moment: datetime | None) -> bool:
        return moment is not None and frozen_at(moment, self.starts, self.until)
