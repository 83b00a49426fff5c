"""Who is reminded of what in each state, when, and to whom it goes up; what the clock does itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.policy import QuietHours, Service
from bot.core.release import RELEASE
from bot.core.release_forms import ExtendForm
from bot.core.reminders import reminders_for
from tests.core.a_release import (
    CI,
    DEVOPS,
    NOBODY,
    PM,
    POLICY,
    QA,
    START,
    TECH_LEAD,
    TWO_SIGN,
    WATCH,
    Play,
    another_time,
    approval,
    breach,
    note,
    plan,
    reason,
)

Told = tuple[str, str, str, tuple[str, ...]]


def reminders(play: Play) -> list[Told]:
    """Kind, step, hour and minute (UTC), and who is told; the release day's entries are test_release_clock's."""
    return [
        (reminder.kind, reminder.step, f"{reminder.due_at.astimezone(UTC):%d %H:%M}", reminder.roles)
        for reminder in reminders_for(RELEASE, play.release, play.policy)
        if reminder.kind != "entry"
    ]


# Everything starts on the 16th at 15:00; the plan is for 16:00 and takes 15 minutes.
EXPECTED: dict[str, list[Told]] = {
    "awaiting_signoffs": [
        ("nudge", "cosign", "16 15:30", ("tech_lead",)),
        ("escalation", "cosign", "16 16:00", ("release_manager",)),
    ],
    "objected": [
        ("nudge", "revise", "16 16:00", ("qa",)),
        ("escalation", "revise", "16 17:00", ("release_manager",)),
    ],
    "awaiting_plan": [
        ("nudge", "plan", "16 15:30", ("devops",)),
        ("escalation", "plan", "16 16:00", ("release_manager",)),
    ],
    "awaiting_agreement": [
        ("nudge", "agree", "16 15:30", ("pm", "tech_lead")),
        ("escalation", "agree", "16 16:00", ("release_manager",)),
    ],
    "awaiting_timing": [
        ("nudge", "confirm", "16 15:15", ("qa",)),
        ("escalation", "confirm", "16 15:30", ("tech_lead",)),
    ],
    "scheduled": [
        ("due", "start", "16 16:00", ("devops",)),
        ("nudge", "start", "16 16:15", ("devops",)),
        ("escalation", "start", "16 16:30", ("release_manager",)),
    ],
    # started at 16:00: the end is expected at 16:15
    "deploying": [
        ("nudge", "deployed", "16 16:30", ("devops",)),
        ("escalation", "deployed", "16 16:45", ("release_manager",)),
    ],
    # deployed at 16:12
    "awaiting_smoke": [
        ("nudge", "begin_smoke", "16 16:22", ("qa",)),
        ("escalation", "begin_smoke", "16 16:32", ("tech_lead",)),
    ],
    "smoke_running": [
        ("nudge", "smoke_passed", "16 16:42", ("qa",)),
        ("escalation", "smoke_passed", "16 17:12", ("tech_lead",)),
    ],
    # verified at 16:20
    "watching": [("step", "complete", "16 18:20", ())],
    # begun at 16:00: the first share is watched until 16:30
    "canary": [
        ("nudge", "promote", "16 16:35", ("devops",)),
        ("escalation", "promote", "16 16:40", ("release_manager",)),
    ],
    "canary_paused": [
        ("nudge", "resume_canary", "16 16:10", ("tech_lead",)),
        ("escalation", "resume_canary", "16 16:20", ("release_manager",)),
    ],
    "awaiting_decision": [
        ("nudge", "continue", "16 16:10", ("tech_lead",)),
        ("escalation", "continue", "16 16:20", ("release_manager",)),
    ],
    # the rollback itself reminds
    "rolling_back": [],
    "completed": [],
    "withdrawn": [],
    "rolled_back": [],
}


@pytest.mark.parametrize("state", [state.name for state in RELEASE.states])
def test_in_each_state_its_owner_is_reminded_and_then_the_next_role(state: str) -> None:
    """Written by hand from the table of the design; nobody is reminded twice of one thing."""
    assert reminders(Play().in_state(state)) == EXPECTED[state]


def test_a_reminder_names_the_release_and_the_stage_it_was_made_for() -> None:
    """So that one which fires late is known to be stale."""
    play = Play().signed()
    assert {(one.conversation, one.stage) for one in reminders_for(RELEASE, play.release, play.policy)} == {("r1", 2)}


def test_all_roles_that_have_not_signed_are_reminded_and_no_others() -> None:
    play = Play(TWO_SIGN).approved()
    assert reminders(play)[0] == ("nudge", "cosign", "16 15:30", ("tech_lead", "pm"))
    play.wait(minutes=10).take("cosign", PM)
    assert reminders(play)[0] == ("nudge", "cosign", "16 15:30", ("tech_lead",))


def test_a_team_sets_its_own_times_and_both_follow() -> None:
    """The escalation comes after the same time again."""
    play = Play(POLICY.model_copy(update={"reminders": {"cosign": 5}})).approved()
    assert [when for _, _, when, _ in reminders(play)] == ["16 15:05", "16 15:10"]


def test_a_note_moves_no_reminder() -> None:
    play = Play().approved()
    before = reminders(play)
    play.wait(minutes=20).take("note", NOBODY, note())
    assert reminders(play) == before


def test_a_revision_starts_the_waiting_anew() -> None:
    play = Play().approved().wait(minutes=20)
    play.take("revise", QA, approval())
    assert reminders(play)[0][2] == "16 15:50"


def test_a_release_that_is_agreed_to_after_its_time_is_due_at_once_and_chased_from_then() -> None:
    """Not reminded and escalated before anybody could have acted."""
    play = Play().planned().wait(hours=1, minutes=40)
    play.take("confirm", QA)
    assert [when for _, _, when, _ in reminders(play)] == ["16 16:40", "16 16:55", "16 17:10"]


def test_a_deployment_that_goes_on_after_a_failure_is_chased_from_then() -> None:
    play = Play().in_state("awaiting_decision").wait(hours=2)
    play.take("continue", TECH_LEAD, reason())
    assert reminders(play)[0] == ("nudge", "deployed", "16 18:15", ("devops",))


def test_a_longer_watch_moves_the_end() -> None:
    play = Play().watching()
    play.take("extend_watch", QA, ExtendForm(minutes=45))
    assert reminders(play) == [("step", "complete", "16 19:05", ())]


def test_an_interrupted_watch_ends_when_it_has_been_watched_in_full() -> None:
    play = Play().watching().wait(hours=1)
    play.take("breach", WATCH, breach())
    play.wait(hours=4).take("continue", TECH_LEAD, reason())
    assert reminders(play) == [("step", "complete", "16 22:20", ())]


def test_a_new_time_is_asked_of_devops_again() -> None:
    play = Play().planned()
    play.take("propose_time", QA, another_time())
    assert [(kind, step, roles) for kind, step, _, roles in reminders(play)] == [
        ("nudge", "plan", ("devops",)),
        ("escalation", "plan", ("release_manager",)),
    ]


# ── quiet hours ──────────────────────────────────────────────────────────────────────────────────────────────────────
NIGHT = POLICY.model_copy(update={"quiet_hours": QuietHours(start=time(20), end=time(8))})


def in_the_evening(policy: Service = NIGHT) -> Play:
    return Play(policy, datetime(2024, 1, 16, 19, 45, tzinfo=UTC))


def test_what_can_wait_waits_for_the_morning() -> None:
    """And the owner then has the whole time to answer before it goes up."""
    play = in_the_evening().approved()
    assert reminders(play) == [
        ("nudge", "cosign", "17 08:00", ("tech_lead",)),
        ("escalation", "cosign", "17 08:30", ("release_manager",)),
    ]


def test_an_escalation_that_falls_into_the_night_waits_as_well() -> None:
    play = Play(NIGHT, datetime(2024, 1, 16, 19, 15, tzinfo=UTC)).approved()
    assert [when for _, _, when, _ in reminders(play)] == ["16 19:45", "17 08:00"]


def test_what_can_not_wait_is_told_at_night() -> None:
    """A deployment at its agreed time, a smoke test, a decision: production is between two versions."""
    play = in_the_evening().approved()
    play.take("cosign", TECH_LEAD)
    play.take("plan", DEVOPS, plan(play.now + timedelta(hours=3)))
    play.take("confirm", QA)
    assert [when for _, _, when, _ in reminders(play)] == ["16 22:45", "16 23:00", "16 23:15"]


def test_the_watch_ends_at_night_too() -> None:
    play = Play(NIGHT).watching().wait(hours=2)
    play.take("extend_watch", QA, ExtendForm(minutes=240))
    assert reminders(play) == [("step", "complete", "16 22:20", ())]


def test_every_state_that_waits_has_somebody_to_remind_or_a_clock() -> None:
    """Nothing is ever left to lie; what has ended is left alone."""
    for state in RELEASE.states:
        left_alone = state.final or state.name == "rolling_back"  # the rollback, a conversation of its own, reminds
        assert bool(reminders(Play().in_state(state.name))) is not left_alone, state.name


def test_machines_are_never_reminded() -> None:
    told = {role for state in EXPECTED for reminder in reminders(Play().in_state(state)) for role in reminder[3]}
    assert told == {"qa", "devops", "tech_lead", "pm", "release_manager"}
    assert not CI.roles & told
    assert START.weekday() == 1
