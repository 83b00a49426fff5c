"""The tables of the two environment dialogues against an expectation written by hand from the design, section 2."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.dialogue import SAME, Dialogue
from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.roles import CLOCK, GREENLIGHT, Actor
from bot.errors import Refusal
from tests.core.a_release import CI, DEVOPS, MANAGER, NOBODY, OTHER_QA, PM, QA, TECH_LEAD, WATCH
from tests.core.an_environment import Play, form_for, issue_in, request_in

ISSUE, REQUEST = ENVIRONMENT_ISSUE, ENVIRONMENT_REQUEST

# dialogue, state: the steps that are possible in it, in no order.
POSSIBLE = {
    (ISSUE.name, "awaiting_investigation"): "investigate update restore withdraw",
    (ISSUE.name, "investigating"): "update restore withdraw",
    (ISSUE.name, "awaiting_verification"): "verify still_broken withdraw",
    (ISSUE.name, "closed"): "",
    (ISSUE.name, "withdrawn"): "",
    (REQUEST.name, "awaiting_plan"): "plan decline withdraw shared not_shared",
    (REQUEST.name, "preparing"): "ready decline withdraw shared not_shared",
    (REQUEST.name, "awaiting_acceptance"): "accept adjust share withdraw shared not_shared",
    (REQUEST.name, "in_use"): "share ask_end extend retire shared not_shared",
    (REQUEST.name, "awaiting_retirement"): "share extend retire shared not_shared",
    (REQUEST.name, "declined"): "shared not_shared",
    (REQUEST.name, "withdrawn"): "shared not_shared",
    (REQUEST.name, "retired"): "shared not_shared",
}
ALWAYS = "ticket_opened ticket_refused note"

EVERYBODY = (QA, OTHER_QA, DEVOPS, TECH_LEAD, PM, MANAGER, CI, CLOCK, WATCH, GREENLIGHT, NOBODY)
ANY_QA, ANYBODY = {QA.id, OTHER_QA.id}, {actor.id for actor in EVERYBODY}
WHO: dict[str, set[str]] = {
    "report": ANY_QA,
    "investigate": {DEVOPS.id},
    "update": {DEVOPS.id},
    "restore": {DEVOPS.id},
    "verify": ANY_QA,
    "still_broken": ANY_QA,
    "withdraw": {QA.id},
    "request": ANY_QA,
    "plan": {DEVOPS.id},
    "decline": {DEVOPS.id},
    "ready": {DEVOPS.id},
    "accept": ANY_QA,
    "adjust": ANY_QA,
    "share": {DEVOPS.id},
    "shared": {GREENLIGHT.id},
    "not_shared": {GREENLIGHT.id},
    "ask_end": {CLOCK.id},
    "extend": {*ANY_QA, DEVOPS.id},
    "retire": {*ANY_QA, DEVOPS.id},
    "ticket_opened": {GREENLIGHT.id},
    "ticket_refused": {GREENLIGHT.id},
    "note": ANYBODY,
}

# dialogue, from, step, by, to. The steps that only note something stay where they are.
MOVES: list[tuple[Dialogue[Any], str, str, Actor, str]] = [
    (ISSUE, "awaiting_investigation", "investigate", DEVOPS, "investigating"),
    (ISSUE, "awaiting_investigation", "update", DEVOPS, "investigating"),
    (ISSUE, "awaiting_investigation", "restore", DEVOPS, "awaiting_verification"),
    (ISSUE, "awaiting_investigation", "withdraw", QA, "withdrawn"),
    (ISSUE, "investigating", "update", DEVOPS, "investigating"),
    (ISSUE, "investigating", "restore", DEVOPS, "awaiting_verification"),
    (ISSUE, "investigating", "withdraw", QA, "withdrawn"),
    (ISSUE, "awaiting_verification", "verify", OTHER_QA, "closed"),
    (ISSUE, "awaiting_verification", "still_broken", QA, "investigating"),
    (ISSUE, "awaiting_verification", "withdraw", QA, "withdrawn"),
    (ISSUE, "closed", "note", NOBODY, "closed"),
    (ISSUE, "withdrawn", "note", NOBODY, "withdrawn"),
    (REQUEST, "awaiting_plan", "plan", DEVOPS, "preparing"),
    (REQUEST, "awaiting_plan", "decline", DEVOPS, "declined"),
    (REQUEST, "awaiting_plan", "withdraw", QA, "withdrawn"),
    (REQUEST, "preparing", "ready", DEVOPS, "awaiting_acceptance"),
    (REQUEST, "preparing", "decline", DEVOPS, "declined"),
    (REQUEST, "preparing", "withdraw", QA, "withdrawn"),
    (REQUEST, "awaiting_acceptance", "accept", OTHER_QA, "in_use"),
    (REQUEST, "awaiting_acceptance", "adjust", QA, "preparing"),
    (REQUEST, "awaiting_acceptance", "share", DEVOPS, "awaiting_acceptance"),
    (REQUEST, "awaiting_acceptance", "withdraw", QA, "withdrawn"),
    (REQUEST, "in_use", "ask_end", CLOCK, "awaiting_retirement"),
    (REQUEST, "in_use", "extend", QA, "in_use"),
    (REQUEST, "in_use", "retire", DEVOPS, "retired"),
    (REQUEST, "in_use", "shared", GREENLIGHT, "in_use"),
    (REQUEST, "in_use", "not_shared", GREENLIGHT, "in_use"),
    (REQUEST, "awaiting_retirement", "extend", DEVOPS, "in_use"),
    (REQUEST, "awaiting_retirement", "retire", QA, "retired"),
    (REQUEST, "awaiting_retirement", "share", DEVOPS, "awaiting_retirement"),
    (REQUEST, "declined", "note", NOBODY, "declined"),
    (REQUEST, "retired", "note", NOBODY, "retired"),
    (REQUEST, "withdrawn", "note", NOBODY, "withdrawn"),
]
BOTH: tuple[Dialogue[Any], ...] = (ISSUE, REQUEST)
NAMES = [dialogue.name for dialogue in BOTH]
EVERY_STATE = [(dialogue, state.name) for dialogue in BOTH for state in dialogue.states]


def in_state(dialogue: Dialogue[Any], state: str) -> Play[Any]:
    return issue_in(state) if dialogue is ISSUE else request_in(state)


def is_allowed(dialogue: Dialogue[Any], state: str, step: str, actor: Actor) -> bool:
    it = in_state(dialogue, state)
    try:
        it.take(step, actor, form_for(step, it.now))
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(("dialogue", "state"), EVERY_STATE, ids=lambda one: getattr(one, "name", one))
def test_in_each_state_exactly_these_steps_are_possible(dialogue: Dialogue[Any], state: str) -> None:
    expected = {*POSSIBLE[dialogue.name, state].split(), *ALWAYS.split()}
    assert {step.name for step in dialogue.open_steps(state)} == expected


@pytest.mark.parametrize(
    ("dialogue", "state", "step", "actor", "to"), MOVES, ids=[f"{one[0].name}-{one[1]}-{one[2]}" for one in MOVES]
)
def test_each_step_leads_where_the_design_says(
    dialogue: Dialogue[Any], state: str, step: str, actor: Actor, to: str
) -> None:
    it = in_state(dialogue, state)
    before = it.it.stage
    assert it.take(step, actor, form_for(step, it.now)).state == to
    row = dialogue.step(step)
    assert (it.it.stage == before) == (row.to == SAME or (step == "update" and state == to))


@pytest.mark.parametrize(("dialogue", "state"), EVERY_STATE, ids=lambda one: getattr(one, "name", one))
def test_each_step_is_taken_by_exactly_these_people_and_machines(dialogue: Dialogue[Any], state: str) -> None:
    for step in dialogue.open_steps(state):
        allowed = {actor.id for actor in EVERYBODY if is_allowed(dialogue, state, step.name, actor)}
        assert allowed == WHO[step.name], step.name


@pytest.mark.parametrize("dialogue", BOTH, ids=NAMES)
def test_only_qa_opens_a_conversation(dialogue: Dialogue[Any]) -> None:
    opening = next(step for step in dialogue.steps if not step.sources)
    for actor in EVERYBODY:
        it = Play(dialogue)
        if actor.id in ANY_QA:
            it.take(opening.name, actor, form_for(opening.name, it.now))
        else:
            with pytest.raises(Refusal, match="is not yours"):
                it.take(opening.name, actor, form_for(opening.name, it.now))


@pytest.mark.parametrize("dialogue", BOTH, ids=NAMES)
def test_every_step_is_expected_here_and_every_state_but_the_last_awaits_somebody(dialogue: Dialogue[Any]) -> None:
    assert {step.name for step in dialogue.steps} <= WHO.keys()
    waiting = {state.name for state in dialogue.states if not state.final}
    assert {state for state in waiting if not dialogue.awaited(state)} == set()
    assert {state.name for state in dialogue.states if state.final and dialogue.buttons(state.name)} == set()


def test_only_machines_take_what_only_machines_know() -> None:
    machines = {step.name for dialogue in BOTH for step in dialogue.steps if not step.by_people}
    assert machines == {"ticket_opened", "ticket_refused", "shared", "not_shared", "ask_end"}
