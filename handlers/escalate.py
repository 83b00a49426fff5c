"""`/release escalate`: a situation goes up at once, of a release or of none."""

from __future__ import annotations

import re

from bot.core.escalation import ESCALATION
from bot.core.escalation_forms import EscalateForm
from bot.core.release import RELEASE
from bot.messages import escalation
from bot.messages.message import Message
from bot.messages.references import Reference
from handlers.commands import Call, opening, services_meant, split
from handlers.context import Context
from handlers.incoming import typed_answers
from handlers.steps import open_form

RAISE = opening(ESCALATION, "raise")
_VERSION = re.compile(r"[vV]?\d[\w.+-]*")


async def answer(context: Context, call: Call) -> Message | None:
    """`/release escalate [service] [version] [what happened] situation=…`: with a version it is kept with its release.

    A first word that is no version begins what happened.
    """
    name, version, words = split(call.words, tuple(context.configuration.services))
    # Its environment may stand behind it (bot.queries); “500/min” is what happened.
    plain, _, environment = version.partition("/")
    known = {"", *(place for service in context.configuration.services.values() for place in service.environments)}
    if not _VERSION.fullmatch(plain) or environment.casefold() not in known:
        return await RAISE(context, call)
    one = await context.queries.version(RELEASE.name, version, services_meant(context, call, name))
    reference = Reference(RELEASE.name, "escalate", one.conversation.id)
    given = await typed_answers(context, EscalateForm, words, call.user)
    if not EscalateForm.required() <= given.keys():
        await open_form(context, reference, call.user, call.trigger, given)
        return None
    taken = await context.conversations.take(reference, call.user, given, call.trigger)
    return escalation.recorded(EscalateForm.from_answers(given), taken.policy)
