"""The errands that order deployments and rollbacks: given once, looked up where an answer was lost, and followed.

What must not happen is that something is deployed which nobody wants any more. So an order is carried out for a while
and in the stage that gave it only, and what may have been taken is not given again unless that does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.clock import Clock
from bot.core.deployer_rules import DeployerRule, OrderKind
from bot.core.events import Event
from bot.core.forms import Form, WebLink
from bot.core.orders import BEGIN, FOLLOW, LOOKED_AFTER, OrderForm, Outcome, capitalized
from bot.core.outside_text import one_line
from bot.core.policy import Service
from bot.core.release_forms import DeployedForm, ReasonForm
from bot.core.roles import WATCH, Actor, Role
from bot.core.rollback_forms import CompleteForm, InitiateForm
from bot.core.versions import is_same_version
from bot.deployers.interface import Deployer, Order, Progress
from bot.errors import TransientError
from bot.outside.errands import Report
from bot.outward import DeclinedError, Pauses, UnclearError
from bot.service import read_conversation
from bot.store.interface import Reader, Store, StoredErrand

PATIENCE = timedelta(minutes=10)
"""How long an order that could not be given is tried. Later, the moment that it was meant for is over."""

FOLLOWED = timedelta(hours=2)
EVERY = 15.0
"""How long a run is followed, and seconds between two looks."""

SETTLING = 30.0
"""Seconds until an order that was taken is seen for certain."""

UNSEEN = timedelta(minutes=2)
"""How long a run may take to appear after its order was taken."""

SHORTEST_PAUSE = 2.0
MOST_REASON = 500


@dataclass(frozen=True)
class Subject:
    """What an errand is about: a conversation, the event that asked for it, the service's rules now, and the commit of
    what is to go live, where it is known.
    """

    conversation: Any
    event: Event
    policy: Service
    commit: str

    @property
    def is_wanted(self) -> bool:
        """Whether the conversation is still where it gave the order."""
        return bool(self.conversation.stage == self.event.stage)

    @property
    def may_matter(self) -> bool:
        """Whether its run may still change what is live, which people have to know."""
        it = self.conversation
        return self.is_wanted or (it.dialogue == "release" and it.state in LOOKED_AFTER)


@dataclass(frozen=True)
class Orders:
    """Gives orders and follows them. `deployer_of` gives a rule's deployer, or raises DeclinedError. A pause that a
    deployer asks for is kept by all errands to it, in `pauses`.
    """

    store: Store
    policies: Mapping[str, Service]
    deployer_of: Callable[[DeployerRule], Deployer]
    clock: Clock
    settling: float = SETTLING
    pauses: Pauses = field(default_factory=Pauses)

    async def do(self, stored: StoredErrand) -> Report:
        """Give an order, look how one goes, or begin a rollback."""
        subject = await self.store.read(lambda reader: _subject(reader, stored, self.policies))
        if subject is None:
            return Report()
        if stored.errand.kind == BEGIN:
            return _begin(subject)
        rule = subject.policy.deployer
        if rule is None:
            return Report() if stored.errand.kind == FOLLOW else _told(stored, subject, "void", _GONE)
        order = _order(stored, subject)
        if stored.errand.kind == FOLLOW:
            return await self._follow(stored, subject, order)
        return await self._give(stored, subject, order)

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        """Refusals are outcomes here: they are told by `do`, and nothing that was refused is tried again by itself."""
        del stored, error
        return Report()

    # Giving --------------------------------------------------------------------------------------------------------

    async def _give(self, stored: StoredErrand, subject: Subject, order: Order) -> Report:
        late = self.clock.now() - stored.entrusted_at > PATIENCE
        if not stored.ambiguous and not subject.is_wanted:
            return _told(stored, subject, "void", "It was not wanted any more.")
        if not stored.ambiguous and late:
            return _told(stored, subject, "refused", f"{stored.reason} {_LATE}".strip())
        try:
            return await self._give_or_find(stored, subject, order, late=late)
        except DeclinedError as error:
            # Nobody can say what became of a first try that can't be looked up.
            return _told(stored, subject, "unknown" if stored.ambiguous else "refused", str(error))
        except TransientError as error:
            left = (stored.entrusted_at + PATIENCE - self.clock.now()).total_seconds()
            return _put_off(stored, subject, error, left=max(left, 0.0) + SHORTEST_PAUSE, late=late)

    async def _give_or_find(self, stored: StoredErrand, subject: Subject, order: Order, *, late: bool) -> Report:
        assert subject.policy.deployer is not None
        with self._asking(subject.policy.deployer) as deployer:
            found = await deployer.find(order) if stored.ambiguous else None
            if found is None and stored.ambiguous and not (deployer.repeatable and subject.is_wanted and not late):
                return _told(stored, subject, "unknown", stored.reason or "Greenlight stopped before the answer came.")
            taken = found or await deployer.start(order)
        return _told(stored, subject, "accepted", url=taken.url)

    @contextmanager
    def _asking(self, rule: DeployerRule) -> Iterator[Deployer]:
        """A rule's deployer to be asked. Raises TransientError while it wants to be left alone, whoever it told."""
        if left := self.pauses.left(rule.site, self.clock.now()):
            raise TransientError(f"{capitalized(rule.title)} asks for a pause.", left)
        try:
            yield self.deployer_of(rule)
        except TransientError as error:
            if error.retry_after:
                self.pauses.hold(rule.site, self.clock.now() + timedelta(seconds=error.retry_after))
            raise

    # Following -----------------------------------------------------------------------------------------------------

    async def _follow(self, stored: StoredErrand, subject: Subject, order: Order) -> Report:
        known, rule = subject.conversation.order, subject.policy.deployer
        assert rule is not None
        if not subject.may_matter or known is None or known.event != subject.event.number:
            return Report()
        if known.outcome in ("succeeded", "failed"):
            return _reported(subject, rule) if rule.reports and subject.is_wanted else Report()
        seen = await self._seen(stored, rule, order)
        if seen is None or seen.state == known.outcome:
            return Report(again=EVERY)
        assert seen.state != "queued"
        told = _told(stored, subject, seen.state, seen.words, seen.url)
        if seen.state in ("waiting", "running"):
            return replace(told, again=EVERY)
        return replace(told, again=0.0) if rule.reports and seen.state != "unseen" else told

    async def _seen(self, stored: StoredErrand, rule: DeployerRule, order: Order) -> Progress | None:
        """How the order goes; None where that is still to come."""
        age = self.clock.now() - stored.entrusted_at
        if age < timedelta(seconds=EVERY):
            return None
        if age > FOLLOWED:
            return Progress("unseen", "It was followed for two hours.")
        try:
            with self._asking(rule) as deployer:
                seen = await deployer.progress(order, stored.errand.payload["url"])
        except DeclinedError as error:
            return Progress("unseen", str(error))
        early = seen.state == "queued" or (seen.state == "unseen" and age < UNSEEN)
        return None if early else seen


