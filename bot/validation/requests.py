"""Requests of checks: marked as test traffic, with secrets from the environment, and answers read within a limit."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from bot.core.playbook_rules import Headers
from bot.validation.interface import MOST_BODY, CheckError, Context

USER_AGENT = "Greenlight-Validation"


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes


async def ask(
    context: Context,
    rule: Headers,
    url: str,
    *,
    timeout: int,  # noqa: ASYNC109 - httpx's own, of each of its steps
    method: str = "GET",
    content: str | None = None,
    most: int = MOST_BODY,
) -> Answer:
    """Send a request and read its answer, of `most` bytes. CheckError where there is none, or it is larger."""
    try:
        request = context.client.build_request(
            method, url, headers=_headers(context, rule), content=content, timeout=float(timeout)
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise CheckError("this is no address", fault=True) from error
    try:
        answer = await context.client.send(request, stream=True)
        try:
            return Answer(answer.status_code, await _body(answer, most))
        finally:
            await answer.aclose()
    except httpx.TimeoutException as error:
        raise CheckError(f"no answer within {timeout} s") from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise CheckError(_why(error)) from error


def missing(rule: Headers, context: Context) -> tuple[str, ...]:
    """The variables that a request needs and that are not set."""
    return tuple(name for name in rule.variables if not context.secrets(name))


def _headers(context: Context, rule: Headers) -> dict[str, str]:
    if names := missing(rule, context):
        raise CheckError(f"{' and '.join(names)} is not set in the environment", fault=True)
    mark, value = context.mark
    headers = {"User-Agent": USER_AGENT, **rule.headers, mark: value}
    headers |= {name: context.secrets(variable) or "" for name, variable in rule.secret_headers.items()}
    if rule.basic_auth:
        given = (context.secrets(rule.basic_auth) or "").encode()
        headers["Authorization"] = f"Basic {base64.b64encode(given).decode()}"
    return headers


async def _body(answer: httpx.Response, most: int) -> bytes:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > most:
            raise CheckError(f"the answer is larger than {most:,} bytes, so it is not judged", fault=True)
    return bytes(body)


def _why(error: Exception) -> str:
    """Why there was no answer, without the library's own words: they may hold addresses."""
    if any(isinstance(cause, socket.gaierror) for cause in _causes(error)):
        return "there is no such address"
    if isinstance(error, httpx.ConnectError):
        return "it can't be reached"
    return f"the answer broke off ({type(error).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
