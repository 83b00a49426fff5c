"""Whose agreement a plan needs ("Decision Authority"), and how it is given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.authority import Authority, Decision, Decisions
from bot.core.policy import Holders
from bot.core.release import RELEASE
from bot.core.reminders import awaited_roles
from bot.core.roles import Role
from bot.errors import Refusal
from tests.core.a_release import DEVOPS, PM, POLICY, QA, TECH_LEAD, Play, approval, person, plan, reason, start

HOLDERS = {Role.QA: "UQA", Role.DEVOPS: "UDEVOPS", Role.TECH_LEAD: "ULEAD"}
HELD = POLICY.model_copy(update={"roles": {role: Holders(users=(user,)) for role, user in HOLDERS.items()}})
DOWN: dict[str, Any] = {"downtime": "5 minutes while the schema changes"}


def planned(play: Play | None = None, **changes: Any) -> Play:
    play = (play or Play()).signed()
    play.take("plan", DEVOPS, plan(**changes))
    return play


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, ()),
        ({"downtime": "No"}, ()),
        (DOWN, (Role.PM, Role.TECH_LEAD)),
        ({"decisions": ["deployment_platform"]}, (Role.TECH_LEAD, Role.PM)),
        ({"decisions": ["major_infrastructure"]}, (Role.TECH_LEAD,)),
        ({"decisions": ["security_policies"]}, (Role.TECH_LEAD, Role.PM)),
        ({"decisions": ["cost"]}, (Role.PM,)),
        ({**DOWN, "decisions": ["cost", "major_infrastructure"]}, (Role.PM, Role.TECH_LEAD)),
    ],
)
def test_a_plan_asks_those_whom_the_documents_matrix_names(changes: dict[str, Any], asked: tuple[Role, ...]) -> None:
    """And nobody where DevOps decides alone, as in the document's own plan."""
    release = planned(**changes).release
    assert release.unagreed == asked
    assert release.state == ("awaiting_agreement" if asked else "awaiting_timing")
    assert awaited_roles(RELEASE, release) == (asked or (Role.QA,))


def test_the_plan_goes_on_to_qa_once_all_have_agreed() -> None:
    play = planned(**DOWN)
    assert play.take("agree", PM).state == "awaiting_agreement"
    assert play.release.unagreed == (Role.TECH_LEAD,)
    assert play.take("agree", TECH_LEAD).state == "awaiting_timing"
    play.take("confirm", QA)
    assert play.wait(hours=1).take("start", DEVOPS, start()).state == "deploying"


def test_nobody_agrees_twice_whatever_roles_they_hold() -> None:
    both = person("UBOTH", Role.PM, Role.TECH_LEAD)
    play = planned(**DOWN)
    play.take("agree", both)
    with pytest.raises(Refusal, match="each agreement needs a different person") as refused:
        play.take("agree", both)
    assert refused.value.may == ("Tech Lead",)


def test_the_planner_agrees_to_nothing_of_their_own() -> None:
    planner = person("UDANA", Role.DEVOPS, Role.TECH_LEAD)
    play = planned(**DOWN)
    with pytest.raises(Refusal, match="your own plan"):
        play.take("agree", planner)
    assert play.release.barred(Role.TECH_LEAD) >= {DEVOPS.id}


def test_who_is_not_asked_can_neither_agree_nor_disagree() -> None:
    play = planned(decisions=["cost"])
    for step, form in (("agree", None), ("disagree", reason())):
        with pytest.raises(Refusal) as refused:
            play.take(step, TECH_LEAD, form)
        assert refused.value.may == ("PM",)


def test_disagreement_goes_back_to_the_plan_and_a_new_plan_is_asked_about_anew() -> None:
    """What somebody agreed to was the earlier plan."""
    play = planned(**DOWN)
    play.take("agree", PM)
    assert play.take("disagree", TECH_LEAD, reason("At night, please")).state == "awaiting_plan"
    play.take("plan", DEVOPS, plan(play.now + timedelta(hours=9), **DOWN))
    assert play.release.unagreed == (Role.PM, Role.TECH_LEAD)


def test_a_plan_without_a_downtime_after_all_needs_nobody() -> None:
    play = planned(**DOWN)
    play.take("disagree", TECH_LEAD, reason("Do it rolling"))
    assert play.take("plan", DEVOPS, plan()).state == "awaiting_timing"


def test_a_revision_puts_the_plan_aside_with_its_agreements() -> None:
    play = planned(**DOWN)
    play.take("agree", PM)
    play.take("revise", QA, approval(commit="def456"))
    play.take("cosign", TECH_LEAD)
    play.take("plan", DEVOPS, plan(**DOWN))
    assert play.release.unagreed == (Role.PM, Role.TECH_LEAD)


def test_in_the_place_of_a_role_that_nobody_holds_the_release_manager_agrees() -> None:
    """Else the Tech Lead, whom every release has: a release does not wait for nobody."""
    manager = {**HELD.roles, Role.RELEASE_MANAGER: Holders(users=("UMANAGER",))}
    with_manager = planned(Play(HELD.model_copy(update={"roles": manager})), **DOWN)
    assert with_manager.release.unagreed == (Role.RELEASE_MANAGER, Role.TECH_LEAD)
    assert with_manager.events[-1].data["deputies"] == {"pm": "release_manager"}
    assert planned(Play(HELD), **DOWN).release.unagreed == (Role.TECH_LEAD,)


def test_a_team_says_itself_who_has_to_agree() -> None:
    own = Authority(decisions=Decisions(downtime_window=(), cost=(Role.RELEASE_MANAGER, Role.PM)))
    policy = POLICY.model_copy(update={"authority": own})
    assert planned(Play(policy), **DOWN).release.state == "awaiting_timing"
    assert planned(Play(policy), decisions=["cost"]).release.unagreed == (Role.RELEASE_MANAGER, Role.PM)


def test_every_decision_has_its_roles() -> None:
    assert all(Decisions().of(decision) for decision in Decision)


def test_decisions_are_typed_by_their_names_or_labels() -> None:
    """`@Greenlight plan … decisions="cost; Security policies"`."""
    answers = RELEASE.step("plan").form
    assert answers is not None
    typed = answers.answers_from_words('decisions="cost; Security Policies"', Play().now)
    assert typed == {"decisions": ["cost", "security_policies"]}
    with pytest.raises(Refusal, match="Needs agreement on: Entry 1: This must be one of"):
        answers.from_answers({"decisions": ["lunch"]})
