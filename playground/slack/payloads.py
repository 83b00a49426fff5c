"""The payloads of commands and interactions (docs.slack.dev, reference/interaction-payloads)."""

from __future__ import annotations

import copy

from playground.slack.elements import ACTION_KEYS, HOLDINGS, Placed, held, initial_values
from playground.slack.mentions import typed_to_tokens
from playground.slack.model import Channel, Message, User
from playground.slack.shapes import Json
from playground.slack.state import Slack
from playground.slack.transport import Envelope


def slash_command(slack: Slack, user: User, channel: Channel, command: str, text: str, *, escape: bool) -> Envelope:
    """A command as its form. With `escape` names arrive as <@U1|quinn>, without as they were typed."""
    workspace = slack.workspace
    payload: Json = {
        "token": slack.credentials.verification_token,
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": channel.id,
        "channel_name": {"public": channel.name, "private": "privategroup", "im": "directmessage"}[channel.kind],
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": typed_to_tokens(workspace, text, with_names=True) if escape else text,
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": slack.response_urls.make(user.id, channel.id),
        "trigger_id": slack.triggers.make(user.id),
    }
    return Envelope("slash_commands", command, payload)


def message_action(slack: Slack, user: User, message: Message, placed: Placed, given: Json) -> Envelope:
    """A click on an element of a message. An ephemeral message is named in the container, not included."""
    workspace = slack.workspace
    channel = workspace.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload: Json = {
        **_common(slack, "block_actions", user),
        "container": container,
        "trigger_id": slack.triggers.make(user.id),
        "channel": _channel(channel),
        "state": {"values": _values_after(message.blocks, placed, given)},
        "response_url": slack.response_urls.make(user.id, channel.id, message.ts, message.thread_ts),
        "actions": [_action(slack, placed, given)],
    }
    if not message.ephemeral_for:
        payload["message"] = workspace.conversations.json(message)
    return Envelope("interactive", "block_actions", payload)


def view_action(slack: Slack, user: User, view: Json, placed: Placed, given: Json, values: Json) -> Envelope:
    """A click inside a modal or an App Home; `values` is all that is filled in at that moment."""
    shown = copy.deepcopy(view)
    shown["state"] = {"values": values}
    payload: Json = {
        **_common(slack, "block_actions", user),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": slack.triggers.make(user.id, view["id"] if view["type"] == "modal" else None),
        "view": shown,
        "actions": [_action(slack, placed, given)],
    }
    return Envelope("interactive", "block_actions", payload)


def view_submission(slack: Slack, user: User, view: Json, values: Json) -> Envelope:
    shown = copy.deepcopy(view)
    shown["state"] = {"values": values}
    payload: Json = {
        **_common(slack, "view_submission", user),
        "trigger_id": slack.triggers.make(user.id, view["id"]),
        "view": shown,
        "response_urls": [],
    }
    return Envelope("interactive", "view_submission", payload)


def view_closed(slack: Slack, user: User, view: Json, *, is_cleared: bool) -> Envelope:
    payload: Json = {
        **_common(slack, "view_closed", user),
        "view": copy.deepcopy(view),
        "is_cleared": is_cleared,
    }
    return Envelope("interactive", "view_closed", payload)


def global_shortcut(slack: Slack, user: User, callback_id: str) -> Envelope:
    """It knows no channel and has no response_url."""
    payload: Json = {
        **_common(slack, "shortcut", user),
        "callback_id": callback_id,
        "trigger_id": slack.triggers.make(user.id),
        "action_ts": slack.workspace.timestamps.next(),
    }
    del payload["api_app_id"]
    return Envelope("interactive", "shortcut", payload)


def message_shortcut(slack: Slack, user: User, callback_id: str, message: Message) -> Envelope:
    channel = slack.workspace.channels[message.channel]
    payload: Json = {
        **_common(slack, "message_action", user),
        "callback_id": callback_id,
        "trigger_id": slack.triggers.make(user.id),
        "action_ts": slack.workspace.timestamps.next(),
        "message_ts": message.ts,
        "channel": _channel(channel),
        "response_url": slack.response_urls.make(user.id, channel.id),
        "message": slack.workspace.conversations.json(message),
    }
    return Envelope("interactive", "message_action", payload)


def _common(slack: Slack, kind: str, user: User) -> Json:
    team = slack.workspace.team
    return {
        "type": kind,
        "token": slack.credentials.verification_token,
        "team": {"id": team.id, "domain": team.domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.id},
        "api_app_id": slack.workspace.app_id,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel(channel: Channel) -> Json:
    names = {"public": channel.name, "private": "privategroup", "im": "directmessage"}
    return {"id": channel.id, "name": names[channel.kind]}


def _action(slack: Slack, placed: Placed, given: Json) -> Json:
    element = placed.element
    action: Json = {
        "type": element["type"],
        "action_id": placed.action_id,
        "block_id": placed.block_id,
        "action_ts": slack.workspace.timestamps.next(),
    }
    key = ACTION_KEYS[element["type"]]
    if element["type"] == "button":
        action["text"] = {"emoji": True, **element["text"]}
        if "value" in element:
            action["value"] = element["value"]
    else:
        action[key] = given.get(key)
    return action


def _values_after(blocks: list[Json], placed: Placed, given: Json) -> Json:
    values = initial_values(blocks)
    if holding := HOLDINGS.get(placed.element["type"]):
        entry = held(placed.element, given.get(holding.key))
        values.setdefault(placed.block_id, {})[placed.action_id] = entry
    return values
