"""PagerDuty, Opsgenie and a mail server on loopback: strict about what they are sent; with faults."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any, Literal

from aiohttp import web

from tests.trackers.fakes import TOKEN, FakeTracker

ACTIONS = ("trigger", "acknowledge", "resolve")
LEVELS = ("critical", "error", "warning", "info")


@dataclass
class FakePagerDuty(FakeTracker):
    """The Events API v2. `events` are those that were accepted; `open` the incidents and their state, by dedup_key."""

    events: list[dict[str, Any]] = field(default_factory=list)
    open: dict[str, str] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v2/enqueue", self.enqueue)]

    def knows(self, request: web.Request) -> bool:
        return request.method == "POST"  # the key is in the body

    async def enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        if wrong := self._wrong(event):
            told = {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
            return web.json_response(told, status=400)
        self.events.append(event)
        key = event["dedup_key"]
        match event["event_action"]:
            case "trigger":
                self.open.setdefault(key, "triggered")
            case "acknowledge" if key in self.open:
                self.open[key] = "acknowledged"
            case "resolve":
                self.open.pop(key, None)
        told = {"status": "success", "message": "Event processed", "dedup_key": key}
        return web.json_response(told, status=202)

    def _wrong(self, event: dict[str, Any]) -> list[str]:
        known = {"routing_key", "event_action", "dedup_key", "payload", "links", "client", "images", "client_url"}
        wrong = [f"'{name}' is not known" for name in event if name not in known]
        if event.get("routing_key") not in self.tokens:
            wrong.append("Invalid routing key")
        if event.get("event_action") not in ACTIONS:
            wrong.append("'event_action' is invalid")
        if not 0 < len(event.get("dedup_key", "")) <= 255:
            wrong.append("Length of 'dedup_key' is incorrect (should be no more than 255 characters)")
        if event["event_action"] == "trigger":
            payload = event.get("payload", {})
            wrong += [
                f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)
            ]
            if len(payload.get("summary", "")) > 1024:
                wrong.append("Length of 'payload.summary' is incorrect (should be no more than 1024 characters)")
            if payload.get("severity") not in LEVELS:
                wrong.append("'payload.severity' is invalid (must be one of the following: 'critical', ...)")
            datetime.fromisoformat(payload["timestamp"])
        return wrong


@dataclass
class FakeOpsgenie(FakeTracker):
    """The Alert API. `alerts` by alias; `said` are the notes of closed and acknowledged ones."""

    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v2/alerts", self.create),
            web.post("/v2/alerts/{alias}/acknowledge", self.acknowledge),
            web.post("/v2/alerts/{alias}/close", self.close),
        ]

    def knows(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("GenieKey ") in self.tokens

    async def create(self, request: web.Request) -> web.Response:
        told = await request.json()
        known = {"message", "alias", "description", "priority", "source", "entity", "tags", "details"}
        if set(told) - known or not 0 < len(told["message"]) <= 130 or told["priority"] not in ("P1", "P2", "P3", "P5"):
            errors = {"message": "message is invalid"}
            return web.json_response({"message": "Request body is not processable.", "errors": errors}, status=422)
        alert = self.alerts.setdefault(told["alias"], {**told, "status": "open", "count": 0})
        alert["count"] += 1
        alert["status"] = "open" if alert["status"] == "closed" else alert["status"]
        return self._accepted()

    async def acknowledge(self, request: web.Request) -> web.Response:
        return self._change(request, "acknowledged")

    async def close(self, request: web.Request) -> web.Response:
        return self._change(request, "closed")

    def _change(self, request: web.Request, status: str) -> web.Response:
        assert request.query["identifierType"] == "alias"
        if request.match_info["alias"] in self.alerts:
            self.alerts[request.match_info["alias"]]["status"] = status
        return self._accepted()  # what is wrong with the alias is found later

    def _accepted(self) -> web.Response:
        told = {"result": "Request will be processed", "took": 0.1, "requestId": "43a29c5c"}
        return web.json_response(told, status=202)


SmtpFault = Literal["busy", "refused", "lost"]


@dataclass
class FakeMailServer:
    """As much of SMTP as mail needs. `faults` are met by one message each: busy (451), refused (554), lost (taken, and
    the connection gone before the answer).
    """

    port: int = 0
    login: tuple[str, str] | None = None
    faults: list[SmtpFault] = field(default_factory=list)
    mails: list[Message] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 mail.example.com ESMTP")
        while line := (await reader.readline()).decode().strip():
            match line.split()[0].upper():
                case "EHLO":
                    say("250-mail.example.com")
                    say("250 8BITMIME")
                case "RCPT" if "nobody@" in line:
                    say("550 5.1.1 No such user")
                case "MAIL" | "RCPT" | "RSET":
                    say("250 OK")
                case "DATA":
                    say("354 Go ahead")
                    if not await self._take(reader, writer):
                        return
                case "QUIT":
                    say("221 Bye")
                    return
                case _:
                    say("502 Not implemented")

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        content = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
        fault = self.faults.pop(0) if self.faults else None
        if fault in (None, "lost"):
            self.mails.append(email.message_from_bytes(content))
        if fault == "lost":
            return False
        answers = {None: "250 OK queued", "busy": "451 4.3.0 Try again later", "refused": "554 5.7.1 Looks like spam"}
        writer.write(f"{answers[fault]}\r\n".encode())
        return True


@asynccontextmanager
async def mail_server(**settings: Any) -> AsyncIterator[FakeMailServer]:
    fake = FakeMailServer(**settings)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    async with server:
        yield fake


__all__ = ["TOKEN", "FakeMailServer", "FakeOpsgenie", "FakePagerDuty", "mail_server"]
