"""A ticket's text in Jira's wiki markup, which Jira Data Center takes ("Text Formatting Notation Help"). Outside text
is shown as it is: no formatting, no macro, no image, no mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.tickets import Part
from bot.trackers.addresses import written

WORD_JOINER = "\u2060"

_FORMATTING = re.compile(r"([\\{}\[\]!*_^~|?])")
# At the start of a line: lists, headings, quotes, tables and rules.
_LINE_START = re.compile(r"(?m)^(\s*)([-#+]|bq\.|h[1-6]\.)")
_STRUCK = re.compile(r"(?<!\w)([-+])(?=\w)|(?<=\w)([-+])(?!\w)")


def wiki(parts: tuple[Part, ...]) -> str:
    """A ticket's text."""
    return "\n\n".join("\n".join(_lines(part)) for part in parts)


def plain(outside: str) -> str:
    """Outside text in wiki markup, as it is. Addresses stay links."""
    return written(outside, _inert, str)


def _inert(text: str) -> str:
    # Mentions are looked for in the markup itself: there, a backslash does not keep them from being found.
    apart = text.replace("[~", f"[{WORD_JOINER}~")
    escaped = _FORMATTING.sub(r"\\\1", apart)
    escaped = _STRUCK.sub(lambda it: f"\\{it[0]}", escaped)
    return _LINE_START.sub(r"\1" + WORD_JOINER + r"\2", escaped)


def _lines(part: Part) -> Iterator[str]:
    heading = f"*{plain(part.heading)}:*" if part.heading else ""
    text = plain(part.text)
    if part.entries:
        yield from (line for line in (heading,) if line)
        yield from (f"* {plain(' '.join(entry.split()))}" for entry in part.entries)
    else:
        yield f"{heading} {text}".strip() if "\n" not in text else f"{heading}\n{text}".strip()
