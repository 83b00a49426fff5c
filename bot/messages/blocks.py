"""Block Kit as small functions that give plain dicts (docs.slack.dev, Block Kit reference).

Text is mrkdwn unless a parameter says `plain`; plain text is never parsed by Slack. `verbatim` keeps Slack from
turning words that look like channels or addresses into links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.messages.message import Block
from bot.messages.text import clip


def plain(text: str, limit: int) -> Block:
    """A plain text object, clipped to its limit."""
    return {"type": "plain_text", "text": clip(text, limit), "emoji": True}


def mrkdwn(text: str) -> Block:
    """A mrkdwn text object."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """A headline in plain text."""
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, accessory: Block | None = None) -> Block:
    """A paragraph."""
    return {"type": "section", "text": mrkdwn(text)} | ({"accessory": accessory} if accessory else {})


def fields(*texts: str) -> Block:
    """Short texts in two columns."""
    return {"type": "section", "fields": [mrkdwn(text) for text in texts]}


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def actions(*elements: Block, block_id: str = "") -> Block:
    """Buttons and selects in a row."""
    return {"type": "actions", "elements": list(elements)} | ({"block_id": block_id} if block_id else {})


def button(
    label: str, action_id: str, value: str, *, style: str = "", confirm: Block | None = None, url: str = ""
) -> Block:
    """A button; `style` is primary, danger or nothing."""
    made: Block = {"type": "button", "text": plain(label, 75), "action_id": action_id, "value": value}
    optional = {"style": style, "confirm": confirm, "url": url}
    return made | {name: given for name, given in optional.items() if given}


def one_primary(buttons: Iterable[Block]) -> list[Block]:
    """A message's buttons, of which the first that asks for it is green, and no other (docs.slack.dev, button, "style":
    "primary should only be used for one button within a set").
    """
    made: list[Block] = []
    for one in buttons:
        is_second = one.get("style") == "primary" and any(before.get("style") == "primary" for before in made)
        made.append({key: one[key] for key in one if key != "style"} if is_second else one)
    return made


def confirm(title: str, question: str, yes: str, no: str = "Cancel") -> Block:
    """The dialog that asks before a dangerous button counts. Plain text."""
    return {
        "title": plain(title, 100),
        "text": plain(question, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Block:
    """A table with a headline in bold. Cells are plain text, never parsed. One a message."""
    body = [[_cell(text) for text in row] for row in rows]
    settings = [{"is_wrapped": True} for _ in head]
    return {"type": "table", "rows": [[_bold_cell(text) for text in head], *body], "column_settings": settings}


def line_chart(
    title: str, labels: Sequence[str], series: Iterable[tuple[str, Sequence[float]]], y_label: str = ""
) -> Block:
    """Lines over the same labels, each with its name. Plain text, never parsed. Two charts a message at most."""
    drawn = [
        {"name": name, "data": [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)]}
        for name, values in series
    ]
    axes: Block = {"categories": list(labels)} | ({"y_label": y_label} if y_label else {})
    chart = {"type": "line", "series": drawn, "axis_config": axes}
    return {"type": "data_visualization", "title": clip(title, 50), "chart": chart}


def _cell(text: str) -> Block:
    # Slack refuses an empty cell.
    return {"type": "raw_text", "text": text or "–"}


def _bold_cell(text: str) -> Block:
    leaf = {"type": "text", "text": text, "style": {"bold": True}}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}


def preformatted(text: str) -> Block:
    """Text as it stands, never parsed: what is copied from it is what was written."""
    leaf = {"type": "text", "text": text}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [leaf]}]}


def input_block(block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """A question in a modal. Plain text."""
    made: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    return made | ({"hint": plain(hint, 2000)} if hint else {})


def option(label: str, value: str, description: str = "") -> Block:
    """One choice of a select."""
    made: Block = {"text": plain(label, 75), "value": value}
    return made | ({"description": plain(description, 75)} if description else {})


def element(kind: str, action_id: str, **facts: Any) -> Block:
    """Any input element; facts that are None or empty are left out."""
    given = {name: fact for name, fact in facts.items() if fact not in (None, "", [], ())}
    return {"type": kind, "action_id": action_id} | given


def placeholder(text: str) -> Mapping[str, Any] | None:
    """An example in an empty input."""
    return plain(text, 150) if text else None
