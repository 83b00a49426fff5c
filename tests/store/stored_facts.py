"""Facts to store, with only what a test is about said."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.events import Conversation, Event, Outgoing, Reminder, ReminderKind
from bot.store.interface import Posting, Store, Transaction

OpenStore = Callable[..., Awaitable[Store]]
"""Opens a store of the kind that is tested; called again, the same data once more."""

NOON = datetime(2026, 7, 4, 12, tzinfo=UTC)
RELEASES, OTHERS = "C0RELEASES", "C0OTHERS"
QUINN, DANA = "U0QUINN", "U0DANA"


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def conversation(name: str = "r1", **changed: Any) -> Conversation:
    facts: dict[str, Any] = {
        "id": name,
        "dialogue": "release",
        "service": "shop",
        "environment": "production",
        "version": f"v-{name}",
        "channel": RELEASES,
        "opened_at": NOON,
        "opened_by": QUINN,
        "state": "awaiting_signoffs",
        "since": NOON,
    }
    return Conversation(**{**facts, **changed})


def event(name: str = "r1", number: int = 1, **changed: Any) -> Event:
    facts: dict[str, Any] = {
        "conversation": name,
        "number": number,
        "dialogue": "release",
        "step": "approve" if number == 1 else "note",
        "state": "awaiting_signoffs",
        "stage": number,
        "at": NOON + minutes(number),
        "actor": QUINN,
        "name": "Quinn",
        "roles": ("qa",),
        "data": {"text": "Zürich 🚀", "tests": [1, 2.5, None, True], "deep": {"a": []}},
    }
    return Event(**{**facts, **changed})


def step(tx: Transaction, name: str = "r1") -> int:
    """What every intent of the bot does: load, append, save. Returns the event's number."""
    record = tx.load(name)
    before = Conversation.model_validate_json(record.snapshot) if record else conversation(name)
    number = before.number + 1
    tx.save(before.model_copy(update={"number": number, "stage": number}), is_open=True)
    tx.append(event(name, number))
    return number


def root(name: str = "r1", channel: str = RELEASES) -> Outgoing:
    return Outgoing(f"{name}:root", "root", channel, f"{name} root", conversation=name)


def reply(name: str, number: int, channel: str = RELEASES) -> Outgoing:
    blocks = ({"type": "divider", "block_id": f"é{number}"},)
    return Outgoing(f"{name}:{number}", "reply", channel, f"{name} reply {number}", blocks, name, broadcast=number == 1)


def card(name: str, number: int, channel: str = RELEASES) -> Outgoing:
    return Outgoing(f"{name}:card:{number}", "card", channel, f"{name} card {number}", conversation=name)


def direct(name: str, number: int, person: str = QUINN) -> Outgoing:
    return Outgoing(f"{name}:{person}:{number}", "direct", person, f"{name} direct {number}", conversation=name)


def reminder(  # a reminder is this many facts
    name: str = "r1", kind: ReminderKind = "nudge", due: float = 30, stage: int = 1, step: str = "cosign"
) -> Reminder:
    """Due so many minutes after noon."""
    return Reminder(name, kind, step, stage, NOON + minutes(due), ("tech_lead",))


async def opened(store: Store, *names: str, **changed: Any) -> None:
    def intent(tx: Transaction) -> None:
        for name in names:
            tx.save(conversation(name, **changed), is_open=True)

    await store.write(intent)


async def enqueued(store: Store, *messages: Outgoing, at: datetime = NOON) -> None:
    def intent(tx: Transaction) -> None:
        for message in messages:
            tx.enqueue(message, at)

    await store.write(intent)


async def ready(store: Store, now: datetime = NOON, limit: int = 16, without: tuple[str, ...] = ()) -> list[Posting]:
    return list(await store.read(lambda reader: reader.postings(now, limit, without)))


async def keys(store: Store, now: datetime = NOON, **asked: Any) -> list[str]:
    return [posting.message.key for posting in await ready(store, now, **asked)]


async def posted(store: Store, key: str, ts: str = "1.1", now: datetime = NOON) -> None:
    """Settle the posting with this key, which has to be ready."""
    posting = next(posting for posting in await ready(store, now) if posting.message.key == key)
    channel = posting.message.channel
    await store.write(lambda tx: tx.settle(posting.id, ts, channel, now))


@asynccontextmanager
async def the_writer_held(store: Store) -> AsyncIterator[Callable[[], None]]:
    """An intent that runs until it is let go, so that what is written meanwhile waits behind it."""
    begun, go = threading.Event(), threading.Event()

    def hold(_tx: Transaction) -> str:
        begun.set()
        assert go.wait(10)
        return "held"

    holding = asyncio.create_task(store.write(hold))
    assert await asyncio.to_thread(begun.wait, 10)
    try:
        yield go.set
    finally:
        go.set()
        assert await holding == "held"