_GONE = "The service has no deployer any more."
_LATE = "Ten minutes have passed since then."


def _put_off(stored: StoredErrand, subject: Subject, error: TransientError, *, left: float, late: bool) -> Report:
    """What can't be reached is told once, and tried again; what is unclear is looked up first. Where the deployer wants
    a longer pause than the seconds that are `left` for the order, people are told when these are over.
    """
    pause = error.retry_after and min(error.retry_after, left)
    if stored.ambiguous or isinstance(error, UnclearError):
        if late:
            return _told(stored, subject, "unknown", str(error))
        raise UnclearError(str(error), pause) from error
    if stored.attempts:
        raise TransientError(str(error), pause) from error
    again = max(pause or 0.0, SHORTEST_PAUSE)
    return replace(_told(stored, subject, "waits", str(error)), again=again, reason=str(error))


def _subject(reader: Reader, stored: StoredErrand, policies: Mapping[str, Service]) -> Subject | None:
    record = reader.load(stored.errand.conversation)
    policy = policies.get(record.service) if record else None
    if record is None or policy is None:
        return None
    number, it = int(stored.errand.payload["event"]), read_conversation(record)
    event = next(event for event in reader.events(record.id) if event.number == number)
    return Subject(it, event, policy.at(record.environment), _commit_of(reader, it))


