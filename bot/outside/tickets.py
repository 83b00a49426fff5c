"""The errands about tickets: one is opened when a conversation begins, and closed when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from bot.clock import Clock
from bot.core.environment_issue_forms import TicketForm, TicketRefusedForm
from bot.core.events import Event
from bot.core.policy import Service
from bot.core.tickets import OPEN_TICKET, OpenedTicket, TrackerRule, title_of
from bot.errors import TransientError
from bot.messages.tickets import closing_of, ticket_of
from bot.outside.errands import Report
from bot.outward import DeclinedError, Pauses, UnclearError
from bot.service import read_conversation
from bot.store.interface import Reader, Store, StoredErrand
from bot.trackers.interface import Tracker

SETTLING = 60.0
"""Seconds until a ticket that was opened is found: Jira searches an index that runs behind."""

MOST_REASON = 500
"""Characters of why a tracker refused, as the thread tells it."""


@dataclass(frozen=True)
class Subject:
    """What an errand is about: a conversation, the event that asked for it, and the service's rules now."""

    conversation: Any
    event: Event
    policy: Service


@dataclass
class Tickets:
    """Opens and closes tickets. `tracker_of` gives a rule's tracker, or raises DeclinedError."""

    store: Store
    policies: Mapping[str, Service]
    tracker_of: Callable[[TrackerRule], Tracker]
    clock: Clock
    settling: float = SETTLING
    pauses: Pauses = field(default_factory=Pauses)

    async def do(self, stored: StoredErrand) -> Report:
        """Open the ticket or close it. Nothing, where the service has no tracker any more."""
        subject = await self.store.read(lambda reader: _subject(reader, stored, self.policies))
        if subject is None or subject.policy.tracker is None:
            return Report()
        rule = subject.policy.tracker
        self._respect_pause(rule)
        try:
            tracker = self.tracker_of(rule)
            if stored.errand.kind == OPEN_TICKET:
                return await _open(tracker, subject, look=stored.ambiguous)
            return await _close(tracker, subject, again=stored.ambiguous)
        except TransientError as error:
            if error.retry_after and not isinstance(error, UnclearError):
                self.pauses.hold(_place(rule), self.clock.now() + timedelta(seconds=error.retry_after))
            # What an earlier try may have done is as unclear as it was.
            if stored.ambiguous and not isinstance(error, UnclearError):
                raise UnclearError(str(error), error.retry_after) from error
            raise

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        what = "open" if stored.errand.kind == OPEN_TICKET else "close"
        reason = str(error)
        clipped = reason if len(reason) <= MOST_REASON else f"{reason[: MOST_REASON - 1]}…"
        return Report("ticket_refused", TicketRefusedForm(what=what, reason=clipped))

    def _respect_pause(self, rule: TrackerRule) -> None:
        """A service that asked for a pause is not asked for another ticket meanwhile."""
        if left := self.pauses.left(_place(rule), self.clock.now()):
            raise TransientError(f"{title_of(rule)} asked for a pause.", left)


def _place(rule: TrackerRule) -> str:
    return f"{rule.kind}:{rule.url}"


def _subject(reader: Reader, stored: StoredErrand, policies: Mapping[str, Service]) -> Subject | None:
    record = reader.load(stored.errand.conversation)
    policy = policies.get(record.service) if record else None
    if record is None or policy is None:
        return None
    number = int(stored.errand.payload["event"])
    event = next(event for event in reader.events(record.id) if event.number == number)
    return Subject(read_conversation(record), event, policy)


async def _open(tracker: Tracker, subject: Subject, *, look: bool) -> Report:
    if subject.conversation.ticket_url:
        return Report()
    ticket = ticket_of(subject.conversation, subject.event)
    opened = await tracker.find(ticket) if look else None
    if opened is None:
        opened = await tracker.open(ticket)
    try:
        form = TicketForm.model_validate({"key": opened.key, "url": opened.url})
    except ValidationError as error:
        reason = f"{tracker.title} opened a ticket and did not say what it is called."
        raise DeclinedError(reason, "Look for it there; it is not closed by itself.") from error
    return Report("ticket_opened", form)


async def _close(tracker: Tracker, subject: Subject, *, again: bool) -> Report:
    it = subject.conversation
    if it.ticket_url:
        await tracker.close(OpenedTicket(it.ticket_key, it.ticket_url), closing_of(it, subject.event), again=again)
    return Report()
