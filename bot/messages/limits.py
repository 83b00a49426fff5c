"""Slack's limits, known in one place: what is sent is within them, in production too.

`violations` tells what a message or view breaks (the table is bot.messages.limit_rules); `fit` shortens or splits a
message until it breaks nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from bot.messages.limit_rules import (
    CELLS,
    CHARTS,
    CONTEXT,
    FIELD,
    HEADER,
    IN_MESSAGES,
    IN_VIEWS,
    LABEL,
    MARKDOWN,
    MESSAGE_BLOCKS,
    SECTION,
    TABLE_COLUMNS,
    TABLE_ROWS,
    VIEW,
    VIEW_BLOCKS,
    Wrong,
    by_type,
)
from bot.messages.message import Block, Message
from bot.messages.text import clip, cut, shorten, units

MESSAGE_TEXT = 4_000
"""Characters of the fallback text: chat.update refuses more, chat.postEphemeral more than as many bytes."""

ALL_BLOCKS = 13_000
"""The size of all blocks of a message: beyond about 13,200 Slack answers msg_blocks_too_long."""

A_BLOCK, A_PART = 125, 25
"""What a block, and a part of rich text, weighs besides its text, as far as has been observed."""

HEAVY = ALL_BLOCKS // 2
"""No split block weighs more, and buttons that stay with the head weigh no more together: both fit one message."""

VIEW_BYTES = 250_000
CELL = 400
"""Characters that are left of a cell where a table is over its limit."""

WIDTHS = (800, 450, 250, 120)
"""Characters of a line that are tried where a message is too long."""

NOTHING = "–"
"""In the place of an empty text, which Slack refuses."""


def size(block: Block) -> int:
    """What a block weighs towards the limit of a message: all of its texts, and something for each part."""
    return A_BLOCK + _weight(block)


def _weight(part: Any) -> int:
    if isinstance(part, list):
        return sum(map(_weight, part))
    if not isinstance(part, dict):
        return 0
    text, kind = part.get("text"), part.get("type", "")
    total = units(text) if isinstance(text, str) else 0
    if kind[:9] == "rich_text":
        total += A_PART
    for inner in part.values():
        if not isinstance(inner, str):
            total += _weight(inner)
    return total


_MESSAGE_BLOCK, _VIEW_BLOCK = by_type(IN_MESSAGES), by_type(IN_VIEWS)


def violations(blocks: Iterable[Block]) -> list[str]:
    """What a message's blocks break, each as a sentence; empty where all is well."""
    given = list(blocks)
    told = _of_blocks(given, _MESSAGE_BLOCK, MESSAGE_BLOCKS)
    tables = [block for block in given if block["type"] == "table"]
    told += [f"{len(tables)} tables, one at most"] if len(tables) > 1 else []
    told += [problem for table in tables for problem in _of_table(table)]
    charts = sum(block["type"] == "data_visualization" for block in given)
    told += [f"{charts} charts, {CHARTS} at most"] if charts > CHARTS else []
    markdown = sum(units(block["text"]) for block in given if block["type"] == "markdown")
    told += [f"{markdown} characters of markdown, {MARKDOWN} at most"] if markdown > MARKDOWN else []
    if (total := sum(map(size, given))) > ALL_BLOCKS:
        told.append(f"{total} characters in all, {ALL_BLOCKS} at most")
    return told


def _of_blocks(blocks: list[Block], rule: Callable[[Block], Wrong], most: int) -> list[str]:
    told = [f"{len(blocks)} blocks, {most} at most"] if len(blocks) > most else []
    for index, block in enumerate(blocks):
        if wrong := rule(block):
            told += [f"block {index} ({block.get('type')}): {path} {why}" for path, why in wrong]
        told += [f"block {index}: two elements have the action_id {name}" for name in _repeated_actions(block)]
    named = [block["block_id"] for block in blocks if "block_id" in block]
    return told + [f"two blocks have the block_id {name}" for name in _repeated(named)]


def _repeated_actions(block: Block) -> list[str]:
    if block["type"] != "actions":  # a block of any other type holds one element that acts
        return []
    return _repeated([element["action_id"] for element in block["elements"] if "action_id" in element])


def _repeated(names: list[str]) -> list[str]:
    if len(set(names)) == len(names):
        return []
    return [name for name, count in Counter(names).items() if count > 1]


