"""`/env`: report trouble with an environment, ask for one, and see where either stands; and the shortcut that takes a
message as a report's evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_bolt.response import BoltResponse

from bot.bolt import Bolt
from bot.core.dialogue import Dialogue
from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.errors import Refusal
from bot.messages import lists
from bot.messages.message import Message
from handlers.commands import Answer, Call, Subcommand, begin, dispatch, opening, questions, services_meant, split
from handlers.context import Context
from handlers.incoming import evidence
from handlers.replies import answered

COMMAND = ENVIRONMENT_ISSUE.command
BOTH: tuple[Dialogue[Any], ...] = (ENVIRONMENT_ISSUE, ENVIRONMENT_REQUEST)
EITHER = replace(ENVIRONMENT_ISSUE, noun="environment issue or request")
ASKED = {dialogue.ticket: questions(dialogue, f"{dialogue.ticket}-1") for dialogue in BOTH}
"""The questions of each of the two, by the prefix of its numbers."""


def register(app: Bolt, context: Context) -> None:
    """The command and the shortcut."""

    @app.slash_command(COMMAND)
    async def environment(command: Mapping[str, Any]) -> BoltResponse:
        return answered(await dispatch(context, command, SUBCOMMANDS))

    @app.shortcut("environment_report")
    async def from_message(ack: AsyncAck, body: dict[str, Any]) -> None:
        seen = await evidence(context, body)
        await begin(context, ENVIRONMENT_ISSUE, "report", Call.of_shortcut(body), {"evidence": [seen]})
        await ack()


def _of_its_dialogue(question: str) -> Answer:
    """Answers a question about a ticket by the dialogue that its number belongs to; without one, about both."""

    async def answer(context: Context, call: Call) -> Message | None:
        services = tuple(context.configuration.services)
        _, subject, _ = split(call.words, services)
        if not subject and question != "history":
            return await list_open(context, call)
        number = subject.upper()
        prefix = number.partition("-")[0]
        if prefix not in ASKED:
            told = "Name an issue or a request by its number, such as ENV-1 or REQ-1."
            raise Refusal(f"“{subject[:60]}” is no number of an issue or a request." if subject else told, remedy=told)
        words = call.words.replace(subject, number, 1)
        return await ASKED[prefix][question].answer(context, Call(call.user, call.channel, words, call.trigger))

    return answer


async def list_open(context: Context, call: Call) -> Message:
    """Each issue and each request under way."""
    services = tuple(context.configuration.services)
    name, subject, rest = split(call.words, services)
    if unknown := subject or rest:
        raise Refusal(f"There is no service “{unknown[:60]}”.", remedy=f"The services are: {', '.join(services)}.")
    meant = services_meant(context, call, name)
    found = [one for dialogue in BOTH for one in await context.queries.open_ones(dialogue.name, meant)]
    return lists.listing(found, context.clock.now(), EITHER, meant)


async def usage(_context: Context, _call: Call) -> Message:
    """What can be typed, here and in a thread."""
    return lists.help_message([(f"{COMMAND} {each.usage}", each.does) for each in SUBCOMMANDS.values()], *BOTH)


SUBCOMMANDS = {
    "issue": Subcommand(
        "issue [service] [environment] [field=value …]",
        "report trouble with an environment",
        opening(ENVIRONMENT_ISSUE, "report"),
    ),
    "request": Subcommand(
        "request [service] [field=value …]",
        "ask for a new or another environment",
        opening(ENVIRONMENT_REQUEST, "request"),
    ),
    "status": Subcommand("status [ENV-1 | REQ-1]", "where it stands, and who is awaited", _of_its_dialogue("status")),
    "list": Subcommand("list [service]", "each issue and each request under way", list_open),
    "history": Subcommand(
        "history <ENV-1 | REQ-1>", "all that happened, with who and when", _of_its_dialogue("history")
    ),
    "help": Subcommand("help", "this list, and what can be typed in a thread", usage),
}
