"""`report`: what is left to write once it is over, filled from what was recorded, as Markdown to copy."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.core.dialogue import Dialogue
from bot.core.release import RELEASE
from bot.core.rollback import ROLLBACK
from bot.errors import Refusal
from bot.messages.markdown import to_copy
from bot.messages.message import Message
from bot.messages.overview import Overview, versions
from bot.messages.refusals import notice
from bot.messages.reports import deployment_review, post_mortem
from bot.messages.text import bold
from handlers.commands import Answer, Call, Subcommand, services_meant, split
from handlers.context import Context

REPORTED = (RELEASE, ROLLBACK)


def report(dialogue: Dialogue[Any], example: str) -> dict[str, Subcommand]:
    """The subcommand of a dialogue that is reported on."""
    does = "the post-mortem" if dialogue is ROLLBACK else "the post-deployment review"
    return {"report": Subcommand(f"report [{example}]", f"{does}, filled from what was recorded", _answer(dialogue))}


def _answer(dialogue: Dialogue[Any]) -> Answer:
    async def answer(context: Context, call: Call) -> Message | None:
        name, version, _ = split(call.words, tuple(context.configuration.services))
        services = services_meant(context, call, name)
        if version:
            one = await context.queries.version(dialogue.name, version, services)
        else:
            one = await _only_one(context, dialogue, services)
        return await read(context, one, call.user, call.channel)

    return answer


async def _only_one(context: Context, dialogue: Dialogue[Any], services: tuple[str, ...]) -> Overview:
    found = await context.queries.open_ones(dialogue.name, services)
    if len(found) == 1:
        return found[0]
    names = ", ".join(versions(found)[:10])
    which = f"Which {dialogue.noun} is meant? Under way are {names}."
    why = which if found else f"No {dialogue.noun} is under way here."
    raise Refusal(why, remedy=f"Name it, such as `{dialogue.command} report v1.2.0`.")


async def read(context: Context, one: Overview, user: str, channel: str, thread_ts: str | None = None) -> Message:
    """The report, or, where it takes several messages, the word that they follow."""
    parts = to_copy(f"📄 Of {bold(one.conversation.version)}, from what was recorded:", await _text(context, one))
    if len(parts) == 1:
        return parts[0]

    async def send() -> None:
        for part in parts:
            await context.slack.answer_privately(part, user=user, channel=channel, thread_ts=thread_ts)

    context.background.run(send(), "report")
    return notice(f"📄 It follows in {len(parts)} messages, for you alone.")


async def _text(context: Context, one: Overview) -> str:
    events = await context.queries.events(one.conversation.id)
    if one.dialogue is RELEASE:
        return deployment_review(one.conversation, events, one.policy)
    people = one.conversation.forms.get("close", {}).get("investigators", ())
    found = await asyncio.gather(*map(context.directory.name, people))
    return post_mortem(one.conversation, events, one.policy, dict(zip(people, found, strict=True)))
