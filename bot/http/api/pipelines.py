"""What pipelines do and ask: each a call of the service, in the role `ci`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from pydantic_core import from_json

from bot.conversations import Conversations
from bot.core.dialogue import Dialogue
from bot.core.dialogues import DIALOGUES
from bot.core.events import Event
from bot.core.policy import Service
from bot.core.roles import PIPELINE, Actor, Role
from bot.core.smoke_forms import SmokeForm
from bot.errors import Refusal
from bot.http.api.answers import Recorded, Status, recorded, status_of
from bot.http.api.gate import JUNIT_TYPES
from bot.http.api.junit import smoke_results
from bot.http.api.problems import ApiError
from bot.http.api.table import Row
from bot.http.api.told_twice import told_by_hook
from bot.messages.references import Reference
from bot.pulse import Pulse
from bot.service import read_conversation
from bot.store.interface import Reader, Record, StoredToken

logger = logging.getLogger(__name__)

LONGEST_KEY = 200


@dataclass(frozen=True)
class Asking:
    """A request as far as the API needs it: whose token, for which service, its body, its Idempotency-Key, and which of
    several environments it names.
    """

    token: StoredToken
    service: str
    body: bytes = b""
    content_type: str = ""
    key: str = ""
    environment: str = ""


@dataclass(frozen=True)
class Done:
    """What was recorded; `repeated` where it was recorded by an earlier request with the same key."""

    recorded: Recorded
    repeated: bool


class Pipelines:
    """The API behind its addresses. ApiError and Refusal say why something was not done; nothing was changed then."""

    def __init__(self, conversations: Conversations, pulse: Pulse) -> None:
        self._conversations = conversations
        self._pulse = pulse
        self._reading = asyncio.Lock()

    async def take(self, asking: Asking, row: Row, version: str = "") -> Done:
        """Take a step of a version's conversation; without a version, open one."""
        policy = self._policy(asking, row.scope)
        answers = _json(asking)
        return await self._take(asking, policy, row, version, answers)

    async def smoke(self, asking: Asking, passed: Row, failed: Row, version: str) -> Done:
        """Record the results of a smoke test, from JSON or JUnit XML: what failed decides which step that is."""
        is_junit = asking.content_type in JUNIT_TYPES
        policy = self._policy(asking, "")
        answers = await self._report(asking.body) if is_junit else _json(asking)
        row = passed if all(result.passed for result in SmokeForm.from_answers(answers).rows) else failed
        self._policy(asking, row.scope)
        return await self._take(asking, policy, row, version, answers)

    async def _report(self, report: bytes) -> dict[str, Any]:
        """What a report says: on a thread, and one at a time, so that clicks in Slack are not kept waiting by many."""
        async with self._reading:
            return await asyncio.to_thread(smoke_results, report)

    async def _take(self, asking: Asking, policy: Service, row: Row, version: str, answers: Mapping[str, Any]) -> Done:
        record = await self._record(row.dialogue, asking, version) if version else None
        if record is not None and not asking.environment:
            _refuse_elsewhere(record, policy)
        reference = Reference(
            row.dialogue.name, row.step.name, conversation=record.id if record else "", service=asking.service
        )
        actor = Actor(f"{PIPELINE}{asking.token.name}", asking.token.name, frozenset({Role.CI}))
        if len(asking.key) > LONGEST_KEY:
            raise Refusal("The Idempotency-Key is too long.", f"At most {LONGEST_KEY} characters.", fields={"key": ""})
        delivery = f"api:{asking.service}:{asking.key}" if asking.key else ""
        try:
            taken = await self._conversations.take(reference, actor, answers, delivery, _digest(answers))
        except Refusal as refusal:
            if record is None or refusal.fields or (same := await self._same(record, row, answers)) is None:
                raise
            return Done(recorded(*same, policy), repeated=True)
        events = await self._conversations.store.read(lambda reader: reader.events(taken.conversation.id))
        event = events[taken.number - 1]
        it = taken.conversation
        version = record.version if record else str(answers.get("version", "")).strip()
        # What opens one names its environment in the body, which is compared below.
        is_elsewhere = record is not None and record.environment != it.environment
        if (event.step, it.version) != (row.step.name, version) or is_elsewhere:
            raise _used(f"“{event.step}” of {it.version} for {it.environment}")
        if taken.differs:
            raise _used(f"“{event.step}” of {it.version} with another body")
        return Done(recorded(event, it, policy), taken.repeated)

    async def _same(self, record: Record, row: Row, answers: Mapping[str, Any]) -> tuple[Event, Any] | None:
        """What a hook has told already of the same, and the conversation."""
        look = partial(told_by_hook, conversation_id=record.id, step=row.step.name, answers=answers)
        if (same := await self._conversations.store.read(look)) is not None:
            logger.info(
                "“%s” of %s was told by a hook before a pipeline; the hook need not tell of a workflow that uses /api",
                *(row.step.name, record.version),
                extra={"action": "told_twice", "conversation": record.id},
            )
        return same

    async def status(self, asking: Asking, dialogue: Dialogue[Any], version: str) -> Status:
        """Where a version stands."""
        policy = self._policy(asking, "")
        record = await self._record(dialogue, asking, version)
        return status_of(record, read_conversation(record), policy)

    async def wait(
        self,
        look: Callable[[], Awaitable[Status]],
        until: frozenset[str],
        seconds: float,
        gone: Callable[[], Awaitable[object]],
    ) -> Status:
        """The status once its state is one of `until` (any other than now, without any), it is over, the time is, or
        nobody waits for the answer any more. Woken by commits.
        """
        loop = asyncio.get_running_loop()
        ends_at, before = loop.time() + seconds, ""
        left = asyncio.ensure_future(gone())
        try:
            while True:
                beat = self._pulse.next()
                status = await look()
                before = before or status.state
                arrived = status.state in until if until else status.state != before
                remaining = ends_at - loop.time()
                if arrived or not status.is_open or remaining <= 0 or self._pulse.over or left.done():
                    return status
                await _first(beat, left, remaining)
        finally:
            left.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await left

    def _policy(self, asking: Asking, scope: str) -> Service:
        """The rules of the service; ApiError where the token is not good for it, or there is none."""
        policy = self._conversations.policies.get(asking.service)
        if policy is None:
            names = ", ".join(self._conversations.policies)
            raise ApiError(
                HTTPStatus.NOT_FOUND, f"There is no service “{asking.service[:60]}”.", remedy=f"There are: {names}."
            )
        if asking.token.service != asking.service:
            raise ApiError(HTTPStatus.FORBIDDEN, f"This token is for {asking.token.service}, not {asking.service}.")
        if scope and scope not in asking.token.steps:
            good_for = ", ".join(asking.token.steps)
            raise ApiError(HTTPStatus.FORBIDDEN, f"This token is not good for “{scope}”, but for: {good_for}.")
        return policy

    async def _record(self, dialogue: Dialogue[Any], asking: Asking, version: str) -> Record:
        """A version's open conversation, else its latest. ApiError where there is none, or one in each of several
        environments.
        """
        service, place = asking.service, asking.environment.casefold() or None
        found = await self._conversations.store.read(
            lambda reader: _find(reader, dialogue.name, service, version, place)
        )
        if not found:
            where = f" for {place[:60]}" if place else ""
            raise ApiError(HTTPStatus.NOT_FOUND, f"There is no {dialogue.noun} “{version[:60]}” of {service}{where}.")
        if len(names := sorted({record.environment for record in found if record.is_open})) > 1:
            why = f"{found[0].version} is under way in {' and in '.join(names)}."
            remedy = f"Name the environment, such as ?environment={names[0]}."
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, why, remedy=remedy, fields={"environment": remedy})
        return found[0]


