"""Times of day, days and zones as a team's configuration gives them: what the clock on the wall shows."""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is not a time zone of the IANA database, such as Europe/Berlin or UTC") from error
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]


def _without_zone(clock: time) -> time:
    if clock.tzinfo is not None:
        raise ValueError("names a time zone; write the time alone, and the zone under “zone”")
    return clock


ClockTime = Annotated[time, AfterValidator(_without_zone)]


def _whole_minute(clock: time) -> time:
    if clock.second or clock.microsecond:
        raise ValueError("has seconds; write hours and minutes, such as 10:00")
    return clock


MinuteTime = Annotated[time, AfterValidator(_without_zone), AfterValidator(_whole_minute)]


class Weekday(StrEnum):
    """A day of the week, in the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def label(self) -> str:
        """Its name as people write it."""
        return self.value.capitalize()


WEEKDAYS = tuple(Weekday)
