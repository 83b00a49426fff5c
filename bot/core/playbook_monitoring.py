"""Checks of a playbook that compare data in two places, and that see to the monitoring itself (QA Production, actions 4
and 5).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.core.playbook_rules import Address, CheckRule, Headers
from bot.core.signals import SignalName

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=200)]
RuleName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Source(Headers):
    """Where a value is: at a path of an endpoint's JSON answer (without `field`, all of it), or a monitor's query."""

    url: Address | None = None
    field: Path | None = None
    query: Query | None = None
    monitor: SignalName = "prometheus"

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url is None) is (self.query is None):
            raise ValueError("needs either a “url” or a “query”, where the value is")
        return self

    @property
    def monitors(self) -> tuple[str, ...]:
        return (self.monitor,) if self.query else ()


class ConsistencyRule(CheckRule):
    """Two places hold the same: exactly, or numbers no further apart than `tolerance` or `percent` of the larger."""

    kind: Literal["consistency"]
    left: Source
    right: Source
    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.0

    @property
    def monitors(self) -> tuple[str, ...]:
        """The monitors that are asked."""
        return (*self.left.monitors, *self.right.monitors)

    @property
    def variables(self) -> tuple[str, ...]:
        return (*self.left.variables, *self.right.variables)


class MonitoringRule(CheckRule):
    """The monitoring sees the service: a query has had values within so many `minutes`, an alerting rule is loaded and
    can be evaluated.
    """

    kind: Literal["monitoring"]
    monitor: SignalName = "prometheus"
    query: Query | None = None
    minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    alert_rule: RuleName | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.query is None and self.alert_rule is None:
            raise ValueError("needs a “query” that has values, or an “alert_rule” that is loaded")
        return self

    @property
    def monitors(self) -> tuple[str, ...]:
        """The monitors that are asked."""
        return (self.monitor,)
