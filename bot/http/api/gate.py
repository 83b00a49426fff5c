"""Who comes into `/api`: a pipeline with a token, not too often, with a body that can be read. Nothing behind it is
reached by anybody else.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.http.allowance import Allowance
from bot.http.bodies import MAX_BODY, AsgiApp, Receive, Scope, Send, again, headers_of, problem, too_large, whole
from bot.store.interface import Store, StoredToken
from bot.tokens import is_good, split

logger = logging.getLogger(__name__)

OPENAPI_PATH = "/api/openapi.json"
"""The description of the API: open to everybody, since it says nothing of anybody."""

JUNIT_TYPES = frozenset({"application/xml", "text/xml", "application/junit+xml"})
SMOKE_RESULTS = "smoke-results"
"""The last word of the path at which a smoke test's results are told."""

MAX_REPORT = 10_000_000
"""Bytes of a JUnit report: some fifty thousand tests, or fewer that have much to say."""

NOTED_EVERY = timedelta(minutes=1)
"""How exactly a token's last use is known: not every poll needs a write."""

ASK_FOR_ONE = (
    'Send "Authorization: Bearer glt_…" with a token that `greenlight token create` gave, and that is good still.'
)


NO_OUTPUT = "Take out what the tests wrote (system-out, system-err), or send the results as JSON."
AS_A_REPORT = (
    "Shorten it. The report of a whole test run goes to …/smoke-results as JUnit XML (Content-Type: application/xml), "
    f"where {MAX_REPORT:,} bytes are read."
)


class Gate:
    """An ASGI application in front of the API. It puts the token into the request's state, as `token`."""

    def __init__(self, inside: AsgiApp, store: Store, clock: Clock, allowance: Allowance) -> None:
        self._inside = inside
        self._store = store
        self._clock = clock
        self._allowance = allowance
        self._noted: dict[str, datetime] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == OPENAPI_PATH:
            await self._inside(scope, receive, send)
            return
        try:
            await self._with_token(scope, receive, send)
        except StoreBusyError as error:
            await problem(send, HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"retry-after": "1"})

    async def _with_token(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        token = await self._token(headers.get(b"authorization", b""))
        if token is None:
            logger.warning("a request had no good token", extra={"action": "token_refused"})
            await problem(send, HTTPStatus.UNAUTHORIZED, ASK_FOR_ONE, {"www-authenticate": "Bearer"})
        elif (wait := self._allowance.take(token.id)) > 0:
            after = str(math.ceil(wait))
            detail = f"This token asks too often; ask again in {after} s, or wait with ?wait=60."
            await problem(send, HTTPStatus.TOO_MANY_REQUESTS, detail, {"retry-after": after})
        elif scope["method"] in {"GET", "HEAD"}:
            await self._inside_with(token, scope, receive, send)
        elif (body := await whole(receive, headers, most := _most(scope, headers))) is None:
            await too_large(send, most, NO_OUTPUT if most == MAX_REPORT else AS_A_REPORT)
        else:
            await self._inside_with(token, scope, again(body), send)

    async def _token(self, authorization: bytes) -> StoredToken | None:
        scheme, _, given = authorization.decode("latin-1").partition(" ")
        parts = split(given.strip()) if scheme.casefold() == "bearer" else None
        if parts is None:
            return None
        token_id, secret = parts
        kept = await self._store.read(lambda reader: reader.token(token_id))
        return kept if is_good(kept, secret, self._clock.now()) else None

    async def _inside_with(self, token: StoredToken, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it in, and note the token's use where it was of use."""
        went_well = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal went_well
            if message["type"] == "http.response.start":
                went_well = message["status"] < HTTPStatus.BAD_REQUEST
                if went_well:
                    await self._note(token)
            await send(message)

        scope.setdefault("state", {})["token"] = token
        await self._inside(scope, receive, watched)

    async def _note(self, token: StoredToken) -> None:
        now = self._clock.now()
        if now - (self._noted.get(token.id) or token.used_at or token.created_at - NOTED_EVERY) < NOTED_EVERY:
            return
        self._noted[token.id] = now
        try:
            await self._store.write(lambda tx: tx.use_token(token.id, now))
        except StoreBusyError:  # what was asked was done; when the token was of use can be noted the next time
            del self._noted[token.id]


def _most(scope: Scope, headers: Mapping[bytes, bytes]) -> int:
    """How many bytes of a body are read: more of a test run's report, which is read piece by piece."""
    is_report = scope["path"].endswith(f"/{SMOKE_RESULTS}") and content_type(headers) in JUNIT_TYPES
    return MAX_REPORT if is_report else MAX_BODY


def content_type(headers: Mapping[bytes, bytes]) -> str:
    """The type of a body, without its parameters."""
    return headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
