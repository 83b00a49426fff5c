"""The one ASGI door: Slack's requests straight to Bolt, `/health` for whoever watches us, a problem for the rest.

There is no framework between the server and Bolt: a router costs a fifth of the requests that can be acknowledged.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

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


class Door:
    """Routes a request by its path. `slack` is None where Slack comes by Socket Mode."""

    def __init__(self, slack: AsgiApp | None, health: Callable[[], Awaitable[Health]]) -> None:
        self._slack = slack
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise TypeError(f"Greenlight speaks HTTP here, not {scope['type']}")
        path, method = scope["path"], scope["method"]
        if path == SLACK_PATH and self._slack is not None:
            await self._to_slack(self._slack, scope, receive, send)
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

    async def _to_slack(self, slack: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        if scope["method"] != "POST":
            await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, f"{SLACK_PATH} answers POST.")
        elif not headers.get(b"x-slack-request-timestamp", b"0").isdigit():
            # Bolt's verifier raises on a timestamp that is no number, and would answer 500.
            await problem(send, HTTPStatus.UNAUTHORIZED, "The request's timestamp is not a number.")
        elif not headers.get(b"content-length", b"0").isdigit() or int(headers.get(b"content-length", b"0")) > MAX_BODY:
            await problem(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_BODY} bytes are read.")
        else:
            try:
                await slack(scope, _limited(receive), send)
            except _TooLargeError:  # raised while Bolt's adapter reads, before anything is answered
                await problem(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_BODY} bytes are read.")


class _TooLargeError(Exception):
    """More bytes came than were announced."""


def _limited(receive: Receive) -> Receive:
    """A body without a length is counted while it is read, so that nobody fills the memory."""
    seen = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise _TooLargeError
        return message

    return counted


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
