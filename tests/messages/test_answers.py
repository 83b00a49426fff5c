"""Private answers: refusals, where a release stands, lists, histories, help, and App Home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.events import Event, Outgoing
from bot.core.release import RELEASE
from bot.core.reminders import awaited_roles, reminders_for
from bot.core.roles import Actor
from bot.errors import Refusal
from bot.messages import lists
from bot.messages.home import MOST, home
from bot.messages.limits import violations
from bot.messages.message import Block, Message
from bot.messages.overview import HomePage, Overview
from bot.messages.references import Reference
from bot.messages.refusals import notice, refusal, undelivered
from playground.slack.block_rules import check_message_blocks
from tests.messages.a_spoken_release import APPROVAL, DEVOPS, QA, START, Talk, calls, texts
from tests.messages.kept import hold, hold_view

HOSTILE = "<!channel> <@UEVIL> *bold* `code` \u202e&&&😀"
COMMANDS = [
    ("/release approve [service] [version]", "approve a tested version"),
    ("/release history <version>", "all that happened"),
]


def overview(talk: Talk, *, thread: bool = True) -> Overview:
    due = reminders_for(RELEASE, talk.release, talk.policy)
    return Overview(
        RELEASE,
        talk.release,
        talk.policy,
        awaited_roles(RELEASE, talk.release),
        due[0] if due else None,
        ("C0RELEASES", "1705418400.000100") if thread else None,
    )


def words(message: Message) -> str:
    return "\n".join(texts(message))


def taken(step: str, number: int = 1, **data: Any) -> Event:
    return Event(
        conversation="r1",
        number=number,
        dialogue="release",
        step=step,
        state="watching",
        stage=9,
        at=START + timedelta(minutes=number),
        actor=DEVOPS.id,
        name=DEVOPS.name,
        data=data,
    )


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────
FULL = Refusal(
    "“Sign off” is not yours to take for admin-logistic.",
    remedy="Ask, or write `/release status v1.2.0`.",
    may=("Tech Lead", "Release Manager"),
    people=("UTANIA",),
    open_now=("Sign off", "Object"),
    since=START,
)


def test_a_refusal_says_why_what_to_do_who_may_what_is_open_and_since_when() -> None:
    hold("answers/refusal", refusal(FULL))


def test_a_refusal_says_only_what_is_known() -> None:
    hold("answers/refusal_short", refusal(Refusal("Another version is another release.")))


def test_a_notice_is_one_sentence() -> None:
    hold("answers/notice", notice("💤 I'll ask again later."))


def test_what_could_not_be_posted_is_told_with_what_to_do() -> None:
    told = undelivered("release", "v1.2.0", "C0RELEASES", "Write `/invite @Greenlight` in the channel.")
    hold("answers/undelivered", told)


def test_what_people_typed_is_escaped_in_a_refusal() -> None:
    """A refusal may quote what was typed; it calls nobody and formats nothing but its own words."""
    told = refusal(Refusal(f"There is no step “{HOSTILE}”.", may=(HOSTILE,), open_now=(HOSTILE,)))
    assert calls(told) == set()
    assert "*bold*" not in words(told)
    assert "`code`" not in words(told)
    assert calls(refusal(Refusal("No.", remedy=HOSTILE))) == set()


def test_backquotes_of_a_remedy_mark_what_is_to_be_typed() -> None:
    told = words(refusal(Refusal("No.", remedy="Write `/release history v1.2.0`, or `/release list`.")))
    assert "Write `/release history v1.2.0`, or `/release list`." in told


def test_a_backquote_without_its_fellow_marks_nothing() -> None:
    told = words(refusal(Refusal("No.", remedy="Write `/release list or *ask*.")))
    assert "`/release list" not in told.replace("\u2060", "X")
    assert "*ask*" not in told


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=6_000), st.text(max_size=6_000), st.lists(st.text(max_size=80), max_size=8))
def test_a_refusal_of_any_length_can_be_shown(reason: str, remedy: str, labels: list[str]) -> None:
    """Four thousand typed characters that are no step are refused in words that Slack takes."""
    for told in (refusal(Refusal(reason, remedy, tuple(labels), (), tuple(labels), START)), notice(reason or "–")):
        assert violations(told.blocks) == []
        check_message_blocks(list(told.blocks))
        assert len(told.text.encode(errors="surrogatepass")) <= 4_000


# ── where it stands ──────────────────────────────────────────────────────────────────────────────────────────────────
STANDS = {
    "awaiting_signoffs": lambda: Talk().approved(),
    "scheduled": lambda: Talk().scheduled(),
    "watching": lambda: Talk().watching(),
    "completed": lambda: Talk().completed(),
}


@pytest.mark.parametrize("state", STANDS)
def test_where_a_release_stands_is_as_kept(state: str) -> None:
    """The state, who is awaited, what comes next, and where its thread is."""
    talk = STANDS[state]()
    assert talk.release.state == state
    hold(f"answers/status_{state}", lists.status(overview(talk), talk.now))


def test_a_reminder_that_is_behind_its_time_says_so() -> None:
    talk = Talk().approved()
    assert "(late)" in words(lists.status(overview(talk), talk.now + timedelta(days=1)))
    assert "(late)" not in words(lists.status(overview(talk), talk.now))


def test_the_list_is_as_kept() -> None:
    one, other = Talk().approved(), Talk().scheduled()
    hold(
        "answers/list",
        lists.listing([overview(one), overview(other, thread=False)], one.now, RELEASE, ("admin-logistic",)),
    )


def test_an_empty_list_says_how_to_begin() -> None:
    hold("answers/list_empty", lists.listing([], START, RELEASE, ("admin-logistic",)))


def test_a_long_list_counts_what_it_leaves_out() -> None:
    told = words(lists.listing([overview(Talk().approved())] * 33, START, RELEASE, ("admin-logistic",)))
    assert told.count("*v1.2.0*") == lists.MOST_LISTED
    assert "… and 13 more" in told


def test_what_was_recorded_by_command_is_confirmed() -> None:
    hold("answers/recorded", lists.recorded(overview(Talk().approved())))


# ── what happened ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_history_is_as_kept() -> None:
    events = [taken("approve", 1), taken("object", 2, reason="The error rate\nis 12%"), taken("note", 3, text="On it")]
    hold("answers/history", lists.history(overview(Talk().approved()), events))


def test_a_history_names_the_entry_of_the_day_that_was_answered() -> None:
    events = [taken("entry_done", 1, entry="T-24h"), taken("entry_skipped", 2, entry="T-2h", reason="Tested at noon")]
    told = words(lists.history(overview(Talk().approved()), events))
    assert "*Done* by Jane Smith — T-24h" in told
    assert "*Skip* by Jane Smith — T-2h: Tested at noon" in told


def test_a_long_history_tells_the_latest_and_counts_the_rest() -> None:
    events = [taken("note", number, text=f"Note {number:03d}") for number in range(1, 201)]
    told = words(lists.history(overview(Talk().watching()), events))
    assert [number for number in range(1, 201) if f"Note {number:03d}" in told] == list(range(141, 201))
    assert "… and 140 earlier" in told


def test_a_history_of_long_reasons_keeps_the_latest() -> None:
    """Reasons that grow by escaping push out the oldest steps, never the newest."""
    events = [taken("note", number, text=f"{number:03d}" + "&" * 3_000) for number in range(1, 61)]
    message = lists.history(overview(Talk().watching()), events)
    check_message_blocks(list(message.blocks))
    told = words(message)
    shown = [number for number in range(1, 61) if f" {number:03d}&amp;" in told]
    assert shown == list(range(61 - len(shown), 61))
    assert len(shown) > 10
    assert f"… and {60 - len(shown)} earlier" in told


def test_a_history_without_events_is_still_a_message() -> None:
    assert violations(lists.history(overview(Talk().approved()), []).blocks) == []


# ── help ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_help_is_as_kept() -> None:
    """Every command as it is typed, and every step that a person takes in a thread."""
    message = lists.help_message(COMMANDS, RELEASE)
    hold("answers/help", message)
    assert all(f"`{step.name}`" in words(message) for step in RELEASE.steps if step.sources and step.by_people)


@pytest.mark.parametrize("state", [state.name for state in RELEASE.states])
def test_help_in_a_thread_names_what_is_possible_now(state: str) -> None:
    """The steps that are open to people, each with its fields; none that isn't."""
    message = lists.thread_help(RELEASE, state)
    check_message_blocks(list(message.blocks))
    told = words(message)
    for step in RELEASE.steps:
        assert (f"\n`{step.name}` " in told) == (state in step.sources and step.by_people)
        if f"\n`{step.name}` " in told and step.form:
            assert all(f"{name}=…" in told.replace("\u2060", "") for name in step.form.model_fields)


