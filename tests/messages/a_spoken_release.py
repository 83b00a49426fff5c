"""The document's release as it is spoken of: its people and values, a play of its steps, and a reader of messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.dialogue import Move, Situation, decide, evolve
from bot.core.events import Event
from bot.core.forms import Form
from bot.core.policy import Holders, Service
from bot.core.release import RELEASE
from bot.core.release_rules import Release
from bot.core.roles import CLOCK, Actor, Role
from bot.core.signals import Signal
from bot.messages.message import Message, Said
from bot.messages.references import Reference
from bot.messages.release import card, told

START = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)
"""Forty minutes before the document's deployment."""

QA = Actor("UCHARLIE", "Charlie Wilson", frozenset({Role.QA}))
DEVOPS = Actor("UJANE", "Jane Smith", frozenset({Role.DEVOPS}))
TECH_LEAD = Actor("UTANIA", "Tania Petrova", frozenset({Role.TECH_LEAD}))
MANAGER = Actor("UJOHN", "John Doe", frozenset({Role.RELEASE_MANAGER}))
PIPELINE = Actor("ci:pipeline", "pipeline", frozenset({Role.CI}))
LINKED = Actor("UJANE", "Jane Smith", frozenset({Role.LINKED}))
WATCH = Actor("watch", "Watch", frozenset({Role.WATCH}))

POLICY = Service(
    name="admin-logistic",
    title="Admin Logistic",
    channels=("C0RELEASES",),
    roles={
        Role.QA: Holders(groups=("S0QA",)),
        Role.DEVOPS: Holders(groups=("S0DEVOPS",)),
        Role.TECH_LEAD: Holders(users=("UTANIA",)),
    },
    signals={"errors": Signal(title="Error rate"), "latency": Signal(title="Response time (p95)")},
)
UNMEASURED = POLICY.model_copy(update={"signals": {}})
"""A service that no monitor is configured for."""

APPROVAL: dict[str, Any] = {
    "version": "v1.2.0",
    "sprint": "Sprint 16",
    "branch": "main",
    "commit": "abc123",
    "stories_tested": 3,
    "stories_total": 3,
    "bugs_found": 5,
    "bugs_fixed": 5,
    "regression": "passed",
    "smoke": "passed",
    "changes": ["STORY-123: Order Tracking", "STORY-130: Excel Export", "FIX-234, FIX-235, FIX-236"],
    "known_issues": ["None blocking release", "STORY-145 (legacy courier display) — low priority, next sprint"],
    "release_notes": "https://docs.example.com/releases/v1.2.0",
    "rollback_threshold": ">5%",
    "rollback_endpoint": "/api/v1/orders/tracking",
}
PLAN: dict[str, Any] = {
    "when": "2024-01-16T16:00:00Z",
    "window": "low traffic window",
    "duration": 15,
    "rollback_target": "v1.1.0",
    "migrations": "Yes (1 migration)",
    "config_changes": "None",
    "cache_clear": "Yes",
    "error_monitoring": "Will watch Sentry",
    "performance_monitoring": "Will watch Datadog",
}
DEPLOYED: dict[str, Any] = {
    "finished_at": "2024-01-16T16:05:00Z",
    "duration": 12,
    "components": ["Backend: Healthy", "Frontend: Healthy"],
    "migration": "Applied",
    "cache": "Cleared",
    "health_checks": ["API: 200 OK", "Frontend: Loading correctly", "Auth: Working"],
    "monitoring": ["Sentry: https://sentry.example.com/orders", "Datadog: https://datadog.example.com/orders"],
    "metrics": [
        "Error rate: 0.1% (normal)",
        "Response time: 120ms avg (normal)",
        "Active users: 45 (normal for this time)",
    ],
}
SMOKE: dict[str, Any] = {
    "results": [
        "Login: Pass",
        "Order List: Pass",
        "Order Tracking (new): Pass",
        "Excel Export (new): Pass",
        "Create Order: Pass",
        "Dashboard: Pass",
    ],
    "duration": 8,
}
SMOKE_FAILED: dict[str, Any] = {
    "results": ["Login: Pass", "Create Order: Fail (500 error)"],
    "duration": 8,
    "issues": "Create Order gives a 500 error",
}
ROLLBACK: dict[str, Any] = {
    "severity": "P1",
    "issue": "Users cannot complete orders — “Create Order” button gives 500 error.",
    "impact": ["Core functionality broken", "Multiple user reports in last 10 min", "Revenue impact"],
    "evidence": ["Sentry: 50+ errors on POST /api/v1/orders", "Error: “Database constraint violation”"],
    "target": "v1.1.0",
}
ROLLED_BACK: dict[str, Any] = {
    "version": "v1.1.0",
    "duration": 4,
    "checks": ["API health: ✅", "Error rate: Dropping"],
}
BREACH: dict[str, Any] = {
    "severity": "P1",
    "signal": "error rate on /api/v1/orders/tracking",
    "measured": "7.2%",
    "limit": ">5%",
    "started_at": "2024-01-16T16:20:00Z",
}

