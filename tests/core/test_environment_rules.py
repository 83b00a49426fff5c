"""What only the environment dialogues know: reports that say something, times, who is asked when, and secrets."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_issue_forms import ReportForm, TicketForm, UpdateForm
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.environment_request_forms import ExtensionForm, ReadyForm, RequestForm, ShareForm
from bot.core.environment_request_rules import read_span
from bot.core.policy import QuietHours
from bot.core.reminders import awaited_roles, reminders_for, tells_of
from bot.core.roles import CLOCK, GREENLIGHT, Role
from bot.core.secrets import GIVEN, LONGEST, Secret, tells_secrets, without_secrets
from bot.core.surroundings import Surroundings
from bot.core.vagueness import is_vague
from bot.errors import Refusal
from tests.core.a_release import DEVOPS, OTHER_QA, POLICY, QA, START
from tests.core.an_environment import (
    REPORT,
    REQUEST,
    Play,
    form_for,
    issue_in,
    plan,
    ready,
    reason,
    report,
    request,
    request_in,
    until,
)

QUIET = POLICY.model_copy(update={"quiet_hours": QuietHours(start=time(16), end=time(8))})


# ── reports that say something ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "problem",
    [
        "is broken",
        "staging is broken",
        "Staging is broken!!!",
        "doesn't work",
        "It doesn’t work",
        "The staging environment is down again, please help",
        "everything fails",
        "staging: error",
        "perf-test is not working",
        "🔥🔥🔥",
    ],
)
def test_a_report_that_only_says_that_something_is_wrong_is_refused_with_what_helps(problem: str) -> None:
    assert is_vague(problem)
    with pytest.raises(Refusal) as refused:
        report(problem=problem)
    assert set(refused.value.fields) == {"problem"}
    assert "which call or page, which status or message" in refused.value.fields["problem"]


@pytest.mark.parametrize(
    "problem",
    [
        "Staging API returning 503 errors",
        "Login is broken",
        "Database down",
        "Заказы не открываются",
        "502 on every call",
        "Can't upload photos",
        "Slow: /api/v1/orders takes 40 s",
    ],
)
def test_a_report_that_names_anything_to_look_at_is_taken(problem: str) -> None:
    assert report(problem=problem).problem == problem


def test_symptoms_that_say_nothing_are_refused_too() -> None:
    with pytest.raises(Refusal) as refused:
        report(symptoms=["it is broken", "does not work"])
    assert set(refused.value.fields) == {"symptoms"}


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        ReportForm.from_answers({"environment": "staging", "problem": "staging is broken"})
    assert set(refused.value.fields) == {"problem", "started", "impact", "symptoms", "urgency"}


def test_what_has_not_begun_yet_is_no_issue() -> None:
    it = Play(ENVIRONMENT_ISSUE)
    with pytest.raises(Refusal) as refused:
        it.take("report", QA, report(started=(START + timedelta(minutes=5)).isoformat()))
    assert set(refused.value.fields) == {"started"}


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("staging", {"environment": "staging"}),
        ("staging API returns 503", {"environment": "staging", "problem": "staging API returns 503"}),
        ("Staging Staging API returns 503", {"environment": "Staging", "problem": "Staging API returns 503"}),
        ("API returns 503", {"problem": "API returns 503"}),
        ("API returns 503 urgency=high", {"problem": "API returns 503", "urgency": "high"}),
    ],
)
def test_an_issue_is_typed_as_people_say_it(typed: str, answers: dict[str, Any]) -> None:
    assert ReportForm.answers_from_words(typed, START) == answers


def test_the_word_environment_is_no_part_of_its_name() -> None:
    assert report(environment="Staging environment").environment == "Staging"


def test_an_update_says_at_least_something() -> None:
    with pytest.raises(Refusal, match="at least one of findings"):
        UpdateForm.from_answers({})


def test_blocked_work_is_what_was_named_or_what_the_impact_speaks_of() -> None:
    assert issue_in("investigating").it.blocked == ("STORY-140",)
    assert issue_in("investigating", blocked=["STORY-1: Export"]).it.blocked == ("STORY-1: Export",)


def test_a_report_learns_of_open_issues_of_the_same_environment() -> None:
    other = issue_in("investigating").it
    it = Play(ENVIRONMENT_ISSUE)
    elsewhere = other.model_copy(update={"environment": "sandbox", "version": "ENV-8"})
    it.surroundings = Surroundings(others=(other, elsewhere))
    it.take("report", QA, report(environment="Staging"))
    assert it.events[-1].data["also_open"] == ["ENV-1"]


# ── who is asked, when ───────────────────────────────────────────────────────────────────────────────────────────────
def told(it: Play[Any]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Kind, step, day, hour and minute (UTC), and who is told."""
    return [
        (one.kind, one.step, f"{one.due_at.astimezone(UTC):%d %H:%M}", one.roles)
        for one in reminders_for(it.dialogue, it.it, it.policy)
    ]


