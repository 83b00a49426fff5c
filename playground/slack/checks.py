"""The small checks that rules of Block Kit are made of. Each looks at one value and reports what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.slack.shapes import Json


def length(text: str) -> int:
    """Characters as the strictest reader counts them: UTF-16 units, so that an emoji beyond the first plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass
class Report:
    """What was found wrong, in Slack's wording, each with a JSON pointer."""

    errors: list[str] = field(default_factory=list)

    def add(self, message: str, path: str) -> None:
        self.errors.append(f"{message} [json-pointer:{path}]")


Check = Callable[[Any, str, Report], None]


@dataclass(frozen=True)
class Rule:
    """The shape of an object: what each of its keys must be, which must be there, what must fit together."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()
    also: tuple[Check, ...] = ()


def text(maximum: int, minimum: int = 1) -> Check:
    """A string of so many characters."""

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, str):
            report.add("must provide a string", path)
        elif length(value) < minimum:
            report.add(f"must be more than {minimum - 1} characters", path)
        elif length(value) > maximum:
            report.add(f"must be less than {maximum + 1} characters", path)

    return check


def flag(value: Any, path: str, report: Report) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.add("must provide a boolean", path)


def whole(minimum: int, maximum: int) -> Check:
    """A whole number in a range."""

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.add("must provide an integer", path)
        elif not minimum <= value <= maximum:
            report.add(f"must be between {minimum} and {maximum}", path)

    return check


def one_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, path: str, report: Report) -> None:
        if value not in allowed:
            report.add(f"must be one of: {', '.join(allowed)}", path)

    return check


def pattern(expression: str, wanted: str) -> Check:
    """A string of a certain form; `wanted` names it to people."""
    compiled = re.compile(expression)

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            report.add(f"must be {wanted}", path)

    return check


def url(maximum: int = 3000) -> Check:
    """A web address."""
    within = text(maximum)

    def check(value: Any, path: str, report: Report) -> None:
        within(value, path, report)
        if isinstance(value, str) and not re.match(r"(https?|mailto|slack):", value):
            report.add("must be a valid url", path)

    return check


def items(of: Check, minimum: int, maximum: int) -> Check:
    """A list of so many entries of a kind."""

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, list):
            report.add("must provide an array", path)
            return
        if len(value) < minimum:
            report.add(f"no fewer than {minimum} items required", path)
        if len(value) > maximum:
            report.add(f"no more than {maximum} items allowed", path)
        for index, entry in enumerate(value):
            of(entry, f"{path}/{index}", report)

    return check


def an_object(rule: Rule) -> Check:
    """An object of one shape."""

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.add("must provide an object", path)
            return
        for key in rule.required:
            if value.get(key) is None:
                report.add(f"missing required field: {key}", path)
        for key, content in value.items():
            known = rule.fields.get(key)
            if known is None:
                report.add(f"invalid additional property: {key}", path)
            else:
                known(content, f"{path}/{key}", report)
        for further in rule.also:
            further(value, path, report)

    return check


def any_kind(value: Any, path: str, report: Report) -> None:
    """The `type` of an object whose rule was chosen by it."""
    if not isinstance(value, str):
        report.add("must provide a string", path)


def by_type(rules: Mapping[str, Rule], *allowed: str) -> Check:
    """An object whose `type` chooses its rule; only the allowed types (all of the rules when none is named)."""
    names = allowed or tuple(rules)
    compiled = {name: an_object(_with_type(rules[name])) for name in names}

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.add("must provide an object", path)
            return
        kind = value.get("type")
        chosen = compiled.get(kind) if isinstance(kind, str) else None
        if chosen is None:
            report.add(f"unsupported type: {kind}", f"{path}/type")
        else:
            chosen(value, path, report)

    return check


def _with_type(rule: Rule) -> Rule:
    return Rule({"type": any_kind, **rule.fields}, rule.required, rule.also)


def exactly_one(*keys: str) -> Check:
    """Of some keys, one and only one."""

    def check(value: Json, path: str, report: Report) -> None:
        given = [key for key in keys if value.get(key)]
        if len(given) != 1:
            report.add(f"exactly one of {', '.join(keys)} must be provided", path)

    return check


def at_least_one(*keys: str) -> Check:
    """Of some keys, one or more."""

    def check(value: Json, path: str, report: Report) -> None:
        if not any(value.get(key) for key in keys):
            report.add(f"missing required field: {' or '.join(keys)}", path)

    return check


def ordered(low: str, high: str) -> Check:
    """Two numbers of which the first is not the greater."""

    def check(value: Json, path: str, report: Report) -> None:
        try:
            wrong = low in value and high in value and float(value[low]) > float(value[high])
        except (TypeError, ValueError):
            return  # what each of them must be is reported by its own check
        if wrong:
            report.add(f"{low} must not be greater than {high}", path)

    return check
