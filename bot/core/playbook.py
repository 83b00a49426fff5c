"""A service's production validation playbook, as a team configures it (QA Production, "Actions" and "Opportunities"):
what is checked against the live environment after a deployment, and what counts as good.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from bot.core.deployer_rules import ENVIRONMENT
from bot.core.events import Fact
from bot.core.playbook_feedback import FeedbackRule
from bot.core.playbook_monitoring import ConsistencyRule, MonitoringRule
from bot.core.playbook_reports import JUnitRule, LoadRule, ScanRule
from bot.core.playbook_rules import NAME_PATTERN, HeaderName, HttpRule

MOST_CHECKS = 60

CheckName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]

AnyRule = Annotated[
    HttpRule | LoadRule | JUnitRule | ScanRule | ConsistencyRule | MonitoringRule | FeedbackRule,
    Field(discriminator="kind"),
]


class Playbook(Fact):
    """The checks by name, in order. `automatic`: it is run by itself when a deployment is told; else by /release
    validate alone. `header` marks test traffic.
    """

    automatic: bool = False
    header: HeaderName = "X-Greenlight-Test"
    checks: dict[CheckName, AnyRule] = Field(default_factory=dict, max_length=MOST_CHECKS)

    @model_validator(mode="after")
    def _asks_once(self) -> Self:
        if sum(isinstance(rule, FeedbackRule) for rule in self.checks.values()) > 1:
            raise ValueError("has two checks of the kind feedback; ask all people in one")
        return self

    def elsewhere(self) -> Playbook:
        """The checks that are made in any environment: those that name it where they look, and people's own."""
        kept = {
            name: rule
            for name, rule in self.checks.items()
            if isinstance(rule, FeedbackRule) or ENVIRONMENT in rule.model_dump_json()
        }
        return self.but(checks=kept)

    def title(self, name: str) -> str:
        """What people call a check."""
        rule = self.checks.get(name)
        return (rule.title if rule else None) or name.replace("_", " ").replace("-", " ").capitalize()
