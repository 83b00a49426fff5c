"""What an intent may write. All named SQL that changes something."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from bot.core.events import CARDS, Conversation, Errand, Event, Outgoing, Reminder
from bot.store.interface import ContradictionError, DuplicateError, StoredToken
from bot.store.news import News
from bot.store.queries import SQLiteReader, write_json, write_moment

NEXT_NUMBER = "SELECT count(*) + 1 FROM conversations WHERE dialogue = ?"
REPLY_TO = "SELECT reply FROM deliveries WHERE key = ?"
REMEMBER = "INSERT INTO deliveries (key, reply, at) VALUES (?, ?, ?)"
REPLACE = "INSERT OR REPLACE INTO deliveries (key, reply, at) VALUES (?, ?, ?)"
OPEN_LIKE = """
    SELECT id FROM conversations
    WHERE dialogue = ? AND service = ? AND environment = ? AND version = ? AND is_open = 1 AND id <> ?
        AND state <> 'awaiting_closure' AND state <> 'awaiting_postmortem'
"""
# What a conversation is about is said when it is opened; another version is another conversation.
SAVE = """
    INSERT INTO conversations
        (id, dialogue, service, environment, version, opened_at, channel, state, stage, number, is_open, since,
         snapshot)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, state = excluded.state, stage = excluded.stage,
        number = excluded.number, is_open = excluded.is_open, since = excluded.since, snapshot = excluded.snapshot
    WHERE (dialogue, service, environment, version, opened_at)
        = (excluded.dialogue, excluded.service, excluded.environment, excluded.version, excluded.opened_at)
