"""What load generators measured, against limits (QA Production, action 3).

k6's summary comes in two shapes: --summary-export, in which a threshold is true where it was crossed, and the data of
handleSummary, in which it says “ok” (grafana.com/docs/k6, "Custom summary"; grafana/k6, issue 1498). Locust writes
_stats.csv (docs.locust.io, "Retrieve test statistics in CSV format") and, with --json, its entries.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.playbook_reports import LoadRule
from bot.core.validation import Outcome
from bot.validation.documents import listed, number, parsed
from bot.validation.interface import CheckError, Context, Finding
from bot.validation.reports import report_of

WHAT = {"k6": "the report of k6", "locust": "the report of Locust"}

LOCUST_COLUMNS = {
    "Request Count": "requests",
    "Failure Count": "failures",
    "Median Response Time": "median",
    "Average Response Time": "average",
    "Min Response Time": "fastest",
    "Max Response Time": "slowest",
    "Requests/s": "per_second",
    "Failures/s": "failures_per_second",
}
"""Locust's own columns with the names that limits have for them; percentiles such as 95% are p95."""


@dataclass(frozen=True)
class Measured:
    """What a report measured, by name, and the generator's own thresholds that did not hold."""

    values: Mapping[str, float]
    crossed: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadCheck:
    """A load generator's measures are within their limits."""

    rule: LoadRule

    async def run(self, context: Context) -> Finding:
        report = await report_of(context, self.rule)
        measured = await asyncio.to_thread(k6 if self.rule.kind == "k6" else locust, report)
        return judge(self.rule, measured)


def judge(rule: LoadRule, measured: Measured) -> Finding:
    """What measures mean by a rule's limits. CheckError where a limit names what was not measured."""
    wrong = [f"the threshold {name} was crossed" for name in measured.crossed]
    good: list[str] = []
    for limits, word in ((rule.most, "most"), (rule.least, "least")):
        for name, limit in limits.items():
            value = _value(measured.values, name)
            is_beyond = value > limit if word == "most" else value < limit
            told = f"{name} {value:,g}"
            (wrong if is_beyond else good).append(f"{told}, at {word} {limit:,g}" if is_beyond else told)
    if wrong:
        return Finding(Outcome.FAIL, "; ".join(wrong))
    return Finding(Outcome.PASS, ", ".join(good) or f"{len(measured.values)} measures, no threshold crossed")


def _value(values: Mapping[str, float], name: str) -> float:
    if name in values:
        return values[name]
    metric = name.partition(".")[0]
    near = sorted(known for known in values if known.startswith(metric)) or sorted(values)
    raise CheckError(f"the report has no {name}; it has {', '.join(near[:6])}, …", fault=True)


# ── k6 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def k6(report: bytes) -> Measured:
    """Every number of a summary, such as http_req_duration.p(95)."""
    document = parsed(report, WHAT["k6"])
    metrics = document.get("metrics") if isinstance(document, dict) else None
    if not isinstance(metrics, dict):
        raise CheckError("this is no summary of k6: it has no metrics", fault=True)
    found = {name: metric for name, metric in metrics.items() if isinstance(metric, dict)}
    values = dict(_k6_values(found))
    if not values.get("iterations.count", values.get("http_reqs.count", 1.0)):
        raise CheckError("k6 made no request at all")
    return Measured(values, tuple(_crossed(found)))


def _k6_values(metrics: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, float]]:
    for name, metric in metrics.items():
        inner = metric.get("values")
        for key, value in (inner if isinstance(inner, dict) else metric).items():
            if (read := number(value)) is not None:
                yield f"{name}.{key}", read


def _crossed(metrics: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    for name, metric in metrics.items():
        thresholds = metric.get("thresholds")
        for expression, told in thresholds.items() if isinstance(thresholds, dict) else ():
            is_crossed = told if isinstance(told, bool) else not (isinstance(told, dict) and told.get("ok") is True)
            if is_crossed:
                yield f"{name} {expression}"


# ── Locust ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def locust(report: bytes) -> Measured:
    """The figures of all requests together."""
    text = report.decode("utf-8-sig", errors="replace")
    values = _of_entries(parsed(report, WHAT["locust"])) if text.lstrip()[:1] in ("[", "{") else _of_csv(text)
    requests = values.get("requests", 0.0)
    if not requests:
        raise CheckError("Locust made no request at all")
    return Measured({**values, "failure_percent": 100 * values.get("failures", 0.0) / requests})


def _of_csv(text: str) -> dict[str, float]:
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise CheckError("the report of Locust is no CSV that can be read", fault=True) from error
    total = next((row for row in rows if row.get("Name") in ("Aggregated", "Total")), None)
    if total is None:
        raise CheckError("this is no _stats.csv of Locust: it has no row “Aggregated”", fault=True)
    found: dict[str, float] = {}
    for column, cell in total.items():
        name = LOCUST_COLUMNS.get(column) or (f"p{column[:-1]}" if str(column).endswith("%") else "")
        if name and (value := _cell(cell)) is not None:
            found[name] = value
    return found


def _cell(cell: object) -> float | None:
    try:
        return number(float(str(cell)))
    except ValueError:
        return None


def _of_entries(document: Any) -> dict[str, float]:
    """--json: an entry for each request, with its response times in milliseconds and how often each was seen."""
    entries = listed(document)
    times: dict[float, float] = {}
    requests = failures = 0.0
    for entry in entries:
        requests += number(entry.get("num_requests")) or 0.0
        failures += number(entry.get("num_failures")) or 0.0
        seen = entry.get("response_times")
        for time, count in seen.items() if isinstance(seen, dict) else ():
            if (took := _cell(time)) is not None:
                times[took] = times.get(took, 0.0) + (number(count) or 0.0)
    found = {"requests": requests, "failures": failures}
    return found | {f"p{percent}": _percentile(times, percent) for percent in (50, 66, 75, 80, 90, 95, 98, 99) if times}


def _percentile(times: Mapping[float, float], percent: int) -> float:
    """The time within which so many of a hundred requests were answered."""
    wanted, seen = percent / 100 * sum(times.values()), 0.0
    for time in sorted(times):
        seen += times[time]
        if seen >= wanted:
            return time
    return max(times)
