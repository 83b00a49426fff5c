"""Deployments that arrive by themselves: word of one becomes a step of its release, or opens a thread that asks whose
it is. One transaction each; what is told twice or late changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bot.clock import Clock
from bot.core.dialogue import Move
from bot.core.forms import Form
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_forms import NoteForm, ReasonForm, StartForm
from bot.core.release_rules import Release
from bot.core.roles import HOOK, Actor, Role
from bot.core.sightings import Phase, Sighting, notice_of
from bot.core.unannounced import PHASES, AppearForm, ProgressForm, Unannounced
from bot.core.versions import is_another_commit, is_same_commit, is_same_version
from bot.errors import Refusal
from bot.service import Opening, new_id, open_conversation, read_conversation, take_step
from bot.store.interface import Store, Transaction

UNDER_WAY = ("deploying", "canary", "canary_paused")
NOT_YET = ("awaiting_signoffs", "objected", "awaiting_plan", "awaiting_agreement", "awaiting_timing")
UNDECIDED = ("canary", "canary_paused", "awaiting_decision")
"""A success does not move these on: people or the canary's shares do."""

LIVE = ("awaiting_smoke", "smoke_running", "watching")
NOTHING_NEW = "nothing new"


@dataclass(frozen=True)
class Arrival:
    """Word of a deployment to a service's environment. `key` names the word itself, so that its repeat is known."""

    service: str
    environment: str
    sighting: Sighting
    key: str


@dataclass(frozen=True)
class Outcome:
    """What was made of it: a step's name, or that it was nothing new; in which conversation."""

    service: str
    environment: str
    outcome: str
    conversation: str = ""


class Arrivals:
    """Takes word of deployments and of published versions.

    Raises StoreBusyError where it could not be recorded in time; nothing was recorded then.
    """

    def __init__(self, store: Store, policies: Mapping[str, Service], clock: Clock) -> None:
        self.policies = policies
        self._store = store
        self._clock = clock

    async def take(self, arrival: Arrival) -> Outcome:
        """Record word of a deployment."""
        now = self._clock.now()
        return await self._store.write(partial(_arrive, arrival=arrival, policies=self.policies, now=now))

    async def note(self, service: str, version: str, text: str, source: str, key: str) -> Outcome:
        """Keep words in the thread of a version's release, where one is open."""
        told = partial(_note, service=service, version=version, text=text, source=source, key=key)
        return await self._store.write(partial(told, policies=self.policies, now=self._clock.now()))


@dataclass(frozen=True)
class _Desk:
    """An arrival, with what it takes to record it."""

    tx: Transaction
    arrival: Arrival
    policies: Mapping[str, Service]
    now: datetime

    @property
    def sighting(self) -> Sighting:
        return self.arrival.sighting

    @property
    def policy(self) -> Service:
        return self.policies[self.arrival.service].at(self.arrival.environment)

    def made(self, outcome: str, conversation: str = "") -> Outcome:
        return Outcome(self.arrival.service, self.arrival.environment, outcome, conversation)

    def step(self, conversation: str, step: str, form: Form | None, role: Role = Role.CI) -> None:
        """Take a step as the system that told of the deployment. Refusal where it is not possible."""
        actor = _actor(self.sighting.source, role, self.sighting.by)
        take_step(self.tx, conversation, Move(step, actor, form), self.policies, "", self.now)

    def releases(self, *, is_open: bool | None = None) -> list[Release]:
        """The service's releases to the environment, the latest first."""
        it = self.arrival
        found = self.tx.find("release", service=it.service, environment=it.environment, is_open=is_open)
        return [read_conversation(record) for record in found]


def _actor(source: str, role: Role, by: str = "") -> Actor:
    """The system that told, as a machine; its name says who deployed, where that was told."""
    name = f"{by} via {source}" if by else source
    return Actor(f"{HOOK}{source.casefold().replace(' ', '')}", name, frozenset({role}))


def _arrive(tx: Transaction, arrival: Arrival, policies: Mapping[str, Service], now: datetime) -> Outcome:
    desk = _Desk(tx, arrival, policies, now)
    where = f"{arrival.service}:{arrival.environment}"
    key = f"hook:{where}:{arrival.key}"
    if tx.reply_to(key) is not None:
        return desk.made(NOTHING_NEW)
    whose = f"hook:{where}:{desk.sighting.source}:{desk.sighting.deployment}"
    known = tx.reply_to(whose)
    outcome = _of_release(desk, known) or _of_rollback(desk) or _of_nobody(desk)
    tx.remember(key, outcome.outcome, now)
    if known is None and outcome.conversation:
        tx.remember(whose, outcome.conversation, now)
    return outcome


