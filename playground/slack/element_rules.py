"""Rules of composition objects and interactive elements (docs.slack.dev, reference/block-kit)."""

from __future__ import annotations

from collections.abc import Mapping

from playground.slack.checks import (
    Check,
    Report,
    Rule,
    an_object,
    by_type,
    exactly_one,
    flag,
    items,
    one_of,
    ordered,
    pattern,
    text,
    url,
    whole,
)
from playground.slack.elements import options_of
from playground.slack.shapes import Json

IDENTIFIER = text(255)


def text_object(maximum: int, *kinds: str) -> Check:
    """A text of so many characters; plain_text and mrkdwn unless only one is named."""
    rules = {
        "plain_text": Rule({"text": text(maximum), "emoji": flag}, required=("text",)),
        "mrkdwn": Rule({"text": text(maximum), "verbatim": flag}, required=("text",)),
    }
    return by_type(rules, *kinds)


def plain(maximum: int) -> Check:
    return text_object(maximum, "plain_text")


CONFIRM = an_object(
    Rule(
        {
            "title": plain(100),
            "text": text_object(300),
            "confirm": plain(30),
            "deny": plain(30),
            "style": one_of("primary", "danger"),
        },
        required=("title", "text", "confirm", "deny"),
    )
)


def option(*kinds: str, with_url: bool = False) -> Check:
    """A choice. Radio buttons and checkboxes may use mrkdwn, overflow menus may link."""
    fields: dict[str, Check] = {
        "text": text_object(75, *kinds),
        "value": text(150),
        "description": text_object(75, *kinds),
    }
    if with_url:
        fields["url"] = url()
    return an_object(Rule(fields, required=("text", "value")))


OPTION = option("plain_text")
RICH_OPTION = option("plain_text", "mrkdwn")
GROUP = an_object(Rule({"label": plain(75), "options": items(OPTION, 1, 100)}, required=("label", "options")))


def initial_is_offered(value: Json, path: str, report: Report) -> None:
    """What is chosen at first must be one of the options, to the letter."""
    offered = options_of(value)
    for key in ("initial_option", "initial_options"):
        chosen = value.get(key)
        for entry in chosen if isinstance(chosen, list) else [chosen] if chosen else []:
            if entry not in offered:
                report.add("must exactly match one of the provided options", f"{path}/{key}")


COMMON: Mapping[str, Check] = {"action_id": IDENTIFIER, "confirm": CONFIRM}
MENU: Mapping[str, Check] = {**COMMON, "placeholder": plain(150), "focus_on_load": flag}
TYPED: Mapping[str, Check] = {
    "action_id": IDENTIFIER,
    "placeholder": plain(150),
    "focus_on_load": flag,
    "dispatch_action_config": an_object(
        Rule(
            {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
            required=("trigger_actions_on",),
        )
    ),
}
STATIC: Mapping[str, Check] = {**MENU, "options": items(OPTION, 1, 100), "option_groups": items(GROUP, 1, 100)}
SELECTED = whole(1, 1000)
ID_OF_USER = pattern(r"[UW]\w+", "a user id")
ID_OF_CHANNEL = pattern(r"[CGD]\w+", "a conversation id")
NUMBER = pattern(r"-?\d+(\.\d+)?", "a number in a string")
DATE = pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date as YYYY-MM-DD")
TIME = pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:mm")

IMAGE = Rule(
    {
        "image_url": url(),
        "slack_file": an_object(Rule({"id": text(255), "url": url()}, also=(exactly_one("id", "url"),))),
        "alt_text": text(2000),
    },
    required=("alt_text",),
    also=(exactly_one("image_url", "slack_file"),),
)

ELEMENTS: Mapping[str, Rule] = {
    "button": Rule(
        {
            **COMMON,
            "text": plain(75),
            "url": url(),
            "value": text(2000),
            "style": one_of("primary", "danger"),
            "accessibility_label": text(75),
        },
        required=("text",),
    ),
    "static_select": Rule(
        {**STATIC, "initial_option": OPTION}, also=(exactly_one("options", "option_groups"), initial_is_offered)
    ),
    "multi_static_select": Rule(
        {**STATIC, "initial_options": items(OPTION, 1, 100), "max_selected_items": SELECTED},
        also=(exactly_one("options", "option_groups"), initial_is_offered),
    ),
    "users_select": Rule({**MENU, "initial_user": ID_OF_USER}),
    "multi_users_select": Rule({**MENU, "initial_users": items(ID_OF_USER, 1, 100), "max_selected_items": SELECTED}),
    "channels_select": Rule({**MENU, "initial_channel": ID_OF_CHANNEL, "response_url_enabled": flag}),
    "conversations_select": Rule(
        {
            **MENU,
            "initial_conversation": ID_OF_CHANNEL,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
        }
    ),
    "overflow": Rule({**COMMON, "options": items(option("plain_text", with_url=True), 1, 5)}, required=("options",)),
    "checkboxes": Rule(
        {
            **COMMON,
            "options": items(RICH_OPTION, 1, 10),
            "initial_options": items(RICH_OPTION, 1, 10),
            "focus_on_load": flag,
        },
        required=("options",),
        also=(initial_is_offered,),
    ),
    "radio_buttons": Rule(
        {**COMMON, "options": items(RICH_OPTION, 1, 10), "initial_option": RICH_OPTION, "focus_on_load": flag},
        required=("options",),
        also=(initial_is_offered,),
    ),
    "datepicker": Rule({**MENU, "initial_date": DATE}),
    "timepicker": Rule({**MENU, "initial_time": TIME, "timezone": text(100)}),
    "datetimepicker": Rule({**COMMON, "initial_date_time": whole(1_000_000_000, 9_999_999_999), "focus_on_load": flag}),
    "plain_text_input": Rule(
        {
            **TYPED,
            "initial_value": text(3000, 0),
            "multiline": flag,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        },
        also=(ordered("min_length", "max_length"),),
    ),
    "number_input": Rule(
        {
            **TYPED,
            "is_decimal_allowed": flag,
            "initial_value": NUMBER,
            "min_value": NUMBER,
            "max_value": NUMBER,
        },
        required=("is_decimal_allowed",),
        also=(ordered("min_value", "max_value"),),
    ),
    "url_text_input": Rule({**TYPED, "initial_value": url()}),
    "email_text_input": Rule({**TYPED, "initial_value": text(3000)}),
    "icon_button": Rule(
        {
            **COMMON,
            "icon": one_of("trash"),
            "text": plain(75),
            "value": text(2000),
            "accessibility_label": text(75),
            "visible_to_user_ids": items(ID_OF_USER, 1, 100),
        },
        required=("icon", "text"),
    ),
    "image": IMAGE,
}

SINGLE_MENUS = ("static_select", "users_select", "channels_select", "conversations_select")
MULTI_MENUS = ("multi_static_select", "multi_users_select")
CHOICES = ("checkboxes", "radio_buttons")
IN_SECTION = ("button", "overflow", "datepicker", "timepicker", "image", *CHOICES, *SINGLE_MENUS, *MULTI_MENUS)
IN_ACTIONS = ("button", "overflow", "datepicker", "timepicker", "datetimepicker", *CHOICES, *SINGLE_MENUS)
IN_INPUT = (
    "plain_text_input",
    "number_input",
    "url_text_input",
    "email_text_input",
    "datepicker",
    "timepicker",
    "datetimepicker",
    *CHOICES,
    *SINGLE_MENUS,
    *MULTI_MENUS,
)
