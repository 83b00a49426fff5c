"""`greenlight check`, where the configuration names what works outside of Slack: is its token there, does it answer.

Nothing is opened and nothing is started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import httpx

from bot.clock import SystemClock
from bot.core.tickets import title_of
from bot.deployers import choose as deployers
from bot.deployers.choose import DeployerSecrets
from bot.errors import Problem, TransientError
from bot.outward import TIMEOUT, DeclinedError
from bot.settings import Configuration
from bot.trackers import choose as trackers
from bot.trackers.choose import TrackerSecrets

Found = tuple[tuple[Problem, ...], tuple[str, ...]]
"""Problems, and notes."""

Told = tuple[str, str] | None
"""What is wrong: a reason and a remedy."""


class Asked(Protocol):
    """A client that can tell what is wrong. Raises TransientError or DeclinedError."""

    async def check(self) -> Told: ...


@dataclass(frozen=True)
class Inquiry:
    """One thing that the configuration names, at `key`: what it lacks of the environment, or what makes its client."""

    key: str
    title: str
    lacking: Told
    made: Callable[[], Asked]


async def ask_trackers(configuration: Configuration, secrets: TrackerSecrets | None = None) -> Found:
    """What keeps tickets from being opened. A tracker that can't be reached is a note: it says nothing of the
    configuration.
    """
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
        inquiries = _of_trackers(configuration, secrets or TrackerSecrets(), client)
        return await _ask_all(configuration, "Trackers", tuple(inquiries))


async def ask_deployers(configuration: Configuration, secrets: DeployerSecrets | None = None) -> Found:
    """What keeps orders from being taken; the same holds."""
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
        inquiries = _of_deployers(configuration, secrets or DeployerSecrets(), client)
        return await _ask_all(configuration, "Deployers", tuple(inquiries))


def _of_trackers(configuration: Configuration, secrets: TrackerSecrets, client: httpx.AsyncClient) -> Iterator[Inquiry]:
    for name, service in configuration.services.items():
        if rule := service.tracker:
            lacking = trackers.missing(rule, secrets)
            made = partial(trackers.tracker_for, rule, client, secrets)
            yield Inquiry(f"services.{name}.tracker", title_of(rule), lacking, made)


def _of_deployers(
    configuration: Configuration, secrets: DeployerSecrets, client: httpx.AsyncClient
) -> Iterator[Inquiry]:
    now = SystemClock().now
    for name, service in configuration.services.items():
        if rule := service.deployer:
            lacking = deployers.missing(rule, secrets)
            made = partial(deployers.deployer_for, rule, client, secrets, now)
            yield Inquiry(f"services.{name}.deployer", rule.title, lacking, made)


async def _ask_all(configuration: Configuration, what: str, inquiries: tuple[Inquiry, ...]) -> Found:
    problems: dict[str, Problem] = {}
    for one in inquiries:
        if one.lacking:
            name, remedy = one.lacking
            problems.setdefault(name, Problem("environment", name, f"It is not set, but {one.title} needs it.", remedy))
    asked = [_ask(configuration, one) for one in inquiries if not one.lacking]
    answers = await asyncio.gather(*asked)
    told = [*problems.values(), *(answer for answer in answers if isinstance(answer, Problem))]
    silent = [answer for answer in answers if isinstance(answer, str)]
    counted = (f"{what}: {len(answers) - len(silent)} of {len(answers)} answered.",) if answers else ()
    return tuple(told), (*counted, *dict.fromkeys(silent))


async def _ask(configuration: Configuration, inquiry: Inquiry) -> Problem | str | None:
    try:
        wrong = await inquiry.made().check()
    except TransientError as error:
        return str(error)
    except DeclinedError as error:
        wrong = error.reason, error.remedy
    return configuration.problem(inquiry.key, *wrong) if wrong else None
