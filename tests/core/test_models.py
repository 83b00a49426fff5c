"""What is written of a model on the way of an acknowledgement is what pydantic itself would write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bot.core.dialogues import DIALOGUES
from bot.core.events import Act, Event, Fact
from bot.core.forms import Form
from bot.core.models import json_of, model_of, put_together, values_of
from tests.core.test_events import EVENT

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    LEAVES, lambda of: st.lists(of, max_size=4) | st.dictionaries(TEXTS, of, max_size=4), max_leaves=12
)
MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - the zones follow


def event(at: datetime, data: dict[str, Any], name: str = "Tania") -> Event:
    return Event(**{**EVENT.model_dump(), "at": at, "data": data, "name": name})


@given(at=MOMENTS, data=st.dictionaries(TEXTS, VALUES, max_size=4), name=TEXTS)
def test_an_event_of_anything_is_written_as_pydantic_writes_it(at: datetime, data: dict[str, Any], name: str) -> None:
    """Other zones, numbers of any size, what is no number, every text: byte for byte."""
    made = event(at, data, name)
    assert json_of(made) == made.model_dump_json()
    assert repr(values_of(made)) == repr(made.model_dump(mode="json"))  # what is no number equals nothing


class Within(Fact):
    """What a fact may hold: another, names that are no texts, spans."""

    act: Act
    spans: dict[int, timedelta]
    kinds: frozenset[str] = frozenset()


def test_what_only_pydantic_can_write_is_written_by_it() -> None:
    """A name that is a number is refused by the faster way, which then leaves the whole to pydantic."""
    act = Act(step="plan", actor="U1", name="Tania", at=datetime.fromisoformat("2026-07-04T12:00:00Z"), stage=3)
    made = Within(act=act, spans={1: timedelta(minutes=5)}, kinds=frozenset({"one"}))
    assert json_of(made) == made.model_dump_json()


def test_half_a_character_is_refused_and_not_written_as_another() -> None:
    """Half of a surrogate pair is no text: neither way writes it."""
    with pytest.raises(ValueError, match="surrogates"):
        json_of(event(datetime.fromisoformat("2026-07-04T12:00:00Z"), {"reason": "\ud800"}))


def models(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for below in kind.__subclasses__():
        yield below
        yield from models(below)


def test_no_fact_and_no_form_says_how_its_own_fields_are_written() -> None:
    """The faster way would not ask them."""
    assert DIALOGUES
    found = [kind for base in (Fact, Form) for kind in models(base)]
    assert len(found) > 50
    for kind in found:
        decorators = kind.__pydantic_decorators__
        assert not decorators.field_serializers, kind
        assert not decorators.model_serializers, kind
        assert not decorators.computed_fields, kind
        assert not kind.__private_attributes__, kind
        assert all(field.serialization_alias is None for field in kind.model_fields.values()), kind


def test_values_that_do_not_fit_are_refused_as_pydantic_refuses_them() -> None:
    with pytest.raises(ValidationError, match="stage"):
        model_of(Act, {"step": "plan", "actor": "U1", "name": "Tania", "at": "2026-07-04T12:00:00Z", "stage": "late"})


def test_a_model_that_was_put_together_behaves_as_one_that_was_checked() -> None:
    """Equal, as frozen, copied, and with the same fields given."""
    checked = Act(step="plan", actor="U1", name="Tania", at=datetime.fromisoformat("2026-07-04T12:00:00Z"), stage=3)
    made = put_together(Act, dict(checked.__dict__), set(checked.model_fields_set))
    assert made == checked
    assert hash(made) == hash(checked)
    assert made.model_fields_set == checked.model_fields_set
    assert made.model_copy(update={"stage": 4}).stage == 4
    with pytest.raises(ValidationError, match="frozen"):
        made.stage = 4  # type: ignore[misc]  # what is tried here
