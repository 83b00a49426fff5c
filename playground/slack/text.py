"""Blocks as the plain text a person would read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playground.slack.mentions import unescape
from playground.slack.shapes import Json

if TYPE_CHECKING:
    from playground.slack.workspace import Workspace

TOKEN = re.compile(r"<([^<>]+)>")
MENTIONS = {
    "user": ("user_id", "@"),
    "usergroup": ("usergroup_id", "!subteam^"),
    "channel": ("channel_id", "#"),
    "broadcast": ("range", "!"),
}
SAID_BY = {"plain_text": "text", "raw_text": "text", "text": "text", "image": "alt_text"}
LIST_MARKS = {"bullet": "•", "ordered": "1."}


class Reader:
    """Reads messages and views aloud, with the workspace's names in place of ids."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def message(self, text: str, blocks: list[Json]) -> str:
        """What a person reads: the blocks, or the text where there are none."""
        return self.blocks(blocks) if blocks else self.mrkdwn(text)

    def blocks(self, blocks: list[Json]) -> str:
        return "\n".join(line for block in blocks for line in self._block(block) if line)

    def mrkdwn(self, text: str) -> str:
        """Slack's tokens as what they show; bold and the like stay as typed."""
        return unescape(TOKEN.sub(lambda match: self._token(match.group(1)), text))

    def _block(self, block: Json) -> list[str]:
        kind = block["type"]
        if kind in ("divider", "data_visualization"):
            return [block.get("title", "———")]
        if kind == "table":
            return [" | ".join(self._part(cell) for cell in row) for row in block["rows"]]
        if kind == "rich_text":
            return [self._part(part) for part in block["elements"]]
        if kind == "markdown":
            return [self.mrkdwn(block["text"])]
        if kind == "image":
            return [self._part(block.get("title")), block["alt_text"]]
        parts = [block.get("label"), block.get("text"), *block.get("fields", []), block.get("hint")]
        parts += [block.get("element"), block.get("accessory"), *block.get("elements", [])]
        lines = [self._part(part) for part in parts if part]
        return [" ".join(lines)] if kind in ("context", "actions") else lines

    def _part(self, part: Any) -> str:
        if not isinstance(part, dict):
            return str(part or "")
        kind = part.get("type")
        if kind == "mrkdwn":
            return self.mrkdwn(part["text"])
        if kind == "button":
            return f"[{part['text']['text']}]"
        if kind == "rich_text":
            return "\n".join(self._part(element) for element in part["elements"])
        key = SAID_BY.get(str(kind))
        return str(part[key]) if key else self._rich(part)

    def _rich(self, part: Json) -> str:
        kind = str(part.get("type"))
        if kind == "rich_text_list":
            mark = LIST_MARKS[part["style"]]
            return "\n".join(f"{mark} {self._part(item)}" for item in part["elements"])
        if kind.startswith("rich_text_"):
            return "".join(self._part(element) for element in part.get("elements", []))
        leaf = self._leaf(kind, part)
        return self._part(part.get("placeholder")) if leaf is None else leaf

    def _leaf(self, kind: str, part: Json) -> str | None:
        """The leaves of rich text; None for anything else."""
        if kind == "link":
            return str(part.get("text") or part["url"])
        if kind == "date":
            return str(part.get("fallback") or part["timestamp"])
        if kind == "emoji":
            return f":{part['name']}:"
        key, sign = MENTIONS.get(kind, ("", ""))
        return self._token(f"{sign}{part[key]}") if key else None

    def _token(self, token: str) -> str:
        target, _, label = token.partition("|")
        if target.startswith("@"):
            return f"@{self._workspace.name_of(target[1:])}"
        if target.startswith("#"):
            channel = self._workspace.channels.get(target[1:])
            return f"#{channel.name if channel else label or target[1:]}"
        if target.startswith("!subteam^"):
            group = self._workspace.groups.get(target.removeprefix("!subteam^"))
            return f"@{group.handle if group else label or target}"
        if target.startswith("!date^"):
            return label
        if target.startswith("!"):
            return f"@{target[1:]}"
        return label or target
