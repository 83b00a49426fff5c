"""Work that is known elsewhere by a key, such as STORY-140: linked where the configuration says how."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from bot.core.environment_issue_rules import keys_in
from bot.core.events import Event
from bot.core.policy import Service
from bot.messages.generic import begun
from bot.messages.message import Said
from bot.messages.parts import Passage
from bot.messages.text import clip, escape, link, moment

MOST_SHOWN, WIDTH = 5, 100
"""Entries, and characters of each, that stand in one line."""


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
