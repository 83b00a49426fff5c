"""Every limit of Block Kit that the playground's Slack holds an app to, at the limit and beyond it."""

from __future__ import annotations

from typing import Any

import pytest

from playground.slack.block_rules import check_message_blocks, check_view
from playground.slack.shapes import ApiError

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(number: int = 1, label: str = "one") -> Json:
    return {"text": plain(label), "value": str(number)}


def options(count: int) -> list[Json]:
    return [option(number) for number in range(count)]


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn("hello"), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", "options": options(2), **more}


def field(element: Json | None = None, **more: Any) -> Json:
    return {"type": "input", "label": plain("Name"), "element": element or {"type": "plain_text_input"}, **more}


def confirm(**more: Any) -> Json:
    return {"title": plain("Sure?"), "text": plain("It counts"), "confirm": plain("Yes"), "deny": plain("No"), **more}


def rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def line(*leaves: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(leaves)}


def table(rows: int = 2, columns: int = 2, text: str = "cell", **more: Any) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows, **more}


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": plain("Form"), "submit": plain("Send"), "blocks": [field()], **more}


FITS: list[Json] = [
    section(text=mrkdwn("x" * 3000)),
    section(text=mrkdwn("🚀" * 1500)),
    section(fields=[mrkdwn("x")] * 10),
    section(fields=[mrkdwn("x" * 2000)]),
    section(accessory=button()),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [mrkdwn("x")] * 10},
    actions(*[button(action_id=str(number)) for number in range(25)]),
    actions(button(text=plain("x" * 75), value="x" * 2000, action_id="x" * 255, url="https://a.example")),
    actions(button(confirm=confirm(title=plain("x" * 100), text=mrkdwn("x" * 300), confirm=plain("x" * 30)))),
    actions(select(options=options(100), placeholder=plain("x" * 150), initial_option=option(3))),
    actions({"type": "overflow", "options": options(5)}),
    actions({"type": "static_select", "option_groups": [{"label": plain("g"), "options": options(3)}]}),
    actions({"type": "users_select", "initial_user": "U1"}),
    actions({"type": "datepicker", "initial_date": "2024-01-16"}),
    actions({"type": "datetimepicker", "initial_date_time": 1_705_418_400}),
    actions({"type": "checkboxes", "options": [{"text": mrkdwn("*b*"), "value": "b"}]}),
    section(accessory={"type": "multi_users_select", "max_selected_items": 3}),
    {"type": "divider"},
    {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "x"},
    field({"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}),
    rich(line({"type": "text", "text": "x" * 5000, "style": {"bold": True}}), line({"type": "emoji", "name": "tada"})),
    rich({"type": "rich_text_list", "style": "bullet", "elements": [line({"type": "user", "user_id": "U1"})]}),
    rich({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]}),
    table(rows=100, columns=20, text="x", column_settings=[{"align": "right", "is_wrapped": True}]),
    {"type": "markdown", "text": "x" * 12_000},
    {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("Drop")}]},
]

