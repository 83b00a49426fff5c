"""What a form knows before anybody types."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.prefill import Known, prefill
from bot.core.release_forms import PlanForm
from bot.core.release_prefill import FILLERS
from tests.core.a_release import POLICY, QA, TECH_LEAD, Play, approval


def signed() -> Play:
    play = Play()
    play.take("approve", QA, approval())
    play.take("cosign", TECH_LEAD)
    return play


@pytest.mark.parametrize(
    ("now", "offered"),
    [("15:20", "16:00"), ("15:30", "16:00"), ("15:31", "17:00"), ("15:59", "17:00"), ("16:00", "17:00")],
)
def test_a_plan_offers_the_first_full_hour_that_leaves_half_an_hour(now: str, offered: str) -> None:
    at = datetime.fromisoformat(f"2024-01-16T{now}").replace(tzinfo=UTC)
    known = Known(signed().release, POLICY, None, at)
    assert prefill(FILLERS[PlanForm], known)["when"] == datetime.fromisoformat(f"2024-01-16T{offered}").replace(
        tzinfo=UTC
    )


def test_a_plan_made_late_in_the_evening_offers_the_next_day() -> None:
    known = Known(signed().release, POLICY, None, datetime(2024, 1, 31, 23, 45, tzinfo=UTC))
    assert prefill(FILLERS[PlanForm], known)["when"] == datetime(2024, 2, 1, 1, 0, tzinfo=UTC)