def test_help_in_a_thread_is_as_kept() -> None:
    hold("answers/help_in_a_thread", lists.thread_help(RELEASE, "awaiting_plan"))


def test_a_mention_outside_of_a_thread_is_told_where_to_go() -> None:
    hold("answers/not_a_thread", lists.not_a_thread())


def test_a_step_typed_without_its_details_is_offered_its_form() -> None:
    message = lists.form_offer(RELEASE.step("plan"), Reference("release", "plan", "r1"))
    hold("answers/form_offer", message)


# ── home ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _elements(view: Block) -> Iterator[Block]:
    for block in view["blocks"]:
        if block["type"] == "actions":
            yield from block["elements"]


def page() -> HomePage:
    mine, other, over = Talk().deployed(), Talk().signed(), Talk().completed()
    lost = Outgoing("k", "reply", "C0RELEASES", "🚚 *Deployment started*", conversation="r1")
    to_person = Outgoing("k2", "direct", "UJANE", "🔔 v1.2.0 waits for you")
    return HomePage(
        (overview(mine),),
        (overview(other),),
        (overview(over),),
        ((lost, "not_in_channel: Invite me with /invite @Greenlight."), (to_person, "user_disabled: The account <x>.")),
    )


def test_a_home_is_as_kept() -> None:
    """What waits for the person, with buttons; what is under way; what ended; what could not be said."""
    hold_view("answers/home", home(page(), START))


