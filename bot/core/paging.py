"""What is sent of trouble, and when it is over (DevOps engineer, "Alert Routing" and "Alert Fatigue Prevention").

All trouble of one severity that a release has is one page: it is triggered once, acknowledged when somebody acts, and
resolved when nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from bot.core.authority import EMERGENCIES, Emergency
from bot.core.dialogue import Situation
from bot.core.events import Conversation, Errand, Event
from bot.core.forms import Ask, Form, OneLine, Paragraph, Widget
from bot.core.observation import Observation
from bot.core.outside_text import one_line
from bot.core.roles import MACHINES
from bot.core.routing import MAIL, SEVERITIES, Action, Page, Severity, severity_of

if TYPE_CHECKING:
    from bot.core.policy import Service
    from bot.core.release_rules import Release


class NotNotifiedForm(Form):
    """Somebody could not be told, and why."""

    what: Annotated[OneLine, Ask("What")]
    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]


ALARMS = ("roll_back", "found_live", "worsened", "request", "raise_severity", "raise")
"""The steps by which people say how bad it is: of a release, a rollback, an escalation."""

WAKING = (Emergency.PRODUCTION_DOWN, Emergency.SECURITY_BREACH, Emergency.DATA_LOSS)
"""What is escalated because it can't wait; a cost can wait for the morning."""


def is_p0(event: Event) -> bool:
    """Whether people say by such a step that it is P0."""
    if event.step == "raise":
        return event.data["situation"] in WAKING
    return event.step in ("worsened", "raise_severity") or event.data["severity"] == "P0"


# ── what stands ──────────────────────────────────────────────────────────────────────────────────────────────────────
def severities_of(event: Event) -> tuple[Severity, ...]:
    """The severities of the trouble that an event tells of, the worst first."""
    if event.step == "breach":
        return ("P0",) if event.data["severity"] == "P0" else ("critical",)
    if event.step in ALARMS:
        return ("P0",) if is_p0(event) else ()
    found = {severity_of(group.get("severity", "")) for group in event.data.get("groups", ())}
    return tuple(one for one in SEVERITIES if one in found)


def standing(seen: Observation) -> frozenset[Severity]:
    """The severities of what is not over."""
    breaches: set[Severity] = {"P0" if one.severity == "P0" else "critical" for one in seen.breached.values()}
    alerts = {severity for label in seen.alerts.values() if (severity := severity_of(label))}
    said: set[Severity] = {"P0"} if seen.alarm else set()
    return frozenset(breaches | alerts | said)


def quiet_facts(situation: Situation[Release]) -> dict[str, Any]:
    """As `facts` of a step that says that something is over: the severities of which nothing is left then."""
    seen, form = situation.conversation.observation, situation.move.form
    over = {*getattr(form, "names", ()), getattr(form, "name", "")}
    left = seen.model_copy(
        update={
            "breached": {name: one for name, one in seen.breached.items() if name not in over},
            "alerts": {name: one for name, one in seen.alerts.items() if name not in over},
        }
    )
    return {"quiet": [one for one in seen.paged if one not in standing(left)]}