# ── a release's ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _of_release(desk: _Desk, known: str | None) -> Outcome | None:
    """What it makes of the release it belongs to; None where it belongs to none, or not in this state."""
    releases = desk.releases(is_open=True)
    ordered = (one for one in releases if desk.sighting.is_ordered_by(one))
    release = next(ordered, None) or next((one for one in releases if desk.sighting.is_of(one)), None)
    if release is None:
        late = next((one for one in desk.releases() if one.id == known), None)
        return desk.made(NOTHING_NEW, late.id) if late else None
    if release.state in NOT_YET:
        return None
    steps = _steps(release, desk)
    for number, (step, form) in enumerate(steps):
        try:
            desk.step(release.id, step, form)
        except Refusal as refusal:
            if number:
                raise
            return _of_nobody(desk, f"{release.version} is {RELEASE.state(release.state).words}, but: {refusal.reason}")
    if steps and desk.sighting.phase is Phase.SUCCEEDED:
        _progress(desk)
    return desk.made(steps[-1][0] if steps else NOTHING_NEW, release.id)


def _steps(release: Release, desk: _Desk) -> list[tuple[str, Form]]:
    """The steps that were told, in order; none where the release knows as much already."""
    sighting, state = desk.sighting, release.state
    start = ("start", StartForm(commit=_commit(release, sighting)))
    match sighting.phase:
        case Phase.STARTED if state == "scheduled":
            return [start, *_commit_untold(release, sighting)]
        case Phase.SUCCEEDED if state in ("scheduled", "deploying"):
            return [("deployed", notice_of(sighting, desk.policy, desk.now))]
        case Phase.FAILED if state in UNDER_WAY:
            return [("deploy_failed", _failure(sighting))]
        case Phase.FAILED if state == "scheduled":
            return [start, *_commit_untold(release, sighting), ("deploy_failed", _failure(sighting))]
        case _:
            return [("note", _as_note(sighting))] if _is_worth_a_note(release, sighting) else []


def _is_worth_a_note(release: Release, sighting: Sighting) -> bool:
    """A success while people decide, or since they roll back; a failure later than the success, which is still being
    looked at. How the release's own order came through is told by whoever follows it.
    """
    if sighting.phase is not Phase.FAILED:
        late = release.state == "rolling_back" and sighting.at > release.since
        wanted = late or release.state in UNDECIDED
        return sighting.phase is Phase.SUCCEEDED and wanted and not sighting.is_ordered_by(release)
    notice = release.forms.get("deployed") if release.state in LIVE else None
    return notice is not None and sighting.at > datetime.fromisoformat(notice["finished_at"])


def _as_note(sighting: Sighting) -> NoteForm:
    """What was told, and when it was so, where it is no step of its own."""
    what = f"the deployment of {sighting.name} {PHASES[sighting.phase]}, at {sighting.at.astimezone(UTC):%H:%M} UTC"
    return NoteForm(text="\n".join(filter(None, (f"{sighting.source}: {what}.", sighting.said, sighting.link))))


def _commit(release: Release, sighting: Sighting) -> str:
    """The deployed commit; where a version's name was told alone, the one that was approved under it."""
    named = (name for name in sighting.names if is_same_commit(name, release.approval.commit))
    return sighting.commit or next(named, release.approval.commit)


def _commit_untold(release: Release, sighting: Sighting) -> list[tuple[str, Form]]:
    told = next((name for name in sighting.names if is_same_version(name, release.version)), "")
    if sighting.commit or not told or any(is_same_commit(name, release.approval.commit) for name in sighting.names):
        return []
    return [("note", NoteForm(text=f"{sighting.source} told of {told}, and not which commit that is."))]


def _failure(sighting: Sighting) -> ReasonForm:
    words = sighting.said or f"{sighting.source} told that it failed, and not why."
    return ReasonForm(reason="\n".join(part for part in (words, sighting.link) if part))


