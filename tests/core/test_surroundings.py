"""What is around a conversation: which versions are good to go back to, and which are not."""

from __future__ import annotations

import pytest

from bot.core.surroundings import NOWHERE, Past, Surroundings


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
