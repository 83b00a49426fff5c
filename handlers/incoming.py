"""Text as Slack delivers it, back to what the person typed."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Mapping
from typing import Any

from bot.core.forms import Form, Widget
from handlers.context import Context

MOST_EVIDENCE = 300
"""Characters of a message that is taken as evidence: what an entry of a list may have."""

_LINK = re.compile(r"<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>")
_NAMED = re.compile(r"<(@[UW][A-Z0-9]+)\|[^>]*>")
_CHANNEL = re.compile(r"<#C[A-Z0-9]+\|([^>]+)>")
_GROUP = re.compile(r"<!subteam\^S[A-Z0-9]+\|(@[^>]+)>")
_EVERYBODY = re.compile(r"<!(here|channel|everyone)(?:\|[^>]*)?>")
_MARKUP = ((_LINK, r"\1"), (_NAMED, r"<\1>"), (_CHANNEL, r"#\1"), (_GROUP, r"\1"), (_EVERYBODY, r"@\1"))
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)>")


def plain(text: str) -> str:
    """Slack's markup for links, channels and groups and its three entities undone; people stay as `<@U…>`.

    Slack escapes &, < and > in what people type, and wraps links and names in angle brackets
    (docs.slack.dev, "Formatting message text").
    """
    for markup, shown in _MARKUP if "<" in text else ():
        text = markup.sub(shown, text)
    return html.unescape(text).replace("\u00a0", " ").strip()


def first_word(text: str) -> tuple[str, str]:
    """The first word and the rest, both stripped."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""


async def in_names(context: Context, text: str) -> str:
    """A text with people's names where it mentions them: what is kept is read by people, and calls nobody."""
    if "<@" not in text:
        return text
    people = tuple(dict.fromkeys(_PERSON.findall(text)))
    names = dict(zip(people, await asyncio.gather(*map(context.directory.name, people)), strict=True))
    return _PERSON.sub(lambda found: f"@{names[found[1]]}", text)


async def evidence(context: Context, body: Mapping[str, Any]) -> str:
    """The message that a shortcut was used on, as one line that can be kept: who wrote it, and what."""
    message = body["message"]
    author = f"<@{message['user']}>: " if message.get("user") else ""
    text = await in_names(context, f"{author}{plain(message.get('text', ''))}")
    return " ".join(text.split())[:MOST_EVIDENCE]


async def typed_answers(context: Context, form: type[Form], words: str, user: str) -> dict[str, Any]:
    """The answers in the words that somebody typed for a form. Refusal where they can't be read."""
    if not words:
        return {}
    answers = form.answers_from_words(words, context.clock.now(), await context.directory.zone(user))
    if "<@" not in words:
        return answers
    asks = form.asks()
    return {name: await _readable(context, asks[name][0].widget, given) for name, given in answers.items()}


async def _readable(context: Context, widget: Widget, given: Any) -> Any:
    if widget is Widget.PEOPLE:
        return given
    if isinstance(given, list):
        return [await in_names(context, entry) for entry in given]
    return await in_names(context, given) if isinstance(given, str) else given
