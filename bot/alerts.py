"""Alerts of services whose releases are watched: asked of Alertmanager at every look, or arriving by themselves.

Each is matched to its service and to the release under watch, and told there once until it is over, whoever came first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.conversations import Conversations
from bot.core.alerts import DRILL_LABEL, Alert, grouped, since_deployment
from bot.core.drill import HOOK, ArrivedForm
from bot.core.policy import Service
from bot.core.release_observation import deployment_of
from bot.core.release_rules import Release
from bot.core.watch_forms import MOST_AT_ONCE
from bot.errors import Refusal
from bot.monitors.alertmanager import Alertmanager
from bot.service import read_conversation
from bot.store.interface import Reader
from bot.watched import is_watched

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heard:
    """What became of a service's alerts: how many fire, how many are over, and the releases in whose threads those
    that fire were told (empty where no release is watched, or all of them were known).
    """

    service: str
    firing: int
    resolved: int
    told: tuple[str, ...] = ()


class Alerts:
    """Asks for alerts, and takes them as they arrive. `alertmanagers` by service.

    Raises StoreBusyError where they could not be recorded, and are to be sent again.
    """

    def __init__(self, conversations: Conversations, alertmanagers: Mapping[str, Alertmanager] | None = None) -> None:
        self._conversations = conversations
        self._alertmanagers = alertmanagers or {}

    @property
    def services(self) -> frozenset[str]:
        """The services whose Alertmanager can be asked."""
        return frozenset(self._alertmanagers)

    async def firing(self, policy: Service) -> tuple[Alert, ...] | None:
        """The service's alerts that fire; None where it has no Alertmanager. Raises MonitorError."""
        alertmanager, rule = self._alertmanagers.get(policy.name), policy.alertmanager
        return await alertmanager.alerts(rule.belongs) if alertmanager and rule else None

    async def receive(self, alerts: Sequence[Alert]) -> tuple[Heard, ...]:
        """Alerts as Alertmanager sends them, of all services. Those that no service calls its own are left alone."""
        await self._tell_drills(alerts)
        heard = []
        for name, policy in self._conversations.policies.items():
            rule = policy.alertmanager
            mine = [alert for alert in alerts if rule is not None and alert.matches(rule.belongs)]
            if mine:
                firing = [alert for alert in mine if not alert.is_over]
                told = await self._tell(policy, firing) if firing else ()
                heard.append(Heard(name, len(firing), len(mine) - len(firing), told))
        return tuple(heard)

    async def _tell_drills(self, alerts: Sequence[Alert]) -> None:
        """A synthetic alert has come the whole way round. A drill that is over, or none at all, refuses it."""
        for drill in {alert.labels[DRILL_LABEL] for alert in alerts if DRILL_LABEL in alert.labels}:
            try:
                await self._conversations.record(drill, "arrived", ArrivedForm(target=HOOK))
            except Refusal as refusal:
                logger.info("a drill is not told: %s", refusal, extra={"action": "drill_refused"})

    async def _tell(self, policy: Service, firing: Sequence[Alert]) -> tuple[str, ...]:
        # Alerts are those of the service's first environment (bot.core.policy).
        watched = partial(_watched, service=policy.name, environment=policy.environments[0])
        releases = await self._conversations.store.read(watched)
        return tuple([release.version for release in releases if await self._tell_in(release, firing)])

    async def _tell_in(self, release: Release, firing: Sequence[Alert]) -> bool:
        deployment = deployment_of(release)
        return await self.tell(release, since_deployment(firing, deployment.began)) if deployment else False

    async def tell(self, release: Release, alerts: Iterable[Alert]) -> bool:
        """Tell of those that are not told yet; whether there were any."""
        news = [group for group in grouped(alerts) if group.name not in release.observation.alerts]
        told = False
        for part in batched(news):
            occasion = "+".join(sorted(f"{group.name}@{group.since.isoformat()}" for group in part))
            told |= await self._take(release, "alerted", {"groups": part}, f"alerted:{occasion}")
        return told

    async def tell_over(self, release: Release, names: Iterable[str], since: datetime) -> None:
        """Tell that alerts are over: what fires again after that is news."""
        for part in batched(sorted(names)):
            occasion = f"over:{'+'.join(part)}@{since.isoformat()}"
            await self._take(release, "alerts_over", {"names": part}, occasion)

    async def _take(self, release: Release, step: str, answers: Mapping[str, object], occasion: str) -> bool:
        try:
            taken = await self._conversations.observe(release.id, step, answers, f"watch:{release.id}:{occasion}")
        except Refusal as refusal:
            extra = {"action": "alerts_refused", "conversation": release.id}
            logger.info("alerts are not told: %s", refusal, extra=extra)
            return False
        return not taken.repeated


def batched(told: list[T]) -> Iterator[list[T]]:
    """What is told, in as many as one step takes."""
    return (told[start : start + MOST_AT_ONCE] for start in range(0, len(told), MOST_AT_ONCE))


def _watched(reader: Reader, service: str, environment: str) -> list[Release]:
    found = reader.find("release", service=service, environment=environment, is_open=True)
    return [read_conversation(record) for record in found if is_watched(reader, record)]
