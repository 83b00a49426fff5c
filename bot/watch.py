"""The running watch: while a release is watched, its service's signals are looked at every so many seconds, and what is
found becomes steps of the release.

One task keeps the time; every look is a task of its own, so that a slow monitor keeps no other service waiting, and
only so many are under way at once. Nothing here is needed to know what was told: that stands in the releases, so that
a process that dies in between tells nothing twice and forgets nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bot.alerts import Alerts
from bot.clock import Clock
from bot.conversations import Conversations
from bot.core.alerts import Alert, since_deployment
from bot.core.observation import (
    ALERTS,
    FIRING,
    FIRST_METRICS,
    RECOVERED_AFTER,
    SETTLING,
    Deployment,
    Finding,
    Look,
    Reading,
    chart_of,
    comparison_number,
    findings,
    wanted,
)
from bot.core.policy import Service
from bot.core.release_observation import deployment_of
from bot.core.release_rules import Release
from bot.core.signals import Sample, Samples, Signal, amount, middle
from bot.errors import GreenlightError, Refusal
from bot.heartbeat import Heartbeat
from bot.monitors.interface import Monitor, MonitorError
from bot.service import read_conversation
from bot.store.interface import Store
from bot.watched import services_of_watched, still_watched

if TYPE_CHECKING:
    from bot.core.comparison import Comparison

COMPARISON = "bot.core.comparison"
"""Its libraries take most of a second to load, and 80 MiB: for those who have signals, and beside the loop."""

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two turns: how late a look may begin."""

AT_ONCE = 16
"""Looks under way at the same time."""

FEW = 8
"""So many releases are first looked at together; more are spread over the time between two looks."""

CHART_BEFORE = timedelta(minutes=10)
"""A chart shows so much from before the deployment at least, and as much as of what came after."""

MOST_SAMPLES = 480
"""Of a series that is compared: Prometheus is asked for so many at most."""


@dataclass
class _Watched:
    """What is known of a release while it is watched. None of it outlives the process."""

    due: datetime
    blind_since: dict[str, datetime] = field(default_factory=dict)
    over_since: dict[str, datetime] = field(default_factory=dict)
    before: dict[str, float] = field(default_factory=dict)
    has_before: bool = False
    compared: int = 0
    look: asyncio.Task[None] | None = None