BREAKS: dict[str, tuple[Json, str]] = {
    "a section's text": (section(text=mrkdwn("x" * 3001)), "must be less than 3001 characters"),
    "an emoji counts twice": (section(text=mrkdwn("🚀" * 1501)), "must be less than 3001 characters"),
    "an empty text": (section(text=mrkdwn("")), "must be more than 0 characters"),
    "a section of nothing": ({"type": "section"}, "missing required field: text or fields"),
    "eleven fields": (section(fields=[mrkdwn("x")] * 11), "no more than 10 items allowed"),
    "a field": (section(fields=[mrkdwn("x" * 2001)]), "must be less than 2001 characters"),
    "a text as bare string": (section(text="hello"), "must provide an object"),
    "an unknown key": (section(colour="red"), "invalid additional property: colour"),
    "an input in a section": (section(accessory={"type": "plain_text_input"}), "unsupported type: plain_text_input"),
    "a header in mrkdwn": ({"type": "header", "text": mrkdwn("x")}, "unsupported type: mrkdwn"),
    "a header": ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    "a header's level": ({"type": "header", "text": plain("x"), "level": 5}, "must be between 1 and 4"),
    "a context of eleven": ({"type": "context", "elements": [mrkdwn("x")] * 11}, "no more than 10 items allowed"),
    "an empty context": ({"type": "context", "elements": []}, "no fewer than 1 items required"),
    "a button in a context": ({"type": "context", "elements": [button()]}, "unsupported type: button"),
    "empty actions": (actions(), "no fewer than 1 items required"),
    "26 actions": (actions(*[button(action_id=str(n)) for n in range(26)]), "no more than 25 items allowed"),
    "a multi select in actions": (actions({"type": "multi_users_select"}), "unsupported type: multi_users_select"),
    "the same action_id": (actions(button(action_id="a"), button(action_id="a")), "duplicate action_id: a"),
    "a button's label": (actions(button(text=plain("x" * 76))), "must be less than 76 characters"),
    "a button in mrkdwn": (actions(button(text=mrkdwn("x"))), "unsupported type: mrkdwn"),
    "a button's value": (actions(button(value="x" * 2001)), "must be less than 2001 characters"),
    "a button's style": (actions(button(style="warning")), "must be one of: primary, danger"),
    "a button's url": (actions(button(url="nowhere")), "must be a valid url"),
    "an action_id": (actions(button(action_id="x" * 256)), "must be less than 256 characters"),
    "a block_id": (section(block_id="x" * 256), "must be less than 256 characters"),
    "a confirm title": (actions(button(confirm=confirm(title=plain("x" * 101)))), "must be less than 101 characters"),
    "a confirm text": (actions(button(confirm=confirm(text=plain("x" * 301)))), "must be less than 301 characters"),
    "a confirm label": (actions(button(confirm=confirm(deny=plain("x" * 31)))), "must be less than 31 characters"),
    "a confirm without deny": (
        actions(button(confirm={"title": plain("?"), "text": plain("x"), "confirm": plain("y")})),
        "missing required field: deny",
    ),
    "101 options": (actions(select(options=options(101))), "no more than 100 items allowed"),
    "no options": (actions(select(options=[])), "exactly one of options, option_groups"),
    "both kinds of options": (
        actions(select(option_groups=[{"label": plain("g"), "options": options(1)}])),
        "exactly one of options, option_groups",
    ),
    "an option's label": (actions(select(options=[option(label="x" * 76)])), "must be less than 76 characters"),
    "an option's value": (
        actions(select(options=[{"text": plain("x"), "value": "x" * 151}])),
        "must be less than 151 characters",
    ),
    "an option in mrkdwn": (actions(select(options=[{"text": mrkdwn("x"), "value": "x"}])), "unsupported type: mrkdwn"),
    "an initial option that differs": (
        actions(select(initial_option=option(label="other"))),
        "must exactly match one of the provided options",
    ),
    "a placeholder": (actions(select(placeholder=plain("x" * 151))), "must be less than 151 characters"),
    "an overflow of six": (actions({"type": "overflow", "options": options(6)}), "no more than 5 items allowed"),
    "eleven checkboxes": (actions({"type": "checkboxes", "options": options(11)}), "no more than 10 items allowed"),
    "eleven radio buttons": (actions({"type": "radio_buttons", "options": options(11)}), "no more than 10 items"),
    "a date": (actions({"type": "datepicker", "initial_date": "16.1.2024"}), "must be a date as YYYY-MM-DD"),
    "a time": (section(accessory={"type": "timepicker", "initial_time": "24:00"}), "must be a time as HH:mm"),
    "a moment": (actions({"type": "datetimepicker", "initial_date_time": 12}), "must be between"),
    "an image of nothing": ({"type": "image", "alt_text": "x"}, "exactly one of image_url, slack_file"),
    "an image without words": ({"type": "image", "image_url": "https://a.example"}, "required field: alt_text"),
    "an input's label": (field(label=plain("x" * 2001)), "must be less than 2001 characters"),
    "an input without label": (
        {"type": "input", "element": {"type": "plain_text_input"}},
        "missing required field: label",
    ),
    "a button as input": (field(button()), "unsupported type: button"),
    "a longest text": (field({"type": "plain_text_input", "max_length": 3001}), "must be between 1 and 3000"),
    "lengths crossed": (
        field({"type": "plain_text_input", "min_length": 9, "max_length": 3}),
        "min_length must not be greater than max_length",
    ),
    "a number input of any number": (field({"type": "number_input"}), "missing required field: is_decimal_allowed"),
    "a limit as number": (
        field({"type": "number_input", "is_decimal_allowed": False, "min_value": 1}),
        "must be a number in a string",
    ),
    "a leaf of unknown kind": (rich(line({"type": "bold", "text": "x"})), "unsupported type: bold"),
    "an empty leaf": (rich(line({"type": "text", "text": ""})), "must be more than 0 characters"),
    "a leaf's style": (rich(line({"type": "text", "text": "x", "style": {"big": True}})), "property: big"),
    "a mention in a code block": (
        rich({"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U1"}]}),
        "unsupported type: user",
    ),
    "101 rows": (table(rows=101), "no more than 100 items allowed"),
    "21 columns": (table(columns=21), "no more than 20 items allowed"),
    "uneven rows": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}] * count for count in (1, 2)]},
        "all rows must have the same number of cells",
    ),
    "a table's characters": (table(rows=10, columns=10, text="x" * 101), "must be less than 10001 characters over all"),
    "an empty cell": (table(text=""), "must be more than 0 characters"),
    "a markdown block": ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
    "an unknown block": ({"type": "carousel"}, "unsupported type: carousel"),
    "a block without type": ({"text": plain("x")}, "unsupported type: None"),
}


