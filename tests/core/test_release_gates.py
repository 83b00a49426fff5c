"""What stands against a deployment, and the ways through: windows, freezes, the lock; hotfix, exception, override."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.dialogue import Dialogue, Move, Situation, decide, evolve
from bot.core.events import Conversation, Event
from bot.core.forms import Form
from bot.core.freeze import FREEZE, incident_freeze
from bot.core.freeze_rules import Freeze, FreezeEndForm, FreezeForm
from bot.core.policy import Holders
from bot.core.release import RELEASE
from bot.core.release_gates import HOLDING
from bot.core.release_rules import Release
from bot.core.reminders import reminders_for, tells_of
from bot.core.roles import CLOCK, Actor, Role
from bot.core.surroundings import NOWHERE, Past, Surroundings
from bot.core.wall_clock import Weekday
from bot.core.windows import Windows
from bot.errors import Refusal
from tests.core.a_release import (
    DEVOPS,
    MANAGER,
    POLICY,
    QA,
    START,
    TECH_LEAD,
    Play,
    another_time,
    approval,
    deployed,
    passed,
    plan,
    reason,
    start,
)
from tests.core.a_rollback import rollback_in

NO_TUESDAYS = POLICY.model_copy(update={"windows": {"production": Windows(avoid=(Weekday.TUESDAY,))}})
WITH_MANAGER = NO_TUESDAYS.model_copy(update={"roles": {Role.RELEASE_MANAGER: Holders(users=(MANAGER.id,))}})
AT = START + timedelta(hours=1)
"""When the played release is to be deployed: a Tuesday."""


def decided(dialogue: Dialogue[Any], conversation: Any, move: Move, now: datetime, *others: Conversation) -> Event:
    return decide(dialogue, Situation(conversation, move, POLICY, now, Surroundings(others)))


def frozen(actor: Actor = MANAGER, now: datetime = START, *others: Conversation, **answers: Any) -> Freeze:
    """A freeze as it stands after it was set."""
    blank = Freeze(
        id="f1",
        dialogue="freeze",
        service="orders",
        environment="production",
        version="FRZ-1",
        channel="C0RELEASES",
        opened_at=now,
        opened_by=actor.id,
        state="",
        since=now,
    )
    form = FreezeForm.from_answers({"reason": "Black Friday"} | answers)
    return evolve(FREEZE, blank, decided(FREEZE, blank, Move("freeze", actor, form), now, *others))


def other(state: str = "deploying") -> Release:
    """Another release of the service."""
    return Play().in_state(state).release.model_copy(update={"id": "r0", "version": "v1.1.9"})


def take(play: Play, step: str, actor: Actor, form: Form | None, *others: Conversation) -> Event:
    """Take a step among other conversations."""
    situation = Situation(play.release, Move(step, actor, form), play.policy, play.now, Surroundings(others))
    event = decide(RELEASE, situation)
    play.release = evolve(RELEASE, play.release, event)
    return event


def refusal(play: Play, step: str, actor: Actor, form: Form | None, *others: Conversation) -> Refusal:
    with pytest.raises(Refusal) as refused:
        take(play, step, actor, form, *others)
    return refused.value


def closed(play: Play) -> Play:
    """From now on the window is closed."""
    play.policy = NO_TUESDAYS
    return play


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_start_outside_the_window_is_refused_with_the_reason_the_next_opening_and_who_may_override() -> None:
    """All that DevOps needs to know in one answer."""
    told = str(refusal(closed(Play().scheduled().wait(hours=1)), "start", DEVOPS, start()))
    assert "Nothing is deployed on a Tuesday." in told
    assert "It opens on Wednesday, 2024-01-17 00:00." in told
    assert "A Release Manager or Tech Lead may override this with a reason." in told


def test_override_by_the_role_that_may_passes_and_keeps_what_stood_against_it() -> None:
    """The event has the reason and the rule that was passed; DevOps's own reason is not enough."""
    play = closed(Play().scheduled().wait(hours=1))
    assert "Only a Release Manager" in str(refusal(play, "start", DEVOPS, start(override="It is urgent")))
    event = take(play, "start", MANAGER, start(override="The customer waits"))
    assert event.data["override"] == "The customer waits"
    assert event.data["obstacles"] == ["Nothing is deployed on a Tuesday. It opens on Wednesday, 2024-01-17 00:00."]


