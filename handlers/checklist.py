"""The checklist of a release: its button, its form, and `/release checklist`."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck

from bot.bolt import Bolt
from bot.core.release import RELEASE
from bot.errors import Refusal
from bot.messages import checklist
from bot.messages.message import Message
from bot.messages.overview import versions
from bot.messages.references import CHECKLIST_ACTION, CHECKLIST_CALLBACK, Reference
from handlers.commands import Call, services_meant, split
from handlers.context import Context


def register(app: Bolt, context: Context) -> None:
    """The button on the card, and the form."""

    @app.action(CHECKLIST_ACTION)
    async def clicked(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await open_checklist(context, Reference.read(action["value"]), body["user"]["id"], body["trigger_id"])
        await ack()

    @app.view(CHECKLIST_CALLBACK)
    async def submitted(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        sent = checklist.submitted(view)
        if sent.ticked or sent.unticked:
            delivery = f"view:{view['id']}"
            await context.conversations.take(sent.reference, body["user"]["id"], sent.answers, delivery)
        await ack()


async def open_checklist(context: Context, reference: Reference, user: str, trigger: str) -> None:
    """Open the form with all that is ticked by now. Refusal where the person may tick nothing of any release."""
    asked = await context.conversations.ask(reference, user)
    release, policy = asked.known.conversation, asked.known.policy
    view = checklist.form(release, policy, asked.actor.roles, context.clock.now())
    context.background.run(context.slack.offer_view(trigger, view, user), "open_checklist")


async def answer(context: Context, call: Call) -> Message | None:
    """`/release checklist [service] [version]`: opens the form of the release that is meant."""
    name, version, _ = split(call.words, tuple(context.configuration.services))
    services = services_meant(context, call, name)
    found = (
        (await context.queries.version(RELEASE.name, version, services),)
        if version
        else await context.queries.open_ones(RELEASE.name, services)
    )
    if not found:
        raise Refusal("No release is under way here.", remedy="Name one, such as `/release checklist v1.2.0`.")
    if len(found) > 1:
        names = ", ".join(versions(found)[:10])
        raise Refusal(f"Which release is meant? Under way are {names}.", remedy="`/release checklist v1.2.0`")
    await open_checklist(
        context, Reference(RELEASE.name, "checklist", found[0].conversation.id), call.user, call.trigger
    )
    return None


async def read(context: Context, conversation: str, words: str) -> Message:
    """The whole checklist of a release, to read; after `markdown` in the document's own shape, to copy."""
    one = await context.queries.overview(conversation)
    show = checklist.shown_as_markdown if words.casefold() == "markdown" else checklist.shown
    return show(one.conversation, one.policy)
