"""chat.*: docs.slack.dev, reference/methods/chat.postMessage and its neighbours."""

from __future__ import annotations

from playground.slack.methods.call import Call, Method
from playground.slack.model import Channel, Message
from playground.slack.posting import (
    EPHEMERAL_BYTES,
    TEXT_LIMIT,
    UPDATE_TEXT_LIMIT,
    Content,
    bot_message,
    check_thread,
    checked_content,
    post_as_bot,
)
from playground.slack.rate_limits import Tier
from playground.slack.shapes import ApiError, Json
from playground.slack.views import with_ids


def post_message(call: Call) -> Json:
    channel = _channel_to_post_in(call)
    content = _content(call)
    thread_ts = call.optional_text("thread_ts")
    message = post_as_bot(call.slack, channel, content, thread_ts=thread_ts, broadcast=call.flag("reply_broadcast"))
    answer: Json = {
        "channel": channel.id,
        "ts": message.ts,
        "message": call.slack.workspace.conversations.json(message, with_metadata=True),
    }
    if len(str(call.arguments.get("text") or "")) > TEXT_LIMIT:
        answer["response_metadata"] = {"warnings": ["message_truncated"]}
    return answer


def update(call: Call) -> Json:
    """Text without blocks removes the blocks, blocks without text remove the text; metadata stays unless given."""
    message = _own_message(call)
    text, blocks, metadata = call.optional_text("text"), call.blocks(), call.metadata()
    if text is not None and len(text) > UPDATE_TEXT_LIMIT:
        raise ApiError("msg_too_long")
    if text is None and blocks is None and metadata is not None:
        checked_content("unchanged", None, metadata)
    else:
        content = checked_content(text or "", blocks, metadata)
        if content.text != message.text:
            message.edited = {"user": message.user, "ts": call.slack.workspace.timestamps.next()}
        message.rewrite(content.text, with_ids(call.slack.workspace, blocks or []))
    message.metadata = metadata or message.metadata
    conversations = call.slack.workspace.conversations
    conversations.changed(message)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": conversations.json(message, with_metadata=True),
    }


def post_ephemeral(call: Call) -> Json:
    """A message for one person. In a thread that has no reply yet nobody sees it, and Slack says nothing of that."""
    channel = _channel_to_post_in(call, for_one=True)
    user = call.person()
    if user.id not in channel.members:
        raise ApiError("user_not_in_channel")
    content = _content(call)
    if len(content.text.encode()) > EPHEMERAL_BYTES:
        raise ApiError("msg_too_long")
    thread_ts = call.optional_text("thread_ts")
    check_thread(call.slack, channel, thread_ts)
    message = bot_message(call.slack, channel, content, thread_ts)
    message.ephemeral_for = user.id
    conversations = call.slack.workspace.conversations
    if thread_ts is None or conversations.replies_to(channel.id, thread_ts):
        conversations.add_ephemeral(message)
    return {"message_ts": message.ts}


def delete(call: Call) -> Json:
    message = _own_message(call, error="cant_delete_message")
    call.slack.workspace.conversations.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    channel = call.channel()
    message = call.slack.workspace.conversations.get(channel.id, call.text("message_ts"))
    if message is None:
        raise ApiError("message_not_found")
    link = f"{call.slack.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _content(call: Call) -> Content:
    if call.arguments.get("attachments"):
        raise ApiError.because("invalid_arguments", "attachments are not taken; use blocks [json-pointer:/attachments]")
    markdown = call.optional_text("markdown_text")
    text, blocks = call.optional_text("text") or "", call.blocks()
    if markdown is not None:
        if text or blocks:
            raise ApiError("markdown_text_conflict")
        blocks = [{"type": "markdown", "text": markdown}]
    return checked_content(text, blocks, call.metadata())


def _channel_to_post_in(call: Call, *, for_one: bool = False) -> Channel:
    """Where a post goes. Raises ApiError not_in_channel, is_archived, messages_tab_disabled and the like."""
    workspace = call.slack.workspace
    given = call.text("channel")
    if given in workspace.people:
        if workspace.people[given].deleted:
            raise ApiError("user_disabled")
        if not call.slack.manifest.messages_tab_enabled:
            raise ApiError("messages_tab_disabled")
        return workspace.direct_channel(given)
    channel = call.channel()
    if channel.is_archived:
        raise ApiError("is_archived")
    may_post_anyway = "chat:write.public" in call.slack.manifest.scopes and not for_one
    if not workspace.bot_is_in(channel) and not may_post_anyway:
        raise ApiError("not_in_channel")
    return channel


def _own_message(call: Call, error: str = "cant_update_message") -> Message:
    """The app's own message that the arguments name. An ephemeral one can't be found, as in Slack."""
    channel = call.channel()
    message = call.slack.workspace.conversations.get(channel.id, call.text("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if message.bot_id != call.slack.workspace.bot_id:
        raise ApiError(error)
    if channel.is_archived:
        raise ApiError("is_archived")
    return message


METHODS = (
    Method("chat.postMessage", post_message, Tier.POSTING, ("chat:write",)),
    Method("chat.update", update, Tier.THREE, ("chat:write",)),
    Method("chat.postEphemeral", post_ephemeral, Tier.FOUR, ("chat:write",)),
    Method("chat.delete", delete, Tier.THREE, ("chat:write",)),
    Method("chat.getPermalink", get_permalink, Tier.SPECIAL),
)