def _of_table(block: Block) -> Iterator[str]:
    rows = block["rows"]
    if len({len(row) for row in rows}) > 1:
        yield "a table's rows must have the same number of cells"
    if (length := _weight(rows)) > CELLS:
        yield f"{length} characters in all cells, {CELLS} at most"


def view_violations(view: Block) -> list[str]:
    """What a modal or home breaks."""
    blocks = view["blocks"]
    told = _of_blocks(blocks, _VIEW_BLOCK, VIEW_BLOCKS) or ([] if blocks else ["no blocks, one at least"])
    told += [f"{path} {why}" for path, why in VIEW(view)]
    told += [f"{name} is missing" for name in _missing(view)]
    focused = sum(bool(block.get("element", {}).get("focus_on_load")) for block in blocks)
    told += ["more than one element has focus_on_load"] if focused > 1 else []
    if len(json.dumps(view)) > VIEW_BYTES:
        told.append(f"the view has more than {VIEW_BYTES} bytes")
    return told


def _missing(view: Block) -> Iterator[str]:
    """A modal needs a title, and a submit button where it has inputs."""
    if view["type"] == "modal":
        if "title" not in view:
            yield "title"
        if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
            yield "submit"


# ── fitting ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def fit(message: Message) -> tuple[Message, ...]:
    """The message within the limits: split where there is too much, shortened where a part can't be split (a headline,
    a cell, a button). The first part keeps the head, with the buttons at its end.
    """
    text = _fallback(message.text)
    if not violations(message.blocks):
        return (message if text == message.text else replace(message, text=text),)
    pieces = [piece for block in message.blocks for piece in _within(block)]
    buttons = [piece for piece in pieces if piece["type"] == "actions"]
    if sum(map(size, buttons)) > HEAVY:
        buttons = []
    others = [piece for piece in pieces if piece not in buttons]
    first, *rest = _packed(others, buttons)
    more = [Message(text, tuple(part)) for part in rest]
    return (Message(text, (*first, *buttons)), *more)


def squeezed(message: Message) -> Message:
    """The message with its longest lines shortened, so far as one message can hold it all: each field keeps its
    beginning, and none is lost for another's sake. Links, which would lead nowhere then, are shortened last. What can't
    be helped so is left to `fit`.
    """
    shown = message
    for link, line in product((MESSAGE_TEXT, *WIDTHS), WIDTHS):
        if not violations(shown.blocks):
            break
        shown = replace(message, blocks=tuple(_narrow(block, line, link) for block in message.blocks))
    return shown


def _narrow(block: Block, line: int, link: int) -> Block:
    """A section whose lines are of a length at most, and those with a link in them of another."""
    if block["type"] != "section" or "text" not in block:
        return block
    lines = block["text"]["text"].split("\n")
    short = "\n".join(shorten(one, link if "<http" in one else line) for one in lines)
    return {**block, "text": {**block["text"], "text": short}}


def in_one(message: Message) -> Message:
    """The message within the limits, for an answer that can't be several: what is too much is left out, and says so."""
    first, *rest = fit(message)
    if not rest:
        return first
    remark = {"type": "context", "elements": [{"type": "mrkdwn", "text": _LEFT_OUT}]}
    return replace(first, blocks=(*first.blocks, remark))


_LEFT_OUT = "… and more than a message can hold"
_A_REMARK = A_BLOCK + len(_LEFT_OUT)


