"""Moments as people type them: a small grammar that reads the same at any hour, and refuses what it is not sure of.

`16:00`, `today 16:00`, `tomorrow 9:30`, `friday 4pm`, `2024-01-16 16:00 UTC`, `20 Jan noon`, `in 2 hours`, `now`.
A date needs a time of day, an offset or zone may follow; 02.01. and 01/02 are refused, because half of the world
reads them the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import Refusal

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""What lies outside is a slip of the finger: no release is planned for it."""

_REMEDY = "Write it as 16:00, tomorrow 09:30, in 2 hours or 2024-01-16 16:00 UTC (or +03:00, or Europe/Berlin)."
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_UNIT = r"(?P<unit>m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)"
_AHEAD = re.compile(rf"in (?P<count>\d{{1,4}}|an?) ?{_UNIT}")
_AGO = re.compile(rf"(?P<count>\d{{1,4}}|an?) ?{_UNIT} ago")
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?)? ?(?P<half>am|pm)?")
_ISO_CLOCK = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})t(?=\d)")
_OFFSET = re.compile(r"(?:utc|gmt)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_MONTH = re.compile(r"(?P<day>\d{1,2}) (?P<month>[a-z]{3,9})(?: (?P<year>\d{4}))?")
_MONTH_DAY = re.compile(r"(?P<month>[a-z]{3,9}) (?P<day>\d{1,2})(?: (?P<year>\d{4}))?")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}


def read_moment(words: str, now: datetime, zone: str, *, past: bool = False) -> datetime:
    """A moment as people type it, in their zone unless they name one; aware UTC.

    Where the words leave the day open, the coming one is meant, or with `past` the one that has been. Raises Refusal
    where it can't be read, or where the clocks of the zone skip or repeat it.
    """
    asked = " ".join(words.replace(",", " ").split())
    plain = _ISO_CLOCK.sub(r"\1 ", asked.lower())
    try:
        moment = _relative(plain, now) or _absolute(plain, asked, now, zone, past=past)
    except (ValueError, OverflowError) as error:
        raise _unreadable(words) from error
    if moment is None or not EARLIEST <= moment < LATEST:
        raise _unreadable(words)
    return moment.astimezone(UTC)


def _unreadable(words: str) -> Refusal:
    return Refusal(f"“{words[:60]}” is not a time I can read.", remedy=_REMEDY)


def _relative(plain: str, now: datetime) -> datetime | None:
    """Moments that count from now, and Unix seconds."""
    if plain == "now":
        return now
    if re.fullmatch(r"[0-9]{9,11}", plain):
        return datetime.fromtimestamp(int(plain), UTC)
    for pattern, direction in ((_AHEAD, 1), (_AGO, -1)):
        if match := pattern.fullmatch(plain):
            count = int(match["count"]) if match["count"].isdigit() else 1
            return now + direction * timedelta(**{_UNITS[match["unit"][0]]: count})
    return None


def _absolute(plain: str, asked: str, now: datetime, zone: str, *, past: bool) -> datetime | None:
    plain, place = _split_zone(plain, asked, ZoneInfo(zone))
    words = [word for word in plain.removeprefix("on ").split() if word not in {"at", "a.m.", "p.m."}]
    for count in range(1, min(3, len(words) + 1)):
        clock = _clock(" ".join(words[-count:]))
        if clock is None:
            continue
        local = now.astimezone(place).replace(tzinfo=None)
        days = [datetime.combine(day, clock) for day in _days(" ".join(words[:-count]), local.date(), past=past)]
        meant = [moment for moment in days if (moment <= local if past else moment > local)] if days[1:] else days
        if meant:
            return _in_zone(meant[0], place)
    return None


def _split_zone(plain: str, asked: str, home: tzinfo) -> tuple[str, tzinfo]:
    """The words without a zone at their end, and the zone that is meant."""
    match = re.fullmatch(r"(.*\d{1,2}:\d{2}(?::\d{2})?)([+-]\d{1,2}(?::?\d{2})?|z)", plain)
    head, tail = (match[1], match[2]) if match else (plain.rpartition(" ")[0], plain.rpartition(" ")[2])
    if tail in {"utc", "gmt", "z"}:
        return head, UTC
    if offset := _OFFSET.fullmatch(tail):
        span = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        return head, timezone(span if offset["sign"] == "+" else -span)
    if "/" in tail and tail[0].isalpha():
        try:
            return head, ZoneInfo(asked.rpartition(" ")[2])
        except (ZoneInfoNotFoundError, ValueError) as error:
            why = "Name the zone as Europe/Berlin, UTC or +03:00."
            raise Refusal(f"“{asked.rpartition(' ')[2][:40]}” is not a time zone I know.", remedy=why) from error
    return plain, home


def _clock(words: str) -> time | None:
    if words in _NAMED:
        return _NAMED[words]
    match = _CLOCK.fullmatch(words)
    if match is None or not (match["minute"] or match["half"]):
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    return time(hour, minute, second)


def _days(words: str, today: date, *, past: bool) -> Iterator[date]:
    """The days that words may mean, the nearest first: two where the time of day decides. None where they name none."""
    back = -1 if past else 1
    near = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
    if not words:
        yield from (today, today + timedelta(days=back))
    elif words in near:
        yield today + timedelta(days=near[words])
    elif match := _DATE.fullmatch(words):
        yield date(int(match[1]), int(match[2]), int(match[3]))
    elif len(words) >= 3 and (index := _index(_WEEKDAYS, words)) is not None:
        nearest = today + timedelta(days=back * ((index - today.weekday()) * back % 7))
        yield from (nearest, nearest + timedelta(days=7 * back))
    elif (match := _DAY_MONTH.fullmatch(words) or _MONTH_DAY.fullmatch(words)) is not None:
        month = _index(_MONTHS, match["month"])
        if month is not None:
            yield _coming(today, month + 1, int(match["day"]), match["year"], past=past)


def _coming(today: date, month: int, day: int, year: str | None, *, past: bool) -> date:
    """A day of a month: of the year that is named, else the nearest one on the meant side of today."""
    if year:
        return date(int(year), month, day)
    this = date(today.year, month, day)
    if past and this > today:
        return date(today.year - 1, month, day)
    return date(today.year + 1, month, day) if not past and this < today else this


def _index(names: tuple[str, ...], word: str) -> int | None:
    return next((index for index, name in enumerate(names) if name == word or name[:3] == word), None)


def _in_zone(local: datetime, place: tzinfo) -> datetime:
    """A wall-clock time as a moment. Refusal where the clocks skip it or show it twice."""
    first, second = local.replace(tzinfo=place, fold=0), local.replace(tzinfo=place, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    skipped = first.astimezone(UTC).astimezone(place).replace(tzinfo=None) != local
    what = "does not exist that day" if skipped else "comes twice that day"
    shown = f"{local:%Y-%m-%d %H:%M}"
    raise Refusal(f"{shown} {what} in {place}: the clocks change.", remedy="Add the zone, such as 01:30 UTC.")
