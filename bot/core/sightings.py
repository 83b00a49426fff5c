"""Deployments as other systems tell of them: what was told, whose it may be, and how much of it is known."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from bot.core.events import Fact
from bot.core.outside_text import LONGEST_LINE, LONGEST_TEXT, one_line
from bot.core.policy import Service
from bot.core.release_forms import DeployedForm
from bot.core.release_rules import Release
from bot.core.rollback_rules import Rollback
from bot.core.versions import is_another_commit, is_same_commit, is_same_version

NOT_TOLD = "not told"

MOST_MINUTES = 24 * 60


class Phase(StrEnum):
    """How far a deployment has come."""

    CREATED = "created"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """Later phases have higher ranks; both ends are as late."""
        return {Phase.CREATED: 0, Phase.STARTED: 1}.get(self, 2)


Line = Annotated[str, StringConstraints(max_length=LONGEST_LINE)]


class Sighting(Fact):
    """What another system told of a deployment, and no more. Empty is what it did not tell.

    `deployment` is the system's own id of it, `names` are those that may name a version (a tag, a branch). `commit` is
    the deployed commit, where it is sure to be one of the service's own; `title` is what it calls the
    deployment, `run` the page of what carries it out.
    """

    source: Line
    deployment: Line
    phase: Phase
    at: datetime
    began_at: datetime | None = None
    commit: Line = ""
    names: tuple[Line, ...] = ()
    by: Line = ""
    link: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://[^\s<>|]+)?$")] = ""
    title: Line = ""
    run: Annotated[str, StringConstraints(max_length=500)] = ""
    said: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] = ""
    components: tuple[Line, ...] = Field(default=(), max_length=20)
    health: tuple[Line, ...] = Field(default=(), max_length=20)
    links: tuple[Annotated[str, StringConstraints(max_length=300)], ...] = Field(default=(), max_length=10)

    @property
    def name(self) -> str:
        """What is deployed, in its own words: a version before a commit."""
        return one_line(", ".join(self.names)) or self.commit or "something unnamed"

    def is_of(self, release: Release) -> bool:
        """Whether it is a release's. A commit decides where there are two to compare, else the version's name."""
        approved = release.approval.commit
        if self.commit and is_same_commit(self.commit, approved):
            return True
        if self.commit and is_another_commit(self.commit, approved):
            return False
        return any(is_same_version(name, release.version) or is_same_commit(name, approved) for name in self.names)

    def is_ordered_by(self, conversation: Release | Rollback) -> bool:
        """Whether it is what a conversation ordered: its title has the order's key, or it is where the order is seen.

        What it says of commits is then not the release's: a workflow that is dispatched runs on a branch of its own.
        """
        order = conversation.order
        if order is None:
            return False
        return f"{conversation.id}:" in self.title or bool(order.url and order.url == self.run)

    def names_version(self, version: str) -> bool:
        return any(is_same_version(name, version) for name in self.names)

    @property
    def minutes(self) -> int | None:
        """How long it took; None where that was not told."""
        if self.began_at is None or self.began_at > self.at:
            return None
        return min(max(1, round((self.at - self.began_at).total_seconds() / 60)), MOST_MINUTES)


def notice_of(sighting: Sighting, policy: Service, now: datetime) -> DeployedForm:
    """The deployment notice of a success: what was told, and of the rest that it was not told."""
    unknown = f"{NOT_TOLD} by {sighting.source}"
    dashboards = [f"{link.name}: {link.url}" for link in policy.monitoring]
    links = [*dashboards, *sighting.links, *([f"{sighting.source}: {sighting.link}"] if sighting.link else [])]
    return DeployedForm(
        finished_at=min(sighting.at, now),
        duration=sighting.minutes,
        components=sighting.components or tuple(f"{name}: {unknown}" for name in policy.components),
        migration=f"Not told by {sighting.source}",
        cache=f"Not told by {sighting.source}",
        health_checks=sighting.health or tuple(f"{name}: {unknown}" for name in policy.health_checks),
        monitoring=tuple(dict.fromkeys(links)),
    )
