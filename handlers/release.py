"""`/release`: approve, status, list, history, help; and the shortcut that approves from anywhere."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.release import RELEASE
from bot.messages import lists
from bot.messages.message import Message
from handlers.commands import Call, Subcommand, dispatch, opening, questions
from handlers.context import Context

COMMAND = "/release"
APPROVE = opening(RELEASE, "approve")


def register(app: AsyncApp, context: Context) -> None:
    """The command and the shortcut."""

    @app.command(COMMAND)
    async def release(ack: AsyncAck, command: dict[str, Any]) -> None:
        message = await dispatch(context, command, SUBCOMMANDS)
        await (ack() if message is None else ack(text=message.text, blocks=list(message.blocks)))

    @app.shortcut("release_approve")
    async def approve_shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
        await APPROVE(context, Call(body["user"]["id"], "", "", body["trigger_id"]))
        await ack()


async def usage(_context: Context, _call: Call) -> Message:
    """What can be typed, here and in a thread."""
    return lists.help_message([(f"{COMMAND} {each.usage}", each.does) for each in SUBCOMMANDS.values()], RELEASE)


SUBCOMMANDS = {
    "approve": Subcommand(
        "approve [service] [version] [field=value …]", "approve a tested version for deployment", APPROVE
    ),
    **questions(RELEASE, "v1.2.0"),
    "help": Subcommand("help", "this list, and what can be typed in a thread", usage),
}
