"""Putting messages into conversations, for the app and for people alike."""

from __future__ import annotations

import json
from dataclasses import dataclass

from playground.slack.app_events import message_posted
from playground.slack.block_rules import check_message_blocks
from playground.slack.model import Channel, Message
from playground.slack.shapes import ApiError, Json
from playground.slack.state import Slack
from playground.slack.views import with_ids

TEXT_LIMIT = 40_000
"""chat.postMessage truncates beyond it (docs.slack.dev, reference/methods/chat.postMessage)."""
UPDATE_TEXT_LIMIT = 4_000
"""chat.update refuses beyond it (docs.slack.dev, reference/methods/chat.update)."""
EPHEMERAL_BYTES = 4_000
METADATA_BYTES = 4_096
"""Slack names no figure for metadata_too_large; this is the strict end."""


@dataclass(frozen=True)
class Content:
    """What a message says. `blocks` is None where the caller did not give any."""

    text: str
    blocks: list[Json] | None
    metadata: Json | None = None


def checked_content(text: str, blocks: list[Json] | None, metadata: Json | None = None) -> Content:
    """Content within Slack's limits. Raises ApiError no_text, invalid_blocks and the like."""
    if not text.strip() and not blocks:
        raise ApiError("no_text")
    if blocks is not None:
        check_message_blocks(blocks)
    if metadata is not None:
        _check_metadata(metadata)
    return Content(text[:TEXT_LIMIT], blocks, metadata)


def post_as_bot(
    slack: Slack, channel: Channel, content: Content, *, thread_ts: str | None = None, broadcast: bool = False
) -> Message:
    """The app's message enters a channel; the app hears of it if it subscribed. Raises ApiError for a wrong thread."""
    check_thread(slack, channel, thread_ts)
    message = bot_message(slack, channel, content, thread_ts)
    message.broadcast = broadcast and thread_ts is not None
    message.subtype = "thread_broadcast" if message.broadcast else None
    slack.workspace.conversations.add(message)
    message_posted(slack, message)
    return message


def bot_message(slack: Slack, channel: Channel, content: Content, thread_ts: str | None) -> Message:
    """A message of the app that is in no conversation yet."""
    workspace = slack.workspace
    return Message(
        channel=channel.id,
        ts=workspace.timestamps.next(),
        user=workspace.bot.id,
        text=content.text,
        blocks=with_ids(workspace, content.blocks or []),
        thread_ts=thread_ts,
        bot_id=workspace.bot_id,
        app_id=workspace.app_id,
        metadata=content.metadata,
    )


def check_thread(slack: Slack, channel: Channel, thread_ts: str | None) -> None:
    """A thread_ts must be a root's. Slack lets a reply's pass and then loses the message; that is refused here."""
    if thread_ts is None:
        return
    root = slack.workspace.conversations.get(channel.id, thread_ts)
    if root is None:
        raise ApiError("thread_not_found")
    if root.is_reply:
        raise ApiError("cannot_reply_to_message")


def _check_metadata(metadata: Json) -> None:
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if set(metadata) - {"event_type", "event_payload", "entities"}:
        raise ApiError("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise ApiError("metadata_too_large")