@pytest.mark.parametrize(
    ("state", "step", "actor", "form"),
    [
        ("awaiting_plan", "plan", DEVOPS, plan(AT)),
        ("awaiting_timing", "propose_time", QA, another_time()),
    ],
)
def test_nothing_is_planned_into_a_closed_window(state: str, step: str, actor: Actor, form: Form) -> None:
    """The answer says when it opens, and the way to an exception."""
    told = str(refusal(closed(Play().in_state(state)), step, actor, form))
    assert "It opens on Wednesday" in told
    assert "“allow” with a reason" in told


def test_exception_lets_a_release_be_planned_and_started_outside_the_window() -> None:
    """The Release Manager allows it once; planning and starting then need no more."""
    play = Play().signed()
    take(closed(play), "allow", MANAGER, reason("The fair opens on Saturday"))
    take(play, "plan", DEVOPS, plan(AT))
    take(play, "confirm", QA, None)
    take(play.wait(hours=1), "start", DEVOPS, start())
    assert play.release.state == "deploying"


def test_revision_takes_an_exception_back() -> None:
    """What was allowed was allowed for what was known of the release then."""
    play = Play().signed()
    take(closed(play), "allow", MANAGER, reason("The fair opens on Saturday"))
    take(play, "revise", QA, approval(commit="def456"))
    take(play, "cosign", TECH_LEAD, None)
    refusal(play, "plan", DEVOPS, plan(AT))


def test_deployment_that_was_not_started_here_keeps_what_stood_against_it() -> None:
    """A notice is never refused: what is done is done, and said."""
    play = closed(Play().scheduled().wait(hours=1))
    assert take(play, "deployed", DEVOPS, deployed()).data["obstacles"]


# ── hotfixes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_hotfix_goes_at_any_time_once_the_release_manager_has_signed() -> None:
    """Deployment strategy, "Emergency Hotfixes": any time, requires manager approval."""
    play = Play(WITH_MANAGER)
    play.take("approve", QA, approval(hotfix="yes"))
    assert play.release.missing == (Role.TECH_LEAD, Role.RELEASE_MANAGER)
    play.take("cosign", TECH_LEAD)
    assert play.release.state == "awaiting_signoffs"
    play.take("cosign", MANAGER)
    freeze = frozen()
    take(play, "plan", DEVOPS, plan(AT), freeze)
    take(play, "confirm", QA, None, freeze)
    take(play.wait(hours=1), "start", DEVOPS, start(), freeze)
    assert play.release.state == "deploying"


def test_hotfix_waits_for_the_release_that_is_under_way() -> None:
    """Two deployments at once help nobody."""
    play = Play(WITH_MANAGER)
    play.take("approve", QA, approval(hotfix="yes"))
    for signer in (TECH_LEAD, MANAGER):
        play.take("cosign", signer)
    take(play, "plan", DEVOPS, plan(AT))
    take(play, "confirm", QA, None)
    refusal(play.wait(hours=1), "start", DEVOPS, start(), other())


def test_hotfix_where_nobody_could_sign_it_is_refused() -> None:
    """It would wait for ever."""
    told = refusal(Play(), "approve", QA, approval(hotfix="yes"))
    assert "Nobody holds the role Release Manager" in told.fields["hotfix"]


