"""What only an environment request can tell: its conversation, and the rules, facts and effects of its steps.

The table that uses them is bot.core.environment_request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.core.dialogue import Situation
from bot.core.environment_issue_rules import OpenedByQA
from bot.core.environment_request_forms import ExtensionForm, PlanForm, RequestForm
from bot.core.events import Event
from bot.core.secrets import GIVEN
from bot.errors import Refusal

PREPARATION = timedelta(days=3)
"""How long an environment may take where neither the plan nor the request names a moment."""

NOTICE = timedelta(days=1)
"""How long before its end it is asked whether an environment is still needed; at most half of what is left."""

SHARED_AGAIN = timedelta(hours=1)
"""When DevOps is reminded that credentials were not shared, after they were told so."""

_SPAN = re.compile(r"(?i)^\D{0,12}?(\d{1,3})\s*(min|minute|hour|h|day|d|week|w)s?\b")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class EnvironmentRequest(OpenedByQA):
    """An environment that was asked for, until it is retired.

    `expected_at` is when it is to be ready, `until` its agreed end (None: permanent), `ask_at` when it is asked whether
    it is still needed, `share_by` since when credentials wait to be shared (None: none do), `shared_at` when they were.
    """

    name: str = ""
    expected_at: datetime | None = None
    until: datetime | None = None
    ask_at: datetime | None = None
    share_by: datetime | None = None
    shared_at: datetime | None = None
    ticket_url: str = ""
    ticket_key: str = ""

    @property
    def request(self) -> RequestForm:
        return _form(self.forms["request"])


def _form(data: Mapping[str, Any]) -> RequestForm:
    return RequestForm.model_validate({name: value for name, value in data.items() if name in RequestForm.model_fields})


def read_span(words: str) -> timedelta | None:
    """The length of time that a timeline begins with, such as "2 days", "~4 hours"; None where it names none."""
    match = _SPAN.match(words.strip())
    return timedelta(**{_UNITS[match[2][0].lower()]: int(match[1])}) if match else None


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def times_lie_ahead(situation: Situation[EnvironmentRequest]) -> None:
    """What is asked for, promised or extended lies in the future."""
    form = situation.move.form
    names: dict[type, tuple[str, ...]] = {
        RequestForm: ("needed_at", "until"),
        PlanForm: ("ready_by",),
        ExtensionForm: ("until",),
    }
    passed = [name for name in names.get(type(form), ()) if _is_past(getattr(form, name), situation.now)]
    if passed:
        why = "This time has passed; choose a later one."
        raise Refusal(why, fields=dict.fromkeys(passed, why))


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def ends_later(situation: Situation[EnvironmentRequest]) -> None:
    form, it = situation.move.form, situation.conversation
    assert isinstance(form, ExtensionForm)
    if it.until is None:
        raise Refusal(f"{it.version} is permanent; there is no end to move.")
    if form.until <= it.until:
        why = f"It is agreed until {it.until:%Y-%m-%d %H:%M} UTC already; name a later moment."
        raise Refusal(why, fields={"until": why})


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def requested(request: EnvironmentRequest, event: Event) -> EnvironmentRequest:
    form = _form(event.data)
    return request.model_copy(update={"name": form.name, "until": form.until})


def plan_facts(situation: Situation[EnvironmentRequest]) -> dict[str, Any]:
    """When it is expected: as promised, as the timeline says, as needed, or within days."""
    form = situation.move.form
    assert isinstance(form, PlanForm)
    needed = situation.conversation.request.needed_at
    span = read_span(form.timeline)
    promised = form.ready_by or (situation.now + span if span else None)
    expected = promised or max(needed or situation.now, situation.now + (PREPARATION if needed is None else NOTICE))
    return {"expected_at": expected.isoformat()}


def expected(request: EnvironmentRequest, event: Event) -> EnvironmentRequest:
    return request.model_copy(update={"expected_at": datetime.fromisoformat(event.data["expected_at"])})


def adjust_facts(situation: Situation[EnvironmentRequest]) -> dict[str, Any]:
    """Adjustments to what stands already take a day, unless the plan's time is still to come."""
    planned, now = situation.conversation.expected_at, situation.now
    return {"expected_at": max(planned or now, now + NOTICE).isoformat()}


def ready_facts(situation: Situation[EnvironmentRequest]) -> dict[str, Any]:
    """Whether credentials are on their way; of what they are, nothing."""
    form = situation.move.form
    given = getattr(form, "secrets", None) == GIVEN
    return {"share_by": situation.now.isoformat()} if given else {}


def ready(request: EnvironmentRequest, event: Event) -> EnvironmentRequest:
    named = request.model_copy(update={"name": event.data["name"]})
    return sharing(named, event)


def sharing(request: EnvironmentRequest, event: Event) -> EnvironmentRequest:
    """From now on credentials wait to be shared, until it is recorded that they were."""
    share_by = event.data.get("share_by")
    return request.model_copy(update={"share_by": datetime.fromisoformat(share_by)}) if share_by else request


def shared(request: EnvironmentRequest, event: Event) -> EnvironmentRequest:
    return request.model_copy(update={"share_by": None, "shared_at": event.at})


def not_shared_facts(situation: Situation[EnvironmentRequest]) -> dict[str, Any]:
    return {"share_by": (situation.now + SHARED_AGAIN).isoformat()}


def accepted_facts(situation: Situation[EnvironmentRequest]) -> dict[str, Any]:
    return _asked_facts(situation.conversation.until, situation)


def extension_facts(situation: Situation[EnvironmentRequest]) -> dict[str, Any]:
    form = situation.move.form
    assert isinstance(form, ExtensionForm)
    return _asked_facts(form.until, situation)


def _asked_facts(until: datetime | None, situation: Situation[EnvironmentRequest]) -> dict[str, Any]:
    """When it is asked whether it is still needed: before it ends, and not while people sleep, unless it then ends."""
    if until is None:
        return {}
    left = max(until - situation.now, timedelta(0))
    ask_at = until - min(NOTICE, left / 2)
    quiet = situation.policy.quiet_hours
    return {"ask_at": min(quiet.release(ask_at) if quiet else ask_at, max(until, situation.now)).isoformat()}


def in_use(request: EnvironmentRequest, event: Event) -> EnvironmentRequest:
    ask_at = event.data.get("ask_at")
    return request.model_copy(update={"ask_at": datetime.fromisoformat(ask_at) if ask_at else None})


def extended(request: EnvironmentRequest, event: Event) -> EnvironmentRequest:
    until = datetime.fromisoformat(event.data["until"])
    return in_use(request, event).model_copy(update={"until": until})
