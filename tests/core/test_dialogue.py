"""What decide and evolve do for any table: the order of the checks, what a refusal says, what an event holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.dialogue import Dialogue, Move, Situation, admit
from bot.core.dialogues import DIALOGUES
from bot.core.release import RELEASE
from bot.core.release_forms import RollbackForm
from bot.core.roles import Role
from bot.errors import Refusal
from tests.core.a_release import (
    DEVOPS,
    NOBODY,
    NONE_SIGN,
    OTHER_LEAD,
    PM,
    QA,
    START,
    TECH_LEAD,
    TWO_SIGN,
    Play,
    another_time,
    approval,
    note,
    person,
    plan,
)


def refusal(play: Play, *step: object, **move: object) -> Refusal:
    """The refusal that a step meets. That nothing changed is seen with every one."""
    before = play.release.model_copy(deep=True)
    with pytest.raises(Refusal) as refused:
        play.take(*step, **move)  # type: ignore[arg-type]  # passes on what each test gives
    assert play.release == before
    return refused.value


# ── the order of the checks ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_step_that_does_not_exist_is_refused_with_those_that_do() -> None:
    """Before anything else: a stale click on it says the same."""
    refused = refusal(Play().approved(), "deploy", DEVOPS, stage=99)
    assert refused.reason == "There is no step “deploy” in a release."
    assert "cosign, plan, agree" in refused.remedy


@pytest.mark.parametrize("dialogue", DIALOGUES.values(), ids=DIALOGUES)
def test_steps_of_machines_and_those_that_begin_are_not_offered_to_whoever_mistypes_one(
    dialogue: Dialogue[Any],
) -> None:
    """Nobody can type them in a thread."""
    with pytest.raises(Refusal) as refused:
        dialogue.step("deploi")
    article = "an" if dialogue.noun[0] in "aeu" else "a"
    assert refused.value.reason == f"There is no step “deploi” in {article} {dialogue.noun}."
    named = set(refused.value.remedy.partition("The steps are: ")[2].removesuffix(".").split(", "))
    assert "note" in named
    assert not any(dialogue.step(name).sources == () for name in named)
    assert not any(name in named for name in ("overdue", "order_told", "ticket_opened", "expire", "thawed", "appear"))


def test_a_click_that_is_many_steps_late_hears_of_the_latest() -> None:
    """Whoever scrolled far up needs to know where it stands, not to read the whole history."""
    play = Play().approved()
    shown = play.release.stage
    play.take("cosign", TECH_LEAD)
    for _ in range(2):
        play.take("plan", DEVOPS, plan())
        play.take("propose_time", QA, another_time())
    told = refusal(play, "cosign", TECH_LEAD, stage=shown).reason
    assert "Meanwhile 2 other steps were taken, then Quinn took “Propose another time”, then Dana took" in told
    assert told.count(" took “") == 3


def test_a_stale_click_hears_first_what_happened_meanwhile() -> None:
    """Even where the state forbids the step and the role may not: what happened explains both."""
    play = Play().approved()
    shown = play.release.stage
    play.take("cosign", TECH_LEAD)
    play.wait(minutes=5).take("plan", DEVOPS, plan())
    refused = refusal(play, "cosign", NOBODY, stage=shown)
    assert refused.reason == (
        "That button was made for an earlier moment. Meanwhile Tessa took “Sign off”, then Dana took “Plan deployment”."
    )
    assert refused.remedy == "The release is waiting for QA to agree to the time."
    assert refused.since == START + timedelta(minutes=5)
    assert refused.open_now == ("Time works", "Propose another time", "Revise", "Withdraw")


def test_what_the_state_forbids_is_refused_before_the_role_is_looked_at() -> None:
    """It helps nobody to hear of a missing role for a step that nobody could take."""
    refused = refusal(Play().approved(), "confirm", NOBODY)
    assert refused.reason == "“Time works” is not possible for v1.2.0 now."
    assert refused.remedy == "The release is waiting for sign-offs."
    assert refused.open_now == ("Sign off", "Object", "Revise", "Withdraw")
    assert refused.since == START


def test_a_wrong_role_is_refused_before_the_details_are_looked_at() -> None:
    """Nobody fills a form for nothing."""
    refused = refusal(Play().signed(), "plan", QA, None)
    assert refused.reason == "“Plan deployment” is not yours to take for orders."
    assert refused.may == ("DevOps",)
    assert refused.remedy == "The release is waiting for DevOps's plan."
    assert refused.open_now == ("Object", "Revise", "Withdraw")
    assert refused.since == START


def test_a_step_without_its_details_is_refused() -> None:
    """Also where the details are those of another step."""
    for form in (None, note()):
        assert refusal(Play().signed(), "plan", DEVOPS, form).reason == "“Plan deployment” needs its details."


def test_only_approve_opens_a_release() -> None:
    """And whoever tries another step on what is not there hears what is open."""
    refused = refusal(Play(), "confirm", QA)
    assert refused.reason == "“Time works” needs a release that is open."
    assert refused.open_now == ("Approve",)


def test_a_release_is_approved_once() -> None:
    refused = refusal(Play().approved(), "approve", QA, approval())
    assert refused.reason == "“Approve” is not possible for v1.2.0 now."


def test_opening_is_refused_to_the_wrong_role_without_a_word_of_a_state() -> None:
    """There is no release yet whose state could be told."""
    refused = refusal(Play(), "approve", DEVOPS, approval())
    assert (refused.may, refused.open_now, refused.since) == (("QA", "CI pipeline"), (), None)


def test_admit_checks_all_that_does_not_need_details() -> None:
    """So that a form opens only for who may send it."""
    play = Play().signed()
    situation = Situation(play.release, Move("plan", DEVOPS), play.policy, play.now)
    assert admit(RELEASE, situation).name == "plan"
    with pytest.raises(Refusal, match="not yours"):
        admit(RELEASE, Situation(play.release, Move("plan", QA), play.policy, play.now))


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_role_that_could_not_be_looked_up_is_not_held_and_the_reason_is_told() -> None:
    """Membership fails closed."""
    unsure = person("UUNSURE", unknown={Role.DEVOPS: "Slack did not answer", Role.PM: "no such group"})
    refused = refusal(Play().signed(), "plan", unsure, plan())
    assert refused.reason == (
        "Your role could not be checked, so “Plan deployment” is refused (DevOps: Slack did not answer)."
    )
    assert refused.may == ("DevOps",)
    assert "Try again" in refused.remedy


def test_a_role_that_is_known_serves_although_another_could_not_be_looked_up() -> None:
    sure_enough = person("USURE", Role.DEVOPS, unknown={Role.TECH_LEAD: "Slack did not answer"})
    assert Play().signed().take("plan", sure_enough, plan()).state == "awaiting_timing"


def test_an_unknown_role_that_would_not_help_is_not_blamed() -> None:
    unsure = person("UUNSURE", unknown={Role.PM: "Slack did not answer"})
    assert "not yours" in refusal(Play().signed(), "plan", unsure, plan()).reason


# ── stages ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_two_people_may_use_the_same_card_while_it_stays_true() -> None:
    """The first of two sign-offs leaves the state, so the second click is not stale."""
    play = Play(TWO_SIGN).approved()
    shown = play.release.stage
    assert play.take("cosign", TECH_LEAD, stage=shown).state == "awaiting_signoffs"
    assert play.take("cosign", PM, stage=shown).state == "awaiting_plan"


def test_notes_and_a_longer_watch_make_no_click_stale() -> None:
    play = Play().approved()
    shown = play.release.stage
    play.take("note", NOBODY, note())
    assert play.take("cosign", TECH_LEAD, stage=shown).state == "awaiting_plan"


def test_a_revision_makes_older_clicks_stale_although_the_state_has_the_same_name() -> None:
    """Nobody signs with a button that showed another commit."""
    play = Play().approved()
    shown = play.release.stage
    play.wait(minutes=9).take("revise", QA, approval(commit="def456"))
    assert play.release.state == "awaiting_signoffs"
    assert play.release.since == play.now
    assert "Quinn took “Revise”" in refusal(play, "cosign", TECH_LEAD, stage=shown).reason


def test_a_second_click_on_the_same_button_is_stale() -> None:
    play = Play().approved()
    shown = play.release.stage
    play.take("cosign", TECH_LEAD, stage=shown)
    assert "Tessa took “Sign off”" in refusal(play, "cosign", OTHER_LEAD, stage=shown).reason


def test_an_alarm_is_not_refused_because_its_button_is_old() -> None:
    """“Deployed” stands in the channel with its buttons while the smoke test goes on: a rollback has no formalities."""
    play = Play().in_state("awaiting_smoke")
    seen = play.release.stage
    play.take("begin_smoke", QA)
    assert "earlier moment" in refusal(play, "begin_smoke", QA, stage=seen).reason
    play.take("roll_back", QA, RollbackForm(), stage=seen)
    assert play.release.state == "rolling_back"
    told = refusal(play, "roll_back", QA, RollbackForm(), stage=seen).reason
    assert "Meanwhile" in told


def test_a_typed_step_saw_no_card_and_is_never_stale() -> None:
    play = Play().approved()
    play.take("revise", QA, approval())
    assert play.take("cosign", TECH_LEAD, stage=None).state == "awaiting_plan"


# ── events and what they fold to ─────────────────────────────────────────────────────────────────────────────────────
def test_an_event_says_who_when_in_which_roles_and_what_is_true_after_it() -> None:
    both = person("UBOTH", Role.TECH_LEAD, Role.DEVOPS)
    play = Play().approved().wait(minutes=3)
    play.take("cosign", both)
    event = play.events[-1]
    assert (event.conversation, event.dialogue, event.number) == ("r1", "release", 2)
    assert (event.step, event.state, event.stage) == ("cosign", "awaiting_plan", 2)
    assert (event.actor, event.name, event.roles, event.at) == ("UBOTH", "Both", ("devops", "tech_lead"), play.now)


def test_details_for_a_step_that_asks_for_none_are_not_recorded() -> None:
    play = Play().approved()
    play.take("cosign", TECH_LEAD, note())
    assert set(play.events[-1].data) == {"sign_off"}


def test_since_is_when_the_stage_began_and_a_note_does_not_move_it() -> None:
    """Reminders count from it."""
    play = Play().approved().wait(minutes=20)
    play.take("note", NOBODY, note())
    assert play.release.since == START
    assert play.take("cosign", TECH_LEAD).since == START + timedelta(minutes=20)


def test_the_trail_tells_who_took_a_step_last_and_leaves_notes_out() -> None:
    play = Play(NONE_SIGN).approved()
    play.take("note", NOBODY, note())
    play.take("revise", QA, approval())
    assert [act.step for act in play.release.trail] == ["approve", "revise"]
    took = play.release.took("revise")
    assert took is not None
    assert took.actor == QA.id
    assert play.release.took("note") is None


def test_the_latest_form_of_each_step_is_kept() -> None:
    play = Play().approved()
    for words in ("first", "second"):
        play.take("note", NOBODY, note().model_copy(update={"text": words}))
    assert play.release.forms["note"]["text"] == "second"
    assert play.release.forms["approve"]["version"] == "v1.2.0"