def _commit_of(reader: Reader, it: Any) -> str:
    """The commit that a release is started with; of a rollback's target the one that was approved, if it is known."""
    if it.dialogue == "release":
        return str(it.forms.get("start", {}).get("commit") or "")
    records = reader.find("release", service=it.service, environment=it.environment)
    # A version may have been approved, withdrawn and approved anew: what was verified is what one goes back to.
    known = sorted(
        (one for one in records if is_same_version(one.version, it.target)), key=lambda one: one.state != "completed"
    )
    return str(read_conversation(known[0]).approval.commit) if known else ""


def _order(stored: StoredErrand, subject: Subject) -> Order:
    it, kind = subject.conversation, _kind(stored)
    canary = None if kind == "rollback" else it.canary
    return Order(
        key=f"{it.id}:{subject.event.number}:{kind}",
        kind=kind,
        service=it.service,
        environment=it.environment,
        version=it.target if kind == "rollback" else it.version,
        commit=subject.commit,
        percentage=canary.share if canary else 100,
        requested_by=subject.event.name,
    )


def _kind(stored: StoredErrand) -> OrderKind:
    kind: OrderKind = stored.errand.payload["kind"]
    return kind


def _told(stored: StoredErrand, subject: Subject, outcome: Outcome, reason: str = "", url: str = "") -> Report:
    answers = {
        "kind": _kind(stored),
        "event": subject.event.number,
        "outcome": outcome,
        "deployer": subject.event.data.get("deployer", ""),
        "reason": one_line(reason, MOST_REASON) or None,
        "url": _link(url),
    }
    return Report("order_told", OrderForm.model_validate(answers))


def _link(url: str) -> str | None:
    """Where it is seen, if that is an address: what came of the order is told with it or without."""
    try:
        return str(TypeAdapter(WebLink).validate_python(url)) if url else None
    except ValidationError:
        return None


# ── the deployer's word, and a rollback that begins by itself ────────────────────────────────────────────────────────
def _reported(subject: Subject, rule: DeployerRule) -> Report:
    """What the deployer said, as the step that people would take. No more is in it than was told."""
    it, order = subject.conversation, subject.conversation.order
    name = capitalized(rule.name)
    actor = Actor(f"deployer:{rule.kind}", name, frozenset({Role.CI}))
    link = f": {order.url}" if order.url else ""
    if order.outcome == "failed":
        if it.dialogue == "release":
            return Report("deploy_failed", ReasonForm(reason=f"{name} says that its run failed{link}"), actor)
        return Report()
    minutes = round((order.at - subject.event.at).total_seconds() / 60)
    if it.dialogue == "rollback":
        done: Form = CompleteForm(version=it.target, duration=minutes, checks=(f"{name}: its run succeeded",))
        return Report("complete", done, actor)
    # Of a canary's share nothing is done by hand, and it is not deployed yet.
    return Report("deployed", _notice(subject, rule, minutes), actor) if it.state == "deploying" else Report()


def _notice(subject: Subject, rule: DeployerRule, minutes: int) -> DeployedForm:
    untold, url = f"Not told by {rule.title}", subject.conversation.order.url
    links = tuple(f"{link.name}: {link.url}" for link in subject.policy.monitoring)
    return DeployedForm(
        duration=minutes,
        components=(f"{rule.title}: its run succeeded",),
        migration=untold,
        cache=untold,
        health_checks=(untold,),
        monitoring=links or (f"{rule.title}: {url}",),
        issues=untold,
    )


def _begin(subject: Subject) -> Report:
    """A rollback that waits for nobody. Without a version to go back to, it waits for DevOps like any other."""
    it, rule = subject.conversation, subject.policy.deployer
    if not subject.is_wanted or not it.target or rule is None:
        return Report()
    return Report("initiate", InitiateForm(target=it.target, eta=rule.rollback_minutes), WATCH)