def test_a_pressing_issue_waits_minutes_and_wakes_people_an_ordinary_one_waits_for_the_morning() -> None:
    assert told(issue_in("awaiting_investigation", QUIET, urgency="critical")) == [
        ("nudge", "investigate", "16 15:10", ("devops",)),
        ("escalation", "investigate", "16 15:20", ("tech_lead",)),
    ]
    assert told(issue_in("awaiting_investigation", QUIET, urgency="low")) == [
        ("nudge", "investigate", "17 08:00", ("devops",)),
        ("escalation", "investigate", "17 09:00", ("tech_lead",)),
    ]


def test_an_eta_that_passes_without_a_word_reminds_devops_and_each_update_sets_it_anew() -> None:
    it = issue_in("investigating")
    it.take("update", DEVOPS, UpdateForm(eta=10))
    assert told(it) == [
        ("nudge", "restore", "16 15:15", ("devops",)),
        ("escalation", "restore", "16 15:20", ("tech_lead",)),
    ]
    it.wait(minutes=8).take("update", DEVOPS, UpdateForm(findings=("The pool is exhausted",)))
    assert it.it.expected_at == START + timedelta(minutes=10), "an ETA holds until another is given"
    it.take("update", DEVOPS, UpdateForm(eta=30))
    assert it.it.expected_at == START + timedelta(minutes=38)
    assert told(it)[0][2] == "16 15:43"


def test_an_update_keeps_the_buttons_of_the_one_before_good() -> None:
    it = issue_in("investigating")
    stage = it.it.stage
    it.take("update", DEVOPS, UpdateForm(eta=10), stage=stage)
    it.take("update", DEVOPS, UpdateForm(eta=5), stage=stage)


def test_what_is_still_broken_is_expected_anew() -> None:
    it = issue_in("awaiting_verification").wait(hours=3)
    it.take("still_broken", QA, reason())
    assert it.it.expected_at == it.now + timedelta(minutes=30)


def test_only_the_reporter_is_asked_to_verify_though_any_of_qa_may() -> None:
    it = issue_in("awaiting_verification")
    assert it.it.asked(Role.QA) == QA.id
    assert it.it.asked(Role.DEVOPS) == ""
    assert it.take("verify", OTHER_QA).state == "closed"


def test_nobody_else_takes_back_what_somebody_reported() -> None:
    with pytest.raises(Refusal, match="ENV-1 is Quinn's to withdraw") as refused:
        issue_in("investigating").take("withdraw", OTHER_QA, reason())
    assert refused.value.people == (QA.id,)


