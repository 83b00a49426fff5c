"""When a deployment may begin: the weekly windows, what rules a day out, and the next opening."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from bot.core.wall_clock import Weekday
from bot.core.windows import Holidays, Outlook, WeeklyWindow, Windows, look

BERLIN = "Europe/Berlin"
DOCUMENT: dict[str, Any] = {
    "zone": BERLIN,
    "weekly": [{"days": ["tuesday", "thursday"], "start": "10:00", "end": "15:00"}],
    "avoid": ["friday"],
    "holidays": {"country": "DE", "subdivision": "BE", "dates": ["2024-01-09"]},
    "month_end": 2,
}
"""The deployment schedule of the deployment strategy, in Berlin."""


def at(written: str, zone: str = BERLIN, fold: int = 0) -> datetime:
    """The moment at which a zone's clock shows something."""
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def windows(**changes: Any) -> Windows:
    return Windows.model_validate(DOCUMENT | changes)


def nightly(start: str = "02:30", end: str = "04:00") -> Windows:
    every = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    return Windows.model_validate({"zone": BERLIN, "weekly": [{"days": every, "start": start, "end": end}]})


def test_without_windows_it_is_always_open() -> None:
    """Who configures nothing is held up by nothing."""
    assert look(None, at("2024-01-19 23:00")) == Outlook()
    assert look(Windows(), at("2024-01-19 23:00")).is_open


@pytest.mark.parametrize("when", ["2024-01-16 10:00", "2024-01-16 14:59", "2024-01-18 12:00"])
def test_window_of_the_document_is_open_on_tuesday_and_thursday(when: str) -> None:
    """Its start belongs to it, its end does not."""
    assert look(windows(), at(when)) == Outlook()


@pytest.mark.parametrize(
    ("when", "reasons", "opens"),
    [
        ("2024-01-16 09:59", ["Tuesday 09:59 is outside"], "2024-01-16 10:00"),
        ("2024-01-16 15:00", ["Tuesday 15:00 is outside"], "2024-01-18 10:00"),
        ("2024-01-19 12:00", ["outside of the window", "Nothing is deployed on a Friday."], "2024-01-23 10:00"),
        ("2024-05-09 11:00", ["Ascension Day"], "2024-05-14 10:00"),
        ("2024-01-09 11:00", ["2024-01-09, is a holiday (a day of the team's own)"], "2024-01-11 10:00"),
        ("2024-01-30 11:00", ["among the last 2 days of the month"], "2024-02-01 10:00"),
    ],
)
def test_closed_moment_says_every_reason_and_when_it_opens(when: str, reasons: list[str], opens: str) -> None:
    """Each reason is a sentence; the next opening passes over what is ruled out."""
    outlook = look(windows(), at(when))
    assert len(outlook.reasons) == len(reasons)
    assert all(part in told for part, told in zip(reasons, outlook.reasons, strict=True))
    assert outlook.opens_at == at(opens)


def test_end_of_a_leap_years_february_is_the_29th() -> None:
    """The last two days are counted from the month's own end."""
    assert look(windows(month_end=1), at("2024-02-29 11:00")).reasons
    assert look(windows(month_end=1), at("2024-02-27 11:00")).is_open
    assert look(windows(month_end=1), at("2023-02-28 11:00")).reasons


def test_window_over_midnight_is_cut_by_a_day_that_is_ruled_out() -> None:
    """Monday 22:00 to 02:00 goes on into Tuesday, unless Tuesday is a holiday."""
    weekly = [{"days": ["monday"], "start": "22:00", "end": "02:00"}]
    night = Windows.model_validate({"zone": BERLIN, "weekly": weekly})
    assert look(night, at("2024-01-16 01:59")).is_open
    assert not look(night, at("2024-01-16 02:00")).is_open
    assert not look(night, at("2024-01-15 01:00")).is_open
    cut = night.model_copy(update={"holidays": Holidays(dates=(date(2024, 1, 16),))})
    assert look(cut, at("2024-01-15 23:59")).is_open
    assert not look(cut, at("2024-01-16 00:30")).is_open


def test_window_until_midnight_ends_with_the_day() -> None:
    """00:00 as an end is midnight, not nothing."""
    evening = Windows.model_validate({"weekly": [{"days": ["monday"], "start": "20:00", "end": "00:00"}]})
    assert look(evening, at("2024-01-15 23:59", "UTC")).is_open
    assert not look(evening, at("2024-01-16 00:00", "UTC")).is_open
    assert str(evening) == "Monday 20:00–00:00 (UTC)"


