"""The drill: a synthetic alert is sent to everybody who would be told of trouble, and it is seen where it arrives
(DevOps engineer, "Alert Routing": who is not reached in a drill is not reached at night). Ticket DRL-1.

An arrival is what the other side accepted; that somebody's telephone rang only its owner can tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from bot.core.alerts import DRILL_LABEL, AlertRule, parts_of
from bot.core.dialogue import SAME, Dialogue, Situation, State, Step, Target, Wait
from bot.core.events import Conversation, Errand, Event, Fact
from bot.core.forms import Ask, Form, OneLine, Paragraph, Widget
from bot.core.policy import Service
from bot.core.release_forms import NoteForm
from bot.core.roles import Role
from bot.core.routing import KINDS, MAIL, SEVERITIES, TITLES, Page, Severity
from bot.errors import Refusal

DRILL = "drill"
CHANNEL, ALERTMANAGER, HOOK = "channel", "alertmanager", "hook"
LIMIT = timedelta(minutes=5)
"""What has not arrived by then is missing; Alertmanager's own groups wait 30 seconds, and five minutes between two."""

ALERT_NAME = "GreenlightDrill"
WHY_NOT_TOLD = {
    HOOK: "Alertmanager told nothing at /hooks/alertmanager; its webhook_config, its route or the token is wrong.",
}


class DrillForm(Form):
    """How the synthetic alert calls its severity: Alertmanager's routes go by it."""

    severity: Annotated[
        Literal["P0", "critical", "warning"],
        Ask("Severity of the alert", Widget.CHOICE, choices={one: one for one in SEVERITIES}),
    ] = "warning"


class ArrivedForm(Form):
    """Where it arrived, and what was answered there."""

    target: Annotated[OneLine, Ask("Where")]
    words: Annotated[OneLine | None, Ask("Answer")] = None


class MissedForm(Form):
    """Where it did not arrive, and why."""

    target: Annotated[OneLine, Ask("Where")]
    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]


class TimeForm(Form):
    """The clock has nothing to say beside the hour."""


class Mark(Fact):
    """One place where the alert has to arrive. `seconds` is how long that took."""

    target: str
    title: str
    outcome: Literal["awaited", "arrived", "missed"] = "awaited"
    words: str = ""
    seconds: float = 0.0


class Drill(Conversation):
    """One drill: where the alert has to arrive, and where it has."""

    marks: tuple[Mark, ...] = ()
    ends_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return all(mark.outcome != "awaited" for mark in self.marks)

    @property
    def has_passed(self) -> bool:
        return all(mark.outcome == "arrived" for mark in self.marks)


@dataclass(frozen=True)
class Place:
    """Somebody who would be told: `target` names it, `payload` is what its errand needs; none where it is only seen."""

    target: str
    title: str
    payload: dict[str, Any] = field(default_factory=dict)


def places(policy: Service) -> tuple[Place, ...]:
    """All who would be told of a service's trouble, each once, whatever the severity."""
    return tuple(_places(policy))


def _places(policy: Service) -> Iterator[Place]:
    routes = [(one, policy.routing[one]) for one in SEVERITIES if one in policy.routing]
    channels: dict[str, list[str]] = {}
    for severity, route in routes:
        if route.channel:
            channels.setdefault(route.channel, []).append(severity)
    for channel, severities in channels.items():
        yield Place(f"{CHANNEL}:{channel}", f"Channel of {', '.join(severities)}", {"channel": channel})
    taken = {kind for _, route in routes for kind in route.kinds()}
    to = tuple(dict.fromkeys(address for _, route in routes for address in route.mail))
    for kind in KINDS:
        if kind in taken:
            yield Place(kind, TITLES[kind], {"to": to} if kind == MAIL else {})
    if policy.alertmanager:
        yield Place(ALERTMANAGER, "Alertmanager")
        if policy.alertmanager.hook:
            yield Place(HOOK, "Alertmanager's word to Greenlight")


def labels_of(rule: AlertRule, drill: str, severity: str) -> dict[str, str]:
    """The synthetic alert's labels: those by which alerts are the service's, where they name one value."""
    told = (parts_of(matcher) for matcher in rule.belongs)
    same = {name: value for name, sign, value in told if sign == "="}
    return {**same, "alertname": ALERT_NAME, "severity": severity, DRILL_LABEL: drill}


def page_of(drill: Drill, place: str, at: datetime, to: tuple[str, ...]) -> Page:
    """What is sent outside."""
    summary = f"DRILL {drill.version} of {drill.service}: this tests who is told of trouble; nothing is wrong"
    severity: Severity = "warning"
    key = f"greenlight-{drill.id}-{place}"
    source = f"{drill.service} {drill.environment}"
    told = "Nobody has to do anything."
    return Page(
        action="trigger",
        key=key,
        severity=severity,
        summary=summary,
        text=told,
        source=source,
        at=at,
        to=to,
        is_drill=True,
    )


