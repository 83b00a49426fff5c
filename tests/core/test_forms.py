"""Forms as they are typed and answered: words to answers, answers to a form, and moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.forms import Ask, Entries, Form, Moment, OneLine, Paragraph, UserIds, WebLink, Widget
from bot.core.moments import read_moment
from bot.core.release_forms import ApprovalForm, DeployedForm, ExtendForm, NoteForm, PlanForm, ReasonForm, TimeForm
from bot.errors import Refusal

NOW = datetime(2024, 1, 16, 15, 30, tzinfo=UTC)
"""A Tuesday; 16:30 in Berlin, 10:30 in New York."""


class Everything(Form):
    """One field of every kind."""

    title: Annotated[OneLine, Ask("Title")]
    when: Annotated[Moment | None, Ask("When", Widget.MOMENT)] = None
    ended: Annotated[Moment | None, Ask("Ended", Widget.MOMENT, past=True)] = None
    count: Annotated[int, Ask("Count", Widget.NUMBER)] = 0
    link: Annotated[WebLink | None, Ask("Link", Widget.LINK)] = None
    lines: Annotated[Entries, Ask("Lines", Widget.LINES)] = ()
    people: Annotated[UserIds, Ask("People", Widget.PEOPLE)] = ()
    kind: Annotated[str, Ask("Kind", Widget.CHOICE, choices={"blue_green": "Blue-green"})] = ""
    text: Annotated[Paragraph | None, Ask("Text", Widget.TEXT)] = None


def typed(words: str, form: type[Form] = Everything, zone: str = "UTC") -> dict[str, Any]:
    return form.answers_from_words(words, NOW, zone)


def refused(words: str, form: type[Form] = Everything) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        typed(words, form)
    return refusal.value


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("", {}),
        ("   ", {}),
        ("title=One", {"title": "One"}),
        ('title="Several words" count=3', {"title": "Several words", "count": "3"}),
        ("title=“Phone’s quotes” count=3", {"title": "Phone’s quotes", "count": "3"}),
        (
            'title="It shows “Service Unavailable” now" count=3',
            {"title": "It shows “Service Unavailable” now", "count": "3"},
        ),
        (
            'title=“It shows "Service Unavailable" now” count=3',
            {"title": 'It shows "Service Unavailable" now', "count": "3"},
        ),
        ("title=„So auch“ count=3", {"title": "So auch", "count": "3"}),
        ("title=don't count=3", {"title": "don't", "count": "3"}),
        ("title=>5%", {"title": ">5%"}),
        ("title=a=b=c", {"title": "a=b=c"}),
        ("link=https://x.example/?a=1&b=2#c", {"link": "https://x.example/?a=1&b=2#c"}),
        (r"title=C:\temp\new", {"title": r"C:\temp\new"}),
        ("title=#16", {"title": "#16"}),
        ('lines="STORY-1: One; STORY-2: Two ;; "', {"lines": ["STORY-1: One", "STORY-2: Two"]}),
        ("people=<@U123>,<@U456|bob>", {"people": "<@U123>,<@U456|bob>"}),
        ("kind=Blue-Green", {"kind": "blue_green"}),
        ("kind=blue_green", {"kind": "blue_green"}),
        ("kind=canary", {"kind": "canary"}),
        ('title=""', {"title": ""}),
        ("title=a\ncount=3", {"title": "a", "count": "3"}),
        ("Three words here count=3", {"title": "Three words here", "count": "3"}),
        ("see https://x.example/?a=1 count=3", {"title": "see https://x.example/?a=1", "count": "3"}),
        ("when=16:00", {"when": datetime(2024, 1, 16, 16, 0, tzinfo=UTC)}),
        ('when="tomorrow 9:30"', {"when": datetime(2024, 1, 17, 9, 30, tzinfo=UTC)}),
        ("ended=15:00", {"ended": datetime(2024, 1, 16, 15, 0, tzinfo=UTC)}),
        ("ended=16:00", {"ended": datetime(2024, 1, 15, 16, 0, tzinfo=UTC)}),
        ("when=", {"when": ""}),
    ],
)
def test_typed_words_become_answers(words: str, answers: dict[str, Any]) -> None:
    assert typed(words) == answers


def test_the_documents_approval_can_be_typed() -> None:
    """Every field of it, with its own values, threshold and list included."""
    words = (
        'v1.2.0 sprint="Sprint 16" commit=abc123 stories_tested=3 stories_total=3 bugs_found=5 bugs_fixed=5 '
        'regression=Passed smoke=passed changes="STORY-123: Order Tracking; STORY-130: Excel Export" '
        "known_issues=“None blocking release” rollback_threshold=>5% rollback_endpoint=/api/v1/orders/tracking"
    )
    form = ApprovalForm.from_answers(typed(words, ApprovalForm))
    assert form.changes == ("STORY-123: Order Tracking", "STORY-130: Excel Export")
    assert (form.version, form.rollback_threshold, form.known_issues) == ("v1.2.0", ">5%", ("None blocking release",))


def test_a_form_of_one_field_takes_all_that_is_typed_as_it_stands() -> None:
    """A note keeps its quotes, its equals signs and its lines."""
    words = 'timeout=5 was "too low", so 24" screens don\'t\nload'
    assert typed(words, NoteForm) == {"text": words}
    assert typed(words, ReasonForm) == {"reason": words}
    assert typed("reason=red", ReasonForm) == {"reason": "red"}
    assert typed("60", ExtendForm) == {"minutes": "60"}
    assert typed("", ExtendForm) == {}


def test_words_before_the_first_name_answer_what_is_needed_first() -> None:
    """Never an optional field that they were not meant for."""
    assert typed('too busy when="tomorrow 9:30"', TimeForm)["reason"] == "too busy"
    assert typed("Backend: Healthy; Frontend: Healthy duration=12", DeployedForm) == {
        "components": ["Backend: Healthy", "Frontend: Healthy"],
        "duration": "12",
    }


def test_a_value_that_should_have_been_quoted_is_refused_and_not_cut() -> None:
    """`when=tomorrow 16:00` would otherwise mean tomorrow, at whatever time it is now."""
    refusal = refused("title=Order Tracking count=3")
    assert refusal.reason == "“Tracking” belongs to no field."
    assert refusal.remedy == 'If it is part of “title”, put the whole value in quotes: title="several words".'
    assert "not a time" in refused("when=tomorrow 16:00", PlanForm).reason


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("colour=red", "There is no field “colour”."),
        ('title="open', "A quotation mark is not closed."),
        ("title=a title=b", "“title” is given twice."),
        ("loose words title=a", "“loose words” needs a field's name."),
    ],
)
def test_what_can_not_be_meant_is_refused_with_what_to_do(words: str, reason: str) -> None:
    refusal = refused(words)
    assert refusal.reason == reason
    assert refusal.remedy


def test_the_usage_names_needed_fields_first_and_optional_ones_in_brackets() -> None:
    assert TimeForm.usage() == "Fields: when=… reason=…. Quote values with spaces, part lists with “;”."
    assert Everything.usage().startswith("Fields: title=… [when=…] ")


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_answers_or_a_refusal(words: str) -> None:
    """And never another error; answers then give a form or a refusal."""
    for form in (Everything, TimeForm, NoteForm, ApprovalForm):
        try:
            form.from_answers(form.answers_from_words(words, NOW))
        except Refusal as refusal:
            assert refusal.reason  # noqa: PT017 - a refusal is allowed, other errors are not


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def answered(**answers: Any) -> Everything:
    return Everything.from_answers({"title": "One"} | answers)


def wrong(**answers: Any) -> dict[str, str]:
    with pytest.raises(Refusal) as refusal:
        answered(**answers)
    return dict(refusal.value.fields)


@pytest.mark.parametrize("empty", [None, "", "  ", "\n", [], ()])
def test_an_empty_answer_is_none(empty: object) -> None:
    assert answered(link=empty, when=empty, lines=empty, people=empty, text=empty, count=empty) == answered()


def test_a_zero_is_an_answer() -> None:
    assert answered(count=0).model_fields_set == {"title", "count"}


def test_a_list_is_typed_one_entry_a_line_with_or_without_bullets() -> None:
    assert answered(lines="- one\n• two\n\n*  three\n-4% of users\n-").lines == ("one", "two", "three", "-4% of users")


@pytest.mark.parametrize(
    "given",
    ["<https://x.example/a|the notes>", "<https://x.example/a>", " https://x.example/a ", "https://x.example/a"],
)
def test_a_link_is_read_as_slack_writes_it(given: str) -> None:
    assert str(answered(link=given).link) == "https://x.example/a"


def test_people_are_named_by_mention_or_id() -> None:
    for people in ("<@U123> <@W456|bob>", "U123,W456", ["U123", "W456"]):
        assert answered(people=people).people == ("U123", "W456")


@pytest.mark.parametrize(
    "given",
    [1705420800, "1705420800", "2024-01-16T16:00:00Z", "2024-01-16T18:00:00+02:00", NOW + timedelta(minutes=30)],
)
def test_a_moment_is_kept_in_utc(given: object) -> None:
    """Slack's picker gives Unix seconds, the HTTP API ISO 8601."""
    when = answered(when=given).when
    assert when == datetime(2024, 1, 16, 16, 0, tzinfo=UTC)
    assert when.tzinfo is UTC


