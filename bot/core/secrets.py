"""Answers that are kept nowhere, such as credentials: they are parted from a form's other answers before it is read.

The form, and the event and the snapshot that follow from it, hold a mark in a secret's place. An error of pydantic
quotes what it is about, so it never gets to see one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.core.forms import Form
from bot.errors import Refusal

GIVEN = "given, and kept nowhere"
"""What stands in the place of a secret."""

LONGEST = 3_000
"""Characters of a secret: what an input takes (docs.slack.dev, plain text input)."""


class Secret:
    """What nobody but its receiver may read. It shows itself in no text that is made of it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself: for the message to its receiver, and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


@cache
def secret_fields(form: type[Form]) -> frozenset[str]:
    """The names of a form's fields whose answers are kept nowhere."""
    return frozenset(name for name, (ask, _) in form.asks().items() if ask.secret)


def without_secrets(form: type[Form], answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Secret]]:
    """The answers with a mark where a secret was given, and the secrets by field name.

    Raises Refusal where a secret can't be handed on; it says nothing of what it is.
    """
    kept, secrets = dict(answers), {}
    for name in secret_fields(form) & answers.keys():
        given = kept.pop(name)
        text = given.strip() if isinstance(given, str) else ""
        if (given and not isinstance(given, str)) or len(text) > LONGEST or _is_unsendable(text):
            raise _refused(name)
        if text:
            kept[name], secrets[name] = GIVEN, Secret(text)
    return kept, secrets


_NAMED_SECRET = re.compile(
    r"(?i)\b(?:secrets?|credentials?|password|passwd|pwd|passphrase|token|api[ _-]?key)\b[\w ]{0,30}[=:]"
)


def tells_secrets(form: type[Form], words: str) -> bool:
    """True if words that were typed where others read them seem to answer a form's secret field."""
    names = secret_fields(form)
    if not names or not words.strip():
        return False
    return (
        names >= form.asks().keys() or any(f"{name}=" in words for name in names) or bool(_NAMED_SECRET.search(words))
    )


def _is_unsendable(text: str) -> bool:
    """Halves of a surrogate pair are no text, and control characters are none that a message can hold."""
    return any("\ud800" <= sign <= "\udfff" or (sign < " " and sign not in "\t\r\n") for sign in text)


def _refused(name: str) -> Refusal:
    why = f"This can't be handed on. Give it as plain text of {LONGEST:,} characters at most."
    return Refusal(why, fields={name: why})
