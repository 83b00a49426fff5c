"""What channels hear of trouble by its severity: one short message, with the way to the thread."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.core.authority import EMERGENCIES
from bot.core.events import Conversation, Event
from bot.core.paging import ALARMS, severities_of
from bot.core.policy import Service
from bot.messages import blocks
from bot.messages.message import Message
from bot.messages.parts import both_zones, place, version
from bot.messages.text import bold, clip, escape, link, one_line

MARKS = {"P0": "🚨", "critical": "🔴", "warning": "⚠️"}
MOST_SHOWN = 10
LONGEST = 300


def announced(it: Conversation, event: Event, policy: Service) -> Message:
    """The message for the channels of an event's severities."""
    del policy
    severities = severities_of(event)
    mark, worst = (MARKS[severities[0]], f" {severities[0]}") if severities else ("💚", "")
    lines = [*_lines(it, event)][:MOST_SHOWN]
    thread = event.data.get("rollback_channel", it.channel)
    about = f"{version(it)} · {escape(it.service)} · {place(it)} · thread in <#{thread}>"
    text = f"{mark}{worst} {lines[0] if lines else 'Over'}"
    return Message(f"{text} · {version(it)}", (blocks.section("\n".join((text, *lines[1:]))), blocks.context(about)))


def _lines(it: Conversation, event: Event) -> list[str]:
    if event.step in ALARMS:
        return _alarm(it, event)
    data: dict[str, Any] = event.data
    match event.step:
        case "breach":
            since = f"since {both_zones(datetime.fromisoformat(data['started_at']))}"
            return [f"{bold(data['signal'])} {escape(data['measured'])} (limit {escape(data['limit'])}), {since}"]
        case "alerted":
            return [_alert(group) for group in data["groups"]]
        case "recovered":
            return [f"{bold(data['signal'])} is within its limit again: {escape(data['measured'])}"]
        case "alerts_over":
            return [f"Over: {escape(', '.join(data['names']))}"]
        case _:
            return []


def _alarm(it: Conversation, event: Event) -> list[str]:
    """What people say."""
    data, name = event.data, escape(event.name)
    if event.step in ("worsened", "raise_severity"):
        return [f"{bold('Now P0')}, says {name}: {escape(it.environment)} is down"]
    is_escalated = event.step == "raise"
    what, words = (EMERGENCIES[data["situation"]], "details") if is_escalated else ("Rollback needed", "issue")
    details = f": {escape(clip(one_line(data[words]), LONGEST))}" if data[words] else ""
    return [f"{bold(what)}{details}", f"{'Escalated' if is_escalated else 'Asked for'} by {name}"]


def _alert(group: dict[str, Any]) -> str:
    times = f" × {group['count']}" if group.get("count", 1) > 1 else ""
    runbook = f" · {link(group['runbook'], 'runbook')}" if group.get("runbook") else ""
    return f"{bold(group['name'])}{times} {escape(group.get('summary', ''))}{runbook}"
