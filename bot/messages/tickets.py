"""Work that is known elsewhere by a key, such as STORY-140, linked where the configuration says how; and the tickets
that a tracker keeps for conversations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from bot.core.dialogues import DIALOGUES
from bot.core.environment_issue_rules import keys_in
from bot.core.events import Conversation, Event
from bot.core.forms import Ask, Widget
from bot.core.policy import Service
from bot.core.tickets import Closing, Part, Ticket, marker_of
from bot.messages.generic import begun
from bot.messages.message import Said
from bot.messages.parts import Passage, capital
from bot.messages.text import bold, clip, escape, link, moment, one_line

MOST_SHOWN, WIDTH = 5, 100
"""Entries, and characters of each, that stand in one line."""

MOST_REASON = 500
"""Characters of why a tracker refused."""

MOST_TICKET = 12_000
"""Characters of a ticket. Trackers take thirty thousand and more, of text that is escaped."""

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far a tracker's clock may be behind ours."""

GIVEN_UP = ("withdraw", "decline")
"""The steps after which a ticket's work was not done."""

_RESTORED: Mapping[str, str] = {"root_cause": "Root cause", "fix": "Fix"}


def work(entry: str, policy: Service) -> str:
    """An entry with its key as a link, as in "STORY-140: Order export"; as it came where it names none."""
    key = next(iter(keys_in((entry,))), "")
    if not key or not policy.tracker_url:
        return escape(entry)
    before, _, after = entry.partition(key)
    return f"{escape(before)}{link(policy.tracker_url.replace('{key}', quote(key)), key)}{escape(after)}"


def works(entries: Sequence[str], policy: Service) -> str:
    """The first of them in one line."""
    shown = ", ".join(work(clip(entry, WIDTH), policy) for entry in entries[:MOST_SHOWN])
    left = len(entries) - MOST_SHOWN
    return f"{shown} and {left} more" if left > 0 else shown


def blocked_work(entries: Sequence[str], policy: Service) -> Passage:
    """Several of them, behind their heading where they are few, below it otherwise."""
    if len(entries) <= MOST_SHOWN and all(len(entry) <= WIDTH for entry in entries):
        whole = ", ".join(entries)
        return Passage("", (whole,) if whole else (), bullet="*Blocked:* ", width=500, dress=partial(_linked, policy))
    return Passage("*Blocked:*", tuple(entries), dress=partial(_linked, policy))


def _linked(policy: Service, text: str) -> str:
    """A text in which every key is a link."""
    linked: list[str] = []
    for key in keys_in((text,)) if policy.tracker_url else ():
        before, _, text = text.partition(key)
        linked += (escape(before), work(key, policy))
    return "".join((*linked, escape(text)))


def ticket_line(conversation: Any) -> str:
    """The ticket that a tracker keeps for a conversation; empty where the conversation itself is the ticket."""
    if not conversation.ticket_url:
        return ""
    return f"🎫 *Ticket:* {link(conversation.ticket_url, conversation.ticket_key or conversation.ticket_url)}"


def ticket_opened(conversation: Any, event: Event, policy: Service) -> tuple[Said, ...]:
    """A tracker keeps a ticket from now on."""
    del policy
    telling = begun(conversation, "🎫 *Ticket opened*")
    telling.say(f"🎫 *Ticket opened:* {link(event.data['ticket_url'], event.data['key'])}")
    telling.aside(moment(event.at, "time"))
    return telling.said()


def ticket_refused(conversation: Any, event: Event, policy: Service) -> tuple[Said, ...]:
    """A tracker would not open a ticket, so the conversation is the ticket; or would not close it."""
    del policy
    to_open = event.data["what"] == "open"
    telling = begun(conversation, "⚠️ *No ticket*" if to_open else "⚠️ *Ticket not closed*")
    if to_open:
        heading, rest = "⚠️ *Could not open a ticket.*", f"The number is {bold(conversation.version)}."
    else:
        shown = link(conversation.ticket_url, conversation.ticket_key)
        heading, rest = f"⚠️ *Could not close* {shown}.", "Please close it by hand."
    telling.say(f"{heading} {escape(clip(event.data['reason'], MOST_REASON))} {rest}")
    telling.aside(moment(event.at, "time"))
    return telling.said()


# ── what the ticket itself says ──────────────────────────────────────────────────────────────────────────────────────
def ticket_of(conversation: Conversation, event: Event) -> Ticket:
    """The ticket of a conversation, made of the form that opened it; nothing in it is escaped."""
    dialogue = DIALOGUES[conversation.dialogue]
    form = dialogue.step(event.step).form
    asks = form.asks() if form else {}
    headline = next((event.data[name] for name, (ask, _) in asks.items() if ask.widget is Widget.TEXT), dialogue.noun)
    of = f"{dialogue.noun} · {conversation.service} · {conversation.environment}"
    parts = [Part("", f"{event.name} opened {conversation.version} in Slack ({capital(of)}).")]
    parts += (_part(ask, event.data.get(name)) for name, (ask, _) in asks.items() if not ask.secret)
    title = f"{conversation.version}: {one_line(headline)}"
    shown = tuple(part for part in parts if part.text or part.entries)
    return Ticket(marker_of(conversation), title, _shortened(shown), conversation.opened_at - CLOCKS_DIFFER)


def closing_of(conversation: Conversation, event: Event) -> Closing:
    """How the ticket's end is told: by whom, why, and what was done."""
    words = DIALOGUES[conversation.dialogue].state(conversation.state).words
    restored = conversation.forms.get("restore", {})
    told = [f"{event.name}: {event.data['reason']}" if event.data.get("reason") else f"By {event.name}."]
    told += (f"{label}: {restored[name]}" for name, label in _RESTORED.items() if restored.get(name))
    return Closing(f"{conversation.version} is {words}.", "\n".join(told), done=event.step not in GIVEN_UP)


def _part(ask: Ask, value: Any) -> Part:
    if value in (None, "", []):
        return Part(ask.label)
    if isinstance(value, list):
        return Part(ask.label, entries=tuple(map(str, value)))
    if ask.widget is Widget.MOMENT:
        return Part(ask.label, f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return Part(ask.label, (ask.choices or {}).get(value, str(value)))


def _shortened(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """As much as every tracker takes, however it is escaped there."""
    left, kept = MOST_TICKET, []
    for part in parts:
        if left <= 0:
            break
        entries: list[str] = []
        text = clip(part.text, left)
        left -= len(text)
        for entry in part.entries:
            if left > 0:
                entries.append(clip(entry, left))
                left -= len(entry)
        kept.append(Part(part.heading, text, tuple(entries)))
    return tuple(kept) if left > 0 else (*kept, Part("", "… The rest is in Slack."))
