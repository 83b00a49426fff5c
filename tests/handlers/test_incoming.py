"""Text as Slack delivers it becomes what the person typed."""

from __future__ import annotations

import pytest

from handlers.incoming import first_word, plain


@pytest.mark.parametrize(
    ("delivered", "typed"),
    [
        ("threshold=&gt;5% &amp; more", "threshold=>5% & more"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("see <https://docs.example.com/a?b=1&amp;c=2>", "see https://docs.example.com/a?b=1&c=2"),
        ("see <https://docs.example.com|docs.example.com>", "see https://docs.example.com"),
        ("<mailto:qa@example.com|qa@example.com>", "mailto:qa@example.com"),
        ("authors=<@U0BOB|bob> <@W0ALICE>", "authors=<@U0BOB> <@W0ALICE>"),
        ("as told in <#C0INCIDENTS|incidents>", "as told in #incidents"),
        ("for <!subteam^S0TEAM|@team> and <!here>", "for @team and @here"),
        ("&lt;!channel&gt;", "<!channel>"),
        ("\u00a0v1.2.0\u00a0", "v1.2.0"),
    ],
)
def test_markup_of_slack_is_undone_and_people_stay_known_by_id(delivered: str, typed: str) -> None:
    """Links, channels and groups read as they were typed; what was escaped is itself again, once."""
    assert plain(delivered) == typed


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", ("", "")), ("status", ("status", "")), ("note  several words ", ("note", "several words"))],
)
def test_the_first_word_is_parted_from_the_rest(text: str, parts: tuple[str, str]) -> None:
    assert first_word(text) == parts