def declined_facts(situation: Situation[Release]) -> dict[str, Any]:
    """As `facts` of a declined rollback: people's own alarm is over. Where the release was over before it, so is all
    that was found meanwhile.
    """
    release = situation.conversation
    seen = release.observation
    if release.resumes[0] == "completed":
        return {"quiet": list(seen.paged)}
    is_over = seen.alarm and "P0" not in standing(seen.model_copy(update={"alarm": False}))
    return {"quiet": [one for one in seen.paged if is_over and one == "P0"]}


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────
def raised(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step that tells of trouble."""
    return tuple(pages(release, event, policy, "trigger", severities_of(event)))


def acknowledged(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step by which somebody acts: people need not be woken any more."""
    if MACHINES.intersection(event.roles):
        return ()
    return tuple(pages(release, event, policy, "acknowledge", release.observation.paged))


def quieted(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step that says that something is over."""
    return tuple(pages(release, event, policy, "resolve", event.data["quiet"]))


def ended(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a release's last step: whatever was left of it."""
    return tuple(pages(release, event, policy, "resolve", release.observation.paged))


def asked_back(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step by which people want a release rolled back: who was told of trouble need not be woken any
    more. P0 wakes people until somebody begins: what is asked for is not begun.
    """
    wake = severities_of(event)
    heard = tuple(one for one in release.observation.paged if one != "P0")
    return (*pages(release, event, policy, "acknowledge", heard), *pages(release, event, policy, "trigger", wake))


def channels_of(it: Conversation, event: Event, policy: Service) -> tuple[str, ...]:
    """As `announces` of such a step: the channels that hear of it, save its own, and its rollback's, which have a
    thread about it.
    """
    routes = (policy.routing.get(one) for one in (*severities_of(event), *event.data.get("quiet", ())))
    found = dict.fromkeys(route.channel for route in routes if route and route.channel)
    return tuple(channel for channel in found if channel not in (it.channel, event.data.get("rollback_channel")))


def pages(
    it: Conversation, event: Event, policy: Service, action: Action, severities: Iterable[Severity]
) -> Iterator[Errand]:
    """What is sent of an event, to all whom the service names for the severities."""
    for severity in severities:
        route = policy.routing.get(severity)
        for kind in route.kinds() if route else ():
            if kind == MAIL and action == "acknowledge":
                continue
            page = _page(it, event, action, severity).but(to=route.mail if route and kind == MAIL else ())
            yield Errand(
                f"{it.id}:{event.number}:{kind}:{severity}",
                kind,
                it.id,
                line=f"{kind}:{page.key}",
                payload=page.model_dump(mode="json"),
            )


def _page(it: Conversation, event: Event, action: Action, severity: Severity) -> Page:
    place = f"{it.service} {it.environment}"
    told = _lines(it, event)
    over = {"trigger": "", "acknowledge": "Acknowledged: ", "resolve": "Over: "}[action]
    what = told[0] if told else f"{it.version} is {it.state.replace('_', ' ')}"
    return Page(
        action=action,
        key=f"greenlight-{it.trouble}-{severity}",
        severity=severity,
        summary=f"{over}{severity}: {what} ({it.version} of {place})",
        text="\n".join(told),
        source=place,
        at=event.at,
        link=next((group["runbook"] for group in event.data.get("groups", ()) if group.get("runbook")), ""),
    )


def _lines(it: Conversation, event: Event) -> list[str]:
    if event.step in ALARMS:
        return _alarm(it, event)
    data = event.data
    match event.step:
        case "breach":
            return [f"{data['signal']} {data['measured']} (limit {data['limit']})"]
        case "alerted":
            return [_alert(group) for group in data["groups"]]
        case "recovered":
            return [f"{data['signal']} {data['measured']}"]
        case "alerts_over":
            return list(data["names"])
        case _:
            return []


def _alarm(it: Conversation, event: Event) -> list[str]:
    data = event.data
    if event.step in ("worsened", "raise_severity"):
        return [f"Now P0, says {event.name}: {it.environment} is down"]
    if event.step == "raise":
        return [f"{EMERGENCIES[data['situation']]}: {one_line(data['details'])}", f"Escalated by {event.name}"]
    about = [one_line(data["issue"] or ""), *map(one_line, (*data["impact"], *data["evidence"]))]
    by = f"Rollback asked for by {event.name}"
    return [one for one in about if one] + [by]


def _alert(group: dict[str, Any]) -> str:
    times = f" × {group['count']}" if group.get("count", 1) > 1 else ""
    return f"{group['name']}{times}{': ' if group.get('summary') else ''}{group.get('summary', '')}"


def raising(effect: Callable[[Release, Event], Release]) -> Callable[[Release, Event], Release]:
    """An effect, and that people were told of these severities."""

    def with_pages(release: Release, event: Event) -> Release:
        after = effect(release, event)
        seen = after.observation
        told = severities_of(event)
        paged = tuple(one for one in SEVERITIES if one in seen.paged or one in told)
        alarm = seen.alarm or (event.step in ALARMS and "P0" in told)
        return after.but(observation=seen.model_copy(update={"paged": paged, "alarm": alarm}))

    return with_pages


def quieting(effect: Callable[[Release, Event], Release]) -> Callable[[Release, Event], Release]:
    """An effect, and that these severities are over."""

    def without_pages(release: Release, event: Event) -> Release:
        after = effect(release, event)
        seen = after.observation
        paged = tuple(one for one in seen.paged if one not in event.data.get("quiet", ()))
        alarm = seen.alarm and event.step != "rollback_declined"
        return after.but(observation=seen.model_copy(update={"paged": paged, "alarm": alarm}))

    return without_pages
