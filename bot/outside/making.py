"""What works outside of Slack, put together: the client that speaks HTTP, and the worker that does the errands."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from bot.clock import Clock
from bot.core import orders, tickets
from bot.core import release_validation as validation
from bot.core.drill import DRILL
from bot.core.policy import Service
from bot.core.routing import KINDS
from bot.deployers.choose import DeployerSecrets, deployer_for
from bot.monitors.making import Monitors
from bot.outside.drills import Drills
from bot.outside.errands import Doer, Errands
from bot.outside.orders import Orders
from bot.outside.paging import Paging
from bot.outside.tickets import Tickets
from bot.outward import TIMEOUT
from bot.pagers.choose import PagerSecrets, pager_for
from bot.pagers.interface import Pager
from bot.settings import Configuration, read_variables
from bot.slack import Slack
from bot.store.interface import Store
from bot.trackers.choose import TrackerSecrets, tracker_for
from bot.validation import making
from bot.validation.runs import Validations


@dataclass(frozen=True)
class Outside:
    """The errands while they are done. `is_used`: no service needs any, so nobody has to look for them at every turn,
    where it is False.
    """

    clients: tuple[httpx.AsyncClient, ...]
    errands: Errands
    is_used: bool

    def start(self) -> None:
        self.errands.start()

    def wake(self) -> None:
        """There may be new errands."""
        if self.is_used:
            self.errands.wake()

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - what is left then is kept, nothing fails
        """Do what can be done within `timeout` seconds, then close."""
        await self.errands.stop(timeout)
        for client in self.clients:
            await client.aclose()


def _needs_errands(service: Service) -> bool:
    needed = (service.tracker, service.deployer, service.routing, service.playbook.checks, service.alertmanager)
    return any(needed)


def outside(
    configuration: Configuration,
    store: Store,
    clock: Clock,
    monitors: Monitors | None = None,
    slack: Slack | None = None,
) -> Outside:
    """Put it together. Without Slack there are no drills."""
    client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
    services, of_trackers, of_deployers = configuration.services, TrackerSecrets(), DeployerSecrets()
    clerk = Tickets(store, services, lambda rule: tracker_for(rule, client, of_trackers), clock)
    officer = Orders(store, services, lambda rule: deployer_for(rule, client, of_deployers, clock.now), clock)
    checks = making.client()
    runs = Validations(store, services, monitors.by_service if monitors else {}, clock, checks, making.secret)
    doers: dict[str, Doer] = {
        **dict.fromkeys(tickets.KINDS, clerk),
        **dict.fromkeys(orders.KINDS, officer),
        **dict.fromkeys(validation.KINDS, runs),
    }
    of_pagers = read_variables(PagerSecrets)

    def pager_of(kind: str) -> Pager:
        return pager_for(kind, client, of_pagers)

    doers |= dict.fromkeys(KINDS, Paging(pager_of))
    if slack is not None:
        asked = monitors.alertmanagers if monitors else {}
        doers[DRILL] = Drills(store, services, slack, asked, pager_of, clock)
    errands = Errands(store, services, doers, clock)
    is_used = any(map(_needs_errands, services.values()))
    return Outside((client, checks), errands, is_used=is_used)
