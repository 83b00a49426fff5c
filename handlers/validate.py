"""`/release validate`: runs the playbook of a service against the version that is live."""

from __future__ import annotations

from bot.core.release import RELEASE
from bot.core.release_validation import VALIDATED
from bot.errors import Refusal
from bot.messages import lists
from bot.messages.message import Message
from bot.messages.overview import Overview, versions
from bot.messages.references import Reference
from handlers.commands import Call, services_meant, split
from handlers.context import Context


async def answer(context: Context, call: Call) -> Message:
    """`/release validate [service] [version]`: without a version, the one that is deployed and under way."""
    name, version, rest = split(call.words, tuple(context.configuration.services))
    if rest:
        raise Refusal(f"“{rest[:60]}” is not understood.", remedy="Write `/release validate [service] [v1.2.0]`.")
    found = await _meant(context, services_meant(context, call, name), version)
    reference = Reference(RELEASE.name, "validate", found.conversation.id)
    taken = await context.conversations.take(reference, call.user, {}, call.trigger)
    return lists.validation_began(Overview(RELEASE, taken.conversation, taken.policy))


async def _meant(context: Context, services: tuple[str, ...], version: str) -> Overview:
    if version:
        return await context.queries.version(RELEASE.name, version, services)
    opened = await context.queries.open_ones(RELEASE.name, services)
    live = [one for one in opened if one.conversation.state in VALIDATED]
    if not live:
        raise Refusal(
            "No release that is deployed is under way here.", remedy="Name one, such as `/release validate v1.2.0`."
        )
    if len(live) > 1:
        named = zip(live[:10], versions(live), strict=False)
        names = ", ".join(f"{one.conversation.service} {version}" for one, version in named)
        raise Refusal(
            f"Which release is meant? Deployed are {names}.", remedy="Name it, such as `/release validate v1.2.0`."
        )
    return live[0]
