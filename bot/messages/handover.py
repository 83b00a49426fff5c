"""The one message that holds credentials: to the requester alone. It is never kept, so it is made where it is sent."""

from __future__ import annotations

from bot.core.environment_request_rules import EnvironmentRequest
from bot.core.secrets import Secret
from bot.messages import blocks
from bot.messages.environment_request import title
from bot.messages.message import Message
from bot.messages.parts import version
from bot.messages.text import bold, escape

BLOCK = "secret"
"""The block_id of the credentials: what shows messages to people other than their readers knows by it what to hide."""


def handover(request: EnvironmentRequest, provider: str, secret: Secret) -> Message:
    """Credentials of an environment, exactly as they were given; notifications show nothing of them."""
    what = f"Credentials of {title(request)}"
    head = f"🔐 {bold(what)} ({version(request)}, {escape(request.service)}) from {escape(provider)}:"
    store = (
        "Please store them safely now, such as in a password manager. They went to you alone: Greenlight keeps no copy "
        "and can't show them again."
    )
    text = {"type": "text", "text": secret.reveal()}
    code = {
        "type": "rich_text",
        "block_id": BLOCK,
        "elements": [{"type": "rich_text_preformatted", "elements": [text]}],
    }
    return Message(f"🔐 {escape(what)}", (blocks.section(head), code, blocks.context(store)))
