"""What monitors and reports hold may be anything: it is judged or not known, shown as it is, and calls nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from tests.stories.test_hostile_machines import HOSTILE
from tests.stories.test_hostile_paths import attacks_alive, undelivered
from tests.stories.test_release_paths import deployed
from tests.stories.test_validation import played, thread, validate
from tests.validation.a_live_service import live


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", ["two series", "no series", "no answer"])
async def test_what_prometheus_says_is_told_once_as_blindness(tmp_path: Path, kind: str, text: str) -> None:
    """The labels of series that are too many, a result of another kind, something else."""
    series = [{"metric": {"path": text, text: "x"}, "values": [[0, "1"]]}] * 2
    told: dict[str, Any] = {"status": "success", "data": {"resultType": "matrix", "result": series}}
    if kind == "no series":
        told["data"]["resultType"] = text
    if kind == "no answer":
        told = {"status": text, "data": text}
    paths = ("/api/v1/query_range", "/api/v1/query")
    async with live({path: [told] for path in paths}) as prometheus:
        more = {"monitors": {"prometheus": {"url": prometheus.url}}, "signals": {"errors": {"query": "errors"}}}
        async with played(tmp_path, {}, **more) as player:
            await deployed(player)
            for _ in range(12):
                await player.playground.advance(player.playground.now() + timedelta(seconds=30))
            assert sum("The watch is blind" in words for words in thread(player)) == 1
            assert sum("📊 *Initial Metrics" in words for words in thread(player)) == 1
            assert (attacks_alive(player), await undelivered(player)) == ([], [])


def reports(text: str) -> dict[str, tuple[dict[str, Any], Any]]:
    """A check of each kind, and a report for it in which names and texts are a text."""
    shown = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    legal = "".join(one for one in shown if one in "\t\n" or one >= " ")
    sarif = {
        "version": "2.1.0",
        "runs": [{"results": [{"ruleId": text, "level": "error", "message": {"text": text}}, {"ruleId": f"{text}2"}]}],
    }
    weak = {"id": text, "severity": "critical", "packageName": text, "identifiers": {"CVE": [text]}}
    vulnerable = {"VulnerabilityID": text, "Severity": "CRITICAL", "PkgName": text}
    metrics = {text: {"values": {text: 1}, "thresholds": {text: {"ok": False}}}}
    case = f"<testcase name={quoteattr(legal)}><failure message={quoteattr(legal)}/></testcase>"
    csv = f'Name,Request Count,Failure Count,"{shown}"\n"{shown}",1,1,x\nAggregated,1,1,x\n'
    return {
        "sarif": ({"kind": "sarif"}, sarif),
        "snyk": ({"kind": "snyk"}, {"vulnerabilities": [weak]}),
        "snyk error": ({"kind": "snyk"}, {"error": text}),
        "trivy": (
            {"kind": "trivy"},
            {"SchemaVersion": 2, "Results": [{"Target": text, "Vulnerabilities": [vulnerable]}]},
        ),
        "k6": ({"kind": "k6", "most": {"x.y": 1}}, {"metrics": metrics}),
        "k6 crossed": ({"kind": "k6"}, {"metrics": metrics}),
        "locust": ({"kind": "locust", "most": {"p95": 1}}, csv.encode()),
        "junit": ({"kind": "junit"}, f"<testsuite>{case * 30}</testsuite>".encode()),
        "junit root": ({"kind": "junit"}, f"<testsuit>{text!r}</testsuit>".replace("<!", "").encode()),
        "http": ({"kind": "http", "fields": {"status": "ok"}}, {"status": text}),
    }


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_reports_of_all_kinds_are_judged_and_shown(tmp_path: Path, text: str) -> None:
    """None is good, none is left out of the table, and the validation ends."""
    made = reports(text)
    answers = {f"/{name.replace(' ', '-')}": [answer] for name, (_, answer) in made.items()}
    async with live(answers) as service:
        rules = {
            name.replace(" ", "_"): {
                "title": name,
                "retries": 0,
                "url": f"{service.url}/{name.replace(' ', '-')}",
                **rule,
            }
            for name, (rule, _) in made.items()
        }
        async with played(tmp_path, {"checks": rules}) as player:
            await deployed(player)
            await validate(player)
            told = "\n".join(thread(player))
            assert "*Validation " in told
            for name in made:
                assert name in told
            assert "| pass" not in told
            assert (attacks_alive(player), await undelivered(player)) == ([], [])
