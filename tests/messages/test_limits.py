"""Whatever is said stays within Slack's limits, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import blocks
from bot.messages.limits import fit, view_violations, violations
from bot.messages.message import Message
from bot.messages.text import ELLIPSIS, clip, escape, shorten, units
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


def test_a_form_over_a_limit_is_found() -> None:
    view = {"type": "modal", "title": blocks.plain("x" * 30, 40), "blocks": [blocks.section("x")] * 101}
    told = view_violations(view)
    assert any("101 blocks" in problem for problem in told)
    assert any("title" in problem for problem in told)