@pytest.mark.parametrize(
    "given",
    [
        "soon",
        "9" * 30,
        10**30,
        -1,
        "²",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        1.5,
        float("inf"),
        True,
        [1],
    ],
)
def test_what_is_no_moment_is_told_so(given: object) -> None:
    """Nothing overflows, and no year 1 is planned for."""
    assert wrong(when=given) == {"when": "This is not a time I can read; write it as 2024-01-16T16:00:00Z."}


@pytest.mark.parametrize("naive", ["2024-01-16T16:00:00", "2024-01-16", datetime(2024, 1, 16, 16)])  # noqa: DTZ001 - the point
def test_a_moment_without_a_zone_is_refused(naive: object) -> None:
    assert "needs a time zone" in wrong(when=naive)["when"]


def test_the_refusal_names_every_wrong_field_by_its_label_and_unknown_ones_too() -> None:
    with pytest.raises(Refusal) as refusal:
        answered(title="", count="x", colour="red")
    assert refusal.value.fields == {
        "title": "This is needed.",
        "count": "This must be a whole number.",
        "colour": "There is no such field.",
    }
    assert refusal.value.reason == (
        "Some details are missing or wrong. Title: This is needed. Count: This must be a whole number. "
        "“colour”: There is no such field."
    )
    assert refusal.value.remedy == Everything.usage()


