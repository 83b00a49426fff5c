"""What tells people outside of Slack."""

from __future__ import annotations

from typing import Protocol

from bot.core.routing import Page


class Pager(Protocol):
    """One way to tell people. Whatever it is sent twice reaches them once, as far as the service keeps that."""

    async def send(self, page: Page) -> str:
        """Send a page; what was answered, in words for people.

        Raises TransientError, UnclearError or DeclinedError (bot.outward).
        """
        ...
