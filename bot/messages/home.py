"""App Home: what waits for the person, what else is under way, what ended, what could not be said or done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.messages import blocks
from bot.messages.lists import headline, subject
from bot.messages.message import Block
from bot.messages.overview import HomePage, Overview
from bot.messages.parts import question
from bot.messages.references import STEP_ACTION, Reference
from bot.messages.text import clip, code, escape, mention, moment, shorten

MOST = 10
"""Entries of a list; a home holds a hundred blocks."""

BUTTONS = 4

REASON, SAID = 400, 200
"""Characters of why something could not be said, and of what that was."""

UNDONE: Mapping[str, str] = {"open_ticket": "no ticket", "close_ticket": "its ticket is not closed"}
"""What is missing where an errand was refused, by its kind."""


def home(page: HomePage, now: datetime) -> Block:
    """The view of a person's home."""
    parts: list[Block] = [blocks.header("Waiting for you")]
    if page.mine:
        for index, one in enumerate(page.mine[:MOST]):
            parts += _entry(one, index)
        parts += _more(len(page.mine))
    else:
        parts.append(blocks.section("Nothing waits for you. 🎉"))
    parts += _list("Under way", page.under_way)
    parts += _list("Ended lately", page.ended)
    if page.undelivered:
        parts.append(blocks.header("Could not be said"))
        for message, reason in page.undelivered[:MOST]:
            parts.append(blocks.section(f"⚠️ {_whither(message.channel)}: {escape(clip(reason, REASON))}"))
            parts.append(blocks.context(shorten(message.text, SAID) or "–"))
    if page.undone:
        parts.append(blocks.header("Could not be done"))
        for one, errand, reason in page.undone[:MOST]:
            parts.append(blocks.section(f"⚠️ {headline(one)} · {UNDONE.get(errand.kind, errand.kind)}"))
            parts.append(blocks.context(escape(clip(reason, REASON)) or "–"))
    parts.append(
        blocks.context(f"As of {moment(now)} · `/release help`, `/rollback help` and `/env help` say what I understand")
    )
    return {"type": "home", "blocks": parts}


def _entry(one: Overview, index: int) -> list[Block]:
    it = one.conversation
    text = _told(one)
    offered = (step for step in one.dialogue.buttons(it.state) if step.name not in it.shut)
    steps = [step for step in offered if set(one.dialogue.allowed(step, it)) & set(one.awaited)]
    elements = [
        blocks.button(
            step.label,
            f"{STEP_ACTION}{step.name}",
            Reference(it.dialogue, step.name, it.id, it.stage).write(),
            style=step.style,
            confirm=blocks.confirm(f"{step.label}?", asked, step.label) if asked else None,
        )
        for step in steps[:BUTTONS]
        for asked in (question(step, one.policy),)
    ]
    row = [blocks.actions(*blocks.one_primary(elements), block_id=f"mine-{index}")] if elements else []
    return [blocks.section(text), *row]


def _whither(channel: str) -> str:
    """A channel, or the person of a direct message: a home calls nobody."""
    if channel.startswith(("U", "W")):
        return f"to {mention(channel)}"
    return f"<#{channel}>" if channel.startswith(("C", "G")) else code(channel)


def _where(one: Overview) -> str:
    return f" · in <#{one.thread[0]}>" if one.thread else ""


def _told(one: Overview) -> str:
    return "\n".join((headline(one), *subject(one), f"Since {moment(one.conversation.since)}{_where(one)}"))


def _list(title: str, overviews: tuple[Overview, ...]) -> list[Block]:
    if not overviews:
        return []
    shown = [blocks.section(_told(one)) for one in overviews[:MOST]]
    return [blocks.header(title), *shown, *_more(len(overviews))]


def _more(count: int) -> list[Block]:
    return [blocks.context(f"… and {count - MOST} more")] if count > MOST else []
