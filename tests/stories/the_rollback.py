"""The fifth dialogue of the first document, its own values and lines (QA-DevOps dialogue, section 5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

ALARM_AT = datetime(2024, 1, 16, 16, 38, tzinfo=UTC)
"""Seven minutes before "16:45 UTC", when it is on v1.1.0 again."""

ALARM: dict[str, Any] = {
    "issue": "Users cannot complete orders — “Create Order” button gives 500 error.",
    "impact": ["Core functionality broken", "Multiple user reports in last 10 min", "Revenue impact"],
    "evidence": ["Sentry: 50+ errors on POST /api/v1/orders", "Error: “Database constraint violation”"],
}
DONE: dict[str, Any] = {
    "duration": "4",
    "checks": ["API health: ✅", "Error rate: Dropping"],
    "verify": "order creation works",
}
VERIFIED: dict[str, Any] = {"seen": "Order creation works"}

CARD_LINES = (
    "🚨 ROLLBACK NEEDED: v1.2.0",
    "Severity: P1 — Critical",
    "Environment: Production",
    "Issue:",
    "Users cannot complete orders — “Create Order” button gives 500 error.",
    "Impact:",
    "Core functionality broken",
    "Multiple user reports in last 10 min",
    "Revenue impact",
    "Evidence:",
    "Sentry: 50+ errors on POST /api/v1/orders",
    "Error: “Database constraint violation”",
    "Recommendation:",
    "Rollback to v1.1.0 immediately.",
)
THREAD_LINES = (
    "🔴 @team INITIATING ROLLBACK",
    "Rolling back to v1.1.0.",
    "ETA: 5 minutes.",
    "Everyone stand by.",
    "⏪ @team Rollback Complete",
    "Status: Production now on v1.1.0",
    "2024-01-16 16:45 UTC",
    "Duration: 4 minutes",
    "Immediate check:",
    "API health: ✅",
    "Error rate: Dropping",
    "Please verify order creation works.",
    "Testing…",
    "✅ Order creation works on v1.1.0.",
    "Rollback successful. Production is stable.",
    "Rollback verified. Production stable.",
    "@Bob Johnson — Let's investigate the v1.2.0 issue before re-deploy.",
    "Post-mortem scheduled for 2024-01-17",
)
"""The document's own lines, as they must stand in card and thread."""
