"""A live service on loopback, as checks see it: strict about what is sent to it, with answers and faults by path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], web.StreamResponse]


@dataclass
class LiveService:
    """`answers` by path, one after another; the last stays. An answer is a status, a JSON value, bytes, or a fault:
    `reset`, `hang` or `half` (the answer breaks off).
    """

    url: str = ""
    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    hanging: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def count(self, path: str) -> int:
        return sum(one.endswith(f" {path}") for one in self.asked)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        self.headers.append({name.casefold(): value for name, value in request.headers.items()})
        self.bodies.append(await request.read())
        given = self.answers.get(request.path, [404])
        told = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(told, int):
            return web.Response(status=told)
        if isinstance(told, bytes):
            return web.Response(body=told)
        if told in ("reset", "hang", "half"):
            return await self._break(request, told)
        return web.json_response(told)

    async def _break(self, request: web.Request, fault: str) -> web.StreamResponse:
        if fault == "hang":
            self.hanging.put_nowait(request.path)
            await asyncio.Event().wait()
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        if fault == "half":
            await response.prepare(request)
            await response.write(b"{")
        assert request.transport is not None
        request.transport.abort()
        return response


@asynccontextmanager
async def live(answers: dict[str, list[Any]] | None = None) -> AsyncIterator[LiveService]:
    """A service while it is live."""
    service = LiveService(answers=dict(answers or {}))
    application = web.Application(client_max_size=10_000)
    application.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    service.url = f"http://127.0.0.1:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()