# ── freezes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_freeze_refuses_a_start_and_says_until_when_by_whom_and_why() -> None:
    """Also where it has no end."""
    play = Play().scheduled().wait(hours=1)
    told = str(refusal(play, "start", DEVOPS, start(), frozen(until="2024-01-17T08:00:00Z")))
    assert "FRZ-1 freezes orders until 2024-01-17 08:00 UTC, set by Ruth: Black Friday" in told
    assert "until it is lifted" in str(refusal(play, "start", DEVOPS, start(), frozen()))
    assert take(play, "start", MANAGER, start(override="It fixes the incident"), frozen()).data["obstacles"]


def test_freeze_of_another_time_or_environment_stands_against_nothing() -> None:
    """A freeze has its own hours, and is of one environment."""
    later = frozen(starts="2024-01-17T08:00:00Z")
    ended = frozen(until=(AT - timedelta(minutes=1)).isoformat())
    elsewhere = frozen().model_copy(update={"environment": "staging"})
    play = Play().scheduled().wait(hours=1)
    take(play, "start", DEVOPS, start(), later, ended, elsewhere)
    assert play.release.state == "deploying"


def test_nothing_is_planned_into_a_freeze_that_is_announced() -> None:
    """It is enough that it will be in force then."""
    freeze = frozen(starts=AT.isoformat())
    assert freeze.state == "announced"
    assert "FRZ-1" in str(refusal(Play().signed(), "plan", DEVOPS, plan(AT), freeze))
    take(Play().signed(), "plan", DEVOPS, plan(AT - timedelta(minutes=5)), freeze)


def test_exception_does_not_pass_a_freeze_that_was_set_after_it() -> None:
    """The manager who allowed it knew nothing of the incident."""
    play = Play().scheduled()
    take(play, "allow", MANAGER, reason("The fair opens on Saturday"))
    play.wait(hours=1)
    refusal(play, "start", DEVOPS, start(), frozen(now=START + timedelta(minutes=30)))
    take(play, "start", DEVOPS, start(), frozen())


def test_freeze_tells_the_scheduled_releases_that_it_covers_and_its_end_tells_them_too() -> None:
    """Only those whose agreed time falls into it; another end covers others, and frees those that were told of it."""
    scheduled = Play().scheduled().release
    assert frozen(MANAGER, START, scheduled, starts="2024-01-17T08:00:00Z").forms["freeze"]["covered"] == []
    freeze = frozen(MANAGER, START, scheduled, Play().planned().release)
    assert freeze.forms["freeze"]["covered"] == [scheduled.id]
    untold, scheduled = scheduled, scheduled.but(freezes=(freeze.mark,))
    earlier = Move("change_end", MANAGER, FreezeEndForm(until=AT - timedelta(minutes=1), reason="Over soon"))
    event = decided(FREEZE, freeze, earlier, START, scheduled)
    assert (event.data["covered"], event.data["freed"]) == ([], [scheduled.id])
    assert decided(FREEZE, freeze, earlier, START, untold).data["freed"] == []
    lifted = decided(FREEZE, freeze, Move("lift", TECH_LEAD, reason("All is quiet")), START, scheduled)
    steps = [(one.step, one.conversation) for one in FREEZE.step("lift").leads(evolve(FREEZE, freeze, lifted), lifted)]  # type: ignore[misc]  # this row has it
    assert steps == [("thawed", scheduled.id)]


def test_freeze_covers_a_release_that_is_late() -> None:
    """Its agreed time has passed before the freeze, but whoever starts it starts it now."""
    late = Play().scheduled().release
    freeze = frozen(MANAGER, AT + timedelta(hours=1), late, until=(AT + timedelta(hours=3)).isoformat())
    assert freeze.forms["freeze"]["covered"] == [late.id]


def test_agreeing_to_a_time_in_a_freeze_marks_the_release() -> None:
    """The card of a release that may pass still says what it stands under."""
    play = Play().planned()
    freeze = frozen()
    take(play, "confirm", QA, None, freeze)
    assert play.release.freezes == (freeze.mark,)


