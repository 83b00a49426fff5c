"""A small Bolt app behind its ASGI adapter on a loopback port: what any app connected to the playground looks like."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.server import SlackServer

Json = dict[str, Any]

MANIFEST: Json = {
    "display_information": {"name": "Greenlight"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "Greenlight"},
        "slash_commands": [
            {"command": "/release", "description": "Releases", "usage_hint": "approve", "should_escape": True},
            {"command": "/plain", "description": "Unescaped", "should_escape": False},
        ],
        "shortcuts": [
            {"name": "Report issue", "type": "message", "callback_id": "report", "description": "From a message"},
            {"name": "New release", "type": "global", "callback_id": "fresh", "description": "From anywhere"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "app_mentions:read",
                "bookmarks:write",
                "channels:history",
                "channels:join",
                "channels:manage",
                "channels:read",
                "chat:write",
                "commands",
                "groups:history",
                "groups:read",
                "im:history",
                "im:write",
                "pins:write",
                "reactions:write",
                "team:read",
                "usergroups:read",
                "users:read",
                "users:read.email",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "app_mention",
                "member_joined_channel",
                "message.im",
                "subteam_members_changed",
            ]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


def web_client(server: SlackServer, token: str | None = None) -> AsyncWebClient:
    """slack_sdk's own client on the playground's Slack, without its retries."""
    client = AsyncWebClient(token or server.bot_token, base_url=server.api_url, timeout=5)
    client.retry_handlers = []
    return client


def bolt_app(server: SlackServer) -> AsyncApp:
    return AsyncApp(client=web_client(server), signing_secret=server.signing_secret, process_before_response=True)


class AnnouncedServer(uvicorn.Server):
    """A uvicorn that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextlib.asynccontextmanager
async def serving(app: AsyncApp) -> AsyncIterator[str]:
    """The app's request URL while it is served."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        AsyncSlackRequestHandler(app), log_level="warning", lifespan="off", timeout_graceful_shutdown=1
    )
    server = AnnouncedServer(config)
    task = asyncio.create_task(server._serve([listening]))
    await server.listening.wait()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/slack/events"
    finally:
        server.should_exit = True
        await task
        listening.close()
