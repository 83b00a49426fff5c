"""What a store does, whatever database is behind it. The only names that the rest of the bot knows of storage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from bot.core.events import Conversation, Errand, Event, Outgoing, Reminder
from bot.errors import GreenlightError, StoreBusyError
from bot.store.news import News
from bot.store.rows import Asking, Backlog, Posting, Record, StoredErrand, StoredReminder, StoredToken, Undelivered

__all__ = [
    "Asking",
    "Backlog",
    "ContradictionError",
    "DuplicateError",
    "Posting",
    "Reader",
    "Record",
    "Store",
    "StoreFailedError",
    "StoredErrand",
    "StoredReminder",
    "StoredToken",
    "Transaction",
    "Undelivered",
]

T = TypeVar("T")


class DuplicateError(GreenlightError):
    """Another open conversation of the dialogue has the same service, environment and version. `id` names it."""

    def __init__(self, conversation_id: str) -> None:
        super().__init__(f"already open as {conversation_id}")
        self.id = conversation_id


class ContradictionError(GreenlightError):
    """What was to be written contradicts what is stored: an event's number that does not follow, a delivery's key that
    was remembered before, a conversation that was never saved. A mistake of the calling code; nothing was recorded.
    """


class StoreFailedError(StoreBusyError):
    """The database can't keep anything now: its disk is full or broken, its file damaged. Nothing was recorded.

    To whoever clicked it is the same as a busy store; the message tells the operator what to do.
    """


class Reader(Protocol):
    """Reads of one consistent moment, beside the writer."""

    def load(self, conversation_id: str) -> Record | None: ...

    def find(
        self,
        dialogue: str,
        *,
        service: str | None = None,
        environment: str | None = None,
        version: str | None = None,
        is_open: bool | None = None,
        state: str | None = None,
        limit: int = 50,
    ) -> tuple[Record, ...]:
        """Conversations that match all that is given, the latest opened first."""
        ...

    def in_thread(self, channel: str, root_ts: str) -> Record | None:
        """The conversation whose thread this is."""
        ...

    def events(self, conversation_id: str) -> tuple[Event, ...]:
        """All that happened, oldest first."""
        ...

    def next_due(self) -> datetime | None:
        """When the next waiting reminder is due."""
        ...

    def due(self, now: datetime, limit: int) -> tuple[StoredReminder, ...]:
        """The waiting reminders that are due, the longest due first."""
        ...

    def next_reminder(self, conversation_id: str | None = None) -> StoredReminder | None:
        """The waiting reminder that is due next, of one conversation or of all."""
        ...

    def reminder(self, reminder_id: int) -> StoredReminder | None: ...

    def postings(self, now: datetime, limit: int, without: Collection[str] = ()) -> tuple[Posting, ...]:
        """Outbox rows that may be sent now, at most one a lane: the first of it, lanes in the order of these rows.

        A lane is a channel's or a person's messages, named by its id, or a channel's cards, named `card:` and its id;
        the lanes in `without` are left out. Of each conversation only the first unsettled root, reply or direct
        message may be sent, and none behind a head that is not posted yet. A card waits only for its head.
        """
        ...

    def next_posting(self, now: datetime) -> datetime | None:
        """When the next outbox row that waits for a retry may be sent."""
        ...

    def sent_as(self, key: str) -> str | None:
        """The Slack timestamp of the message that was sent with a key; None where it was not, or is forgotten."""
        ...

    def sent_message(self, key: str) -> tuple[str, Outgoing] | None:
        """The message that was sent with a key, after its Slack timestamp; None as in `sent_as`."""
        ...

    def asking(self, conversation_id: str) -> tuple[Asking, ...]:
        """The private messages of a conversation's reminders whose buttons were not taken away yet."""
        ...

    def stand_in(self, conversation_id: str) -> tuple[str, str] | None:
        """Channel and timestamp of what was said elsewhere in place of a thread whose own channel would not take it."""
        ...

    def undelivered(self, limit: int = 50) -> tuple[Undelivered, ...]: ...

    def errands(self, now: datetime, limit: int, without: Collection[str] = ()) -> tuple[StoredErrand, ...]:
        """Errands that may be done now: of each line the first that waits, if its time has come; the oldest first.

        The lines in `without` are left out.
        """
        ...

    def next_errand(self, now: datetime) -> datetime | None:
        """When the next errand's time comes that waits for it."""
        ...

    def refused_errands(self, limit: int = 50) -> tuple[StoredErrand, ...]:
        """Errands that were refused for good, the latest first."""
        ...

    def token(self, token_id: str) -> StoredToken | None: ...

    def tokens(self) -> tuple[StoredToken, ...]:
        """All tokens, those that were revoked too, by service and name."""
        ...

    def backlog(self, now: datetime) -> Backlog:
        """What waits, and what was given up."""
        ...

    def healthy(self) -> bool:
        """True if the database answers."""
        ...


