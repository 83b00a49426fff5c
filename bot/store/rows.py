"""What is read from a store: rows as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.events import Errand, Outgoing, Reminder, ReminderKind


@dataclass(frozen=True)
class Record:
    """A stored conversation: what is searched for, and the snapshot as JSON for `Dialogue.read`.

    `root_ts` is the Slack timestamp of the thread's head once it was posted; `root_channel` the channel id it is in.
    """

    id: str
    dialogue: str
    service: str
    environment: str
    version: str
    channel: str
    state: str
    stage: int
    is_open: bool
    opened_at: datetime
    since: datetime
    snapshot: str
    root_ts: str | None = None
    root_channel: str | None = None


@dataclass(frozen=True)
class StoredReminder:
    """A reminder that is due or waits. `snoozed` counts how often its owner put it off."""

    id: int
    reminder: Reminder
    snoozed: int = 0


@dataclass(frozen=True)
class Asking:
    """A private message of a reminder that has buttons still: its key, the person it went to, or will go to (user id),
    and what it is about.
    """

    key: str
    person: str
    kind: ReminderKind
    step: str
    stage: int
    occasion: str


@dataclass(frozen=True)
class Posting:
    """An outbox row that is ready to be sent.

    `thread_ts` is the head to reply under or to update; `attempts` counts earlier tries; `ambiguous` says that one of
    them may have reached Slack, so that it must be looked up by its key before it is sent again.
    """

    id: int
    message: Outgoing
    thread_ts: str | None
    attempts: int
    ambiguous: bool
    enqueued_at: datetime


@dataclass(frozen=True)
class Undelivered:
    """A message that Slack refused for good, kept with the reason until it is sent again or dropped by a person."""

    id: int
    message: Outgoing
    reason: str
    since: datetime


@dataclass(frozen=True)
class StoredErrand:
    """An errand that waits, or was refused with a `reason`.

    `attempts` counts earlier tries; `ambiguous` says that one of them may have done it, so that it must be looked up
    before it is done again.
    """

    id: int
    errand: Errand
    attempts: int
    ambiguous: bool
    entrusted_at: datetime
    reason: str = ""


@dataclass(frozen=True)
class StoredToken:
    """A pipeline's token for the HTTP API: what it is good for, and a digest of its secret (SHA-256, hexadecimal).

    `name` is unlike that of any other token of the service that was not revoked. `used_at` is when it was last of use.
    """

    id: str
    name: str
    service: str
    steps: tuple[str, ...]
    digest: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True)
class Backlog:
    """What waits in the store, by kind (messages, errands, reminders): how many, and since when the oldest. A reminder
    waits from when it was due. `given_up` was refused for good; `conversations` that are open, by dialogue and state.
    """

    waiting: Mapping[str, tuple[int, datetime | None]]
    given_up: Mapping[str, int]
    conversations: Mapping[tuple[str, str], int]
