"""Rules of blocks, messages and views, and the two functions that apply them (docs.slack.dev, reference/block-kit)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from playground.slack.chart_rules import DATA_VISUALIZATION
from playground.slack.checks import (
    Check,
    Report,
    Rule,
    an_object,
    at_least_one,
    by_type,
    flag,
    items,
    length,
    text,
    whole,
)
from playground.slack.element_rules import (
    ELEMENTS,
    IDENTIFIER,
    IMAGE,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    plain,
    text_object,
)
from playground.slack.elements import placed_elements
from playground.slack.rich_text_rules import RICH_TEXT, TABLE, leaf_texts
from playground.slack.shapes import ApiError, Json

MESSAGE_BLOCKS, VIEW_BLOCKS, MESSAGE_CHARTS = 50, 100, 2
MARKDOWN_CHARACTERS = 12_000
ALL_CHARACTERS = 13_200
"""msg_blocks_too_long comes at about 13,200 characters (slackapi/bolt-js, issue 2509) ..."""
BLOCK_COST = 125
"""... and each block takes about 125 of them for itself (the same issue: a divider took 125)."""
PART_COST = 25
"""Rich text was refused at 11,341 characters (issue 2867): its parts cost something too; how much is a guess."""
VIEW_BYTES = 250_000

CONTEXT_ELEMENT = by_type(
    {
        "plain_text": Rule({"text": text(2000), "emoji": flag}, required=("text",)),
        "mrkdwn": Rule({"text": text(2000), "verbatim": flag}, required=("text",)),
        "image": IMAGE,
    }
)

BLOCKS: Mapping[str, Rule] = {
    "header": Rule({"block_id": IDENTIFIER, "text": plain(150), "level": whole(1, 4)}, required=("text",)),
    "section": Rule(
        {
            "block_id": IDENTIFIER,
            "text": text_object(3000),
            "fields": items(text_object(2000), 1, 10),
            "accessory": by_type(ELEMENTS, *IN_SECTION),
            "expand": flag,
        },
        also=(at_least_one("text", "fields"),),
    ),
    "context": Rule({"block_id": IDENTIFIER, "elements": items(CONTEXT_ELEMENT, 1, 10)}, required=("elements",)),
    "actions": Rule(
        {"block_id": IDENTIFIER, "elements": items(by_type(ELEMENTS, *IN_ACTIONS), 1, 25)}, required=("elements",)
    ),
    "context_actions": Rule(
        {"block_id": IDENTIFIER, "elements": items(by_type(ELEMENTS, "icon_button"), 1, 5)},
        required=("elements",),
    ),
    "divider": Rule({"block_id": IDENTIFIER}),
    "image": Rule({"block_id": IDENTIFIER, "title": plain(2000), **IMAGE.fields}, IMAGE.required, IMAGE.also),
    "input": Rule(
        {
            "block_id": IDENTIFIER,
            "label": plain(2000),
            "hint": plain(2000),
            "optional": flag,
            "dispatch_action": flag,
            "element": by_type(ELEMENTS, *IN_INPUT),
        },
        required=("label", "element"),
    ),
    "rich_text": RICH_TEXT,
    "markdown": Rule({"block_id": IDENTIFIER, "text": text(MARKDOWN_CHARACTERS)}, required=("text",)),
    "table": TABLE,
    "data_visualization": DATA_VISUALIZATION,
}
MESSAGE_ONLY = frozenset({"table", "markdown", "context_actions", "data_visualization"})
IN_MESSAGES = by_type(BLOCKS)
IN_VIEWS = by_type(BLOCKS, *(name for name in BLOCKS if name not in MESSAGE_ONLY))

PLAIN_24 = plain(24)
VIEW_FIELDS: Mapping[str, Check] = {
    "type": text(10),
    "blocks": items(IN_VIEWS, 1, VIEW_BLOCKS),
    "private_metadata": text(3000, 0),
    "callback_id": text(255, 0),
    "external_id": text(255, 0),
}
HOME = an_object(Rule(VIEW_FIELDS, required=("blocks",)))
MODAL = an_object(
    Rule(
        {
            **VIEW_FIELDS,
            "title": PLAIN_24,
            "submit": PLAIN_24,
            "close": PLAIN_24,
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
        required=("title", "blocks"),
    )
)


def check_message_blocks(blocks: Any) -> None:
    """Raises ApiError invalid_blocks_format, invalid_blocks, only_one_table_allowed or msg_blocks_too_long."""
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    report = Report()
    items(IN_MESSAGES, 0, MESSAGE_BLOCKS)(blocks, "/blocks", report)
    if not report.errors:
        _check_identifiers(blocks, "/blocks", report)
        _check_markdown(blocks, report)
    if report.errors:
        raise ApiError.because("invalid_blocks", *report.errors)
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise ApiError("only_one_table_allowed")
    if sum(block["type"] == "data_visualization" for block in blocks) > MESSAGE_CHARTS:
        raise ApiError.because("invalid_blocks", f"no more than {MESSAGE_CHARTS} charts are allowed")
    if weight(blocks) > ALL_CHARACTERS:
        raise ApiError("msg_blocks_too_long")


def weight(blocks: list[Json]) -> int:
    """What blocks count towards the total that a message may hold."""
    text_length = sum(length(found) for found in leaf_texts(blocks))
    parts = sum(len(block["elements"]) for block in blocks if block["type"] == "rich_text")
    return text_length + BLOCK_COST * len(blocks) + PART_COST * parts


def check_view(view: Json) -> None:
    """Raises ApiError view_too_large, or invalid_arguments with what is wrong and where."""
    if len(json.dumps(view)) > VIEW_BYTES:
        raise ApiError("view_too_large")
    report = Report()
    (HOME if view.get("type") == "home" else MODAL)(view, "/view", report)
    if not report.errors:
        _check_identifiers(view["blocks"], "/view/blocks", report)
        _check_inputs(view, report)
    if report.errors:
        raise ApiError.because("invalid_arguments", *report.errors)


def _check_identifiers(blocks: list[Json], path: str, report: Report) -> None:
    for block_id in _repeated(block.get("block_id") for block in blocks):
        report.add(f"duplicate block_id: {block_id}", path)
    for index, block in enumerate(blocks):
        ids = [placed.element.get("action_id") for placed in placed_elements([block])]
        for action_id in _repeated(ids):
            report.add(f"duplicate action_id: {action_id}", f"{path}/{index}")


def _repeated(names: Iterable[str | None]) -> list[str]:
    return [name for name, count in Counter(names).items() if name is not None and count > 1]


def _check_markdown(blocks: list[Json], report: Report) -> None:
    total = sum(length(block["text"]) for block in blocks if block["type"] == "markdown")
    if total > MARKDOWN_CHARACTERS:
        report.add(f"must be less than {MARKDOWN_CHARACTERS + 1} characters over all markdown blocks", "/blocks")


def _check_inputs(view: Json, report: Report) -> None:
    elements = [placed.element for placed in placed_elements(view["blocks"])]
    if sum(bool(element.get("focus_on_load")) for element in elements) > 1:
        report.add("only one element may have focus_on_load", "/view/blocks")
    has_inputs = any(block["type"] == "input" for block in view["blocks"])
    if view["type"] == "modal" and has_inputs and not view.get("submit"):
        report.add("missing required field: submit", "/view")