ROWS: list[dict[str, Any]] = [
    {"name": "errors", "title": "Error rate", "value": "0.1%", "before": "0.09%", "limit": ">1%"},
    {
        "name": "latency",
        "title": "Response time (p95)",
        "value": "620ms",
        "before": "180ms",
        "limit": ">500ms",
        "state": "warning",
    },
    {
        "name": "saturation",
        "title": "CPU usage",
        "state": "blind",
        "note": "Prometheus can't be reached (ConnectError).",
    },
]
CHART: dict[str, Any] = {
    "title": "Error rate",
    "unit": "percent",
    "labels": ["15:50", "16:05 deployed", "16:20", "16:35"],
    "values": [0.1, 0.2, 7.2, 8.1],
    "limit": 5,
    "deployed": "16:05 deployed",
}
REGRESSED: dict[str, Any] = {
    "name": "latency",
    "signal": "Response time (p95)",
    "before": "180ms",
    "after": "240ms",
    "certainty": "0.0002",
    "chart": CHART
    | {"title": "Response time (p95)", "unit": "seconds", "values": [0.18, 0.19, 0.24, 0.24], "limit": 0.5},
}


class Talk:
    """A release as it is played, and all that is said of it."""

    def __init__(self, policy: Service = POLICY) -> None:
        self.policy, self.now, self.number = policy, START, 0
        self.said: tuple[Said, ...] = ()
        self.release = Release(
            id="r1",
            dialogue="release",
            service=policy.name,
            environment="production",
            version="v1.2.0",
            channel="C0RELEASES",
            opened_at=START,
            opened_by=QA.id,
            state="",
            since=START,
        )

    def take(self, step: str, actor: Actor, answers: Mapping[str, Any] | None = None, **move: Any) -> Talk:
        row = RELEASE.step(step)
        form: Form | None = row.form.from_answers(answers or {}) if row.form else None
        situation = Situation(self.release, Move(step, actor, form, **move), self.policy, self.now)
        event = Event.model_validate_json(decide(RELEASE, situation).model_dump_json())
        self.release = RELEASE.read(evolve(RELEASE, self.release, event).model_dump_json())
        self.event = event
        self.said = told(self.release, event, self.policy)
        return self

    def wait(self, **span: float) -> Talk:
        self.now += timedelta(**span)
        return self

    @property
    def card(self) -> Message:
        return card(self.release, self.policy)

    # The document's own way, step by step.
    def approved(self, **changes: Any) -> Talk:
        return self.take("approve", QA, APPROVAL | changes)

    def signed(self) -> Talk:
        return self.approved().take("cosign", TECH_LEAD)

    def planned(self) -> Talk:
        return self.signed().take("plan", DEVOPS, PLAN)

    def scheduled(self) -> Talk:
        return self.planned().take("confirm", QA)

    def deploying(self) -> Talk:
        return self.scheduled().wait(minutes=33).take("start", DEVOPS, {"commit": "abc123"})

    def canary(self, promoted: int = 0) -> Talk:
        """A deployment that began as a canary, and was promoted so often."""
        self.signed().take("plan", DEVOPS, PLAN | {"strategy": "canary"}).take("confirm", QA)
        self.wait(minutes=33).take("start", DEVOPS, {"commit": "abc123"})
        for _ in range(promoted):
            self.wait(minutes=30).take("promote", DEVOPS, {})
        return self

    def deployed(self, **changes: Any) -> Talk:
        return self.deploying().wait(minutes=17).take("deployed", DEVOPS, DEPLOYED | changes)

    def smoke_running(self) -> Talk:
        return self.deployed().wait(minutes=2).take("begin_smoke", QA)

    def watching(self) -> Talk:
        return self.smoke_running().wait(minutes=8).take("smoke_passed", QA, SMOKE)

    def completed(self) -> Talk:
        return self.watching().wait(hours=2).take("complete", CLOCK, {})


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────
MENTION = re.compile(r"<@(\w+)>|<!subteam\^(\w+)>|<!(channel|here|everyone)")


