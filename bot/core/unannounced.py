"""The dialogue about a deployment that nobody announced: one table. It is told to the team at once, and stays open
until somebody says whose it was ("Communication guidelines" of the QA-DevOps dialogue: no deployment without notice).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from bot.core.dialogue import SAME, Dialogue, Signers, Situation, State, Step, Wait
from bot.core.events import Conversation, Event
from bot.core.forms import Ask, Entries, Form, Moment, OneLine, Paragraph, WebLink, Widget
from bot.core.release_forms import NoteForm
from bot.core.roles import Role
from bot.core.sightings import Phase, Sighting

PHASES = {
    Phase.CREATED: "is to begin",
    Phase.STARTED: "has begun",
    Phase.SUCCEEDED: "has succeeded",
    Phase.FAILED: "has failed",
}


OWNERS = (Role.DEVOPS, Role.QA)
"""Who may say that it is theirs."""


class ProgressForm(Form):
    """How far it has come."""

    phase: Annotated[str, Field(pattern=f"^({'|'.join(PHASES)})$"), Ask("Deployment", Widget.CHOICE, choices=PHASES)]
    at: Annotated[Moment, Ask("At", Widget.MOMENT)]
    link: Annotated[WebLink | None, Ask("Told at", Widget.LINK)] = None
    said: Annotated[Paragraph | None, Ask("In its own words", Widget.TEXT)] = None


class AppearForm(ProgressForm):
    """What is deployed, as another system tells of it, and why it is nobody's."""

    source: Annotated[OneLine, Ask("Told by")]
    deployment: Annotated[OneLine, Ask("Its number there")]
    version: Annotated[OneLine | None, Ask("Version or branch")] = None
    commit: Annotated[OneLine | None, Ask("Commit")] = None
    by: Annotated[OneLine | None, Ask("Deployed by")] = None
    components: Annotated[Entries, Ask("Components", Widget.LINES)] = ()
    health: Annotated[Entries, Ask("Health checks", Widget.LINES)] = ()
    links: Annotated[Entries, Ask("Links", Widget.LINES)] = ()
    why: Annotated[Paragraph, Ask("Why nobody knows of it", Widget.TEXT)]


class CloseForm(Form):
    """How it ended."""

    outcome: Annotated[
        Paragraph, Ask("What it was, and what becomes of it", Widget.TEXT, placeholder="A hotfix that Tania agreed to")
    ]


class Unannounced(Conversation):
    """A deployment that nobody announced. `deployment` is its id where it was told of (`source`); `owner` whoever took
    it, in a role.
    """

    source: str = ""
    deployment: str = ""
    commit: str = ""
    phase: Phase = Phase.CREATED
    told_at: datetime | None = None
    owner: str = ""
    owner_role: Role | None = None

    @property
    def signers(self) -> tuple[Role, ...]:
        """Who may explain it: the role in which it was taken."""
        return (self.owner_role,) if self.owner_role else OWNERS

    def asked(self, role: Role) -> str:
        return self.owner if role is self.owner_role else ""

    def is_the_same(self, sighting: Sighting) -> bool:
        """Whether this is the deployment that was told of: by its id there, or by its commit."""
        if (self.source, self.deployment) == (sighting.source, sighting.deployment):
            return True
        return bool(sighting.commit) and sighting.commit == self.commit

    def is_news(self, sighting: Sighting) -> bool:
        """Whether it has come further: what is told late or twice is none."""
        if sighting.phase.rank != self.phase.rank:
            return sighting.phase.rank > self.phase.rank
        return sighting.phase is not self.phase and self.told_at is not None and sighting.at > self.told_at


def _told(unannounced: Unannounced, event: Event) -> Unannounced:
    data, seen = event.data, {}
    if event.step == "appear":
        seen = {"source": data["source"], "deployment": data["deployment"], "commit": data["commit"] or ""}
    told_at = datetime.fromisoformat(data["at"])
    return unannounced.but(**seen, phase=Phase(data["phase"]), told_at=told_at)


def _taken_as(situation: Situation[Unannounced]) -> dict[str, Any]:
    """In which of their roles somebody takes it."""
    roles = situation.move.actor.roles
    return {"role": next(role.value for role in OWNERS if role in roles)}


def _taken(unannounced: Unannounced, event: Event) -> Unannounced:
    return unannounced.but(owner=event.actor, owner_role=Role(event.data["role"]))


STATES = (
    State("awaiting_owner", "nobody's yet", "⚠️", asks="Whose deployment is this? Please take it."),
    State("owned", "somebody's, and not explained yet", "👀", asks="Please tell what it was."),
    State("closed", "explained", "✅", final=True),
)
OPEN = ("awaiting_owner", "owned")


WHO_TOOK_IT = Signers("the role that took it, else devops or qa", lambda unannounced: unannounced.signers)


def _minutes(minutes: int, words: str, states: tuple[str, ...] = ()) -> Wait:
    return Wait(timedelta(minutes=minutes), Role.RELEASE_MANAGER, urgent=True, states=states, words=words)


# A table is read by its rows.
# fmt: off
STEPS = (
    Step("appear", "Appeared", (), "awaiting_owner", (Role.LINKED,), "⚠️ *Deployment nobody announced*", AppearForm,
         hears="channel", button=False, effect=_told),
    Step("claim", "It is mine", ("awaiting_owner",), "owned", OWNERS, "🙋 *Taken*",
         wait=_minutes(10, "an owner"), style="primary", facts=_taken_as, effect=_taken),
    Step("progress", "Went on", OPEN, SAME, (Role.LINKED,), "🚚 *Told of the deployment*", ProgressForm, button=False,
         effect=_told),
    Step("close", "Explain", OPEN, "closed", WHO_TOOK_IT, "✅ *Explained*", CloseForm,
         wait=_minutes(60, "word of what it was", ("owned",))),
    Step("note", "Note", (*OPEN, "closed"), SAME, (), "📝 *Note*", NoteForm, button=False),
)
# fmt: on

UNANNOUNCED: Dialogue[Unannounced] = Dialogue(
    "unannounced", "unannounced deployment", Unannounced, STATES, STEPS, ticket="UNA"
)
