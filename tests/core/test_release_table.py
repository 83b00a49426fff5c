"""The release's table against an expectation written by hand from the design, section 2: never derived from it."""

from __future__ import annotations

import pytest

from bot.core.canary import PromoteForm
from bot.core.dialogue import SAME
from bot.core.release import RELEASE
from bot.core.release_clock import ANSWERABLE
from bot.core.release_forms import ExtendForm, SummaryForm
from bot.core.roles import CLOCK, Actor, Role
from bot.core.surroundings import BEFORE_DEPLOYING
from bot.errors import Refusal
from tests.core.a_release import (
    CI,
    DEPLOYS,
    DEVOPS,
    LINKED,
    MANAGER,
    NOBODY,
    PM,
    QA,
    START,
    TECH_LEAD,
    WATCH,
    Play,
    another_time,
    approval,
    breach,
    deployed,
    failed,
    form_for,
    items,
    note,
    order_told,
    passed,
    plan,
    reason,
    roll_back,
    rolled_back,
    start,
)

FOLLOWING = ("frozen", "thawed", "freed")
"""What follows from other conversations."""
OBSERVED = "first_metrics checked regressed recovered blind sees alerted alerts_over"
TYPED = "checklist tick untick escalate note order_told"
SILENCING = "silenced unsilenced not_silenced not_lifted not_notified"
"""Possible in every state: they tell what happened outside."""


ENDING = "validation_progress validated feedback feedback_over"
"""What a validation that is under way still leads to."""
VALIDATING = f"validate {ENDING}"

ENTRIES = "entry_done entry_skipped"
WATCHED = f"{TYPED} {VALIDATING} {OBSERVED} {ENTRIES}"

# state: the steps that are possible in it, in no order.
POSSIBLE = {
    "awaiting_signoffs": "cosign object revise withdraw checklist tick untick escalate note order_told",
    "objected": "revise withdraw checklist tick untick escalate note order_told",
    "awaiting_plan": "plan allow object revise withdraw checklist tick untick escalate note order_told",
    "awaiting_agreement": "agree disagree allow revise withdraw checklist tick untick escalate note order_told",
    "awaiting_timing": "confirm propose_time allow revise withdraw checklist tick untick escalate note order_told",
    "scheduled": f"start deployed reschedule allow frozen thawed freed revise withdraw {TYPED} {ENTRIES}",
    "canary": f"promote ask_again pause_canary breach deploy_failed roll_back {WATCHED}",
    "canary_paused": f"resume_canary deploy_failed breach roll_back {WATCHED}",
    "deploying": f"deployed ask_again deploy_failed roll_back {TYPED} {ENTRIES} {ENDING}",
    "awaiting_smoke": f"begin_smoke smoke_passed smoke_failed breach roll_back {WATCHED}",
    "smoke_running": f"smoke_passed smoke_failed breach roll_back {WATCHED}",
    "watching": f"extend_watch complete breach roll_back {WATCHED}",
    "awaiting_decision": f"continue breach roll_back {WATCHED}",
    "rolling_back": f"breach worsened rollback_declined rolled_back {TYPED} {ENDING} {OBSERVED}",
    "completed": f"roll_back {TYPED} {VALIDATING}",
    "withdrawn": "escalate note order_told",
    "rolled_back": f"escalate note order_told {ENDING}",
}
POSSIBLE |= {state: f"{POSSIBLE[state]} found_live" for state in BEFORE_DEPLOYING}
POSSIBLE = {state: f"{steps} {SILENCING}" for state, steps in POSSIBLE.items()}

EVERYBODYS = {QA.id, DEVOPS.id, TECH_LEAD.id, PM.id, MANAGER.id, CI.id, CLOCK.id, WATCH.id, LINKED.id, NOBODY.id}

