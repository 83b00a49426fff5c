"""What is asked of the database. All named SQL that reads.

A partial index is used only where its condition stands in the SQL as it does in the schema, not as a parameter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from bot.core.events import Errand, Event, Outgoing, Reminder, stand_in_key
from bot.store.interface import (
    Asking,
    Backlog,
    Posting,
    Record,
    StoredErrand,
    StoredReminder,
    StoredToken,
    Undelivered,
)

Row = tuple[Any, ...]

_RECORD = (
    "SELECT id, dialogue, service, environment, version, channel, state, stage, is_open, opened_at, since, snapshot,"
    " root_ts, root_channel FROM conversations"
)
LOAD = f"{_RECORD} WHERE id = ?"
IN_THREAD = f"{_RECORD} WHERE root_channel = ? AND root_ts = ?"
EVENTS = "SELECT event FROM events WHERE conversation = ? ORDER BY number"

_REMINDER = "SELECT id, conversation, kind, step, stage, due_at, roles, occasion, snoozed FROM reminders"
NEXT_DUE = "SELECT min(due_at) FROM reminders WHERE fired_at IS NULL"
DUE = f"{_REMINDER} WHERE fired_at IS NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?"
NEXT = f"{_REMINDER} WHERE fired_at IS NULL ORDER BY due_at, id LIMIT 1"
NEXT_OF = f"{_REMINDER} WHERE fired_at IS NULL AND conversation = ? ORDER BY due_at, id LIMIT 1"
REMINDER = f"{_REMINDER} WHERE id = ?"

_MESSAGE = "outbox.id, key, kind, outbox.channel, text, blocks, coalesce(conversation, ''), broadcast, event"
# Held back: what stands behind a head that is not posted, or behind an earlier message of its own line. A line is a
# thread's root and replies, or its card, or what goes from there to one person.
_FREE = """
    (kind IN ('root', 'direct') OR (SELECT root_ts FROM conversations WHERE id = conversation) IS NOT NULL)
    AND NOT EXISTS (
        SELECT 1 FROM outbox AS earlier
        WHERE earlier.state = 'waiting' AND earlier.line = outbox.line AND earlier.id < outbox.id)
"""
# From lane to lane along the index and to the first free row of each, so that the length of a queue costs nothing.
POSTINGS = f"""
    WITH RECURSIVE lanes (name) AS (
        SELECT min(lane) FROM outbox WHERE state = 'waiting'
        UNION ALL
        SELECT (SELECT min(lane) FROM outbox WHERE state = 'waiting' AND lane > name) FROM lanes
        WHERE name IS NOT NULL),
    first (id) AS MATERIALIZED (
        SELECT (
            SELECT id FROM outbox
            WHERE state = 'waiting' AND lane = name AND (not_before IS NULL OR not_before <= ?) AND {_FREE}
            ORDER BY id LIMIT 1)
        FROM lanes WHERE name NOT IN (SELECT value FROM json_each(?)))
    SELECT {_MESSAGE}, iif(kind IN ('reply', 'card'), root_ts, NULL), attempts, ambiguous, enqueued_at
    FROM first JOIN outbox ON outbox.id = first.id LEFT JOIN conversations ON conversations.id = conversation
    WHERE first.id IS NOT NULL ORDER BY first.id LIMIT ?
"""  # noqa: S608 - only constants are put together
NEXT_POSTING = f"SELECT min(not_before) FROM outbox WHERE state = 'waiting' AND not_before > ? AND {_FREE}"  # noqa: S608 - constants
SENT_AS = "SELECT ts FROM outbox WHERE key = ? AND state = 'sent'"
SENT_MESSAGE = f"SELECT ts, {_MESSAGE} FROM outbox WHERE key = ? AND state = 'sent'"  # noqa: S608 - constants
# One that was put off waits again, and its earlier message is there all the same.
ASKING = """
    SELECT outbox.key, outbox.channel, reminders.kind, step, stage, occasion
    FROM reminders JOIN outbox
        ON outbox.key >= 'reminder:' || reminders.id || ':' AND outbox.key < 'reminder:' || reminders.id || ';'
    WHERE reminders.conversation = ? AND (fired_at IS NOT NULL OR snoozed > 0)
        AND outbox.state <> 'superseded' AND instr(outbox.blocks, '"actions"') > 0
        AND NOT EXISTS (SELECT 1 FROM outbox AS over WHERE over.key = 'over:' || outbox.key)
    ORDER BY outbox.id
"""
STAND_IN = "SELECT channel, ts FROM outbox WHERE key = ? AND state = 'sent'"
UNDELIVERED = f"""
    SELECT {_MESSAGE}, reason, settled_at FROM outbox INDEXED BY outbox_undelivered
    WHERE state = 'undelivered' ORDER BY id DESC LIMIT ?
