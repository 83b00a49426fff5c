"""Reports in the shapes that their tools write them, cut down to what counts."""

from __future__ import annotations

from typing import Any

K6_EXPORT: dict[str, Any] = {
    "root_group": {"name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e", "groups": {}, "checks": {}},
    "metrics": {
        "http_req_duration": {
            "avg": 144.56,
            "min": 104.11,
            "med": 110.47,
            "max": 1140.0,
            "p(90)": 203.54,
            "p(95)": 215.95,
            "thresholds": {"p(95)<500": False},
        },
        "http_req_failed": {"passes": 0, "fails": 180, "value": 0, "thresholds": {"rate<0.01": False}},
        "http_reqs": {"count": 180, "rate": 4.36},
        "iterations": {"count": 45, "rate": 1.09},
    },
}
K6_SUMMARY: dict[str, Any] = {
    "options": {"summaryTrendStats": ["avg", "p(95)"]},
    "state": {"isStdOutTTY": True, "testRunDurationMs": 41196.0},
    "metrics": {
        "http_req_duration": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 144.56, "p(95)": 815.95},
            "thresholds": {"p(95)<500": {"ok": False}},
        },
        "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 180, "rate": 4.36}},
    },
}

LOCUST_CSV = """\
Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,\
Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%
GET,/orders,1500,30,80,95.4,12,2300,2048,25.1,0.5,80,92,105,120,160,240,400,700,2100,2300,2300
,Aggregated,2000,30,76,90.2,9,2300,2100,33.4,0.5,76,90,101,115,150,230,390,650,2000,2300,2300
"""
LOCUST_JSON: list[dict[str, Any]] = [
    {
        "name": "/orders",
        "method": "GET",
        "num_requests": 90,
        "num_failures": 9,
        "response_times": {"100": 80, "900": 10},
    },
    {"name": "/health", "method": "GET", "num_requests": 10, "num_failures": 0, "response_times": {"10": 10}},
]

JUNIT = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="smoke" tests="4" time="12.5">
  <testcase name="login" time="1.5"/>
  <testcase name="orders" time="2"/>
  <testcase name="export" time="3"><skipped message="no data"/></testcase>
  <testcase name="search" time="6">{search}</testcase>
</testsuite></testsuites>
"""

SARIF: dict[str, Any] = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "Scanner",
                    "rules": [
                        {"id": "CVE-2024-1", "properties": {"security-severity": "9.8"}},
                        {"id": "CVE-2024-2", "properties": {"security-severity": "5.0"}},
                        {"id": "S105", "defaultConfiguration": {"level": "note"}},
                    ],
                }
            },
            "results": [
                {"ruleId": "CVE-2024-1", "level": "warning"},
                {"ruleIndex": 1},
                {"ruleId": "S105"},
                {"ruleId": "CVE-2024-9", "level": "error", "suppressions": [{"kind": "external"}]},
                {"ruleId": "CVE-2024-8", "level": "error", "kind": "pass"},
            ],
        }
    ],
}
TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "ArtifactName": "shop:1.2.0",
    "Results": [
        {
            "Target": "shop:1.2.0 (debian 12.5)",
            "Vulnerabilities": [
                {"VulnerabilityID": "CVE-2024-1", "PkgName": "openssl", "Severity": "CRITICAL"},
                {"VulnerabilityID": "CVE-2024-1", "PkgName": "openssl", "Severity": "CRITICAL"},
                {"VulnerabilityID": "CVE-2024-2", "PkgName": "zlib", "Severity": "HIGH"},
                {"VulnerabilityID": "CVE-2024-3", "PkgName": "bash", "Severity": "UNKNOWN"},
            ],
        },
        {
            "Target": "Dockerfile",
            "Misconfigurations": [
                {"ID": "DS002", "Severity": "HIGH", "Status": "PASS"},
                {"ID": "DS026", "Severity": "LOW", "Status": "FAIL"},
            ],
            "Secrets": [{"RuleID": "aws-access-key-id", "Severity": "CRITICAL", "StartLine": 3}],
        },
        {"Target": "package-lock.json"},
    ],
}
SNYK: dict[str, Any] = {
    "ok": False,
    "projectName": "shop",
    "vulnerabilities": [
        {
            "id": "SNYK-JS-LODASH-1",
            "severity": "high",
            "packageName": "lodash",
            "identifiers": {"CVE": ["CVE-2024-7"], "CWE": ["CWE-400"]},
        },
        {"id": "SNYK-JS-QS-2", "severity": "medium", "packageName": "qs"},
    ],
}
