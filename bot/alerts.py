"""Alerts that arrive by themselves: each is matched to its service and to the release under watch, and told there once,
whether the watch or Alertmanager came first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.conversations import Conversations
from bot.core.alerts import Alert, grouped
from bot.core.policy import Service
from bot.core.release_observation import WATCHED, deployment_of
from bot.core.release_rules import Release
from bot.errors import Refusal
from bot.service import read_conversation
from bot.store.interface import Reader

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
    """Takes alerts as they arrive. Raises StoreBusyError where they could not be recorded, and are to be sent again."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    async def receive(self, alerts: Sequence[Alert]) -> tuple[Heard, ...]:
        """Alerts as Alertmanager sends them, of all services. Those that no service calls its own are left alone."""
        heard = []
        for name, policy in self._conversations.policies.items():
            rule = policy.alertmanager
            mine = [alert for alert in alerts if rule is not None and alert.matches(rule.belongs)]
            if mine:
                firing = [alert for alert in mine if not alert.is_over]
                told = await self._tell(policy, firing) if firing else ()
                heard.append(Heard(name, len(firing), len(mine) - len(firing), told))
        return tuple(heard)

    async def _tell(self, policy: Service, firing: Sequence[Alert]) -> tuple[str, ...]:
        releases = await self._conversations.store.read(partial(_watched, service=policy.name))
        return tuple([release.version for release in releases if await self._tell_in(release, firing)])

    async def _tell_in(self, release: Release, firing: Sequence[Alert]) -> bool:
        """Tell what began since the deployment and is not told yet; whether there was any."""
        deployment = deployment_of(release)
        known = release.observation.alerts
        since = [alert for alert in firing if deployment and alert.starts_at >= deployment.began]
        news = [group for group in grouped(since) if group.name not in known]
        if not news:
            return False
        # As the watch names it, which asks Alertmanager itself: the second of the two changes nothing.
        delivery = f"watch:{release.id}:alerted:{'+'.join(sorted(group.name for group in news))}"
        try:
            taken = await self._conversations.observe(release.id, "alerted", {"groups": news}, delivery)
        except Refusal as refusal:
            extra = {"action": "alerts_refused", "conversation": release.id}
            logger.info("alerts are not told: %s", refusal, extra=extra)
            return False
        return not taken.repeated


def _watched(reader: Reader, service: str) -> list[Release]:
    found = reader.find("release", service=service, is_open=True)
    return [read_conversation(record) for record in found if record.state in WATCHED]
