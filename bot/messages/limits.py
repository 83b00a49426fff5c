"""Slack's limits, known in one place: what is sent is within them, in production too.

`violations` tells what a message or view breaks; `fit` shortens or splits a message until it breaks nothing. The
numbers are those of the Block Kit reference (docs.slack.dev); where copies disagree, the stricter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from bot.messages.message import Block, Message
from bot.messages.text import clip, shorten, units

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_TEXT = 4_000
"""Characters of the fallback text: chat.update refuses more, chat.postEphemeral more than as many bytes."""

ALL_BLOCKS = 13_000
"""The size of all blocks of a message: beyond about 13,200 Slack answers msg_blocks_too_long."""

A_BLOCK, A_PART = 125, 25
"""What a block, and a part of rich text, weighs besides its text, as far as has been observed."""

VIEW_BYTES = 250_000
SECTION, FIELD, CONTEXT, CELLS = 3_000, 2_000, 2_000, 10_000
TABLE_ROWS, TABLE_COLUMNS, CELL = 100, 20, 400


@dataclass(frozen=True)
class Text:
    """How long a text at a path may be. `*` stands for every entry of a list."""

    block: str
    path: tuple[str, ...]
    most: int


TEXTS = (
    Text("header", ("text", "text"), 150),
    Text("section", ("text", "text"), SECTION),
    Text("section", ("fields", "*", "text"), FIELD),
    Text("context", ("elements", "*", "text"), CONTEXT),
    Text("actions", ("elements", "*", "text", "text"), 75),
    Text("actions", ("elements", "*", "value"), 2_000),
    Text("actions", ("elements", "*", "url"), 3_000),
    Text("actions", ("elements", "*", "confirm", "title", "text"), 100),
    Text("actions", ("elements", "*", "confirm", "text", "text"), 300),
    Text("actions", ("elements", "*", "confirm", "confirm", "text"), 30),
    Text("actions", ("elements", "*", "confirm", "deny", "text"), 30),
    Text("input", ("label", "text"), 2_000),
    Text("input", ("hint", "text"), 2_000),
    Text("input", ("element", "placeholder", "text"), 150),
    Text("input", ("element", "initial_value"), 3_000),
    Text("input", ("element", "options", "*", "text", "text"), 75),
    Text("input", ("element", "options", "*", "value"), 150),
    Text("input", ("element", "options", "*", "description", "text"), 75),
    Text("image", ("alt_text",), 2_000),
    Text("image", ("image_url",), 3_000),
)

COUNTS = (
    ("section", "fields", 10),
    ("context", "elements", 10),
    ("actions", "elements", 25),
)


def _at(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if not path:
        if isinstance(value, str):
            yield value
        return
    if path[0] == "*":
        for entry in value if isinstance(value, list) else ():
            yield from _at(entry, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def size(block: Any) -> int:
    """What a block weighs towards the limit of a message: all of its texts, and something for each part."""
    return A_BLOCK + _weight(block)


def _weight(part: Any) -> int:
    if isinstance(part, list):
        return sum(map(_weight, part))
    if not isinstance(part, dict):
        return 0
    own = A_PART if str(part.get("type", "")).startswith("rich_text") else 0
    text = part.get("text")
    return (
        own
        + (units(text) if isinstance(text, str) else _weight(text))
        + sum(_weight(inner) for key, inner in part.items() if key != "text")
    )


def violations(blocks: Iterable[Block], most_blocks: int = MESSAGE_BLOCKS) -> list[str]:
    """What is over a limit, each as a sentence; empty where all is well."""
    given = list(blocks)
    told = [f"{len(given)} blocks, {most_blocks} at most"] if len(given) > most_blocks else []
    for index, block in enumerate(given):
        told += [f"block {index} ({block['type']}): {problem}" for problem in _of_block(block)]
    tables = sum(block["type"] == "table" for block in given)
    told += [f"{tables} tables, one at most"] if tables > 1 else []
    named = [block["block_id"] for block in given if "block_id" in block]
    told += ["two blocks have the same block_id"] if len(set(named)) < len(named) else []
    if most_blocks == MESSAGE_BLOCKS and (total := sum(map(size, given))) > ALL_BLOCKS:
        told.append(f"{total} characters in all, {ALL_BLOCKS} at most")
    return told


def _of_block(block: Block) -> Iterator[str]:
    for rule in TEXTS:
        if rule.block == block["type"]:
            for text in _at(block, rule.path):
                if not 0 < units(text) <= rule.most:
                    yield f"{'.'.join(rule.path)} has {units(text)} characters, 1 to {rule.most} are allowed"
    for kind, key, most in COUNTS:
        if block["type"] == kind and key in block and not 0 < len(block[key]) <= most:
            yield f"{len(block[key])} {key}, 1 to {most} are allowed"
    identifiers = [part.get("action_id") for part in block.get("elements", []) if isinstance(part, dict)]
    given = [identifier for identifier in identifiers if identifier]
    if len(set(given)) < len(given):
        yield "two elements have the same action_id"
    if block["type"] == "table":
        yield from _of_table(block)


def _of_table(block: Block) -> Iterator[str]:
    rows = block["rows"]
    if not 0 < len(rows) <= TABLE_ROWS:
        yield f"{len(rows)} rows, 1 to {TABLE_ROWS} are allowed"
    if len({len(row) for row in rows}) > 1 or not rows or not 0 < len(rows[0]) <= TABLE_COLUMNS:
        yield f"rows must have the same number of cells, 1 to {TABLE_COLUMNS}"
    if (length := _weight(rows)) > CELLS:
        yield f"{length} characters in all cells, {CELLS} at most"


def view_violations(view: Block) -> list[str]:
    """What a modal or home breaks."""
    told = violations(view["blocks"], VIEW_BLOCKS)
    for name in ("title", "submit", "close"):
        if name in view and not 0 < len(view[name]["text"]) <= 24:
            told.append(f"{name} has {len(view[name]['text'])} characters, 24 at most")
    if len(view.get("private_metadata", "")) > 3_000:
        told.append("private_metadata has more than 3000 characters")
    if any(block["type"] == "input" for block in view["blocks"]) and view["type"] == "modal" and "submit" not in view:
        told.append("a modal with inputs needs a submit button")
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        told.append(f"the view has more than {VIEW_BYTES} bytes")
    return told


def fit(message: Message) -> tuple[Message, ...]:
    """The message within the limits: shortened where a part is too long, split where the whole is.

    The first part keeps the head; buttons stay at the end of it. Nothing is dropped.
    """
    text = shorten(message.text, MESSAGE_TEXT) if units(message.text) > MESSAGE_TEXT else message.text
    text = _within_bytes(text)
    if not violations(message.blocks):
        return (message if text == message.text else replace(message, text=text),)
    pieces = [piece for block in message.blocks for piece in _within(block)]
    buttons = [piece for piece in pieces if piece["type"] == "actions"]
    others = [piece for piece in pieces if piece["type"] != "actions"]
    parts = list(_packed(others, reserved=len(buttons) + 1, taken=sum(map(size, buttons))))
    first, *rest = parts or [[]]
    more = [Message(text, tuple(part)) for part in rest]
    return (Message(text, (*first, *buttons)), *more)


def _within_bytes(text: str) -> str:
    while len(text.encode()) > MESSAGE_TEXT:
        text = shorten(text, len(text) * MESSAGE_TEXT // len(text.encode()) - 1)
    return text


def _packed(pieces: list[Block], *, reserved: int, taken: int) -> Iterator[list[Block]]:
    """Pieces in as few parts as hold them; the first has room for what is reserved. One table a part."""
    part: list[Block] = []
    room, space = MESSAGE_BLOCKS - reserved, ALL_BLOCKS - taken
    for piece in pieces:
        second_table = piece["type"] == "table" and any(one["type"] == "table" for one in part)
        if part and (len(part) >= room or sum(map(size, part)) + size(piece) > space or second_table):
            yield part
            part, room, space = [], MESSAGE_BLOCKS, ALL_BLOCKS
        part.append(piece)
    if part:
        yield part


def _within(block: Block) -> list[Block]:
    """A block as one or more that are each within their limits."""
    split = _SPLITTERS.get(block["type"])
    return split(block) if split and any(_of_block(block)) else [block]


def _sections(block: Block) -> list[Block]:
    if "fields" in block:
        texts = [{**field, "text": shorten(field["text"], FIELD)} for field in block["fields"]]
        return [{**block, "fields": texts[start : start + 10]} for start in range(0, len(texts), 10)]
    first, *rest = _paragraphs(block["text"]["text"]) or ["–"]
    made = {**block, "text": {**block["text"], "text": first}}
    return [made, *({"type": "section", "text": {**block["text"], "text": text}} for text in rest)]


def _paragraphs(text: str) -> list[str]:
    """A long text in pieces that end at a line's end where there is one."""
    pieces: list[str] = []
    piece = ""
    for line in text.splitlines(keepends=True):
        shown = line if units(line) <= SECTION else shorten(line, SECTION)
        if units(piece) + units(shown) > SECTION:
            pieces.append(piece)
            piece = ""
        piece += shown
    return [part for part in (*pieces, piece) if part.strip()]


