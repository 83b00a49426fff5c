"""What holds for every way a release can go: any people, any steps, any pauses."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import event as hypothesis_event
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dialogue import Move, Situation, admit, evolve
from bot.core.events import Event
from bot.core.forms import Form
from bot.core.models import json_of
from bot.core.release import RELEASE
from bot.core.release_rules import Release
from bot.core.reminders import reminders_for
from bot.core.roles import CLOCK, Actor, Role
from bot.errors import Refusal
from tests.core.a_release import (
    CI,
    DEVOPS,
    MANAGER,
    NOBODY,
    NONE_SIGN,
    OTHER_LEAD,
    OTHER_QA,
    PM,
    POLICY,
    QA,
    TECH_LEAD,
    TWO_SIGN,
    WATCH,
    Play,
    approval,
    blank,
    breach,
    form_for,
    person,
)

EVERYTHING = person("UEVERY", Role.QA, Role.DEVOPS, Role.TECH_LEAD, Role.PM, Role.RELEASE_MANAGER)
PEOPLE = (QA, OTHER_QA, DEVOPS, TECH_LEAD, OTHER_LEAD, PM, MANAGER, EVERYTHING, NOBODY, CI, CLOCK, WATCH)
ROLES_OF = {actor.id: actor.roles for actor in PEOPLE}
STEPS = tuple(step.name for step in RELEASE.steps)
VERBAL = st.lists(st.sampled_from([TECH_LEAD.id, OTHER_LEAD.id, PM.id, EVERYTHING.id]), unique=True, max_size=2)


@st.composite
def forms(draw: st.DrawFn, step: str, play: Play) -> Form | None:
    """Good details, varied where a rule looks at them."""
    if step in {"approve", "revise"}:
        return approval(
            commit=draw(st.sampled_from(["abc123", "def456"])),
            verbal=draw(VERBAL),
            authors=draw(st.lists(st.sampled_from([TECH_LEAD.id, OTHER_QA.id]), max_size=1)),
        )
    if step == "breach":
        return breach(draw(st.sampled_from(["P0", "P1"])))
    return form_for(step, play.now)


@st.composite
def moves(draw: st.DrawFn, play: Play) -> tuple[str, Actor, Form | None, int | None]:
    """Mostly what is open now, by somebody who may; sometimes anything by anybody, from any card."""
    state, release = play.release.state, play.release
    steps = [step.name for step in RELEASE.open_steps(state)] if release.number else ["approve"]
    step = draw(st.sampled_from(steps) | st.sampled_from(STEPS))
    allowed = set(RELEASE.allowed(RELEASE.step(step), release if release.number else None))
    able = [actor for actor in PEOPLE if actor.roles & allowed] or list(PEOPLE)
    actor = draw(st.sampled_from(able) | st.sampled_from(PEOPLE))
    stage = draw(st.sampled_from([None, None, release.stage, release.stage - 1]))
    return step, actor, draw(forms(step, play)), stage


def take(play: Play, step: str, actor: Actor, form: Form | None, stage: int | None) -> bool:
    """Whether the step was taken. A refusal has changed nothing."""
    before = play.release.model_dump_json()
    try:
        play.take(step, actor, form, stage=stage, vouched=ROLES_OF)
    except Refusal as refusal:
        assert refusal.reason  # noqa: PT017 - a refusal is allowed here, other errors are not
        assert play.release.model_dump_json() == before
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_way_a_release_can_go_keeps_its_promises(data: st.DataObject) -> None:
    """Step after step; see `check` for what must hold after each."""
    play = Play(data.draw(st.sampled_from([POLICY, TWO_SIGN, NONE_SIGN])))
    play.approved()
    for _ in range(data.draw(st.integers(1, 25))):
        before = play.release
        play.wait(minutes=data.draw(st.sampled_from([0, 1, 30, 60, 600])))
        if take(play, *data.draw(moves(play))):
            check_step(before, play)
            check(play)
    hypothesis_event(play.release.state)
    assert fold(play.events, play) == play.release


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_way_to_sign_object_and_revise_keeps_its_promises(data: st.DataObject) -> None:
    """The same before the plan, where people sign, object, change the commit and name authors again and again."""
    play = Play(data.draw(st.sampled_from([POLICY, TWO_SIGN])))
    play.approved()
    for _ in range(data.draw(st.integers(3, 12))):
        before = play.release
        step = data.draw(st.sampled_from(["cosign", "cosign", "cosign", "revise", "object"]))
        actor = data.draw(st.sampled_from([TECH_LEAD, PM, EVERYTHING] + [QA, OTHER_QA] * (step == "revise")))
        if take(play, step, actor, data.draw(forms(step, play)), None):
            check_step(before, play)
            check(play)


def fold(events: list[Event], play: Play) -> Release:
    """The conversation from its events alone."""
    release = blank(play.events[0].at)
    for event in events:
        release = evolve(RELEASE, release, event)
    return release


def check_step(before: Release, play: Play) -> None:
    """An event counts on by one; the stage grows with the state, never shrinks, and makes earlier clicks stale. What is
    stored of both is what pydantic would write.
    """
    after, event = play.release, play.events[-1]
    assert json_of(after) == after.model_dump_json()
    assert json_of(event) == event.model_dump_json()
    assert after.number == before.number + 1 == event.number
    assert after.stage in {before.stage, before.stage + 1}
    assert (after.state == before.state) or after.stage == before.stage + 1
    assert after.since == (play.now if after.stage > before.stage else before.since)
    assert event.step != "revise" or after.stage == before.stage + 1
    assert not RELEASE.state(before.state).final or event.step in {
        "note",
        "escalate",
        "roll_back",
        "checklist",
        "tick",
        "untick",
        "order_told",
        "silenced",
        "not_silenced",
        "not_lifted",
        "not_notified",
        "unsilenced",
        "validate",
        "validation_progress",
        "validated",
        "feedback",
        "feedback_over",
    }


def check(play: Play) -> None:
    """Nobody has signed twice or signs their own change; somebody is awaited unless all is over; all roles have signed
    before anything is planned."""
    release = play.release
    persons = [sign.person for sign in release.sign_offs]
    assert len(persons) == len(set(persons))
    assert not set(persons) & set(release.approval.authors)
    assert all(sign.commit == release.approval.commit for sign in release.sign_offs)
    assert all(sign.role in ROLES_OF[sign.person] for sign in release.sign_offs)
    # In rollback it follows a conversation of its own, which has its own awaited.
    final = RELEASE.state(release.state).final or release.state == "rolling_back"
    assert bool(RELEASE.awaited(release.state)) is not final
    # A release that is over may still be validated: people's time to answer ends then, which belongs to no state.
    reminders = [one for one in reminders_for(RELEASE, release, play.policy) if one.step != "feedback_over"]
    assert bool(reminders) is not final
    # The release day's entries go by the clock, whatever state the release is in: what has passed was told then.
    entries = [reminder for reminder in reminders if reminder.kind == "entry"]
    assert all(reminder.due_at >= release.since for reminder in reminders if reminder.kind != "entry")
    assert len({entry.occasion for entry in entries}) == len(entries)
    if release.state not in {"awaiting_signoffs", "objected", "withdrawn"}:
        assert not release.missing
    if release.state in {"scheduled", "deploying", "awaiting_smoke"}:
        assert release.plan is not None


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_admit_refuses_decide_refuses_too(data: st.DataObject) -> None:
    """A form that may not be opened could not have been sent."""
    play = Play(data.draw(st.sampled_from([POLICY, TWO_SIGN])))
    play.in_state(data.draw(st.sampled_from([state.name for state in RELEASE.states])) if play.policy is POLICY else "")
    if not play.release.number:
        play.approved()
    step, actor, form, stage = data.draw(moves(play))
    situation = Situation(play.release, Move(step, actor, form, stage, ROLES_OF), play.policy, play.now)
    try:
        admit(RELEASE, situation)
    except Refusal:
        assert not take(play, step, actor, form, stage)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_release_that_nobody_interrupts_ends_by_the_clock_alone(data: st.DataObject) -> None:
    """After the smoke test nobody needs to do anything: notes and longer watches only move the end."""
    play = Play().watching()
    for _ in range(data.draw(st.integers(0, 5))):
        step = data.draw(st.sampled_from(["note", "extend_watch"]))
        play.wait(minutes=10).take(step, QA, form_for(step, play.now))
    (end,) = (one for one in reminders_for(RELEASE, play.release, play.policy) if one.kind != "entry")
    assert end.due_at >= play.now
    play.wait(seconds=(end.due_at - play.now) / timedelta(seconds=1))
    play.take(end.step, CLOCK, form_for(end.step, play.now), stage=end.stage)
    assert play.release.state == "completed"
