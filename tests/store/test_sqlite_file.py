"""The SQLite file: how it is opened, its schema, and what it refuses by itself."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import bot.store
from bot.errors import ConfigurationError
from bot.store.interface import Reader, Transaction
from bot.store.migrations import MIGRATIONS, migrate
from bot.store.queries import read_moment, write_moment
from tests.store.sqlite_file import open_at, raw
from tests.store.stored_facts import enqueued, opened, root, step

AN_EVENT = "INSERT INTO events (conversation, number, step, actor, at, event) VALUES"
AT = "'2026-07-04T12:00:00.000000+00:00'"


async def refused(path: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        await open_at(path)
    (problem,) = raised.value.problems
    assert problem.remedy
    assert problem.key == "GREENLIGHT_DATABASE"
    return str(problem)


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    told = await refused(tmp_path / "nowhere" / "greenlight.db")
    assert "nowhere" in told
    assert "folder that exists" in told


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write to")
async def test_a_folder_that_can_not_be_written_to_is_refused() -> None:
    assert "can't be written" in await refused(Path("/proc/self/greenlight.db"))


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "greenlight.db").mkdir)
    assert "unable to open" in await refused(tmp_path / "greenlight.db")


async def test_a_file_that_is_no_database_is_refused_and_not_touched(path: Path) -> None:
    await asyncio.to_thread(path.write_bytes, b"Dear diary, " * 1000)
    assert "not a database" in await refused(path)
    assert await asyncio.to_thread(path.read_bytes) == b"Dear diary, " * 1000


async def test_a_database_of_a_newer_version_is_refused_and_not_touched(path: Path) -> None:
    await (await open_at(path)).close()
    newer = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('greenlight', 'time_travel', '')"
    await raw(path, lambda connection: connection.execute(newer))
    before = await asyncio.to_thread(path.read_bytes)
    told = await refused(path)
    assert "time_travel" in told
    assert "newer" in told
    assert await asyncio.to_thread(path.read_bytes) == before


async def test_a_second_store_on_the_same_file_is_refused_until_the_first_is_closed(path: Path) -> None:
    first = await open_at(path)
    assert re.search(r"process \d+ uses it", await refused(path))
    await first.close()
    second = await open_at(path)
    assert await second.write(step) == 1
    await second.close()


async def test_a_refused_start_holds_on_to_nothing(path: Path) -> None:
    await asyncio.to_thread(path.write_bytes, b"Dear diary, " * 1000)
    await refused(path)
    await asyncio.to_thread(path.unlink)
    await (await open_at(path)).close()


async def test_a_commit_is_on_the_disk_before_it_is_answered(path: Path) -> None:
    store = await open_at(path)

    def settings(tx: Transaction) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [tx._execute(f"PRAGMA {name}").fetchone()[0] for name in names]  # type: ignore[attr-defined]  # past the interface

    assert await store.write(settings) == ["wal", 2, 1]  # 2 is FULL
    await store.close()


async def test_closing_leaves_one_file_and_the_lock(path: Path) -> None:
    store = await open_at(path)
    await store.write(step)
    await store.read(lambda reader: reader.load("r1"))
    await store.close()
    assert sorted(await asyncio.to_thread(os.listdir, path.parent)) == ["greenlight.db", "greenlight.db.lock"]


# ── schema ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def shape(connection: sqlite3.Connection) -> dict[str, str]:
    """Name to SQL of all that is ours, without comments and line breaks."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite%'")
    return {name: " ".join(re.sub(r"--.*", "", sql).split()) for name, sql in rows}


def test_the_written_schema_is_what_the_migrations_lead_to() -> None:
    written = Path(bot.store.__path__[0]) / "schema.sql"
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as by_hand,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as migrated,
    ):
        by_hand.executescript(written.read_text(encoding="utf-8"))
        migrate(migrated)
        assert shape(migrated) == shape(by_hand)
        assert len(shape(migrated)) > 10


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 7, 4, 12, tzinfo=UTC),
        datetime(2000, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 7, 4, 1, 30, tzinfo=timezone(timedelta(hours=3))),
    ],
    ids=str,
)
def test_a_moment_is_stored_in_utc_with_microseconds_and_read_as_it_was(moment: datetime) -> None:
    """Always 32 characters, as ISO 8601 has it, so that text order is time order."""
    assert write_moment(moment) == moment.astimezone(UTC).isoformat(timespec="microseconds")
    assert read_moment(write_moment(moment)) == moment


