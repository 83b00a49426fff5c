"""auth.test, bots.info, team.info, apps.connections.open."""

from __future__ import annotations

import secrets

from playground.slack.methods.call import Call, Method
from playground.slack.rate_limits import Tier
from playground.slack.shapes import ApiError, Json


def auth_test(call: Call) -> Json:
    workspace = call.slack.workspace
    return {
        "url": f"{call.slack.base_url}/",
        "team": workspace.team.name,
        "user": workspace.bot.name,
        "team_id": workspace.team.id,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot_id,
        "app_id": workspace.app_id,
        "is_enterprise_install": False,
    }


def bots_info(call: Call) -> Json:
    workspace = call.slack.workspace
    if call.text("bot") != workspace.bot_id:
        raise ApiError("bot_not_found")
    return {
        "bot": {
            "id": workspace.bot_id,
            "app_id": workspace.app_id,
            "user_id": workspace.bot.id,
            "name": workspace.bot.real_name,
            "deleted": False,
            "updated": 0,
        }
    }


def team_info(call: Call) -> Json:
    team = call.slack.workspace.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": ""}}


def connections_open(call: Call) -> Json:
    """A single-use address for Socket Mode (docs.slack.dev, apis/events-api/using-socket-mode)."""
    if not call.slack.socket_mode_enabled:
        raise ApiError("socket_mode_not_enabled")
    ticket = secrets.token_urlsafe(16)
    call.slack.socket_tickets.add(ticket)
    origin = call.slack.base_url.replace("http", "ws", 1)
    return {"url": f"{origin}/link/?ticket={ticket}&app_id={call.slack.workspace.app_id}"}


METHODS = (
    Method("auth.test", auth_test, Tier.SPECIAL),
    Method("bots.info", bots_info, Tier.THREE, ("users:read",)),
    Method("team.info", team_info, Tier.THREE, ("team:read",)),
    Method("apps.connections.open", connections_open, Tier.ONE, caller="app"),
)
