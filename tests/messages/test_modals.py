"""Forms: every field's question follows from the field, whatever is known of its answer, and is read back the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dialogue import Step
from bot.core.forms import Form
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_forms import ApprovalForm, PlanForm
from bot.errors import Refusal
from bot.messages.limits import view_violations
from bot.messages.message import Block
from bot.messages.modals import SERVICE, answers, field_errors, modal, reference_of
from bot.messages.references import Reference
from playground.slack.block_rules import check_view
from playground.slack.elements import initial_values
from tests.messages.a_spoken_release import APPROVAL, PLAN, POLICY
from tests.messages.kept import hold_view

OPENING = Reference("release", "approve", service="admin-logistic", channel="C0RELEASES")
WITH_FORM = [step for step in RELEASE.steps if step.form]
NOW = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)


def of(step: str) -> Reference:
    return Reference("release", step, "r1", 3)


def form_of(step: Step) -> type[Form]:
    assert step.form is not None
    return step.form


def opened(step: str, known: dict[str, Any], reference: Reference = OPENING, **more: Any) -> Block:
    """A form as it opens, and as Slack would take it."""
    view = modal(RELEASE.step(step), reference, known, **more)
    assert view_violations(view) == []
    check_view(view)
    return view


def submitted(view: Block) -> Block:
    """The view as it comes back where the person changed nothing."""
    return {**view, "state": {"values": initial_values(view["blocks"])}}


def question(view: Block, name: str) -> Block:
    return next(block for block in view["blocks"] if block.get("block_id") == name)


def approved(**changes: Any) -> dict[str, Any]:
    return ApprovalForm.from_answers(APPROVAL | changes).model_dump(mode="json")


# ── as they are kept ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("step", WITH_FORM, ids=lambda step: step.name)
def test_an_empty_form_is_as_kept(step: Step) -> None:
    """Every step's form, with nothing known."""
    hold_view(f"forms/{step.name}", modal(step, of(step.name) if step.sources else OPENING, {}))


@pytest.mark.parametrize("step", WITH_FORM, ids=lambda step: step.name)
def test_an_empty_form_warns_of_nothing(step: Step) -> None:
    """Only a list that the form can't hold says so."""
    assert "can't hold" not in str(opened(step.name, {}, of(step.name)))


def test_a_form_that_is_filled_is_as_kept() -> None:
    view = modal(
        RELEASE.step("revise"), of("revise"), approved(), title_detail="v1.2.0", context_line="Admin Logistic <prod>"
    )
    hold_view("forms/revise_filled", view)


def test_a_form_that_asks_for_the_service_is_as_kept() -> None:
    other = Service(name="billing", title="Billing", channels=("C0OTHER",))
    hold_view("forms/approve_with_services", modal(RELEASE.step("approve"), OPENING, {}, services=(POLICY, other)))


# ── there and back ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("step", "kept"), [("revise", approved()), ("plan", PLAN)])
def test_what_is_filled_in_comes_back_the_same(step: str, kept: dict[str, Any]) -> None:
    """A filled form that is submitted unchanged is the form that it was filled with."""
    form = form_of(RELEASE.step(step))
    back = answers(submitted(opened(step, kept, of(step))))
    assert form.from_answers(back) == form.from_answers(kept)


def test_a_locked_field_is_shown_not_asked_and_comes_back() -> None:
    view = opened("revise", approved(), of("revise"))
    assert "version" not in {block.get("block_id") for block in view["blocks"]}
    assert any("*Version:* v1.2.0" in str(block) for block in view["blocks"])
    assert answers(submitted(view))["version"] == "v1.2.0"


def test_a_locked_field_is_asked_while_the_conversation_is_not_open() -> None:
    assert question(opened("approve", {}), "version")["optional"] is False


def test_a_hundred_long_changes_survive_a_revision() -> None:
    """What one input can't hold is asked in several; nothing is lost and nothing is cut."""
    changes = [f"{number:03d} " + "x" * 296 for number in range(100)]
    view = opened("revise", approved(changes=changes), of("revise"))
    assert question(view, "changes")["optional"] is False
    assert question(view, "changes:2")["optional"] is True
    back = ApprovalForm.from_answers(answers(submitted(view)))
    assert list(back.changes) == changes


def test_lines_can_be_taken_out_of_any_input_of_a_long_list() -> None:
    """A person who empties the first input of a long list leaves the lines of the others."""
    changes = [f"{number:03d} " + "x" * 296 for number in range(30)]
    view = submitted(opened("revise", approved(changes=changes), of("revise")))
    view["state"]["values"]["changes"]["answer"]["value"] = None
    rest = ApprovalForm.from_answers(answers(view)).changes
    assert rest == tuple(changes)[-len(rest) :]
    assert 0 < len(rest) < 30


def test_a_list_that_no_form_can_hold_says_what_it_leaves_out() -> None:
    """Slack takes 250,000 bytes of a form; 100 lines of 300 letters that take six each, twice, are more."""
    changes = ["я" * 300] * 100
    view = opened("revise", approved(changes=changes, known_issues=changes), of("revise"))
    told = [block["elements"][0]["text"] for block in view["blocks"] if block["type"] == "context"]
    kept = len(ApprovalForm.from_answers(answers(submitted(view))).changes)
    assert told == [f"⚠️ This form can't hold {100 - kept} more lines. Submitting it drops them."] * 2


