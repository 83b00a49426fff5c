"""`greenlight check`, where the configuration names monitors: every query is evaluated once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.core.policy import Service
from bot.core.signals import Signal
from bot.errors import Problem
from bot.monitors.alertmanager import Alertmanager
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
    services = configuration.services.values()
    if not any(service.signals or service.alertmanager for service in services):
        return (), ()
    given = secrets or MonitorSecrets()
    missing = tuple(_missing(configuration, given))
    monitors = monitors_of(configuration.services, given)
    try:
        answers = await _ask_all(configuration, monitors, now)
        of_alerts = await _ask_alertmanagers(configuration, monitors)
    finally:
        await monitors.close()
    every = (*answers, *of_alerts)
    problems = (answer for answer in every if isinstance(answer, Problem))
    silent = dict.fromkeys(answer for answer in every if isinstance(answer, str))
    told = sum(answer is None or isinstance(answer, Problem) for answer in answers)
    counted = (f"Monitors: {told} of {len(answers)} queries evaluated.",) if answers else ()
    return (*missing, *problems), (*counted, *silent)


async def _ask_alertmanagers(configuration: Configuration, monitors: Monitors) -> list[Problem | str | None]:
    """Whether each can be asked for the service's alerts."""

    async def ask(service: Service, alertmanager: Alertmanager, belongs: tuple[str, ...]) -> Problem | str | None:
        try:
            await alertmanager.alerts(belongs)
        except UnreachableError as error:
            return f"{service.name}: {error} Its alerts and silences could not be checked."
        except MonitorError as error:
            key = f"services.{service.name}.alertmanager"
            return configuration.problem(key, str(error), "Correct the address, the matchers or the token.")
        return None if belongs else f"{service.name}: `belongs` names no matcher, so every alert counts as its own."

    asked = [
        ask(service, monitors.alertmanagers[name], service.alertmanager.belongs)
        for name, service in configuration.services.items()
        if service.alertmanager
    ]
    return await asyncio.gather(*asked)


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
