"""`/rollback`: the alarm, from any channel, an incident channel above all; and the shortcut that takes a message as its
evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_bolt.response import BoltResponse

from bot.bolt import Bolt
from bot.core.rollback import ROLLBACK
from bot.messages import lists
from bot.messages.message import Message
from handlers.commands import Call, Subcommand, begin, dispatch, opening, questions
from handlers.context import Context
from handlers.incoming import evidence
from handlers.replies import answered

COMMAND = ROLLBACK.command
REQUEST = opening(ROLLBACK, "request")


def register(app: Bolt, context: Context) -> None:
    """The command and the shortcut."""

    @app.slash_command(COMMAND)
    async def rollback(command: Mapping[str, Any]) -> BoltResponse:
        return answered(await dispatch(context, command, SUBCOMMANDS, otherwise="request"))

    @app.shortcut("rollback_request")
    async def from_message(ack: AsyncAck, body: dict[str, Any]) -> None:
        seen = await evidence(context, body)
        await begin(context, ROLLBACK, "request", Call.of_shortcut(body), {"evidence": [seen]})
        await ack()


async def usage(_context: Context, _call: Call) -> Message:
    """What can be typed, here and in a thread."""
    return lists.help_message([(f"{COMMAND} {each.usage}", each.does) for each in SUBCOMMANDS.values()], ROLLBACK)


SUBCOMMANDS = {
    "request": Subcommand("[service] [version] [field=value …]", "raise the alarm: roll back what is live", REQUEST),
    **questions(ROLLBACK, "v1.2.0"),
    "help": Subcommand("help", "this list, and what can be typed in a thread", usage),
}
