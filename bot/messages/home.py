"""App Home: what waits for the person, what else is under way, what ended, and what could not be said."""

from __future__ import annotations

from datetime import datetime

from bot.messages import blocks
from bot.messages.lists import headline
from bot.messages.message import Block
from bot.messages.overview import HomePage, Overview
from bot.messages.references import STEP_ACTION, Reference
from bot.messages.text import code, escape, moment

MOST = 10
"""Entries of a list; a home holds a hundred blocks."""

BUTTONS = 4


def home(page: HomePage, now: datetime) -> Block:
    """The view of a person's home."""
    parts: list[Block] = [blocks.header("Waiting for you")]
    if page.mine:
        for index, one in enumerate(page.mine[:MOST]):
            parts += _entry(one, index)
    else:
        parts.append(blocks.section("Nothing waits for you. 🎉"))
    parts += _list("Under way", page.under_way)
    parts += _list("Ended lately", page.ended)
    if page.undelivered:
        parts.append(blocks.header("Could not be said"))
        for message, reason in page.undelivered[:MOST]:
            where = f"<#{message.channel}>" if message.channel.startswith("C") else code(message.channel)
            parts.append(blocks.section(f"⚠️ {where}: {escape(reason)}"))
    parts.append(blocks.context(f"As of {moment(now)} · `/release help` shows what I understand"))
    return {"type": "home", "blocks": parts}


def _entry(one: Overview, index: int) -> list[Block]:
    it = one.conversation
    text = f"{headline(one)}\nSince {moment(it.since)}{_where(one)}"
    steps = [step for step in one.dialogue.buttons(it.state) if set(one.dialogue.allowed(step, it)) & set(one.awaited)]
    elements = [
        blocks.button(
            step.label,
            f"{STEP_ACTION}{step.name}",
            Reference(it.dialogue, step.name, it.id, it.stage).write(),
            style=step.style,
            confirm=blocks.confirm(f"{step.label}?", step.confirm, step.label) if step.confirm else None,
        )
        for step in steps[:BUTTONS]
    ]
    return [blocks.section(text), *([blocks.actions(*elements, block_id=f"mine-{index}")] if elements else [])]


def _where(one: Overview) -> str:
    return f" · in <#{one.thread[0]}>" if one.thread else ""


def _list(title: str, overviews: tuple[Overview, ...]) -> list[Block]:
    if not overviews:
        return []
    shown = [
        blocks.section(f"{headline(one)}\nSince {moment(one.conversation.since)}{_where(one)}")
        for one in overviews[:MOST]
    ]
    more = len(overviews) - MOST
    return [blocks.header(title), *shown, *([blocks.context(f"… and {more} more")] if more > 0 else [])]
