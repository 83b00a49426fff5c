"""Whatever is said stays within Slack's limits, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import blocks
from bot.messages.limits import fit, in_one, squeezed, view_violations, violations
from bot.messages.message import Block, Message
from bot.messages.text import ELLIPSIS, clip, cut, escape, shorten, units
from playground.slack.block_rules import check_message_blocks

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("<>&*_~`|!@#\n 👩‍💻🇩🇪é\u202e\u0301"),
        st.characters(exclude_categories=["Cs"], max_codepoint=0x1F9FF),
    ),
    min_size=1,
    max_size=400,
)


def text_of(part: Any) -> str:
    if isinstance(part, dict):
        return "".join(text_of(inner) for inner in part.values())
    if isinstance(part, (list, tuple)):
        return "".join(map(text_of, part))
    return part if isinstance(part, str) else ""


def test_a_message_within_the_limits_is_sent_as_it_is() -> None:
    message = Message("text", (blocks.header("Head"), blocks.section("Body")))
    assert fit(message) == (message,)


def test_a_message_with_too_many_blocks_is_split_and_its_head_keeps_the_buttons() -> None:
    many = tuple(blocks.section(f"line {number}") for number in range(120))
    row = blocks.actions(blocks.button("Go", "go", "v"))
    first, *rest = fit(Message("text", (blocks.header("Head"), *many, row)))
    assert first.blocks[0] == blocks.header("Head")
    assert first.blocks[-1] == row
    shown = [text_of(block) for part in (first, *rest) for block in part.blocks]
    assert [text for text in shown if "line" in text] == [text_of(block) for block in many]
    assert all(violations(part.blocks) == [] for part in (first, *rest))


def test_a_paragraph_that_is_too_long_goes_on_in_the_next_block() -> None:
    lines = "\n".join(f"{number:04d} " + "x" * 50 for number in range(200))
    parts = fit(Message("text", (blocks.section(lines),)))
    shown = "".join(text_of(block["text"]["text"]) for part in parts for block in part.blocks)
    assert [number for number in range(200) if f"{number:04d}" not in shown] == []


def test_a_table_that_is_too_long_is_split_and_keeps_its_head() -> None:
    rows = [(f"test {number}", "✅ Pass") for number in range(250)]
    parts = fit(Message("text", (blocks.table(("Test", "Result"), rows),)))
    tables = [block for part in parts for block in part.blocks]
    assert all(table["rows"][0] == tables[0]["rows"][0] for table in tables)
    assert sum(len(table["rows"]) - 1 for table in tables) == len(rows)
    assert all(violations(part.blocks) == [] for part in parts)


def test_a_fallback_text_is_short_enough_for_every_method() -> None:
    [part] = fit(Message("🚀" * 5_000, (blocks.section("x"),)))
    assert len(part.text.encode()) <= 4_000


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=12), st.integers(1, 60))
def test_whatever_comes_from_outside_fits_and_pings_nobody(texts: list[str], times: int) -> None:
    """What fits here is accepted by the playground's Slack, which knows the limits from a list of its own."""
    made = [blocks.section(escape(text * times) or "–") for text in texts]
    made.append(blocks.table(("A", "B"), [(text * 3, text) for text in texts]))
    made.append(blocks.context(*(escape(text) or "–" for text in texts)))
    for part in fit(Message(escape("".join(texts)), (blocks.header("".join(texts) or "–"), *made))):
        assert violations(part.blocks) == []
        check_message_blocks(list(part.blocks))  # raises what Slack would refuse
        mrkdwn = "".join(text_of(b) for b in part.blocks if b["type"] in {"section", "context"})
        assert "<" not in mrkdwn


@given(HOSTILE, st.integers(1, 60))
def test_text_is_clipped_to_slacks_own_count_and_says_so(text: str, limit: int) -> None:
    shown = clip(text, limit)
    assert units(shown) <= limit
    assert shown == text or shown.endswith(ELLIPSIS)


