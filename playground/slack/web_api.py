"""Slack's Web API over HTTP: who calls, may they, not too fast, then the method (docs.slack.dev, apis/web-api)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from playground.slack.faults import Fault
from playground.slack.methods.call import Call, Method, missing_scope
from playground.slack.methods.registry import METHODS
from playground.slack.shapes import ApiError, Json
from playground.slack.state import Slack

MAX_BODY = 1_000_000


@dataclass(frozen=True)
class Reply:
    """An answer before it is HTTP. `fault` says that the connection has to break instead."""

    status: int
    body: Json
    headers: Mapping[str, str]
    fault: Fault | None = None


class WebApi:
    """The handler of /api/<method>."""

    def __init__(self, slack: Slack, methods: Mapping[str, Method] = METHODS) -> None:
        self._slack = slack
        self._methods = methods
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let go of the calls that are kept waiting on purpose."""
        self._closing.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a call, and note it for the inspector."""
        started = time.monotonic()
        name = request.match_info["method"]
        arguments = await _arguments(request)
        token = _token(request, arguments)
        reply = self.answer(name, arguments, token)
        self._slack.traffic.note(
            "from_app",
            name,
            at=self._slack.now().isoformat(),
            status=0 if reply.fault else reply.status,
            milliseconds=(time.monotonic() - started) * 1000,
            request=arguments or {},
            response=reply.fault.trouble if reply.fault else reply.body,
        )
        if reply.fault:
            return await self._break(request, reply.fault)
        return web.json_response(reply.body, status=reply.status, headers=reply.headers)

    def answer(self, name: str, arguments: Json | None, token: str) -> Reply:
        """What a call is answered, as a pure matter of the workspace's state."""
        try:
            method = self._admitted(name, token)
        except ApiError as error:
            return _refused(error, self._scope_headers(None))
        headers = self._scope_headers(method)
        if arguments is None:
            return _refused(ApiError("invalid_json"), headers)
        fault = self._slack.faults.take(name)
        if fault and fault.trouble != "accepted_then_dropped":
            return _faulty(fault, headers)
        wait = self._slack.limits.spend(name, method.tier, str(arguments.get("channel", "")))
        if wait is not None:
            return _limited(wait, headers)
        try:
            body = {"ok": True, **method.run(Call(self._slack, arguments))}
        except ApiError as error:
            return _refused(error, headers)
        return Reply(200, body, headers, fault)

    def _admitted(self, name: str, token: str) -> Method:
        """The method, if this token may call it. Raises ApiError."""
        keys = self._slack.credentials
        method = self._methods.get(name)
        if method is None:
            raise ApiError("unknown_method", {"req_method": name})
        if not token:
            raise ApiError("not_authed")
        if token not in (keys.bot_token, keys.app_token):
            raise ApiError("invalid_auth")
        if token != (keys.app_token if method.caller == "app" else keys.bot_token):
            raise ApiError("not_allowed_token_type")
        if method.scopes and not self._slack.manifest.scopes.intersection(method.scopes):
            raise missing_scope(self._slack, ",".join(method.scopes))
        return method

    def _scope_headers(self, method: Method | None) -> dict[str, str]:
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._slack.manifest.scopes))}
        if method is not None and method.scopes:
            headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        return headers

    async def _break(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.trouble == "timeout":
            await self._closing.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)


async def _arguments(request: web.Request) -> Json | None:
    """Query, form or JSON arguments in one; None where a JSON body is none."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            return None
        if not isinstance(body, dict):
            return None
        return arguments | body
    return arguments | {key: value for key, value in (await request.post()).items() if isinstance(value, str)}


def _token(request: web.Request, arguments: Json | None) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return str((arguments or {}).get("token", ""))


def _refused(error: ApiError, headers: dict[str, str]) -> Reply:
    detail = error.detail
    messages = detail.get("response_metadata", {}).get("messages", [])
    if messages and error.error.startswith("invalid_blocks"):
        detail = {"errors": [message.removeprefix("[ERROR] ") for message in messages], **detail}
    return Reply(200, {"ok": False, "error": error.error, **detail}, headers)


def _limited(wait: int, headers: dict[str, str]) -> Reply:
    return Reply(429, {"ok": False, "error": "ratelimited"}, {**headers, "Retry-After": str(wait)})


def _faulty(fault: Fault, headers: dict[str, str]) -> Reply:
    if fault.trouble == "ratelimited":
        return _limited(fault.retry_after, headers)
    if fault.trouble == "refused":
        return _refused(ApiError(fault.error), headers)
    if fault.trouble == "server_error":
        return Reply(500, {"ok": False, "error": "internal_error"}, headers)
    return Reply(200, {}, headers, fault)
