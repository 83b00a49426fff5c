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
from typing import Any

from bot.clock import Clock
from bot.conversations import Conversations
from bot.core.alerts import AFTER_PLANNED_END
from bot.core.outside_text import one_line
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


LATEST = 20
"""So many releases of a service are looked through for one whose silence could not be lifted."""

MOST_REASON, LONGEST_NAMED = 500, 300
"""Characters of why a silence could not be set, and of a set of matchers, as they are told."""


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
            present = await _present(alertmanager)
        except MonitorError as error:
            _log(alertmanager, error)
            await self._tell_of(wanted, {one.release: error for one in wanted.values()})
            await self._tell_unlifted(alertmanager, error)
            return
        failed: dict[str, MonitorError] = {}
        for mark, one in wanted.items():
            if mark not in present:
                try:
                    await alertmanager.silence(one.matchers, self._clock.now(), one.ends_at, mark)
                except MonitorError as error:
                    _log(alertmanager, error)
                    failed[one.release] = error
        await self._tell_of(wanted, failed)
        unwanted = {mark: ours for mark, ours in present.items() if mark not in wanted}
        await self._lift(alertmanager, unwanted, {one.release for one in wanted.values()})

    async def _tell_of(self, wanted: Mapping[str, Wanted], failed: Mapping[str, MonitorError]) -> None:
        """Tell each release that its alerts are silenced, or why they are not."""
        for one in wanted.values():
            if one.release not in failed:
                await self._tell(one.release, one.stage, "silenced", {"until": one.ends_at.isoformat()})
                continue
            sets = (other.matchers for other in wanted.values() if other.release == one.release)
            named = tuple(one_line(", ".join(matchers), LONGEST_NAMED) for matchers in sets)
            answers = {"reason": _reason(failed[one.release]), "matchers": named}
            await self._tell(one.release, one.stage, "not_silenced", answers)

    async def _tell_unlifted(self, alertmanager: Alertmanager, error: MonitorError) -> None:
        """Tell each release whose silence should not be in force any more that it could not be lifted, as far as is
        known of an Alertmanager that does not say what is in force.
        """
        services = [name for name, one in self._alertmanagers.items() if one.url == alertmanager.url]
        for release in await self._store.read(partial(_silenced, services=services, now=self._clock.now())):
            await self._tell_kept(release, error)

    async def _tell_kept(self, release: Release, error: MonitorError) -> None:
        stays = release.silenced_until
        since = f"{stays:%Y%m%d%H%M%S}" if stays else str(release.stage)
        told = f"silences:{release.id}:{since}:not_lifted"
        await self._tell_once(told, release.id, "not_lifted", {"reason": _reason(error)})

    async def _lift(self, alertmanager: Alertmanager, unwanted: Mapping[str, list[Silence]], busy: set[str]) -> None:
        """Lift what is not wanted any more; `busy` are the releases that want others still. What belongs to a release
        that is not known here may be another installation's, and ends by itself.
        """
        over = {_release_of(mark) for mark in unwanted}
        known = await self._store.read(partial(_loaded, names=over)) if over else {}
        kept: dict[str, MonitorError] = {}
        for mark, silences in unwanted.items():
            if (release := _release_of(mark)) in known and (error := await _lifted(alertmanager, silences)):
                kept[release] = error
        for release, record in known.items():
            if release in kept:
                await self._tell_kept(read_conversation(record), kept[release])
            elif release not in busy:
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

    async def _tell(self, release: str, stage: int, step: str, answers: dict[str, Any]) -> None:
        """Tell it once for each time that a release comes to be deployed, whichever process did it."""
        await self._tell_once(f"silences:{release}:{stage}:{step}", release, step, answers)

    async def _tell_once(self, told: str, release: str, step: str, answers: dict[str, Any]) -> None:
        if told in self._told:
            return
        try:
            await self._conversations.observe(release, step, answers, told)
        except Refusal as refusal:
            extra = {"action": "finding_refused", "conversation": release, "step": step}
            logger.info("%s is not told: %s", step, refusal, extra=extra)
        self._told.add(told)


async def _present(alertmanager: Alertmanager) -> dict[str, list[Silence]]:
    """The silences of releases that are in force, by mark. Raises MonitorError."""
    present: dict[str, list[Silence]] = {}
    for silence in await alertmanager.silences():
        if silence.mark.startswith(MARK):
            present.setdefault(silence.mark, []).append(silence)
    return present


async def _lifted(alertmanager: Alertmanager, silences: list[Silence]) -> MonitorError | None:
    """What kept the last of them that is in force still from being lifted; None where all were."""
    found = None
    for silence in silences:
        try:
            await alertmanager.lift(silence)
        except MonitorError as error:
            _log(alertmanager, error)
            found = error
    return found


def _log(alertmanager: Alertmanager, error: MonitorError) -> None:
    extra = {"action": "silences_failed", "url": alertmanager.url}
    logger.warning("silences could not be compared: %s", error, extra=extra)


def _reason(error: MonitorError) -> str:
    return one_line(error, MOST_REASON)


def _release_of(mark: str) -> str:
    return mark.removeprefix(MARK).partition(":")[0]


def _loaded(reader: Reader, names: set[str]) -> dict[str, Record]:
    found = {name: reader.load(name) for name in names}
    return {name: record for name, record in found.items() if record is not None}


def _deploying(reader: Reader) -> tuple[Release, ...]:
    return tuple(
        read_conversation(record) for state in SILENCED for record in reader.find("release", state=state, limit=1_000)
    )


def _silenced(reader: Reader, services: list[str], now: datetime) -> tuple[Release, ...]:
    """The releases of some services whose silences are in force although nothing is expected any more."""
    found = (reader.find("release", service=name, limit=LATEST) for name in services)
    over = (one for records in found for one in records if one.state not in SILENCED)
    releases: list[Release] = [read_conversation(one) for one in over]
    return tuple(one for one in releases if one.silenced_until is not None and one.silenced_until > now)
