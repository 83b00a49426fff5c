"""What changes in the workspace around the dialogues: groups, and the bot's own place in channels."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers.context import Context


def register(app: AsyncApp, context: Context) -> None:
    """Groups that change members, and channels that the bot joins."""

    @app.event("subteam_members_changed")
    async def members_changed(event: dict[str, Any]) -> None:
        context.directory.forget_group(event["subteam_id"])

    @app.event("member_joined_channel")
    async def joined(event: dict[str, Any]) -> None:
        # Somebody followed the advice to invite the bot: what waited for that goes out now.
        await context.conversations.resend(event["channel"])