def _fallback(text: str) -> str:
    """The fallback text within its characters and bytes. Slack shows no message without one."""
    shown = shorten(text, MESSAGE_TEXT)
    while (length := len(shown.encode(errors="surrogatepass"))) > MESSAGE_TEXT:
        shown = shorten(shown, units(shown) * MESSAGE_TEXT // length - 1)
    return shown


def _packed(pieces: list[Block], buttons: list[Block]) -> list[list[Block]]:
    """Pieces in as few parts as hold them, one at least; the first has room for the buttons, each for a remark. One
    table a part.
    """
    parts: list[list[Block]] = [[]]
    room, space = MESSAGE_BLOCKS - len(buttons) - 1, ALL_BLOCKS - sum(map(size, buttons)) - _A_REMARK
    for piece in pieces:
        part, weight = parts[-1], size(piece)
        second_table = piece["type"] == "table" and any(one["type"] == "table" for one in part)
        if not room or weight > space or second_table:
            parts.append([])
            room, space = MESSAGE_BLOCKS - 1, ALL_BLOCKS - _A_REMARK
        parts[-1].append(piece)
        room, space = room - 1, space - weight
    return parts


def _within(block: Block) -> list[Block]:
    """A block as one or more that are each within their limits. Only the first keeps the block_id."""
    split = _SPLITTERS.get(block["type"])
    if split is None or not _is_over(block):
        return [block]
    first, *rest = split(block)
    return [first, *({key: value for key, value in piece.items() if key != "block_id"} for piece in rest)]


def _is_over(block: Block) -> bool:
    """True for a block that breaks a limit, or is so heavy that it may have to be split."""
    heavy = any(_of_table(block)) if block["type"] == "table" else size(block) > HEAVY
    return heavy or bool(_MESSAGE_BLOCK(block))


def _sections(block: Block) -> list[Block]:
    """The text's pieces, then the fields; what stands beside the text stays beside its first piece."""
    made: list[Block] = []
    if "text" in block:
        pieces = cut(block["text"]["text"], SECTION) or [NOTHING]
        made += [{"type": "section", "text": {**block["text"], "text": text}} for text in pieces]
    for part in _chunks([_shortened(field, FIELD) for field in block.get("fields", [])], 10):
        made.append({"type": "section", "fields": part})
    beside = {key: value for key, value in block.items() if key not in ("text", "fields")}
    return [made[0] | beside, *made[1:]]


def _contexts(block: Block) -> list[Block]:
    shown = [_shortened(part, CONTEXT) if "text" in part else part for part in block["elements"]]
    return [{**block, "elements": part} for part in _chunks(shown, 10)]


def _shortened(text: Block, most: int) -> Block:
    return {**text, "text": shorten(text["text"], most) or NOTHING}


def _chunks(parts: list[Block], most: int) -> list[list[Block]]:
    """Parts in lists of so many, none of them heavy."""
    made: list[list[Block]] = [[]]
    for part in parts:
        if len(made[-1]) == most or (made[-1] and _weight(made[-1]) + _weight(part) > HEAVY - A_BLOCK):
            made.append([])
        made[-1].append(part)
    return made if parts else []


def _headers(block: Block) -> list[Block]:
    return [{**block, "text": _clipped(block["text"], HEADER)}]


def _clipped(text: Block, most: int) -> Block:
    return {**text, "text": clip(text["text"], most) or NOTHING}


def _rows_of_buttons(block: Block) -> list[Block]:
    shown = [
        {**element, "text": _clipped(element["text"], LABEL)} if element["type"] == "button" else element
        for element in block["elements"]
    ]
    return [{**block, "elements": part} for part in _chunks(shown, 25)]


def _tables(block: Block) -> list[Block]:
    """Tables that repeat the head. Long cells are clipped, so that the head and any row fit together."""
    columns = min(TABLE_COLUMNS, max(map(len, block["rows"])))
    most = min(CELL, CELLS // (2 * columns) - 2 * A_PART)
    head, *body = [_row(row, columns, most) for row in block["rows"]]
    parts: list[list[Any]] = [[head]]
    weight = least = _weight(head)
    for row in body:
        if len(parts[-1]) >= TABLE_ROWS or weight + _weight(row) > CELLS:
            parts.append([head])
            weight = least
        parts[-1].append(row)
        weight += _weight(row)
    settings = block.get("column_settings", [])[:columns]
    beside = {**block, "column_settings": settings} if settings else block
    return [{**beside, "rows": rows} for rows in parts]


def _row(cells: list[Block], columns: int, most: int) -> list[Block]:
    shown = [_cell(cell, most) for cell in cells[:columns]]
    return shown + [{"type": "raw_text", "text": NOTHING}] * (columns - len(shown))


def _cell(cell: Block, most: int) -> Block:
    if cell["type"] == "raw_text":
        return _clipped(cell, most)
    if _weight(cell) <= most + 2 * A_PART:
        return cell
    return {"type": "raw_text", "text": clip("".join(_leaves(cell)), most) or NOTHING}


def _leaves(part: Any) -> Iterator[str]:
    """The texts of rich text, in order."""
    if isinstance(part, list):
        for inner in part:
            yield from _leaves(inner)
    elif isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        yield from _leaves(part.get("elements", []))


_SPLITTERS: dict[str, Callable[[Block], list[Block]]] = {
    "section": _sections,
    "context": _contexts,
    "header": _headers,
    "actions": _rows_of_buttons,
    "table": _tables,
}
