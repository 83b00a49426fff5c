"""Who comes into `/hooks`: senders that sign what they tell, not too often, with bodies that can be read."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from http import HTTPStatus

from bot.clock import Clock
from bot.errors import Refusal, StoreBusyError
from bot.http.allowance import Allowance
from bot.http.bodies import MAX_BODY, Receive, Scope, Send, answer, headers_of, problem, too_large, whole
from bot.http.hooks.interface import HOOKS, Headers, Hook, HookSecrets, UnknownError, UnreadableError

logger = logging.getLogger(__name__)

PREFIX = "/hooks/"


class HookGate:
    """An ASGI application in front of the hooks that have their secrets. `closed` are those that have none."""

    def __init__(self, hooks: Iterable[Hook], clock: Clock, allowance: Allowance) -> None:
        self._hooks = {hook.name: hook for hook in hooks}
        self._clock = clock
        self._allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(PREFIX)
        hook = self._hooks.get(name)
        if hook is None:
            await problem(send, HTTPStatus.NOT_FOUND, self._nothing_at(name))
        elif scope["method"] != "POST":
            await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, "Hooks answer POST.", {"allow": "POST"})
        elif (body := await whole(receive, headers_of(scope))) is None:
            await too_large(send, MAX_BODY)
        else:
            await self._verified(hook, headers_of(scope), body, send)

    def _nothing_at(self, name: str) -> str:
        if name in HOOKS:
            return f"This hook is closed: {HookSecrets.variable(name)} is not set where Greenlight runs."
        return f"There is no such hook; there are: {', '.join(HOOKS)}."

    async def _verified(self, hook: Hook, headers: Headers, body: bytes, send: Send) -> None:
        if not hook.is_theirs(headers, body, self._clock.now()):
            logger.warning("a hook was not signed", extra={"action": "hook_refused", "hook": hook.name})
            await problem(send, HTTPStatus.UNAUTHORIZED, "Its sender did not sign this, or with another secret.")
        elif (wait := self._allowance.take(hook.name)) > 0:
            after = str(math.ceil(wait))
            told = f"This hook is told too much; tell it again in {after} s."
            await problem(send, HTTPStatus.TOO_MANY_REQUESTS, told, {"retry-after": after})
        else:
            await self._taken(hook, headers, body, send)

    async def _taken(self, hook: Hook, headers: Headers, body: bytes, send: Send) -> None:
        try:
            taken = await hook.take(headers, body)
        except UnreadableError as error:
            await problem(send, HTTPStatus.UNPROCESSABLE_ENTITY, str(error), fields=dict(error.fields))
        except Refusal as error:
            await problem(send, HTTPStatus.UNPROCESSABLE_ENTITY, error.reason, fields=dict(error.fields))
        except UnknownError as error:
            await problem(send, HTTPStatus.NOT_FOUND, str(error))
        except StoreBusyError as error:
            await problem(send, HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"retry-after": "1"})
        else:
            logger.info("a hook was taken", extra={"action": "hook_taken", "hook": hook.name, "taken": len(taken)})
            await answer(send, HTTPStatus.OK, {"taken": [dict(one) for one in taken]})
