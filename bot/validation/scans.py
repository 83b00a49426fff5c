"""Findings of security scanners against a policy (QA Production, action 6): SARIF 2.1.0 (OASIS), Trivy's and Snyk's own
JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.core.playbook_reports import Allowance, ScanRule
from bot.core.validation import Outcome
from bot.validation.documents import listed, number, parsed
from bot.validation.interface import CheckError, Context, Finding
from bot.validation.reports import report_of

SEVERITIES = ("critical", "high", "medium", "low", "unknown")
MOST_NAMED = 3
TITLES = {"sarif": "SARIF", "trivy": "Trivy", "snyk": "Snyk"}


@dataclass(frozen=True)
class Weakness:
    """One finding: what it is called, other names of it, and where it is. One that is found twice counts once."""

    id: str
    severity: str
    place: str = ""
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ScanCheck:
    """A scanner found no more than its policy allows."""

    rule: ScanRule

    async def run(self, context: Context) -> Finding:
        report = await report_of(context, self.rule)
        found = await asyncio.to_thread(read, self.rule.kind, report)
        return judge(self.rule, found, context.clock.now().date())


def read(kind: str, report: bytes) -> tuple[Weakness, ...]:
    """The findings of a report. CheckError where it is none of its kind."""
    document = parsed(report, f"the report of {TITLES[kind]}")
    return tuple(dict.fromkeys(READERS[kind](document)))


def judge(rule: ScanRule, found: Iterable[Weakness], today: date) -> Finding:
    """What the findings mean by a policy. What is allowed does not count, until its day has passed."""
    allowed = {one.id.casefold(): one for one in rule.allowed}
    counting: dict[str, list[str]] = {severity: [] for severity in SEVERITIES}
    accepted, lapsed = 0, set[str]()
    for weakness in found:
        allowance = _allowance(weakness, allowed)
        if allowance is not None and allowance.until >= today:
            accepted += 1
            continue
        if allowance is not None:
            lapsed.add(allowance.id)
        counting[weakness.severity].append(weakness.id)
    limits: Mapping[str, int | None] = rule.most.model_dump()
    notes = [f"{accepted} allowed"] if accepted else []
    notes += [f"allowed only until {allowed[name.casefold()].until}: {name}" for name in sorted(lapsed)]
    beyond = [
        f"{len(ids)} {severity}, at most {limit}: {_names(ids)}"
        for severity, ids in counting.items()
        if (limit := limits[severity]) is not None and len(ids) > limit
    ]
    if beyond:
        return Finding(Outcome.FAIL, "; ".join((*beyond, *notes)))
    counted = [f"{len(ids)} {severity}" for severity, ids in counting.items() if ids]
    return Finding(Outcome.PASS, "; ".join((", ".join(counted) or "nothing found", *notes)))


def _allowance(weakness: Weakness, allowed: Mapping[str, Allowance]) -> Allowance | None:
    names = (weakness.id, *sorted(weakness.names))
    return next((allowed[name.casefold()] for name in names if name.casefold() in allowed), None)


def _names(ids: list[str]) -> str:
    names = list(dict.fromkeys(ids))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _severity(told: object) -> str:
    name = str(told).casefold()
    return name if name in SEVERITIES else {"moderate": "medium", "negligible": "low"}.get(name, "unknown")


# ── SARIF ────────────────────────────────────────────────────────────────────────────────────────────────────────────
SARIF_LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "low"}


def sarif(document: Any) -> Iterator[Weakness]:
    """By the rule's security severity (0 to 10, as CVSS) where it has one, else by the result's level."""
    runs = document.get("runs") if isinstance(document, dict) else None
    if not isinstance(runs, list) or "version" not in document:
        raise CheckError("this is no SARIF: it has no version and no runs", fault=True)
    for run in listed(runs):
        yield from _sarif_run(run)


def _sarif_run(run: Mapping[str, Any]) -> Iterator[Weakness]:
    tool = run.get("tool")
    driver = tool.get("driver") if isinstance(tool, dict) else None
    rules = listed(driver.get("rules")) if isinstance(driver, dict) else []
    by_id = {str(rule.get("id")): rule for rule in rules}
    for result in listed(run.get("results")):
        if any(one.get("status", "accepted") == "accepted" for one in listed(result.get("suppressions"))):
            continue
        if result.get("kind", "fail") != "fail":
            continue
        name = _sarif_rule(result, rules)
        rule = by_id.get(name, {})
        yield Weakness(name, _sarif_severity(result, rule), _sarif_place(result))


def _sarif_rule(result: Mapping[str, Any], rules: list[dict[str, Any]]) -> str:
    if isinstance(result.get("ruleId"), str):
        return str(result["ruleId"])
    index = result.get("ruleIndex")
    known = isinstance(index, int) and 0 <= index < len(rules)
    return str(rules[index].get("id")) if known else "a rule without a name"  # type: ignore[index]  # `known` has seen to it


def _sarif_severity(result: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    properties = rule.get("properties")
    told = properties.get("security-severity") if isinstance(properties, dict) else None
    score = number(told) if not isinstance(told, str) else _score(told)
    if score is not None and score > 0:
        return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"
    default = rule.get("defaultConfiguration")
    level = result.get("level") or (default.get("level") if isinstance(default, dict) else None) or "warning"
    return SARIF_LEVELS.get(str(level), "unknown")


def _score(told: str) -> float | None:
    try:
        return number(float(told))
    except ValueError:
        return None


def _sarif_place(result: Mapping[str, Any]) -> str:
    places = listed(result.get("locations"))
    return str(places[0].get("physicalLocation", "")) if places else ""


# ── Trivy ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def trivy(document: Any) -> Iterator[Weakness]:
    """Vulnerabilities, misconfigurations that failed, and secrets."""
    if not isinstance(document, dict) or not {"SchemaVersion", "Results"} & document.keys():
        raise CheckError("this is no report of Trivy: it has no SchemaVersion and no Results", fault=True)
    for result in listed(document.get("Results")):
        target = str(result.get("Target", ""))
        for one in listed(result.get("Vulnerabilities")):
            where = f"{target} {one.get('PkgName', '')}"
            yield Weakness(str(one.get("VulnerabilityID", "unnamed")), _severity(one.get("Severity")), where)
        for one in listed(result.get("Misconfigurations")):
            if one.get("Status", "FAIL") == "FAIL":
                yield Weakness(str(one.get("ID", "unnamed")), _severity(one.get("Severity")), target)
        for one in listed(result.get("Secrets")):
            where = f"{target}:{one.get('StartLine', '')}"
            yield Weakness(str(one.get("RuleID", "unnamed")), _severity(one.get("Severity")), where)


# ── Snyk ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def snyk(document: Any) -> Iterator[Weakness]:
    """`snyk test --json` and `snyk container test --json`: one project, or a list of them."""
    projects = listed(document) if isinstance(document, list) else listed([document])
    if not projects:
        raise CheckError("this is no report of Snyk: it has no projects", fault=True)
    for project in projects:
        if isinstance(project.get("error"), str):
            raise CheckError(f"Snyk could not test: {project['error']}", fault=True)
        if not isinstance(project.get("vulnerabilities"), list):
            raise CheckError("this is no report of Snyk: it has no vulnerabilities", fault=True)
        for part in (project, *listed(project.get("applications"))):
            yield from map(_snyk_one, listed(part.get("vulnerabilities")))


def _snyk_one(one: Mapping[str, Any]) -> Weakness:
    identifiers = one.get("identifiers")
    lists = identifiers.values() if isinstance(identifiers, dict) else ()
    names = frozenset(str(name) for names in lists if isinstance(names, list) for name in names)
    where = str(one.get("packageName") or one.get("moduleName") or "")
    return Weakness(str(one.get("id", "unnamed")), _severity(one.get("severity")), where, names)


READERS: Mapping[str, Callable[[Any], Iterator[Weakness]]] = {"sarif": sarif, "trivy": trivy, "snyk": snyk}
