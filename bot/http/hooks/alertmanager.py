"""Alertmanager's webhook (prometheus.io, Alertmanager, "webhook_config", version 4). It shows what its `http_config`
says: a bearer token, or a password of any user.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from bot.alerts import Heard
from bot.core.alerts import Alert
from bot.http.hooks.interface import Headers, Made, Part, Secrets, is_one_of, is_same, parsed, shows

Receive = Callable[[Sequence[Alert]], Awaitable[tuple[Heard, ...]]]

Labels = dict[str, str]


class SentAlert(Part):
    """One alert of a group."""

    status: Literal["firing", "resolved"]
    labels: Labels
    annotations: Labels = Field(default_factory=dict)
    starts_at: AwareDatetime = Field(validation_alias="startsAt")
    fingerprint: Annotated[str, Field(min_length=1, max_length=64)]

    def alert(self) -> Alert:
        is_over = self.status == "resolved"
        return Alert(self.fingerprint, self.labels, self.starts_at, self.annotations, is_over=is_over)


class Group(Part):
    """What Alertmanager sends: the alerts of a group."""

    version: Literal["4"]
    alerts: Annotated[tuple[SentAlert, ...], Field(max_length=1000)]


class Alertmanager:
    """Alertmanager's way in."""

    name = "alertmanager"

    def __init__(self, receive: Receive, secrets: Secrets) -> None:
        self._receive = receive
        self._secrets = secrets

    def is_theirs(self, headers: Headers, body: bytes, now: datetime) -> bool:
        """`http_config`: `authorization`, or `basic_auth` with the token as the password."""
        del body, now
        password = _password(headers)
        return is_one_of(self._secrets, lambda secret: shows(headers, secret) or is_same(password, secret), self.name)

    async def take(self, headers: Headers, body: bytes) -> Made:
        del headers
        alerts = [sent.alert() for sent in parsed(Group, body).alerts]
        return tuple(asdict(heard) for heard in await self._receive(alerts))


def _password(headers: Headers) -> bytes:
    """The password of Basic authentication; empty where there is none."""
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
