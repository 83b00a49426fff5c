"""The one ASGI door: Slack's requests straight to Bolt, `/health` for whoever watches us, what else is mounted by the
first word of its path, a problem for the rest.

There is no framework between the server and Bolt: a router costs a fifth of the requests that can be acknowledged.
Signatures are checked here, because Bolt reads a body before it asks whose it is, and stumbles over garbage.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier

from bot.http.bodies import (
    LONGEST_NUMBER,
    MAX_BODY,
    AsgiApp,
    Receive,
    Scope,
    Send,
    again,
    answer,
    headers_of,
    problem,
    too_large,
    whole,
)
from bot.http.health import Health

logger = logging.getLogger(__name__)

SLACK_PATH = "/slack/events"
HEALTH_PATH = "/health"

NOTHING: Mapping[str, AsgiApp] = MappingProxyType({})


class PreparedVerifier(SignatureVerifier):
    """Slack's own verifier, with its key prepared once: that takes longer than to sign a request."""

    def __init__(self, signing_secret: str) -> None:
        super().__init__(signing_secret)
        self._prepared = hmac.new(signing_secret.encode(), digestmod=hashlib.sha256)

    def generate_signature(self, *, timestamp: str, body: str | bytes) -> str:
        """What Slack sends as its signature (docs.slack.dev, "Verifying requests from Slack")."""
        signing = self._prepared.copy()
        signing.update(f"v0:{timestamp}:".encode() + (body.encode() if isinstance(body, str) else body))
        return f"v0={signing.hexdigest()}"


class Door:
    """Routes a request by its path. `slack` and `signing_secret` are None where Slack comes by Socket Mode; `mounted`
    are the applications for paths by their first word, such as `api`.
    """

    def __init__(
        self,
        slack: AsgiApp | None,
        signing_secret: str | None,
        health: Callable[[], Awaitable[Health]],
        mounted: Mapping[str, AsgiApp] = NOTHING,
    ) -> None:
        self._mounted = mounted
        self._slack = slack
        self._verifier = PreparedVerifier(signing_secret) if signing_secret else None
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise TypeError(f"Greenlight speaks HTTP here, not {scope['type']}")
        path, method = scope["path"], scope["method"]
        if path == SLACK_PATH and self._slack is not None and self._verifier is not None:
            await self._to_slack(self._slack, self._verifier, scope, receive, send)
        elif path == HEALTH_PATH:
            if method not in {"GET", "HEAD"}:
                await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, f"{HEALTH_PATH} answers GET.")
                return
            health = await self._health()
            await answer(send, health.status_code, health.body())
        elif (application := self._mounted.get(path[1:].partition("/")[0])) is not None:
            await application(scope, receive, send)
        else:
            await problem(
                send, HTTPStatus.NOT_FOUND, f"There is nothing at {path}. Slack's requests go to {SLACK_PATH}."
            )

    async def _to_slack(
        self, slack: AsgiApp, verifier: SignatureVerifier, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["method"] != "POST":
            await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, f"{SLACK_PATH} answers POST.")
            return
        headers = headers_of(scope)
        body = await whole(receive, headers)
        if body is None:
            await too_large(send, MAX_BODY)
        elif _is_slacks(verifier, headers, body):
            await slack(scope, again(body), send)
        elif _is_certificate_check(body):
            await answer(send, HTTPStatus.OK, {})
        else:
            logger.warning("a request was not signed by Slack", extra={"action": "signature_refused"})
            await problem(send, HTTPStatus.UNAUTHORIZED, "This request was not signed by Slack within five minutes.")


def _is_slacks(verifier: SignatureVerifier, headers: Mapping[bytes, bytes], body: bytes) -> bool:
    """True if Slack signed it, in the last five minutes (docs.slack.dev, "Verifying requests from Slack")."""
    timestamp = headers.get(b"x-slack-request-timestamp", b"")
    if not timestamp.isdigit() or len(timestamp) > LONGEST_NUMBER:
        return False
    signature = headers.get(b"x-slack-signature", b"").decode("latin-1")
    try:
        return verifier.is_valid(body, timestamp.decode(), signature)
    except (TypeError, UnicodeDecodeError):  # a signature beyond ASCII, a body that is no text: Slack sends neither
        return False


def _is_certificate_check(body: bytes) -> bool:
    """Slack looks now and then whether a command's address has a valid certificate; nothing is asked of us."""
    return len(body) < 1_000 and parse_qs(body.decode("latin-1")).get("ssl_check") == ["1"]
