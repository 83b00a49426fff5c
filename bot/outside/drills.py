"""The errands of a drill: each sends the synthetic alert one way, and tells what was answered there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.clock import Clock
from bot.core.drill import ALERTMANAGER, ArrivedForm, Drill, MissedForm, labels_of, page_of
from bot.core.policy import Service
from bot.errors import TransientError
from bot.messages.drill import tested
from bot.monitors.alertmanager import Alertmanager
from bot.monitors.interface import MonitorError, UnreachableError
from bot.outside.errands import Report
from bot.outward import DeclinedError
from bot.pagers.interface import Pager
from bot.service import read_conversation
from bot.slack import Slack
from bot.slack_errors import UndeliverableError
from bot.store.interface import Store, StoredErrand

MOST_REASON = 500


@dataclass(frozen=True)
class Drills:
    """Sends what a drill sends. `pager_of` gives the way of a kind, or raises DeclinedError."""

    store: Store
    policies: Mapping[str, Service]
    slack: Slack
    alertmanagers: Mapping[str, Alertmanager]
    pager_of: Callable[[str], Pager]
    clock: Clock
    settling: float = 0.0

    async def do(self, stored: StoredErrand) -> Report:
        """Send it, and report the arrival; nothing once it, or its time, is over. To send it twice is harmless."""
        record = await self.store.read(lambda reader: reader.load(stored.errand.conversation))
        drill: Drill | None = read_conversation(record) if record else None
        if drill is None or drill.state != "under_way" or (drill.ends_at and self.clock.now() >= drill.ends_at):
            return Report()
        payload = stored.errand.payload
        target = str(payload["target"])
        if "channel" in payload:
            words = await self._post(drill, str(payload["channel"]), stored.errand.key)
        elif target == ALERTMANAGER:
            words = await self._alert(drill, str(payload["severity"]))
        else:
            words = await self._page(drill, target, tuple(payload.get("to", ())))
        return Report("arrived", ArrivedForm(target=target, words=words))

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        target, reason = str(stored.errand.payload["target"]), str(error)[:MOST_REASON]
        return Report("missed", MissedForm(target=target, reason=reason))

    async def _post(self, drill: Drill, channel: str, key: str) -> str:
        try:
            await self.slack.post(channel, tested(drill), key=key)
        except UndeliverableError as error:
            raise DeclinedError(f"Slack refused it ({error.reason}).", error.remedy) from error
        return "Slack posted it"

    async def _page(self, drill: Drill, kind: str, to: tuple[str, ...]) -> str:
        """Trigger it and resolve it at once; a mail has no end."""
        pager, page = self.pager_of(kind), page_of(drill, kind, self.clock.now(), to)
        words = await pager.send(page)
        if to:
            return words
        await pager.send(page.but(action="resolve"))
        return f"{words}, and that it is over"

    async def _alert(self, drill: Drill, severity: str) -> str:
        """Put the alert into Alertmanager, and see that it is there. It ends by itself (resolve_timeout)."""
        rule, alertmanager = self.policies[drill.service].alertmanager, self.alertmanagers.get(drill.service)
        if rule is None or alertmanager is None:
            raise DeclinedError("The service has no Alertmanager any more.", "")
        labels = labels_of(rule, drill.id, severity)
        try:
            await alertmanager.raise_alert(labels, {"summary": f"Drill {drill.version}: nothing is wrong"})
            there = await alertmanager.alerts([f'{name}="{value}"' for name, value in labels.items()])
        except UnreachableError as error:
            raise TransientError(str(error)) from error
        except MonitorError as error:
            raise DeclinedError(str(error), "") from error
        if not there:
            raise TransientError("Alertmanager took the alert and does not show it yet.")
        return "Alertmanager shows it"
