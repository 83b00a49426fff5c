"""A form's question as Slack's input: what a field's `Ask` and type say, and what is known of the answer already.

Slack refuses a whole form over one answer that its input can't hold (a word in a number, more than 3,000 characters).
So what can't be filled in is said below the question, and what is too long is asked in several inputs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from annotated_types import Ge, Le, MaxLen
from pydantic.fields import FieldInfo

from bot.core.forms import Ask, Widget
from bot.messages import blocks
from bot.messages.message import Block
from bot.messages.references import ANSWER
from bot.messages.text import clip, one_line, units

FEW = 2
"""So many choices are shown as radio buttons, more as a menu."""

BOXES = 10
"""Checkboxes of a group (docs.slack.dev, checkboxes)."""

TYPED = 3_000
"""Characters of an input (docs.slack.dev, plain text input)."""

LINE = 150
"""Characters of a line whose type does not say otherwise."""

LINES_BYTES = 100_000
"""What the known lines of one question may take of a form's 250,000 bytes, as JSON."""

PART = ":"
"""Between a field's name and the number of a further input for the same field, in a block_id."""

_USER = re.compile(r"\b[UW][A-Z0-9]{2,}\b")
_LINK = re.compile(r"https?://\S{1,2990}")


def questions(name: str, ask: Ask, info: FieldInfo, known: Any) -> list[Block]:
    """The input of a field, filled with its known answer or its default; several where the known lines need them."""
    if ask.secret:
        known = None
    value = info.get_default(call_default_factory=True) if known is None and not info.is_required() else known
    if ask.widget is Widget.LINES:
        return _of_lines(name, ask, info, value)
    given = value not in (None, "", (), [])
    held = _HELD[ask.widget](ask, info, value) if given else None
    refused = f"“{clip(one_line(str(value)), 60)}” can't stand here." if given and held is None else ""
    # Slack insists on an answer to a question that is not optional, so what has a default is optional there.
    element = _ELEMENTS[ask.widget](ask, info, held)
    hint = f"{ask.hint} {refused}".strip()
    return [blocks.input_block(name, ask.label, element, hint=hint, optional=not info.is_required())]


def field_of(block_id: str) -> tuple[str, int]:
    """The field that an input belongs to, and which of its inputs it is, from 1."""
    name, _, number = block_id.partition(PART)
    return name, int(number or 1)


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _of_lines(name: str, ask: Ask, info: FieldInfo, value: Any) -> list[Block]:
    entries = value if isinstance(value, (list, tuple)) else str(value or "").splitlines()
    lines = [one_line(str(entry)) for entry in entries]
    first, *rest = _parts(lines) or [""]
    made = [blocks.input_block(name, ask.label, _text(ask, first), hint=ask.hint, optional=not info.is_required())]
    room, shown = LINES_BYTES - len(json.dumps(first)), _count(first)
    for number, part in enumerate(rest, 2):
        if (room := room - len(json.dumps(part))) < 0:
            break
        made.append(
            blocks.input_block(f"{name}{PART}{number}", f"{ask.label}, continued", _text(ask, part), optional=True)
        )
        shown += _count(part)
    if (left := sum(map(_count, _parts(lines))) - shown) > 0:
        made.append(blocks.context(f"⚠️ This form can't hold {left} more lines. Submitting it drops them."))
    return made


def _parts(lines: Iterable[str]) -> list[str]:
    """Lines in texts that fit an input each."""
    parts: list[str] = []
    for line in lines:
        shown = clip(line, TYPED)
        if parts and units(parts[-1]) + 1 + units(shown) <= TYPED:
            parts[-1] += f"\n{shown}"
        else:
            parts.append(shown)
    return parts


def _count(text: str) -> int:
    return text.count("\n") + 1


# ── what an input can hold of what is known; None where it can't ─────────────────────────────────────────────────────
def _bound(info: FieldInfo, kind: type, attribute: str) -> Any:
    found = [getattr(rule, attribute) for rule in info.metadata if isinstance(rule, kind)]
    return found[-1] if found else None


def _length(info: FieldInfo) -> int:
    return min(_bound(info, MaxLen, "max_length") or LINE, TYPED)


def _held_line(_ask: Ask, info: FieldInfo, value: Any) -> str | None:
    text = one_line(str(value))
    return text if units(text) <= _length(info) else None


def _held_text(_ask: Ask, _info: FieldInfo, value: Any) -> str | None:
    return str(value) if units(str(value)) <= TYPED else None


