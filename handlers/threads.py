"""`@Greenlight …` in a thread: slash commands don't work there, so the steps are typed after a mention."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.dialogue import Dialogue, Step
from bot.core.dialogues import DIALOGUES
from bot.core.forms import Form
from bot.core.release import RELEASE
from bot.core.secrets import tells_secrets
from bot.errors import Refusal
from bot.messages import lists
from bot.messages.message import Message
from bot.messages.references import Reference
from bot.store.interface import Record
from handlers import checklist, reports
from handlers.context import Context
from handlers.incoming import first_word, in_names, plain, typed_answers

_MENTION = re.compile(r"<@[UW][A-Z0-9]+>")


def register(app: AsyncApp, context: Context) -> None:
    """Mentions of the bot, and messages kept as notes."""

    @app.event("app_mention")
    async def mentioned(event: dict[str, Any], body: dict[str, Any]) -> None:
        message = await answer(context, event, body["event_id"])
        if message is not None:
            whisper(context, event, message)

    @app.shortcut("release_note")
    async def keep_note(ack: AsyncAck, body: dict[str, Any]) -> None:
        await note(context, body)
        await ack()


def whisper(context: Context, event: dict[str, Any], message: Message) -> None:
    """Answer privately where the person wrote, after the event was acknowledged."""
    thread = event.get("thread_ts") or None
    private = context.slack.post_ephemeral(event["channel"], event["user"], message, thread_ts=thread)
    context.background.run(private, "whisper")


async def answer(context: Context, event: dict[str, Any], delivery: str) -> Message | None:
    """Do what was typed. None where the thread itself shows the result."""
    text = plain(_after_mention(event.get("text", ""), context.slack.bot_user))
    record = await context.queries.in_thread(event["channel"], event.get("thread_ts", ""))
    if record is None:
        return lists.not_a_thread()
    dialogue = DIALOGUES[record.dialogue]
    word, words = first_word(text)
    name = word.lower().rstrip(":")
    if name in {"", "help"}:
        return lists.thread_help(dialogue, record.state)
    if name == "status":
        return lists.status(await context.queries.overview(record.id), context.clock.now())
    if name == "checklist" and dialogue is RELEASE and words.casefold() in ("", "markdown"):
        return await checklist.read(context, record.id, words)
    if name == "report" and dialogue in reports.REPORTED and not words:
        one = await context.queries.overview(record.id)
        return await reports.read(context, one, event["user"], event["channel"], event.get("thread_ts"))
    return await _take(context, event, record, text, delivery)


async def _take(context: Context, event: dict[str, Any], record: Record, text: str, delivery: str) -> Message | None:
    """Take the step that was typed; where it can't be typed, or not so, the button of its form is the answer."""
    dialogue = DIALOGUES[record.dialogue]
    step, words = step_meant(dialogue, text)
    reference = Reference(dialogue.name, step.name, record.id)
    if step.form is not None and tells_secrets(step.form, words):
        await context.conversations.ask(reference, event["user"])
        return lists.secret_offer(step, replace(reference, stage=record.stage))
    answers = await typed_answers(context, step.form, words, event["user"]) if step.form else {}
    if step.form is not None and _needs_more(answers, step.form):
        await context.conversations.ask(reference, event["user"])
        # The button that is offered is as stale later as any other that was made now.
        return lists.form_offer(step, replace(reference, stage=record.stage).giving(answers))
    await context.conversations.take(reference, event["user"], answers, delivery)
    return None


def step_meant(dialogue: Dialogue[Any], text: str) -> tuple[Step, str]:
    """The step that a text begins with, by its name or its button's label, and the remaining words.

    People write `smoke_passed`, `smoke-passed` and `Smoke passed`. Refusal where it begins with none.
    """
    for step in sorted(dialogue.steps, key=lambda step: -len(step.label)):
        for spelling in (step.label, step.name):
            pattern = re.escape(spelling).replace("_", "[_ -]").replace("\\ ", "[_ -]")
            if found := re.match(rf"(?i){pattern}(?::|(?=\s)|$)", text):
                return step, text[found.end() :].strip()
    return dialogue.step(first_word(text)[0].lower()), ""


def _after_mention(text: str, bot_user: str | None) -> str:
    """What was typed to the bot: people who are mentioned first are called, not meant."""
    _, mention, rest = text.partition(f"<@{bot_user}>")
    return rest if mention else _MENTION.sub("", text, count=1)


def _needs_more(answers: dict[str, Any], form: type[Form]) -> bool:
    return not form.required() <= answers.keys()


async def note(context: Context, body: dict[str, Any]) -> None:
    """Keep a message of a release's thread with the release."""
    message, user = body["message"], body["user"]["id"]
    thread = message.get("thread_ts", message["ts"])
    record = await context.queries.in_thread(body["channel"]["id"], thread)
    if record is None:
        raise Refusal(
            "This message is not in a release's thread.", remedy="Use it on a message below a release's card."
        )
    author = f"<@{message['user']}>: " if message.get("user") else ""
    reference = Reference(record.dialogue, "note", record.id)
    text = await in_names(context, f"{author}{plain(message.get('text', ''))}")
    await context.conversations.take(reference, user, {"text": text[:3000]}, body["trigger_id"])
