"""A ticket's text as Atlassian Document Format (developer.atlassian.com, "Atlassian Document Format"): the form in
which Jira Cloud takes rich text. A text node is shown as it is, whatever stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.core.tickets import Part
from bot.trackers.addresses import pieces

Node = dict[str, Any]


def document(parts: tuple[Part, ...]) -> Node:
    """The root node."""
    return {"type": "doc", "version": 1, "content": [node for part in parts for node in _nodes(part)]}


def _nodes(part: Part) -> Iterator[Node]:
    heading = [_text(f"{part.heading}:", {"type": "strong"})] if part.heading else []
    if part.entries:
        if heading:
            yield _paragraph(heading)
        entries = [" ".join(entry.split()) for entry in part.entries]
        items = [{"type": "listItem", "content": [_paragraph(_linked(entry))]} for entry in entries if entry]
        if items:
            yield {"type": "bulletList", "content": items}
        return
    space = [_text(" ")] if heading and part.text else []
    content = [*heading, *space, *_lines(part.text)]
    if content:
        yield _paragraph(content)


def _paragraph(content: list[Node]) -> Node:
    return {"type": "paragraph", "content": content}


def _lines(text: str) -> list[Node]:
    """Text with its line breaks; a text node has none, and is never empty."""
    nodes: list[Node] = []
    for index, line in enumerate(text.splitlines()):
        if index:
            nodes.append({"type": "hardBreak"})
        nodes += _linked(line)
    return nodes


def _linked(line: str) -> list[Node]:
    return [_text(piece, _link(piece) if is_address else None) for piece, is_address in pieces(line) if piece]


def _link(address: str) -> Node:
    return {"type": "link", "attrs": {"href": address}}


def _text(text: str, mark: Node | None = None) -> Node:
    return {"type": "text", "text": text, "marks": [mark]} if mark else {"type": "text", "text": text}
