"""Outside text as GitHub's Markdown shows it as it is (GitHub Flavored Markdown Spec): no formatting, no HTML, no
mention, no reference to another issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.tickets import Part
from bot.trackers.addresses import written

ZERO_WIDTH_SPACE = "\u200b"

_FORMATTING = re.compile(r"([\\`*_{}\[\]<>|~&$])")
_LINE_START = re.compile(r"(?m)^([ \t]*)([-+=#]|\d+(?=[.)]))")
# GitHub looks for mentions and references in what was rendered: a backslash does not keep it from that.
_CALLS = re.compile(r"(@|#|\b(?i:GH)-)(?=[\w])")
_INDENT = re.compile(r"(?m)^[ \t]+")


def markdown(parts: tuple[Part, ...]) -> str:
    """A ticket's text."""
    return "\n\n".join(_part(part) for part in parts)


def plain(outside: str) -> str:
    """Outside text in Markdown, as it is. Addresses stay links."""
    # Four blanks at the start of a line would make it code.
    return written(_INDENT.sub("", outside), _inert, lambda address: f"<{address}>")


def _inert(text: str) -> str:
    escaped = _FORMATTING.sub(r"\\\1", text)
    escaped = _LINE_START.sub(lambda it: f"{it[1]}{it[2]}\\" if it[2].isdigit() else f"{it[1]}\\{it[2]}", escaped)
    return _CALLS.sub(rf"\1{ZERO_WIDTH_SPACE}", escaped)


def _part(part: Part) -> str:
    return "\n".join(_lines(part))


def _lines(part: Part) -> Iterator[str]:
    heading = f"**{plain(part.heading)}:**" if part.heading else ""
    text = plain(part.text)
    if part.entries:
        yield heading
        yield ""
        yield from (f"- {plain(' '.join(entry.split()))}" for entry in part.entries)
    else:
        yield f"{heading} {text}".strip() if "\n" not in text else f"{heading}\n{text}".strip()
