"""The rollback's table against an expectation written by hand from the design, section 2."""

from __future__ import annotations

import pytest

from bot.core.dialogue import SAME
from bot.core.reminders import reminders_for
from bot.core.roles import CLOCK, Actor, Role
from bot.core.rollback import ROLLBACK
from bot.core.rollback_rules import Rollback
from bot.errors import Refusal
from tests.core.a_release import (
    CI,
    DEPLOYS,
    DEVOPS,
    LINKED,
    MANAGER,
    NOBODY,
    OTHER_QA,
    PM,
    POLICY,
    QA,
    TECH_LEAD,
    WATCH,
    order_told,
)
from tests.core.a_rollback import an_alarm, form_for, rollback_in
from tests.core.an_environment import Play

# state: the steps that are possible in it, in no order.
POSSIBLE = {
    "awaiting_decision": "decide raise_severity decline withdraw favour oppose detail note order_told",
    "awaiting_start": "initiate worsened decline withdraw detail note order_told",
    "rolling_back": "complete ask_again overdue detail note order_told",
    "awaiting_verification": "verify testing still_broken detail note order_told",
    "awaiting_closure": "close detail note order_told",
    "awaiting_postmortem": "publish detail note order_told",
    "closed": "note order_told",
    "declined": "note order_told",
    "withdrawn": "note order_told",
}
POSSIBLE = {state: f"{steps} not_notified" for state, steps in POSSIBLE.items()}

EVERYBODY = (QA, OTHER_QA, DEVOPS, TECH_LEAD, PM, MANAGER, CI, CLOCK, WATCH, LINKED, NOBODY)
ANY_QA, ANYBODY = {QA.id, OTHER_QA.id}, {actor.id for actor in EVERYBODY}
WHO: dict[str, set[str]] = {
    "request": {*ANY_QA, TECH_LEAD.id, DEVOPS.id, MANAGER.id, LINKED.id},
    "decide": {TECH_LEAD.id, MANAGER.id},
    "raise_severity": {*ANY_QA, TECH_LEAD.id, DEVOPS.id, MANAGER.id, LINKED.id},
    "worsened": {LINKED.id},
    "not_notified": {LINKED.id},
    "decline": {TECH_LEAD.id, MANAGER.id},
    "withdraw": {*ANY_QA, TECH_LEAD.id, MANAGER.id},
    "initiate": {DEVOPS.id, TECH_LEAD.id, WATCH.id},
    "complete": {DEVOPS.id, CI.id},
    "verify": ANY_QA,
    "still_broken": ANY_QA,
    "testing": ANY_QA,
    "close": {TECH_LEAD.id},
    "publish": {TECH_LEAD.id, DEVOPS.id},
    "overdue": {CLOCK.id},
    "favour": ANYBODY,
    "oppose": ANYBODY,
    "detail": ANYBODY,
    "note": ANYBODY,
    "order_told": {LINKED.id},
    "ask_again": {DEVOPS.id},
}

# from, step, by, to.
MOVES: list[tuple[str, str, Actor, str]] = [
    ("awaiting_decision", "decide", TECH_LEAD, "awaiting_start"),
    ("awaiting_decision", "raise_severity", QA, "awaiting_start"),
    ("awaiting_decision", "decline", TECH_LEAD, "declined"),
    ("awaiting_decision", "withdraw", QA, "withdrawn"),
    ("awaiting_decision", "favour", NOBODY, "awaiting_decision"),
    ("awaiting_decision", "oppose", DEVOPS, "awaiting_decision"),
    ("awaiting_start", "initiate", DEVOPS, "rolling_back"),
    ("awaiting_start", "worsened", LINKED, "awaiting_start"),
    ("awaiting_start", "decline", MANAGER, "declined"),
    ("awaiting_start", "withdraw", TECH_LEAD, "withdrawn"),
    ("rolling_back", "complete", DEVOPS, "awaiting_verification"),
    ("rolling_back", "ask_again", DEVOPS, "rolling_back"),
    ("rolling_back", "overdue", CLOCK, "rolling_back"),
    ("awaiting_verification", "verify", OTHER_QA, "awaiting_closure"),
    ("awaiting_verification", "testing", QA, "awaiting_verification"),
    ("awaiting_verification", "still_broken", QA, "awaiting_start"),
    ("awaiting_closure", "close", TECH_LEAD, "awaiting_postmortem"),
    ("awaiting_postmortem", "publish", DEVOPS, "closed"),
    *((state, "not_notified", LINKED, state) for state in POSSIBLE),
]

# step: minutes until its owner is reminded, whether at night too, counted from what, and to whom it then goes up.
WAITS = {
    "decide": (10, True, "", Role.RELEASE_MANAGER),
    "initiate": (3, True, "", Role.TECH_LEAD),
    "complete": (5, True, "expected_at", Role.TECH_LEAD),
    "verify": (5, True, "verification_began", Role.TECH_LEAD),
    "close": (30, False, "", Role.RELEASE_MANAGER),
    "publish": (2 * 24 * 60, False, "post_mortem_at", Role.RELEASE_MANAGER),
}


