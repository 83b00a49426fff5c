"""A service on loopback that takes down what it was asked, and answers as it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """`answers` are given in turn, the last one for ever: (status, JSON body, headers), or a fault by name."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, Any, dict[str, str]] | str] = field(default_factory=list)

    def will(self, status: int, body: Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, body, named))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take it down, and answer."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(
            Asked(
                request.method, request.raw_path.partition("?")[0], dict(request.query), headers, await request.read()
            )
        )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "reset":
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
            raise ConnectionResetError
        assert not isinstance(answer, str)
        status, body, named = answer
        return (
            web.json_response(body, status=status, headers=named)
            if body is not None
            else web.Response(status=status, headers=named)
        )


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A service that listens."""
    told = Service()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", told.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    told.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield told
    await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps to this machine."""
    async with httpx.AsyncClient(trust_env=False) as opened:
        yield opened