def _refuse_elsewhere(record: Record, policy: Service) -> None:
    """Whoever names no environment may mean the first one, and would deploy there what was allowed elsewhere."""
    place = record.environment
    if len(policy.environments) > 1 and place != policy.environments[0]:
        why = f"There is {record.version} for {place} alone, which the request does not name."
        remedy = f"If it is meant, say so: ?environment={place}."
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, why, remedy=remedy, fields={"environment": remedy})


def _used(what: str) -> ApiError:
    why = f"This Idempotency-Key was used for {what} already; nothing was changed."
    remedy = "Use a new key: the same one is for sending the same request again."
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, why, remedy=remedy)


def _digest(answers: Mapping[str, Any]) -> str:
    """SHA-256 of what a body says, however its JSON is written, as 64 hex digits."""
    return hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()


def states_of(dialogue_name: str) -> tuple[str, ...]:
    """The names of a dialogue's states."""
    return tuple(state.name for state in DIALOGUES[dialogue_name].states)


async def _first(beat: asyncio.Event, left: asyncio.Future[object], seconds: float) -> None:
    """Return after a beat, when somebody left, or after so many seconds."""
    beating = asyncio.ensure_future(beat.wait())
    try:
        await asyncio.wait((beating, left), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        beating.cancel()


def _find(reader: Reader, dialogue: str, service: str, version: str, environment: str | None) -> tuple[Record, ...]:
    """The open ones, else the latest. By the version's own spelling, else with or without the `v` before it."""
    other = version[1:] if version[:1] in ("v", "V") else f"v{version}"
    for spelled in (version, other):
        for is_open in (True, None):
            found = reader.find(dialogue, service=service, environment=environment, version=spelled, is_open=is_open)
            if found:
                return found
    return ()


def _json(asking: Asking) -> dict[str, Any]:
    """The body as the answers of a form. Refusal where it is no JSON object."""
    if not asking.body.strip():
        return {}
    if asking.content_type not in ("", "application/json"):
        why = f"The body must be application/json, not {asking.content_type[:60]}."
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, why)
    try:
        read = from_json(asking.body, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body is no JSON: {error}.") from error
    if not isinstance(read, dict):
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "The body must be a JSON object: the form's fields.")
    return read
