"""`/release freeze | unfreeze | freezes`: when nothing is deployed, of one service or of all."""

from __future__ import annotations

from bot.core.freeze import FREEZE
from bot.core.freeze_rules import FreezeForm
from bot.errors import Refusal
from bot.messages import freeze as words
from bot.messages import lists
from bot.messages.message import Message
from bot.messages.overview import Overview
from bot.messages.references import Reference
from bot.messages.refusals import notice
from handlers.commands import Call, Subcommand, opening, services_meant, split
from handlers.context import Context
from handlers.incoming import first_word, typed_answers
from handlers.steps import open_form

EVERYTHING = "all"
FREEZE_ONE = opening(FREEZE, "freeze")


async def freeze(context: Context, call: Call) -> Message | None:
    """Set a freeze of the service that is meant, or one of each."""
    word, said = first_word(call.words)
    if word.lower() != EVERYTHING:
        return await FREEZE_ONE(context, call)
    given = await typed_answers(context, FreezeForm, said, call.user)
    if "reason" not in given:
        raise Refusal("To freeze everything, say why.", remedy='Write `/release freeze all until=… reason="…"`.')
    lines = []
    for name in context.configuration.services:
        reference = Reference(FREEZE.name, "freeze", service=name)
        taken = await context.conversations.take(reference, call.user, given, f"{call.trigger}:{name}")
        lines.append(lists.headline(Overview(FREEZE, taken.conversation, taken.policy)))
    return notice("\n".join(lines))


async def unfreeze(context: Context, call: Call) -> Message | None:
    """Lift a freeze, or all that the reader's services stand under."""
    word, reason = first_word(call.words)
    if not word:
        raise Refusal("Which freeze is to be lifted?", remedy="Name it, such as `/release unfreeze FRZ-1 <reason>`.")
    found = await _meant(context, word)
    if not reason and len(found) == 1:
        reference = Reference(FREEZE.name, "lift", found[0].conversation.id, found[0].conversation.stage)
        await open_form(context, reference, call.user, call.trigger, {})
        return None
    lines = []
    for one in found:
        it = one.conversation
        lift, delivery = Reference(FREEZE.name, "lift", it.id), f"{call.trigger}:{it.id}"
        taken = await context.conversations.take(lift, call.user, {"reason": reason}, delivery)
        lines.append(lists.headline(Overview(FREEZE, taken.conversation, taken.policy)))
    return notice("\n".join(lines))


async def _meant(context: Context, word: str) -> tuple[Overview, ...]:
    """The freezes that a word names: FRZ-1, 1, or all."""
    services = tuple(context.configuration.services)
    if word.lower() == EVERYTHING:
        found = await context.queries.open_ones(FREEZE.name, services)
        if not found:
            raise Refusal("Nothing is frozen.")
        return found
    ticket = f"{FREEZE.ticket}-{word}" if word.isdecimal() else word.upper()
    return (await context.queries.version(FREEZE.name, ticket, services),)


async def freezes(context: Context, call: Call) -> Message:
    """The freezes that are announced or in force."""
    every = tuple(context.configuration.services)
    named, _, rest = split(call.words, every, versioned=False)
    if rest:
        raise Refusal(f"There is no service “{rest[:60]}”.", remedy=f"The services are: {', '.join(every)}.")
    found = await context.queries.open_ones(FREEZE.name, services_meant(context, call, named))
    return words.listing(tuple((one.conversation, one.policy) for one in reversed(found)))


SUBCOMMANDS = {
    "freeze": Subcommand("freeze [service|all] [until=… reason=…]", "let nothing be deployed", freeze),
    "unfreeze": Subcommand("unfreeze <FRZ-1|all> [reason]", "lift a freeze", unfreeze),
    "freezes": Subcommand("freezes [service]", "what is frozen, since when and why", freezes),
}
