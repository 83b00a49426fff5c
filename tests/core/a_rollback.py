"""A rollback of the document's own values, and what is around it: what the tests of the core play with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.core import rollback_forms as forms
from bot.core.events import Event
from bot.core.forms import Form
from bot.core.paging import NotNotifiedForm
from bot.core.policy import Service
from bot.core.release_forms import NoteForm, ReasonForm
from bot.core.roles import Actor
from bot.core.rollback import ROLLBACK
from bot.core.rollback_rules import Rollback
from bot.core.surroundings import Past, Surroundings
from tests.core.a_release import DEVOPS, POLICY, QA, START, TECH_LEAD, order_told
from tests.core.an_environment import Play

ALARM: dict[str, Any] = {
    "version": "v1.2.0",
    "severity": "P1",
    "issue": "Users cannot complete orders — “Create Order” button gives 500 error.",
    "impact": ["Core functionality broken", "Multiple user reports in last 10 min", "Revenue impact"],
    "evidence": ["Sentry: 50+ errors on POST /api/v1/orders", "Error: “Database constraint violation”"],
}
"""QA-DevOps dialogue, section 5."""

AROUND = Surroundings(
    releases=(
        Past("r3", "v1.2.0", "watching"),
        Past("r2", "v1.1.0", "completed"),
        Past("r1", "v1.1.0-rc", "rolled_back"),
        Past("r0", "v1.0.0", "completed"),
    )
)
"""The broken release, the version before it, one that was itself rolled back, and an older one."""


def alarm(**changes: Any) -> forms.RequestForm:
    return forms.RequestForm.from_answers(ALARM | changes)


def begun(target: str = "v1.1.0", **changes: Any) -> forms.InitiateForm:
    return forms.InitiateForm.from_answers({"target": target, "eta": 5} | changes)


def done(version: str = "v1.1.0", **changes: Any) -> forms.CompleteForm:
    checks = ["API health: OK", "Error rate: Dropping"]
    return forms.CompleteForm.from_answers({"version": version, "duration": 4, "checks": checks} | changes)


def closing(at: datetime = START + timedelta(days=1)) -> forms.CloseForm:
    return forms.CloseForm.from_answers({"investigators": ["UDANA"], "post_mortem_at": at.isoformat()})


def reason() -> ReasonForm:
    return ReasonForm(reason="Orders still fail with 500")


def form_for(step: str, now: datetime) -> Form | None:
    """Good details for a step at a moment."""
    good: dict[str, Form] = {
        "request": alarm(),
        "initiate": begun(),
        "complete": done(),
        "verify": forms.VerifyForm(seen="Order creation works"),
        "close": closing(now + timedelta(days=1)),
        "publish": forms.PublishForm.from_answers({"link": "https://docs.example.com/post-mortems/1"}),
        "overdue": forms.OverdueForm(occasion="1:application"),
        "detail": forms.DetailForm(impact=("Support has 40 calls",)),
        "order_told": order_told(kind="rollback"),
        "not_notified": NotNotifiedForm(what="PagerDuty", reason="It refused"),
        "note": NoteForm(text="The cache was cleared as well"),
    }
    if step in {"decide", "raise_severity", "favour", "oppose", "testing", "ask_again", "worsened"}:
        return None
    return good.get(step, reason())


WAY = (
    ("awaiting_start", "decide", TECH_LEAD),
    ("rolling_back", "initiate", DEVOPS),
    ("awaiting_verification", "complete", DEVOPS),
    ("awaiting_closure", "verify", QA),
    ("awaiting_postmortem", "close", TECH_LEAD),
    ("closed", "publish", TECH_LEAD),
)
"""The way through the states, with the step that leads to each."""


def rollback_in(state: str, policy: Service = POLICY, around: Surroundings = AROUND, **changes: Any) -> Play[Rollback]:
    """A rollback, brought to a state on the shortest way."""
    it = an_alarm(policy, around, **changes)
    for reached, step, actor in WAY:
        if it.it.state == state:
            break
        if state in ("declined", "withdrawn"):
            it.take("decline" if state == "declined" else "withdraw", TECH_LEAD, reason())
        elif it.it.state != reached:
            it.wait(minutes=1).take(step, actor, form_for(step, it.now))
    assert it.it.state == state
    return it


def an_alarm(policy: Service = POLICY, around: Surroundings = AROUND, by: Actor = QA, **changes: Any) -> Play[Rollback]:
    """A rollback as it was just asked for, in production."""
    it: Play[Rollback] = Play(ROLLBACK, policy)
    form = alarm(**changes)
    it.it = it.it.model_copy(update={"environment": "production", "version": form.version})
    it.surroundings = around
    it.take("request", by, form)
    return it


def last(it: Play[Rollback]) -> Event:
    return it.events[-1]
