"""What a rule may know beyond its own conversation."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.events import Conversation
from bot.core.versions import is_same_version, spelled

BACK = ("awaiting_closure", "awaiting_postmortem", "closed")
"""The states of a rollback that was verified."""


@dataclass(frozen=True)
class Past:
    """A release or rollback as it stands now: its conversation, version and state."""

    id: str
    version: str
    state: str


@dataclass(frozen=True)
class Surroundings:
    """The service's other conversations, read in the transaction of the step that looks at them.

    others    those that are open, of every dialogue and environment of the service, the oldest first
    releases  the service's releases to the conversation's environment, the latest opened first
    rollbacks the service's rollbacks there, also of versions that were never released here
    """

    others: tuple[Conversation, ...] = ()
    releases: tuple[Past, ...] = ()
    rollbacks: tuple[Past, ...] = ()

    @property
    def verified(self) -> tuple[str, ...]:
        """The versions that were verified, the latest first."""
        return tuple(release.version for release in self.releases if release.state == "completed")

    @property
    def known_bad(self) -> frozenset[str]:
        """The versions whose last release was rolled back, and those that were rolled back and are verified nowhere."""
        last = {release.version: release.state for release in reversed(self.releases)}
        bad = {version for version, state in last.items() if state == "rolled_back"}
        verified = {spelled(version) for version in self.verified}
        back = (rollback.version for rollback in self.rollbacks if rollback.state in BACK)
        return frozenset(bad.union(version for version in back if spelled(version) not in verified))

    def is_known_bad(self, version: str) -> bool:
        """Whether a version is one of those, however it is spelled."""
        return any(is_same_version(version, bad) for bad in self.known_bad)

    def way_back_from(self, version: str) -> str:
        """The version to go back to from another: the last that was verified and is not known to be bad; else empty."""
        bad = self.known_bad
        good = (one for one in self.verified if not is_same_version(one, version) and one not in bad)
        return next(good, "")


NOWHERE = Surroundings()
"""For a step that does not look around."""