class Watch:
    """Looks at the signals of every release that is watched. `monitors` by service, then by name.

    Call `changed` after a commit, and `wake` after the clock was moved.
    """

    def __init__(
        self,
        store: Store,
        conversations: Conversations,
        monitors: Mapping[str, Mapping[str, Monitor]],
        clock: Clock,
        alerts: Alerts,
    ) -> None:
        self._store = store
        self._conversations = conversations
        self._monitors = monitors
        self._clock = clock
        self.alerts = alerts
        measured = (name for name, policy in conversations.policies.items() if policy.signals)
        self._services = frozenset((*measured, *alerts.services))
        self._watched: dict[str, _Watched] = {}
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._heart = Heartbeat(store)
        self._rung = asyncio.Event()
        self._is_changed, self._is_found = True, False
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self.looks = 0
        self.latest = timedelta()
        """The most that a look began late."""

    @property
    def running(self) -> bool:
        """True while releases are watched, or where no service has signals."""
        return not self._services or (self._task is not None and not self._task.done())

    def start(self) -> None:
        """Begin to watch, where there is a service with signals."""
        if self._services:
            self._task = asyncio.create_task(self._run(), name="watch")

    async def stop(self) -> None:
        """Begin no more looks, and give up those that are under way: what they would find is found again."""
        self._stopping = True
        tasks = [self._task, *(one.look for one in self._watched.values())]
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)

    def changed(self) -> None:
        """Releases may have begun or ceased to be watched: the next turn sees which."""
        self._is_changed = True

    def wake(self) -> None:
        """Look what is due now."""
        self._is_changed = True
        self._rung.set()

    async def settled(self) -> None:
        """Return when no look is due or under way."""
        while self.running and self._services and not self._stopping:
            await self._turn()
            looks = [one.look for one in self._watched.values() if one.look is not None and not one.look.done()]
            if not looks and not self._is_changed:
                return
            await asyncio.gather(*looks, return_exceptions=True)

    async def _run(self) -> None:
        await asyncio.to_thread(import_module, COMPARISON)
        while not self._stopping:
            try:
                await self._turn()
            except GreenlightError as error:
                logger.warning("releases could not be read: %s", error, extra={"action": "watch_unread"})
            self._rung.clear()
            try:
                await asyncio.wait_for(self._rung.wait(), TICK)
            except TimeoutError:
                continue

    async def _turn(self) -> None:
        """Begin the looks that are due."""
        now = self._clock.now()
        if self._is_changed:
            self._is_changed = False
            await self._find(now)
            self._is_found = True
        for name, finding in await self._heart.beat(now, tuple(self._watched)) if self._is_found else ():
            await self.take(name, finding)
        for name, one in self._watched.items():
            if one.due <= now and (one.look is None or one.look.done()):
                one.look = asyncio.create_task(self._look_safely(name, one), name=f"look {name}")

    async def _find(self, now: datetime) -> None:
        found = await self._store.read(partial(services_of_watched, services=self._services))
        for gone in self._watched.keys() - found.keys():
            look = self._watched[gone].look
            if look is None or look.done():
                del self._watched[gone]
        new = [name for name in found if name not in self._watched]
        for place, name in enumerate(new):
            every = self._every(found[name])
            wait = every * place / len(new) if len(new) > FEW else timedelta()
            self._watched[name] = _Watched(due=now + wait)

    def _every(self, service: str) -> timedelta:
        return timedelta(seconds=self._conversations.policies[service].measuring.every)

    async def _look_safely(self, conversation: str, one: _Watched) -> None:
        async with self._limit:
            now = self._clock.now()
            self.looks += 1
            self.latest = max(self.latest, now - one.due)
            try:
                await self._look(conversation, one, now)
            except GreenlightError as error:
                extra = {"action": "look_failed", "conversation": conversation}
                logger.warning("a look failed, and is made again: %s", error, extra=extra)
            except Exception:
                # The edge: one release that can't be looked at must not end the watch of all others.
                extra = {"action": "look_failed", "conversation": conversation}
                logger.exception("a look failed, and is made again", extra=extra)

    async def _look(self, conversation: str, one: _Watched, now: datetime) -> None:
        record = await self._store.read(partial(still_watched, conversation_id=conversation))
        policy = self._conversations.policies.get(record.service) if record else None
        if record is None or policy is None:
            one.due = now + timedelta(seconds=600)
            self._is_changed = True
            return
        policy = policy.at(record.environment)
        one.due = now + timedelta(seconds=policy.measuring.every)
        release: Release = read_conversation(record)
        deployment = deployment_of(release)
        if deployment is not None:
            await _LookAt(self, one, release, policy, deployment, now).all()

    async def take(self, conversation: str, finding: Finding) -> None:
        """Record what was found. A release that has moved on meanwhile refuses it, and that is that."""
        try:
            await self._conversations.observe(
                conversation, finding.step, finding.answers, f"watch:{conversation}:{finding.occasion}"
            )
        except Refusal as refusal:
            extra = {"action": "finding_refused", "conversation": conversation, "step": finding.step}
            logger.info("%s is not told: %s", finding.step, refusal, extra=extra)

    async def measure(
        self, policy: Service, signal: Signal, start: datetime, end: datetime, step: timedelta
    ) -> Reading:
        """A signal between two moments; or why there is nothing."""
        monitor = self._monitors.get(policy.name, {}).get(signal.monitor)
        if monitor is None:
            return Reading(signal, problem=f"there is no monitor “{signal.monitor}”, or its token is not set")
        try:
            return Reading(signal, await monitor.query_range(signal.query, start, end, step))
        except MonitorError as error:
            return Reading(signal, problem=str(error))