# ── whatever is known ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("stories_tested=many", "stories_tested"),
        ("stories_tested=-3", "stories_tested"),
        ("stories_tested=99999", "stories_tested"),
        ("release_notes=soon", "release_notes"),
        ("regression=maybe", "regression"),
        ("authors=somebody", "authors"),
        (f"sprint={'x' * 200}", "sprint"),
    ],
)
def test_what_an_input_cant_hold_is_said_below_it(typed: str, field: str) -> None:
    """Slack would refuse the whole form: it opens all the same, with what was typed shown as not possible."""
    view = opened("approve", ApprovalForm.answers_from_words(typed, NOW))
    asked = question(view, field)
    assert not [key for key in asked["element"] if key.startswith("initial")]
    assert "can't stand here." in asked["hint"]["text"]
    assert typed.partition("=")[2][:50] in asked["hint"]["text"]


@pytest.mark.parametrize(
    ("typed", "field", "key", "filled"),
    [
        ("stories_tested=3", "stories_tested", "initial_value", "3"),
        ("release_notes=https://docs.example.com/x", "release_notes", "initial_value", "https://docs.example.com/x"),
        ("authors='<@U0ONE> <@U0TWO|two>'".replace("'", '"'), "authors", "initial_users", ["U0ONE", "U0TWO"]),
        ("changes=one;two", "changes", "initial_value", "one\ntwo"),
        ('sprint="Sprint 16"', "sprint", "initial_value", "Sprint 16"),
    ],
)
def test_what_was_typed_before_the_form_opened_is_filled_in(typed: str, field: str, key: str, filled: object) -> None:
    view = opened("approve", ApprovalForm.answers_from_words(typed, NOW))
    assert question(view, field)["element"][key] == filled


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*ApprovalForm.model_fields, *PlanForm.model_fields]),
        st.one_of(
            st.none(),
            st.text(max_size=4_000),
            st.integers(),
            st.lists(st.text(max_size=400), max_size=120),
            st.datetimes(timezones=st.just(UTC)),
        ),
        max_size=8,
    ),
    st.sampled_from(["approve", "revise", "plan"]),
    st.text(max_size=300),
)
def test_a_form_opens_whatever_is_known(known: dict[str, Any], step: str, about: str) -> None:
    """No answer that somebody gave, nor a name in the line above, can keep a form from opening."""
    locked = {} if step == "approve" else {"version": "v1.2.0"}  # of an open conversation, its own
    reference = OPENING if step == "approve" else of(step)
    opened(step, known | locked, reference, title_detail=about[:30], context_line=about)


@pytest.mark.parametrize("step", WITH_FORM, ids=lambda step: step.name)
def test_a_field_that_is_needed_is_asked_for_as_needed(step: Step) -> None:
    view = opened(step.name, {}, of(step.name) if step.sources else OPENING)
    for name, (_, info) in form_of(step).asks().items():
        asked = [block for block in view["blocks"] if block.get("block_id") == name]
        assert [block["optional"] for block in asked] in ([], [not info.is_required()])


def test_a_title_names_the_version_whole_or_not_at_all() -> None:
    titles = {
        step: opened(step, {}, of(step), title_detail="v1.2.0-rc.1")["title"]["text"]
        for step in ("object", "propose_time")
    }
    assert titles == {"object": "Object v1.2.0-rc.1", "propose_time": "Propose another time"}


# ── what it is for ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_submitted_form_names_its_conversation_and_stage() -> None:
    assert reference_of(submitted(opened("plan", {}, of("plan")))) == of("plan")


def test_the_service_that_was_chosen_in_the_form_is_the_references() -> None:
    view = submitted(opened("approve", {}, Reference("release", "approve", channel="C0X"), services=(POLICY,)))
    chosen = question(view, SERVICE)["element"]["options"][0]
    view["state"]["values"][SERVICE]["answer"]["selected_option"] = chosen
    assert reference_of(view) == Reference("release", "approve", service="admin-logistic", channel="C0X")
    assert SERVICE not in answers(view)


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def errors(**fields: str) -> dict[str, str]:
    return field_errors(Refusal("Some details are wrong.", fields=fields), opened("revise", approved(), of("revise")))


def test_an_error_stands_below_its_field() -> None:
    assert errors(commit="This is needed.") == {"commit": "This is needed."}


def test_an_error_of_a_field_that_is_not_asked_stands_below_the_first() -> None:
    """The version is locked: what is wrong with it has no field of its own, and is not lost beside other errors."""
    told = errors(version="Another version is another release.", commit="This is needed.")
    assert told == {"sprint": "Another version is another release.", "commit": "This is needed."}
    both = errors(version="Another version is another release.", sprint="This is needed.")
    assert both == {"sprint": "This is needed. Another version is another release."}


def test_a_refusal_without_fields_stands_below_the_first() -> None:
    view = opened("revise", approved(), of("revise"))
    told = field_errors(Refusal("“Revise” is not possible now.", remedy="The release is deployed."), view)
    assert told == {"sprint": "“Revise” is not possible now. The release is deployed."}


def test_an_error_is_plain_text_where_a_remedy_marks_what_to_type() -> None:
    told = Refusal("Nothing to test.", remedy="Write `/release drill`.")
    view = opened("revise", approved(), of("revise"))
    assert field_errors(told, view) == {"sprint": "Nothing to test. Write /release drill."}


def test_a_long_error_is_shortened() -> None:
    assert len(errors(commit="x" * 1_000)["commit"]) == 300


def test_slack_takes_every_error() -> None:
    """Slack refuses an answer that names a block which is no input, or is empty."""
    view = opened("revise", approved(), of("revise"))
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    told = field_errors(Refusal("x", fields=dict.fromkeys(ApprovalForm.model_fields, "Wrong.")), view)
    assert set(told) <= inputs
    assert all(told.values())
