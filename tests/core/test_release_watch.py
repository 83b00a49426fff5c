"""From the deployment on: when it ended, what a breach does, and how long production is watched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.release_forms import ExtendForm
from bot.core.roles import CLOCK
from bot.errors import Refusal
from tests.core.a_release import (
    CI,
    DEVOPS,
    POLICY,
    QA,
    TECH_LEAD,
    WATCH,
    Play,
    breach,
    deployed,
    passed,
    reason,
    start,
)


def refusal(play: Play, *step: Any, **move: Any) -> Refusal:
    before = play.release.model_copy(deep=True)
    with pytest.raises(Refusal) as refused:
        play.take(*step, **move)
    assert play.release == before
    return refused.value


# ── deploying ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_expected_end_follows_from_the_start() -> None:
    """Whoever starts late is not reminded of the planned end."""
    play = Play().scheduled().wait(hours=2)
    play.take("start", DEVOPS, start())
    assert play.release.planned_end == play.now + timedelta(minutes=15)


def test_a_deployment_ends_now_unless_another_time_is_given() -> None:
    assert Play().awaiting_smoke().release.forms["deployed"]["finished_at"].startswith("2024-01-16T16:12")
    play = Play().deploying().wait(minutes=30)
    play.take("deployed", DEVOPS, deployed(finished_at="2024-01-16T16:10:00Z"))
    assert play.release.forms["deployed"]["finished_at"].startswith("2024-01-16T16:10")


def test_a_deployment_has_not_ended_in_the_future() -> None:
    """Two minutes are forgiven: clocks differ."""
    play = Play().deploying()
    ahead = (play.now + timedelta(minutes=3)).isoformat()
    assert "has not come yet" in refusal(play, "deployed", CI, deployed(finished_at=ahead)).fields["finished_at"]
    play.take("deployed", CI, deployed(finished_at=(play.now + timedelta(minutes=1)).isoformat()))


def test_a_severe_breach_goes_to_rollback_at_once() -> None:
    assert Play().watching().take("breach", WATCH, breach("P0")).state == "rolling_back"
    assert Play().watching().take("breach", WATCH, breach("P1")).state == "awaiting_decision"


# ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_watch_begins_with_the_verification() -> None:
    play = Play(POLICY.model_copy(update={"watch": 90})).watching()
    assert play.release.watch_until == play.now + timedelta(minutes=90)


def test_a_longer_watch_counts_from_the_end_of_the_watch() -> None:
    """And from now, where that end has passed."""
    play = Play().watching()
    verified = play.now
    play.wait(minutes=30).take("extend_watch", QA, ExtendForm(minutes=60))
    assert play.release.watch_until == verified + timedelta(hours=3)
    play.wait(hours=5).take("extend_watch", DEVOPS, ExtendForm(minutes=10))
    assert play.release.watch_until == play.now + timedelta(minutes=10)


def test_a_watch_that_was_interrupted_goes_on_for_the_time_that_was_left() -> None:
    """Nobody watched while it was decided, and a release is not complete the moment after."""
    play = Play().watching().wait(minutes=50)
    play.take("breach", WATCH, breach())
    play.wait(hours=3).take("continue", TECH_LEAD, reason())
    assert play.release.state == "watching"
    assert play.release.watch_until == play.now + timedelta(minutes=70)


def test_continuing_before_the_watch_began_sets_no_end_of_it() -> None:
    play = Play().in_state("awaiting_decision")
    assert play.take("continue", TECH_LEAD, reason()).watch_until is None
    play.take("deployed", DEVOPS, deployed())
    assert play.take("smoke_passed", QA, passed()).watch_until == play.now + timedelta(hours=2)


def test_the_clock_completes_and_is_named_as_such() -> None:
    play = Play().in_state("completed")
    assert play.events[-1].actor == CLOCK.id
