"""Facts that are put together from checked values are those that the constructor would have made."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bot.core.events import Act, Event
from bot.core.release_rules import Release

NOON = datetime(2026, 7, 4, 12, tzinfo=UTC)
EVENT = Event(
    conversation="c",
    number=2,
    dialogue="release",
    step="plan",
    state="awaiting_timing",
    stage=3,
    at=NOON,
    actor="U1",
    name="Tania",
    roles=("devops",),
    data={"when": "16:00", "concerns": ["none"]},
)
RELEASE = Release(
    id="c",
    dialogue="release",
    service="shop",
    environment="production",
    version="v1",
    channel="C1",
    opened_at=NOON,
    opened_by="U1",
    state="awaiting_plan",
    since=NOON,
)


def test_a_trusted_fact_is_the_one_that_the_constructor_makes() -> None:
    """The same to compare, to store and to copy; frozen like any other."""
    trusted = Event.trusted(**dict(EVENT))
    assert trusted == EVENT
    assert trusted.model_dump_json() == EVENT.model_dump_json()
    assert trusted.model_copy(update={"number": 3}) == EVENT.model_copy(update={"number": 3})
    assert list(dict(trusted)) == list(Event.model_fields)
    with pytest.raises(ValidationError):
        trusted.number = 3  # type: ignore[misc]  # that it can't be set is the point


def test_a_changed_copy_is_the_one_that_model_copy_makes_and_leaves_the_original() -> None:
    """Also stored: fields keep their order, and those that were never given are stored like any other."""
    act = Act(step="plan", actor="U1", name="Tania", at=NOON, stage=1)
    changes = {"state": "objected", "trail": (act,), "planned_at": NOON}
    changed = RELEASE.but(**changes)
    assert changed == RELEASE.model_copy(update=changes)
    assert changed.model_dump_json() == RELEASE.model_copy(update=changes).model_dump_json()
    assert Release.model_validate_json(changed.model_dump_json()) == changed
    assert (RELEASE.state, RELEASE.trail) == ("awaiting_plan", ())
