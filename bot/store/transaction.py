"""What an intent may write. All named SQL that changes something."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from bot.core.events import Conversation, Event, Outgoing, Reminder
from bot.store.interface import DuplicateError
from bot.store.queries import SQLiteReader, write_moment

REPLY_TO = "SELECT reply FROM deliveries WHERE key = ?"
REMEMBER = "INSERT INTO deliveries (key, reply, at) VALUES (?, ?, ?)"
OPEN_LIKE = """
    SELECT id FROM conversations
    WHERE dialogue = ? AND service = ? AND environment = ? AND version = ? AND is_open = 1 AND id <> ?
"""
SAVE = """
    INSERT INTO conversations
        (id, dialogue, service, environment, version, channel, state, stage, number, is_open, opened_at, since,
         snapshot)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, stage = excluded.stage, number = excluded.number,
        is_open = excluded.is_open, since = excluded.since, snapshot = excluded.snapshot
"""
APPEND = "INSERT INTO events (conversation, number, step, actor, at, event) VALUES (?, ?, ?, ?, ?, ?)"
SUPERSEDE = """
    UPDATE outbox SET state = 'superseded', settled_at = ?
    WHERE conversation = ? AND kind = 'card' AND state = 'waiting'
"""
ENQUEUE = """
    INSERT INTO outbox (key, conversation, kind, channel, text, blocks, broadcast, enqueued_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
DROP_REMINDERS = """
    DELETE FROM reminders WHERE conversation = ? AND fired_at IS NULL AND NOT (snoozed > 0 AND stage = ?)
"""
SET_REMINDER = """
    INSERT OR IGNORE INTO reminders (conversation, kind, step, stage, due_at, roles) VALUES (?, ?, ?, ?, ?, ?)
"""
FIRE = "UPDATE reminders SET fired_at = ? WHERE id = ? AND fired_at IS NULL"
SNOOZE = """
    UPDATE reminders SET fired_at = NULL, due_at = ?, snoozed = snoozed + 1
    WHERE id = ? AND fired_at IS NOT NULL AND kind <> 'step'
      AND stage = (SELECT stage FROM conversations WHERE conversations.id = reminders.conversation)
"""
HOLD_ESCALATION = """
    UPDATE reminders SET due_at = max(due_at, ?) WHERE fired_at IS NULL AND kind = 'escalation' AND id <> ?
      AND (conversation, stage, step) = (SELECT conversation, stage, step FROM reminders WHERE id = ?)
"""
SETTLE = "UPDATE outbox SET state = 'sent', ts = ?, settled_at = ?, reason = NULL WHERE id = ? AND state = 'waiting'"
HEAD = """
    UPDATE conversations SET root_ts = ?, root_channel = ?
    WHERE id = (SELECT conversation FROM outbox WHERE id = ? AND kind = 'root')
"""
RETRY = """
    UPDATE outbox SET attempts = attempts + 1, not_before = ?, ambiguous = ?, reason = ?
    WHERE id = ? AND state = 'waiting'
"""
BEGIN = "UPDATE outbox SET ambiguous = 1 WHERE id = ? AND state = 'waiting'"
GIVE_UP = "UPDATE outbox SET state = 'undelivered', reason = ?, settled_at = ? WHERE id = ? AND state = 'waiting'"
RESEND = """
    UPDATE outbox SET state = 'waiting', not_before = ?, settled_at = NULL, reason = NULL
    WHERE channel = ? AND state = 'undelivered'
"""
PURGE = (
    "DELETE FROM deliveries WHERE at < ?",
    "DELETE FROM outbox WHERE state IN ('sent', 'superseded') AND settled_at < ?",
    "DELETE FROM reminders WHERE fired_at < ?",
)


class SQLiteTransaction(SQLiteReader):
    """One intent's reads and writes, within the savepoint that the writer opened for it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._execute = connection.execute

    def reply_to(self, delivery: str) -> str | None:
        row = self._one(REPLY_TO, delivery)
        return row[0] if row else None

    def remember(self, delivery: str, reply: str, at: datetime) -> None:
        self._execute(REMEMBER, (delivery, reply, write_moment(at)))

    def save(self, conversation: Conversation, *, is_open: bool) -> None:
        it = conversation
        values = (
            *(it.id, it.dialogue, it.service, it.environment, it.version, it.channel, it.state, it.stage, it.number),
            *(int(is_open), write_moment(it.opened_at), write_moment(it.since), it.model_dump_json()),
        )
        try:
            self._execute(SAVE, values)
        except sqlite3.IntegrityError as error:
            like = self._one(OPEN_LIKE, it.dialogue, it.service, it.environment, it.version, it.id)
            if like is None:
                raise
            raise DuplicateError(like[0]) from error

    def append(self, event: Event) -> None:
        at = write_moment(event.at)
        self._execute(APPEND, (event.conversation, event.number, event.step, event.actor, at, event.model_dump_json()))

    def enqueue(self, message: Outgoing, at: datetime) -> None:
        if message.kind == "card":
            # A new row and not a changed one: the older may be on its way to Slack at this moment.
            self._execute(SUPERSEDE, (write_moment(at), message.conversation))
        blocks = json.dumps(message.blocks, ensure_ascii=False, separators=(",", ":"))
        values = (message.key, message.conversation, message.kind, message.channel, message.text, blocks)
        self._execute(ENQUEUE, (*values, int(message.broadcast), write_moment(at)))

    def set_reminders(self, conversation_id: str, reminders: tuple[Reminder, ...]) -> None:
        stage = reminders[0].stage if reminders else -1
        self._execute(DROP_REMINDERS, (conversation_id, stage))
        for it in reminders:
            roles = json.dumps(it.roles)
            self._execute(SET_REMINDER, (it.conversation, it.kind, it.step, it.stage, write_moment(it.due_at), roles))

    def fire(self, reminder_id: int, at: datetime) -> bool:
        return self._execute(FIRE, (write_moment(at), reminder_id)).rowcount == 1

    def snooze(self, reminder_id: int, until: datetime) -> bool:
        moment = write_moment(until)
        if self._execute(SNOOZE, (moment, reminder_id)).rowcount != 1:
            return False
        self._execute(HOLD_ESCALATION, (moment, reminder_id, reminder_id))
        return True

    def begin(self, posting_id: int) -> bool:
        return self._execute(BEGIN, (posting_id,)).rowcount == 1

    def settle(self, posting_id: int, ts: str | None, channel: str | None, at: datetime) -> None:
        self._execute(SETTLE, (ts, write_moment(at), posting_id))
        self._execute(HEAD, (ts, channel, posting_id))

    def retry(self, posting_id: int, not_before: datetime, *, ambiguous: bool, reason: str) -> None:
        self._execute(RETRY, (write_moment(not_before), int(ambiguous), reason, posting_id))

    def give_up(self, posting_id: int, reason: str, at: datetime) -> None:
        self._execute(GIVE_UP, (reason, write_moment(at), posting_id))

    def resend(self, channel: str, at: datetime) -> int:
        return self._execute(RESEND, (write_moment(at), channel)).rowcount

    def purge(self, before: datetime) -> int:
        moment = write_moment(before)
        return sum(self._execute(statement, (moment,)).rowcount for statement in PURGE)
