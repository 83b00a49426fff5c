"""What an issue tracker does, whichever it is."""

from __future__ import annotations

from typing import Protocol

from bot.core.tickets import Closing, OpenedTicket, Ticket


class Tracker(Protocol):
    """A place for tickets. Every method raises TransientError, UnclearError or DeclinedError (bot.outward)."""

    @property
    def title(self) -> str:
        """What people call it: “Jira”."""
        ...

    async def open(self, ticket: Ticket) -> OpenedTicket:
        """Open a ticket. After an UnclearError it may be there: look with `find` before this is called again."""
        ...

    async def find(self, ticket: Ticket) -> OpenedTicket | None:
        """The ticket, if it was opened already."""
        ...

    async def close(self, ticket: OpenedTicket, closing: Closing, *, again: bool) -> None:
        """Say why, and close it. `again`: it was tried before, so what was done already is not repeated."""
        ...

    async def check(self) -> tuple[str, str] | None:
        """What keeps tickets from being opened, as far as can be seen without opening one: a reason and a remedy."""
        ...
