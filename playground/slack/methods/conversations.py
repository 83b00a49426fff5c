"""conversations.*: docs.slack.dev, reference/methods/conversations.history and its neighbours."""

from __future__ import annotations

from collections.abc import Iterable

from playground.slack.app_events import member_joined
from playground.slack.methods.call import Call, Method, missing_scope
from playground.slack.model import Channel, ChannelKind, Message
from playground.slack.rate_limits import Tier
from playground.slack.shapes import ApiError, Json

FAMILIES = ("channels", "groups", "im", "mpim")
READ = tuple(f"{family}:read" for family in FAMILIES)
HISTORY = tuple(f"{family}:history" for family in FAMILIES)
KINDS: dict[str, ChannelKind] = {"public_channel": "public", "private_channel": "private", "im": "im"}
INVITED_AT_ONCE = 100


def info(call: Call) -> Json:
    channel = _channel(call, "read")
    return {"channel": channel_json(call, channel, with_count=call.flag("include_num_members"))}


def list_all(call: Call) -> Json:
    """Public channels unless `types` says otherwise; private ones and direct messages where the bot is in them."""
    wanted = [word.strip() for word in (call.optional_text("types") or "public_channel").split(",")]
    kinds = {KINDS[word] for word in wanted if word in KINDS}
    if not set(wanted) <= {*KINDS, "mpim"}:
        raise ApiError("invalid_types")
    skip_archived = call.flag("exclude_archived")
    workspace = call.slack.workspace
    seen = [
        channel
        for channel in workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind == "public" or workspace.bot_is_in(channel))
        and not (skip_archived and channel.is_archived)
    ]
    for channel in seen:
        call.require_scope(f"{channel.scope_family}:read")
    page, rest = call.page(seen)
    return {"channels": [channel_json(call, channel) for channel in page], **rest}


def members(call: Call) -> Json:
    channel = _channel(call, "read")
    page, rest = call.page(sorted(channel.members))
    return {"members": page, **rest}


def history(call: Call) -> Json:
    """What the channel itself shows, newest first."""
    channel = _readable(call)
    shown = call.slack.workspace.conversations.shown_in(channel.id)
    found = _between(call, reversed(shown))
    page, rest = call.page(found, highest=999)
    return {**_messages(call, page), "has_more": bool(rest["response_metadata"]["next_cursor"]), **rest}


def replies(call: Call) -> Json:
    """A thread, root first, oldest first. A reply's ts names no thread."""
    channel = _readable(call)
    conversations = call.slack.workspace.conversations
    root = conversations.get(channel.id, call.text("ts"))
    if root is None or root.is_reply:
        raise ApiError("thread_not_found")
    found = [root, *_between(call, conversations.replies_to(channel.id, root.ts))]
    page, rest = call.page(found, default=1000)
    return {**_messages(call, page), "has_more": bool(rest["response_metadata"]["next_cursor"]), **rest}


def open_direct(call: Call) -> Json:
    """The direct message channel with one person."""
    if given := call.optional_text("channel"):
        channel = call.slack.workspace.channels.get(given)
        if channel is None or channel.kind != "im":
            raise ApiError("channel_not_found")
        return {"channel": {"id": channel.id}}
    users = [user for user in call.text("users").split(",") if user]
    if len(users) > 1:
        raise ApiError("method_not_supported_for_channel_type")
    person = call.slack.workspace.people.get(users[0])
    if person is None:
        raise ApiError("user_not_found")
    if person.deleted:
        raise ApiError("user_disabled")
    channel = call.slack.workspace.direct_channel(person.id)
    return {"channel": {"id": channel.id}}


def join(call: Call) -> Json:
    channel = call.channel()
    workspace = call.slack.workspace
    if channel.kind != "public":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    answer: Json = {"channel": channel_json(call, channel)}
    if workspace.bot_is_in(channel):
        return {**answer, "warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    workspace.join(channel, workspace.bot.id)
    member_joined(call.slack, channel, workspace.bot.id)
    return {"channel": channel_json(call, channel)}


def invite(call: Call) -> Json:
    channel = call.channel()
    workspace = call.slack.workspace
    call.require_scope("channels:manage" if channel.kind == "public" else "groups:write")
    users = [user for user in call.text("users").split(",") if user]
    if not workspace.bot_is_in(channel):
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    if len(users) > INVITED_AT_ONCE:
        raise ApiError("too_many_users")
    if workspace.bot.id in users:
        raise ApiError("cant_invite_self")
    if any(user not in workspace.people for user in users):
        raise ApiError("user_not_found")
    if any(user in channel.members for user in users):
        raise ApiError("already_in_channel")
    for user in users:
        workspace.join(channel, user)
        member_joined(call.slack, channel, user, workspace.bot.id)
    return {"channel": channel_json(call, channel)}


def channel_json(call: Call, channel: Channel, *, with_count: bool = False) -> Json:
    """Slack's conversation object."""
    workspace = call.slack.workspace
    shown: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.kind == "im",
        "is_mpim": False,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_private": channel.kind != "public",
        "is_member": workspace.bot_is_in(channel),
        "context_team_id": workspace.team.id,
    }
    if channel.kind == "im":
        shown |= {"user": channel.user, "is_user_deleted": False}
    else:
        topic = {"value": channel.topic, "creator": "", "last_set": 0}
        shown |= {"name": channel.name, "name_normalized": channel.name, "topic": topic, "is_general": False}
    if with_count:
        shown["num_members"] = len(channel.members)
    return shown


def _channel(call: Call, act: str) -> Channel:
    """A conversation whose kind the scopes reach. Raises ApiError channel_not_found or missing_scope."""
    channel = call.channel()
    needed = f"{channel.scope_family}:{act}"
    if needed not in call.slack.manifest.scopes:
        raise missing_scope(call.slack, needed)
    return channel


def _readable(call: Call) -> Channel:
    channel = _channel(call, "history")
    if not call.slack.workspace.bot_is_in(channel):
        raise ApiError("not_in_channel")
    return channel


def _between(call: Call, found: Iterable[Message]) -> list[Message]:
    """The messages between `oldest` and `latest`, both left out unless `inclusive`."""
    oldest, latest = _moment(call, "oldest"), _moment(call, "latest")
    inclusive = call.flag("inclusive")
    return [
        message
        for message in found
        if (oldest is None or float(message.ts) > oldest or (inclusive and float(message.ts) == oldest))
        and (latest is None or float(message.ts) < latest or (inclusive and float(message.ts) == latest))
    ]


def _moment(call: Call, name: str) -> float | None:
    given = call.arguments.get(name)
    if given in (None, "", "0", 0):
        return None
    try:
        return float(given)
    except (TypeError, ValueError):
        raise ApiError(f"invalid_ts_{name}") from None


def _messages(call: Call, messages: list[Message]) -> Json:
    with_metadata = call.flag("include_all_metadata")
    conversations = call.slack.workspace.conversations
    return {"messages": [conversations.json(message, with_metadata=with_metadata) for message in messages]}


METHODS = (
    Method("conversations.info", info, Tier.THREE, READ),
    Method("conversations.list", list_all, Tier.TWO, READ),
    Method("conversations.members", members, Tier.FOUR, READ),
    Method("conversations.history", history, Tier.THREE, HISTORY),
    Method("conversations.replies", replies, Tier.THREE, HISTORY),
    Method("conversations.open", open_direct, Tier.THREE, ("im:write", "mpim:write")),
    Method("conversations.join", join, Tier.THREE, ("channels:join",)),
    Method("conversations.invite", invite, Tier.THREE, ("channels:manage", "groups:write")),
)