def test_window_that_never_opens_says_so() -> None:
    """A window of avoided days alone has no next opening."""
    outlook = look(windows(avoid=["tuesday", "thursday"]), at("2024-01-16 11:00"))
    assert outlook.reasons == ("Nothing is deployed on a Tuesday.",)
    assert outlook.opens_at is None


def test_window_keeps_its_wall_clock_when_the_clocks_change() -> None:
    """10:00 in Berlin is 09:00 UTC in winter and 08:00 UTC in summer."""
    assert look(windows(), at("2024-03-30 12:00")).opens_at == datetime(2024, 4, 2, 8, tzinfo=UTC)
    assert look(windows(), at("2024-10-26 12:00")).opens_at == datetime(2024, 10, 29, 9, tzinfo=UTC)


def test_start_that_the_clocks_skip_opens_when_they_have_jumped() -> None:
    """On 31 March 2024 Berlin goes from 02:00 to 03:00: a window from 02:30 opens at 03:00."""
    assert look(nightly(), at("2024-03-31 01:00")).opens_at == datetime(2024, 3, 31, 1, tzinfo=UTC)
    assert look(nightly(), datetime(2024, 3, 31, 1, tzinfo=UTC)).is_open


def test_hour_that_comes_twice_is_open_both_times() -> None:
    """On 27 October 2024 Berlin's clocks show 02:30 twice: with summer time, and an hour later without."""
    night = nightly("02:15", "02:45")
    first, second = at("2024-10-27 02:30", fold=0), at("2024-10-27 02:30", fold=1)
    assert second - first == timedelta(hours=1)
    assert look(night, first).is_open
    assert look(night, second).is_open
    assert look(night, at("2024-10-27 02:50", fold=0)).opens_at == at("2024-10-27 02:15", fold=1)


TIMES = some.builds(time, some.integers(0, 23), some.sampled_from([0, 15, 30, 45]))
WEEKLY = some.builds(
    WeeklyWindow,
    days=some.lists(some.sampled_from(Weekday), min_size=1, max_size=7).map(tuple),
    start=TIMES,
    end=TIMES,
)
ANY_WINDOWS = some.builds(
    Windows,
    zone=some.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    weekly=some.lists(WEEKLY, max_size=3).map(tuple),
    avoid=some.sampled_from([(), (Weekday.FRIDAY,), (Weekday.SATURDAY, Weekday.SUNDAY)]),
    holidays=some.sampled_from([None, Holidays(country="DE"), Holidays(dates=(date(2024, 3, 31),))]),
    month_end=some.integers(0, 3),
)
# Around the days on which the clocks change, north and south.
MOMENTS = some.builds(
    lambda day, minute: datetime(2024, day[0], day[1], tzinfo=UTC) + timedelta(minutes=minute),
    some.sampled_from([(3, 29), (3, 9), (4, 5), (10, 4), (10, 25), (11, 1), (12, 24)]),
    some.integers(0, 4 * 24 * 60),
)


@settings(deadline=None)
@given(ANY_WINDOWS, MOMENTS)
def test_next_opening_is_open_and_nothing_before_it_is(some_windows: Windows, moment: datetime) -> None:
    """Whatever the zone and the change of its clocks: at `opens_at` it is open, a minute before it is not."""
    outlook = look(some_windows, moment)
    if outlook.is_open or outlook.opens_at is None:
        return
    assert outlook.opens_at > moment
    assert look(some_windows, outlook.opens_at).is_open
    assert not look(some_windows, outlook.opens_at - timedelta(minutes=1)).is_open
    step = max((outlook.opens_at - moment) / 40, timedelta(minutes=1))
    between = moment
    while between < outlook.opens_at:
        assert not look(some_windows, between).is_open
        between += step


@settings(deadline=None)
@given(ANY_WINDOWS, MOMENTS)
def test_whether_it_is_open_depends_on_the_wall_clock_alone(some_windows: Windows, moment: datetime) -> None:
    """Two moments at which the zone's clock shows the same are both open or both closed."""
    local = moment.astimezone(ZoneInfo(some_windows.zone))
    other = local.replace(fold=1 - local.fold).astimezone(UTC)
    if other.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None):
        assert look(some_windows, moment).reasons == look(some_windows, other).reasons


@pytest.mark.parametrize(
    ("given_holidays", "told"),
    [
        ({"country": "QQ"}, "not a country"),
        ({"country": "DE", "subdivision": "XX"}, "there are: BB, BE"),
        ({"subdivision": "BE"}, "without its country"),
    ],
)
def test_unknown_place_is_refused_with_what_there_is(given_holidays: dict[str, str], told: str) -> None:
    """A country that has no calendar would silently have no holidays."""
    with pytest.raises(ValidationError, match=told):
        Holidays.model_validate(given_holidays)
