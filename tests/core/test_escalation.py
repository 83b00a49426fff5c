"""Whom an escalation reaches, how it is acknowledged, and to whom things are handed over."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.authority import Authority, Emergency, Handoffs
from bot.core.dialogue import Move, Situation, Tell, decide, evolve
from bot.core.escalation import ESCALATION
from bot.core.escalation_forms import HandledForm, RaiseForm
from bot.core.escalation_rules import Escalation, reached
from bot.core.events import Event
from bot.core.forms import Form
from bot.core.handoffs import handed_to
from bot.core.policy import Holders, Service
from bot.core.release import RELEASE
from bot.core.roles import Actor, Role
from bot.errors import Refusal
from tests.core.a_release import DEVOPS, NOBODY, PM, POLICY, START, TECH_LEAD, Play, deployed, person


def held(*roles: Role, **changes: Any) -> Service:
    return POLICY.model_copy(update={"roles": {role: Holders(users=("UANY",)) for role in roles}, **changes})


BOTH = held(Role.TECH_LEAD, Role.PM)


class Raised:
    """An escalation as it is played."""

    def __init__(self, emergency: Emergency = Emergency.PRODUCTION_DOWN, policy: Service = BOTH) -> None:
        self.policy = policy
        self.events: list[Event] = []
        self.it = Escalation(
            id="e1",
            dialogue="escalation",
            service="orders",
            environment="production",
            version="ESC-1",
            channel="C0RELEASES",
            opened_at=START,
            opened_by=DEVOPS.id,
            state="",
            since=START,
        )
        self.take("raise", DEVOPS, RaiseForm(situation=emergency, details="Orders fail"))

    def take(self, step: str, actor: Actor, form: Form | None = None) -> Escalation:
        event = decide(ESCALATION, Situation(self.it, Move(step, actor, form), self.policy, START))
        self.events.append(event)
        self.it = ESCALATION.read(evolve(ESCALATION, self.it, event).model_dump_json())
        return self.it


@pytest.mark.parametrize(
    ("emergency", "roles"),
    [
        (Emergency.PRODUCTION_DOWN, (Role.TECH_LEAD, Role.PM)),
        (Emergency.SECURITY_BREACH, (Role.TECH_LEAD, Role.PM, Role.STAKEHOLDER)),
        (Emergency.DATA_LOSS, (Role.TECH_LEAD, Role.PM)),
        (Emergency.COST_OVERRUN, (Role.PM,)),
    ],
)
def test_a_situation_reaches_those_whom_the_documents_matrix_names(
    emergency: Emergency, roles: tuple[Role, ...]
) -> None:
    everybody = held(Role.TECH_LEAD, Role.PM, Role.STAKEHOLDER)
    assert reached(emergency, everybody) == (roles, ())
    raised = Raised(emergency, everybody)
    tells = ESCALATION.step("raise").tells
    assert tells is not None
    assert tells(raised.it, raised.events[0], everybody) == (Tell(roles, "raised"),)


def test_roles_that_nobody_holds_are_left_out_and_named() -> None:
    assert reached(Emergency.SECURITY_BREACH, BOTH) == ((Role.TECH_LEAD, Role.PM), (Role.STAKEHOLDER,))


def test_where_nobody_holds_any_of_them_the_release_manager_is_told_else_the_tech_lead() -> None:
    managed = held(Role.TECH_LEAD, Role.RELEASE_MANAGER)
    assert reached(Emergency.COST_OVERRUN, managed)[0] == (Role.RELEASE_MANAGER,)
    assert reached(Emergency.COST_OVERRUN, held(Role.TECH_LEAD))[0] == (Role.TECH_LEAD,)


def test_who_holds_two_of_the_roles_acknowledges_for_both() -> None:
    raised = Raised()
    assert raised.take("acknowledge", person("UBOTH", Role.TECH_LEAD, Role.PM)).state == "acknowledged"


def test_each_role_acknowledges_and_anybody_told_may_say_how_it_was_handled() -> None:
    raised = Raised()
    assert raised.take("acknowledge", PM).state == "awaiting_acknowledgement"
    with pytest.raises(Refusal) as refused:
        raised.take("acknowledge", PM)
    assert refused.value.may == ("Tech Lead",)
    with pytest.raises(Refusal):
        raised.take("handle", NOBODY, HandledForm(outcome="Done"))
    assert raised.take("handle", PM, HandledForm(outcome="Rolled back")).state == "handled"


def test_an_escalated_release_opens_an_escalation_that_names_it() -> None:
    """In the same transaction, with the same words."""
    play = Play().watching()
    step = RELEASE.step("escalate")
    play.take("escalate", NOBODY, RaiseForm(situation=Emergency.DATA_LOSS, details="Rows are missing"))
    assert step.leads is not None
    [follows] = step.leads(play.release, play.events[-1])
    assert (follows.dialogue, follows.step) == ("escalation", "raise")
    assert follows.form == RaiseForm(situation=Emergency.DATA_LOSS, details="Rows are missing", about="v1.2.0")
    assert play.release.state == "watching"


# ── handoffs ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("roles", "told"),
    [((Role.QA,), ()), ((Role.QA, Role.SUPPORT), (Role.SUPPORT,)), ((Role.DEVOPS,), ()), ((), ())],
)
def test_a_deployment_is_handed_to_whom_the_announcement_does_not_call(
    roles: tuple[Role, ...], told: tuple[Role, ...]
) -> None:
    """QA is called by it, and whoever deployed knows."""
    policy = POLICY.model_copy(update={"authority": Authority(handoffs=Handoffs(deployment_complete=roles))})
    play = Play(policy).deploying()
    play.take("deployed", DEVOPS, deployed())
    tells = RELEASE.step("deployed").tells
    assert tells is not None
    assert tells(play.release, play.events[-1], policy) == ((Tell(told, "handoff"),) if told else ())


def test_who_resolved_an_incident_is_not_told_of_it() -> None:
    raised = Raised()
    raised.take("handle", TECH_LEAD, HandledForm(outcome="Rolled back"))
    assert handed_to((Role.TECH_LEAD,), raised.events[-1]) == ()