def test_freeze_begins_and_ends_by_the_clock() -> None:
    """Announced, in force, over: each at its time, and never both at once."""
    freeze = frozen(starts="2024-01-17T08:00:00Z", until="2024-01-18T08:00:00Z")
    [begins] = reminders_for(FREEZE, freeze, POLICY)
    assert (begins.kind, begins.step, begins.due_at) == ("step", "begin", freeze.starts_at)
    event = decided(FREEZE, freeze, Move("begin", CLOCK, FREEZE.step("begin").form()), begins.due_at)  # type: ignore[misc]  # this row has one
    freeze = evolve(FREEZE, freeze, event)
    assert freeze.state == "in_force"
    [ends] = reminders_for(FREEZE, freeze, POLICY)
    assert (ends.step, ends.due_at) == ("expire", freeze.ends_at)


def test_freeze_without_an_end_waits_for_somebody_to_lift_it() -> None:
    """No clock lifts what nobody gave an end."""
    assert reminders_for(FREEZE, frozen(), POLICY) == ()


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"until": "2024-01-16T14:00:00Z"}, "has passed"),
        ({"starts": "2024-01-18T08:00:00Z", "until": "2024-01-17T08:00:00Z"}, "before it begins"),
    ],
)
def test_freeze_that_ends_before_it_begins_is_refused(answers: dict[str, str], told: str) -> None:
    """Below the field that is wrong."""
    with pytest.raises(Refusal) as refused:
        frozen(MANAGER, START, **answers)
    assert told in refused.value.fields["until"]


def test_devops_may_freeze_and_not_lift() -> None:
    """Who is kept from deploying does not decide alone that it is over."""
    freeze = frozen(DEVOPS)
    with pytest.raises(Refusal) as refused:
        decided(FREEZE, freeze, Move("lift", DEVOPS, reason()), START)
    assert refused.value.may == ("Release Manager", "Tech Lead")


def test_incident_freezes_its_service_and_that_reaches_its_releases() -> None:
    """As a consequence of a step elsewhere, going onward to what it covers."""
    consequence = incident_freeze("v1.2.0 was rolled back (P0)")
    assert (consequence.dialogue, consequence.step, consequence.onward) == ("freeze", "freeze", True)
    linked = Actor(QA.id, QA.name, frozenset({Role.LINKED}))
    assert frozen(linked).state == "in_force"


# ── the lock ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("state", HOLDING)
def test_one_release_of_a_service_deploys_at_a_time(state: str) -> None:
    """The refusal names who holds it, and since when."""
    play = Play().scheduled().wait(hours=1)
    told = str(refusal(play, "start", DEVOPS, start(), other(state)))
    assert "v1.1.9 holds orders: Dana took it on at 2024-01-16 16:00 UTC." in told


@pytest.mark.parametrize("state", ["scheduled", "watching", "completed"])
def test_release_that_waits_or_is_verified_holds_nothing(state: str) -> None:
    """Verified and watched, it is in nobody's way."""
    play = Play().scheduled().wait(hours=1)
    take(play, "start", DEVOPS, start(), other(state))


def test_release_to_another_environment_holds_nothing() -> None:
    """Staging does not keep production waiting."""
    play = Play().scheduled().wait(hours=1)
    take(play, "start", DEVOPS, start(), other().model_copy(update={"environment": "staging"}))


@pytest.mark.parametrize("state", ["awaiting_start", "rolling_back", "awaiting_verification"])
def test_nothing_is_deployed_beside_a_rollback_under_way(state: str) -> None:
    """Also where the version that goes back has no release here, which would hold the service."""
    play = Play().scheduled().wait(hours=1)
    back = rollback_in(state, around=NOWHERE, version="v1.1.9").it
    told = str(refusal(play, "start", DEVOPS, start(), back))
    assert "v1.1.9 of orders is being rolled back: Quinn raised the alarm at 2024-01-16 15:00 UTC." in told
    take(play, "start", DEVOPS, start(), back.model_copy(update={"environment": "staging"}))


