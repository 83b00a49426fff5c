"""Markdown that people copy into their documents: outside text stands in it as it is, and calls nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.messages import blocks
from bot.messages.limit_rules import SECTION
from bot.messages.limits import fit
from bot.messages.message import Message
from bot.messages.text import cut, one_line, visible

_FORMATTING = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w))")
_LINE_START = re.compile(r"^([-+=#]|\d+(?=[.)](?:\s|$)))")
_CALLS = re.compile(r"@(?=\w)")
_URL = re.compile(r"https?://[^\s<>|]+")
ZERO_WIDTH_SPACE = "\u200b"
"""Behind an @: a service that the text is copied into would call somebody by the name."""

BLANK = "_To be filled in._"


def inert(outside: str) -> str:
    """Outside text on one line (CommonMark, "Backslash escapes"); addresses stay whole, to be followed."""
    line = one_line(visible(outside))
    end, parts = 0, []
    for found in _URL.finditer(line):
        parts += [_escaped(line[end : found.start()]), found[0]]
        end = found.end()
    whole = "".join((*parts, _escaped(line[end:])))
    return _LINE_START.sub(lambda it: f"{it[1]}\\" if it[1].isdigit() else f"\\{it[1]}", whole)


def _escaped(text: str) -> str:
    return _CALLS.sub(f"@{ZERO_WIDTH_SPACE}", _FORMATTING.sub(r"\\\1", text))


def bullets(entries: Iterable[str]) -> list[str]:
    return [f"- {inert(entry)}" for entry in entries]


def lines_of(text: str) -> list[str]:
    """A text's own lines, as paragraphs of their own."""
    return [part for line in text.splitlines() if line.strip() for part in (inert(line), "")][:-1]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table (GitHub Flavored Markdown Spec, "Tables"); its cells are finished Markdown of one line."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell or '–' for cell in cells)} |"


def section(title: str, lines: Iterable[str], level: int = 2) -> list[str]:
    """A headed part, with a blank line around the heading; without lines it is left blank for people."""
    return ["", f"{'#' * level} {title}", "", *(list(lines) or [BLANK])]


def to_copy(title: str, text: str) -> tuple[Message, ...]:
    """Messages with Markdown as it stands, to be copied. `title` is mrkdwn."""
    parts = tuple(map(blocks.preformatted, _pieces(text)))
    return fit(Message(title, (blocks.section(title), *parts)))


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of a length, parted between lines; one that is longer is parted itself."""
    piece = ""
    for line in (part for whole in text.splitlines() for part in (cut(whole, SECTION) or [""])):
        if len(piece) + len(line) >= SECTION // 2:
            yield piece
            piece = line
        else:
            piece = f"{piece}\n{line}" if piece else line
    if piece:
        yield piece
