"""Steps as people take them with buttons and forms. One listener for all steps of all dialogues."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.conversations import Asked
from bot.core.dialogues import DIALOGUES
from bot.core.environments import as_chosen
from bot.core.policy import Service
from bot.core.prefill import prefill
from bot.messages.modals import answers, modal, reference_of
from bot.messages.references import STEP_ACTION, STEP_CALLBACK, Reference
from handlers.context import Context
from handlers.home import publish


def register(app: AsyncApp, context: Context) -> None:
    """Buttons of all steps, and all their forms."""

    @app.action(re.compile(f"^{STEP_ACTION}"))
    async def clicked(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        at_home = body.get("view", {}).get("type") == "home"
        try:
            await click(context, body, replace(Reference.read(action["value"]), from_home=at_home))
        finally:
            if at_home:  # it may have been open for hours
                context.background.run(publish(context, body["user"]["id"]), "publish_home")
        await ack()

    @app.view(STEP_CALLBACK)
    async def submitted(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        # One view is one answer: a second submit of it, or a replay of the request, changes nothing.
        reference, user = reference_of(view), body["user"]["id"]
        await context.conversations.take(reference, user, answers(view), f"view:{view['id']}")
        if reference.from_home:
            context.background.run(publish(context, user), "publish_home")
        await ack()


async def click(context: Context, body: dict[str, Any], reference: Reference) -> None:
    """Take a step that needs no details, or open its form once it is known that the person may take it."""
    user, trigger = body["user"]["id"], body["trigger_id"]
    if DIALOGUES[reference.dialogue].step(reference.step).form is None:
        await context.conversations.take(reference, user, {}, trigger)
    else:
        await open_form(context, replace(reference, given={}), user, trigger, dict(reference.given))


async def open_form(
    context: Context, reference: Reference, user: str, trigger: str, given: dict[str, Any], hint: str = ""
) -> None:
    """Open a step's form, filled with what is known and what was given. Refusal where the step is not possible.

    Slack's trigger is good for three seconds, and opening is a call to Slack: it follows the answer.
    """
    asked = await context.conversations.ask(reference, user, given)
    if asked.known.conversation is None:
        given = as_chosen(asked.form, given, (asked.known.policy,))
    view = modal(
        asked.step,
        reference,
        prefill(DIALOGUES[reference.dialogue].fillers.get(asked.form), replace(asked.known, given=given)) | given,
        service=asked.known.policy,
        title_detail=asked.known.conversation.version if asked.known.conversation else "",
        context_line=" · ".join(filter(None, (about(asked), hint))),
    )
    context.background.run(context.slack.offer_view(trigger, view, user), "open_form")


def about(asked: Asked) -> str:
    """The line above a form: which service, what was released last where a version is meant, and in whose name it is
    filled. Plain text.
    """
    known = asked.known
    last = f"last verified version {known.verified}" if known.verified else "no verified version yet"
    service = f"{known.policy.title} ({known.policy.name})"
    return " · ".join((service, *((last,) if asked.versioned else ()), f"in your name, {asked.actor.name}"))


def in_channel(services: tuple[Service, ...], every: tuple[Service, ...]) -> Service | None:
    """The one service that a channel means; the only one there is, where the channel means none."""
    choice = services or every
    return choice[0] if len(choice) == 1 else None
