"""The answers to a reminder that are not its step's own button: later, please; and done, without a form."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.messages.references import DONE_ACTION, SNOOZE_ACTION, Reference, ReferenceUnreadableError
from bot.messages.refusals import notice
from bot.messages.text import moment
from handlers.context import Context
from handlers.replies import reply


def register(app: AsyncApp, context: Context) -> None:
    """The buttons of reminders that are no steps by themselves: later, and done."""

    @app.action(SNOOZE_ACTION)
    async def snoozed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        if not action["value"].isdecimal():
            raise ReferenceUnreadableError(action["value"][:100])
        until = await context.conversations.snooze(int(action["value"]))
        reply(context, body, notice(f"💤 I'll ask again at {moment(until, 'time')}."))
        await ack()

    @app.action(DONE_ACTION)
    async def done(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        reference = Reference.read(action["value"])
        await context.conversations.take(reference, body["user"]["id"], reference.given, body["trigger_id"])
        reply(context, body, notice("☑️ Noted; the release's card shows it."))
        await ack()