@pytest.mark.parametrize("emoji", ["👩‍💻", "🇩🇪", "👍🏽", "é"])
def test_nothing_that_is_seen_as_one_sign_is_cut_in_half(emoji: str) -> None:
    for limit in range(2, 40):
        shown = clip(emoji * 20, limit).removesuffix(ELLIPSIS)
        assert shown == emoji * (len(shown) // len(emoji))
        assert shown or limit <= units(emoji)


def test_no_token_or_entity_is_cut() -> None:
    mrkdwn = "a <@U123> &amp; <!date^1^{time}|10:00> `code` " * 20
    for limit in range(1, 200):
        shown = shorten(mrkdwn, limit)
        assert units(shown) <= limit
        assert shown.count("<") == shown.count(">")
        assert shown.count("`") % 2 == 0
        assert not shown.removesuffix(ELLIPSIS).endswith(("&", "&a", "&am", "&amp"))


@given(HOSTILE, st.integers(8, 60))
def test_text_that_is_cut_loses_nothing_and_parts_no_sign(text: str, limit: int) -> None:
    """The pieces of escaped text, one behind the other, are the text; each is within its length."""
    mrkdwn = escape(text)
    pieces = cut(mrkdwn, limit)
    assert all(units(piece) <= limit for piece in pieces)
    told = "".join("".join(pieces).split())
    assert told == "".join(mrkdwn.split()) or (ELLIPSIS in told and ELLIPSIS not in text)


def test_text_is_cut_between_words_and_never_within_a_token() -> None:
    mrkdwn = "please ask <@U123> about `git push` on <!date^1^{date_short} {time}|10:00 UTC> now " * 40
    for limit in (60, 61, 75, 100, 333):
        pieces = cut(mrkdwn, limit)
        assert "".join(pieces) == mrkdwn
        assert all(piece.endswith(" ") and piece.count("<") == piece.count(">") for piece in pieces)
        assert all(piece.count("`") % 2 == 0 for piece in pieces)


def test_an_address_that_no_piece_can_hold_is_left_out_and_the_rest_told() -> None:
    assert cut(f"before <https://e.example/{'x' * 200}> after", 50) == ["before ", ELLIPSIS, " after"]


@pytest.mark.parametrize("emoji", ["👩‍💻", "🇩🇪", "👍🏽", "e\u0301"])
def test_finished_text_is_shortened_between_signs(emoji: str) -> None:
    for limit in range(2, 40):
        shown = shorten(emoji * 40, limit).removesuffix(ELLIPSIS)
        assert shown == emoji * (len(shown) // len(emoji))


def test_a_long_paragraph_of_one_line_is_told_whole() -> None:
    words = " ".join(f"word{number}" for number in range(1_000))
    parts = fit(Message("text", (blocks.section(words),)))
    assert "".join(block["text"]["text"] for part in parts for block in part.blocks) == words


BUTTON = blocks.button("Go", "go", "v", confirm=blocks.confirm("t" * 100, "q" * 300, "y" * 30))
AWKWARD: dict[str, list[Block]] = {
    "a text with fields beside it": [blocks.section("x" * 4_000) | {"fields": [blocks.mrkdwn("y")]}],
    "a text with a button beside it": [blocks.section("x" * 4_000, BUTTON)],
    "long fields with a name": [blocks.fields(*["x" * 2_500] * 25) | {"block_id": "facts"}],
    "long small print": [blocks.context(*["x" * 2_500] * 25)],
    "empty texts": [blocks.section(""), blocks.fields(""), blocks.context(""), blocks.header("")],
    "a long headline": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 500}}],
    "a wide table": [blocks.table(["h" * 400] * 20, [["c" * 400] * 20] * 30)],
    "a table that is too wide": [blocks.table(["h"] * 25, [["c"] * 25] * 3)],
    "a table and many buttons": [
        blocks.table(["h"], [["c" * 390]] * 24),
        blocks.actions(*(BUTTON | {"action_id": f"go{number}"} for number in range(10))),
    ],
    "long labels": [blocks.actions(BUTTON | {"text": {"type": "plain_text", "text": "x" * 100}})],
    "more rows of buttons than blocks": [blocks.actions(BUTTON)] * 60,
    "more buttons than a row holds": [
        blocks.actions(*(BUTTON | {"action_id": f"go{number}"} for number in range(40)), block_id="row")
    ],
    "a table with short rows": [blocks.table(["a", "b"], [["c"], ["d", "e"]])],
    "two tables": [blocks.table(["h"], [["c"]])] * 2,
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_blocks_are_made_to_fit(name: str) -> None:
    """Whatever is too long, too many, too heavy or empty becomes messages that Slack takes."""
    head = blocks.header("Head")
    parts = fit(Message("text", (head, *AWKWARD[name])))
    assert parts[0].blocks[0] == head
    for part in parts:
        assert violations(part.blocks) == []
        check_message_blocks(list(part.blocks))
    assert violations(in_one(Message("text", (head, *AWKWARD[name]))).blocks) == []


