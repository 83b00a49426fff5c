"""Rules of rich_text and table blocks (docs.slack.dev, reference/block-kit/blocks/rich-text-block, table-block)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playground.slack.checks import Report, Rule, an_object, by_type, flag, items, one_of, pattern, text, url, whole
from playground.slack.element_rules import IDENTIFIER
from playground.slack.shapes import Json

NO_CAP = 1_000_000
STYLE = an_object(Rule(dict.fromkeys(("bold", "italic", "strike", "underline", "code"), flag)))
MENTION_STYLE = an_object(
    Rule(dict.fromkeys(("bold", "italic", "strike", "underline", "highlight", "client_highlight", "unlink"), flag))
)

LEAVES: Mapping[str, Rule] = {
    "text": Rule({"text": text(NO_CAP), "style": STYLE}, required=("text",)),
    "link": Rule({"url": url(), "text": text(NO_CAP), "unsafe": flag, "style": STYLE}, required=("url",)),
    "emoji": Rule({"name": text(255), "unicode": text(255), "style": STYLE}, required=("name",)),
    "user": Rule({"user_id": pattern(r"[UW]\w+", "a user id"), "style": MENTION_STYLE}, required=("user_id",)),
    "usergroup": Rule(
        {"usergroup_id": pattern(r"S\w+", "a user group id"), "style": MENTION_STYLE}, required=("usergroup_id",)
    ),
    "channel": Rule(
        {"channel_id": pattern(r"[CGD]\w+", "a channel id"), "style": MENTION_STYLE}, required=("channel_id",)
    ),
    "broadcast": Rule({"range": one_of("here", "channel", "everyone"), "style": STYLE}, required=("range",)),
    "date": Rule(
        {
            "timestamp": whole(0, 99_999_999_999),
            "format": text(1000),
            "url": url(),
            "fallback": text(1000),
            "style": STYLE,
        },
        required=("timestamp", "format"),
    ),
    "color": Rule({"value": pattern(r"#[0-9a-fA-F]{6}", "a colour as #rrggbb"), "style": STYLE}, required=("value",)),
}
INLINE = items(by_type(LEAVES), 0, NO_CAP)
SECTION = Rule({"elements": INLINE}, required=("elements",))

PARTS: Mapping[str, Rule] = {
    "rich_text_section": SECTION,
    "rich_text_list": Rule(
        {
            "elements": items(by_type({"rich_text_section": SECTION}), 1, NO_CAP),
            "style": one_of("bullet", "ordered"),
            "indent": whole(0, 8),
            "offset": whole(0, 10_000),
            "border": whole(0, 1),
        },
        required=("elements", "style"),
    ),
    "rich_text_preformatted": Rule(
        {
            "elements": items(by_type(LEAVES, "text", "link"), 1, NO_CAP),
            "border": whole(0, 1),
            "language": text(100),
        },
        required=("elements",),
    ),
    "rich_text_quote": Rule({"elements": INLINE, "border": whole(0, 1)}, required=("elements",)),
}
RICH_TEXT = Rule({"block_id": IDENTIFIER, "elements": items(by_type(PARTS), 1, NO_CAP)}, required=("elements",))

CELL = by_type(
    {
        "raw_text": Rule({"text": text(10_000)}, required=("text",)),
        "rich_text": Rule({"elements": items(by_type(PARTS), 1, NO_CAP)}, required=("elements",)),
    }
)
TABLE_ROWS, TABLE_COLUMNS, TABLE_CHARACTERS = 100, 20, 10_000


def same_width(value: Json, path: str, report: Report) -> None:
    """All rows have as many cells as the first."""
    rows = value.get("rows")
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        report.add("all rows must have the same number of cells", f"{path}/rows")


def few_characters(value: Json, path: str, report: Report) -> None:
    """The cells of a table hold 10,000 characters in all."""
    total = sum(len(found) for found in leaf_texts(value.get("rows")))
    if total > TABLE_CHARACTERS:
        report.add(f"must be less than {TABLE_CHARACTERS + 1} characters over all cells", f"{path}/rows")


def leaf_texts(part: Any) -> list[str]:
    """Every text of a part of a block, also labels of links and names of emoji."""
    if isinstance(part, list):
        return [found for entry in part for found in leaf_texts(entry)]
    if not isinstance(part, dict):
        return []
    own = [value for key, value in part.items() if key in ("text", "name", "fallback") and isinstance(value, str)]
    return own + [found for value in part.values() if isinstance(value, dict | list) for found in leaf_texts(value)]


TABLE = Rule(
    {
        "block_id": IDENTIFIER,
        "rows": items(items(CELL, 1, TABLE_COLUMNS), 1, TABLE_ROWS),
        "column_settings": items(
            an_object(Rule({"align": one_of("left", "center", "right"), "is_wrapped": flag})), 1, TABLE_COLUMNS
        ),
    },
    required=("rows",),
    also=(same_width, few_characters),
)
