"""How a step is told that has no words of its own: from its row and the labels of its form.

A new step therefore needs no edit in bot.messages. Its end, who took the step and who is asked next, is that of every
message in the thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.dialogue import SAME
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Event
from bot.core.forms import Ask, Form, Widget
from bot.core.policy import Service
from bot.messages.message import Said
from bot.messages.parts import Passage, Telling, answers, both_zones, paragraph, says_of, version
from bot.messages.people import awaited_roles, byline, call_awaited
from bot.messages.text import escape, link, mention, moment


def generic(conversation: Conversation, event: Event, policy: Service) -> tuple[Said, ...]:
    """A step told from its row: its `says`, its form, who took it, and who is asked next."""
    step = DIALOGUES[conversation.dialogue].step(event.step)
    says, form = says_of(step, conversation), step.form
    telling = begun(conversation, says)
    if form is None:
        telling.say(says)
    elif len(form.model_fields) == 1:
        _tell_sole_field(telling, says, form, event.data)
    else:
        telling.say(says)
        tell_fields(telling, form, event.data)
    return finished(telling, event, policy)


def begun(conversation: Conversation, says: str) -> Telling:
    """A message that begins; what notifications show of it is the step's line and the version."""
    what = f"{version(conversation)} · {escape(conversation.service)}"
    return Telling(conversation, f"{says.replace('*', '')}: {what}")


def finished(
    telling: Telling, event: Event, policy: Service, *, ask: str = "", asked: bool = False
) -> tuple[Said, ...]:
    """The message with its end: who took the step, and the question to the awaited with the buttons that answer it.

    `ask` puts the question otherwise; `asked`: the message has put it already.
    """
    if not asked:
        _ask_next(telling, event, policy, ask)
    telling.aside(f"{byline(telling.conversation, event)} · {moment(event.at, 'time')}")
    step = DIALOGUES[event.dialogue].step(event.step)
    return telling.said(broadcast=step.hears == "channel")


def _ask_next(telling: Telling, event: Event, policy: Service, ask: str) -> None:
    """Call the awaited, once: only a step that changes who is awaited asks anything. Whoever took it is not called,
    but has the buttons at hand.
    """
    conversation = telling.conversation
    if not moved(conversation, event) or not awaited_roles(conversation):
        return
    dialogue = DIALOGUES[conversation.dialogue]
    state = dialogue.state(conversation.state)
    words = ask or state.asks or f"The {dialogue.noun} is {state.words}."
    words = words.format(place=escape(conversation.environment))
    if people := call_awaited(conversation, policy, but=event.actor):
        telling.say(f"{people} — {words}")
    telling.offer(answers(conversation), policy=policy)


def moved(conversation: Conversation, event: Event) -> bool:
    """Whether an event, the conversation's last, began a new stage: only then somebody else is awaited."""
    if DIALOGUES[event.dialogue].step(event.step).to == SAME:
        return False
    return len(conversation.trail) < 2 or conversation.trail[-2].stage != event.stage


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _tell_sole_field(telling: Telling, says: str, form: type[Form], data: Mapping[str, Any]) -> None:
    """The one answer of a form needs no label beside the step's own line."""
    name, (ask, _) = next(iter(form.asks().items()))
    value = data.get(name)
    if value in (None, "", []):
        telling.say(says)
    elif ask.widget in (Widget.TEXT, Widget.LINES):
        telling.tell(_passage(ask, value, says))
    else:
        telling.say(f"{says}: {shown(ask, value)}")


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
        case Widget.CHOICES:
            return escape(", ".join((ask.choices or {}).get(one, str(one)) for one in value))
        case Widget.MOMENT:
            return both_zones(datetime.fromisoformat(value))
        case Widget.LINK:
            return link(value, value)
        case Widget.PEOPLE:
            return " ".join(mention(person) for person in value)
        case _:
            return escape(str(value))
