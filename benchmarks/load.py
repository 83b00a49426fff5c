"""A load of signed requests on loopback: many keep-alive connections, each sending its next request when answered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

SECRET = "benchmark-secret"
Body = Callable[[int], str]


def request(body: str, port: int) -> bytes:
    """A slash command as Slack would send it, signed now."""
    timestamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    head = (
        f"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"X-Slack-Request-Timestamp: {timestamp}\r\nX-Slack-Signature: v0={digest}\r\n\r\n"
    )
    return head.encode() + body.encode()


def command(text: str, number: int) -> str:
    """The form body of `/release …`; each has a trigger of its own."""
    return urlencode(
        {
            "command": "/release",
            "text": text,
            "user_id": "U0CHARLIE",
            "user_name": "charlie.wilson",
            "channel_id": "C0RELEASES",
            "team_id": "T0BENCH",
            "trigger_id": f"{number}.bench",
            "response_url": "http://127.0.0.1:9/commands/x",
        }
    )


@dataclass
class Measured:
    """What a round gave: answers a second, and each answer's time in seconds."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which such a share was answered."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Connection(asyncio.Protocol):
    """Sends one request after the other; counts what is not 200."""

    def __init__(self, requests: Iterator[bytes], measured: Measured, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._measured = measured
        self._done = done
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        one = next(self._requests, None)
        if one is None:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(one)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._buffer = b""
        self._measured.times.append(time.perf_counter() - self._sent)
        self._measured.failed += not head.startswith(b"HTTP/1.1 200")
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def round_of(port: int, connections: int, requests: list[bytes]) -> Measured:
    """Send all requests over so many connections."""
    loop = asyncio.get_running_loop()
    measured, shared = Measured(), iter(requests)
    endings = [loop.create_future() for _ in range(connections)]
    began = time.perf_counter()
    for ending in endings:
        await loop.create_connection(lambda ending=ending: _Connection(shared, measured, ending), "127.0.0.1", port)  # type: ignore[misc]  # the default binds the loop's value
    await asyncio.gather(*endings)
    measured.seconds = time.perf_counter() - began
    return measured
