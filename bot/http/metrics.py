"""`GET /metrics` for Prometheus: what waits, what is late, what was recorded, how requests were answered."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, MutableMapping
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.http.bodies import AsgiApp, Receive, Scope, Send, answer, headers_of, problem
from bot.store.interface import Backlog, Store

PLACES = frozenset(("slack", "api", "hooks", "health", "metrics"))
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0, 60.0)
"""Seconds. Slack waits three; a pipeline's long poll up to sixty."""


class MetricsSecrets(BaseSettings):
    """The token that /metrics asks for, where one is set."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, validate_by_name=False, hide_input_in_errors=True
    )

    token: SecretStr | None = Field(default=None, validation_alias="GREENLIGHT_METRICS_TOKEN")


class Meter:
    """Counts and times requests by place (the first word of the path) and status, around another ASGI application."""

    def __init__(self, inside: AsgiApp, registry: CollectorRegistry) -> None:
        self._inside = inside
        name, told = "greenlight_http_request_seconds", "Seconds until a request was answered, by place and status."
        seconds = Histogram(name, told, ("place", "status"), buckets=BUCKETS, registry=registry)
        # A child is found by its labels under a lock; Slack's requests, nearly all, have the same two.
        self._timer = cache(lambda place, status: seconds.labels(place, str(status)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inside(scope, receive, send)
            return
        began, status = perf_counter(), 0

        def watched(message: MutableMapping[str, Any]) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._inside(scope, receive, watched)
        finally:
            place = scope["path"][1:].partition("/")[0]
            shown = place if place in PLACES else "other"
            self._timer(shown, status or 500).observe(perf_counter() - began)


class Metrics:
    """The page itself. What the store knows is read when it is asked for."""

    def __init__(
        self, store: Store, clock: Clock, registry: CollectorRegistry, secrets: MetricsSecrets | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._registry = registry
        self._token = (secrets or MetricsSecrets()).token

        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(f"greenlight_{name}", told, labels, registry=registry)

        self._waiting = gauge("waiting", "What waits to be done: messages, errands, late reminders.", "kind")
        self._oldest = gauge("oldest_waiting_seconds", "How long the oldest of them has waited.", "kind")
        self._given_up = gauge("given_up", "What was refused for good, and is shown in the home.", "kind")
        self._open = gauge("conversations_open", "Open conversations by dialogue and state.", "dialogue", "state")
        told = "Intents of the store by how they ended: committed, refused, failed."
        self._intents = Counter("greenlight_intents", told, ("outcome",), registry=registry)
        self._counted: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["path"] != "/metrics":
            await problem(send, HTTPStatus.NOT_FOUND, "Metrics are at /metrics.")
        elif scope["method"] not in {"GET", "HEAD"}:
            await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, "/metrics answers GET.", {"allow": "GET, HEAD"})
        elif not self._may_see(headers_of(scope).get(b"authorization", b"")):
            told = "Send the token of GREENLIGHT_METRICS_TOKEN as “Authorization: Bearer …”."
            await problem(send, HTTPStatus.UNAUTHORIZED, told, {"www-authenticate": "Bearer"})
        else:
            await self._page(send)

    def _may_see(self, authorization: bytes) -> bool:
        if self._token is None:
            return True
        wanted = f"Bearer {self._token.get_secret_value()}".encode()
        return hmac.compare_digest(authorization, wanted)

    async def _page(self, send: Send) -> None:
        now = self._clock.now()
        try:
            backlog = await self._store.read(lambda reader: reader.backlog(now))
        except StoreBusyError as error:
            await problem(send, HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"retry-after": "1"})
            return
        self._show(backlog, now)
        await answer(send, HTTPStatus.OK, generate_latest(self._registry), CONTENT_TYPE_LATEST)

    def _show(self, backlog: Backlog, now: datetime) -> None:
        for kind, (count, oldest) in backlog.waiting.items():
            self._waiting.labels(kind).set(count)
            age = max(now - oldest, timedelta()) if oldest else timedelta()
            self._oldest.labels(kind).set(age.total_seconds())
        for kind, count in backlog.given_up.items():
            self._given_up.labels(kind).set(count)
        self._open.clear()
        for (dialogue, state), count in backlog.conversations.items():
            self._open.labels(dialogue, state).set(count)
        for outcome, count in self._store.tally.items():
            self._intents.labels(outcome).inc(count - self._counted.get(outcome, 0))
            self._counted[outcome] = count
