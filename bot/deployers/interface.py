"""What a deployer does, whatever stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.core.deployer_rules import OrderKind
from bot.outward import DeclinedError


@dataclass(frozen=True)
class Order:
    """What is to be brought to an environment. `key` names the order for ever, so that it is never carried out twice.

    deploy    `version` (of `commit`) is to go live, with `percentage` of the traffic
    rollback  `version` is to be live again; `commit` may be unknown
    promote   the canary of `version` is to get `percentage` of the traffic
    """

    key: str
    kind: OrderKind
    service: str
    environment: str
    version: str
    commit: str = ""
    percentage: int = 100
    requested_by: str = ""


@dataclass(frozen=True)
class Started:
    """An order that was taken. `url`: where its progress is seen, empty where that is not known."""

    url: str = ""


RunState = Literal["queued", "waiting", "running", "succeeded", "failed", "unseen"]


@dataclass(frozen=True)
class Progress:
    """How an order goes: `queued` until its run begins, `waiting` while it waits for somebody, `unseen` where it can't
    be told. `words` are the deployer's own, plain text.
    """

    state: RunState
    words: str = ""
    url: str = ""


class Deployer(Protocol):
    """Something that carries orders out. Every method raises TransientError, UnclearError or DeclinedError
    (bot.outward).
    """

    @property
    def title(self) -> str:
        """What people call it: “GitHub Actions”."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether an order that may have been taken can be given again without harm, where `find` does not find it."""
        ...

    async def start(self, order: Order) -> Started:
        """Have an order carried out. It says that the order was taken, never that it is done."""
        ...

    async def find(self, order: Order) -> Started | None:
        """Whether an order was taken already: after an answer that was lost."""
        ...

    async def progress(self, order: Order, url: str) -> Progress:
        """How an order goes that was taken; `url` is what `start` or `find` gave."""
        ...

    async def check(self) -> tuple[str, str] | None:
        """What keeps orders from being taken, as far as can be seen without giving one: a reason and a remedy."""
        ...


def fill(template: str, order: Order, title: str) -> str:
    """A template with what an order says. Raises DeclinedError where it asks for a commit and none is known."""
    if "{commit}" in template and not order.commit:
        raise DeclinedError(
            f"{title} is told commits, and none is known of {order.version}.",
            "Use “{version}” in the configuration, or go on by hand.",
        )
    return template.format(
        version=order.version,
        commit=order.commit,
        service=order.service,
        environment=order.environment,
        action=order.kind,
        percentage=order.percentage,
        key=order.key,
    )