# ── rules and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def somebody_is_told(policy: Service) -> None:
    """Without anybody who would be told there is nothing to fill a form in for."""
    if not places(policy):
        raise Refusal(
            f"Nobody is told of {policy.name}'s trouble besides the thread, so there is nothing to test.",
            remedy="Name channels, PagerDuty, Opsgenie or mail in the configuration (`routing`), or an `alertmanager`.",
        )


def is_awaited(situation: Situation[Drill]) -> None:
    target = getattr(situation.move.form, "target", "")
    if not any(mark.target == target and mark.outcome == "awaited" for mark in situation.conversation.marks):
        raise Refusal("That is known already, or nothing was to arrive there.")


def place_facts(situation: Situation[Drill]) -> dict[str, Any]:
    return {"places": [[place.target, place.title] for place in places(situation.policy)]}


def begun(drill: Drill, event: Event) -> Drill:
    marks = tuple(Mark(target=target, title=title) for target, title in event.data["places"])
    return drill.model_copy(update={"marks": marks, "ends_at": event.at + LIMIT})


def arrived(drill: Drill, event: Event) -> Drill:
    seconds = (event.at - drill.opened_at).total_seconds()
    return _marked(drill, event.data["target"], "arrived", event.data.get("words") or "", seconds)


def missed(drill: Drill, event: Event) -> Drill:
    return _marked(drill, event.data["target"], "missed", event.data["reason"], 0.0)


def time_is_up(drill: Drill, event: Event) -> Drill:
    del event
    late = f"Nothing arrived within {LIMIT.seconds // 60} minutes."
    marks = [
        mark.but(outcome="missed", words=WHY_NOT_TOLD.get(mark.target, late)) if mark.outcome == "awaited" else mark
        for mark in drill.marks
    ]
    return drill.model_copy(update={"marks": tuple(marks)})


def _marked(drill: Drill, target: str, outcome: str, words: str, seconds: float) -> Drill:
    marks = [
        mark.but(outcome=outcome, words=words, seconds=seconds) if mark.target == target else mark
        for mark in drill.marks
    ]
    return drill.model_copy(update={"marks": tuple(marks)})


def errands(drill: Drill, event: Event, policy: Service) -> tuple[Errand, ...]:
    """One for each place that something is sent to."""
    return tuple(
        Errand(
            f"{drill.id}:{event.number}:{place.target}",
            DRILL,
            drill.id,
            line=f"{DRILL}:{drill.id}:{place.target}",
            payload={"target": place.target, "severity": event.data["severity"], **place.payload},
        )
        for place in places(policy)
        if place.target != HOOK
    )


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────
STATES = (
    State("under_way", "under way", "🧪"),
    State("passed", "over: everybody was reached", "✅", final=True),
    State("failed", "over: not everybody was reached", "❌", final=True),
)
EVERY_STATE = tuple(state.name for state in STATES)


def _verdict(drill: Drill, _event: Event) -> str:
    if not drill.is_over:
        return "under_way"
    return "passed" if drill.has_passed else "failed"


KNOWN = Target("`passed` or `failed` once all is known, else the same", _verdict)
MAY_DRILL = (Role.DEVOPS, Role.RELEASE_MANAGER, Role.TECH_LEAD, Role.QA)

# A table is read by its rows.
# fmt: off
STEPS = (
    Step("begin", "Begin drill", (), "under_way", MAY_DRILL, "🧪 *Drill*", DrillForm,
         needs=somebody_is_told, facts=place_facts, effect=begun, errands=errands),
    Step("arrived", "Arrived", ("under_way",), KNOWN, (Role.LINKED,), "✅ *Arrived*", ArrivedForm, button=False,
         guards=(is_awaited,), effect=arrived),
    Step("missed", "Not arrived", ("under_way",), KNOWN, (Role.LINKED,), "❌ *Not arrived*", MissedForm, button=False,
         guards=(is_awaited,), effect=missed),
    Step("time_up", "Time is up", ("under_way",), "failed", (Role.CLOCK,), "⏱️ *Time is up*", TimeForm, button=False,
         wait=Wait(timedelta(), since="ends_at", urgent=True), effect=time_is_up),
    Step("note", "Note", EVERY_STATE, SAME, (), "📝 *Note*", NoteForm, button=False),
)
# fmt: on

DRILLS: Dialogue[Drill] = Dialogue("drill", "drill", Drill, STATES, STEPS, ticket="DRL")
