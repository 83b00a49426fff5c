"""Text from outside: shown as it is, obeyed in nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.text import WORD_JOINER, bold, clip, code, escape, link, linked, moment, one_line, visible

ANYTHING = st.text(
    alphabet=st.one_of(
        st.sampled_from("<>&*_~`|!@#:/.\n\t \u202e\u200b\u2060😀я"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=200,
)
ENTITY = re.compile("&(?:amp|lt|gt);")
FORMATTED = re.compile(r"(?<![\w\u2060])([*_~`])(?=\S)(.+?)(?<=\S)\1(?![\w\u2060])")
"""A run that Slack shows in bold, italic, struck or as code: its marks stand at the edges of words."""


@pytest.mark.parametrize(
    "ping", ["<!channel>", "<!here>", "<!everyone>", "<!subteam^S0ALL>", "<@U0ONE>", "<#C0ONE>", "<!date^1^{date}|x>"]
)
def test_nothing_that_slack_parses_survives(ping: str) -> None:
    for shown in (
        escape(ping),
        code(ping),
        bold(ping),
        linked(ping),
        link("https://e.example", ping).partition("|")[2][:-1],
    ):
        assert ping not in shown
        assert "<" not in shown


@given(ANYTHING)
def test_escaped_text_holds_no_token_and_reads_the_same(text: str) -> None:
    """What is left of &, < and > are Slack's entities, and undoing them gives what a person could see."""
    shown = escape(text)
    assert not set("<>") & set(shown)
    assert "&" not in ENTITY.sub("", shown)
    back = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert back.replace(WORD_JOINER, "") == visible(text)


@given(ANYTHING)
def test_escaped_text_formats_nothing(text: str) -> None:
    assert not FORMATTED.search(escape(text))


@pytest.mark.parametrize("text", ["snake_case_name", "2*3*4", "v1.2.0", "don't", "C:\\path", "a~b~c", "5 < 6 & 7"])
def test_what_formats_nothing_is_left_as_it_is(text: str) -> None:
    """Names that people copy out of Slack carry nothing along."""
    assert WORD_JOINER not in escape(text)


@given(ANYTHING)
def test_a_code_span_is_one_line_that_nothing_leaves(text: str) -> None:
    shown = code(text)
    assert shown == "" or (shown[0] == shown[-1] == "`" and len(shown) > 2)
    assert "`" not in shown[1:-1]
    assert "\n" not in shown
    assert not set("<>") & set(shown)
    assert WORD_JOINER not in shown


def test_what_is_copied_out_of_a_code_span_is_what_was_put_in() -> None:
    assert code("feature/*_tracking_*") == "`feature/*_tracking_*`"


def test_bold_text_is_not_left_by_an_asterisk() -> None:
    assert bold("v1* <!channel>\nnext") == f"*v1{WORD_JOINER}*{WORD_JOINER} &lt;!channel&gt; next*"


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\u2060", "\x00", "\x1b", "\x7f", "\u061c", "\ud83d"]
)
def test_what_hides_or_turns_text_around_is_left_out(hidden: str) -> None:
    for shown in (escape(f"ab{hidden}cd"), code(f"ab{hidden}cd")):
        assert hidden not in shown
    for shown in (linked(f"https://e.example/{hidden}x"), link(f"https://e.example/{hidden}x", f"l{hidden}abel")):
        assert hidden not in shown


@pytest.mark.parametrize("kept", ["👩‍💻", "🇩🇪", "👍🏽", "e\u0301", "שלום", "نمی\u200cخواهم"])
def test_what_other_languages_and_emoji_need_stays(kept: str) -> None:
    assert escape(kept) == kept


def test_one_line_has_no_breaks_of_any_kind() -> None:
    assert one_line(" a\r\n\tb\u2028c\u0085d  e ") == "a b c d e"


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sentry: https://s.example/a?b=1&c=2", "Sentry: <https://s.example/a?b=1&amp;c=2>"),
        ("(see https://s.example/a).", "(see <https://s.example/a>)."),
        ("https://s.example/a, http://d.example!", "<https://s.example/a>, <http://d.example>!"),
        ("https://evil.example|click", "<https://evil.example>|click"),
        ("<https://evil.example|click>", "&lt;<https://evil.example>|click&gt;"),
        ("javascript:alert(1) ftp://x.example", "javascript:alert(1) ftp://x.example"),
    ],
)
def test_only_web_addresses_become_links_and_show_where_they_lead(text: str, shown: str) -> None:
    assert linked(text) == shown


@given(ANYTHING)
def test_every_token_in_linked_text_is_a_bare_address(text: str) -> None:
    rest = re.sub(r"<https?://[^\s<>|]+>", "", linked(text))
    assert not set("<>") & set(rest)


def test_a_label_cant_leave_its_link() -> None:
    assert link("https://e.example/a", "a|b>\n<!channel>") == "<https://e.example/a|a/b&gt; &lt;!channel&gt;>"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://a b", "https://a|b", "//e.example", ""])
def test_what_is_no_web_address_is_shown_and_leads_nowhere(address: str) -> None:
    assert link(address, "label") == escape(address)


# ── moments ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("date_time", "<!date^1705420800^{date_short_pretty} {time}|2024-01-16 16:00 UTC>"),
        ("time", "<!date^1705420800^{time}|16:00 UTC>"),
    ],
)
def test_a_moment_is_shown_in_the_readers_zone_and_in_utc_where_that_cant_be(style: str, shown: str) -> None:
    assert moment(datetime(2024, 1, 16, 16, tzinfo=UTC), style) == shown
    assert moment(datetime(2024, 1, 16, 19, tzinfo=timezone(timedelta(hours=3))), style) == shown


def test_an_address_that_was_cut_short_is_no_link() -> None:
    """It would lead elsewhere."""
    assert linked(clip("see https://docs.example.com/a/long/path", 30)) == "see https://docs.example.com/…"
    assert linked("see https://docs.example.com/a") == "see <https://docs.example.com/a>"
