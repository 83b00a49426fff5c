"""App Home: what waits for the person who looks."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.messages.home import home
from handlers.context import Context


def register(app: AsyncApp, context: Context) -> None:
    """The home tab, drawn anew each time it is opened."""

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            context.background.run(publish(context, event["user"]), "publish_home")


async def publish(context: Context, user: str) -> None:
    """Draw a person's home."""
    page = await context.queries.home_page(user)
    await context.slack.publish_home(user, home(page, context.clock.now()))
