"""Every limit of Slack that the bot knows: what is at it passes, what is one over it is found.

The playground's Slack has a list of its own; where the two disagree, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.messages import blocks
from bot.messages.limits import view_violations, violations
from bot.messages.message import Block
from playground.slack.block_rules import check_message_blocks, check_view
from playground.slack.shapes import ApiError


def button(**changes: Any) -> Block:
    return blocks.button("Go", "go", "v") | changes


def select(kind: str, options: int = 1, **changes: Any) -> Block:
    many = [blocks.option(str(number), str(number)) for number in range(options)]
    return blocks.element(kind, "chosen", options=many) | changes


def question(**changes: Any) -> Block:
    return blocks.input_block("name", "Name", blocks.element("plain_text_input", "answer") | changes)


def row(*elements: Block) -> Block:
    return blocks.actions(*elements)


def rich(length: int) -> Block:
    leaf = {"type": "text", "text": "x" * length}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}


def plain(length: int) -> Block:
    return {"type": "plain_text", "text": "x" * length}


def confirming(**changes: Any) -> Block:
    return row(button(confirm=blocks.confirm("Sure?", "Really?", "Yes") | changes))


def option(**changes: Any) -> Block:
    chosen = select("static_select")
    return blocks.section("x", chosen | {"options": [chosen["options"][0] | changes]})


def table(rows: int, columns: int, length: int = 1) -> Block:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * length}] * columns] * rows}


OF_BLOCKS: dict[str, tuple[int, Callable[[int], list[Block]]]] = {
    "blocks": (50, lambda n: [blocks.divider()] * n),
    "section": (3_000, lambda n: [blocks.section("x" * n)]),
    "section in emoji": (1_500, lambda n: [blocks.section("😀" * n)]),
    "field": (2_000, lambda n: [blocks.fields("x" * n)]),
    "fields": (10, lambda n: [blocks.fields(*["x"] * n)]),
    "header": (150, lambda n: [{"type": "header", "text": plain(n)}]),
    "context": (2_000, lambda n: [blocks.context("x" * n)]),
    "context elements": (10, lambda n: [blocks.context(*["x"] * n)]),
    "actions": (25, lambda n: [row(*(button(action_id=f"go{number}") for number in range(n)))]),
    "button label": (75, lambda n: [row(button(text=plain(n)))]),
    "button value": (2_000, lambda n: [row(button(value="x" * n))]),
    "button url": (3_000, lambda n: [row(button(url="https://e.example/".ljust(n, "x")))]),
    "button accessibility label": (75, lambda n: [row(button(accessibility_label="x" * n))]),
    "button beside a text": (2_000, lambda n: [blocks.section("x", button(value="x" * n))]),
    "action_id": (255, lambda n: [row(button(action_id="x" * n))]),
    "block_id": (255, lambda n: [blocks.actions(button(), block_id="x" * n)]),
    "confirm title": (100, lambda n: [confirming(title=plain(n))]),
    "confirm text": (300, lambda n: [confirming(text=plain(n))]),
    "confirm yes": (30, lambda n: [confirming(confirm=plain(n))]),
    "confirm no": (30, lambda n: [confirming(deny=plain(n))]),
    "menu options": (100, lambda n: [blocks.section("x", select("static_select", n))]),
    "radio buttons": (10, lambda n: [blocks.section("x", select("radio_buttons", n))]),
    "checkboxes": (10, lambda n: [blocks.section("x", select("checkboxes", n))]),
    "overflow": (5, lambda n: [blocks.section("x", select("overflow", n))]),
    "option label": (75, lambda n: [option(text=plain(n))]),
    "option value": (150, lambda n: [option(value="x" * n)]),
    "option description": (75, lambda n: [option(description=plain(n))]),
    "placeholder": (150, lambda n: [question(placeholder=plain(n))]),
    "input label": (2_000, lambda n: [question() | {"label": plain(n)}]),
    "input hint": (2_000, lambda n: [question() | {"hint": plain(n)}]),
    "input value": (3_000, lambda n: [question(initial_value="x" * n)]),
    "input length": (3_000, lambda n: [question(max_length=n)]),
    "image text": (2_000, lambda n: [{"type": "image", "image_url": "https://e.example/x", "alt_text": "x" * n}]),
    "table rows": (100, lambda n: [table(n, 1)]),
    "table columns": (20, lambda n: [table(1, n)]),
    "table cells": (10_000, lambda n: [table(1, 1, n)]),
    "markdown": (12_000, lambda n: [{"type": "markdown", "text": "x" * n}]),
}

OVER = {
    "no text": [blocks.section("")],
    "no headline": [{"type": "header", "text": plain(0)}],
    "no element": [row()],
    "neither text nor fields": [{"type": "section"}],
    "confirm without a question": [row(button(confirm={"title": plain(3)}))],
    "a table whose rows differ": [{"type": "table", "rows": [table(1, 1)["rows"][0], table(1, 2)["rows"][0]]}],
    "two tables": [table(1, 1), table(1, 1)],
    "two blocks of one name": [blocks.actions(button(), block_id="a"), blocks.actions(button(), block_id="a")],
    "two buttons of one name": [row(button(), button())],
    "an unknown block": [{"type": "marquee"}],
    "an element that belongs to no block": [row({"type": "lever", "action_id": "pull"})],
    "a headline in mrkdwn": [{"type": "header", "text": blocks.mrkdwn("x")}],
    "too much in all": [blocks.section("x" * 3_000)] * 5,
    "too much rich text": [rich(13_200)],
}


def is_refused(given: list[Block]) -> bool:
    """Whether the playground's Slack refuses it."""
    try:
        check_message_blocks(given)
    except ApiError:
        return True
    return False


