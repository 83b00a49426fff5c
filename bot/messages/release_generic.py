"""How a step is told that has no words of its own: from its row and the labels of its form.

A new step therefore needs no edit in bot.messages. Its end, who took the step and who is asked next, is that of every
message in the thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.dialogue import SAME, Step
from bot.core.events import Event
from bot.core.forms import Ask, Form, Widget
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_rules import Release
from bot.messages.message import Said
from bot.messages.release_parts import Passage, Telling, answers, both_zones, paragraph, version
from bot.messages.release_people import awaited_roles, byline, call_awaited
from bot.messages.text import escape, link, mention, moment

ASKS: Mapping[str, str] = {
    "awaiting_signoffs": "Please sign off, or object.",
    "objected": "Please revise the release, or withdraw it.",
    "awaiting_plan": "Please acknowledge with the deployment plan.",
    "awaiting_timing": "Any concerns with the timing?",
    "scheduled": "Please start the deployment at the agreed time.",
    "deploying": "Please tell when it is deployed.",
    "awaiting_smoke": "Please run {place} smoke test.",
    "smoke_running": "Please tell how the smoke test ends.",
    "awaiting_decision": "Please decide: continue, or roll back.",
    "rolling_back": "Please verify once it is rolled back.",
}
"""What is asked of the awaited, by state. A state that is not here is told by its own words."""


def generic(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """A step told from its row: its `says`, its form, who took it, and who is asked next."""
    step = RELEASE.step(event.step)
    telling = begun(release, step.says)
    form = step.form
    if form is None:
        telling.say(step.says)
    elif len(form.model_fields) == 1:
        _tell_sole_field(telling, step, form, event.data)
    else:
        telling.say(step.says)
        tell_fields(telling, form, event.data)
    return finished(telling, event, policy)


def begun(release: Release, says: str) -> Telling:
    """A message that begins; what notifications show of it is the step's line and the version."""
    return Telling(release, f"{says.replace('*', '')}: {version(release)} · {escape(release.service)}")


def finished(
    telling: Telling, event: Event, policy: Service, *, ask: str = "", asked: bool = False
) -> tuple[Said, ...]:
    """The message with its end: who took the step, and the question to the awaited with the buttons that answer it.

    `ask` puts the question otherwise; `asked`: the message has put it already.
    """
    if not asked:
        _ask_next(telling, event, policy, ask)
    telling.aside(f"{byline(telling.release, event)} · {moment(event.at, 'time')}")
    return telling.said(broadcast=RELEASE.step(event.step).hears == "channel")


def _ask_next(telling: Telling, event: Event, policy: Service, ask: str) -> None:
    """Call the awaited, once: only a step that changes who is awaited asks anything. Whoever took it is not called,
    but has the buttons at hand.
    """
    release = telling.release
    if not moved(release, event) or not awaited_roles(release):
        return
    words = ask or ASKS.get(release.state, f"The release is {RELEASE.state(release.state).words}.")
    words = words.format(place=escape(release.environment))
    if people := call_awaited(release, policy, but=event.actor):
        telling.say(f"{people} — {words}")
    telling.offer(answers(release))


def moved(release: Release, event: Event) -> bool:
    """Whether an event, the release's last, began a new stage: only then somebody else is awaited."""
    if RELEASE.step(event.step).to == SAME:
        return False
    return len(release.trail) < 2 or release.trail[-2].stage != event.stage


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _tell_sole_field(telling: Telling, step: Step, form: type[Form], data: Mapping[str, Any]) -> None:
    """The one answer of a form needs no label beside the step's own line."""
    name, (ask, _) = next(iter(form.asks().items()))
    value = data.get(name)
    if value in (None, "", []):
        telling.say(step.says)
    elif ask.widget in (Widget.TEXT, Widget.LINES):
        telling.tell(_passage(ask, value, step.says))
    else:
        telling.say(f"{step.says}: {shown(ask, value)}")


def tell_fields(telling: Telling, form: type[Form], data: Mapping[str, Any]) -> None:
    """A form's answers, each with its label: short ones together, lists and texts each on their own."""
    facts: list[str] = []
    for name, (ask, _) in form.asks().items():
        value = data.get(name)
        if value in (None, "", []):
            continue
        if ask.widget in (Widget.TEXT, Widget.LINES):
            telling.say(*facts)
            facts = []
            telling.tell(_passage(ask, value, f"*{escape(ask.label)}*"))
        else:
            facts.append(f"*{escape(ask.label)}:* {shown(ask, value)}")
    telling.say(*facts)


def _passage(ask: Ask, value: Any, heading: str) -> Passage:
    if ask.widget is Widget.LINES:
        return Passage(heading, tuple(value))
    return paragraph(heading, value)


def shown(ask: Ask, value: Any) -> str:
    """One short answer as its widget shows it."""
    match ask.widget:
        case Widget.CHOICE:
            return escape((ask.choices or {}).get(value, str(value)))
        case Widget.MOMENT:
            return both_zones(datetime.fromisoformat(value))
        case Widget.LINK:
            return link(value, value)
        case Widget.PEOPLE:
            return " ".join(mention(person) for person in value)
        case _:
            return escape(str(value))
