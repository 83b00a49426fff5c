"""`greenlight check`, where the configuration names monitors: every query is evaluated once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.core.policy import Service
from bot.core.signals import Signal
from bot.errors import Problem
from bot.monitors.interface import Monitor, MonitorError, UnreachableError
from bot.monitors.making import Monitors, MonitorSecrets, monitors_of
from bot.settings import Configuration

Found = tuple[tuple[Problem, ...], tuple[str, ...]]
"""Problems, and notes."""

AT_ONCE = 8
ANY_ENDPOINT = "/"
"""Stands for a release's endpoint: whether there is traffic to it says nothing of the query."""


async def ask_monitors(configuration: Configuration, now: datetime, secrets: MonitorSecrets | None = None) -> Found:
    """What is wrong with the monitors' tokens and the signals' queries. A monitor that can't be reached is a note: it
    says nothing of the configuration.
    """
    if not any(service.signals for service in configuration.services.values()):
        return (), ()
    given = secrets or MonitorSecrets()
    missing = tuple(_missing(configuration, given))
    monitors = monitors_of(configuration.services, given)
    try:
        answers = await _ask_all(configuration, monitors, now)
    finally:
        await monitors.close()
    problems = (answer for answer in answers if isinstance(answer, Problem))
    silent = dict.fromkeys(answer for answer in answers if isinstance(answer, str))
    told = sum(answer is None or isinstance(answer, Problem) for answer in answers)
    return (*missing, *problems), (f"Monitors: {told} of {len(answers)} queries evaluated.", *silent)


def _missing(configuration: Configuration, secrets: MonitorSecrets) -> Iterator[Problem]:
    rules = (rule for service in configuration.services.values() for rule in service.monitors.values())
    for kind in dict.fromkeys(rule.kind for rule in rules):
        for name in secrets.missing(kind):
            yield Problem("environment", name, f"It is not set, but a monitor of the kind {kind} needs it.", "Set it.")


async def _ask_all(configuration: Configuration, monitors: Monitors, now: datetime) -> list[Problem | str | None]:
    limit = asyncio.Semaphore(AT_ONCE)

    async def ask(service: Service, name: str, signal: Signal, monitor: Monitor) -> Problem | str | None:
        async with limit:
            try:
                await _evaluate(monitor, signal, now)
            except UnreachableError as error:
                return f"{service.name}: {error} Its signals could not be checked."
            except MonitorError as error:
                remedy = "Correct the query, or the monitor it is asked of."
                return configuration.problem(f"services.{service.name}.signals.{name}.query", str(error), remedy)
        return None

    asked = [
        ask(service, name, signal, monitor)
        for service in configuration.services.values()
        for name, signal in service.signals.items()
        if (monitor := monitors.by_service[service.name].get(signal.monitor)) is not None
    ]
    return await asyncio.gather(*asked)


async def _evaluate(monitor: Monitor, signal: Signal, now: datetime) -> None:
    if not signal.for_endpoints:
        await monitor.check(signal.query, now)
        return
    query = signal.query.replace("{endpoint}", ANY_ENDPOINT)
    await monitor.query_range(query, now - timedelta(minutes=5), now, timedelta(seconds=30))