@dataclass(frozen=True)
class _LookAt:
    """One look at one release."""

    watch: Watch
    one: _Watched
    release: Release
    policy: Service
    deployment: Deployment
    now: datetime

    @property
    def age(self) -> timedelta:
        return self.now - self.deployment.ended

    async def all(self) -> None:
        signals = wanted(self.policy.signals, self.release.approval, self.age)
        if self.age >= FIRST_METRICS and not self.one.has_before:
            await self._measure_before(signals)
        readings = await self._now(signals)
        alerts = await self._alerts(readings)
        self._note_blind(readings)
        look = Look(self.now, readings, self.one.blind_since, self.one.before)
        told = self.release.observation
        for finding in findings(told, frozenset(self.release.occasions), self.deployment, look):
            await self._tell(finding, look)
        await self._tell_alerts(alerts)
        if (number := comparison_number(self.age)) > self.one.compared:
            await self._compare(signals, number)
            self.one.compared = number

    async def _now(self, signals: Mapping[str, Signal]) -> dict[str, Reading]:
        """What each signal says now: as far back as its limits have to be held."""
        step = timedelta(seconds=self.policy.measuring.every)
        longest = max((signal.held_for for signal in signals.values()), default=timedelta())
        start = self.now - longest - max(4 * step, timedelta(minutes=3))
        measures = (self.watch.measure(self.policy, signal, start, self.now, step) for signal in signals.values())
        return dict(zip(signals, await asyncio.gather(*measures), strict=True))

    async def _alerts(self, readings: dict[str, Reading]) -> tuple[Alert, ...] | None:
        """What fires; how many there are since the deployment began becomes a reading like any other."""
        try:
            alerts = await self.watch.alerts.firing(self.policy)
        except MonitorError as error:
            readings[ALERTS] = Reading(FIRING, problem=str(error))
            return None
        if alerts is not None:
            new = list(since_deployment(alerts, self.deployment.began))
            readings[ALERTS] = Reading(FIRING, (Sample(self.now, float(len(new))),))
        return alerts

    async def _tell_alerts(self, alerts: tuple[Alert, ...] | None) -> None:
        """Each name once, until it was over for its time: how many fire is in every check."""
        if alerts is None:
            return
        told, quiet = self.release.observation.alerts, self.one.over_since
        await self.watch.alerts.tell(self.release, since_deployment(alerts, self.deployment.began))
        names = {alert.name for alert in alerts}
        for name in names & quiet.keys():
            del quiet[name]
        for name in told.keys() - names:
            quiet.setdefault(name, self.now)
        over = {name for name in told if name in quiet and self.now - quiet[name] >= RECOVERED_AFTER}
        if over:
            await self.watch.alerts.tell_over(self.release, over, self.now)

    def _note_blind(self, readings: Mapping[str, Reading]) -> None:
        """Since when each blind signal is known to be blind."""
        known = self.one.blind_since
        for name, reading in readings.items():
            if reading.verdict(self.now).is_blind:
                known.setdefault(name, self.now)
            else:
                known.pop(name, None)

    async def _measure_before(self, signals: Mapping[str, Signal]) -> None:
        """The medians before the deployment, for the tables."""
        readings = await self._series(signals, self._baseline_start(), self.deployment.began)
        self.one.before = {
            name: middle([sample.value for sample in reading.samples])
            for name, reading in readings.items()
            if reading.samples
        }
        self.one.has_before = True

    def _baseline_start(self) -> datetime:
        return self.deployment.began - timedelta(minutes=self.policy.measuring.before)

    async def _series(self, signals: Mapping[str, Signal], start: datetime, end: datetime) -> dict[str, Reading]:
        step = max(timedelta(seconds=self.policy.measuring.every), (end - start) / MOST_SAMPLES)
        return await self._of(signals, start, end, step)

    async def _of(
        self, signals: Mapping[str, Signal], start: datetime, end: datetime, step: timedelta
    ) -> dict[str, Reading]:
        measures = (self.watch.measure(self.policy, signal, start, end, step) for signal in signals.values())
        return dict(zip(signals, await asyncio.gather(*measures), strict=True))

    async def _tell(self, finding: Finding, look: Look) -> None:
        answers = dict(finding.answers)
        if finding.charted:
            signal = look.readings[finding.charted].signal
            answers["chart"] = await self._chart(signal, answers.get("threshold"))
        await self.watch.take(self.release.id, Finding(finding.step, finding.occasion, answers))

    async def _chart(self, signal: Signal, limit: float | None) -> dict[str, Any] | None:
        """The signal from before the deployment until now; none where it can't be measured any more."""
        step = max(timedelta(seconds=self.policy.measuring.every), 2 * self.age / MOST_SAMPLES)
        reading = await self.watch.measure(self.policy, signal, self._chart_start(), self.now, step)
        chart = chart_of(signal, reading.samples, limit, self.deployment.ended)
        return chart.model_dump(mode="json") if chart else None

    def _chart_start(self) -> datetime:
        return min(self.deployment.began, self.deployment.ended - self.age) - CHART_BEFORE

    async def _compare(self, signals: Mapping[str, Signal], number: int) -> None:
        """Compare with before the deployment, and tell of each signal once that is worse."""
        from bot.core.comparison import compare, regressed  # noqa: PLC0415 - loaded at the start, see COMPARISON

        chosen = {name: signal for name, signal in signals.items() if signal.compared}
        settled = self.deployment.ended + SETTLING
        # The same step for both, or neighbours would resemble each other differently.
        span = max(self.deployment.began - self._baseline_start(), self.now - settled)
        step = max(timedelta(seconds=self.policy.measuring.every), span / MOST_SAMPLES)
        before = await self._of(chosen, self._baseline_start(), self.deployment.began, step)
        after = await self._of(chosen, settled, self.now, step)
        found: dict[str, Comparison] = {}
        for name, signal in chosen.items():
            if (one := compare(signal, before[name].samples, after[name].samples)) is not None:
                found[name] = one
        for name in regressed(found, number):
            if name not in self.release.observation.regressed:
                await self._tell_regressed(name, chosen[name], found[name], before[name].samples + after[name].samples)

    async def _tell_regressed(self, name: str, signal: Signal, one: Comparison, samples: Samples) -> None:
        drawn = tuple(sample for sample in samples if sample.at >= self._chart_start())
        chart = chart_of(signal, drawn, signal.warning, self.deployment.ended)
        answers = {
            "name": name,
            "signal": signal.title,
            "before": amount(one.before, signal.unit),
            "after": amount(one.after, signal.unit),
            "certainty": f"{one.p_value:.1g}" if one.p_value >= 1e-6 else "less than 0.000001",
            "chart": chart.model_dump(mode="json") if chart else None,
        }
        await self.watch.take(self.release.id, Finding("regressed", f"regressed:{name}", answers))