class Transaction(Reader, Protocol):
    """One intent's reads and writes. All of it is committed, or, if the intent raises, none of it."""

    def next_number(self, dialogue: str) -> int:
        """The number of a dialogue's next conversation, from 1; none is given twice, since none is deleted."""
        ...

    def reply_to(self, delivery: str) -> str | None:
        """What was answered to a delivery that was seen before; None if it is new."""
        ...

    def remember(self, delivery: str, reply: str, at: datetime) -> None:
        """Keep a delivery's key and its answer, so that its repeat changes nothing and is answered the same.

        ContradictionError if it is kept already: whoever carries a request out asks `reply_to` first.
        """
        ...

    def replace(self, key: str, reply: str, at: datetime) -> None:
        """As `remember`, in place of what was kept under the key."""
        ...

    def save(self, conversation: Conversation, *, is_open: bool) -> None:
        """Insert or replace a conversation. DuplicateError if it is to be open and its like is open already.

        What it is about (dialogue, service, environment, version) never changes: ContradictionError.
        """
        ...

    def append(self, event: Event) -> None:
        """Append an event; its number must follow the last one's (the database enforces it), or ContradictionError."""
        ...

    def enqueue(self, message: Outgoing, at: datetime) -> None:
        """Put a message into the outbox. A `card` takes the place of one of the same conversation that still waits.

        It is a new row all the same: settling an older one that is in flight says nothing about it. A key that was
        enqueued before changes nothing. Only a root or a direct message may belong to no conversation.
        """
        ...

    def set_reminders(self, conversation_id: str, reminders: tuple[Reminder, ...]) -> None:
        """Replace the waiting reminders, save those that tell. One that fired already for its stage, kind, step and
        occasion is not set again.

        One that was put off and is wanted still stays put off. The id of a dropped one never names another.
        """
        ...

    def add_reminders(self, reminders: tuple[Reminder, ...]) -> None:
        """Set reminders beside those that wait, under the same rules."""
        ...

    def fire(self, reminder_id: int, at: datetime) -> bool:
        """Mark a reminder as fired. False if it no longer waits or is not due: fired, dropped, or put off meanwhile."""
        ...

    def snooze(self, reminder_id: int, until: datetime) -> bool:
        """Make a fired nudge wait again until then, and hold the same step's escalation back at least as long.

        False if the conversation has left the stage it was made for.
        """
        ...

    def withdraw(self, key: str, at: datetime) -> bool:
        """Let a message that nobody has begun to send, or that Slack refused, not be sent any more. False where it was
        sent, or may be on its way.
        """
        ...

    def begin(self, posting_id: int) -> bool:
        """A posting is about to be sent: it is ambiguous from now on, until `settle`, `give_up` or `retry` says better.

        False if it no longer waits (it was sent, or a newer card took its place).
        """
        ...

    def settle(self, posting_id: int, ts: str | None, channel: str | None, at: datetime) -> None:
        """A posting was sent. For a `root`, ts and channel become the conversation's head."""
        ...

    def retry(self, posting_id: int, not_before: datetime, *, ambiguous: bool, reason: str) -> None:
        """A posting failed for now."""
        ...

    def give_up(self, posting_id: int, reason: str, at: datetime) -> None:
        """Slack refuses a posting for good; it is kept and shown. What stands behind an undelivered head waits."""
        ...

    def resend(self, channel: str, at: datetime) -> int:
        """Let all that was given up for a channel be tried again (the bot was invited); how many."""
        ...

    def entrust(self, errand: Errand, at: datetime) -> None:
        """Put an errand among those to be done. A key that was entrusted before changes nothing."""
        ...

    def begin_errand(self, errand_id: int, not_before: datetime) -> bool:
        """An errand is about to be done: it is ambiguous from now on, and is not tried again before a moment, unless
        `finish_errand`, `postpone_errand` or `refuse_errand` says better. False if it no longer waits.
        """
        ...

    def finish_errand(self, errand_id: int, at: datetime) -> bool:
        """An errand is done. False if it no longer waits."""
        ...

    def postpone_errand(self, errand_id: int, not_before: datetime, *, ambiguous: bool, reason: str) -> None:
        """An errand failed for now."""
        ...

    def refuse_errand(self, errand_id: int, reason: str, at: datetime) -> bool:
        """An errand was refused for good; it is kept and shown. False if it no longer waits."""
        ...

    def revive_errands(self) -> int:
        """Let all that was refused be tried again whose conversation is still open (something was put right); how many.
        The reason is kept until then, so that it can be seen whether it is a new one.
        """
        ...

    def keep_token(self, token: StoredToken) -> None:
        """Insert or replace a token. ContradictionError where another of the service has its name and is good still."""
        ...

    def use_token(self, token_id: str, at: datetime) -> None:
        """Note that a token was of use."""
        ...

    def purge(self, before: datetime) -> int:
        """Forget deliveries seen, sent outbox rows, fired reminders and errands that were done, or refused where the
        conversation is over, from before a moment; how many rows.

        A reminder that fired in its conversation's present stage is kept, so that it is not set again.
        """
        ...


class Store(Protocol):
    """A database of conversations. Intents are ordinary functions; the store decides where they run."""

    def listen(self, listener: Callable[[News], None]) -> None:
        """Tell `listener` of every commit that brought something, in the event loop of those whose intents it held.
        There is one listener. It may be told more than was kept: what it hears is where to look.
        """
        ...

    @property
    def tally(self) -> Mapping[str, int]:
        """How many intents were `committed`, `refused` (for a reason; nothing was kept) or `failed` since it opened."""
        ...

    async def write(self, intent: Callable[[Transaction], T]) -> T:
        """Run an intent in a transaction and return its result after the commit.

        It may be run more than once, each time as if it had not been before; what it gave the last time counts.
        Raises what the intent raises (nothing of it is kept), or StoreBusyError if it could not be recorded in time
        (nothing is kept either, and nothing will be).
        """
        ...

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query beside the writer."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then close."""
        ...
