"""The answer to a reminder that is not its step: later, please."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.messages.references import SNOOZE_ACTION, ReferenceUnreadableError
from bot.messages.refusals import notice
from bot.messages.text import moment
from handlers.context import Context
from handlers.replies import reply

SNOOZE = timedelta(minutes=30)


def register(app: AsyncApp, context: Context) -> None:
    """The snooze button of reminders."""

    @app.action(SNOOZE_ACTION)
    async def snoozed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        if not action["value"].isdecimal():
            raise ReferenceUnreadableError(action["value"][:100])
        until = await context.conversations.snooze(int(action["value"]), SNOOZE)
        reply(context, body, notice(f"💤 I'll ask again {moment(until, 'time')}."))
        await ack()
