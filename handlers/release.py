"""`/release`: approve, status, list, history, help; and the shortcut that approves from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_bolt.response import BoltResponse

from bot.bolt import Bolt
from bot.core.release import RELEASE
from bot.messages import lists
from bot.messages.message import Message
from handlers import checklist, escalate, validate
from handlers.commands import Call, Subcommand, dispatch, opening, questions
from handlers.context import Context
from handlers.drill import SUBCOMMANDS as DRILL
from handlers.freeze import SUBCOMMANDS as FREEZES
from handlers.replies import answered
from handlers.reports import report

COMMAND = "/release"
APPROVE = opening(RELEASE, "approve")


def register(app: Bolt, context: Context) -> None:
    """The command and the shortcut."""

    @app.slash_command(COMMAND)
    async def release(command: Mapping[str, Any]) -> BoltResponse:
        return answered(await dispatch(context, command, SUBCOMMANDS))

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
    **report(RELEASE, "v1.2.0"),
    "checklist": Subcommand("checklist [service] [v1.2.0]", "the release's checklist, to tick", checklist.answer),
    "validate": Subcommand(
        "validate [service] [v1.2.0]", "run the service's playbook against the version that is live", validate.answer
    ),
    "escalate": Subcommand(
        "escalate [service] [v1.2.0] [what happened] situation=…",
        "tell those at once who have to know: production down, security breach, data loss risk, cost overrun",
        escalate.answer,
    ),
    **FREEZES,
    **DRILL,
    "help": Subcommand("help", "this list, and what can be typed in a thread", usage),
}
