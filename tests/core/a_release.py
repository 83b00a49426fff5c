"""A release of the document's own values, and the people who carry it: what the tests of the core play with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core import release_forms as forms
from bot.core.alerts import AlertGroup
from bot.core.authority import Emergency
from bot.core.canary import PromoteForm
from bot.core.deployer_rules import WorkflowRule
from bot.core.dialogue import Move, Situation, decide, evolve, play
from bot.core.escalation_forms import EscalateForm
from bot.core.events import Event
from bot.core.forms import Form
from bot.core.freeze_rules import FrozenForm, ThawedForm
from bot.core.orders import OrderForm
from bot.core.paging import NotNotifiedForm
from bot.core.playbook import Playbook
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_checklist import ChecklistForm, ItemsForm
from bot.core.release_clock import EntryDoneForm, EntrySkippedForm
from bot.core.release_feedback import FeedbackForm, Seen
from bot.core.release_gates import FreedForm
from bot.core.release_rules import Release
from bot.core.roles import CLOCK, Actor, Role
from bot.core.signals import Row, Signal
from bot.core.smoke_forms import SmokeFailedForm, SmokePassedForm
from bot.core.surroundings import NOWHERE, Surroundings
from bot.core.validation import Outcome, Result, Run, Verdict
from bot.core.validation_forms import ProgressForm, ValidatedForm
from bot.core.watch_forms import (
    AlertedForm,
    AlertsOverForm,
    BlindForm,
    BreachForm,
    MetricsForm,
    NotLiftedForm,
    NotSilencedForm,
    RecoveredForm,
    RegressedForm,
    SeesForm,
    SilencedForm,
)

START = datetime(2024, 1, 16, 15, 0, tzinfo=UTC)
"""A Tuesday."""


def person(user: str, *roles: Role, unknown: Mapping[Role, str] | None = None) -> Actor:
    return Actor(id=user, name=user.removeprefix("U").title(), roles=frozenset(roles), unknown=unknown or {})


QA = person("UQUINN", Role.QA)
OTHER_QA = person("UQUEENIE", Role.QA)
DEVOPS = person("UDANA", Role.DEVOPS)
TECH_LEAD = person("UTESSA", Role.TECH_LEAD)
OTHER_LEAD = person("UTHEO", Role.TECH_LEAD)
PM = person("UPAUL", Role.PM)
MANAGER = person("URUTH", Role.RELEASE_MANAGER)
NOBODY = person("UNOBODY")
CI = Actor(id="ci:pipeline", name="pipeline", roles=frozenset({Role.CI}))
LINKED = Actor(id="ULINDA", name="Linda", roles=frozenset({Role.LINKED}))
"""Whose step in a linked conversation this release follows."""

WATCH = Actor(id="watch", name="Watch", roles=frozenset({Role.WATCH}))

PLAYBOOK = Playbook.model_validate(
    {
        "checks": {
            "api": {"kind": "http", "url": "https://orders.example.com/health"},
            "look": {"kind": "feedback", "people": (QA.id, DEVOPS.id)},
        }
    }
)
SIGNALS = {"errors": Signal(title="Error rate")}
POLICY = Service(name="orders", title="Orders", channels=("C0RELEASES",), playbook=PLAYBOOK, signals=SIGNALS)
TWO_SIGN = POLICY.model_copy(update={"required_signoffs": (Role.TECH_LEAD, Role.PM)})
NONE_SIGN = POLICY.model_copy(update={"required_signoffs": ()})

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
    "known_issues": ["None blocking release"],
    "rollback_threshold": ">5%",
    "rollback_endpoint": "/api/v1/orders/tracking",
}


PASSED = Result(name="api", title="Api", outcome=Outcome.PASS, words="200 in 12 ms", at=START)
MEASURED = Row(name="errors", title="Error rate", value="0.1%", limit=">1%")


def approval(**changes: Any) -> forms.ApprovalForm:
    return forms.ApprovalForm.from_answers(APPROVAL | changes)


def plan(when: datetime = START + timedelta(hours=1), **changes: Any) -> forms.PlanForm:
    answers = {
        "when": when.isoformat(),
        "rollback_target": "v1.1.0",
        "error_monitoring": "Will watch Sentry",
        "performance_monitoring": "Will watch Datadog",
    }
    return forms.PlanForm.from_answers(answers | changes)


def start(**changes: Any) -> forms.StartForm:
    return forms.StartForm.from_answers({"commit": "abc123"} | changes)


def deployed(**changes: Any) -> forms.DeployedForm:
    answers = {
        "duration": 12,
        "components": ["Backend: Healthy"],
        "health_checks": ["API: 200 OK"],
        "monitoring": ["Sentry: https://sentry.example.com/orders"],
    }
    return forms.DeployedForm.from_answers(answers | changes)


def reason(words: str = "The error rate is 12%") -> forms.ReasonForm:
    return forms.ReasonForm(reason=words)


def passed() -> SmokePassedForm:
    return SmokePassedForm(results=("Login: Pass", "Create Order: Pass"), duration=8)


def failed() -> SmokeFailedForm:
    return SmokeFailedForm(results=("Login: Pass", "Create Order: Fail (500 error)"), duration=8)


def breach(severity: str = "P1") -> BreachForm:
    return BreachForm(severity=severity, signal="error rate", measured="12%", limit=">5%", started_at=START)


def roll_back(target: str = "v1.1.0") -> forms.RollbackForm:
    return forms.RollbackForm(issue="“Create Order” gives 500", target=target)


def rolled_back(version: str = "v1.1.0") -> forms.RolledBackForm:
    return forms.RolledBackForm(version=version, duration=4, checks=("API health: OK",))


def another_time(when: datetime = START + timedelta(hours=3)) -> forms.TimeForm:
    return forms.TimeForm(when=when, reason="The team is at lunch")


def items(*texts: str) -> ItemsForm:
    return ItemsForm(items=texts or ("Monitoring alerts configured",))


def note() -> forms.NoteForm:
    return forms.NoteForm(text="Keep an eye on the queue")


WORKFLOW = WorkflowRule(kind="github_actions", repository="acme/shop", workflow="deploy.yml")
DEPLOYS = POLICY.model_copy(update={"deployer": WORKFLOW})
"""A service that deploys through GitHub Actions."""


class Play:
    """A release as it is played: every step is stored as JSON and read back, as the store does."""

    def __init__(self, policy: Service = POLICY, now: datetime = START) -> None:
        self.policy, self.now = policy, now
        self.events: list[Event] = []
        self.release = blank(now)
        self.surroundings: Surroundings = NOWHERE

    def take(self, step: str, actor: Actor, form: Form | None = None, **move: Any) -> Release:
        """The release after a step; Refusal, and nothing has changed, where it is not possible."""
        event, after = play(RELEASE, self._situation(step, actor, form, **move))
        self.events.append(Event.model_validate_json(event.model_dump_json()))
        self.release = RELEASE.read(evolve(RELEASE, self.release, self.events[-1]).model_dump_json())
        assert self.events[-1] == event, "an event is stored as it was decided"
        assert RELEASE.read(after.model_dump_json()) == self.release, "play and evolve differ"
        return self.release

    def decide(self, step: str, actor: Actor, form: Form | None = None, **move: Any) -> Event:
        return decide(RELEASE, self._situation(step, actor, form, **move))

    def _situation(self, step: str, actor: Actor, form: Form | None = None, **move: Any) -> Situation[Release]:
        return Situation(self.release, Move(step, actor, form, **move), self.policy, self.now, self.surroundings)

    def wait(self, **span: float) -> Play:
        self.now += timedelta(**span)
        return self

    # The straight way, state by state.
    def approved(self, **changes: Any) -> Play:
        self.take("approve", QA, approval(**changes))
        return self

    def signed(self) -> Play:
        self.approved().take("cosign", TECH_LEAD)
        return self

    def planned(self) -> Play:
        self.signed().take("plan", DEVOPS, plan())
        return self

    def undecided(self) -> Play:
        self.signed().take("plan", DEVOPS, plan(downtime="5 minutes"))
        return self

    def scheduled(self) -> Play:
        self.planned().take("confirm", QA)
        return self

    def deploying(self) -> Play:
        self.scheduled().wait(hours=1).take("start", DEVOPS, start())
        return self

    def awaiting_smoke(self) -> Play:
        self.deploying().wait(minutes=12).take("deployed", DEVOPS, deployed())
        return self

    def smoke_running(self) -> Play:
        self.awaiting_smoke().take("begin_smoke", QA)
        return self

    def watching(self) -> Play:
        self.smoke_running().wait(minutes=8).take("smoke_passed", QA, passed())
        return self

    def validating(self) -> Play:
        """This play, with a validation under way, whatever its state."""
        run = Run(
            number=1,
            began_at=self.now,
            begun_by="Quinn",
            checks=("api", "look"),
            asked=(QA.id, DEVOPS.id),
            asked_until=self.now + timedelta(minutes=30),
        )
        self.release = self.release.but(validation=run)
        return self

    def in_state(self, state: str) -> Play:
        """This play, brought to a state on the shortest way."""
        ways = {
            "awaiting_signoffs": self.approved,
            "awaiting_plan": self.signed,
            "awaiting_agreement": self.undecided,
            "awaiting_timing": self.planned,
            "scheduled": self.scheduled,
            "deploying": self.deploying,
            "awaiting_smoke": self.awaiting_smoke,
            "smoke_running": self.smoke_running,
            "watching": self.watching,
        }
        if state in ways:
            return ways[state]()
        match state:
            case "objected":
                self.approved().take("object", TECH_LEAD, reason())
            case "canary":
                self.signed().take("plan", DEVOPS, plan(strategy="canary"))
                self.take("confirm", QA)
                self.wait(hours=1).take("start", DEVOPS, start())
            case "canary_paused":
                self.in_state("canary").take("pause_canary", DEVOPS, reason())
            case "awaiting_decision":
                self.deploying().take("deploy_failed", DEVOPS, reason())
            case "rolling_back":
                self.watching().take("roll_back", QA, roll_back())
            case "completed":
                self.watching().wait(hours=2).take("complete", CLOCK, forms.SummaryForm())
            case "withdrawn":
                self.approved().take("withdraw", QA, reason())
            case "rolled_back":
                self.in_state("rolling_back").take("rolled_back", LINKED, rolled_back())
        assert self.release.state == state
        return self


def blank(now: datetime = START) -> Release:
    return Release(
        id="r1",
        dialogue="release",
        service="orders",
        environment="production",
        version="v1.2.0",
        channel="C0RELEASES",
        opened_at=now,
        opened_by=QA.id,
        state="",
        since=now,
    )


def order_told(outcome: str = "refused", event: int = 1, kind: str = "deploy") -> OrderForm:
    """What became of the order that an event gave."""
    reason = "GitHub Actions refused (401: Bad credentials)."
    answers = {"kind": kind, "event": event, "outcome": outcome, "deployer": WORKFLOW.name, "reason": reason}
    return OrderForm.model_validate(answers)


def form_for(step: str, now: datetime) -> Form | None:
    """Good details for a step at a moment."""
    later = now + timedelta(hours=2)
    good: dict[str, Form] = {
        "approve": approval(),
        "revise": approval(),
        "plan": plan(later),
        "propose_time": another_time(later),
        "start": start(),
        "deployed": deployed(),
        "smoke_passed": passed(),
        "smoke_failed": failed(),
        "breach": breach(),
        "first_metrics": MetricsForm(occasion="T+5m", rows=(MEASURED,)),
        "checked": MetricsForm(occasion="T+10m", rows=(MEASURED,)),
        "regressed": RegressedForm(name="latency", signal="Latency", before="120ms", after="180ms", certainty="0.0001"),
        "recovered": RecoveredForm(name="errors", signal="Error rate", measured="0.1%", since=now),
        "blind": BlindForm(rows=(MEASURED.model_copy(update={"state": "blind", "note": "no values"}),), since=now),
        "sees": SeesForm(rows=(MEASURED,)),
        "alerted": AlertedForm(groups=(AlertGroup(name="HighErrorRate", since=now),)),
        "alerts_over": AlertsOverForm(names=("HighErrorRate",)),
        "not_notified": NotNotifiedForm(what="PagerDuty", reason="It refused"),
        "silenced": SilencedForm(until=later),
        "not_silenced": NotSilencedForm(reason="Alertmanager can't be reached.", matchers=("alertname=PodRestarted",)),
        "not_lifted": NotLiftedForm(reason="Alertmanager can't be reached."),
        "extend_watch": forms.ExtendForm(minutes=30),
        "complete": forms.SummaryForm(),
        "promote": PromoteForm(),
        "roll_back": roll_back(),
        "found_live": roll_back(),
        "rolled_back": rolled_back(),
        "note": note(),
        "order_told": order_told(),
        "escalate": EscalateForm(details="Orders fail", situation=Emergency.PRODUCTION_DOWN),
        "checklist": ChecklistForm(ticked=items().items),
        "tick": items(),
        "untick": items(),
        "reschedule": another_time(later),
        "entry_done": EntryDoneForm(entry="T+5m"),
        "entry_skipped": EntrySkippedForm(entry="T+5m", reason="Done by the pipeline"),
        "frozen": FrozenForm(ticket="FRZ-1", reason="Black Friday", starts=now, until=later),
        "thawed": ThawedForm(ticket="FRZ-1"),
        "feedback": FeedbackForm(seen=Seen.OK),
        "validation_progress": ProgressForm(results=(PASSED,)),
        "validated": ValidatedForm(verdict=Verdict.PASSED, results=(PASSED,), began_at=now),
        "freed": FreedForm(version="v1.1.9", state="watching"),
    }
    if step in {"cosign", "agree", "confirm", "begin_smoke", "ask_again", "validate", "feedback_over"}:
        return None
    return good.get(step, reason())