# step: who may take it. Where the release chooses (cosign, object), it is one that requires the Tech Lead;
# agree and disagree are asked of PM and Tech Lead, because the plan has a downtime.
WHO = {
    "approve": {QA.id, CI.id},
    "cosign": {TECH_LEAD.id},
    "object": {TECH_LEAD.id},
    "revise": {QA.id},
    "plan": {DEVOPS.id},
    "agree": {PM.id, TECH_LEAD.id},
    "disagree": {PM.id, TECH_LEAD.id},
    "propose_time": {QA.id},
    "confirm": {QA.id},
    "reschedule": {DEVOPS.id, MANAGER.id},
    "entry_done": {DEVOPS.id, MANAGER.id, TECH_LEAD.id},
    "entry_skipped": {DEVOPS.id, MANAGER.id, TECH_LEAD.id},
    "allow": {MANAGER.id, TECH_LEAD.id},
    "frozen": {LINKED.id},
    "thawed": {LINKED.id},
    "freed": {LINKED.id},
    "start": {DEVOPS.id, CI.id},
    "promote": {DEVOPS.id, CI.id, CLOCK.id},
    "pause_canary": {DEVOPS.id, QA.id, TECH_LEAD.id, WATCH.id},
    "resume_canary": {TECH_LEAD.id, DEVOPS.id},
    "deploy_failed": {DEVOPS.id, CI.id},
    "deployed": {DEVOPS.id, CI.id},
    "begin_smoke": {QA.id},
    "smoke_passed": {QA.id, CI.id},
    "smoke_failed": {QA.id, CI.id},
    "breach": {WATCH.id},
    **{step: {WATCH.id} for step in (*OBSERVED.split(), *SILENCING.split())},
    "validate": {QA.id, DEVOPS.id, TECH_LEAD.id, MANAGER.id, CI.id, LINKED.id},
    "validation_progress": {LINKED.id},
    "not_notified": {LINKED.id},
    "validated": {LINKED.id},
    "feedback": {QA.id, DEVOPS.id},
    "feedback_over": {CLOCK.id},
    "continue": {TECH_LEAD.id},
    "extend_watch": {DEVOPS.id, QA.id},
    "complete": {DEVOPS.id, CLOCK.id},
    "withdraw": {QA.id, MANAGER.id},
    "roll_back": {QA.id, TECH_LEAD.id, DEVOPS.id, LINKED.id},
    "found_live": {LINKED.id},
    "worsened": {LINKED.id},
    "rollback_declined": {LINKED.id},
    "rolled_back": {LINKED.id},
    "order_told": {LINKED.id},
    "ask_again": {DEVOPS.id},
    "checklist": EVERYBODYS,
    "tick": EVERYBODYS,
    "untick": EVERYBODYS,
    "escalate": EVERYBODYS,
    "note": EVERYBODYS,
}
EVERYBODY = (QA, DEVOPS, TECH_LEAD, PM, MANAGER, CI, CLOCK, WATCH, LINKED, NOBODY)

TICKING = ("checklist", "tick", "untick")
ANSWERING = ("entry_done", "entry_skipped")
"""An entry of the release day; the one that `form_for` names is DevOps's."""

