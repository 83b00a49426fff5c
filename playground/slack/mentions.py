"""Whom a message pings, and how a person's typed @name and #channel become Slack's tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from playground.slack.shapes import Json

if TYPE_CHECKING:
    from playground.slack.workspace import Workspace

TOKEN = re.compile(r"<(?:@(?P<user>[UW]\w+)|!subteam\^(?P<group>S\w+)|!(?P<all>channel|here|everyone))(?:[|^][^>]*)?>")
EVERYBODY = frozenset({"channel", "here", "everyone"})
LEAVES = {"user": "user_id", "usergroup": "usergroup_id", "broadcast": "range"}


def mentioned(text: str, blocks: list[Json]) -> set[str]:
    """The ids of people and groups, and "channel", "here", "everyone", that a message pings.

    Slack reads tokens in `text`, in mrkdwn and markdown; never in plain_text or in the text leaves of rich_text.
    """
    found = set(_in_text(text))
    for block in blocks:
        found.update(_in_part(block))
    return found


def _in_text(text: str) -> Iterator[str]:
    for match in TOKEN.finditer(text):
        yield from (name for name in match.groups() if name)


def _in_part(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for entry in part:
            yield from _in_part(entry)
    if not isinstance(part, dict):
        return
    kind = part.get("type")
    if kind in ("mrkdwn", "markdown"):
        yield from _in_text(str(part.get("text", "")))
    elif kind in LEAVES:
        yield str(part.get(LEAVES[kind], ""))
    else:
        for entry in part.values():
            yield from _in_part(entry)


def escape(text: str) -> str:
    """The three characters Slack escapes (docs.slack.dev, messaging/formatting-message-text, escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed_to_tokens(workspace: Workspace, text: str, *, with_names: bool = False) -> str:
    """What a person typed, as Slack stores it: names become tokens, all else is escaped.

    `with_names` gives the form of escaped slash commands: <@U1|quinn>, <#C1|releases>.
    """
    tokens: dict[str, str] = {}
    for user in [workspace.bot, *workspace.people.values()]:
        token = f"<@{user.id}|{user.name}>" if with_names else f"<@{user.id}>"
        tokens |= {f"@{name}".casefold(): token for name in (user.real_name, user.name)}
    for group in workspace.groups.values():
        tokens[f"@{group.handle}".casefold()] = (
            f"<!subteam^{group.id}|@{group.handle}>" if with_names else f"<!subteam^{group.id}>"
        )
    for channel in workspace.channels.values():
        if channel.name:
            tokens[f"#{channel.name}".casefold()] = f"<#{channel.id}|{channel.name}>"
    tokens |= {f"@{word}": f"<!{word}>" for word in EVERYBODY}
    known = "|".join(re.escape(escape(name)) for name in sorted(tokens, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w@#])(?:{known})(?![\w-])|https?://[^\s<>|]+", re.IGNORECASE)

    def token_for(match: re.Match[str]) -> str:
        found = match.group()
        return f"<{found}>" if found.startswith("http") else tokens[unescape(found).casefold()]

    return pattern.sub(token_for, escape(text))