def read(*messages: Message) -> str:
    """Messages as golden files keep them: a block a line, mrkdwn as it is sent, buttons with what they carry."""
    return (
        "\n\n".join("\n".join((f"text: {message.text}", *map(_block, message.blocks))) for message in messages) + "\n"
    )


def read_all(said: tuple[Said, ...]) -> str:
    return "\n".join(f"── {'announced' if one.broadcast else 'thread'}\n{read(one.message)}" for one in said)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "table":
            rows = (" | ".join(_cell(cell) for cell in row) for row in block["rows"])
            return "[table]\n" + "\n".join(f"  {row}" for row in rows)
        case "actions":
            return "[actions]\n" + "\n".join(f"  {_button(element)}" for element in block["elements"])
        case "data_visualization":
            lines = (f"{one['name']}: {[point['value'] for point in one['data']]}" for one in block["chart"]["series"])
            drawn = (block["title"], *block["chart"]["axis_config"].values(), *lines)
            return "[chart]\n" + "\n".join(f"  {line}" for line in drawn)
        case "context":
            return "[context] " + " ⏐ ".join(element["text"] for element in block["elements"])
        case kind:
            shown = str(block["text"]["text"]).replace("\n", "\n  ")
            return f"[{kind}] {shown}"


def _cell(cell: dict[str, Any]) -> str:
    return str(cell["text"] if cell["type"] == "raw_text" else cell["elements"][0]["elements"][0]["text"])


def _button(element: dict[str, Any]) -> str:
    facts = (element.get("style"), "asks first" if "confirm" in element else "", element["value"])
    return f"{element['text']['text']} ({element['action_id']}; {', '.join(fact for fact in facts if fact)})"


def words(message: Message) -> str:
    """What a person reads, without the marks of bold."""
    return read(message).replace("*", "").replace("`", "").replace("\n  ", "\n")


@dataclass(frozen=True)
class Button:
    label: str
    action: str
    value: str

    @property
    def reference(self) -> Reference:
        return Reference.read(self.value)


def buttons(message: Message) -> list[Button]:
    elements = (element for block in message.blocks if block["type"] == "actions" for element in block["elements"])
    return [Button(element["text"]["text"], element["action_id"], element["value"]) for element in elements]


def calls(*messages: Message) -> set[str]:
    """Everybody whom messages ping, by id; `channel`, `here`, `everyone` where those are."""
    found = (match for message in messages for text in texts(message) for match in MENTION.finditer(text))
    return {next(group for group in match.groups() if group) for match in found}


def texts(message: Message) -> Iterator[str]:
    """Every text that Slack parses."""
    yield message.text
    for block in message.blocks:
        yield from _mrkdwn(block)


def _mrkdwn(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        for value in part.values():
            yield from _mrkdwn(value)
    elif isinstance(part, list):
        for value in part:
            yield from _mrkdwn(value)


def as_json(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)
