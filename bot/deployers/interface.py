"""What a deployer does, whatever stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

OrderKind = Literal["deploy", "rollback", "promote"]


@dataclass(frozen=True)
class Order:
    """What is to be brought to an environment. `key` names the order for ever, so that it is never carried out twice.

    deploy    `version` (of `commit`) is to go live
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


class Deployer(Protocol):
    """Something that carries orders out. It says that an order was taken, never that it is done."""

    title: str
    """What people call it: “GitHub Actions”."""

    async def start(self, order: Order) -> Started:
        """Have an order carried out. Raises TransientError, UnclearError or DeclinedError (bot.outward)."""
        ...

    async def find(self, order: Order) -> Started | None:
        """Whether an order was taken already: after an answer that was lost. Raises the same."""
        ...
