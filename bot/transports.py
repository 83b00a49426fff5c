"""How Slack reaches the bot: an HTTP server, or a WebSocket that the bot opens. Both lead to the same Bolt app."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.http.bodies import AsgiApp
from bot.http.in_one import HttpInOne

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

GRACE = 5
"""Seconds that the answers under way may take when the intake closes; Slack waits three for each."""


class _Uvicorn(uvicorn.Server):
    """uvicorn, told when to stop by us: its own signal handling raises the signal again before we could close."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class HttpServer:
    """An ASGI application on a port; port 0 takes a free one."""

    def __init__(self, application: AsgiApp, host: str, port: int) -> None:
        config = uvicorn.Config(
            application,
            host=host,
            port=port,
            http=HttpInOne,
            lifespan="off",
            log_config=None,
            proxy_headers=False,  # nobody asks where a request came from: its signature counts
            access_log=False,
            server_header=False,  # what serves here is nobody's business
            timeout_graceful_shutdown=GRACE,
        )
        self._config = config
        self._server = _Uvicorn(config)
        self._serving: asyncio.Task[None] | None = None
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{self._config.host}:{self.port}"

    async def start(self) -> None:
        """Listen. OSError where the address is taken."""
        listening = await asyncio.to_thread(_bound, self._config.host, self._config.port)
        self.port = listening.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]), name="http_server")
        await self._server.listening.wait()

    async def stop(self) -> None:
        """Close the intake; requests that are being answered are finished."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


def _bound(host: str, port: int) -> socket.socket:
    """A socket at an address. Bound here, because uvicorn ends the process where the address is taken."""
    listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # Each connection inherits it. Without it an answer's body waits some 40 ms for its head to be acknowledged; uvloop
    # sees to it by itself, the standard loop does not for a socket that was made like this one.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


@contextlib.contextmanager
def told_to_stop() -> Iterator[asyncio.Event]:
    """Listen for SIGTERM and SIGINT; the event is set by the first. Outside of it they end the process at once."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


async def until_signalled() -> None:
    """Return when the process is told to stop (SIGTERM, SIGINT)."""
    with told_to_stop() as told:
        await told.wait()


class SocketClient:
    """Socket Mode (docs.slack.dev, "Using Socket Mode"). Slack's client reconnects by itself, also at the start."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        quiet = logging.getLogger(f"{__name__}.sdk")
        # At DEBUG the SDK writes whole messages into the log: what people typed, credentials too.
        quiet.setLevel(logging.INFO)
        self._handler = AsyncSocketModeHandler(bolt, app_token, logger=quiet)
        self._handler.client.socket_mode_request_listeners = [self._answer]
        self._connecting: asyncio.Task[None] | None = None
        self._unanswered = 0
        self._all_answered = asyncio.Event()
        self._all_answered.set()

    def start(self) -> None:
        """Connect beside everything else: the bot starts without Slack, and says in `/health` that it is alone."""
        self._connecting = asyncio.create_task(self._connect(), name="socket_mode")

    async def _connect(self) -> None:
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped

    async def _answer(self, client: Any, request: Any) -> None:
        self._unanswered += 1
        self._all_answered.clear()
        try:
            await self._handler.handle(client, request)
        finally:
            self._unanswered -= 1
            if not self._unanswered:
                self._all_answered.set()

    async def connected(self) -> bool:
        return bool(await self._handler.client.is_connected())

    async def stop(self) -> None:
        """Finish the answers that are under way, then close; what Slack has not seen answered it delivers again."""
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self._all_answered.wait()
        await self._handler.close_async()  # type: ignore[no-untyped-call]  # as above
