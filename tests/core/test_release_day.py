"""The entries of the release day: the documents', and what a configuration makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.release_day import DEFAULTS, EntryRule, due_at, entries, offset_of
from bot.core.roles import Role

T = datetime(2024, 4, 1, 14, 0, tzinfo=UTC)


def test_entries_are_those_of_the_documents_in_their_order() -> None:
    """Release plan: T-24h … T+30m, each with its owner."""
    assert [(entry.name, entry.owner.value) for entry in entries({})] == [
        ("T-24h", "release_manager"),
        ("T-12h", "release_manager"),
        ("T-6h", "devops"),
        ("T-2h", "qa"),
        ("T-1h", "devops"),
        ("T-30m", "release_manager"),
        ("T-0", "devops"),
        ("T+5m", "devops"),
        ("T+10m", "devops"),
        ("T+15m", "qa"),
        ("T+20m", "qa"),
        ("T+30m", "release_manager"),
    ]


def test_configuration_replaces_adds_and_leaves_out() -> None:
    """A rule keeps what it does not say; a new entry goes to its place; null takes one away."""
    rules = {
        "T-12h": None,
        "T-45m": EntryRule(what="Status page updated"),
        "T-6h": EntryRule(owner=Role.TECH_LEAD),
        "T+1d": EntryRule(what="Look back", owner=Role.PM),
    }
    day = {entry.name: (entry.what, entry.owner) for entry in entries(rules)}
    assert list(day)[:5] == ["T-24h", "T-6h", "T-2h", "T-1h", "T-45m"]
    assert list(day)[-1] == "T+1d"
    assert day["T-6h"] == ("Backups verified", Role.TECH_LEAD)
    assert day["T-45m"] == ("Status page updated", Role.DEVOPS)
    assert len(day) == len(DEFAULTS) + 1


def test_entry_with_another_task_is_not_proved_by_the_documents_step() -> None:
    """“Smoke passed” proves smoke tests, and nothing else that a team puts at T+15m."""
    proved = {entry.name: entry.proved_by for entry in entries({"T+15m": EntryRule(what="Call the warehouse")})}
    assert proved["T+15m"] == ""
    assert proved["T-0"] == "start"


def test_without_rules_there_is_no_clock() -> None:
    """`release_day: null`."""
    assert entries(None) == ()


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("T-24h", timedelta(hours=-24)),
        ("T-0", timedelta()),
        ("T+5m", timedelta(minutes=5)),
        ("T-2d", timedelta(days=-2)),
    ],
)
def test_name_of_an_entry_says_its_offset(name: str, span: timedelta) -> None:
    """The name is the only place where the offset stands."""
    assert offset_of(name) == span


@pytest.mark.parametrize("name", ["T", "24h", "T-24", "T-1w", "t-24h", "T-0h0", ""])
def test_other_words_are_no_names(name: str) -> None:
    """What can't be read is not guessed at; a bare T-24 may mean hours or minutes."""
    with pytest.raises(ValueError, match="not the name"):
        offset_of(name)


def test_entries_count_from_the_agreed_time_and_from_the_end_of_the_deployment() -> None:
    """Absolute hours, whatever the clocks on the wall do meanwhile; Berlin's change on 31 March."""
    day = {entry.name: entry for entry in entries({})}
    assert due_at(day["T-24h"], T, None) == T - timedelta(hours=24)
    assert due_at(day["T-0"], T, None) == T
    assert due_at(day["T+5m"], T, None) is None
    ended = T + timedelta(minutes=17)
    assert due_at(day["T+5m"], T, ended) == ended + timedelta(minutes=5)


def test_what_is_due_shortly_before_or_after_is_urgent() -> None:
    """Only the entries of the eve keep quiet hours."""
    assert [entry.name for entry in entries({}) if not entry.urgent] == ["T-24h", "T-12h", "T-6h"]
