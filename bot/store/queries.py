"""What is asked of the database. All named SQL that reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from bot.core.events import Event, Outgoing, Reminder
from bot.store.interface import Posting, Record, StoredReminder, Undelivered

Row = tuple[Any, ...]

_RECORD = (
    "SELECT id, dialogue, service, environment, version, channel, state, stage, is_open, opened_at, since, snapshot,"
    " root_ts, root_channel FROM conversations"
)
LOAD = f"{_RECORD} WHERE id = ?"
IN_THREAD = f"{_RECORD} WHERE root_channel = ? AND root_ts = ?"
EVENTS = "SELECT event FROM events WHERE conversation = ? ORDER BY number"

_REMINDER = "SELECT id, conversation, kind, step, stage, due_at, roles, snoozed FROM reminders"
NEXT_DUE = "SELECT min(due_at) FROM reminders WHERE fired_at IS NULL"
DUE = f"{_REMINDER} WHERE fired_at IS NULL AND due_at <= ? ORDER BY due_at LIMIT ?"
NEXT_OF = f"{_REMINDER} WHERE fired_at IS NULL AND (?1 IS NULL OR conversation = ?1) ORDER BY due_at LIMIT 1"
REMINDER = f"{_REMINDER} WHERE id = ?"

_MESSAGE = (
    "outbox.id, outbox.key, outbox.kind, outbox.channel, outbox.text, outbox.blocks, outbox.conversation, broadcast"
)
# Held back: what stands behind a head that is not posted, or behind an earlier message of its own line. A card waits
# for its head alone; what goes to a person alone waits only for what goes to the same person from there.
_READY = """
    outbox.state = 'waiting' AND (outbox.kind IN ('root', 'direct') OR conversations.root_ts IS NOT NULL)
    AND (outbox.kind = 'card' OR NOT EXISTS (
        SELECT 1 FROM outbox AS earlier WHERE earlier.conversation = outbox.conversation
        AND earlier.state = 'waiting' AND earlier.id < outbox.id AND earlier.kind <> 'card'
        AND (earlier.kind = 'direct') = (outbox.kind = 'direct')
        AND (outbox.kind <> 'direct' OR earlier.channel = outbox.channel)))
"""
_LANE = "iif(outbox.kind = 'card', 'card:' || outbox.channel, outbox.channel)"
_WITH_HEADS = "outbox LEFT JOIN conversations ON conversations.id = outbox.conversation"
POSTINGS = f"""
    WITH first AS (
        SELECT min(outbox.id) AS id FROM {_WITH_HEADS}
        WHERE {_READY} AND (not_before IS NULL OR not_before <= ?)
          AND {_LANE} NOT IN (SELECT value FROM json_each(?))
        GROUP BY {_LANE})
    SELECT {_MESSAGE}, conversations.root_ts, attempts, ambiguous, enqueued_at
    FROM first JOIN outbox USING (id) LEFT JOIN conversations ON conversations.id = outbox.conversation
    ORDER BY outbox.id LIMIT ?
"""  # noqa: S608 - only constants are put together
NEXT_POSTING = f"SELECT min(not_before) FROM {_WITH_HEADS} WHERE {_READY} AND not_before > ?"  # noqa: S608 - constants
UNDELIVERED = f"""
    SELECT {_MESSAGE}, reason, settled_at FROM outbox WHERE outbox.state = 'undelivered' ORDER BY outbox.id DESC LIMIT ?
"""  # noqa: S608 - only constants are put together


def write_moment(moment: datetime) -> str:
    """A moment as it is stored: UTC, always with microseconds, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored)


def _record(row: Row) -> Record:
    facts, (is_open, opened_at, since, *rest) = row[:8], row[8:]
    return Record(*facts, bool(is_open), read_moment(opened_at), read_moment(since), *rest)  # type: ignore[call-arg]  # 8 + 3 + 3 columns


def _reminder(row: Row) -> StoredReminder:
    reminder_id, conversation, kind, step, stage, due_at, roles, snoozed = row
    reminder = Reminder(conversation, kind, step, stage, read_moment(due_at), tuple(json.loads(roles)))
    return StoredReminder(reminder_id, reminder, snoozed)


def _message(row: Row) -> Outgoing:
    key, kind, channel, text, blocks, conversation, broadcast = row
    return Outgoing(key, kind, channel, text, tuple(json.loads(blocks)), conversation, broadcast=bool(broadcast))


class SQLiteReader:
    """Reads over one connection; the caller sees to the moment they are consistent with."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _one(self, sql: str, *values: object) -> Row | None:
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def load(self, conversation_id: str) -> Record | None:
        row = self._one(LOAD, conversation_id)
        return _record(row) if row else None

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
        wanted = {
            "dialogue": dialogue,
            "service": service,
            "environment": environment,
            "version": version,
            "is_open": is_open,
            "state": state,
        }
        given = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"{column} = ?" for column in given)
        sql = f"{_RECORD} WHERE {where} ORDER BY opened_at DESC LIMIT ?"
        return tuple(_record(row) for row in self._connection.execute(sql, (*given.values(), limit)))

    def in_thread(self, channel: str, root_ts: str) -> Record | None:
        row = self._one(IN_THREAD, channel, root_ts)
        return _record(row) if row else None

    def events(self, conversation_id: str) -> tuple[Event, ...]:
        rows = self._connection.execute(EVENTS, (conversation_id,))
        return tuple(Event.model_validate_json(row[0]) for row in rows)

    def next_due(self) -> datetime | None:
        row = self._one(NEXT_DUE)
        return read_moment(row[0]) if row and row[0] else None

    def due(self, now: datetime, limit: int) -> tuple[StoredReminder, ...]:
        return tuple(_reminder(row) for row in self._connection.execute(DUE, (write_moment(now), limit)))

    def next_reminder(self, conversation_id: str | None = None) -> StoredReminder | None:
        row = self._one(NEXT_OF, conversation_id)
        return _reminder(row) if row else None

    def reminder(self, reminder_id: int) -> StoredReminder | None:
        row = self._one(REMINDER, reminder_id)
        return _reminder(row) if row else None

    def postings(self, now: datetime, limit: int, without: Collection[str] = ()) -> tuple[Posting, ...]:
        rows = self._connection.execute(POSTINGS, (write_moment(now), json.dumps(list(without)), limit))
        return tuple(
            Posting(posting_id, _message(tuple(message)), ts, attempts, bool(ambiguous), read_moment(enqueued_at))
            for posting_id, *message, ts, attempts, ambiguous, enqueued_at in rows
        )

    def next_posting(self, now: datetime) -> datetime | None:
        row = self._one(NEXT_POSTING, write_moment(now))
        return read_moment(row[0]) if row and row[0] else None

    def undelivered(self, limit: int = 50) -> tuple[Undelivered, ...]:
        return tuple(
            Undelivered(posting_id, _message(tuple(message)), reason, read_moment(since))
            for posting_id, *message, reason, since in self._connection.execute(UNDELIVERED, (limit,))
        )

    def healthy(self) -> bool:
        return self._one("SELECT 1") == (1,)