"""  # noqa: S608 - only constants are put together


_TOKENS = "SELECT id, name, service, steps, digest, created_at, expires_at, revoked_at, used_at FROM tokens"
TOKENS_BY_ID = f"{_TOKENS} WHERE id = ?"
TOKENS = f"{_TOKENS} ORDER BY service, name, created_at"

_MOMENT = "%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00"
"""As `datetime.isoformat` writes it, in half of its time: it would ask the zone for its offset."""


_ERRAND = "SELECT id, key, kind, conversation, line, payload, attempts, ambiguous, entrusted_at, reason FROM errands"
# Held back: what stands behind an earlier errand of its own line.
_FIRST = """
    NOT EXISTS (
        SELECT 1 FROM errands AS earlier
        WHERE earlier.state = 'waiting' AND earlier.line = errands.line AND earlier.id < errands.id)
"""
ERRANDS = f"""
    {_ERRAND} WHERE state = 'waiting' AND (not_before IS NULL OR not_before <= ?)
    AND line NOT IN (SELECT value FROM json_each(?)) AND {_FIRST} ORDER BY id LIMIT ?
"""  # noqa: S608 - only constants are put together
NEXT_ERRAND = f"SELECT min(not_before) FROM errands WHERE state = 'waiting' AND not_before > ? AND {_FIRST}"  # noqa: S608 - constants
REFUSED_ERRANDS = f"{_ERRAND} WHERE state = 'refused' ORDER BY id DESC LIMIT ?"


WAITING = """
    SELECT 'messages', count(*), min(enqueued_at) FROM outbox WHERE state = 'waiting'
    UNION ALL SELECT 'errands', count(*), min(entrusted_at) FROM errands WHERE state = 'waiting'
    UNION ALL SELECT 'reminders', count(*), min(due_at) FROM reminders WHERE fired_at IS NULL AND due_at <= ?
"""
GIVEN_UP = """
    SELECT 'messages', count(*) FROM outbox WHERE state = 'undelivered'
    UNION ALL SELECT 'errands', count(*) FROM errands WHERE state = 'refused'
