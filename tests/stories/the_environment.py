"""The first document's environment issue and request, as its people would type them (QA-DevOps dialogue, sections 3
and 4).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

REPORTED_AT = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)

ISSUE: dict[str, Any] = {
    "environment": "Staging",
    "problem": "Staging API returning 503 errors",
    "started": REPORTED_AT - timedelta(minutes=30),
    "impact": "Cannot continue testing STORY-140",
    "symptoms": [
        "All API calls return 503",
        'Frontend shows "Service Unavailable"',
        "Database connection seems okay (can query directly)",
    ],
    "tried": ["Refreshed browser", "Tried different endpoints", "Checked from different network"],
    "urgency": "High",
    "urgency_reason": "blocking sprint testing",
}
FINDINGS: dict[str, Any] = {
    "findings": ["Server is up", 'Logs show: "Connection pool exhausted"'],
    "cause": "Looks like a runaway query from earlier today",
    "fix": ["Restarting backend service", "Increasing connection pool temporarily"],
    "eta": "10",
}
RESTORED: dict[str, Any] = {
    "root_cause": "Background job was holding connections",
    "fix": "Killed stuck process, restarted service",
    "prevention": "Added connection timeout config",
}
ISSUE_LINES = (
    "@devops",
    "🔴 Staging Environment Issue",
    "Problem: Staging API returning 503 errors",
    "When started: ~30 minutes ago",
    "Impact: Cannot continue testing STORY-140",
    "Symptoms:",
    "• All API calls return 503",
    '• Frontend shows "Service Unavailable"',
    "• Database connection seems okay (can query directly)",
    "What I tried:",
    "• Refreshed browser",
    "• Tried different endpoints",
    "• Checked from different network",
    "Urgency: High — blocking sprint testing",
    "Looking into it now.",
    "Initial findings (5 min):",
    "• Server is up",
    '• Logs show: "Connection pool exhausted"',
    "• Cause: Looks like a runaway query from earlier today",
    "Fix:",
    "• Restarting backend service",
    "• Increasing connection pool temporarily",
    "ETA: 10 minutes",
    "Update: Staging restored ✅",
    "Root cause: Background job was holding connections",
    "Fix: Killed stuck process, restarted service",
    "Prevention: Added connection timeout config",
    "@Charlie Wilson — Please verify and continue testing.",
    "Verified — staging working again. ✅",
    "Continuing with STORY-140 testing.",
    "Thanks for quick resolution!",
)
"""The document's lines in their order, as they read in the thread."""

REQUEST: dict[str, Any] = {
    "environment": "Load Testing Environment",
    "what": "Separate environment for performance testing",
    "why": "Need to run load tests without affecting staging",
    "requirements": [
        "Copy of staging setup",
        "Same database schema (can use empty/seed data)",
        "API only (no frontend needed)",
        "Access for load testing tool (k6)",
    ],
    "needed_by": "Before Sprint 17 (performance story planned)",
    "duration": "Permanent (will use for ongoing perf testing)",
}
PLAN: dict[str, Any] = {
    "plan": [
        "Spin up new Railway environment: `perf-test`",
        "Clone staging config",
        "Empty database with seed data",
        "Same API version as staging",
    ],
    "timeline": "2 days",
    "access": "Will share API URL and test credentials",
    "notes": [
        "Environment will be smaller (cost reasons)",
        "Fine for load testing scenarios",
        "Not for capacity planning (prod is bigger)",
    ],
}
SECRET = "Test user: loadtest@example.com / LoadTest123"
READY: dict[str, Any] = {
    "name": "Perf Test",
    "urls": [
        "API URL: https://perf-test.admin-logistic.com",
        "Swagger: https://perf-test.admin-logistic.com/api/docs",
    ],
    "secrets": SECRET,
    "data": ["10,000 seed orders", "100 users", "50 couriers"],
    "limits": ["2 CPU, 1GB RAM", "Database: 5GB"],
}
REQUEST_LINES = (
    "Environment Request: Load Testing Environment",
    "What: Separate environment for performance testing",
    "Why: Need to run load tests without affecting staging",
    "Requirements:",
    "• Copy of staging setup",
    "• Same database schema (can use empty/seed data)",
    "• API only (no frontend needed)",
    "• Access for load testing tool (k6)",
    "When needed: Before Sprint 17 (performance story planned)",
    "Duration: Permanent (will use for ongoing perf testing)",
    "Good request. Can do this.",
    "Plan:",
    "• Spin up new Railway environment: perf-test",
    "• Clone staging config",
    "• Empty database with seed data",
    "• Same API version as staging",
    "Timeline: 2 days",
    "Access: Will share API URL and test credentials",
    "Note:",
    "• Environment will be smaller (cost reasons)",
    "• Fine for load testing scenarios",
    "• Not for capacity planning (prod is bigger)",
    "I'll ping when ready.",
    "✅ Perf Test Environment Ready",
    "API URL: https://perf-test.admin-logistic.com",
    "Swagger: https://perf-test.admin-logistic.com/api/docs",
    "Credentials:",
    "Database:",
    "• 10,000 seed orders",
    "• 100 users",
    "• 50 couriers",
    "Limits:",
    "• 2 CPU, 1GB RAM",
    "• Database: 5GB",
    "@Charlie Wilson — Let me know if you need adjustments.",
    "Credentials: shared securely with Charlie Wilson",
    "Perfect! This is exactly what we need.",
    "Thanks!",
    "Will start setting up k6 scripts.",
)
"""The document's lines in their order, as they read in the thread."""
