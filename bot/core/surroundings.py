"""What a rule may know beyond its own conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from bot.core.events import Conversation
from bot.core.versions import is_same_version, spelled

BACK = ("awaiting_closure", "awaiting_postmortem", "closed")
"""The states of a rollback that was verified."""

BEFORE_DEPLOYING = (
    "awaiting_signoffs",
    "objected",
    "awaiting_plan",
    "awaiting_agreement",
    "awaiting_timing",
    "scheduled",
)
"""The states of a release that nothing was deployed of."""

LIVE = (
    *("canary", "canary_paused", "deploying", "awaiting_smoke", "smoke_running", "watching"),
    *("awaiting_decision", "rolling_back"),
)
"""The states of a release whose version production is on, or on its way to."""

NOT_DEPLOYED = (*BEFORE_DEPLOYING, "withdrawn")
NOT_LEFT = ("declined", "withdrawn")

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Since when something is whose moment is not known."""


@dataclass(frozen=True)
class Past:
    """A release or rollback as it stands now: its conversation, version and state, and since when. `back_to` is the
    version that a verified rollback went back to, and `since` then when it was there.
    """

    id: str
    version: str
    state: str
    back_to: str = ""
    since: datetime = EARLIEST


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

    def ways_back_from(self, version: str) -> tuple[str, ...]:
        """The versions to go back to from another: those that were verified and are not known to be bad, the latest
        first.
        """
        bad = self.known_bad
        good = (one for one in self.verified if not is_same_version(one, version) and one not in bad)
        return tuple(dict.fromkeys(good))

    def way_back_from(self, version: str) -> str:
        """The first of them; empty where there is none."""
        return next(iter(self.ways_back_from(version)), "")

    @property
    def live(self) -> str:
        """The version that production is on, or on its way to; empty where that is not known."""
        if under_way := next((release.version for release in self.releases if release.state in LIVE), ""):
            return under_way
        verified = ((release.since, release.version) for release in self.releases if release.state == "completed")
        back = ((rollback.since, rollback.back_to) for rollback in self.rollbacks if rollback.back_to)
        return max((*verified, *back), key=itemgetter(0), default=(EARLIEST, ""))[1]

    def was_deployed(self, version: str) -> bool:
        """Whether a version is known to be there or to have been: released, rolled back, or gone back to."""
        there = (one.version for one in self.releases if one.state not in NOT_DEPLOYED)
        left = (one.version for one in self.rollbacks if one.state not in NOT_LEFT)
        back = (one.back_to for one in self.rollbacks if one.back_to)
        return any(is_same_version(one, version) for one in (*there, *left, *back))

    def not_deployed(self, version: str) -> Past | None:
        """The latest release of a version that is known and was never deployed; None where it was, or is not known."""
        alike = (one for one in self.releases if is_same_version(one.version, version))
        return None if self.was_deployed(version) else next(alike, None)


NOWHERE = Surroundings()
"""For a step that does not look around."""
