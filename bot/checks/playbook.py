"""`greenlight check`, where the configuration has playbooks: every check that changes nothing is done once.

What a check finds is no matter of the configuration; that it can't be done is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from bot.clock import Clock
from bot.core.playbook_feedback import FeedbackRule
from bot.core.playbook_monitoring import ConsistencyRule
from bot.core.playbook_rules import CheckRule, Headers
from bot.core.policy import Service
from bot.core.validation import Outcome
from bot.errors import Problem
from bot.monitors.making import Monitors, monitors_of
from bot.settings import Configuration
from bot.validation import making
from bot.validation.interface import CheckError, Context, Secrets

Found = tuple[tuple[Problem, ...], tuple[str, ...]]
"""Problems, and notes."""

AT_ONCE = 4
FILLED_IN = ("{version}", "{commit}")
"""What only a release fills in: without one, such a check leads nowhere."""


@dataclass(frozen=True)
class _Asked:
    """A check of a service, and where it stands in the file."""

    service: Service
    name: str
    rule: CheckRule

    @property
    def key(self) -> str:
        return f"services.{self.service.name}.playbook.checks.{self.name}"


async def ask_playbooks(configuration: Configuration, clock: Clock, secrets: Secrets = making.secret) -> Found:
    """What keeps checks from being done: variables that are not set, answers and reports that can't be judged. An
    endpoint that can't be reached is a note: it says nothing of the configuration.
    """
    every = tuple(_checks(configuration))
    if not every:
        return (), ()
    missing = tuple(_missing(every, secrets))
    asked = [one for one in every if _is_harmless(one.rule) and not _unset(one.rule, secrets)]
    monitors = monitors_of(configuration.services)
    async with making.client() as client:
        try:
            limit = asyncio.Semaphore(AT_ONCE)
            answers = await asyncio.gather(
                *(_ask(configuration, one, _context(client, secrets, clock, one, monitors), limit) for one in asked)
            )
        finally:
            await monitors.close()
    problems = [answer for answer in answers if isinstance(answer, Problem)]
    notes = [answer for answer in answers if isinstance(answer, str)]
    left_out = len(every) - len(asked)
    told = f"Playbooks: {len(asked)} of {len(every)} checks done"
    why = "; the others change something, ask people, or need a release or a variable" if left_out else ""
    return (*missing, *problems), (f"{told}{why}.", *notes)


def _checks(configuration: Configuration) -> Iterator[_Asked]:
    for service in configuration.services.values():
        for name, rule in service.playbook.checks.items():
            yield _Asked(service, name, rule)


def _variables(rule: CheckRule) -> tuple[str, ...]:
    return rule.variables if isinstance(rule, (Headers, ConsistencyRule)) else ()


def _unset(rule: CheckRule, secrets: Secrets) -> tuple[str, ...]:
    return tuple(name for name in _variables(rule) if not secrets(name))


def _missing(every: tuple[_Asked, ...], secrets: Secrets) -> Iterator[Problem]:
    """Each variable once, with the first check that needs it."""
    told: set[str] = set()
    for one in every:
        for name in _unset(one.rule, secrets):
            if name not in told:
                told.add(name)
                yield Problem("environment", name, f"It is not set, but the check {one.key} needs it.", "Set it.")


def _is_harmless(rule: CheckRule) -> bool:
    """Whether it can be done now: it changes nothing, asks nobody, and needs no release."""
    if not rule.repeatable or isinstance(rule, FeedbackRule):
        return False
    written = rule.model_dump_json()
    return not any(name in written for name in FILLED_IN)


def _context(client: httpx.AsyncClient, secrets: Secrets, clock: Clock, one: _Asked, monitors: Monitors) -> Context:
    values = {"environment": one.service.environments[0], "service": one.service.name}
    mark = (one.service.playbook.header, "greenlight-check")
    return Context(client, secrets, clock, mark, values, monitors.by_service[one.service.name])


async def _ask(
    configuration: Configuration, one: _Asked, context: Context, limit: asyncio.Semaphore
) -> Problem | str | None:
    title = f"{one.service.name}: the check “{one.service.playbook.title(one.name)}”"
    async with limit:
        try:
            async with asyncio.timeout(one.rule.timeout):
                found = await making.check_of(one.rule).run(context)
        except TimeoutError:
            return f"{title} had no answer within {one.rule.timeout} s."
        except CheckError as error:
            if not error.fault:
                return f"{title} could not be done: {error}."
            return configuration.problem(
                one.key, f"It can't be judged: {error}.", "Correct the check, or what it asks."
            )
    return None if found.outcome is Outcome.PASS else f"{title}, now: {found.outcome.words}, {found.words}."