SOME_ROWS = """
    INSERT INTO conversations
        (id, dialogue, service, environment, version, channel, state, stage, number, is_open, snapshot, opened_at,
        since)
    VALUES ('c', 'd', 's', 'e', 'v', 'C', 'open', 1, 1, 1, '{}', 'MOMENT', 'MOMENT');
    INSERT INTO outbox
        (key, conversation, kind, channel, event, broadcast, state, enqueued_at, attempts, reason, settled_at, text,
        blocks)
    VALUES ('k', 'c', 'card', 'C', 3, 0, 'undelivered', 'MOMENT', 2, 'full', 'MOMENT', 'text', '[]'),
        ('l', 'c', 'reply', 'C', 4, 1, 'waiting', 'MOMENT', 0, NULL, NULL, 'text', '[]');
    INSERT INTO reminders
        (conversation, kind, step, stage, occasion, due_at, roles, snoozed, put_off_until, fired_at)
    VALUES ('c', 'nudge', 'plan', 1, '', 'MOMENT', '[]', 2, 'MOMENT', 'MOMENT'),
        ('c', 'entry', 'plan', 1, 'T-1h', 'MOMENT', '[]', 0, NULL, NULL);
    DELETE FROM outbox WHERE key = 'l';
    DELETE FROM reminders WHERE kind = 'entry';
""".replace("MOMENT", "2026-01-01T00:00:00.000000+00:00")


def test_a_migration_keeps_what_is_stored_and_gives_no_id_twice() -> None:
    """Tables that are built anew: their rows, and the number of the last row there ever was."""
    names = list(MIGRATIONS)
    rebuilt = names.index("compared_kinds")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for name in names[:rebuilt]:
            connection.executescript(MIGRATIONS[name])
        connection.executescript(SOME_ROWS)
        stored = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("outbox", "reminders")}  # noqa: S608 - names of ours
        connection.executescript(MIGRATIONS["compared_kinds"])
        for table, rows in stored.items():
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == rows != []  # noqa: S608 - as above
            assert connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchall() == [(2,)]


async def test_opening_again_migrates_nothing_and_keeps_everything(path: Path) -> None:
    def look(connection: sqlite3.Connection) -> tuple[list[object], dict[str, str]]:
        return connection.execute("SELECT name, applied_at FROM _sqlite_migrations").fetchall(), shape(connection)

    store = await open_at(path)
    await store.write(step)
    await store.close()
    before = await raw(path, look)
    store = await open_at(path)
    assert await store.write(step) == 2
    await store.close()
    assert await raw(path, look) == before
    assert len(before[0]) == len(MIGRATIONS)


# ── what the file refuses by itself ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE events SET actor = 'U0MALLORY'", "append-only"),
        ("UPDATE events SET event = '{}' WHERE number = 1", "append-only"),
        ("DELETE FROM events", "append-only"),
        ("DELETE FROM events WHERE number = 2", "append-only"),
        (f"{AN_EVENT} ('r1', 2, 'x', 'x', {AT}, '{{}}')", "without a gap"),
        (f"{AN_EVENT} ('r1', 4, 'x', 'x', {AT}, '{{}}')", "without a gap"),
        (f"{AN_EVENT} ('r1', 0, 'x', 'x', {AT}, '{{}}')", "without a gap"),
        (f"{AN_EVENT} ('r2', 2, 'x', 'x', {AT}, '{{}}')", "without a gap"),
        (f"{AN_EVENT.replace('INSERT', 'INSERT OR REPLACE')} ('r1', 1, 'x', 'x', {AT}, '{{}}')", "without a gap"),
        (f"{AN_EVENT.replace('INSERT', 'REPLACE')} ('r1', 2, 'x', 'x', {AT}, '{{}}')", "without a gap"),
        (f"{AN_EVENT} ('r1', 1, 'x', 'x', {AT}, '') ON CONFLICT DO UPDATE SET actor = 'x'", "without a gap"),
        (f"{AN_EVENT} ('r1', 3, 'x', 'x', '2026-07-04', '')", "length"),
        ("UPDATE conversations SET is_open = 2", "is_open"),
        ("UPDATE outbox SET state = 'lost'", "state"),
        ("UPDATE outbox SET state = 'sent'", "settled_at"),
        ("UPDATE conversations SET version = 'v1'", "UNIQUE"),
        ("UPDATE conversations SET stage = 'three'", "INTEGER"),
    ],
)
async def test_raw_sql_cannot_falsify_what_happened(path: Path, sql: str, reason: str) -> None:
    def events(reader: Reader) -> list[str]:
        return [it.model_dump_json() for it in reader.events("r1")]

    store = await open_at(path)
    await opened(store, "r1", "r2")
    await store.write(step)
    await store.write(step)
    await enqueued(store, root("r1"))
    before = await store.read(events)
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        await raw(path, lambda connection: connection.execute(sql))
    assert await store.read(events) == before
    await store.close()
