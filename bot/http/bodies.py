"""What comes in and goes out over ASGI: bodies that are read whole and no larger than allowed, answers, problems."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application. uvicorn, Bolt and FastAPI each name the shapes of its arguments by types of their own."""

MAX_BODY = 1_000_000
"""Bytes. Slack's largest payloads, a view with its state, stay below 250 KB (docs.slack.dev, views)."""

LONGEST_NUMBER = 16
"""Digits of a length or a timestamp. Seconds since 1970 have ten; Python refuses to read thousands."""

PROBLEM = "application/problem+json"


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """A request's headers by name in small letters; the last of those given twice."""
    return {name.lower(): value for name, value in scope["headers"]}


async def whole(receive: Receive, headers: Mapping[bytes, bytes], most: int = MAX_BODY) -> bytes | None:
    """The body; None where it has more than so many bytes, so that nobody fills the memory."""
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > LONGEST_NUMBER or int(announced) > most:
        return None
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        pieces = bytearray(body)
        while message.get("more_body", False) and len(pieces) <= most:
            message = await receive()
            pieces += message.get("body", b"")
        body = bytes(pieces)
    return body if len(body) <= most else None


def again(body: bytes) -> Receive:
    """The body that was read already, for whoever reads it next; then the client is gone."""
    told = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return told.pop() if told else {"type": "http.disconnect"}

    return receive


async def answer(
    send: Send,
    status: int,
    body: object,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a whole answer: what JSON can say, or bytes as they stand."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"content-type": content_type, "content-length": str(len(content)), **(headers or {})}
    encoded = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": int(status), "headers": encoded})
    await send({"type": "http.response.body", "body": content})


async def problem(
    send: Send, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, **more: object
) -> None:
    """Send a problem body (RFC 9457): what was wrong, in a sentence, and what else helps."""
    await answer(send, status, problem_body(status, detail, **more), PROBLEM, headers)


async def too_large(send: Send, most: int, remedy: str = "") -> None:
    """Send the problem of a body that has more than `most` bytes."""
    more: dict[str, Any] = {"remedy": remedy} if remedy else {}
    await problem(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {most:,} bytes are read here.", **more)


def problem_body(status: HTTPStatus, detail: str, **more: object) -> dict[str, object]:
    """A problem as RFC 9457 writes it."""
    return {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **more}
