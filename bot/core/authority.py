"""Who has to agree to what, who is told of what at once, and to whom what is handed over.

The defaults are those of the DevOps engineer's document: "Decision Authority", "Обязательная эскалация" (mandatory
escalation) and "Handoff Points".
"""

from __future__ import annotations

from enum import StrEnum

from bot.core.events import Fact
from bot.core.roles import HeldRole, Role

Roles = tuple[HeldRole, ...]


class Decision(StrEnum):
    """What DevOps does not decide alone."""

    DOWNTIME = "downtime_window"
    PLATFORM = "deployment_platform"
    INFRASTRUCTURE = "major_infrastructure"
    SECURITY = "security_policies"
    COST = "cost"

    @property
    def label(self) -> str:
        return _DECISIONS[self]


_DECISIONS = {
    Decision.DOWNTIME: "Downtime window",
    Decision.PLATFORM: "Deployment platform",
    Decision.INFRASTRUCTURE: "Major infrastructure change",
    Decision.SECURITY: "Security policies",
    Decision.COST: "Cost",
}
CHOOSABLE = {decision.value: label for decision, label in _DECISIONS.items() if decision is not Decision.DOWNTIME}
"""The decisions that a plan names itself; a downtime it states."""


class Emergency(StrEnum):
    """What is told at once, whatever the hour."""

    PRODUCTION_DOWN = "production_down"
    SECURITY_BREACH = "security_breach"
    DATA_LOSS = "data_loss_risk"
    COST_OVERRUN = "cost_overrun"


EMERGENCIES = {
    Emergency.PRODUCTION_DOWN.value: "Production down",
    Emergency.SECURITY_BREACH.value: "Security breach",
    Emergency.DATA_LOSS.value: "Data loss risk",
    Emergency.COST_OVERRUN.value: "Significant cost overrun",
}


class Decisions(Fact):
    """The roles whose agreement a decision needs; none: DevOps decides alone."""

    downtime_window: Roles = (Role.PM, Role.TECH_LEAD)
    deployment_platform: Roles = (Role.TECH_LEAD, Role.PM)
    major_infrastructure: Roles = (Role.TECH_LEAD,)
    security_policies: Roles = (Role.TECH_LEAD, Role.PM)
    cost: Roles = (Role.PM,)

    def of(self, decision: Decision) -> Roles:
        roles: Roles = getattr(self, decision.value)
        return roles


class Emergencies(Fact):
    """The roles that are told of an emergency at once."""

    production_down: Roles = (Role.TECH_LEAD, Role.PM)
    security_breach: Roles = (Role.TECH_LEAD, Role.PM, Role.STAKEHOLDER)
    data_loss_risk: Roles = (Role.TECH_LEAD, Role.PM)
    cost_overrun: Roles = (Role.PM,)

    def of(self, emergency: Emergency) -> Roles:
        roles: Roles = getattr(self, emergency.value)
        return roles


class Handoffs(Fact):
    """The roles that something is handed over to, told privately unless the message about it calls them anyway.

    The team reads of a deployment in the channel, and who asked for an environment is told by its dialogue.
    """

    deployment_complete: Roles = (Role.QA,)
    environment_ready: Roles = ()
    incident_resolved: Roles = (Role.TECH_LEAD,)


class Authority(Fact):
    """The three matrices of a service."""

    decisions: Decisions = Decisions()
    emergencies: Emergencies = Emergencies()
    handoffs: Handoffs = Handoffs()
