"""The one ASGI door: Slack's requests straight to Bolt, `/health` for whoever watches us, a problem for the rest.

There is no framework between the server and Bolt: a router costs a fifth of the requests that can be acknowledged.
Signatures are checked here, because Bolt reads a body before it asks whose it is, and stumbles over garbage.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier

from bot.http.health import Health

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application. uvicorn and Bolt each name the shapes of its arguments by types of their own."""

SLACK_PATH = "/slack/events"
HEALTH_PATH = "/health"

MAX_BODY = 1_000_000
"""Bytes. Slack's largest payloads, a view with its state, stay below 250 KB (docs.slack.dev, views)."""

LONGEST_TIMESTAMP = 16
"""Digits. Seconds since 1970 have ten; Python refuses to read thousands."""


class Door:
    """Routes a request by its path. `slack` and `signing_secret` are None where Slack comes by Socket Mode."""

    def __init__(
        self, slack: AsgiApp | None, signing_secret: str | None, health: Callable[[], Awaitable[Health]]
    ) -> None:
        self._slack = slack
        self._verifier = SignatureVerifier(signing_secret) if signing_secret else None
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise TypeError(f"Greenlight speaks HTTP here, not {scope['type']}")
        path, method = scope["path"], scope["method"]
        if path == SLACK_PATH and self._slack is not None and self._verifier is not None:
            await self._to_slack(self._slack, self._verifier, scope, receive, send)
        elif path == HEALTH_PATH:
            if method not in {"GET", "HEAD"}:
                await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, f"{HEALTH_PATH} answers GET.")
                return
            health = await self._health()
            await answer(send, health.status_code, health.body())
        else:
            await problem(
                send, HTTPStatus.NOT_FOUND, f"There is nothing at {path}. Slack's requests go to {SLACK_PATH}."
            )

    async def _to_slack(
        self, slack: AsgiApp, verifier: SignatureVerifier, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["method"] != "POST":
            await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, f"{SLACK_PATH} answers POST.")
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        body = await _whole(receive, headers)
        if body is None:
            await problem(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_BODY} bytes are read.")
        elif _is_slacks(verifier, headers, body):
            await slack(scope, _again(body), send)
        elif _is_certificate_check(body):
            await answer(send, HTTPStatus.OK, {})
        else:
            logger.warning("a request was not signed by Slack", extra={"action": "signature_refused"})
            await problem(send, HTTPStatus.UNAUTHORIZED, "This request was not signed by Slack within five minutes.")


async def _whole(receive: Receive, headers: Mapping[bytes, bytes]) -> bytes | None:
    """The body; None where it is larger than is read, so that nobody fills the memory."""
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > LONGEST_TIMESTAMP or int(announced) > MAX_BODY:
        return None
    body = bytearray()
    more = True
    while more and len(body) <= MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body) if len(body) <= MAX_BODY else None


def _is_slacks(verifier: SignatureVerifier, headers: Mapping[bytes, bytes], body: bytes) -> bool:
    """True if Slack signed it, in the last five minutes (docs.slack.dev, "Verifying requests from Slack")."""
    timestamp = headers.get(b"x-slack-request-timestamp", b"")
    if not timestamp.isdigit() or len(timestamp) > LONGEST_TIMESTAMP:
        return False
    signature = headers.get(b"x-slack-signature", b"").decode("latin-1")
    try:
        return verifier.is_valid(body, timestamp.decode(), signature)
    except (TypeError, UnicodeDecodeError):  # a signature beyond ASCII, a body that is no text: Slack sends neither
        return False


def _is_certificate_check(body: bytes) -> bool:
    """Slack looks now and then whether a command's address has a valid certificate; nothing is asked of us."""
    return len(body) < 1_000 and parse_qs(body.decode("latin-1")).get("ssl_check") == ["1"]


def _again(body: bytes) -> Receive:
    """The body that was read already, for whoever reads it next; then the client is gone."""
    told = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return told.pop() if told else {"type": "http.disconnect"}

    return receive


async def answer(send: Send, status: int, body: object, content_type: bytes = b"application/json") -> None:
    """Send a whole JSON answer."""
    content = json.dumps(body).encode()
    headers = [(b"content-type", content_type), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def problem(send: Send, status: HTTPStatus, detail: str) -> None:
    """Send a problem body (RFC 9457): what was wrong, in a sentence."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    await answer(send, status, body, b"application/problem+json")
