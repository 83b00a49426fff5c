"""A team's rules for a service: quiet hours above all, and what a service needs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.policy import QuietHours, Service

NIGHT = QuietHours(start=time(20), end=time(8), zone="Europe/Berlin")
NIGHT_AND_WEEKDAYS = NIGHT.model_copy(update={"weekends": False})
LUNCH = QuietHours(start=time(12), end=time(13), zone="Europe/Berlin", weekends=False)


def released(quiet: QuietHours, local: str) -> str:
    """The first moment that is not quiet, both in the quiet hours' own zone."""
    zone = ZoneInfo(quiet.zone)
    moment = quiet.release(datetime.fromisoformat(local).replace(tzinfo=zone))
    assert moment.tzinfo is UTC
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("quiet", "local", "until"),
    [
        (NIGHT, "2024-01-16 19:59", "Tue 2024-01-16 19:59"),
        (NIGHT, "2024-01-16 20:00", "Wed 2024-01-17 08:00"),
        (NIGHT, "2024-01-16 23:59", "Wed 2024-01-17 08:00"),
        (NIGHT, "2024-01-17 00:00", "Wed 2024-01-17 08:00"),
        (NIGHT, "2024-01-17 07:59", "Wed 2024-01-17 08:00"),
        (NIGHT, "2024-01-17 08:00", "Wed 2024-01-17 08:00"),
        (NIGHT, "2024-01-31 21:00", "Thu 2024-02-01 08:00"),
        # the weekend
        (NIGHT, "2024-01-19 19:59", "Fri 2024-01-19 19:59"),
        (NIGHT, "2024-01-19 20:00", "Mon 2024-01-22 08:00"),
        (NIGHT, "2024-01-20 12:00", "Mon 2024-01-22 08:00"),
        (NIGHT, "2024-01-21 23:59", "Mon 2024-01-22 08:00"),
        (NIGHT, "2024-01-22 03:00", "Mon 2024-01-22 08:00"),
        (NIGHT_AND_WEEKDAYS, "2024-01-20 12:00", "Sat 2024-01-20 12:00"),
        (NIGHT_AND_WEEKDAYS, "2024-01-20 21:00", "Sun 2024-01-21 08:00"),
        # a pause within the day
        (LUNCH, "2024-01-16 11:59", "Tue 2024-01-16 11:59"),
        (LUNCH, "2024-01-16 12:30", "Tue 2024-01-16 13:00"),
        (LUNCH, "2024-01-16 13:00", "Tue 2024-01-16 13:00"),
        (LUNCH.model_copy(update={"weekends": True}), "2024-01-20 10:00", "Mon 2024-01-22 00:00"),
        (QuietHours(start=time(0), end=time(6)), "2024-01-20 10:00", "Mon 2024-01-22 06:00"),
        # the same hour twice is no quiet at all
        (QuietHours(start=time(8), end=time(8), weekends=False), "2024-01-16 08:00", "Tue 2024-01-16 08:00"),
    ],
)
def test_quiet_lasts_over_midnight_and_the_weekend(quiet: QuietHours, local: str, until: str) -> None:
    assert released(quiet, local) == until


def test_the_morning_comes_at_its_wall_clock_time_whatever_the_night_did() -> None:
    """Berlin, the nights of 31 March and 27 October 2024: eleven and thirteen hours long."""
    nights = (("2024-03-30 21:00", 10), ("2024-10-26 21:00", 12))
    for evening, hours in nights:
        moment = datetime.fromisoformat(evening).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
        quiet = NIGHT_AND_WEEKDAYS.release(moment)
        assert quiet - moment == timedelta(hours=hours)
        assert quiet.astimezone(ZoneInfo("Europe/Berlin")).time() == time(8)


def test_an_end_that_the_clock_shows_twice_is_not_before_the_moment() -> None:
    """Berlin, 27 October: 02:10 of the second showing is let go at 02:30 of the second."""
    quiet = QuietHours(start=time(20), end=time(2, 30), zone="Europe/Berlin", weekends=False)
    second = datetime(2024, 10, 27, 1, 10, tzinfo=UTC)
    assert quiet.release(second) == datetime(2024, 10, 27, 1, 30, tzinfo=UTC)