# from, step, by, form, to.
MOVES = [
    ("awaiting_signoffs", "cosign", TECH_LEAD, None, "awaiting_plan"),
    ("awaiting_signoffs", "object", TECH_LEAD, reason(), "objected"),
    ("awaiting_signoffs", "revise", QA, approval(), "awaiting_signoffs"),
    ("awaiting_signoffs", "withdraw", MANAGER, reason(), "withdrawn"),
    ("objected", "revise", QA, approval(), "awaiting_signoffs"),
    ("objected", "withdraw", QA, reason(), "withdrawn"),
    ("awaiting_plan", "plan", DEVOPS, plan(), "awaiting_timing"),
    ("awaiting_plan", "object", TECH_LEAD, reason(), "objected"),
    ("awaiting_plan", "revise", QA, approval(commit="def456"), "awaiting_signoffs"),
    ("awaiting_plan", "withdraw", QA, reason(), "withdrawn"),
    ("awaiting_agreement", "agree", PM, None, "awaiting_agreement"),
    ("awaiting_agreement", "disagree", TECH_LEAD, reason(), "awaiting_plan"),
    ("awaiting_agreement", "revise", QA, approval(commit="def456"), "awaiting_signoffs"),
    ("awaiting_agreement", "withdraw", QA, reason(), "withdrawn"),
    ("awaiting_timing", "confirm", QA, None, "scheduled"),
    ("awaiting_timing", "propose_time", QA, another_time(), "awaiting_plan"),
    ("awaiting_timing", "revise", QA, approval(commit="def456"), "awaiting_signoffs"),
    ("awaiting_timing", "withdraw", QA, reason(), "withdrawn"),
    ("awaiting_plan", "allow", MANAGER, reason(), "awaiting_plan"),
    ("awaiting_agreement", "allow", MANAGER, reason(), "awaiting_agreement"),
    ("awaiting_timing", "allow", TECH_LEAD, reason(), "awaiting_timing"),
    ("scheduled", "reschedule", DEVOPS, another_time(), "awaiting_timing"),
    *((state, step, DEVOPS, form_for(step, START), state) for state in ANSWERABLE for step in ANSWERING),
    ("scheduled", "allow", MANAGER, reason(), "scheduled"),
    *(("scheduled", step, LINKED, form_for(step, START), "scheduled") for step in FOLLOWING),
    ("scheduled", "start", DEVOPS, start(), "deploying"),
    ("scheduled", "deployed", DEVOPS, deployed(), "awaiting_smoke"),
    ("scheduled", "revise", QA, approval(commit="def456"), "awaiting_signoffs"),
    ("scheduled", "withdraw", QA, reason(), "withdrawn"),
    ("canary", "promote", DEVOPS, PromoteForm(), "canary"),
    ("canary", "pause_canary", QA, reason(), "canary_paused"),
    ("canary", "breach", WATCH, breach("P1"), "canary_paused"),
    ("canary", "breach", WATCH, breach("P0"), "rolling_back"),
    ("canary", "deploy_failed", CI, reason(), "awaiting_decision"),
    ("canary", "roll_back", QA, roll_back(), "rolling_back"),
    ("canary_paused", "resume_canary", TECH_LEAD, reason(), "canary"),
    ("canary_paused", "deploy_failed", DEVOPS, reason(), "awaiting_decision"),
    ("canary_paused", "roll_back", TECH_LEAD, roll_back(), "rolling_back"),
    ("canary_paused", "breach", WATCH, breach("P1"), "canary_paused"),
    ("canary_paused", "breach", WATCH, breach("P0"), "rolling_back"),
    ("awaiting_decision", "breach", WATCH, breach("P1"), "awaiting_decision"),
    ("awaiting_decision", "breach", WATCH, breach("P0"), "rolling_back"),
    ("canary", "ask_again", DEVOPS, None, "canary"),
    ("deploying", "ask_again", DEVOPS, None, "deploying"),
    ("deploying", "deployed", CI, deployed(), "awaiting_smoke"),
    ("deploying", "deploy_failed", CI, reason(), "awaiting_decision"),
    ("deploying", "roll_back", DEVOPS, roll_back(), "rolling_back"),
    ("awaiting_smoke", "begin_smoke", QA, None, "smoke_running"),
    ("awaiting_smoke", "smoke_passed", CI, passed(), "watching"),
    ("awaiting_smoke", "smoke_failed", QA, failed(), "awaiting_decision"),
    ("awaiting_smoke", "breach", WATCH, breach("P1"), "awaiting_decision"),
    ("awaiting_smoke", "breach", WATCH, breach("P0"), "rolling_back"),
    ("awaiting_smoke", "roll_back", QA, roll_back(), "rolling_back"),
    ("smoke_running", "smoke_passed", QA, passed(), "watching"),
    ("smoke_running", "smoke_failed", CI, failed(), "awaiting_decision"),
    ("smoke_running", "breach", WATCH, breach("P1"), "awaiting_decision"),
    ("smoke_running", "breach", WATCH, breach("P0"), "rolling_back"),
    ("smoke_running", "roll_back", QA, roll_back(), "rolling_back"),
    ("watching", "breach", WATCH, breach("P1"), "awaiting_decision"),
    ("watching", "breach", WATCH, breach("P0"), "rolling_back"),
    ("watching", "extend_watch", QA, ExtendForm(minutes=30), "watching"),
    ("watching", "complete", DEVOPS, SummaryForm(), "completed"),
    ("watching", "roll_back", QA, roll_back(), "rolling_back"),
    ("rolling_back", "breach", WATCH, breach("P1"), "rolling_back"),
    ("rolling_back", "breach", WATCH, breach("P0"), "rolling_back"),
    ("awaiting_decision", "continue", TECH_LEAD, reason(), "deploying"),
    ("awaiting_decision", "roll_back", TECH_LEAD, roll_back(), "rolling_back"),
    ("completed", "roll_back", TECH_LEAD, roll_back(), "rolling_back"),
    ("rolling_back", "rollback_declined", LINKED, None, "watching"),
    *((state, "found_live", LINKED, roll_back(), "rolling_back") for state in BEFORE_DEPLOYING),
    ("rolling_back", "worsened", LINKED, None, "rolling_back"),
    ("rolling_back", "rolled_back", LINKED, rolled_back(), "rolled_back"),
    ("rolled_back", "note", NOBODY, note(), "rolled_back"),
]

