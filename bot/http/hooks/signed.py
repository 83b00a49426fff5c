"""Any other system that can sign: a deployment in Greenlight's own words, with a timestamp and an HMAC over both."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from bot.arrivals import Arrival, Arrivals
from bot.clock import Clock
from bot.core.outside_text import one_line, plain_text
from bot.core.release_forms import Commit, Version
from bot.core.sightings import Phase, Sighting
from bot.http.bodies import LONGEST_NUMBER
from bot.http.hooks.interface import (
    Headers,
    Made,
    Secrets,
    UnknownError,
    UnreadableError,
    address,
    is_one_of,
    is_same,
    parsed,
)

VALID_FOR = timedelta(minutes=5)
SOURCE = "Webhook"

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=140)]


def _address(text: str) -> str:
    if not (plain := address(text)):
        raise ValueError("must be a web address")
    return plain


Address = Annotated[str, AfterValidator(_address)]


class Notice(BaseModel):
    """What is told: which deployment, how far it has come. What is left out is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    environment: str | None = None
    deployment: Words
    phase: Phase
    link: Address
    source: Words = SOURCE
    version: Version | None = None
    commit: Commit | None = None
    at: AwareDatetime | None = None
    began_at: AwareDatetime | None = None
    by: Words | None = None
    said: Annotated[str, StringConstraints(max_length=1000)] = ""
    components: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    health: Annotated[tuple[Words, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.version is None and self.commit is None:
            raise ValueError("version or commit must be told")
        return self

    def sighting(self, now: datetime) -> Sighting:
        return Sighting(
            source=one_line(self.source),
            deployment=one_line(self.deployment),
            phase=self.phase,
            at=self.at or now,
            began_at=self.began_at,
            commit=self.commit or "",
            names=(self.version,) if self.version else (),
            by=one_line(self.by),
            link=self.link,
            said=plain_text(self.said),
            components=tuple(one_line(line) for line in self.components),
            health=tuple(one_line(line) for line in self.health),
        )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body, in hexadecimal: HMAC-SHA256 over `v1:<timestamp>:<body>`."""
    return hmac.new(secret.encode(), f"v1:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


class Signed:
    """The way in for whoever can sign."""

    name = "signed"

    def __init__(self, arrivals: Arrivals, secrets: Secrets, clock: Clock) -> None:
        self._arrivals = arrivals
        self._secrets = secrets
        self._clock = clock

    def is_theirs(self, headers: Headers, body: bytes, now: datetime) -> bool:
        """X-Greenlight-Signature over the body and X-Greenlight-Timestamp (seconds since 1970), in five minutes."""
        timestamp = headers.get(b"x-greenlight-timestamp", b"")
        if not timestamp.isdigit() or len(timestamp) > LONGEST_NUMBER:
            return False
        given = headers.get(b"x-greenlight-signature", b"")

        def signs(secret: bytes) -> bool:
            return is_same(given, f"v1={signature(secret.decode(), timestamp.decode(), body)}".encode())

        fresh = abs(now.timestamp() - int(timestamp)) <= VALID_FOR.total_seconds()
        return is_one_of(self._secrets, signs, self.name) and fresh

    async def take(self, headers: Headers, body: bytes) -> Made:
        del headers
        told, now = parsed(Notice, body), self._clock.now()
        policy = self._arrivals.policies.get(told.service)
        if policy is None:
            names = ", ".join(self._arrivals.policies)
            raise UnknownError(f"There is no service “{one_line(told.service, 60)}”; there are: {names}.")
        environment = (told.environment or policy.environments[0]).casefold()
        if environment not in policy.environments:
            known = f"must be one of: {', '.join(policy.environments)}"
            raise UnreadableError(f"{policy.name} has no such environment.", {"environment": known})
        if told.at is not None and told.at > now + VALID_FOR:
            raise UnreadableError("It has not happened yet.", {"at": "must not lie in the future"})
        key = f"{self.name}:{one_line(told.source)}:{told.deployment}:{told.phase}"
        return (asdict(await self._arrivals.take(Arrival(policy.name, environment, told.sighting(now), key))),)
