"""What the SQLite store costs when there is much in it: counted in SQLite's own instructions, not in time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from bot.core.events import Outgoing, reminder_message_key
from bot.store.interface import Transaction
from bot.store.queries import SQLiteReader
from tests.store.sqlite_file import open_at, raw
from tests.store.stored_facts import NOON, QUINN, conversation, enqueued, minutes, opened, reminder, reply, root


def cost(connection: sqlite3.Connection, ask: Callable[[SQLiteReader], object]) -> int:
    """How many of SQLite's machine instructions a query takes, in hundreds."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(count, 100)
    ask(SQLiteReader(connection))
    connection.set_progress_handler(None, 0)
    return steps


async def test_a_tick_costs_the_same_however_many_reminders_wait(path: Path) -> None:
    store = await open_at(path, budget=60)
    await opened(store, "r1")
    many = tuple(reminder(due=1_000 + number, step=f"s{number}") for number in range(20_000))
    await store.write(lambda tx: tx.set_reminders("r1", many))
    moment = NOON + minutes(1_010)

    def look(reader: SQLiteReader) -> None:
        assert reader.next_due() == NOON + minutes(1_000)
        assert len(reader.due(moment, 5)) == 5
        assert reader.due(NOON, 5) == ()

    assert await raw(path, lambda connection: cost(connection, look)) < 10
    await store.close()


async def test_looking_for_what_to_send_costs_the_same_however_long_the_queue_is(path: Path) -> None:
    """Whether the queue is one conversation's, many conversations' of a channel, or stuck behind a head."""
    store = await open_at(path, budget=60)
    names = [f"r{number}" for number in range(500)]
    await opened(store, *names, "stuck")
    await enqueued(store, *(root(name) for name in names), *(reply(name, it) for name in names for it in range(10)))
    await enqueued(store, *(reply("stuck", it, "C0STUCK") for it in range(500)))

    def look(reader: SQLiteReader) -> None:
        assert [it.message.key for it in reader.postings(NOON, 16)] == ["r0:root"]
        assert reader.postings(NOON, 16, without=["C0RELEASES"]) == ()
        assert reader.next_posting(NOON) is None

    assert await raw(path, lambda connection: cost(connection, look)) < 500
    await store.close()


async def test_the_open_ones_and_a_version_are_found_among_many_that_ended(path: Path) -> None:
    store = await open_at(path, budget=60)

    def fill(tx: Transaction) -> None:
        for number in range(5_000):
            tx.save(conversation(f"r{number}", opened_at=NOON + minutes(number)), is_open=number == 17)

    await store.write(fill)

    def look(reader: SQLiteReader) -> None:
        assert [it.id for it in reader.find("release", is_open=True)] == ["r17"]
        assert [it.id for it in reader.find("release", service="shop", is_open=True)] == ["r17"]
        assert [it.id for it in reader.find("release", service="shop", version="v-r4000")] == ["r4000"]
        assert [it.id for it in reader.find("release", service="shop", limit=1)] == ["r4999"]

    assert await raw(path, lambda connection: cost(connection, look)) < 20
    await store.close()


async def test_what_a_step_has_to_answer_costs_the_same_however_much_was_asked_elsewhere(path: Path) -> None:
    """Every step that moves a conversation on looks for the private messages that asked for it."""
    store = await open_at(path, budget=60)
    names = [f"r{number}" for number in range(500)]
    await opened(store, *names)

    def remind(tx: Transaction) -> None:
        for name in names:
            tx.set_reminders(name, (reminder(name),))
        for stored in tx.due(NOON + minutes(30), 1_000):
            tx.fire(stored.id, NOON + minutes(30))
            key = reminder_message_key(stored.id, 0, QUINN)
            about = stored.reminder.conversation
            tx.enqueue(Outgoing(key, "direct", QUINN, "sign", ({"type": "actions"},), about), NOON)

    await store.write(remind)

    def look(reader: SQLiteReader) -> None:
        assert len(reader.asking("r250")) == 1
        assert reader.asking("nothing") == ()

    assert await raw(path, lambda connection: cost(connection, look)) < 5
    await store.close()
