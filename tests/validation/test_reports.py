"""What reports of other tools mean: within their limits, beyond them, and never good where they can't be judged."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import junit
from bot.core.playbook_reports import JUnitRule, LoadRule, ScanRule
from bot.core.validation import Outcome
from bot.validation import load, scans
from bot.validation.interface import CheckError, Finding
from bot.validation.junit import judge as judge_tests
from tests.validation.the_reports import (
    JUNIT,
    K6_EXPORT,
    K6_SUMMARY,
    LOCUST_CSV,
    LOCUST_JSON,
    SARIF,
    SNYK,
    TRIVY,
)

TODAY = date(2024, 1, 16)


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def loaded(kind: str, report: bytes, **limits: dict[str, float]) -> Finding:
    rule = LoadRule.model_validate({"kind": kind, "path": "/report", "least": {"requests": 1}} | limits)
    return load.judge(rule, load.k6(report) if kind == "k6" else load.locust(report))


def k6(document: dict[str, Any], **limits: dict[str, float]) -> Finding:
    return loaded("k6", written(document), **({"least": {}} | limits))


# ── load ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("limits", "outcome", "words"),
    [
        ({"most": {"http_req_duration.p(95)": 500}}, Outcome.PASS, "http_req_duration.p(95) 215.95"),
        ({"most": {"http_req_duration.p(95)": 200}}, Outcome.FAIL, "http_req_duration.p(95) 215.95, at most 200"),
        ({"least": {"http_reqs.count": 1000}}, Outcome.FAIL, "http_reqs.count 180, at least 1,000"),
        ({}, Outcome.PASS, "no threshold crossed"),
    ],
)
def test_the_exported_summary_of_k6_is_held_against_limits(
    limits: dict[str, dict[str, float]], outcome: Outcome, words: str
) -> None:
    """A threshold that is false there was not crossed."""
    found = k6(K6_EXPORT, **limits)
    assert found.outcome is outcome
    assert words in found.words


def test_a_threshold_of_k6_that_was_crossed_fails_in_both_shapes() -> None:
    """In the export it is true, in handleSummary's data it is not ok."""
    duration = K6_EXPORT["metrics"]["http_req_duration"] | {"thresholds": {"p(95)<200": True}}
    crossed = K6_EXPORT | {"metrics": K6_EXPORT["metrics"] | {"http_req_duration": duration}}
    assert k6(crossed) == Finding(Outcome.FAIL, "the threshold http_req_duration p(95)<200 was crossed")
    assert k6(K6_SUMMARY, most={"http_req_duration.p(95)": 1000}).words.startswith("the threshold http_req_duration")


@pytest.mark.parametrize("report", [LOCUST_CSV.encode(), b"\xef\xbb\xbf" + LOCUST_CSV.encode()])
def test_locusts_statistics_are_held_against_limits(report: bytes) -> None:
    """Those of all requests together; with a byte order mark too."""
    assert loaded("locust", report, most={"p95": 250, "failure_percent": 2}).outcome is Outcome.PASS
    found = loaded("locust", report, most={"p95": 200, "failure_percent": 1}, least={"requests": 5000})
    assert found.words == "p95 230, at most 200; failure_percent 1.5, at most 1; requests 2,000, at least 5,000"


def test_locusts_entries_are_taken_together() -> None:
    """A percentile is that of all response times."""
    report = written(LOCUST_JSON)
    assert loaded("locust", report, most={"p90": 100, "failure_percent": 9}).outcome is Outcome.PASS
    assert loaded("locust", report, most={"p95": 800}).words == "p95 900, at most 800"


@pytest.mark.parametrize(
    ("kind", "report", "words"),
    [
        ("k6", b"{", "is not JSON"),
        ("k6", b"[]", "no summary of k6"),
        ("k6", b'{"metrics": {"iterations": {"count": 0}}}', "made no request"),
        ("k6", b"[" * 100_000, "is not JSON"),
        ("locust", b"", "no row “Aggregated”"),
        ("locust", b"Type,Name\nGET,/\n", "no row “Aggregated”"),
        ("locust", b"[]", "made no request"),
        ("locust", b'[{"num_requests": "many", "response_times": [1]}]', "made no request"),
        ("locust", LOCUST_CSV.encode().replace(b"2000,30", b"0,0"), "made no request"),
    ],
)
def test_a_load_report_that_cannot_be_judged_is_no_finding(kind: str, report: bytes, words: str) -> None:
    with pytest.raises(CheckError, match=words):
        loaded(kind, report)


def test_a_limit_for_what_was_not_measured_names_what_was() -> None:
    """So that it is put right; it does not pass meanwhile."""
    with pytest.raises(CheckError, match=r"has no http_req_duration\.p\(99\); it has .*http_req_duration\.p\(95\)"):
        k6(K6_EXPORT, most={"http_req_duration.p(99)": 500})


# ── test results ─────────────────────────────────────────────────────────────────────────────────────────────────────
def results(search: str = "", **rule: int) -> Finding:
    report = junit.read(JUNIT.replace("{search}", search).encode())
    return judge_tests(JUnitRule.model_validate({"kind": "junit", "path": "/report"} | rule), report)


