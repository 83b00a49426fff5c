"""Socket Mode: the same deliveries over web sockets that the app opened (docs.slack.dev, using-socket-mode)."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from dataclasses import dataclass
from typing import Literal

from aiohttp import WSMsgType, web

from playground.slack.shapes import Json
from playground.slack.state import Slack
from playground.slack.transport import Answer, DeliveryFailedError, Envelope

CONNECTIONS_LIMIT = 10
CONNECTION_LIFETIME = 3600
"""Seconds a connection lives, as the hello message tells; this Slack ends one only when `refresh` is called."""
DisconnectReason = Literal["warning", "refresh_requested", "link_disabled"]


@dataclass(frozen=True, eq=False)
class Link:
    """One connection of the app, and the request it came with."""

    socket: web.WebSocketResponse
    request: web.Request


class SocketTransport:
    """Up to ten connections of the app; each envelope goes to one of them in turn."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._links: list[Link] = []
        self._turn = itertools.count()
        self._unanswered: dict[str, asyncio.Future[Answer]] = {}

    @property
    def connections(self) -> int:
        """How many connections the app holds."""
        return len(self._links)

    async def connected(self, count: int = 1, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - told in the failure's sentence
        """Return when the app holds so many connections."""
        await self._slack.workspace.events.until(
            lambda: self.connections >= count, timeout, f"{count} Socket Mode connections"
        )

    async def send(self, envelope: Envelope) -> Answer:
        """Hand over one envelope and wait for its acknowledgement."""
        if not self._links:
            raise DeliveryFailedError("connection_failed")
        envelope_id = str(uuid.uuid4())
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._unanswered[envelope_id] = future
        try:
            async with asyncio.timeout(self._slack.settings.patience):
                await self._pick().send_json(_message(envelope, envelope_id))
                return await future
        except TimeoutError:
            raise DeliveryFailedError("http_timeout") from None
        except ConnectionError:
            raise DeliveryFailedError("connection_failed") from None
        finally:
            self._unanswered.pop(envelope_id, None)

    async def close(self) -> None:
        for link in list(self._links):
            await link.socket.close()

    async def refresh(self, reason: DisconnectReason = "refresh_requested") -> None:
        """Ask the app to connect anew and end the connections there are; a warning alone ends nothing."""
        for link in list(self._links):
            await link.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "playground"}})
            if reason != "warning":
                self._forget(link)
                await link.socket.close()

    def drop(self) -> None:
        """Break all connections as a network does: without a word."""
        for link in list(self._links):
            if link.request.transport is not None:
                link.request.transport.abort()

    async def link(self, request: web.Request) -> web.StreamResponse:
        """The handler of /link/: one connection, opened with a single-use ticket of apps.connections.open."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._slack.socket_tickets:
            return web.Response(status=401, text="invalid_ticket")
        self._slack.socket_tickets.discard(ticket)
        connection = web.WebSocketResponse(heartbeat=30)
        await connection.prepare(request)
        if self.connections >= CONNECTIONS_LIMIT:
            await connection.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await connection.close()
            return connection
        link = Link(connection, request)
        self._links.append(link)
        try:
            await connection.send_json(self._hello())
            self._slack.workspace.events.wake()
            async for message in connection:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            self._forget(link)
        return connection

    def _forget(self, link: Link) -> None:
        if link in self._links:
            self._links.remove(link)
            self._slack.workspace.events.wake()

    def _pick(self) -> web.WebSocketResponse:
        return self._links[next(self._turn) % len(self._links)].socket

    def _acknowledge(self, text: str) -> None:
        try:
            given = json.loads(text)
        except ValueError:
            return
        envelope_id = given.get("envelope_id") if isinstance(given, dict) else None
        future = self._unanswered.get(str(envelope_id))
        if future is None or future.done():
            return
        payload = given.get("payload")
        future.set_result(Answer(200, _body_of(payload)))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.connections,
            "debug_info": {
                "host": "playground",
                "build_number": 1,
                "approximate_connection_time": CONNECTION_LIFETIME,
            },
            "connection_info": {"app_id": self._slack.workspace.app_id},
        }


def _message(envelope: Envelope, envelope_id: str) -> Json:
    message: Json = {
        "envelope_id": envelope_id,
        "type": envelope.type,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.type != "events_api",
    }
    if envelope.type == "events_api":
        message["retry_attempt"] = envelope.retry_number
        message["retry_reason"] = envelope.retry_reason or ""
    return message


def _body_of(payload: object) -> str:
    """The acknowledgement's payload as the body that HTTP would carry. Bolt wraps plain text as {"text": …}."""
    if payload in (None, {}, ""):
        return ""
    return payload if isinstance(payload, str) else json.dumps(payload)
