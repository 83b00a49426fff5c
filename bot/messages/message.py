"""A message as a value: the fallback text that notifications and screen readers use, and its blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """What is said, ready for Slack: `text` is mrkdwn (outside text in it is escaped), `blocks` plain dicts."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Said:
    """A message for a conversation's thread; `broadcast` shows it in the channel too (an announcement). `replaces` is
    the timestamp of the message whose place it takes.
    """

    message: Message
    broadcast: bool = False
    replaces: str = ""
