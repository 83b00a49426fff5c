"""What is around a conversation: which versions are good to go back to, and which are not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.release import RELEASE
from bot.core.surroundings import BEFORE_DEPLOYING, LIVE, NOWHERE, Past, Surroundings


def released(*told: tuple[str, str]) -> Surroundings:
    """Releases by version and state, the latest first."""
    return Surroundings(releases=tuple(Past(f"r{index}", *one) for index, one in enumerate(told)))


TWICE = released(("v1.2.0", "rolled_back"), ("v1.2.0", "completed"), ("v1.1.0", "completed"), ("v1.0.0", "completed"))
"""v1.2.0 was verified, released once more, and rolled back then."""


def test_the_way_back_is_the_version_that_was_verified_last_and_not_rolled_back_since() -> None:
    assert TWICE.way_back_from("v1.3.0") == "v1.1.0"


def test_the_way_back_from_a_version_is_never_that_version_however_it_is_spelled() -> None:
    assert TWICE.way_back_from("1.1.0") == "v1.0.0"


def test_there_is_no_way_back_where_nothing_was_verified() -> None:
    assert NOWHERE.way_back_from("v1.0.0") == ""
    assert released(("v1.0.0", "rolled_back")).way_back_from("v1.1.0") == ""


@pytest.mark.parametrize(("version", "bad"), [("v1.2.0", True), ("1.2.0", True), ("v1.1.0", False), ("v9.9.9", False)])
def test_a_version_is_known_to_be_bad_however_it_is_spelled(version: str, *, bad: bool) -> None:
    assert TWICE.is_known_bad(version) is bad


def test_a_version_that_was_verified_after_it_was_rolled_back_is_good_again() -> None:
    assert not released(("v1.2.0", "completed"), ("v1.2.0", "rolled_back")).is_known_bad("v1.2.0")


def test_what_is_live_is_what_was_verified_or_gone_back_to_last() -> None:
    """A rollback to another version than the one that was released before leaves that one not live."""
    moments = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    first = Past("r1", "v1.1.0", "completed", since=moments[0])
    second = Past("r2", "v1.2.0", "rolled_back", since=moments[1])
    back = Past("b1", "v1.2.0", "closed", "v1.0.8", since=moments[2])
    third = Past("r3", "v1.2.1", "completed", since=moments[3])
    assert Surroundings(releases=(second, first)).live == "v1.1.0"
    assert Surroundings(releases=(second, first), rollbacks=(back,)).live == "v1.0.8"
    assert Surroundings(releases=(third, second, first), rollbacks=(back,)).live == "v1.2.1"
    under_way = Past("r4", "v1.3.0", "watching", since=moments[0])
    assert Surroundings(releases=(under_way, third), rollbacks=(back,)).live == "v1.3.0"


# ── what was there ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "there"),
    [
        *((state, False) for state in (*BEFORE_DEPLOYING, "withdrawn")),
        *((state, True) for state in (*LIVE, "completed", "rolled_back")),
    ],
)
def test_a_release_was_deployed_once_it_has_begun_to_be(state: str, *, there: bool) -> None:
    around = released(("v1.2.0", state))
    assert around.was_deployed("1.2.0") is there
    assert (around.not_deployed("V1.2.0") is None) is there
    assert around.not_deployed("v9.9.9") is None, "nothing is known of it"


def test_every_state_of_a_release_is_one_of_those() -> None:
    told = {*BEFORE_DEPLOYING, "withdrawn", *LIVE, "completed", "rolled_back"}
    assert told == {state.name for state in RELEASE.states}


@pytest.mark.parametrize(
    ("state", "there"), [("awaiting_start", True), ("closed", True), ("declined", False), ("withdrawn", False)]
)
def test_what_is_rolled_back_was_there_and_a_false_alarm_says_nothing(state: str, *, there: bool) -> None:
    around = Surroundings(rollbacks=(Past("b0", "v1.0.5", state),))
    assert around.was_deployed("v1.0.5") is there


def test_what_a_rollback_went_back_to_is_there() -> None:
    around = Surroundings(rollbacks=(Past("b0", "v1.1.0", "closed", back_to="v1.0.8"),))
    assert around.was_deployed("1.0.8")
    assert not around.was_deployed("v1.0.7")


def test_production_is_on_what_is_under_way_and_else_on_what_was_verified_last() -> None:
    assert released(("v1.3.0", "scheduled"), ("v1.2.0", "watching"), ("v1.1.0", "completed")).live == "v1.2.0"
    assert released(("v1.3.0", "scheduled"), ("v1.2.0", "rolled_back"), ("v1.1.0", "completed")).live == "v1.1.0"
    assert NOWHERE.live == ""


def test_the_ways_back_are_told_once_each_the_latest_first() -> None:
    again = released(("v1.1.0", "completed"), ("v1.0.0", "completed"), ("v1.1.0", "completed"))
    assert again.ways_back_from("v1.2.0") == ("v1.1.0", "v1.0.0")
