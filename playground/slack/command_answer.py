"""What comes back from the app outside the Web API: the body of an answered command, and posts to response URLs."""

from __future__ import annotations

from playground.slack.model import Channel, Message, User
from playground.slack.posting import bot_message, checked_content, post_as_bot
from playground.slack.response_urls import ResponseUrl
from playground.slack.shapes import ApiError, Json
from playground.slack.state import Slack
from playground.slack.transport import Answer
from playground.slack.views import with_ids


def show_command_answer(slack: Slack, user: User, channel: Channel, answer: Answer) -> bool:
    """Show a command's immediate answer: empty, plain text, or JSON. False when it can't be shown."""
    if not answer.body.strip():
        return True
    given = answer.json()
    try:
        _say(slack, user.id, channel, given if given is not None else {"text": answer.body})
    except ApiError:
        return False
    return True


def respond(slack: Slack, target: ResponseUrl, given: Json) -> None:
    """A post to a response URL. Raises ApiError.

    The default is a new ephemeral message; replace_original and delete_original act on the message that was clicked.
    """
    channel = slack.workspace.channels[target.channel]
    original = _original(slack, target)
    if given.get("delete_original"):
        if original is None:
            raise ApiError("message_not_found")
        slack.workspace.conversations.remove(original)
        return
    replace = given.get("replace_original", False)
    thread_ts = given.get("thread_ts")
    if thread_ts and (given.get("response_type") != "in_channel" or replace):
        raise ApiError("invalid_arguments")
    if replace and original is not None:
        _replace(slack, original, given)
        return
    _say(slack, target.user, channel, given)


def _original(slack: Slack, target: ResponseUrl) -> Message | None:
    if target.message_ts is None:
        return None
    conversations = slack.workspace.conversations
    shown_to_one = conversations.ephemeral(target.user, target.message_ts)
    message = shown_to_one or conversations.get(target.channel, target.message_ts)
    return message if message and message.bot_id else None


def _replace(slack: Slack, original: Message, given: Json) -> None:
    """An ephemeral message stays one, a visible one stays visible."""
    content = checked_content(str(given.get("text") or ""), given.get("blocks"))
    original.rewrite(content.text, with_ids(slack.workspace, content.blocks or []))
    slack.workspace.conversations.changed(original)


def _say(slack: Slack, user_id: str, channel: Channel, given: Json) -> None:
    kind = given.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise ApiError("invalid_arguments")
    content = checked_content(str(given.get("text") or ""), given.get("blocks"), given.get("metadata"))
    thread_ts = given.get("thread_ts")
    if kind == "in_channel":
        post_as_bot(slack, channel, content, thread_ts=thread_ts)
        return
    message = bot_message(slack, channel, content, None)
    message.ephemeral_for = user_id
    slack.workspace.conversations.add_ephemeral(message)
