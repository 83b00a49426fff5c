"""Interactive elements: where they stand, what they hold, how Slack's client checks them before it submits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from playground.slack.shapes import Json, PersonError


@dataclass(frozen=True)
class Holding:
    """How an element's content is written in a state: under which key, and which key gives it at first."""

    key: str
    initial: str
    many: bool = False


HOLDINGS: Mapping[str, Holding] = {
    "plain_text_input": Holding("value", "initial_value"),
    "number_input": Holding("value", "initial_value"),
    "url_text_input": Holding("value", "initial_value"),
    "email_text_input": Holding("value", "initial_value"),
    "rich_text_input": Holding("rich_text_value", "initial_value"),
    "static_select": Holding("selected_option", "initial_option"),
    "external_select": Holding("selected_option", "initial_option"),
    "radio_buttons": Holding("selected_option", "initial_option"),
    "users_select": Holding("selected_user", "initial_user"),
    "channels_select": Holding("selected_channel", "initial_channel"),
    "conversations_select": Holding("selected_conversation", "initial_conversation"),
    "multi_static_select": Holding("selected_options", "initial_options", many=True),
    "multi_external_select": Holding("selected_options", "initial_options", many=True),
    "checkboxes": Holding("selected_options", "initial_options", many=True),
    "multi_users_select": Holding("selected_users", "initial_users", many=True),
    "multi_channels_select": Holding("selected_channels", "initial_channels", many=True),
    "multi_conversations_select": Holding("selected_conversations", "initial_conversations", many=True),
    "datepicker": Holding("selected_date", "initial_date"),
    "timepicker": Holding("selected_time", "initial_time"),
    "datetimepicker": Holding("selected_date_time", "initial_date_time"),
}

ACTION_KEYS: Mapping[str, str] = {
    "button": "value",
    "overflow": "selected_option",
    "workflow_button": "value",
    **{kind: holding.key for kind, holding in HOLDINGS.items()},
}


@dataclass(frozen=True)
class Placed:
    """An element and the block it stands in."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block.get("block_id", ""))

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id", ""))

    @property
    def is_required(self) -> bool:
        return self.block["type"] == "input" and not self.block.get("optional", False)


def placed_elements(blocks: list[Json]) -> Iterator[Placed]:
    """Every interactive element of the blocks, in reading order."""
    for block in blocks:
        candidates = [block.get("accessory"), block.get("element"), *block.get("elements", [])]
        for element in candidates:
            if isinstance(element, dict) and element.get("type") in ACTION_KEYS:
                yield Placed(block, element)


def find(blocks: list[Json], block_id: str, action_id: str) -> Placed | None:
    return next((p for p in placed_elements(blocks) if (p.block_id, p.action_id) == (block_id, action_id)), None)


def options_of(element: Json) -> list[Json]:
    """All options of a select, grouped or not."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(option for group in groups for option in group.get("options", []))]


def held(element: Json, content: Any) -> Json:
    """The element's entry in a state: its type and what it holds."""
    holding = HOLDINGS[element["type"]]
    empty: list[Json] | None = [] if holding.many else None
    return {"type": element["type"], holding.key: empty if content is None else content}


def initial_values(blocks: list[Json]) -> Json:
    """`state.values` of blocks that nobody touched yet."""
    values: Json = {}
    for placed in placed_elements(blocks):
        if holding := HOLDINGS.get(placed.element["type"]):
            entry = held(placed.element, placed.element.get(holding.initial))
            values.setdefault(placed.block_id, {})[placed.action_id] = entry
    return values


def merged_values(blocks: list[Json], given: Json) -> Json:
    """The full `state.values`: what a person filled in over what stood there. Raises PersonError for unknown inputs."""
    values = initial_values(blocks)
    for block_id, actions in given.items():
        for action_id, entry in actions.items():
            placed = find(blocks, block_id, action_id)
            if placed is None or placed.element["type"] not in HOLDINGS:
                raise PersonError(f"this view has no input {action_id!r} in a block {block_id!r}")
            content = entry.get(HOLDINGS[placed.element["type"]].key)
            values[block_id][action_id] = held(placed.element, checked_content(placed.element, content))
    return values


def checked_content(element: Json, content: Any) -> Any:
    """Content that the client could have produced. Raises PersonError where it offers no such choice."""
    if content in (None, "", []):
        return None
    known = options_of(element)
    if not known:
        return content
    chosen = content if isinstance(content, list) else [content]
    offered = {option["value"]: option for option in known}
    for option in chosen:
        if option.get("value") not in offered:
            raise PersonError(f"{element.get('action_id')!r} offers no option {option.get('value')!r}")
    full = [offered[option["value"]] for option in chosen]
    return full if isinstance(content, list) else full[0]


FORMS = {
    "email_text_input": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "Please enter a valid email address."),
    "url_text_input": (re.compile(r"https?://\S+", re.IGNORECASE), "Please enter a valid URL."),
}


def client_errors(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack's client says below the fields instead of submitting, by block_id."""
    errors: dict[str, str] = {}
    for placed in placed_elements(blocks):
        if placed.block["type"] != "input":
            continue
        content = values[placed.block_id][placed.action_id][HOLDINGS[placed.element["type"]].key]
        wrong = _what_is_wrong(placed, content)
        if wrong:
            errors[placed.block_id] = wrong
    return errors


def _what_is_wrong(placed: Placed, content: Any) -> str | None:
    if content in (None, "", []) or (isinstance(content, str) and not content.strip()):
        return "Please complete this required field." if placed.is_required else None
    element, kind = placed.element, placed.element["type"]
    if kind == "number_input":
        return _number_error(element, str(content))
    if kind in FORMS:
        form, complaint = FORMS[kind]
        return None if form.fullmatch(str(content)) else complaint
    if kind == "plain_text_input":
        return _length_error(element, str(content))
    if isinstance(content, list) and len(content) > element.get("max_selected_items", len(content)):
        return f"Please select at most {element['max_selected_items']} items."
    return None


def _number_error(element: Json, content: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(pattern, content):
        return "Please enter a number." if element.get("is_decimal_allowed") else "Please enter a whole number."
    number = float(content)
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _length_error(element: Json, content: str) -> str | None:
    if len(content) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(content) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    return None