def ready(state: str, step: str) -> Play[Rollback]:
    """A rollback in a state, in which nothing but the state decides whether a step is possible."""
    if step != "ask_again" or step not in POSSIBLE[state]:
        return rollback_in(state)
    it = rollback_in(state, DEPLOYS)
    assert it.it.order is not None
    it.take("order_told", LINKED, order_told(event=it.it.order.event, kind="rollback"))
    return it


def test_the_expectation_names_every_state_and_every_step() -> None:
    """A new row of the table is to be thought through here too."""
    assert set(POSSIBLE) == {state.name for state in ROLLBACK.states}
    assert set(WHO) == {step.name for step in ROLLBACK.steps}
    noted = {"note", "detail", "order_told"}  # whatever the state, it stays as it is
    expected = {(state, step) for state, steps in POSSIBLE.items() for step in steps.split() if step not in noted}
    assert {(state, step) for state, step, *_ in MOVES} == expected


@pytest.mark.parametrize("state", POSSIBLE)
def test_in_each_state_the_expected_steps_are_possible_and_no_other(state: str) -> None:
    """Every state with every step, taken by somebody who may, with good details."""
    actors = {actor.id: actor for actor in EVERYBODY}
    for step, who in WHO.items():
        it = ready(state, step)
        taker = actors[min(who)]
        if step in POSSIBLE[state].split():
            it.take(step, taker, form_for(step, it.now))
            continue
        with pytest.raises(Refusal, match="not possible"):
            it.take(step, taker, form_for(step, it.now))


@pytest.mark.parametrize("actor", EVERYBODY, ids=lambda actor: actor.id)
@pytest.mark.parametrize(("state", "step"), [(state, step) for state, step, *_ in MOVES])
def test_a_step_is_taken_by_its_roles_and_refused_to_all_others(state: str, step: str, actor: Actor) -> None:
    it = ready(state, step)
    if actor.id in WHO[step]:
        it.take(step, actor, form_for(step, it.now))
        return
    with pytest.raises(Refusal) as refused:
        it.take(step, actor, form_for(step, it.now))
    assert refused.value.may


@pytest.mark.parametrize("actor", EVERYBODY, ids=lambda actor: actor.id)
def test_the_alarm_is_raised_by_whoever_sees_production_and_by_the_release(actor: Actor) -> None:
    if actor.id in WHO["request"]:
        assert an_alarm(by=actor).it.state == "awaiting_decision"
        return
    with pytest.raises(Refusal) as refused:
        an_alarm(by=actor)
    assert "QA" in refused.value.may


@pytest.mark.parametrize(("state", "step", "by", "to"), MOVES)
def test_each_step_leads_where_the_design_says(state: str, step: str, by: Actor, to: str) -> None:
    it = ready(state, step)
    before = it.it.stage
    assert it.take(step, by, form_for(step, it.now)).state == to
    assert (it.it.stage == before) == (ROLLBACK.step(step).to == SAME)


def test_p0_needs_no_decision_and_p1_does() -> None:
    assert an_alarm(severity="P0").it.state == "awaiting_start"
    assert an_alarm(severity="P1").it.state == "awaiting_decision"


def test_the_steps_that_somebody_is_reminded_of() -> None:
    """Minutes, whether at night, from when, and who hears of it when nothing happens."""
    waits = {
        step.name: (step.wait.after.total_seconds() / 60, step.wait.urgent, step.wait.since, step.wait.then)
        for step in ROLLBACK.steps
        if step.wait
    }
    assert waits == WAITS


def test_every_state_but_the_last_awaits_somebody_and_the_last_offers_nothing() -> None:
    for state in ROLLBACK.states:
        assert bool(ROLLBACK.awaited(state.name)) != state.final
        assert bool(ROLLBACK.buttons(state.name)) != state.final


def test_the_channel_hears_of_a_rollback_three_times() -> None:
    """Asked for, begun, done: what the document announces to everyone."""
    assert {step.name for step in ROLLBACK.steps if step.hears == "channel"} == {"request", "initiate", "complete"}


def test_steps_that_can_not_be_taken_back_ask_first() -> None:
    assert {step.name for step in ROLLBACK.steps if step.confirm} == {"decide", "raise_severity", "decline", "withdraw"}


def test_only_machines_and_typed_words_have_no_button() -> None:
    assert {step.name for step in ROLLBACK.steps if not step.button} == {
        *("overdue", "note", "order_told", "ask_again", "worsened", "not_notified")
    }


@pytest.mark.parametrize("state", POSSIBLE)
def test_nothing_is_reminded_of_once_it_is_over(state: str) -> None:
    it = rollback_in(state)
    assert bool(reminders_for(ROLLBACK, it.it, POLICY)) != ROLLBACK.state(state).final
