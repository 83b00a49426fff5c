"""Text of other systems, made fit for forms: whatever JSON or HTTP let in, nothing that is told is refused for it."""

from __future__ import annotations

import re

LONGEST_LINE, LONGEST_TEXT = 140, 1000

# Control characters are no text; halves of a surrogate pair, which JSON lets in, can be neither stored nor sent.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def unbroken(text: object) -> str:
    """Outside text on one line, whole."""
    return " ".join(_UNPRINTABLE.sub(" ", str(text or "")).split())


def one_line(text: object, longest: int = LONGEST_LINE) -> str:
    """Outside text as one line that a form takes."""
    plain = unbroken(text)
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def plain_text(text: object) -> str:
    """Outside text, of several lines perhaps, as a form takes it."""
    lines = map(unbroken, str(text or "").splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST_TEXT]