def test_a_form_is_the_same_after_it_was_stored() -> None:
    form = answered(when=1705420800, link="https://x.example", lines="a\nb", people="<@U123>")
    assert Everything.model_validate_json(form.model_dump_json()) == form


def test_a_field_without_an_ask_is_a_mistake_of_ours() -> None:
    class Silent(Form):
        title: OneLine

    with pytest.raises(TypeError, match="title has no Ask"):
        Silent.asks()


# ── moments ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def read(words: str, zone: str = "UTC", *, past: bool = False) -> str:
    return f"{read_moment(words, NOW, zone, past=past):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("words", "in_utc", "in_berlin", "in_new_york"),
    [
        ("16:00", "2024-01-16 16:00", "2024-01-17 15:00", "2024-01-16 21:00"),
        ("9:30", "2024-01-17 09:30", "2024-01-17 08:30", "2024-01-17 14:30"),
        ("15:30", "2024-01-17 15:30", "2024-01-17 14:30", "2024-01-16 20:30"),
        ("0:30", "2024-01-17 00:30", "2024-01-16 23:30", "2024-01-17 05:30"),
        ("today 16:00", "2024-01-16 16:00", "2024-01-16 15:00", "2024-01-16 21:00"),
        ("today 9:30", "2024-01-16 09:30", "2024-01-16 08:30", "2024-01-16 14:30"),
        ("Today at 16:00", "2024-01-16 16:00", "2024-01-16 15:00", "2024-01-16 21:00"),
        ("tomorrow 9:30", "2024-01-17 09:30", "2024-01-17 08:30", "2024-01-17 14:30"),
        ("tomorrow, 9:30", "2024-01-17 09:30", "2024-01-17 08:30", "2024-01-17 14:30"),
        ("4pm", "2024-01-16 16:00", "2024-01-17 15:00", "2024-01-16 21:00"),
        ("4:15 PM", "2024-01-16 16:15", "2024-01-17 15:15", "2024-01-16 21:15"),
        ("12am", "2024-01-17 00:00", "2024-01-16 23:00", "2024-01-17 05:00"),
        ("noon", "2024-01-17 12:00", "2024-01-17 11:00", "2024-01-16 17:00"),
        ("friday 10:00", "2024-01-19 10:00", "2024-01-19 09:00", "2024-01-19 15:00"),
        ("on Fri at 10:00", "2024-01-19 10:00", "2024-01-19 09:00", "2024-01-19 15:00"),
        ("tuesday 10:00", "2024-01-23 10:00", "2024-01-23 09:00", "2024-01-23 15:00"),
        ("tuesday 18:00", "2024-01-16 18:00", "2024-01-16 17:00", "2024-01-16 23:00"),
        ("2024-02-01 16:00", "2024-02-01 16:00", "2024-02-01 15:00", "2024-02-01 21:00"),
        ("20 January 16:00", "2024-01-20 16:00", "2024-01-20 15:00", "2024-01-20 21:00"),
        ("Jan 2 2025 16:00", "2025-01-02 16:00", "2025-01-02 15:00", "2025-01-02 21:00"),
        ("2 Jan 16:00", "2025-01-02 16:00", "2025-01-02 15:00", "2025-01-02 21:00"),
        ("2024-07-01 16:00", "2024-07-01 16:00", "2024-07-01 14:00", "2024-07-01 20:00"),
    ],
)
def test_a_moment_is_read_in_the_persons_own_zone(words: str, in_utc: str, in_berlin: str, in_new_york: str) -> None:
    """A bare time is the coming one where the person is."""
    assert read(words) == in_utc
    assert read(words, "Europe/Berlin") == in_berlin
    assert read(words, "America/New_York") == in_new_york


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("now", "2024-01-16 15:30"),
        ("in 2 hours", "2024-01-16 17:30"),
        ("in 2h", "2024-01-16 17:30"),
        ("in an hour", "2024-01-16 16:30"),
        ("in 20 min", "2024-01-16 15:50"),
        ("in 3 days", "2024-01-19 15:30"),
        ("10 minutes ago", "2024-01-16 15:20"),
        ("2024-01-16 16:00 UTC", "2024-01-16 16:00"),
        ("2024-01-16T16:00:00Z", "2024-01-16 16:00"),
        ("2024-01-16 16:00+03:00", "2024-01-16 13:00"),
        ("2024-01-16 16:00 +0300", "2024-01-16 13:00"),
        ("2024-01-16 16:00 UTC-5", "2024-01-16 21:00"),
        ("2024-01-17 16:00 Europe/Berlin", "2024-01-17 15:00"),
        ("16:00 UTC", "2024-01-16 16:00"),
        ("15:00 utc", "2024-01-17 15:00"),
        ("16:00+03:00", "2024-01-17 13:00"),
        ("1705420800", "2024-01-16 16:00"),
    ],
)
def test_a_moment_that_names_its_zone_means_the_same_everywhere(words: str, moment: str, zone: str) -> None:
    """Also the day that a bare time falls on."""
    assert read(words, zone) == moment


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("15:00", "2024-01-16 15:00"),
        ("16:00", "2024-01-15 16:00"),
        ("tuesday 15:00", "2024-01-16 15:00"),
        ("tuesday 16:00", "2024-01-09 16:00"),
        ("friday 10:00", "2024-01-12 10:00"),
        ("20 Dec 10:00", "2023-12-20 10:00"),
        ("yesterday 10:00", "2024-01-15 10:00"),
    ],
)
def test_of_what_has_happened_the_last_one_is_meant(words: str, moment: str) -> None:
    """ "deployed finished_at=15:00" at half past three is not tomorrow."""
    assert read(words, past=True) == moment


