"""What holds for every way that an environment's conversation can go: any people, any steps, any pauses."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dialogue import Dialogue
from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.reminders import awaited_roles, reminders_for
from bot.core.roles import CLOCK, GREENLIGHT, Actor, Role
from bot.errors import Refusal
from bot.messages.limits import fit, violations
from bot.messages.voices import VOICES
from tests.core.a_release import CI, DEVOPS, NOBODY, OTHER_QA, POLICY, QA, START, TECH_LEAD, person
from tests.core.an_environment import Play, form_for, request, until

EVERYTHING = person("UEVERY", Role.QA, Role.DEVOPS, Role.TECH_LEAD)
PEOPLE = (QA, OTHER_QA, DEVOPS, TECH_LEAD, EVERYTHING, NOBODY, CI, CLOCK, GREENLIGHT)
BOTH: tuple[Dialogue[Any], ...] = (ENVIRONMENT_ISSUE, ENVIRONMENT_REQUEST)


def moves(dialogue: Dialogue[Any]) -> st.SearchStrategy[list[tuple[str, Actor, int]]]:
    """Steps by people after pauses (minutes). The likely ones are drawn more often, so that ways lead far."""
    steps = st.sampled_from([step.name for step in dialogue.steps if step.sources])
    likely = st.sampled_from([DEVOPS, QA, EVERYTHING])
    return st.lists(
        st.tuples(steps, likely | st.sampled_from(PEOPLE), st.sampled_from([0, 1, 30, 600, 10_000])), max_size=40
    )


@st.composite
def plays(draw: st.DrawFn) -> Play[Any]:
    """A conversation after any moves; those that are refused change nothing."""
    dialogue = draw(st.sampled_from(BOTH))
    it: Play[Any] = Play(dialogue)
    opening = next(step.name for step in dialogue.steps if not step.sources)
    ends = draw(st.booleans()) and dialogue is ENVIRONMENT_REQUEST
    form = request(**until(START.replace(month=3))) if ends else form_for(opening, it.now)
    it.take(opening, QA, form)
    for step, actor, minutes in draw(moves(dialogue)):
        it.wait(minutes=minutes)
        before = it.it
        try:
            it.take(step, actor, form_for(step, it.now))
        except Refusal:
            assert it.it == before
    return it


@given(plays())
@settings(max_examples=60, deadline=None)
def test_whatever_happens_somebody_is_awaited_until_it_ends_or_is_in_use(it: Play[Any]) -> None:
    state = it.dialogue.state(it.it.state)
    if state.name != "in_use":  # there nobody is, unless it ends or credentials did not arrive
        assert bool(awaited_roles(it.dialogue, it.it)) != state.final
    assert not (state.final and reminders_for(it.dialogue, it.it, it.policy))


@given(plays())
@settings(max_examples=60, deadline=None)
def test_no_reminder_lies_before_the_state_it_is_about(it: Play[Any]) -> None:
    for reminder in reminders_for(it.dialogue, it.it, it.policy):
        assert reminder.due_at >= it.it.since
        assert reminder.stage == it.it.stage


@given(plays())
@settings(max_examples=60, deadline=None)
def test_whatever_happened_can_be_told(it: Play[Any]) -> None:
    voice = VOICES[it.dialogue.name]
    card = voice.card(it.it, POLICY)
    told = [said.message for said in voice.told(it.it, it.events[-1], POLICY)]
    for message in (card, *told):
        assert violations(message.blocks) == []
        assert fit(message) == (message,)
