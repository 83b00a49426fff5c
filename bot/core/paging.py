"""What is sent of trouble, and when it is over (DevOps engineer, "Alert Routing" and "Alert Fatigue Prevention").

All trouble of one severity that a release has is one page: it is triggered once, acknowledged when somebody acts, and
resolved when nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from bot.core.dialogue import Situation
from bot.core.events import Errand, Event
from bot.core.forms import Ask, Form, OneLine, Paragraph, Widget
from bot.core.observation import Observation
from bot.core.roles import MACHINES
from bot.core.routing import MAIL, SEVERITIES, Action, Page, Severity, severity_of

if TYPE_CHECKING:
    from bot.core.policy import Service
    from bot.core.release_rules import Release
    from bot.core.rollback_rules import Rollback


class NotNotifiedForm(Form):
    """Somebody could not be told, and why."""

    what: Annotated[OneLine, Ask("What")]
    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]


# ── what stands ──────────────────────────────────────────────────────────────────────────────────────────────────────
def severities_of(event: Event) -> tuple[Severity, ...]:
    """The severities of the trouble that an event tells of, the worst first."""
    if event.step == "breach":
        return ("P0",) if event.data["severity"] == "P0" else ("critical",)
    found = {severity_of(group.get("severity", "")) for group in event.data.get("groups", ())}
    return tuple(one for one in SEVERITIES if one in found)


def standing(seen: Observation) -> frozenset[Severity]:
    """The severities of what is not over."""
    breaches: set[Severity] = {"P0" if one.severity == "P0" else "critical" for one in seen.breached.values()}
    alerts = {severity for label in seen.alerts.values() if (severity := severity_of(label))}
    return frozenset(breaches | alerts)


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


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────
def raised(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step that tells of trouble."""
    return tuple(_errands(release, event, policy, "trigger", severities_of(event)))


def acknowledged(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step by which somebody acts: people need not be woken any more."""
    if MACHINES.intersection(event.roles):
        return ()
    return tuple(_errands(release, event, policy, "acknowledge", release.observation.paged))


def quieted(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step that says that something is over."""
    return tuple(_errands(release, event, policy, "resolve", event.data["quiet"]))


def ended(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a release's last step: whatever was left of it."""
    return tuple(_errands(release, event, policy, "resolve", release.observation.paged))


def ended_again(release: Release, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a declined rollback: where the release was over before it, so is what was found meanwhile."""
    return ended(release, event, policy) if release.state == "completed" else ()


def rollback_begun(rollback: Rollback, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a rollback's first step by people: they need not be woken about its release any more."""
    if not rollback.release or MACHINES.intersection(event.roles):
        return ()
    return tuple(_errands(rollback, event, policy, "acknowledge", ("P0", "critical")))


def channels_of(release: Release, event: Event, policy: Service) -> tuple[str, ...]:
    """As `announces` of such a step: the channels that hear of it, save the release's own, which has the thread."""
    routes = (policy.routing.get(one) for one in (*severities_of(event), *event.data.get("quiet", ())))
    found = dict.fromkeys(route.channel for route in routes if route and route.channel)
    return tuple(channel for channel in found if channel != release.channel)


def _errands(
    it: Release | Rollback, event: Event, policy: Service, action: Action, severities: Iterable[Severity]
) -> Iterator[Errand]:
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


def _page(it: Release | Rollback, event: Event, action: Action, severity: Severity) -> Page:
    place = f"{it.service} {it.environment}"
    told = _lines(event)
    over = {"trigger": "", "acknowledge": "Acknowledged: ", "resolve": "Over: "}[action]
    what = told[0] if told else f"{it.version} is {it.state.replace('_', ' ')}"
    return Page(
        action=action,
        key=f"greenlight-{getattr(it, 'release', it.id)}-{severity}",
        severity=severity,
        summary=f"{over}{severity}: {what} ({it.version} of {place})",
        text="\n".join(told),
        source=place,
        at=event.at,
        link=next((group["runbook"] for group in event.data.get("groups", ()) if group.get("runbook")), ""),
    )


def _lines(event: Event) -> list[str]:
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


def _alert(group: dict[str, Any]) -> str:
    times = f" × {group['count']}" if group.get("count", 1) > 1 else ""
    return f"{group['name']}{times}{': ' if group.get('summary') else ''}{group.get('summary', '')}"


def raising(effect: Callable[[Release, Event], Release]) -> Callable[[Release, Event], Release]:
    """An effect, and that people were told of these severities."""

    def with_pages(release: Release, event: Event) -> Release:
        after = effect(release, event)
        seen = after.observation
        paged = tuple(one for one in SEVERITIES if one in seen.paged or one in severities_of(event))
        return after.model_copy(update={"observation": seen.model_copy(update={"paged": paged})})

    return with_pages


def quieting(effect: Callable[[Release, Event], Release]) -> Callable[[Release, Event], Release]:
    """An effect, and that these severities are over."""

    def without_pages(release: Release, event: Event) -> Release:
        after = effect(release, event)
        seen = after.observation
        paged = tuple(one for one in seen.paged if one not in event.data.get("quiet", ()))
        return after.model_copy(update={"observation": seen.model_copy(update={"paged": paged})})

    return without_pages
