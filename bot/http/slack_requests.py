"""Slack's requests, on from the door to Bolt. Bolt's own ASGI adapter reads a form three times and headers that nobody
asks for; what is handed over here is read once, the way Bolt's Socket Mode adapter hands over what came by WebSocket.
"""

from __future__ import annotations

import json
from binascii import a2b_qp
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol

from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse

RETRY_HEADERS = frozenset({b"x-slack-retry-num", b"x-slack-retry-reason"})
"""All that is asked of the headers once the signature is checked (docs.slack.dev, Events API, retries)."""


class Bolt(Protocol):
    """Bolt's app as it is used here (bot.bolt)."""

    def request(self, fields: dict[str, Any], headers: Mapping[str, str]) -> AsyncBoltRequest: ...

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse: ...


class SlackRequests:
    """Bolt as an ASGI application for requests that were checked."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """One request; its body comes whole."""
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name in RETRY_HEADERS}
        response = await self._bolt.async_dispatch(self._bolt.request(payload(body), headers))
        content = response.body.encode()
        told = [(name.encode(), one.encode()) for name, values in response.headers.items() for one in values]
        told.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": told})
        await send({"type": "http.response.body", "body": content})


def payload(body: bytes) -> dict[str, Any]:
    """What Slack sends: JSON for events, a form for commands, JSON in a form's `payload` for interactions."""
    text = body.decode(errors="replace")
    if text.startswith("{"):
        events: dict[str, Any] = json.loads(text)
        return events
    fields: dict[str, str] = {}
    for pair in filter(None, text.split("&")):
        name, _, value = pair.partition("=")
        fields[_unquoted(name)] = _unquoted(value)
    if "payload" in fields:
        interaction: dict[str, Any] = json.loads(fields["payload"])
        return interaction
    return fields


def _unquoted(quoted: str) -> str:
    """A form's name or value. Percent signs are the equals signs of quoted-printable text, which Python decodes in one
    call of C: a typed command costs 5 µs, and 16 with urllib's `unquote_plus`.
    """
    if quoted.isidentifier():  # names and ids, nearly all there are
        return quoted
    plain = quoted.replace("+", " ")
    if "%" not in plain:
        return plain
    return a2b_qp(plain.replace("=", "%3D").replace("%", "=").encode()).decode(errors="replace")
