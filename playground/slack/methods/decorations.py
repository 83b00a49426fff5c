"""reactions.add, pins.add, bookmarks.add."""

from __future__ import annotations

import re

from playground.slack.methods.call import Call, Method
from playground.slack.model import Channel, Message
from playground.slack.rate_limits import Tier
from playground.slack.shapes import ApiError, Json

EMOJI_NAME = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")


def add_reaction(call: Call) -> Json:
    name = call.text("name")
    if not EMOJI_NAME.fullmatch(name):
        raise ApiError("invalid_name")
    _, message = _message(call)
    users = message.reactions.setdefault(name, [])
    if call.slack.workspace.bot.id in users:
        raise ApiError("already_reacted")
    users.append(call.slack.workspace.bot.id)
    call.slack.workspace.conversations.changed(message)
    return {}


def add_pin(call: Call) -> Json:
    channel, message = _message(call)
    if message.ts in channel.pins:
        raise ApiError("already_pinned")
    channel.pins.append(message.ts)
    return {}


def add_bookmark(call: Call) -> Json:
    channel = _inside(call, "channel_id")
    if call.text("type") != "link":
        raise ApiError("invalid_bookmark_type")
    title, link = call.text("title"), call.text("link")
    if not link.startswith(("https://", "http://")):
        raise ApiError("invalid_link")
    bookmark: Json = {
        "id": call.slack.workspace.ids.next("Bk"),
        "channel_id": channel.id,
        "title": title,
        "link": link,
        "type": "link",
    }
    channel.bookmarks.append(bookmark)
    return {"bookmark": bookmark}


def _inside(call: Call, name: str = "channel") -> Channel:
    channel = call.channel(name)
    if not call.slack.workspace.bot_is_in(channel):
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    return channel


def _message(call: Call) -> tuple[Channel, Message]:
    channel = _inside(call)
    message = call.slack.workspace.conversations.get(channel.id, call.text("timestamp"))
    if message is None:
        raise ApiError("message_not_found")
    return channel, message


METHODS = (
    Method("reactions.add", add_reaction, Tier.THREE, ("reactions:write",)),
    Method("pins.add", add_pin, Tier.TWO, ("pins:write",)),
    Method("bookmarks.add", add_bookmark, Tier.TWO, ("bookmarks:write",)),
)