@pytest.mark.parametrize("name", OF_BLOCKS)
def test_what_is_at_a_limit_passes_and_one_more_is_found(name: str) -> None:
    """The playground's Slack agrees on both."""
    most, made = OF_BLOCKS[name]
    assert violations(made(most)) == []
    assert not is_refused(made(most))
    assert violations(made(most + 1)) != []
    assert is_refused(made(most + 1))


@pytest.mark.parametrize("name", OVER)
def test_what_slack_refuses_is_found(name: str) -> None:
    assert violations(OVER[name]) != []
    assert is_refused(OVER[name])


def test_a_violation_is_told_with_its_place() -> None:
    """Whoever reads the log finds the part that is too long."""
    [told] = violations([blocks.divider(), row(button(), button(action_id="other", value="x" * 2_001))])
    assert told == "block 1 (actions): elements.1.value has 2001 characters, 1 to 2000 are allowed"


# ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def modal(*given: Block, **changes: Any) -> Block:
    return {"type": "modal", "title": plain(4), "submit": plain(4), "blocks": list(given) or [question()]} | changes


def focused(name: str) -> Block:
    return blocks.input_block(name, "Name", blocks.element("plain_text_input", "answer", focus_on_load=True))


OF_VIEWS: dict[str, tuple[int, Callable[[int], Block]]] = {
    "view blocks": (100, lambda n: modal(*[blocks.divider()] * n)),
    "title": (24, lambda n: modal(title=plain(n))),
    "submit": (24, lambda n: modal(submit=plain(n))),
    "close": (24, lambda n: modal(close=plain(n))),
    "private_metadata": (3_000, lambda n: modal(private_metadata="x" * n)),
    "callback_id": (255, lambda n: modal(callback_id="x" * n)),
    "external_id": (255, lambda n: modal(external_id="x" * n)),
    "one focus": (1, lambda n: modal(*(focused(str(number)) for number in range(n)))),
    "bytes": (82, lambda n: modal(*[blocks.section("x" * 2_950)] * n, question())),
}


def is_refused_view(view: Block) -> bool:
    try:
        check_view(view)
    except ApiError:
        return True
    return False


@pytest.mark.parametrize("name", OF_VIEWS)
def test_a_view_at_a_limit_passes_and_one_more_is_found(name: str) -> None:
    most, made = OF_VIEWS[name]
    assert view_violations(made(most)) == []
    assert not is_refused_view(made(most))
    assert view_violations(made(most + 1)) != []
    assert is_refused_view(made(most + 1))


@pytest.mark.parametrize(
    "view",
    [
        {key: value for key, value in modal().items() if key != "submit"},
        {key: value for key, value in modal().items() if key != "title"},
        modal() | {"blocks": []},
        modal(table(1, 1)),
        modal({"type": "markdown", "text": "x"}),
    ],
    ids=["inputs without a submit button", "no title", "no blocks", "a table in a form", "markdown in a form"],
)
def test_what_slack_refuses_in_a_view_is_found(view: Block) -> None:
    assert view_violations(view) != []
    assert is_refused_view(view)


def test_a_home_needs_neither_title_nor_submit() -> None:
    home = {"type": "home", "blocks": [blocks.section("x")]}
    assert view_violations(home) == []
    assert not is_refused_view(home)