"""
APPEND = "INSERT INTO events (conversation, number, step, actor, at, event) VALUES (?, ?, ?, ?, ?, ?)"
ENQUEUE = """
    INSERT INTO outbox (key, conversation, kind, channel, text, blocks, broadcast, event, enqueued_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
"""
SUPERSEDE_WAITING = """
    UPDATE outbox SET state = 'superseded', settled_at = ?
    WHERE state = 'waiting' AND line = 'card:' || ? AND id < ?
"""
# Sent again later, a card that Slack refused would put an old state over a newer one.
SUPERSEDE_UNDELIVERED = """
    UPDATE outbox SET state = 'superseded', settled_at = ?
    WHERE state = 'undelivered' AND channel = ? AND kind = 'card' AND conversation = ? AND id < ?
"""
DROP_REMINDERS = """
    DELETE FROM reminders WHERE conversation = ? AND fired_at IS NULL AND kind <> 'tell'
    AND stage || ':' || kind || ':' || step || ':' || occasion NOT IN (SELECT value FROM json_each(?))
"""
# What was put off stays put off, however often the same is set again.
SET_REMINDER = """
    INSERT INTO reminders (conversation, kind, step, stage, due_at, roles, occasion) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (conversation, stage, kind, step, occasion) DO UPDATE
    SET roles = excluded.roles, due_at = max(excluded.due_at, coalesce(put_off_until, '')) WHERE fired_at IS NULL
"""
FIRE = "UPDATE reminders SET fired_at = ?1 WHERE id = ?2 AND fired_at IS NULL AND due_at <= ?1"
SNOOZE = """
    UPDATE reminders
    SET fired_at = NULL, due_at = max(due_at, ?1), put_off_until = max(due_at, ?1), snoozed = snoozed + 1
    WHERE id = ?2 AND kind <> 'step'
      AND (occasion <> ''
        OR stage = (SELECT stage FROM conversations WHERE conversations.id = reminders.conversation))
    RETURNING conversation, stage, step
"""
HOLD_BACK = """
    UPDATE reminders SET due_at = max(due_at, ?1), put_off_until = max(coalesce(put_off_until, ''), ?1)
    WHERE fired_at IS NULL AND kind <> 'step' AND occasion = '' AND (conversation, stage, step) = (?2, ?3, ?4)
      AND id <> ?5
"""
WITHDRAW = """
    UPDATE outbox SET state = 'superseded', settled_at = ?
    WHERE key = ? AND ambiguous = 0 AND (state = 'waiting' OR state = 'undelivered')
"""
BEGIN = "UPDATE outbox SET ambiguous = 1 WHERE id = ? AND state = 'waiting'"
SETTLE = """
    UPDATE outbox SET state = 'sent', ts = ?, settled_at = ?, reason = NULL WHERE id = ? AND state = 'waiting'
    RETURNING kind, conversation
"""
HEAD = "UPDATE conversations SET root_ts = ?, root_channel = ? WHERE id = ?"
RETRY = """
    UPDATE outbox SET attempts = attempts + 1, not_before = ?, ambiguous = ?, reason = ?
    WHERE id = ? AND state = 'waiting'
"""
# A refusal is certain: nothing of it is in Slack.
GIVE_UP = """
    UPDATE outbox SET state = 'undelivered', ambiguous = 0, not_before = NULL, reason = ?, settled_at = ?
    WHERE id = ? AND state = 'waiting'
"""
RESEND = """
    UPDATE outbox SET state = 'waiting', attempts = 0, not_before = NULL, reason = NULL, settled_at = NULL
    WHERE channel = ? AND state = 'undelivered'
"""
ENTRUST = """
    INSERT INTO errands (key, conversation, kind, line, payload, entrusted_at)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
"""
BEGIN_ERRAND = "UPDATE errands SET ambiguous = 1, not_before = ? WHERE id = ? AND state = 'waiting'"
FINISH_ERRAND = """
    UPDATE errands SET state = 'done', settled_at = ?, not_before = NULL, reason = NULL
    WHERE id = ? AND state = 'waiting'
"""
POSTPONE_ERRAND = """
    UPDATE errands SET attempts = attempts + 1, not_before = ?, ambiguous = ?, reason = ?
    WHERE id = ? AND state = 'waiting'
"""
# What an earlier try may have done is not undone by a refusal: the next one looks first.
REFUSE_ERRAND = """
    UPDATE errands SET state = 'refused', not_before = NULL, reason = ?, settled_at = ?
    WHERE id = ? AND state = 'waiting'
"""
REVIVE_ERRANDS = """
    UPDATE errands SET state = 'waiting', attempts = 0, settled_at = NULL
    WHERE state = 'refused'
      AND (SELECT is_open FROM conversations WHERE conversations.id = errands.conversation) = 1
"""
KEEP_IN_TOKENS = """
    INSERT OR REPLACE INTO tokens (id, name, service, steps, digest, created_at, expires_at, revoked_at, used_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
    WHERE NOT EXISTS (SELECT 1 FROM tokens WHERE service = ?3 AND name = ?2 AND revoked_at IS NULL AND id <> ?1)
"""
USE_IN_TOKENS = "UPDATE tokens SET used_at = ? WHERE id = ?"
# A reminder that fired in the stage its conversation is still in has to be known, or it would be set and fire again.
PURGE = (
    "DELETE FROM deliveries WHERE at < ?",
    "DELETE FROM outbox WHERE state IN ('sent', 'superseded') AND settled_at < ?",
    """
    DELETE FROM errands WHERE settled_at < ? AND (state = 'done' OR NOT EXISTS (
        SELECT 1 FROM conversations WHERE conversations.id = errands.conversation AND is_open = 1))
    """,
    """
    DELETE FROM reminders WHERE fired_at < ? AND NOT EXISTS (
        SELECT 1 FROM conversations WHERE id = reminders.conversation
        AND (stage = reminders.stage OR reminders.occasion <> '' AND is_open = 1))
    """,
)


class SQLiteTransaction(SQLiteReader):
    """One intent's reads and writes, within the transaction that the writer began. `news` is what they brought."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._executemany = connection.executemany
        self.news = News()

    def next_number(self, dialogue: str) -> int:
        row = self._one(NEXT_NUMBER, dialogue)
        assert row is not None
        return int(row[0])

    def reply_to(self, delivery: str) -> str | None:
        row = self._one(REPLY_TO, delivery)
        return row[0] if row else None

    def remember(self, delivery: str, reply: str, at: datetime) -> None:
        self._execute(REMEMBER, (delivery, reply, write_moment(at)))

    def replace(self, key: str, reply: str, at: datetime) -> None:
        self._execute(REPLACE, (key, reply, write_moment(at)))

    def save(self, conversation: Conversation, *, is_open: bool) -> None:
        it = conversation
        values = (
            *(it.id, it.dialogue, it.service, it.environment, it.version, write_moment(it.opened_at), it.channel),
            *(it.state, it.stage, it.number, is_open, write_moment(it.since), it.written()),
        )
        try:
            saved = self._execute(SAVE, values).rowcount
        except sqlite3.IntegrityError as error:
            like = self._one(OPEN_LIKE, it.dialogue, it.service, it.environment, it.version, it.id)
            if like is None or not is_open:
                raise
            raise DuplicateError(like[0]) from error
        if not saved:
            raise ContradictionError(f"{it.id} was opened as another conversation than this one ({it.version}).")
        self.news.conversations = True

    def append(self, event: Event) -> None:
        at = write_moment(event.at)
        self._execute(APPEND, (event.conversation, event.number, event.step, event.actor, at, event.written()))

    def enqueue(self, message: Outgoing, at: datetime) -> None:
        it, moment = message, write_moment(at)
        shown = write_json(it.blocks) if it.blocks else "[]"
        values = (it.key, it.conversation or None, it.kind, it.channel, it.text, shown, it.broadcast, it.event)
        added = self._execute(ENQUEUE, (*values, moment))
        if not added.rowcount:
            return
        self.news.lanes.add(it.lane)
        if it.kind == "card":
            # A new row and not a changed one: the older may be on its way to Slack at this moment.
            self._execute(SUPERSEDE_WAITING, (moment, it.conversation, added.lastrowid))
            self._execute(SUPERSEDE_UNDELIVERED, (moment, it.channel, it.conversation, added.lastrowid))

    def set_reminders(self, conversation_id: str, reminders: tuple[Reminder, ...]) -> None:
        wanted = write_json([f"{it.stage}:{it.kind}:{it.step}:{it.occasion}" for it in reminders])
        self._execute(DROP_REMINDERS, (conversation_id, wanted))
        self.add_reminders(reminders)

    def add_reminders(self, reminders: tuple[Reminder, ...]) -> None:
        for it in reminders:
            self._expect(it.due_at)
        self._executemany(SET_REMINDER, [_reminder(it) for it in reminders])

    def _expect(self, due_at: datetime) -> None:
        if self.news.due is None or due_at < self.news.due:
            self.news.due = due_at

    def fire(self, reminder_id: int, at: datetime) -> bool:
        return self._execute(FIRE, (write_moment(at), reminder_id)).rowcount == 1

    def snooze(self, reminder_id: int, until: datetime) -> bool:
        moment = write_moment(until)
        found = self._execute(SNOOZE, (moment, reminder_id)).fetchall()
        if found:
            self._expect(until)
        for of_step in found:
            self._execute(HOLD_BACK, (moment, *of_step, reminder_id))
        return bool(found)

    def withdraw(self, key: str, at: datetime) -> bool:
        return self._execute(WITHDRAW, (write_moment(at), key)).rowcount == 1

    def begin(self, posting_id: int) -> bool:
        return self._execute(BEGIN, (posting_id,)).rowcount == 1

    def settle(self, posting_id: int, ts: str | None, channel: str | None, at: datetime) -> None:
        for kind, conversation in self._execute(SETTLE, (ts, write_moment(at), posting_id)).fetchall():
            if kind == "root" and conversation:
                if not ts or not channel:
                    raise ValueError("A root is settled with its ts and channel, or its thread would have no head.")
                self._execute(HEAD, (ts, channel, conversation))

    def retry(self, posting_id: int, not_before: datetime, *, ambiguous: bool, reason: str) -> None:
        self._execute(RETRY, (write_moment(not_before), ambiguous, reason, posting_id))

    def give_up(self, posting_id: int, reason: str, at: datetime) -> None:
        self._execute(GIVE_UP, (reason, write_moment(at), posting_id))

    def resend(self, channel: str, at: datetime) -> int:
        del at  # they keep their place, and the moment they were enqueued at
        self.news.lanes.update((channel, f"{CARDS}{channel}"))
        return self._execute(RESEND, (channel,)).rowcount

    def entrust(self, errand: Errand, at: datetime) -> None:
        it, payload = errand, write_json(dict(errand.payload))
        self._execute(ENTRUST, (it.key, it.conversation, it.kind, it.line, payload, write_moment(at)))
        self.news.errands = True

    def begin_errand(self, errand_id: int, not_before: datetime) -> bool:
        return self._execute(BEGIN_ERRAND, (write_moment(not_before), errand_id)).rowcount == 1

    def finish_errand(self, errand_id: int, at: datetime) -> bool:
        return self._execute(FINISH_ERRAND, (write_moment(at), errand_id)).rowcount == 1

    def postpone_errand(self, errand_id: int, not_before: datetime, *, ambiguous: bool, reason: str) -> None:
        self._execute(POSTPONE_ERRAND, (write_moment(not_before), ambiguous, reason, errand_id))

    def refuse_errand(self, errand_id: int, reason: str, at: datetime) -> bool:
        return self._execute(REFUSE_ERRAND, (reason, write_moment(at), errand_id)).rowcount == 1

    def revive_errands(self) -> int:
        self.news.errands = True
        return self._execute(REVIVE_ERRANDS).rowcount

    def keep_token(self, token: StoredToken) -> None:
        it = token
        moments = (it.created_at, it.expires_at, it.revoked_at, it.used_at)
        written = (write_moment(moment) if moment else None for moment in moments)
        values = (it.id, it.name, it.service, write_json(it.steps), it.digest, *written)
        if not self._execute(KEEP_IN_TOKENS, values).rowcount:
            raise ContradictionError(f"{it.service} has a token of the name {it.name} already.")

    def use_token(self, token_id: str, at: datetime) -> None:
        self._execute(USE_IN_TOKENS, (write_moment(at), token_id))

    def purge(self, before: datetime) -> int:
        moment = write_moment(before)
        return sum(self._execute(statement, (moment,)).rowcount for statement in PURGE)


def _reminder(it: Reminder) -> tuple[Any, ...]:
    due_at, roles = write_moment(it.due_at), write_json(it.roles)
    return it.conversation, it.kind, it.step, it.stage, due_at, roles, it.occasion
