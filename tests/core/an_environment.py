"""An environment issue and a request of the document's own values: what the tests of the core play with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from bot.core import environment_issue_forms as issue_forms
from bot.core import environment_request_forms as request_forms
from bot.core.dialogue import Dialogue, Move, Situation, evolve, play
from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.environment_request_rules import EnvironmentRequest
from bot.core.events import Conversation, Event
from bot.core.forms import Form
from bot.core.policy import Service
from bot.core.release_forms import NoteForm, ReasonForm
from bot.core.roles import CLOCK, Actor
from bot.core.secrets import GIVEN
from bot.core.surroundings import NOWHERE, Surroundings
from tests.core.a_release import DEVOPS, POLICY, QA, START

C = TypeVar("C", bound=Conversation)

REPORT: dict[str, Any] = {
    "environment": "staging",
    "problem": "Staging API returning 503 errors",
    "started": (START - timedelta(minutes=30)).isoformat(),
    "impact": "Cannot continue testing STORY-140",
    "symptoms": [
        "All API calls return 503",
        'Frontend shows "Service Unavailable"',
        "Database connection seems okay (can query directly)",
    ],
    "tried": ["Refreshed browser", "Tried different endpoints", "Checked from different network"],
    "urgency": "high",
    "urgency_reason": "blocking sprint testing",
}
REQUEST: dict[str, Any] = {
    "environment": "Load Testing Environment",
    "what": "Separate environment for performance testing",
    "why": "Need to run load tests without affecting staging",
    "requirements": ["Copy of staging setup", "API only (no frontend needed)"],
    "needed_by": "Before Sprint 17 (performance story planned)",
    "duration": "Permanent (will use for ongoing perf testing)",
}


def report(**changes: Any) -> issue_forms.ReportForm:
    return issue_forms.ReportForm.from_answers(REPORT | changes)


def request(**changes: Any) -> request_forms.RequestForm:
    return request_forms.RequestForm.from_answers(REQUEST | changes)


def until(moment: datetime) -> dict[str, Any]:
    """The changes that make a request one with an end."""
    return {"duration": "", "until": moment.isoformat()}


def plan(**changes: Any) -> request_forms.PlanForm:
    answers = {"plan": ["Clone staging config"], "timeline": "2 days", "access": "Will share API URL"}
    return request_forms.PlanForm.from_answers(answers | changes)


def ready(*, secret: bool = False) -> request_forms.ReadyForm:
    answers = {"name": "Perf Test", "urls": ["API URL: https://perf-test.example.com"]}
    return request_forms.ReadyForm.from_answers(answers | ({"secrets": GIVEN} if secret else {}))


def reason() -> ReasonForm:
    return ReasonForm(reason="It was my own network")


class Play(Generic[C]):
    """A conversation as it is played: every step is stored as JSON and read back, as the store does."""

    def __init__(self, dialogue: Dialogue[C], policy: Service = POLICY, now: datetime = START) -> None:
        self.dialogue, self.policy, self.now = dialogue, policy, now
        self.surroundings: Surroundings = NOWHERE
        self.events: list[Event] = []
        self.it: C = dialogue.conversation(
            id="c1",
            dialogue=dialogue.name,
            service=policy.name,
            environment="staging",
            version=f"{dialogue.ticket}-1",
            channel="C0RELEASES",
            opened_at=now,
            opened_by=QA.id,
            state="",
            since=now,
        )

    def take(self, step: str, actor: Actor, form: Form | None = None, **move: Any) -> C:
        """The conversation after a step; Refusal, and nothing has changed, where it is not possible."""
        situation = Situation(self.it, Move(step, actor, form, **move), self.policy, self.now, self.surroundings)
        event, after = play(self.dialogue, situation)
        self.events.append(Event.model_validate_json(event.model_dump_json()))
        self.it = self.dialogue.read(evolve(self.dialogue, self.it, self.events[-1]).model_dump_json())
        assert self.dialogue.read(after.model_dump_json()) == self.it, "play and evolve differ"
        return self.it

    def wait(self, **span: float) -> Play[C]:
        self.now += timedelta(**span)
        return self

    def go(self, *moves: tuple[str, Actor, Form | None]) -> Play[C]:
        for step, actor, form in moves:
            self.take(step, actor, form)
        return self


def issue_in(state: str, policy: Service = POLICY, **changes: Any) -> Play[Any]:
    """An issue, brought to a state on the shortest way."""
    it = Play(ENVIRONMENT_ISSUE, policy)
    it.take("report", QA, report(**changes))
    if state in ("investigating", "awaiting_verification", "closed"):
        it.take("investigate", DEVOPS)
    if state in ("awaiting_verification", "closed"):
        it.take("restore", DEVOPS, form_for("restore", it.now))
    if state == "closed":
        it.take("verify", QA)
    if state == "withdrawn":
        it.take("withdraw", QA, reason())
    assert it.it.state == state
    return it


def request_in(state: str, policy: Service = POLICY, **changes: Any) -> Play[EnvironmentRequest]:
    """A request, brought to a state on the shortest way."""
    it: Play[EnvironmentRequest] = Play(ENVIRONMENT_REQUEST, policy)
    it.take("request", QA, request(**(changes or until(START + timedelta(days=10)))))
    way = {"preparing": 1, "awaiting_acceptance": 2, "in_use": 3, "awaiting_retirement": 3, "retired": 3}
    moves = (("plan", DEVOPS, plan()), ("ready", DEVOPS, ready()), ("accept", QA, None))
    it.go(*moves[: way.get(state, 0)])
    match state:
        case "awaiting_retirement":
            assert it.it.ask_at is not None
            it.now = it.it.ask_at
            it.take("ask_end", CLOCK)
        case "retired":
            it.take("retire", DEVOPS)
        case "declined":
            it.take("decline", DEVOPS, reason())
        case "withdrawn":
            it.take("withdraw", QA, reason())
    assert it.it.state == state
    return it


def form_for(step: str, now: datetime) -> Form | None:
    """Good details for a step at a moment."""
    good: dict[str, Form] = {
        "report": report(),
        "update": issue_forms.UpdateForm(findings=("Server is up",), eta=10),
        "restore": issue_forms.RestoreForm(root_cause="A stuck job", fix="Restarted", prevention="A timeout"),
        "ticket_opened": issue_forms.TicketForm.from_answers(
            {"key": "OPS-12", "url": "https://jira.example.com/OPS-12"}
        ),
        "ticket_refused": issue_forms.TicketRefusedForm(what="open", reason="Jira refused (401)."),
        "request": request(),
        "plan": plan(),
        "ready": ready(secret=True),
        "share": request_forms.ShareForm(secrets=GIVEN),
        "shared": request_forms.SharedForm(person=QA.id),
        "adjust": request_forms.AdjustForm(adjustments=("More memory",)),
        "extend": request_forms.ExtensionForm(until=now + timedelta(days=60)),
        "note": NoteForm(text="The queue is long"),
    }
    if step in {"investigate", "verify", "accept", "not_shared", "ask_end", "retire"}:
        return None
    return good.get(step, reason())
