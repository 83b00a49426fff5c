"""What the release's forms take and refuse."""

from __future__ import annotations

from typing import Any

import pytest
from annotated_types import MaxLen

from bot.core.forms import Ask, Form
from bot.core.release import RELEASE
from bot.core.release_forms import (
    ApprovalForm,
    ExtendForm,
    RollbackForm,
)
from bot.core.smoke_forms import SmokeFailedForm, SmokePassedForm, TestResult, read_result
from bot.errors import Refusal
from tests.core.a_release import APPROVAL, approval, deployed, plan

FORMS = sorted({step.form for step in RELEASE.steps if step.form}, key=lambda form: form.__name__)


def wrong(form: type[Form], **answers: Any) -> dict[str, str]:
    """What is said at each field."""
    with pytest.raises(Refusal) as refused:
        form.from_answers(answers)
    return dict(refused.value.fields)


def wrong_approval(**changes: Any) -> dict[str, str]:
    return wrong(ApprovalForm, **(APPROVAL | changes))


def test_the_documents_own_approval_is_taken_as_it_stands() -> None:
    form = approval(release_notes="https://docs.example.com/v1.2.0")
    assert (form.version, form.sprint, form.commit) == ("v1.2.0", "Sprint 16", "abc123")
    assert len(form.changes) == 3
    assert (form.rollback_signal, form.rollback_threshold, form.rollback_minutes) == ("error_rate", ">5%", 30)


def test_an_approval_without_answers_asks_for_what_the_document_asks() -> None:
    """Known issues among them: an explicit "none" counts, silence does not."""
    needed = wrong(ApprovalForm)
    assert set(needed.values()) == {"This is needed."}
    assert set(needed) == {
        *("version", "sprint", "commit", "stories_tested", "stories_total", "bugs_found", "bugs_fixed"),
        *("regression", "smoke", "changes", "known_issues", "rollback_threshold"),
    }


@pytest.mark.parametrize("silence", ["", "   ", [], "\n", "-", "•  \n - "])
def test_silence_about_known_issues_does_not_count(silence: object) -> None:
    assert "needed" in wrong_approval(known_issues=silence)["known_issues"]


def test_an_explicit_none_counts() -> None:
    assert approval(known_issues="None").known_issues == ("None",)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"stories_tested": 4}, "stories_total", "More stories are tested than the release has"),
        ({"bugs_fixed": 6}, "bugs_fixed", "More bugs are fixed than were found"),
        ({"regression": "failed"}, "regression", "failed tests can't be approved"),
        ({"smoke": "not_run"}, "smoke", "before this was run"),
        ({"smoke": "great"}, "smoke", "one of: passed, passed_with_known_issues, failed, not_run"),
        ({"stories_tested": "-1"}, "stories_tested", "at least 0"),
        ({"bugs_found": 10000}, "bugs_found", "at most 9999"),
        ({"bugs_found": "five"}, "bugs_found", "a whole number"),
        ({"bugs_found": "5.5"}, "bugs_found", "a whole number"),
        ({"version": "the new one"}, "version", "such as v1.2.0"),
        ({"version": "v" * 61}, "version", "60 characters at most"),
        ({"commit": "abc12"}, "commit", "at least its first 6 characters"),
        ({"commit": "abc 123"}, "commit", "such as abc123"),
        ({"release_notes": "docs/v1.2.0"}, "release_notes", "https:// or http://"),
        ({"release_notes": "javascript:alert(1)"}, "release_notes", "https:// or http://"),
        ({"rollback_threshold": "many"}, "rollback_threshold", "such as >5%"),
        ({"rollback_minutes": 0}, "rollback_minutes", "at least 1"),
        ({"rollback_signal": "vibes"}, "rollback_signal", "one of: error_rate"),
        ({"changes": "x\n" * 101}, "changes", "100 at most"),
        ({"changes": ["good", "x" * 301]}, "changes", "Entry 2: This is too long: 300"),
        ({"authors": "@bob"}, "authors", "by mention"),
        ({"sprint": "16\n17"}, "sprint", "one line"),
    ],
)
def test_each_wrong_answer_is_told_at_its_field(changes: dict[str, Any], field: str, words: str) -> None:
    """What was wrong, what is allowed; and at no other field."""
    told = wrong_approval(**changes)
    assert set(told) == {field}
    assert words in told[field]


@pytest.mark.parametrize("threshold", [">5%", "> 2 s", ">=2.5s", "≥ 1,5 %", "<10 requests/s"[:11], "≤3", "<0.1"])
def test_a_threshold_is_a_comparison_with_a_number(threshold: str) -> None:
    assert approval(rollback_threshold=threshold).rollback_threshold == threshold


@pytest.mark.parametrize("hostile", ["<!channel> *bold* `code` _it_", "🚀" * 75, "\u202eright to left", "<@U123> & co"])
def test_hostile_text_is_taken_as_it_is(hostile: str) -> None:
    """What shows it escapes it; nothing is lost on the way in."""
    form = approval(sprint=hostile, changes=[hostile], known_issues=[hostile])
    assert (form.sprint, form.changes, form.known_issues) == (hostile, (hostile,), (hostile,))
    assert ApprovalForm.model_validate_json(form.model_dump_json()) == form


