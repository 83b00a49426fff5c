"""Slack's limits of blocks and views as one table (docs.slack.dev, Block Kit reference); where copies disagree, the
stricter. A rule looks at one value and gives what is wrong with it, each with the path to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.messages.text import units

Wrong = tuple[tuple[str, str], ...]
"""What is wrong: pairs of a path, such as `text.text`, and a sentence."""

Rule = Callable[[Any], Wrong]

WELL: Wrong = ()

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MARKDOWN = 12_000
SECTION, FIELD, CONTEXT, CELLS = 3_000, 2_000, 2_000, 10_000
TABLE_ROWS, TABLE_COLUMNS = 100, 20
HEADER, LABEL, IDENTIFIER = 150, 75, 255
CHARTS, SERIES, CATEGORIES = 2, 6, 20


# ── kinds of rules ───────────────────────────────────────────────────────────────────────────────────────────────────
def text(most: int, least: int = 1) -> Rule:
    """A string of so many characters, as Slack counts them."""

    def rule(value: str) -> Wrong:
        if least <= len(value) <= most // 2:  # no character counts for more than two
            return WELL
        length = units(value)
        if least <= length <= most:
            return WELL
        return (("", f"has {length} characters, {least} to {most} are allowed"),)

    return rule


def number(least: int, most: int) -> Rule:
    """A whole number in a range."""

    def rule(value: int) -> Wrong:
        return WELL if least <= value <= most else (("", f"is {value}, {least} to {most} are allowed"),)

    return rule


def entries(each: Rule, most: int, least: int = 1) -> Rule:
    """A list of so many entries."""

    def rule(value: list[Any]) -> Wrong:
        count = len(value)
        told = WELL if least <= count <= most else (("", f"has {count} entries, {least} to {most} are allowed"),)
        for index, entry in enumerate(value):
            if wrong := each(entry):
                told += _below(str(index), wrong)
        return told

    return rule


def shape(rules: Mapping[str, Rule], needs: tuple[str, ...] = ()) -> Rule:
    """An object whose keys have rules of their own; the others are free. `needs` are the keys that must be there."""

    def rule(value: dict[str, Any]) -> Wrong:
        told = WELL
        for key, inner in value.items():
            of_key = rules.get(key)
            if of_key is not None and (wrong := of_key(inner)):
                told += _below(key, wrong)
        for key in needs:
            if key not in value:
                told += ((key, "is missing"),)
        return told

    return rule


def by_type(rules: Mapping[str, Rule]) -> Rule:
    """An object whose `type` chooses its rule. A type that is not in the table is not for use there."""

    def rule(value: dict[str, Any]) -> Wrong:
        chosen = rules.get(value.get("type", ""))
        return chosen(value) if chosen else (("type", f"{value.get('type')} is not for use here"),)

    return rule


def at_least_one(rule: Rule, *keys: str) -> Rule:
    """As the rule says, and one of the keys must be there."""

    def both(value: dict[str, Any]) -> Wrong:
        missing = WELL if any(key in value for key in keys) else ((" or ".join(keys), "is missing"),)
        return rule(value) + missing

    return both


def _below(key: str, wrong: Wrong) -> Wrong:
    return tuple((f"{key}.{path}" if path else key, why) for path, why in wrong)


# ── composition objects ──────────────────────────────────────────────────────────────────────────────────────────────
def any_text(most: int, *types: str) -> Rule:
    """A text object of one of the types; of either where none is named."""
    allowed, of_text = types or ("plain_text", "mrkdwn"), text(most)

    def rule(value: dict[str, Any]) -> Wrong:
        if value.get("type") not in allowed:
            return (("type", f"{value.get('type')} is not for use here"),)
        wrong = of_text(value.get("text", ""))
        return _below("text", wrong) if wrong else WELL

    return rule


def plain_text(most: int) -> Rule:
    return any_text(most, "plain_text")


NAME = text(IDENTIFIER)
URL = text(3_000)
CONFIRM = shape(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    ("title", "text", "confirm", "deny"),
)
OPTION = shape(
    {"text": any_text(LABEL), "value": text(150), "description": any_text(LABEL), "url": URL}, ("text", "value")
)
GROUP = shape({"label": plain_text(LABEL), "options": entries(OPTION, 100)}, ("label", "options"))
COMMON: Mapping[str, Rule] = {"action_id": NAME, "confirm": CONFIRM, "placeholder": plain_text(150)}
TYPED = {**COMMON, "initial_value": text(3_000, 0), "min_length": number(0, 3_000), "max_length": number(1, 3_000)}
MENU = {**COMMON, "options": entries(OPTION, 100), "option_groups": entries(GROUP, 100)}
FEW = {**COMMON, "options": entries(OPTION, 10)}
PICKED = {**COMMON, "max_selected_items": number(1, 1_000), "initial_users": entries(text(IDENTIFIER), 100)}
IMAGE = shape({"alt_text": text(2_000), "image_url": URL}, ("alt_text",))

ELEMENTS: Mapping[str, Rule] = {
    "button": shape(
        {**COMMON, "text": plain_text(LABEL), "value": text(2_000), "url": URL, "accessibility_label": text(LABEL)},
        ("text",),
    ),
    "overflow": shape({**COMMON, "options": entries(OPTION, 5)}, ("options",)),
    "checkboxes": shape(FEW, ("options",)),
    "radio_buttons": shape(FEW, ("options",)),
    "static_select": shape(MENU),
    "multi_static_select": shape({**MENU, **PICKED}),
    "users_select": shape(COMMON),
    "multi_users_select": shape(PICKED),
    "channels_select": shape(COMMON),
    "conversations_select": shape(COMMON),
    "datepicker": shape(COMMON),
    "timepicker": shape(COMMON),
    "datetimepicker": shape({**COMMON, "initial_date_time": number(1_000_000_000, 9_999_999_999)}),
    "plain_text_input": shape(TYPED),
    "number_input": shape(TYPED, ("is_decimal_allowed",)),
    "url_text_input": shape(TYPED),
    "email_text_input": shape(TYPED),
    "image": IMAGE,
}
ELEMENT = by_type(ELEMENTS)
CELL = by_type({"raw_text": shape({"text": text(CELLS)}, ("text",)), "rich_text": shape({}, ("elements",))})


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _block(rules: Mapping[str, Rule], *needs: str) -> Rule:
    return shape({"block_id": NAME, **rules}, needs)


IN_VIEWS: Mapping[str, Rule] = {
    "header": _block({"text": plain_text(HEADER)}, "text"),
    "section": at_least_one(
        _block({"text": any_text(SECTION), "fields": entries(any_text(FIELD), 10), "accessory": ELEMENT}),
        "text",
        "fields",
    ),
    "context": _block(
        {
            "elements": entries(
                by_type(
                    {
                        "mrkdwn": shape({"text": text(CONTEXT)}, ("text",)),
                        "plain_text": shape({"text": text(CONTEXT)}, ("text",)),
                        "image": IMAGE,
                    }
                ),
                10,
            )
        },
        "elements",
    ),
    "actions": _block({"elements": entries(ELEMENT, 25)}, "elements"),
    "divider": _block({}),
    "image": _block({"alt_text": text(2_000), "image_url": URL, "title": plain_text(2_000)}, "alt_text"),
    "input": _block({"label": plain_text(2_000), "hint": plain_text(2_000), "element": ELEMENT}, "label", "element"),
    "rich_text": _block({}, "elements"),
}
POINT = shape({"label": text(20)}, ("label", "value"))
CHART = shape(
    {
        "series": entries(shape({"name": text(20), "data": entries(POINT, CATEGORIES)}, ("name", "data")), SERIES),
        "axis_config": shape({"categories": entries(text(20), CATEGORIES), "y_label": text(20)}, ("categories",)),
    },
    ("type", "series", "axis_config"),
)
IN_MESSAGES: Mapping[str, Rule] = {
    **IN_VIEWS,
    "markdown": _block({"text": text(MARKDOWN)}, "text"),
    "table": _block(
        {
            "rows": entries(entries(CELL, TABLE_COLUMNS), TABLE_ROWS),
            "column_settings": entries(shape({}), TABLE_COLUMNS),
        },
        "rows",
    ),
    # docs.slack.dev, data visualization block.
    "data_visualization": _block({"title": text(50), "chart": CHART}, "title", "chart"),
}
TITLE = plain_text(24)
VIEW: Rule = shape(
    {
        "title": TITLE,
        "submit": TITLE,
        "close": TITLE,
        "private_metadata": text(3_000, 0),
        "callback_id": text(IDENTIFIER, 0),
        "external_id": text(IDENTIFIER, 0),
    },
    ("type", "blocks"),
)
