"""Events API: what the app is told of, by the subscriptions of its manifest (docs.slack.dev, apis/events-api)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from playground.slack.model import Channel, Message, UserGroup
from playground.slack.shapes import Json
from playground.slack.state import Slack
from playground.slack.transport import Envelope

MESSAGE_SUBSCRIPTIONS = {"public": "message.channels", "private": "message.groups", "im": "message.im"}
CHANNEL_TYPES = {"public": "channel", "private": "group", "im": "im"}
NEEDED_SCOPE = {"app_mention": "app_mentions:read", "subteam_members_changed": "usergroups:read"}


def tell_app(slack: Slack, subscription: str, event: Json) -> None:
    """Deliver an event if the app subscribed to it and holds the scope it needs."""
    scope = NEEDED_SCOPE.get(subscription)
    if subscription not in slack.manifest.bot_events or (scope and scope not in slack.manifest.scopes):
        return
    slack.deliveries.post_event(Envelope("events_api", subscription, _callback(slack, event)))


def message_posted(slack: Slack, message: Message) -> None:
    """Tell the app of a message, and of a mention of itself, where its bot can see it."""
    workspace = slack.workspace
    channel = workspace.channels[message.channel]
    if not workspace.bot_is_in(channel):
        return
    event = _message_event(slack, channel, message)
    family = {"public": "channels", "private": "groups", "im": "im"}[channel.kind]
    if f"{family}:history" in slack.manifest.scopes:
        typed: Json = {**event, "channel_type": CHANNEL_TYPES[channel.kind]}
        tell_app(slack, MESSAGE_SUBSCRIPTIONS[channel.kind], typed)
    is_mention = workspace.bot.id in message.pings
    if is_mention and channel.kind != "im" and message.user != workspace.bot.id:
        tell_app(slack, "app_mention", {**event, "type": "app_mention"})


def home_opened(slack: Slack, user: str, tab: str) -> None:
    """Tell the app that a person opened its home or messages tab; with the view once there is one."""
    channel = slack.workspace.direct_channel(user)
    event: Json = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel.id,
        "tab": tab,
        "event_ts": slack.workspace.timestamps.next(),
    }
    view = slack.views.home(user)
    if tab == "home" and view is not None:
        event["view"] = view
    tell_app(slack, "app_home_opened", event)


def member_joined(slack: Slack, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Tell the app who came into a channel that it is in."""
    if not slack.workspace.bot_is_in(channel):
        return
    event: Json = {
        "type": "member_joined_channel",
        "user": user,
        "channel": channel.id,
        "channel_type": "C" if channel.kind == "public" else "G",
        "team": slack.workspace.team.id,
        "event_ts": slack.workspace.timestamps.next(),
    }
    if inviter:
        event["inviter"] = inviter
    tell_app(slack, "member_joined_channel", event)


def group_members_changed(slack: Slack, group: UserGroup, users: Iterable[str]) -> None:
    """Give a user group other members and tell the app who came and went."""
    before, after = group.users, tuple(users)
    previous, group.users = group.updated, after
    group.updated = int(slack.now().timestamp())
    slack.workspace.events.append("workspace", {})
    added = [user for user in after if user not in before]
    removed = [user for user in before if user not in after]
    event: Json = {
        "type": "subteam_members_changed",
        "subteam_id": group.id,
        "team_id": slack.workspace.team.id,
        "date_previous_update": previous,
        "date_update": group.updated,
        "added_users": added,
        "added_users_count": len(added),
        "removed_users": removed,
        "removed_users_count": len(removed),
        "event_ts": slack.workspace.timestamps.next(),
    }
    tell_app(slack, "subteam_members_changed", event)


def _message_event(slack: Slack, channel: Channel, message: Message) -> Json:
    shown = message.to_json(slack.workspace.team.id)
    shown["channel"] = channel.id
    shown["event_ts"] = message.ts
    if message.bot_id is None:
        shown["client_msg_id"] = str(uuid.uuid4())
    if message.is_reply and message.thread_ts:
        root = slack.workspace.conversations.get(channel.id, message.thread_ts)
        shown["parent_user_id"] = root.user if root else ""
    return shown


def _callback(slack: Slack, event: Json) -> Json:
    workspace = slack.workspace
    return {
        "token": slack.credentials.verification_token,
        "team_id": workspace.team.id,
        "context_team_id": workspace.team.id,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.ids.next("Ev"),
        "event_time": int(workspace.now().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team.id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{uuid.uuid4().hex}",
    }