@pytest.mark.parametrize("block", FITS, ids=[f"{index}-{block['type']}" for index, block in enumerate(FITS)])
def test_a_block_at_the_limit_is_taken(block: Json) -> None:
    check_message_blocks([block])


@pytest.mark.parametrize(("block", "wrong"), BREAKS.values(), ids=BREAKS)
def test_a_block_beyond_a_limit_is_refused_with_the_rule_and_the_place(block: Json, wrong: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_message_blocks([{"type": "divider"}, block])
    assert refused.value.error == "invalid_blocks"
    messages = refused.value.detail["response_metadata"]["messages"]
    assert any(message.startswith("[ERROR] ") and wrong in message for message in messages), messages
    assert any("[json-pointer:/blocks/1" in message for message in messages), messages


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([section()] * 51, "invalid_blocks"),
        ([section(block_id="a"), section(block_id="a")], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 7000}] * 2, "invalid_blocks"),
        ([table(), table()], "only_one_table_allowed"),
        ([section(text=mrkdwn("x" * 3000))] * 5, "msg_blocks_too_long"),
        ([{"type": "markdown", "text": "x" * 12_000}, section(text=mrkdwn("x" * 1000))], "msg_blocks_too_long"),
        ("text", "invalid_blocks_format"),
    ],
)
def test_blocks_that_fit_alone_can_be_too_much_together(blocks: Any, error: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_message_blocks(blocks)
    assert refused.value.error == error


def test_fifty_blocks_are_taken_and_the_same_action_id_in_two_blocks_too() -> None:
    check_message_blocks([actions(button(action_id="a")) for _ in range(50)])


VIEWS: dict[str, tuple[Json, str]] = {
    "a title": (modal(title=plain("x" * 25)), "must be less than 25 characters"),
    "a title in mrkdwn": (modal(title=mrkdwn("x")), "unsupported type: mrkdwn"),
    "no title": ({"type": "modal", "blocks": [section()]}, "missing required field: title"),
    "a submit label": (modal(submit=plain("x" * 25)), "must be less than 25 characters"),
    "a close label": (modal(close=plain("x" * 25)), "must be less than 25 characters"),
    "inputs without submit": (
        {"type": "modal", "title": plain("x"), "blocks": [field()]},
        "missing required field: submit",
    ),
    "private_metadata": (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
    "a callback_id": (modal(callback_id="x" * 256), "must be less than 256 characters"),
    "101 blocks": (modal(blocks=[section()] * 101), "no more than 100 items allowed"),
    "no blocks": (modal(blocks=[]), "no fewer than 1 items required"),
    "a table": (modal(blocks=[table()]), "unsupported type: table"),
    "a markdown block": (modal(blocks=[{"type": "markdown", "text": "x"}]), "unsupported type: markdown"),
    "the same block_id": (modal(blocks=[field(block_id="a"), section(block_id="a")]), "duplicate block_id: a"),
    "two in focus": (
        modal(blocks=[field({"type": "plain_text_input", "focus_on_load": True})] * 2),
        "only one element may have focus_on_load",
    ),
    "an unknown key": (modal(colour="red"), "invalid additional property: colour"),
    "a home with a title": ({"type": "home", "title": plain("x"), "blocks": [section()]}, "property: title"),
}


@pytest.mark.parametrize(("view", "wrong"), VIEWS.values(), ids=VIEWS)
def test_a_view_beyond_a_limit_is_refused_with_the_rule_and_the_place(view: Json, wrong: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_view(view)
    assert refused.value.error == "invalid_arguments"
    messages = refused.value.detail["response_metadata"]["messages"]
    assert any(wrong in message and "[json-pointer:/view" in message for message in messages), messages


def test_a_view_at_its_limits_is_taken() -> None:
    check_view(
        modal(
            title=plain("x" * 24),
            submit=plain("x" * 24),
            private_metadata="x" * 3000,
            blocks=[field(optional=True) for _ in range(100)],
        )
    )
    check_view({"type": "home", "blocks": [section()], "private_metadata": "x"})


def test_a_view_of_more_than_250_kilobytes_is_too_large() -> None:
    with pytest.raises(ApiError, match="view_too_large"):
        check_view(modal(blocks=[section(text=mrkdwn("x" * 2900))] * 90))
