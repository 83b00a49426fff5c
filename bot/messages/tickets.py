"""Work that is known elsewhere by a key, such as STORY-140: linked where the configuration says how."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from bot.core.environment_issue_rules import keys_in
from bot.core.policy import Service
from bot.messages.text import escape, link


def work(entry: str, policy: Service) -> str:
    """An entry with its key as a link, as in "STORY-140: Order export"; as it came where it names none."""
    key = next(iter(keys_in((entry,))), "")
    if not key or not policy.tracker_url:
        return escape(entry)
    before, _, after = entry.partition(key)
    return f"{escape(before)}{link(policy.tracker_url.replace('{key}', quote(key)), key)}{escape(after)}"


def works(entries: Iterable[str], policy: Service) -> str:
    """Several of them in one line."""
    return ", ".join(work(entry, policy) for entry in entries)


def ticket_line(conversation: Any) -> str:
    """The ticket that a tracker keeps for a conversation; empty where the conversation itself is the ticket."""
    if not conversation.ticket_url:
        return ""
    return f"🎫 *Ticket:* {link(conversation.ticket_url, conversation.ticket_key or conversation.ticket_url)}"