"""
OPEN = "SELECT dialogue, state, count(*) FROM conversations WHERE is_open = 1 GROUP BY dialogue, state"


@lru_cache(maxsize=64)
def write_moment(moment: datetime) -> str:
    """A moment as it is stored: UTC, always with microseconds, so that text order is time order.

    ValueError for one without a time zone. One intent writes its moment many times over.
    """
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no time zone: nobody knows when that is.")
        moment = moment.astimezone(UTC)
    it = moment
    return _MOMENT % (it.year, it.month, it.day, it.hour, it.minute, it.second, it.microsecond)


def read_moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored)


def write_json(value: object) -> str:
    return to_json(value).decode()


def _record(row: Row) -> Record:
    facts, (is_open, opened_at, since, *rest) = row[:8], row[8:]
    return Record(*facts, bool(is_open), read_moment(opened_at), read_moment(since), *rest)  # type: ignore[call-arg]  # 8 + 3 + 3 columns


def _reminder(row: Row) -> StoredReminder:
    reminder_id, conversation, kind, step, stage, due_at, roles, occasion, snoozed = row
    reminder = Reminder(conversation, kind, step, stage, read_moment(due_at), tuple(from_json(roles)), occasion)
    return StoredReminder(reminder_id, reminder, snoozed)


def _message(row: Row) -> Outgoing:
    key, kind, channel, text, blocks, conversation, broadcast, event = row
    shown = tuple(from_json(blocks))
    return Outgoing(key, kind, channel, text, shown, conversation, broadcast=bool(broadcast), event=event)


def _errand(row: Row) -> StoredErrand:
    errand_id, key, kind, conversation, line, payload, attempts, ambiguous, entrusted_at, reason = row
    errand = Errand(key, kind, conversation, line, from_json(payload))
    return StoredErrand(errand_id, errand, attempts, bool(ambiguous), read_moment(entrusted_at), reason or "")


def _token(row: Row) -> StoredToken:
    token_id, name, service, steps, digest, *moments = row
    read = (read_moment(moment) if moment else None for moment in moments)
    return StoredToken(token_id, name, service, tuple(from_json(steps)), digest, *read)  # type: ignore[arg-type]  # created_at is never NULL


class SQLiteReader:
    """Reads over one connection; the caller sees to the moment they are consistent with."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def _one(self, sql: str, *values: object) -> Row | None:
        row: Row | None = self._execute(sql, values).fetchone()
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
            "state": state,
        }
        given = {column: value for column, value in wanted.items() if value is not None}
        conditions = [f"{column} = ?" for column in given]
        if is_open is not None:
            conditions.append("is_open = 1" if is_open else "is_open = 0")
        # Few are open, and few have one version: those are sorted. Else it goes back in time until it has enough.
        index = "INDEXED BY conversations_open" if is_open else ""
        order = "+opened_at" if is_open or version else "opened_at"
        sql = f"{_RECORD} {index} WHERE {' AND '.join(conditions)} ORDER BY {order} DESC, rowid DESC LIMIT ?"
        return tuple(_record(row) for row in self._execute(sql, (*given.values(), _rows(limit))))

    def in_thread(self, channel: str, root_ts: str) -> Record | None:
        row = self._one(IN_THREAD, channel, root_ts)
        return _record(row) if row else None

    def events(self, conversation_id: str) -> tuple[Event, ...]:
        return tuple(Event.model_validate_json(row[0]) for row in self._execute(EVENTS, (conversation_id,)))

    def next_due(self) -> datetime | None:
        row = self._one(NEXT_DUE)
        return read_moment(row[0]) if row and row[0] else None

    def due(self, now: datetime, limit: int) -> tuple[StoredReminder, ...]:
        return tuple(_reminder(row) for row in self._execute(DUE, (write_moment(now), _rows(limit))))

    def next_reminder(self, conversation_id: str | None = None) -> StoredReminder | None:
        row = self._one(NEXT) if conversation_id is None else self._one(NEXT_OF, conversation_id)
        return _reminder(row) if row else None

    def reminder(self, reminder_id: int) -> StoredReminder | None:
        row = self._one(REMINDER, reminder_id)
        return _reminder(row) if row else None

    def postings(self, now: datetime, limit: int, without: Collection[str] = ()) -> tuple[Posting, ...]:
        rows = self._execute(POSTINGS, (write_moment(now), write_json(list(without)), _rows(limit)))
        return tuple(
            Posting(posting_id, _message(tuple(message)), ts, attempts, bool(ambiguous), read_moment(enqueued_at))
            for posting_id, *message, ts, attempts, ambiguous, enqueued_at in rows
        )

    def next_posting(self, now: datetime) -> datetime | None:
        row = self._one(NEXT_POSTING, write_moment(now))
        return read_moment(row[0]) if row and row[0] else None

    def stand_in(self, conversation_id: str) -> tuple[str, str] | None:
        row = self._one(STAND_IN, stand_in_key(conversation_id))
        return (row[0], row[1]) if row else None

    def sent_as(self, key: str) -> str | None:
        row = self._one(SENT_AS, key)
        return row[0] if row else None

    def sent_message(self, key: str) -> tuple[str, Outgoing] | None:
        row = self._one(SENT_MESSAGE, key)
        return (row[0], _message(tuple(row[2:]))) if row else None

    def asking(self, conversation_id: str) -> tuple[Asking, ...]:
        return tuple(Asking(*row) for row in self._execute(ASKING, (conversation_id,)))

    def undelivered(self, limit: int = 50) -> tuple[Undelivered, ...]:
        return tuple(
            Undelivered(posting_id, _message(tuple(message)), reason, read_moment(since))
            for posting_id, *message, reason, since in self._execute(UNDELIVERED, (_rows(limit),))
        )

    def errands(self, now: datetime, limit: int, without: Collection[str] = ()) -> tuple[StoredErrand, ...]:
        rows = self._execute(ERRANDS, (write_moment(now), write_json(list(without)), _rows(limit)))
        return tuple(_errand(row) for row in rows)

    def next_errand(self, now: datetime) -> datetime | None:
        row = self._one(NEXT_ERRAND, write_moment(now))
        return read_moment(row[0]) if row and row[0] else None

    def refused_errands(self, limit: int = 50) -> tuple[StoredErrand, ...]:
        return tuple(_errand(row) for row in self._execute(REFUSED_ERRANDS, (_rows(limit),)))

    def token(self, token_id: str) -> StoredToken | None:
        row = self._one(TOKENS_BY_ID, token_id)
        return _token(row) if row else None

    def tokens(self) -> tuple[StoredToken, ...]:
        return tuple(_token(row) for row in self._execute(TOKENS))

    def backlog(self, now: datetime) -> Backlog:
        waiting = self._execute(WAITING, (write_moment(now),))
        return Backlog(
            {kind: (count, read_moment(since) if since else None) for kind, count, since in waiting},
            dict(self._execute(GIVEN_UP)),
            {(dialogue, state): count for dialogue, state, count in self._execute(OPEN)},
        )

    def healthy(self) -> bool:
        try:
            self._one("SELECT 1 FROM conversations LIMIT 1")  # a bare SELECT 1 would not touch the file
        except sqlite3.Error:
            return False
        return True


def _rows(limit: int) -> int:
    """SQLite takes a negative limit for no limit; here it is a mistake."""
    if limit < 0:
        raise ValueError(f"A limit is 0 or more, not {limit}.")
    return limit