def _held_number(_ask: Ask, info: FieldInfo, value: Any) -> str | None:
    text = str(value).strip()
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        return None
    least, most = _bound(info, Ge, "ge"), _bound(info, Le, "le")
    within = (least is None or least <= int(text)) and (most is None or int(text) <= most)
    return str(int(text)) if within else None


def _held_link(_ask: Ask, _info: FieldInfo, value: Any) -> str | None:
    text = str(value).strip()
    return text if _LINK.fullmatch(text) and units(text) <= TYPED else None


def _held_choice(ask: Ask, _info: FieldInfo, value: Any) -> str | None:
    return str(value) if str(value) in (ask.choices or {}) else None


def _held_choices(ask: Ask, _info: FieldInfo, value: Any) -> list[str] | None:
    given = value if isinstance(value, (list, tuple)) else [value]
    return [str(one) for one in given if str(one) in (ask.choices or {})] or None


def _held_moment(_ask: Ask, _info: FieldInfo, value: Any) -> int | None:
    try:
        when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    seconds = int(when.timestamp())
    # The picker takes ten digits (docs.slack.dev, datetime picker).
    return seconds if 1_000_000_000 <= seconds <= 9_999_999_999 else None


def _held_people(_ask: Ask, info: FieldInfo, value: Any) -> list[str] | None:
    named = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    people = list(dict.fromkeys(_USER.findall(named)))
    return people[: _bound(info, MaxLen, "max_length")] or None


_HELD: dict[Widget, Callable[[Ask, FieldInfo, Any], Any]] = {
    Widget.LINE: _held_line,
    Widget.TEXT: _held_text,
    Widget.NUMBER: _held_number,
    Widget.LINK: _held_link,
    Widget.CHOICE: _held_choice,
    Widget.CHOICES: _held_choices,
    Widget.MOMENT: _held_moment,
    Widget.PEOPLE: _held_people,
}


# ── inputs ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _typed(ask: Ask, held: str | None, most: int, *, multiline: bool) -> Block:
    return blocks.element(
        "plain_text_input",
        ANSWER,
        multiline=multiline or None,
        max_length=most,
        initial_value=held,
        placeholder=blocks.placeholder(ask.placeholder),
    )


def _text(ask: Ask, held: str | None) -> Block:
    return _typed(ask, held, TYPED, multiline=True)


def _number(ask: Ask, info: FieldInfo, held: str | None) -> Block:
    least, most = _bound(info, Ge, "ge"), _bound(info, Le, "le")
    return blocks.element(
        "number_input",
        ANSWER,
        initial_value=held,
        min_value=None if least is None else str(least),
        max_value=None if most is None else str(most),
        placeholder=blocks.placeholder(ask.placeholder),
    ) | {"is_decimal_allowed": False}


def _link(ask: Ask, _info: FieldInfo, held: str | None) -> Block:
    return blocks.element("url_text_input", ANSWER, initial_value=held, placeholder=blocks.placeholder(ask.placeholder))


def _choice(ask: Ask, _info: FieldInfo, held: str | None) -> Block:
    options = {key: blocks.option(label, key) for key, label in (ask.choices or {}).items()}
    kind = "radio_buttons" if len(options) <= FEW else "static_select"
    return blocks.element(kind, ANSWER, options=list(options.values()), initial_option=options.get(held or ""))


def _choices(ask: Ask, _info: FieldInfo, held: list[str] | None) -> Block:
    options = {key: blocks.option(label, key) for key, label in (ask.choices or {}).items()}
    kind = "checkboxes" if len(options) <= BOXES else "multi_static_select"
    chosen = [options[key] for key in held or ()]
    return blocks.element(kind, ANSWER, options=list(options.values()), initial_options=chosen)


def _moment(_ask: Ask, _info: FieldInfo, held: int | None) -> Block:
    return blocks.element("datetimepicker", ANSWER, initial_date_time=held)


def _people(ask: Ask, info: FieldInfo, held: list[str] | None) -> Block:
    return blocks.element(
        "multi_users_select",
        ANSWER,
        initial_users=held,
        max_selected_items=_bound(info, MaxLen, "max_length"),
        placeholder=blocks.placeholder(ask.placeholder or "Choose people"),
    )


_ELEMENTS: dict[Widget, Callable[[Ask, FieldInfo, Any], Block]] = {
    Widget.LINE: lambda ask, info, held: _typed(ask, held, _length(info), multiline=False),
    Widget.TEXT: lambda ask, _info, held: _text(ask, held),
    Widget.NUMBER: _number,
    Widget.LINK: _link,
    Widget.CHOICE: _choice,
    Widget.CHOICES: _choices,
    Widget.MOMENT: _moment,
    Widget.PEOPLE: _people,
}