@pytest.mark.parametrize("control", ["a\x00b", "a\x1bb", "a\u2028b", "\ud800"])
def test_control_characters_and_broken_text_are_refused(control: str) -> None:
    assert "one line" in wrong_approval(sprint=control)["sprint"]
    assert "one entry per line" in wrong_approval(changes=[control])["changes"]


def test_every_field_at_its_longest_is_taken() -> None:
    form = approval(
        version="v" * 60,
        sprint="S" * 150,
        commit="a" * 64,
        changes=["c" * 300] * 100,
        known_issues=["k" * 300] * 100,
        authors=[f"U{index:02}X" for index in range(10)],
    )
    assert len(form.changes) == 100


# ── plan, deployment ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_plan_names_its_time_its_target_and_who_watches() -> None:
    """No deployment without a rollback target."""
    assert set(wrong(type(plan()))) == {"when", "rollback_target", "error_monitoring", "performance_monitoring"}


def test_a_deployment_notice_needs_a_link_to_the_monitoring() -> None:
    """Communication guidelines: provide monitoring access."""
    with pytest.raises(Refusal) as refused:
        deployed(monitoring=["Sentry", "Datadog"])
    assert "needs a link" in refused.value.fields["monitoring"]


# ── smoke tests ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("Login: Pass", TestResult(name="Login", passed=True)),
        ("Order Tracking (new): ✅ Pass", TestResult(name="Order Tracking (new)", passed=True)),
        ("Orders – ok", TestResult(name="Orders", passed=True)),
        ("Log-in: passed, twice", TestResult(name="Log-in", passed=True, detail="twice")),
        ("API: Login: PASS", TestResult(name="API: Login", passed=True)),
        ("Create Order: Fail (500 error)", TestResult(name="Create Order", passed=False, detail="500 error")),
        ("Create Order: ❌ Fail: see https://x.example/1", None),
        ("Create Order: Fail (error: 500)", TestResult(name="Create Order", passed=False, detail="error: 500")),
    ],
)
def test_a_result_is_read_as_people_type_it(line: str, row: TestResult | None) -> None:
    """Also where what was seen has colons of its own."""
    seen = TestResult(name="Create Order", passed=False, detail="see https://x.example/1")
    assert read_result(line) == (row or seen)


@pytest.mark.parametrize("line", ["Login", "Login: passing", "Pass", ": Pass", "Login: maybe", ""])
def test_a_line_that_says_neither_pass_nor_fail_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="neither Pass nor Fail"):
        read_result(line)


def test_a_failed_row_does_not_pass_and_passed_rows_do_not_fail() -> None:
    """Each says which step is meant instead."""
    failed_row = wrong(SmokePassedForm, results="Login: Pass\nOrders: Fail", duration=8)
    assert failed_row == {"results": "Orders failed. Use “Smoke failed” to report it."}
    all_passed = wrong(SmokeFailedForm, results="Login: Pass", duration=8)
    assert all_passed == {"results": "Every test passed. Use “Smoke passed”, or mark the one that failed."}
    unreadable = wrong(SmokePassedForm, results="Login", duration=8)
    assert unreadable["results"].startswith("“Login” says neither Pass nor Fail.")


def test_rows_are_those_of_the_results_in_order() -> None:
    form = SmokePassedForm.from_answers({"results": "Login: Pass\n- Orders: ok", "duration": "8"})
    assert [row.name for row in form.rows] == ["Login", "Orders"]


def test_the_other_forms_keep_their_bounds() -> None:
    assert "at least 5" in wrong(ExtendForm, minutes=4)["minutes"]
    assert "one of: P0, P1" in wrong(RollbackForm, severity="P2", issue="x", target="v1")["severity"]


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_field_says_how_it_is_asked_for(form: type[Form]) -> None:
    """And a choice names its values, so that modal, words and JSON agree."""
    for name, (ask, info) in form.asks().items():
        assert isinstance(ask, Ask)
        assert ask.label, name
        assert (ask.widget in ("choice", "choices")) is bool(ask.choices or ask.choices_of), name
        if ask.widget in {"line", "text"} and info.annotation is str:
            assert [rule for rule in info.metadata if isinstance(rule, MaxLen)], f"{name}: modals must know its length"
    assert form.model_json_schema()["type"] == "object"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize(
    "odd", [5, 1.5, True, ["x", 5], {"a": 1}, "\x00", "9" * 400, 10**40, float("nan"), "x" * 4000, [[]]]
)
def test_no_odd_answer_breaks_a_form_or_shows_the_librarys_own_words(form: type[Form], odd: object) -> None:
    """Whatever the HTTP API is sent."""
    jargon = ("Input should", "valid string", "unable to", "Value error", "type=", "parsing", "tuple", "exceeded")
    for name in form.model_fields:
        try:
            form.from_answers({name: odd})
        except Refusal as refused:
            assert not [word for word in jargon if word in str(refused)], (name, str(refused))  # noqa: PT017 - a form without needed fields may take it