@pytest.mark.parametrize("state", ["awaiting_decision", "awaiting_closure", "closed"])
def test_a_rollback_that_is_not_decided_or_is_verified_holds_nothing(state: str) -> None:
    take(Play().scheduled().wait(hours=1), "start", DEVOPS, start(), rollback_in(state, version="v1.1.9").it)


GONE_BAD = Surroundings(releases=(Past("r1", "1.1.0", "rolled_back"), Past("r0", "v1.0.0", "completed")))
"""The version that the played release would go back to was rolled back."""


def test_nothing_is_started_whose_way_back_was_rolled_back_since_it_was_planned() -> None:
    play = Play().scheduled().wait(hours=1)
    situation = Situation(play.release, Move("start", DEVOPS, start()), play.policy, play.now, GONE_BAD)
    with pytest.raises(Refusal, match=r"Its plan goes back to v1\.1\.0, which was itself rolled back\."):
        decide(RELEASE, situation)
    overridden = Move("start", MANAGER, start(override="It repairs it"))
    event = decide(RELEASE, Situation(play.release, overridden, play.policy, play.now, GONE_BAD))
    assert event.data["obstacles"] == ["Its plan goes back to v1.1.0, which was itself rolled back."]


def test_nothing_is_planned_to_go_back_to_what_was_rolled_back() -> None:
    """The refusal names the one to take."""
    play = Play().in_state("awaiting_plan")
    situation = Situation(play.release, Move("plan", DEVOPS, plan()), play.policy, play.now, GONE_BAD)
    with pytest.raises(Refusal) as refused:
        decide(RELEASE, situation)
    told = "v1.1.0 was itself rolled back. The last version that was verified is v1.0.0."
    assert refused.value.fields == {"rollback_target": told}


def test_a_reason_ends_as_a_sentence_whatever_was_typed() -> None:
    for typed in ("Black Friday", "Black Friday."):
        told = str(refusal(Play().scheduled().wait(hours=1), "start", DEVOPS, start(), frozen(reason=typed)))
        assert "set by Ruth: Black Friday. " in f"{told} "


def test_who_is_held_back_otherwise_is_not_next() -> None:
    """To be told that the way is free, and then to be refused by a freeze, helps nobody."""
    play = Play().smoke_running()
    waiting = Play().scheduled().release.model_copy(update={"id": "r2", "planned_at": play.now + timedelta(hours=1)})
    assert "next" not in take(play, "smoke_passed", QA, passed(), waiting, frozen()).data


def test_who_is_next_is_told_when_the_way_is_free() -> None:
    """The scheduled release with the earliest agreed time, of those that are planned for soon."""
    play = Play().smoke_running()
    first, second, far = (
        Play().scheduled().release.model_copy(update={"id": name, "planned_at": play.now + timedelta(hours=hours)})
        for name, hours in (("r2", -1), ("r3", 1), ("r4", 30))
    )
    event = take(play, "smoke_passed", QA, passed(), second, first, far)
    leads = RELEASE.step("smoke_passed").leads
    assert leads is not None
    [consequence] = leads(play.release, event)
    assert (consequence.step, consequence.conversation) == ("freed", "r2")
    step = RELEASE.step("freed")
    [tell] = tells_of(step, first, event, POLICY)
    assert tell.roles == ("devops",)


def test_continuing_a_deployment_frees_nobody() -> None:
    """A decision to go on keeps the service."""
    play = Play().in_state("awaiting_decision")
    waiting = Play().scheduled().release.model_copy(update={"id": "r2"})
    event = take(play, "continue", TECH_LEAD, reason(), waiting)
    leads = RELEASE.step("continue").leads
    assert leads is not None
    assert leads(play.release, event) == ()


def test_steps_that_these_rules_stand_before_look_around() -> None:
    """What does not look sees no freeze and no other release."""
    guarded = {"start", "plan", "propose_time", "confirm", "deployed", "smoke_passed", "continue", "rolled_back"}
    assert guarded <= {step.name for step in RELEASE.steps if step.looks}
