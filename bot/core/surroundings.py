"""What a rule may know beyond its own conversation."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.events import Conversation


@dataclass(frozen=True)
class Past:
    """A release as it stands now: its conversation, version and state."""

    id: str
    version: str
    state: str


@dataclass(frozen=True)
class Surroundings:
    """The service's other conversations, read in the transaction of the step that looks at them.

    others    those that are open, of every dialogue and environment of the service, the oldest first
    releases  the service's releases to the conversation's environment, the latest opened first
    """

    others: tuple[Conversation, ...] = ()
    releases: tuple[Past, ...] = ()

    @property
    def verified(self) -> tuple[str, ...]:
        """The versions that were verified, the latest first."""
        return tuple(release.version for release in self.releases if release.state == "completed")

    @property
    def known_bad(self) -> frozenset[str]:
        """The versions whose last release was rolled back."""
        last = {release.version: release.state for release in reversed(self.releases)}
        return frozenset(version for version, state in last.items() if state == "rolled_back")


NOWHERE = Surroundings()
"""For a step that does not look around."""
