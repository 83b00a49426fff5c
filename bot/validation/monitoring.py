"""Values of monitors and endpoints compared, and whether the monitoring sees the service at all (QA Production, actions
4 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any, Protocol, runtime_checkable

from bot.core.playbook_monitoring import ConsistencyRule, MonitoringRule, Source
from bot.core.signals import Sample
from bot.core.validation import Outcome
from bot.monitors.interface import AlertingRule, Monitor, MonitorError, UnusableError
from bot.validation.documents import Missing, at_path, number, parsed, shown
from bot.validation.interface import CheckError, Context, Finding
from bot.validation.requests import ask

LATEST = timedelta(minutes=5)
"""How far back a query's latest value may lie."""

STEPS = 60
"""Values that a query is asked for."""


@runtime_checkable
class RuleBook(Protocol):
    """A monitor that knows its alerting rules."""

    async def alert_rules(self) -> tuple[AlertingRule, ...]: ...


@dataclass(frozen=True)
class ConsistencyCheck:
    """Two places hold the same."""

    rule: ConsistencyRule

    async def run(self, context: Context) -> Finding:
        left = await self._value(context, self.rule.left)
        right = await self._value(context, self.rule.right)
        told = f"{shown(left)} and {shown(right)}"
        if is_same(left, right, self.rule.tolerance, self.rule.percent):
            return Finding(Outcome.PASS, told if left != right else f"both {shown(left)}")
        allowed = self._allowed()
        return Finding(Outcome.FAIL, f"{told}{f', which is more than {allowed} apart' if allowed else ''}")

    def _allowed(self) -> str:
        rule = self.rule
        told = [f"{rule.tolerance:g}"] if rule.tolerance else []
        return " and ".join(told + ([f"{rule.percent:g}%"] if rule.percent else []))

    async def _value(self, context: Context, source: Source) -> Any:
        if source.query is not None:
            samples = await values_of(context, source.monitor, context.filled(source.query), LATEST)
            if not samples:
                raise CheckError(f"the query of {source.monitor} gives no values")
            return samples[-1].value
        assert source.url is not None, "the rule has one of the two"
        answer = await ask(context, source, context.address(source.url), timeout=self.rule.timeout)
        if answer.status != 200:
            raise CheckError(f"one side answered {answer.status} instead of 200")
        document = parsed(answer.body)
        value = at_path(document, source.field or "")
        if isinstance(value, Missing):
            raise CheckError(f"there is no {source.field} in one side's answer")
        return value


def is_same(left: Any, right: Any, tolerance: float, percent: float) -> bool:
    """Whether two values of JSON documents are the same, numbers within a tolerance."""
    one, other = number(left), number(right)
    if one is None or other is None:
        return bool(left == right) and isinstance(left, bool) is isinstance(right, bool)
    apart = max(tolerance, percent / 100 * max(abs(one), abs(other)))
    # What is apart by exactly so much is within, whatever the last bit of a float says.
    return abs(one - other) <= apart * (1 + 1e-9)


@dataclass(frozen=True)
class MonitoringCheck:
    """A query has values, an alerting rule is loaded."""

    rule: MonitoringRule

    async def run(self, context: Context) -> Finding:
        wrong: list[str] = []
        good: list[str] = []
        for is_good, words in [found for found in (await self._data(context), await self._alert(context)) if found]:
            (good if is_good else wrong).append(words)
        return Finding(Outcome.FAIL if wrong else Outcome.PASS, "; ".join(wrong or good))

    async def _data(self, context: Context) -> tuple[bool, str] | None:
        rule = self.rule
        if rule.query is None:
            return None
        span = timedelta(minutes=rule.minutes)
        samples = await values_of(context, rule.monitor, context.filled(rule.query), span)
        if not samples:
            return False, f"no values within {rule.minutes} minutes"
        age = max(0.0, (context.clock.now() - samples[-1].at).total_seconds())
        return True, f"{len(samples)} values, the last {age:.0f} s old"

    async def _alert(self, context: Context) -> tuple[bool, str] | None:
        name = self.rule.alert_rule
        if name is None:
            return None
        monitor = _monitor(context, self.rule.monitor)
        if not isinstance(monitor, RuleBook):
            raise CheckError(f"{monitor.title} does not tell its alerting rules", fault=True)
        try:
            rules = await monitor.alert_rules()
        except MonitorError as error:
            raise _check_error(error) from error
        mine = [rule for rule in rules if rule.name == name]
        if not mine:
            return False, f"there is no alerting rule {name} among {len(rules)}"
        if sick := [rule for rule in mine if rule.health == "err"]:
            return False, f"the alerting rule {name} can't be evaluated: {sick[0].error}"
        return True, f"the alerting rule {name} is loaded"


async def values_of(context: Context, monitor: str, query: str, span: timedelta) -> tuple[Sample, ...]:
    """What a query has given within a span until now; numbers alone."""
    now = context.clock.now()
    asked = _monitor(context, monitor)
    step = max(span / STEPS, timedelta(seconds=1))
    try:
        samples = await asked.query_range(query, now - span, now, step)
    except MonitorError as error:
        raise _check_error(error) from error
    return tuple(sample for sample in samples if isfinite(sample.value))


def _monitor(context: Context, name: str) -> Monitor:
    monitor = context.monitors.get(name)
    if monitor is None:
        raise CheckError(f"there is no monitor “{name}”, or its token is not set", fault=True)
    return monitor


def _check_error(error: MonitorError) -> CheckError:
    return CheckError(str(error).rstrip("."), fault=isinstance(error, UnusableError))
