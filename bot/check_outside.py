"""`greenlight check`, where the configuration names what works outside of Slack: is its token there, does it answer.

Nothing is opened and nothing is started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from bot.core.tickets import title_of
from bot.errors import Problem, TransientError
from bot.outward import TIMEOUT, DeclinedError
from bot.settings import Configuration
from bot.trackers.choose import TrackerSecrets, missing, tracker_for

Found = tuple[tuple[Problem, ...], tuple[str, ...]]
"""Problems, and notes."""

Asked = Callable[[], Awaitable[tuple[str, str] | None]]
"""What tells what is wrong with a service: a reason and a remedy."""


async def ask_trackers(
    configuration: Configuration, secrets: TrackerSecrets | None = None, client: httpx.AsyncClient | None = None
) -> Found:
    """What keeps tickets from being opened. A tracker that can't be reached is a note: it says nothing of the
    configuration.
    """
    given = secrets or TrackerSecrets()
    problems: dict[str, Problem] = {}
    asked: dict[str, Asked] = {}
    async with client or httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as opened:
        for name, service in configuration.services.items():
            if service.tracker is None:
                continue
            if lacking := missing(service.tracker, given):
                why = f"It is not set, but {title_of(service.tracker)} needs it."
                problems.setdefault(lacking[0], Problem("environment", lacking[0], why, lacking[1]))
            else:
                asked[f"services.{name}.tracker"] = tracker_for(service.tracker, opened, given).check
        answers = await asyncio.gather(*(_ask(configuration, key, ask) for key, ask in asked.items()))
    told = [*problems.values(), *(answer for answer in answers if isinstance(answer, Problem))]
    silent = [answer for answer in answers if isinstance(answer, str)]
    counted = (f"Trackers: {len(answers) - len(silent)} of {len(answers)} answered.",) if answers else ()
    return tuple(told), (*counted, *dict.fromkeys(silent))


async def _ask(configuration: Configuration, key: str, ask: Asked) -> Problem | str | None:
    try:
        wrong = await ask()
    except TransientError as error:
        return str(error)
    except DeclinedError as error:
        wrong = error.reason, error.remedy
    return configuration.problem(key, *wrong) if wrong else None