def test_a_home_where_nothing_waits_says_so() -> None:
    hold_view("answers/home_empty", home(HomePage(), START))


def test_the_buttons_of_a_home_name_their_release_and_its_stage() -> None:
    view = home(page(), START)
    talk = Talk().deployed()
    read = [Reference.read(element["value"]) for element in _elements(view)]
    assert {(one.conversation, one.stage) for one in read} == {("r1", talk.release.stage)}
    assert [one.step for one in read] == ["begin_smoke", "smoke_passed", "smoke_failed", "roll_back"]


def test_a_full_home_stays_within_the_limits_and_counts_the_rest() -> None:
    one = overview(Talk().deployed())
    lost = Outgoing("k", "reply", "D0DIRECT", "")
    full = home(HomePage((one,) * 30, (one,) * 30, (one,) * 30, ((lost, "x" * 5_000),) * 30), START)
    hold_view("answers/home_full", full)
    assert str(full).count(f"… and {30 - MOST} more") == 3


def test_hostile_text_calls_nobody_and_formats_nothing_in_any_answer() -> None:
    """Names, reasons and versions are shown as they are, in lists, histories and homes."""
    talk = Talk()
    talk.take("approve", Actor(QA.id, HOSTILE, QA.roles), APPROVAL)
    one = overview(talk)
    lost = Outgoing("k", "reply", "C0RELEASES", "fine")
    answers = (
        lists.status(one, talk.now),
        lists.listing([one], talk.now, RELEASE, ("admin-logistic",)),
        lists.history(one, [taken("note", 1, text=HOSTILE), taken("object", 2, reason=HOSTILE)]),
        lists.recorded(one),
        Message("home", tuple(home(HomePage((one,), (one,), (one,), ((lost, HOSTILE),)), START)["blocks"])),
    )
    for message in answers:
        assert calls(message) == set()
        assert "*bold*" not in words(message)
        assert "`code`" not in words(message)
        assert "\u202e" not in words(message)