def _contexts(block: Block) -> list[Block]:
    texts = [{**part, "text": shorten(part["text"], CONTEXT)} if "text" in part else part for part in block["elements"]]
    return [{**block, "elements": texts[start : start + 10]} for start in range(0, len(texts), 10)]


def _headers(block: Block) -> list[Block]:
    return [{**block, "text": {**block["text"], "text": clip(block["text"]["text"], 150) or "–"}}]


def _rows_of_buttons(block: Block) -> list[Block]:
    elements = block["elements"]
    return [{**block, "elements": elements[start : start + 25]} for start in range(0, len(elements), 25)]


def _tables(block: Block) -> list[Block]:
    head, *body = [[_clipped(cell) for cell in row[:TABLE_COLUMNS]] for row in block["rows"]]
    parts: list[list[Any]] = [[head]]
    for row in body:
        if len(parts[-1]) >= TABLE_ROWS or _weight(parts[-1]) + _weight(row) > CELLS:
            parts.append([head])
        parts[-1].append(row)
    return [{**block, "rows": rows} for rows in parts]


def _clipped(cell: Block) -> Block:
    if cell["type"] != "raw_text":
        return cell
    return {**cell, "text": clip(cell["text"], CELL)}


_SPLITTERS: dict[str, Callable[[Block], list[Block]]] = {
    "section": _sections,
    "context": _contexts,
    "header": _headers,
    "actions": _rows_of_buttons,
    "table": _tables,
}