# step: minutes until its owner is reminded, counted from what, and to whom it then goes up. The others await nobody.
WAITS = {
    "cosign": (30, "", Role.RELEASE_MANAGER),
    "revise": (60, "", Role.RELEASE_MANAGER),
    "plan": (30, "", Role.RELEASE_MANAGER),
    "agree": (30, "", Role.RELEASE_MANAGER),
    "confirm": (15, "", Role.TECH_LEAD),
    "start": (15, "planned_at", Role.RELEASE_MANAGER),
    "deployed": (15, "planned_end", Role.RELEASE_MANAGER),
    "begin_smoke": (10, "", Role.TECH_LEAD),
    "smoke_passed": (30, "", Role.TECH_LEAD),
    "continue": (10, "", Role.RELEASE_MANAGER),
    "promote": (5, "canary_until", Role.RELEASE_MANAGER),
    "resume_canary": (10, "", Role.RELEASE_MANAGER),
    "complete": (0, "watch_until", None),
}


def ready(state: str, step: str) -> Play:
    """A release in a state, at the agreed time where the step is the deployment's start."""
    if step == "ask_again" and step in POSSIBLE[state]:
        return refused_order(state)
    play = Play().in_state(state)
    if step == "untick" and "untick" in POSSIBLE[state]:
        play.take("tick", DEVOPS, items())
    if step in VALIDATING.split()[1:]:
        play.validating()
    return play.wait(hours=1) if (state, step) == ("scheduled", "start") else play


def refused_order(state: str) -> Play:
    """A release whose deployer refused."""
    play = Play(DEPLOYS).in_state(state)
    assert play.release.order is not None
    play.take("order_told", LINKED, order_told(event=play.release.order.event))
    return play


def test_the_expectation_names_every_state_and_every_step() -> None:
    """A new row of the table is to be thought through here too."""
    assert set(POSSIBLE) == {state.name for state in RELEASE.states}
    assert set(WHO) == {step.name for step in RELEASE.steps}
    noted = {
        *TYPED.split(),
        *OBSERVED.split(),
        *SILENCING.split(),
        *VALIDATING.split(),
    }  # whatever the state, it stays as it is
    # `complete` may be taken by the clock alone on its own; every other pair of the expectation has its move.
    expected = {(state, step) for state, steps in POSSIBLE.items() for step in steps.split() if step not in noted}
    assert {(state, step) for state, step, *_ in MOVES if step not in noted} == expected


@pytest.mark.parametrize("state", POSSIBLE)
def test_in_each_state_the_expected_steps_are_possible_and_no_other(state: str) -> None:
    """Every state with every step, taken by somebody who may, with good details."""
    actors = {actor.id: actor for actor in EVERYBODY}
    for step, who in WHO.items():
        play = ready(state, step)
        taker = actors[min(who)]
        if step in POSSIBLE[state].split():
            play.take(step, taker, form_for(step, play.now))
            continue
        with pytest.raises(Refusal) as refused:
            play.take(step, taker, form_for(step, play.now))
        assert "not possible" in refused.value.reason
        assert refused.value.since == play.release.since


@pytest.mark.parametrize("actor", EVERYBODY, ids=lambda actor: actor.id)
@pytest.mark.parametrize(("state", "step"), [("", "approve"), *((state, step) for state, step, *_ in MOVES)])
def test_a_step_is_taken_by_its_roles_and_refused_to_all_others(state: str, step: str, actor: Actor) -> None:
    """The refusal says who may; the people who may override a start are told what that takes."""
    play = ready(state, step) if state else Play()
    if actor.id in WHO[step]:
        play.take(step, actor, form_for(step, play.now))
        return
    with pytest.raises(Refusal) as refused:
        play.take(step, actor, form_for(step, play.now))
    assert refused.value.may
    assert set(refused.value.may).isdisjoint({role.label for role in actor.roles} - {"Release Manager", "Tech Lead"})


@pytest.mark.parametrize(("state", "step", "by", "form", "to"), MOVES)
def test_each_step_leads_where_the_design_says(state: str, step: str, by: Actor, form: object, to: str) -> None:
    """The hand-written list of every state with every step that leaves it."""
    play = ready(state, step)
    assert play.take(step, by, form).state == to  # type: ignore[arg-type]  # the list holds forms of every kind