def test_an_end_that_the_clock_skips_is_the_hour_after() -> None:
    """Berlin, 31 March: there is no 02:30."""
    quiet = QuietHours(start=time(20), end=time(2, 30), zone="Europe/Berlin", weekends=False)
    assert quiet.release(datetime(2024, 3, 31, 0, 45, tzinfo=UTC)) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2023, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    st.times(),
    st.times(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Asuncion"]),
    st.booleans(),
)
def test_what_is_released_is_never_early_never_quiet_and_soon(
    moment: datetime, start: time, end: time, zone: str, weekends: bool
) -> None:
    quiet = QuietHours(start=start, end=end, zone=zone, weekends=weekends)
    released_at = quiet.release(moment)
    assert released_at >= moment
    assert quiet.release(released_at) == released_at
    assert released_at - moment <= timedelta(days=4 if weekends else 1, hours=2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Berlin"},
        {"zone": "../etc/passwd"},
        {"start": "20:00+01:00"},
        {"end": "25:00"},
        {"from": "20:00"},
    ],
)
def test_quiet_hours_that_can_not_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QuietHours.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ()},
        {"environments": ()},
        {"smoke_tests": ()},
        {"name": "Admin Logistic"},
        {"watch": 4},
        {"early_start": -1},
        {"reminders": {"cosign": 0}},
        {"required_signoffs": ("boss",)},
        {"colour": "red"},
    ],
)
def test_a_service_that_could_not_release_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Service.model_validate({"name": "orders", "channels": ("C0RELEASES",)} | wrong)


def test_a_service_needs_no_more_than_a_name_and_a_channel() -> None:
    """The rest has the documents' own values: two hours of watch, the Tech Lead's sign-off."""
    service = Service(name="orders", channels=("C0RELEASES",))
    assert service.watch_length == timedelta(hours=2)
    assert service.required_signoffs == ("tech_lead",)
    assert service.environments == ("production",)


# ── of several environments ──────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_configured_without_an_environment_is_the_first_ones() -> None:
    """Of another one nothing is measured that was measured elsewhere, and nothing is started or proved there."""
    checks = {
        "there": {"kind": "http", "url": "https://{environment}.example.com/health"},
        "somewhere": {"kind": "http", "url": "https://www.example.com/health"},
        "look": {"kind": "feedback", "people": ("UQA",)},
    }
    service = Service.model_validate(
        {
            "name": "orders",
            "channels": ["C0RELEASES"],
            "environments": ["production", "staging"],
            "monitors": {"prometheus": {"kind": "prometheus", "url": "https://prometheus.example.com"}},
            "alertmanager": {"url": "https://alertmanager.example.com", "belongs": ["service=orders"]},
            "playbook": {"checks": checks},
        }
    )
    assert service.at("production") is service
    elsewhere = service.at("staging")
    assert (elsewhere.monitors, elsewhere.signals, elsewhere.alertmanager) == ({}, {}, None)
    assert list(elsewhere.playbook.checks) == ["there", "look"]
    assert elsewhere.environments == service.environments


@pytest.mark.parametrize(
    ("deployer", "stays"),
    [
        ({"kind": "argocd", "url": "https://argocd.example.com", "application": "shop"}, False),
        ({"kind": "argocd", "url": "https://argocd.example.com", "application": "shop-{environment}"}, True),
        ({"kind": "github_actions", "repository": "acme/shop", "workflow": "deploy.yml"}, True),
        (
            {"kind": "github_actions", "repository": "acme/shop", "workflow": "a.yml", "inputs": {}},
            False,
        ),
        ({"kind": "webhook", "url": "https://deploy.example.com"}, True),
    ],
)
def test_a_deployer_that_is_not_told_where_deploys_to_the_first_environment_alone(
    deployer: dict[str, Any], *, stays: bool
) -> None:
    """A rollback of staging must not move production."""
    told = {"name": "orders", "channels": ["C0RELEASES"], "environments": ["production", "staging"]}
    service = Service.model_validate(told | {"deployer": deployer})
    assert service.at("production").deployer is not None
    assert (service.at("staging").deployer is not None) is stays
