"""Text as Slack delivers it, back to what the person typed."""

from __future__ import annotations

import html
import re

_LINK = re.compile(r"<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>")
_NAMED = re.compile(r"<(@[UW][A-Z0-9]+)\|[^>]*>")


def plain(text: str) -> str:
    """Slack's markup for links and its three entities undone; mentions of people stay as `<@U…>`.

    Slack escapes &, < and > in what people type, and wraps links in angle brackets
    (docs.slack.dev, "Formatting message text").
    """
    unlinked = _LINK.sub(r"\1", _NAMED.sub(r"<\1>", text))
    return html.unescape(unlinked).replace("\u00a0", " ").strip()


def first_word(text: str) -> tuple[str, str]:
    """The first word and the rest, both stripped."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""