@pytest.mark.parametrize(
    ("interrupted", "step", "by", "form"),
    [
        ("deploying", "deploy_failed", DEVOPS, reason()),
        ("awaiting_smoke", "smoke_failed", QA, failed()),
        ("smoke_running", "smoke_failed", QA, failed()),
        ("smoke_running", "breach", WATCH, breach()),
        ("watching", "breach", WATCH, breach()),
    ],
)
def test_continue_leads_back_to_the_state_that_was_interrupted(
    interrupted: str, step: str, by: Actor, form: object
) -> None:
    """And a second interruption of the same state comes back to it as well; notes in between change nothing."""
    play = Play().in_state(interrupted)
    for _ in range(2):
        play.take(step, by, form)  # type: ignore[arg-type]  # the list holds forms of every kind
        play.take("note", QA, note())
        assert play.take("continue", TECH_LEAD, reason("The risk is small")).state == interrupted


@pytest.mark.parametrize("interrupted", ["deploying", "smoke_running", "watching"])
@pytest.mark.parametrize("times", [1, 2])
def test_continue_leads_back_past_the_rollbacks_that_were_declined(interrupted: str, times: int) -> None:
    """A declined rollback gives the decision back, which leads to what it was about, with the watch that was left."""
    play = Play().in_state(interrupted)
    watched = play.release.watch_until
    step = ("deploy_failed", DEVOPS, reason()) if interrupted == "deploying" else ("breach", WATCH, breach())
    play.take(*step)
    began = play.now
    for _ in range(times):
        play.wait(minutes=10).take("roll_back", QA, roll_back())
        assert play.wait(minutes=10).take("rollback_declined", LINKED).state == "awaiting_decision"
    play.take("continue", TECH_LEAD, reason("The risk is small"))
    assert play.release.state == interrupted
    assert play.release.watch_until == (watched and watched + (play.now - began))


def test_an_approval_without_other_sign_offs_waits_for_the_plan_at_once() -> None:
    """Where no other sign-off is required."""
    play = Play(Play().policy.model_copy(update={"required_signoffs": ()}))
    assert play.approved().release.state == "awaiting_plan"


def test_the_steps_that_somebody_is_reminded_of_are_those_of_the_design() -> None:
    """Minutes, from when, and who hears of it when nothing happens."""
    waits = {
        step.name: (step.wait.after.total_seconds() / 60, step.wait.since, step.wait.then)
        for step in RELEASE.steps
        if step.wait
    }
    assert waits == WAITS


def test_the_channel_hears_what_the_documents_announce_to_the_team_and_nothing_else() -> None:
    """Approved, deployed, complete. All else stays in the thread; a rollback announces itself."""
    announced = {step.name for step in RELEASE.steps if step.hears == "channel"}
    assert announced == {"approve", "deployed", "complete"}


def test_steps_that_end_or_endanger_something_ask_before_they_are_taken() -> None:
    """Dangerous steps ask for confirmation."""
    assert {step.name for step in RELEASE.steps if step.confirm} == {
        "continue",
        "complete",
        "withdraw",
        "roll_back",
        "resume_canary",
    }


def test_machines_and_typed_steps_have_no_button() -> None:
    """Nobody is offered what only the watch reports; a note is typed; the checklist has a button of its own."""
    assert {step.name for step in RELEASE.steps if not step.button} == {
        "breach",
        "allow",
        *FOLLOWING,
        *OBSERVED.split(),
        *SILENCING.split(),
        *VALIDATING.split(),
        *ANSWERING,
        "found_live",
        "worsened",
        "rollback_declined",
        "rolled_back",
        "note",
        "escalate",
        "order_told",
        "ask_again",
        *TICKING,
    }


def test_only_notes_ticks_and_a_longer_watch_leave_the_state_as_it_is() -> None:
    """So that buttons made before them stay good."""
    same = {step.name for step in RELEASE.steps if step.to == SAME}
    typed = {*FOLLOWING, *TICKING, *ANSWERING, *OBSERVED.split(), *SILENCING.split(), *VALIDATING.split()}
    assert same == {"note", "escalate", "extend_watch", "allow", "order_told", "ask_again", "worsened", *typed}


def test_names_of_states_and_steps_are_unique() -> None:
    assert len({state.name for state in RELEASE.states}) == len(RELEASE.states)
    assert len({step.name for step in RELEASE.steps}) == len(RELEASE.steps)
