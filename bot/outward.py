"""Calls to other services over HTTP, and what they can end in: a small closed set, each with what is to be done.

TransientError       nothing was done; it can be tried again as it is (`retry_after` where the service names a time)
└── UnclearError     the answer was lost: it may have been done, so look before it is done again
DeclinedError        the service refuses it for good, until a person changes something

The caller owns all repeating; nothing is retried here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.core.outside_text import unbroken
from bot.errors import GreenlightError, TransientError

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Seconds. Nobody waits for these calls, but the errand behind one holds its lane."""

DEFAULT_PAUSE = 30.0
LONGEST_PAUSE = 24 * 60 * 60.0
SECONDARY_PAUSE = 60.0
"""Seconds. GitHub's secondary limits name no time; "wait for at least one minute" (docs.github.com, "Rate limits")."""

MOST_REASON = 200
"""Characters of a service's own reason that are shown."""


class UnclearError(TransientError):
    """The answer was lost (timeout, reset, 5xx): the call may have been carried out, or not."""


class DeclinedError(GreenlightError):
    """The service refuses the call for good. `reason` is what it said, `remedy` a sentence for a person; plain text."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason = reason
        self.remedy = remedy


class Pauses:
    """Until when services asked to be left alone, by name: what one call was told holds for all others to the same."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def hold(self, service: str, until: datetime) -> None:
        """A service asked for a pause; a longer one that it asked for before stays."""
        self._until[service] = max(until, self._until.get(service, until))

    def left(self, service: str, now: datetime) -> float:
        """Seconds that are left of a service's pause; 0 where there is none."""
        until = self._until.get(service)
        if until is None or until <= now:
            self._until.pop(service, None)
            return 0.0
        return (until - now).total_seconds()


_MOVED = "It answers from another address; put the present one, or the present name, into the configuration."
_REMEDIES: Mapping[int, str] = {
    301: _MOVED,
    302: _MOVED,
    307: _MOVED,
    308: _MOVED,
    401: "The token is missing or no longer valid; whoever runs Greenlight has to put in a new one.",
    403: "The token may not do this; give it the permission, or use another one.",
    404: "Check the address and names in the configuration; a token without permission is told the same.",
    410: "It is no longer there; check the names in the configuration.",
}


async def call(
    client: httpx.AsyncClient, request: httpx.Request, service: str, *, secrets: tuple[str, ...] = ()
) -> httpx.Response:
    """Send a request and return its answer, if it is a good one (2xx). `service` is its name for people.

    Raises TransientError, UnclearError or DeclinedError. Of `secrets` nothing is in what is raised.
    """
    try:
        answer = await client.send(request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TransientError(f"{service} can't be reached ({type(error).__name__}).") from error
    except httpx.TransportError as error:
        raise UnclearError(f"{service} did not answer ({type(error).__name__}).") from error
    if answer.is_success:
        return answer
    raise _refused(service, answer, secrets)


def _refused(service: str, answer: httpx.Response, secrets: tuple[str, ...]) -> GreenlightError:
    status = answer.status_code
    pause = pause_of(answer.headers)
    if status == 429 or (status == 403 and pause is not None):
        return TransientError(f"{service} asks for a pause.", pause or DEFAULT_PAUSE)
    if status >= 500:
        return UnclearError(f"{service} had trouble of its own ({status}).", pause)
    # Before it is shortened: a part of a secret is one as well.
    said = _without(_words(answer), secrets)[:MOST_REASON]
    if status == 403 and "secondary rate limit" in said.casefold():
        return TransientError(f"{service} asks for a pause.", SECONDARY_PAUSE)
    reason = f"{service} refused ({status}{f': {said}' if said else ''})."
    return DeclinedError(reason, _REMEDIES.get(status, ""))


def _words(answer: httpx.Response) -> str:
    """What a refusal says, in one line: most services answer JSON with a message in it."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    messages = told.get("errorMessages") or [told.get("message") or told.get("error") or told.get("detail") or ""]
    messages = [*messages, *_fields(told.get("errors"))]
    return unbroken(" ".join(str(message) for message in messages if message))


def _without(said: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        said = said.replace(secret, "…") if secret else said
    return said


def _fields(told: object) -> list[str]:
    """What is wrong with which field: Jira names them in a mapping, GitHub in a list; PagerDuty has sentences."""
    if isinstance(told, dict):
        return [f"{name}: {why}" for name, why in told.items()]
    entries = told if isinstance(told, list) else []
    fields = [one for one in entries if isinstance(one, dict) and "field" in one]
    told_of = (f"{one['field']}: {one.get('message') or one.get('code') or 'invalid'}" for one in fields)
    return [*(one for one in entries if isinstance(one, str)), *told_of]


def read_json(answer: httpx.Response, service: str) -> Any:
    """What a good answer says; None where it says nothing. Raises UnclearError where it is no JSON, and DeclinedError
    where that came of a question: something else than the service answers there.
    """
    if answer.status_code == 204 or not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        reason = f"{service} answered with something else than JSON."
        if answer.request.method == "GET":
            raise DeclinedError(reason, "Check the address in the configuration.") from error
        raise UnclearError(reason) from error


def github_headers(secret: str) -> dict[str, str]:
    """What every call of GitHub's REST API carries (docs.github.com, "Getting started with the REST API")."""
    return {
        "Authorization": f"Bearer {secret}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def pause_of(headers: Mapping[str, str]) -> float | None:
    """Seconds a service asks to wait, a day at most: Retry-After (seconds, a date), or the end of GitHub's limit."""
    pause = _pause_of(headers)
    return None if pause is None else min(pause, LONGEST_PAUSE)


def _pause_of(headers: Mapping[str, str]) -> float | None:
    told = headers.get("retry-after", "")
    if told.isdecimal():
        return float(told)
    if told:
        try:
            return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError):
            return None
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdecimal():
        return max(1.0, float(headers["x-ratelimit-reset"]) - datetime.now(UTC).timestamp())
    return None