def test_results_of_a_test_runner() -> None:
    """What was skipped was not run; what its runner tried again is flaky."""
    assert results() == Finding(Outcome.PASS, "3 tests run, 1 skipped")
    assert results('<failure message="500"/>') == Finding(Outcome.FAIL, "1 of 3 tests failed: search")
    assert results('<flakyFailure message="500"/>').outcome is Outcome.FLAKY
    assert results(skipped=0).outcome is Outcome.FAIL
    with pytest.raises(CheckError, match="3 tests run, 1 skipped, at least 4 expected"):
        results(tests=4)


@pytest.mark.parametrize("report", [b"<html/>", b"<testsuite", b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>'])
def test_what_is_no_junit_is_said(report: bytes) -> None:
    with pytest.raises(ValueError, match="not JUnit XML"):
        junit.read(report)


# ── scanners ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def scanned(kind: str, document: Any, **rule: Any) -> Finding:
    made = ScanRule.model_validate({"kind": kind, "path": "/report"} | rule)
    return scans.judge(made, scans.read(kind, written(document)), TODAY)


@pytest.mark.parametrize(
    ("kind", "document", "words"),
    [
        ("sarif", SARIF, "1 critical, at most 0: CVE-2024-1"),
        ("trivy", TRIVY, "2 critical, at most 0: CVE-2024-1, aws-access-key-id; 1 high, at most 0: CVE-2024-2"),
        ("snyk", SNYK, "1 high, at most 0: SNYK-JS-LODASH-1"),
        ("snyk", [SNYK, SNYK], "1 high, at most 0: SNYK-JS-LODASH-1"),
    ],
)
def test_findings_beyond_the_policy_fail_and_are_named_once(kind: str, document: Any, words: str) -> None:
    """Without a policy of its own: nothing critical, nothing high."""
    assert scanned(kind, document) == Finding(Outcome.FAIL, words)


def test_findings_within_the_policy_pass_and_are_counted() -> None:
    """null is any number."""
    most = {"critical": 2, "high": None}
    assert scanned("trivy", TRIVY, most=most) == Finding(Outcome.PASS, "2 critical, 1 high, 1 low, 1 unknown")
    assert scanned("sarif", SARIF, most={"critical": 1, "medium": 0}).words == "1 medium, at most 0: CVE-2024-2"


def test_what_is_allowed_counts_again_after_its_day() -> None:
    """By the scanner's own id, or another name of it."""
    allowed = {"id": "cve-2024-7", "reason": "Not reachable", "until": date(2024, 1, 16)}
    assert scanned("snyk", SNYK, allowed=[allowed]) == Finding(Outcome.PASS, "1 medium; 1 allowed")
    found = scanned("snyk", SNYK, allowed=[allowed | {"until": date(2024, 1, 15)}])
    assert found.outcome is Outcome.FAIL
    assert "allowed only until 2024-01-15: cve-2024-7" in found.words


@pytest.mark.parametrize(
    ("kind", "document", "words"),
    [
        ("sarif", {"runs": []}, "no SARIF"),
        ("sarif", [], "no SARIF"),
        ("trivy", {"version": "2.1.0"}, "no report of Trivy"),
        ("snyk", {"ok": True}, "has no vulnerabilities"),
        ("snyk", {"ok": False, "error": "Authentication failed"}, "could not test: Authentication failed"),
        ("snyk", 7, "no projects"),
    ],
)
def test_a_scan_that_cannot_be_judged_is_no_finding(kind: str, document: Any, words: str) -> None:
    with pytest.raises(CheckError, match=words):
        scanned(kind, document)


# ── anything at all ──────────────────────────────────────────────────────────────────────────────────────────────────
WORDS = (
    *("metrics", "values", "thresholds", "ok", "iterations", "count", "runs", "version", "tool", "driver", "rules"),
    *("id", "ruleId", "ruleIndex", "properties", "security-severity", "results", "suppressions", "kind", "level"),
    *("SchemaVersion", "Results", "Vulnerabilities", "Severity", "Misconfigurations", "Secrets", "Status", "locations"),
    *("vulnerabilities", "applications", "identifiers", "severity", "error", "num_requests", "num_failures"),
    *("response_times", "defaultConfiguration", "9.8", "HIGH", "fail"),
)
NAMES = st.sampled_from(WORDS) | st.text(max_size=5)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS, st.sampled_from(["k6", "locust", "sarif", "trivy", "snyk"]))
def test_whatever_a_report_holds_it_is_judged_or_said_to_be_none(document: Any, kind: str) -> None:
    """Nothing else comes of it: a check that fell over would be tried for ever."""
    with suppress(CheckError):
        judged(kind, written(document))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_bytes_come_they_are_judged_or_said_to_be_none(report: bytes) -> None:
    for kind in ("k6", "locust", "sarif", "trivy", "snyk"):
        with suppress(CheckError):
            judged(kind, report)
    with suppress(ValueError):
        junit.read(report)


def judged(kind: str, report: bytes) -> Finding:
    if kind in ("k6", "locust"):
        rule = LoadRule.model_validate({"kind": kind, "path": "/report", "most": {"p95": 1}})
        return load.judge(rule, load.k6(report) if kind == "k6" else load.locust(report))
    return scans.judge(ScanRule.model_validate({"kind": kind, "path": "/report"}), scans.read(kind, report), TODAY)
