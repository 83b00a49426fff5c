"""What nobody else listens to. Registered last: Bolt answers 404 otherwise, and Slack counts that as a failure."""

from __future__ import annotations

import logging
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from handlers.context import Context
from handlers.replies import unknown

logger = logging.getLogger(__name__)
EVERYTHING = re.compile(".*")


def register(app: AsyncApp, context: Context) -> None:
    """Acknowledge, log, and tell the person."""

    @app.action(EVERYTHING)
    async def action(ack: AsyncAck, body: dict[str, Any]) -> None:
        chosen = body["actions"][0]
        if "url" not in chosen:  # a link button was followed: nothing is expected of us
            unknown(context, body, f"action {chosen['action_id']}")
        await ack()

    @app.view(EVERYTHING)
    async def view(ack: AsyncAck, body: dict[str, Any]) -> None:
        unknown(context, body, f"view {body['view']['callback_id']}")
        await ack()

    @app.shortcut(EVERYTHING)
    async def shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
        unknown(context, body, f"shortcut {body['callback_id']}")
        await ack()

    @app.command(EVERYTHING)
    async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
        logger.warning("unknown command %s", body["command"], extra={"action": "unknown_interaction"})
        await ack(f"I don't know {body['command']}. Try /release help.")

    @app.event(EVERYTHING)
    async def event(body: dict[str, Any]) -> None:
        logger.debug("event %s not used", body["event"]["type"], extra={"action": "event_ignored"})