@pytest.mark.parametrize(
    "words",
    [
        *("", "soon", "4", "16", "1600", "tomorrow", "friday", "2024-01-16", "monday at 9", "tomorrow 25:00"),
        *("24:00", "13pm", "0am", "2024-02-30 10:00", "02.01.2024 10:00", "01/02/2024 10:00", "16:00 CET"),
        *("next friday 10:00", "in 9999 weeks", "0001-01-01 00:00 UTC", "16:00 +99:00", "9" * 40, "31 Feb 10:00"),
    ],
)
def test_what_is_not_sure_is_refused_with_how_to_write_it(words: str) -> None:
    """No day without a time of day, no 02.01. that may be February, no zone of three letters."""
    with pytest.raises(Refusal) as refusal:
        read(words)
    assert "is not a time I can read." in refusal.value.reason
    assert "tomorrow 09:30" in refusal.value.remedy


def test_a_zone_that_does_not_exist_is_named() -> None:
    with pytest.raises(Refusal, match="“Europe/Atlantis” is not a time zone I know"):
        read("16:00 Europe/Atlantis")


def test_a_time_that_the_clocks_skip_or_repeat_is_refused() -> None:
    """Berlin, 31 March and 27 October 2024; with its offset either is clear."""
    with pytest.raises(Refusal, match="does not exist that day in Europe/Berlin"):
        read("2024-03-31 02:30", "Europe/Berlin")
    with pytest.raises(Refusal, match="comes twice that day in Europe/Berlin"):
        read("2024-10-27 02:30", "Europe/Berlin")
    assert read("2024-10-27 02:30+02:00", "Europe/Berlin") == "2024-10-27 00:30"
    assert read("2024-03-31 03:00", "Europe/Berlin") == "2024-03-31 01:00"


def test_a_bare_time_that_was_skipped_this_morning_is_tomorrows() -> None:
    after = datetime(2024, 3, 31, 8, 0, tzinfo=UTC)
    assert read_moment("02:30", after, "Europe/Berlin") == datetime(2024, 4, 1, 0, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.times(),
    st.booleans(),
)
def test_a_bare_time_is_the_nearest_one_on_its_side_of_now(now: datetime, zone: str, clock: Any, past: bool) -> None:
    """At most a day and the hour that clocks may change by away."""
    try:
        moment = read_moment(f"{clock:%H:%M}", now, zone, past=past)
    except Refusal as refusal:
        assert "the clocks change" in refusal.reason  # noqa: PT017 - a refusal is allowed, others are not
        return
    away = now - moment if past else moment - now
    assert timedelta(hours=-1) <= away <= timedelta(hours=25)