# ── a rollback's ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _of_rollback(desk: _Desk) -> Outcome | None:
    """The way back is a deployment, too: it is told in the rollback's thread."""
    it = desk.arrival
    found = desk.tx.find("rollback", service=it.service, environment=it.environment, state="rolling_back", limit=1)
    rollback = read_conversation(found[0]) if found else None
    if rollback is not None and desk.sighting.is_ordered_by(rollback):
        # How an order goes is told by whoever follows it.
        return desk.made(NOTHING_NEW, rollback.id)
    if rollback is None or not _may_be_target(desk, rollback.target):
        return None
    desk.step(rollback.id, "note", _as_note(desk.sighting))
    return desk.made("note", rollback.id)


def _may_be_target(desk: _Desk, target: str) -> bool:
    """Whether what is deployed may be the version that a rollback goes to: it is, unless it is known to be another."""
    if not target or desk.sighting.names_version(target):
        return True
    commits = [one.approval.commit for one in desk.releases() if is_same_version(one.version, target)]
    return not any(is_another_commit(desk.sighting.commit, commit) for commit in commits)


# ── nobody's ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _progress(desk: _Desk) -> Outcome | None:
    """Tell it in the thread that is open about this deployment already; None where there is none."""
    it = desk.arrival
    found = desk.tx.find("unannounced", service=it.service, environment=it.environment, limit=20)
    threads: list[Unannounced] = [read_conversation(record) for record in found]
    mine = next((one for one in threads if one.is_the_same(desk.sighting)), None)
    if mine is None or (mine.state == "closed" and mine.deployment != desk.sighting.deployment):
        return None
    if mine.state == "closed" or not mine.is_news(desk.sighting):
        return desk.made(NOTHING_NEW, mine.id)
    sighting = desk.sighting
    form = ProgressForm.from_answers(
        {"phase": sighting.phase.value, "at": sighting.at, "link": sighting.link, "said": sighting.said}
    )
    desk.step(mine.id, "progress", form, Role.LINKED)
    return desk.made("progress", mine.id)


def _of_nobody(desk: _Desk, why: str = "") -> Outcome:
    """Open a thread that says what was deployed and asks whose it is, or go on with it."""
    if (outcome := _progress(desk)) is not None:
        return outcome
    sighting, it = desk.sighting, desk.arrival
    form = AppearForm.from_answers(
        {
            "phase": sighting.phase.value,
            "at": sighting.at,
            "link": sighting.link,
            "said": sighting.said,
            "source": sighting.source,
            "deployment": sighting.deployment,
            "version": sighting.name if sighting.names else "",
            "commit": sighting.commit,
            "by": sighting.by,
            "components": sighting.components,
            "health": sighting.health,
            "links": sighting.links,
            "why": why or _why(desk),
        }
    )
    opening = Opening(new_id(desk.now), "unannounced", it.environment, "")
    move = Move("appear", _actor(sighting.source, Role.LINKED, sighting.by), form)
    taken = open_conversation(desk.tx, opening, move, desk.policy, "", desk.now)
    return desk.made("appear", taken.conversation.id)


def _why(desk: _Desk) -> str:
    """Why it belongs to no release that may be deployed now."""
    sighting, releases = desk.sighting, desk.releases()
    if (mine := next((one for one in releases if sighting.is_of(one)), None)) is not None:
        return f"{mine.version} is {RELEASE.state(mine.state).words}; no deployment of it is announced."
    if (other := next((one for one in releases if sighting.names_version(one.version)), None)) is not None:
        return f"{other.version} was approved with commit {other.approval.commit}; this is {sighting.commit}."
    return f"No release of {sighting.name} is known here."


def _note(  # noqa: PLR0913 - bound by name, before the store gives the transaction
    tx: Transaction,
    *,
    service: str,
    version: str,
    text: str,
    source: str,
    key: str,
    policies: Mapping[str, Service],
    now: datetime,
) -> Outcome:
    delivery = f"hook:{service}:{key}"
    records = tx.find("release", service=service, is_open=True)
    mine = next((one for one in records if is_same_version(one.version, version)), None)
    if mine is None or tx.reply_to(delivery) is not None:
        return Outcome(service, mine.environment if mine else "", NOTHING_NEW)
    move = Move("note", _actor(source, Role.CI), NoteForm(text=text))
    take_step(tx, mine.id, move, policies, delivery, now)
    return Outcome(service, mine.environment, "note", mine.id)