def test_what_stands_beside_a_long_text_stays_beside_its_beginning() -> None:
    [part] = fit(Message("text", (blocks.section("x" * 4_000, BUTTON) | {"block_id": "one"},)))
    assert [block.get("accessory") for block in part.blocks] == [BUTTON, None]
    assert [block.get("block_id") for block in part.blocks] == ["one", None]


def test_an_answer_that_must_be_one_message_says_that_more_was_left_out() -> None:
    many = Message("text", tuple(blocks.section("x" * 2_000) for _ in range(20)))
    assert "more than a message can hold" in text_of(in_one(many).blocks[-1])
    few = Message("text", (blocks.section("x"),))
    assert in_one(few) == few
    for length in range(1_000, 1_400, 25):  # also where the first part is full to the last character
        full = in_one(Message("text", tuple(blocks.section("x" * length) for _ in range(20))))
        assert violations(full.blocks) == []


def test_a_message_that_is_too_long_loses_the_ends_of_its_longest_lines_and_no_line() -> None:
    """What escaping made four times as long makes room for the rest."""
    lines = "\n".join(f"*Field {number}:* {escape('<' * 300)}" for number in range(2))
    message = Message("text", (*(blocks.section(lines) for _ in range(6)), blocks.section("*Last:* word")))
    assert len(fit(message)) > 1
    shown = squeezed(message)
    assert fit(shown) == (shown,)
    assert [text_of(block).count("Field") for block in shown.blocks] == [2, 2, 2, 2, 2, 2, 0]
    assert text_of(shown.blocks[-1]) == text_of(message.blocks[-1])
    assert squeezed(shown) is shown


def test_a_link_is_kept_as_long_as_other_lines_can_make_room() -> None:
    """An address that is cut leads nowhere."""
    link = f"<https://example.com/{'a' * 1900}|Run>"
    words = blocks.section(f"{link}\n{'word ' * 250}")
    shown = squeezed(Message("text", (words,) * 5))
    assert violations(shown.blocks) == []
    assert all(link in text_of(block) for block in shown.blocks)
    crowd = squeezed(Message("text", (words,) * 12))
    assert violations(crowd.blocks) == []


def test_a_fallback_text_keeps_to_characters_and_bytes() -> None:
    """Half a surrogate pair, which is no text, is no reason to fail."""
    for text in ("x" * 5_000, "я" * 3_000, "😀" * 2_500, "\ud83d" * 2_000, "&amp;" * 1_000):
        [part] = fit(Message(text))
        assert units(part.text) <= 4_000
        assert len(part.text.encode(errors="surrogatepass")) <= 4_000


def test_a_form_over_a_limit_is_found() -> None:
    view = {"type": "modal", "title": blocks.plain("x" * 30, 40), "blocks": [blocks.section("x")] * 101}
    told = view_violations(view)
    assert any("101 blocks" in problem for problem in told)
    assert any("title" in problem for problem in told)
