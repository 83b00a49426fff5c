"""Private answers, and the one place where a handler's refusal or failure becomes a sentence."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.errors import Refusal, StoreBusyError
from bot.messages.message import Message
from bot.messages.modals import field_errors
from bot.messages.references import ReferenceUnreadableError
from bot.messages.refusals import notice, refusal
from handlers.context import Context

logger = logging.getLogger(__name__)

RETRIES = 3
"""How often Slack delivers an event again: at once, after a minute, after five."""

NOT_RECORDED = Refusal(
    "That was not recorded: the store is busy.", remedy="Please repeat it; repeating is safe, nothing happens twice."
)
FAILED = Refusal(
    "Something went wrong on Greenlight's side, and nothing was changed.",
    remedy="Please try again; if it stays so, tell whoever runs Greenlight the time of this message.",
)
OUTDATED = Refusal(
    "This button was made by another version of Greenlight.", remedy="Use the card at the head of the thread."
)


def reply(context: Context, body: dict[str, Any], message: Message) -> None:
    """Answer an interaction privately, after it was acknowledged."""
    work = context.slack.answer_privately(
        message,
        response_url=body.get("response_url", ""),
        channel=body.get("channel", {}).get("id", ""),
        user=body["user"]["id"],
        thread_ts=_read_in_thread(body),
    )
    context.background.run(work, "reply")


def _read_in_thread(body: dict[str, Any]) -> str | None:
    """The thread whose reply was acted on. Its head, and a reply that was sent to the channel too, are read there."""
    container, message = body.get("container", {}), body.get("message", {})
    thread_ts: str | None = container.get("thread_ts")
    in_channel = message.get("subtype") == "thread_broadcast" or thread_ts == container.get("message_ts")
    return None if in_channel else thread_ts


def register(app: AsyncApp, context: Context) -> None:
    """The edge where every error of a handler ends: the person is told, the log has the rest."""

    @app.error
    async def failed(error: Exception, body: dict[str, Any], request: AsyncBoltRequest) -> BoltResponse:
        told = as_refusal(error)
        if told is FAILED:
            logger.error("handler failed", exc_info=error, extra={"action": "handler_failed"})
        if told is NOT_RECORDED and body.get("type") == "event_callback" and _comes_again(request):
            return BoltResponse(status=500, body="")
        return answer_to(context, body, told)


def as_refusal(error: Exception) -> Refusal:
    """The sentence for whatever a handler raised."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, StoreBusyError):
        return NOT_RECORDED
    return OUTDATED if isinstance(error, ReferenceUnreadableError) else FAILED


def answer_to(context: Context, body: dict[str, Any], told: Refusal) -> BoltResponse:
    """The HTTP answer to a refused request: in the form, in the command's answer, or privately after a plain 200."""
    if body.get("type") == "view_submission":
        errors = field_errors(told, body["view"])
        return _json({"response_action": "errors", "errors": errors})
    message = refusal(told)
    if "command" in body:
        return _json({"response_type": "ephemeral", "text": message.text, "blocks": list(message.blocks)})
    if body.get("type") == "event_callback":
        _answer_to_event(context, body["event"], message)
        return BoltResponse(status=200, body="")
    if body.get("user", {}).get("id"):
        reply(context, body, message)
    return BoltResponse(status=200, body="")


def _answer_to_event(context: Context, event: dict[str, Any], message: Message) -> None:
    if event.get("channel") and event.get("user"):
        work = context.slack.post_ephemeral(event["channel"], event["user"], message, thread_ts=event.get("thread_ts"))
        context.background.run(work, "whisper")


def _comes_again(request: AsyncBoltRequest) -> bool:
    """True if Slack delivers an event once more where we fail (docs.slack.dev, Events API, retries)."""
    [tried] = request.headers.get("x-slack-retry-num", ["0"])
    return not tried.isdigit() or int(tried) < RETRIES


def answered(message: Message | None) -> BoltResponse:
    """The HTTP answer to a command: seen by whoever typed it alone; nothing is said where it is None."""
    return _json({"text": message.text, "blocks": message.blocks}) if message else BoltResponse(status=200, body="")


def _json(content: dict[str, Any]) -> BoltResponse:
    return BoltResponse(status=200, body=orjson.dumps(content).decode(), headers={"content-type": ["application/json"]})


def unknown(context: Context, body: dict[str, Any], what: str) -> None:
    """A button, form or shortcut that nobody listens to: logged, and the person is told."""
    logger.warning("unknown %s", what, extra={"action": "unknown_interaction"})
    if body.get("user", {}).get("id"):
        reply(context, body, notice("I don't know this any more. Use the card at the head of the thread."))
