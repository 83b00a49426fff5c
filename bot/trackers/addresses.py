"""Where the addresses are in a text: they stay links, the rest is made inert."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_ADDRESS = re.compile(r"https?://[^\s<>{}\[\]|\\^]+")


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text cut at its addresses: each piece, and whether it is one."""
    end = 0
    for found in _ADDRESS.finditer(text):
        yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    yield text[end:], False


def written(text: str, inert: Callable[[str], str], address: Callable[[str], str]) -> str:
    """A text with its addresses written in one way, and all else in another."""
    return "".join(address(piece) if is_address else inert(piece) for piece, is_address in pieces(text))
