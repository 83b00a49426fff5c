"""Outside text in a ticket is shown as it is, and calls nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tickets import Part
from bot.trackers.document import document
from bot.trackers.markdown import markdown
from bot.trackers.markdown import plain as in_markdown
from bot.trackers.wiki import plain as in_wiki
from bot.trackers.wiki import wiki
from tests.trackers.fakes import is_document

HOSTILE = "@octocat <!-- x --> {code}[~admin]!image.png! #12 GH-7 <b>*bold*</b> `x` https://example.com/a_b?c=*d*"


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("@octocat and @acme/team", "@\u200boctocat and @\u200bacme/team"),
        ("of #12, acme/shop#12 and GH-7", "of #\u200b12, acme/shop#\u200b12 and GH-\u200b7"),
        ("*bold* _soft_ `code` ~~no~~", r"\*bold\* \_soft\_ \`code\` \~\~no\~\~"),
        ("<img src=x> <!-- greenlight-1 -->", r"\<img src=x\> \<!-- greenlight-1 --\>"),
        ("# Title\n- item\n1. one\n    code", "\\# Title\n\\- item\n1\\. one\ncode"),
        ("see https://example.com/a_b@c#d now", "see <https://example.com/a_b@c#d> now"),
        ("admin&#64;octocat", r"admin\&#" + "\u200b64;octocat"),
    ],
)
def test_markdown_of_outside_text_formats_nothing_and_calls_nobody(outside: str, shown: str) -> None:
    assert in_markdown(outside) == shown


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("[~admin] [link|http://x]", "\\[\u2060\\~admin\\] \\[link\\|http://x\\]"),
        ("{code}x{code} !image.png! *bold*", r"\{code\}x\{code\} \!image.png\! \*bold\*"),
        ("STORY-140 is -gone- at 12:00", r"STORY-140 is \-gone\- at 12:00"),
        ("h1. Title\n# one\nbq. quoted\n----", "\u2060h1. Title\n\u2060# one\n\u2060bq. quoted\n\u2060----"),
        ("see https://example.com/a_b-c now", "see https://example.com/a_b-c now"),
    ],
)
def test_wiki_markup_of_outside_text_formats_nothing_and_calls_nobody(outside: str, shown: str) -> None:
    assert in_wiki(outside) == shown


@given(st.text(st.sampled_from("@#aA1/ \n-<!>{}[]~|*_`\\&;")))
def test_whatever_is_written_there_is_no_mention_no_comment_and_no_macro(outside: str) -> None:
    shown = in_markdown(outside)
    assert not any(f"@{sign}" in shown or f"#{sign}" in shown for sign in "aA1")
    assert "<" not in shown.replace(r"\<", "")
    assert "[~" not in in_wiki(outside)
    assert "{" not in in_wiki(outside).replace("\\\\", "").replace(r"\{", "")


@given(st.lists(st.builds(Part, st.sampled_from(("", "Problem")), st.text(), st.lists(st.text()).map(tuple))))
def test_whatever_is_written_there_makes_a_document_that_jira_takes(parts: list[Part]) -> None:
    assert is_document(document(tuple(parts)))


def test_the_same_ticket_reads_the_same_in_every_form() -> None:
    parts = (Part("Problem", HOSTILE), Part("Symptoms", entries=(HOSTILE, "two\nlines")))
    assert markdown(parts).count("@\u200boctocat") == 2
    assert wiki(parts).splitlines()[2:] == ["*Symptoms:*", *wiki(parts).splitlines()[3:]]
    assert wiki(parts).endswith("* two lines")
    first, heading, entries = document(parts)["content"]
    assert first["content"][0] == {"type": "text", "text": "Problem:", "marks": [{"type": "strong"}]}
    assert heading["content"][0]["text"] == "Symptoms:"
    assert [len(entries["content"]), entries["type"]] == [2, "bulletList"]
