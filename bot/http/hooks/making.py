"""The hooks whose secrets are set, put together."""

from __future__ import annotations

from collections.abc import Iterator

from bot.alerts import Alerts
from bot.arrivals import Arrivals
from bot.clock import Clock
from bot.http.allowance import Allowance
from bot.http.hooks.alertmanager import Alertmanager
from bot.http.hooks.argocd import ArgoCD
from bot.http.hooks.gate import HookGate
from bot.http.hooks.github import GitHub
from bot.http.hooks.interface import Hook, HookSecrets
from bot.http.hooks.signed import Signed


def hooks_of(arrivals: Arrivals, alerts: Alerts, clock: Clock, secrets: HookSecrets | None = None) -> HookGate:
    """The way in for hooks. A sender may tell a burst: one push starts many runs."""
    hooks = _open(arrivals, alerts, clock, secrets or HookSecrets())
    return HookGate(hooks, clock, Allowance(a_minute=600, burst=300))


def _open(arrivals: Arrivals, alerts: Alerts, clock: Clock, secrets: HookSecrets) -> Iterator[Hook]:
    if github := secrets.of("github"):
        yield GitHub(arrivals, github)
    if argocd := secrets.of("argocd"):
        yield ArgoCD(arrivals, argocd)
    if alertmanager := secrets.of("alertmanager"):
        yield Alertmanager(alerts.receive, alertmanager)
    if signed := secrets.of("signed"):
        yield Signed(arrivals, signed, clock)
