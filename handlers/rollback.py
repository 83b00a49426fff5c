"""`/rollback`: the alarm, from any channel, an incident channel above all; and the shortcut that takes a message as its
evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_bolt.response import BoltResponse

from bot.bolt import Bolt
from bot.core.release import RELEASE
from bot.core.rollback import ROLLBACK
from bot.messages import lists
from bot.messages.message import Message
from handlers.commands import Call, Subcommand, begin, dispatch, opening, questions
from handlers.context import Context
from handlers.incoming import evidence
from handlers.replies import answered
from handlers.reports import report

COMMAND = ROLLBACK.command


def register(app: Bolt, context: Context) -> None:
    """The command and the shortcut."""

    @app.slash_command(COMMAND)
    async def rollback(command: Mapping[str, Any]) -> BoltResponse:
        return answered(await dispatch(context, command, SUBCOMMANDS, otherwise="request"))

    @app.shortcut("rollback_request")
    async def from_message(ack: AsyncAck, body: dict[str, Any]) -> None:
        call, message = Call.of_shortcut(body), body["message"]
        given: dict[str, Any] = {"evidence": [await evidence(context, body)]}
        record = await context.queries.in_thread(call.channel, message.get("thread_ts") or message["ts"])
        if record is not None and record.dialogue == RELEASE.name:
            given |= {"version": record.version, "environment": record.environment}
            await begin(context, ROLLBACK, "request", call, given, record.service)
        else:
            await begin(context, ROLLBACK, "request", call, given, guess=deployed_last)
        await ack()


async def deployed_last(context: Context, services: tuple[str, ...], version: str) -> str:
    """What was deployed last is what is broken, most likely."""
    return await context.queries.deployed_last(services, version)


async def usage(_context: Context, _call: Call) -> Message:
    """What can be typed, here and in a thread."""
    return lists.help_message([(f"{COMMAND} {each.usage}", each.does) for each in SUBCOMMANDS.values()], ROLLBACK)


REQUEST = opening(ROLLBACK, "request", deployed_last)
SUBCOMMANDS = {
    "request": Subcommand("[service] [version] [field=value …]", "raise the alarm: roll back what is live", REQUEST),
    **questions(ROLLBACK, "v1.2.0"),
    **report(ROLLBACK, "v1.2.0"),
    "help": Subcommand("help", "this list, and what can be typed in a thread", usage),
}
