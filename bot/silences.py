"""Silences in Alertmanager for what a deployment causes: set while it is under way, lifted after.

What is wanted follows from the releases, what is in force from Alertmanager: the two are compared after every change,
and every minute. So a silence that an earlier process left behind is lifted by the next one, and none is set twice;
and where Greenlight never comes back, it ends by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.clock import Clock
from bot.conversations import Conversations
from bot.core.alerts import AFTER_PLANNED_END
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.errors import GreenlightError, Refusal
from bot.monitors.alertmanager import Alertmanager, Silence
from bot.monitors.interface import MonitorError
from bot.service import read_conversation
from bot.store.interface import Reader, Record, Store

logger = logging.getLogger(__name__)

TICK, SAFETY = 1.0, 60.0
"""Seconds: how soon a change is seen, and how often is looked without one."""

MARK = "greenlight:"
SILENCED = ("deploying",)
"""The states in which a service restarts by intention. A canary is watched, and has no alerts to expect."""


@dataclass(frozen=True)
class Wanted:
    """One silence that should be in force: its mark, matchers, and when it ends by itself."""

    mark: str
    matchers: tuple[str, ...]
    ends_at: datetime
    release: str
    stage: int


def wanted_of(release: Release, policy: Service, now: datetime) -> tuple[Wanted, ...]:
    """The silences of a release that is being deployed."""
    if policy.alertmanager is None or release.state not in SILENCED:
        return ()
    ends_at = max(release.planned_end or now, now) + AFTER_PLANNED_END
    about = f"{policy.name} {release.version} is being deployed."
    return tuple(
        Wanted(f"{MARK}{release.id}:{place} {about}", matchers, ends_at, release.id, release.stage)
        for place, matchers in enumerate(policy.alertmanager.expected)
    )


class Silences:
    """Keeps Alertmanager's silences as the releases want them. `alertmanagers` by service.

    Call `changed` after a commit.
    """

    def __init__(
        self, store: Store, conversations: Conversations, alertmanagers: Mapping[str, Alertmanager], clock: Clock
    ) -> None:
        self._store = store
        self._conversations = conversations
        silencing = {
            name: one
            for name, one in alertmanagers.items()
            if (rule := conversations.policies[name].alertmanager) is not None and rule.expected
        }
        self._alertmanagers = silencing
        self._clock = clock
        self._changed = asyncio.Event()
        self._told: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """True while they are kept, or where no service has any."""
        return not self._alertmanagers or (self._task is not None and not self._task.done())

    def start(self) -> None:
        """Begin, where a service has alerts to silence."""
        if self._alertmanagers:
            self._task = asyncio.create_task(self._run(), name="silences")

    async def stop(self) -> None:
        """What is in force stays: a deployment may be under way. The next process lifts it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def changed(self) -> None:
        """A release may have begun to be deployed, or ceased to be."""
        self._changed.set()

    async def settled(self) -> None:
        """Compare now, and return when what is wanted is in force, as far as Alertmanager can be asked."""
        if self._task is not None:
            await self.compare()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            await self.compare()
            try:
                await asyncio.wait_for(self._changed.wait(), SAFETY)
            except TimeoutError:
                continue
            # Changes come in bursts, and Alertmanager need not be asked for each.
            await asyncio.sleep(TICK)

    async def compare(self) -> None:
        """Set what is missing, lift what is no longer wanted, and tell of both in the release's thread."""
        try:
            wanted = await self._wanted()
            # Services may share an Alertmanager: each is asked once, with the wishes of all.
            by_address: dict[str, list[str]] = {}
            for name, one in self._alertmanagers.items():
                by_address.setdefault(one.url, []).append(name)
            for names in by_address.values():
                given = {mark: one for name in names for mark, one in wanted.get(name, {}).items()}
                await self._compare_safely(self._alertmanagers[names[0]], given)
        except GreenlightError as error:
            logger.warning("releases could not be read: %s", error, extra={"action": "silences_unread"})
        except Exception:
            # The edge: a fault with one silence must not leave the others in force for ever.
            logger.exception("silences could not be compared", extra={"action": "silences_failed"})

    async def _compare_safely(self, alertmanager: Alertmanager, wanted: Mapping[str, Wanted]) -> None:
        """One that can't be reached, or refuses, keeps no other waiting; it is asked again within a minute."""
        try:
            await self._compare(alertmanager, wanted)
        except MonitorError as error:
            extra = {"action": "silences_failed", "url": alertmanager.url}
            logger.warning("silences could not be compared: %s", error, extra=extra)

    async def _compare(self, alertmanager: Alertmanager, wanted: Mapping[str, Wanted]) -> None:
        present: dict[str, list[Silence]] = {}
        for silence in await alertmanager.silences():
            if silence.mark.startswith(MARK):
                present.setdefault(silence.mark, []).append(silence)
        for mark, one in wanted.items():
            if mark not in present:
                await alertmanager.silence(one.matchers, self._clock.now(), one.ends_at, mark)
        for one in wanted.values():
            await self._tell(one.release, one.stage, "silenced", {"until": one.ends_at.isoformat()})
        await self._lift(alertmanager, {mark: ours for mark, ours in present.items() if mark not in wanted})

    async def _lift(self, alertmanager: Alertmanager, unwanted: Mapping[str, list[Silence]]) -> None:
        """Lift what no release wants any more. Those of a release that is not known here may be another
        installation's, and end by themselves.
        """
        over = {_release_of(mark) for mark in unwanted}
        known = await self._store.read(partial(_loaded, names=over)) if over else {}
        for mark, silences in unwanted.items():
            if _release_of(mark) in known:
                for silence in silences:
                    await alertmanager.lift(silence)
        for release, record in known.items():
            await self._tell(release, record.stage, "unsilenced", {})

    async def _wanted(self) -> dict[str, dict[str, Wanted]]:
        """What each service wants, by mark."""
        now = self._clock.now()
        found: dict[str, dict[str, Wanted]] = {}
        for release in await self._store.read(_deploying):
            if release.service in self._alertmanagers:
                policy = self._conversations.policies[release.service].at(release.environment)
                marks = found.setdefault(release.service, {})
                marks.update((one.mark, one) for one in wanted_of(release, policy, now))
        return found

    async def _tell(self, release: str, stage: int, step: str, answers: dict[str, str]) -> None:
        """Tell it once for each time that a release comes to be deployed, whichever process did it."""
        told = f"silences:{release}:{stage}:{step}"
        if told in self._told:
            return
        try:
            await self._conversations.observe(release, step, answers, told)
        except Refusal as refusal:
            extra = {"action": "finding_refused", "conversation": release, "step": step}
            logger.info("%s is not told: %s", step, refusal, extra=extra)
        self._told.add(told)


def _release_of(mark: str) -> str:
    return mark.removeprefix(MARK).partition(":")[0]


def _loaded(reader: Reader, names: set[str]) -> dict[str, Record]:
    found = {name: reader.load(name) for name in names}
    return {name: record for name, record in found.items() if record is not None}


def _deploying(reader: Reader) -> tuple[Release, ...]:
    return tuple(
        read_conversation(record) for state in SILENCED for record in reader.find("release", state=state, limit=1_000)
    )