# ── requests and their times ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"duration": ""}, "until"),
        ({"duration": "two weeks"}, "until"),
        ({"until": (START + timedelta(days=3)).isoformat()}, "until"),
        ({"needed_by": ""}, "needed_by"),
        ({"requirements": []}, "requirements"),
    ],
)
def test_a_request_says_how_long_and_what_for(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        RequestForm.from_answers(REQUEST | changes)
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize("changes", [{"duration": "PERMANENT"}, until(START + timedelta(days=1))])
def test_a_request_is_permanent_or_has_an_end(changes: dict[str, Any]) -> None:
    assert (request(**changes).until is None) == ("until" not in changes)


@pytest.mark.parametrize(("name", "moment"), [("needed_at", START), ("until", START - timedelta(days=1))])
def test_a_request_for_the_past_is_refused(name: str, moment: datetime) -> None:
    changes = until(moment) if name == "until" else {name: moment.isoformat()}
    with pytest.raises(Refusal) as refused:
        Play(ENVIRONMENT_REQUEST).take("request", QA, request(**changes))
    assert set(refused.value.fields) == {name}


@pytest.mark.parametrize(
    ("words", "span"),
    [
        ("2 days", timedelta(days=2)),
        ("~4 hours", timedelta(hours=4)),
        ("about 1 week", timedelta(weeks=1)),
        ("30min", timedelta(minutes=30)),
        ("next sprint", None),
        ("2 people needed", None),
    ],
)
def test_a_timeline_is_read_where_it_names_a_span(words: str, span: timedelta | None) -> None:
    assert read_span(words) == span


@pytest.mark.parametrize(
    ("asked", "planned", "expected"),
    [
        ({}, {}, START + timedelta(days=2)),
        ({}, {"ready_by": (START + timedelta(hours=5)).isoformat()}, START + timedelta(hours=5)),
        ({}, {"timeline": "soon"}, START + timedelta(days=3)),
        ({"needed_at": (START + timedelta(days=9)).isoformat()}, {"timeline": "soon"}, START + timedelta(days=9)),
    ],
)
def test_devops_is_reminded_when_it_was_to_be_ready(
    asked: dict[str, Any], planned: dict[str, Any], expected: datetime
) -> None:
    it: Play[Any] = Play(ENVIRONMENT_REQUEST)
    it.take("request", QA, request(**asked))
    it.take("plan", DEVOPS, plan(**planned))
    assert it.it.expected_at == expected
    assert told(it)[0] == ("nudge", "ready", f"{expected + timedelta(hours=4):%d %H:%M}", ("devops",))


def test_before_its_end_both_are_asked_at_its_end_both_again_and_then_it_goes_up() -> None:
    it = request_in("in_use")
    assert told(it) == [("step", "ask_end", "25 15:00", ())], "a day before the end on the 26th"
    it.wait(days=9).take("ask_end", CLOCK)
    [tell] = tells_of(ENVIRONMENT_REQUEST.step("ask_end"), it.it, it.events[-1], it.policy)
    assert tell.roles == ("qa", "devops")
    assert told(it) == [
        ("nudge", "extend", "26 15:00", ("qa",)),
        ("nudge", "retire", "26 19:00", ("devops",)),
        ("escalation", "retire", "26 23:00", ("tech_lead",)),
    ]


def test_it_is_not_asked_at_night_whether_an_environment_is_still_needed() -> None:
    end = datetime(2024, 1, 26, 3, 0, tzinfo=UTC)
    it = request_in("in_use", QUIET, **until(end))
    assert it.it.ask_at == datetime(2024, 1, 25, 8, 0, tzinfo=UTC)


def test_of_a_short_time_half_is_left_when_it_is_asked() -> None:
    it = request_in("in_use", **until(START + timedelta(hours=4)))
    assert it.it.ask_at == START + timedelta(hours=2)


def test_an_extension_moves_the_end_and_the_question() -> None:
    it = request_in("awaiting_retirement")
    later = START + timedelta(days=30)
    it.take("extend", QA, ExtensionForm(until=later))
    assert (it.it.state, it.it.until, it.it.ask_at) == ("in_use", later, later - timedelta(days=1))


def test_an_extension_names_a_later_end() -> None:
    it = request_in("in_use")
    with pytest.raises(Refusal, match="already") as refused:
        it.take("extend", QA, ExtensionForm(until=START + timedelta(days=9)))
    assert set(refused.value.fields) == {"until"}


def test_what_is_permanent_has_no_end_to_be_asked_about() -> None:
    it = request_in("in_use", duration="Permanent")
    assert told(it) == []
    assert awaited_roles(ENVIRONMENT_REQUEST, it.it) == ()
    with pytest.raises(Refusal, match="permanent"):
        it.take("extend", QA, form_for("extend", it.now))


# ── credentials ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_devops_is_reminded_of_credentials_that_did_not_arrive_and_of_no_others() -> None:
    it = request_in("preparing")
    it.take("ready", DEVOPS, ready(secret=True))
    assert [one[:3] for one in told(it)] == [
        ("nudge", "accept", "17 15:00"),
        ("nudge", "share", "16 15:15"),
        ("escalation", "share", "16 15:30"),
    ]
    it.take("not_shared", GREENLIGHT)
    assert told(it)[1][:3] == ("nudge", "share", "16 16:15"), "they were told at once; the reminder leaves them an hour"
    it.take("shared", GREENLIGHT, form_for("shared", it.now))
    assert [one[1] for one in told(it)] == ["accept"]
    assert it.it.shared_at == it.now


def test_who_gave_credentials_that_did_not_arrive_is_told_at_once() -> None:
    it = request_in("awaiting_acceptance")
    it.take("not_shared", GREENLIGHT)
    [tell] = tells_of(ENVIRONMENT_REQUEST.step("not_shared"), it.it, it.events[-1], it.policy)
    assert (tell.roles, tell.due_at) == (("devops",), it.now)


def test_an_environment_without_credentials_waits_for_none() -> None:
    it = request_in("awaiting_acceptance")
    assert [one[1] for one in told(it)] == ["accept"]
    assert awaited_roles(ENVIRONMENT_REQUEST, it.it) == (Role.QA,)


def test_a_secret_is_parted_from_the_answers_before_they_are_read() -> None:
    kept, secrets = without_secrets(ReadyForm, {"name": "Perf", "secrets": " user / LoadTest123 \n"})
    assert kept == {"name": "Perf", "secrets": GIVEN}
    assert secrets["secrets"].reveal() == "user / LoadTest123"


@pytest.mark.parametrize("answers", [{}, {"secrets": ""}, {"secrets": "  \n "}])
def test_no_secret_is_none(answers: dict[str, str]) -> None:
    kept, secrets = without_secrets(ShareForm, answers)
    assert (kept, secrets) == ({}, {})
    with pytest.raises(Refusal):
        ShareForm.from_answers(kept)


@pytest.mark.parametrize("given", ["x" * (LONGEST + 1), "LoadTest123\x00", "LoadTest123\ud83d", ["LoadTest123"], 123])
def test_a_secret_that_cannot_be_handed_on_is_refused_without_a_word_of_it(given: Any) -> None:
    with pytest.raises(Refusal) as refused:
        without_secrets(ShareForm, {"secrets": given})
    assert set(refused.value.fields) == {"secrets"}
    assert "LoadTest" not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("LoadTest123")
    shown = f"{secret} {secret!r} {[secret]} {vars(type(secret)).keys()}"
    assert "LoadTest" not in shown


@pytest.mark.parametrize(
    "words",
    ["secrets=abc", 'name=Perf secrets="a / b"', "name=Perf Password: abc", "API key for k6: abc", "credentials = abc"],
)
def test_what_looks_like_credentials_is_known_where_it_is_typed(words: str) -> None:
    assert tells_secrets(ReadyForm, words)


def test_a_form_of_nothing_but_a_secret_can_never_be_typed() -> None:
    assert tells_secrets(ShareForm, "abc")
    assert not tells_secrets(ShareForm, " ")
    assert not tells_secrets(ReadyForm, 'name=Perf urls="API URL: https://perf.example.com"')
    assert not tells_secrets(TicketForm, "password: abc"), "a form without a secret field takes what it is given"


def test_the_report_keeps_the_documents_fields() -> None:
    assert set(REPORT) <= set(ReportForm.model_fields)
