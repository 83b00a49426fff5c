"""How a database came to its schema, step by step. Migrations are appended, never changed.

`schema.sql` shows where they lead, and a test compares the two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

ACCOUNT = "greenlight"
"""Under which sqlite-utils keeps account of our migrations."""

_FIRST = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    dialogue TEXT NOT NULL,
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    version TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    stage INTEGER NOT NULL,
    number INTEGER NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    opened_at TEXT NOT NULL CHECK (length(opened_at) = 32),
    since TEXT NOT NULL CHECK (length(since) = 32),
    root_ts TEXT,
    root_channel TEXT,
    snapshot TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX conversations_open ON conversations (dialogue, service, environment, version) WHERE is_open = 1;

CREATE INDEX conversations_latest ON conversations (dialogue, opened_at);

CREATE INDEX conversations_found ON conversations (dialogue, service, version);

CREATE INDEX conversations_thread ON conversations (root_channel, root_ts) WHERE root_ts IS NOT NULL;

CREATE TABLE events (
    conversation TEXT NOT NULL REFERENCES conversations (id),
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL CHECK (length(at) = 32),
    event TEXT NOT NULL,
    PRIMARY KEY (conversation, number)
) STRICT;

CREATE TRIGGER events_are_kept BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are append-only: none is deleted');
END;

CREATE TRIGGER events_are_final BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are append-only: none is changed');
END;

CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN NEW.number <> 1 + coalesce((SELECT max(number) FROM events WHERE conversation = NEW.conversation), 0) BEGIN
    SELECT RAISE(ABORT, 'events are numbered without a gap');
END;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    conversation TEXT REFERENCES conversations (id),
    kind TEXT NOT NULL CHECK (kind IN ('root', 'reply', 'card', 'direct')),
    channel TEXT NOT NULL,
    lane TEXT NOT NULL GENERATED ALWAYS AS (iif(kind = 'card', 'card:' || channel, channel)) VIRTUAL,
    line TEXT NOT NULL GENERATED ALWAYS AS (
        CASE kind WHEN 'card' THEN 'card:' WHEN 'direct' THEN channel || ':' ELSE '' END
        || coalesce(conversation, channel)
    ) VIRTUAL,
    event INTEGER NOT NULL DEFAULT 0,
    broadcast INTEGER NOT NULL CHECK (broadcast IN (0, 1)),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'undelivered', 'superseded')),
    enqueued_at TEXT NOT NULL CHECK (length(enqueued_at) = 32),
    not_before TEXT CHECK (length(not_before) = 32),
    attempts INTEGER NOT NULL DEFAULT 0,
    ambiguous INTEGER NOT NULL DEFAULT 0 CHECK (ambiguous IN (0, 1)),
    reason TEXT,
    settled_at TEXT CHECK (length(settled_at) = 32),
    ts TEXT,
    text TEXT NOT NULL,
    blocks TEXT NOT NULL,
    CHECK (conversation IS NOT NULL OR kind IN ('root', 'direct')),
    CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;

CREATE INDEX outbox_lanes ON outbox (lane) WHERE state = 'waiting';

CREATE INDEX outbox_lines ON outbox (line) WHERE state = 'waiting';

CREATE INDEX outbox_retried ON outbox (not_before) WHERE state = 'waiting' AND not_before IS NOT NULL;

CREATE INDEX outbox_undelivered ON outbox (channel) WHERE state = 'undelivered';

CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE reminders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    kind TEXT NOT NULL CHECK (kind IN ('nudge', 'escalation', 'due', 'step')),
    step TEXT NOT NULL,
    stage INTEGER NOT NULL,
    due_at TEXT NOT NULL CHECK (length(due_at) = 32),
    roles TEXT NOT NULL,
    snoozed INTEGER NOT NULL DEFAULT 0,
    put_off_until TEXT CHECK (length(put_off_until) = 32),
    fired_at TEXT CHECK (length(fired_at) = 32),
    UNIQUE (conversation, stage, kind, step)
) STRICT;

CREATE INDEX reminders_waiting ON reminders (due_at) WHERE fired_at IS NULL;

CREATE INDEX reminders_fired ON reminders (fired_at) WHERE fired_at IS NOT NULL;

CREATE TABLE deliveries (
    key TEXT PRIMARY KEY,
    reply TEXT NOT NULL,
    at TEXT NOT NULL CHECK (length(at) = 32)
) STRICT, WITHOUT ROWID;
"""

_OCCASIONS = """
ALTER TABLE reminders RENAME TO reminders_before;

CREATE TABLE reminders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    kind TEXT NOT NULL CHECK (kind IN ('nudge', 'escalation', 'due', 'step', 'tell', 'entry')),
    step TEXT NOT NULL,
    stage INTEGER NOT NULL,
    occasion TEXT NOT NULL DEFAULT '',
    due_at TEXT NOT NULL CHECK (length(due_at) = 32),
    roles TEXT NOT NULL,
    snoozed INTEGER NOT NULL DEFAULT 0,
    put_off_until TEXT CHECK (length(put_off_until) = 32),
    fired_at TEXT CHECK (length(fired_at) = 32),
    UNIQUE (conversation, stage, kind, step, occasion)
) STRICT;

INSERT INTO reminders (id, conversation, kind, step, stage, due_at, roles, snoozed, put_off_until, fired_at)
SELECT id, conversation, kind, step, stage, due_at, roles, snoozed, put_off_until, fired_at FROM reminders_before;

DELETE FROM sqlite_sequence WHERE name = 'reminders';

UPDATE sqlite_sequence SET name = 'reminders' WHERE name = 'reminders_before';

DROP TABLE reminders_before;

CREATE INDEX reminders_waiting ON reminders (due_at) WHERE fired_at IS NULL;

CREATE INDEX reminders_fired ON reminders (fired_at) WHERE fired_at IS NOT NULL;
"""

# SQLite puts a list of three and more into a table of its own at every insert; comparisons cost a quarter less.
_COMPARISONS = """
ALTER TABLE outbox RENAME TO outbox_before;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    conversation TEXT REFERENCES conversations (id),
    kind TEXT NOT NULL CHECK (kind = 'root' OR kind = 'reply' OR kind = 'card' OR kind = 'direct'),
    channel TEXT NOT NULL,
    lane TEXT NOT NULL GENERATED ALWAYS AS (iif(kind = 'card', 'card:' || channel, channel)) VIRTUAL,
    line TEXT NOT NULL GENERATED ALWAYS AS (
        CASE kind WHEN 'card' THEN 'card:' WHEN 'direct' THEN channel || ':' ELSE '' END
        || coalesce(conversation, channel)
    ) VIRTUAL,
    event INTEGER NOT NULL DEFAULT 0,
    broadcast INTEGER NOT NULL CHECK (broadcast IN (0, 1)),
    state TEXT NOT NULL DEFAULT 'waiting'
        CHECK (state = 'waiting' OR state = 'sent' OR state = 'undelivered' OR state = 'superseded'),
    enqueued_at TEXT NOT NULL CHECK (length(enqueued_at) = 32),
    not_before TEXT CHECK (length(not_before) = 32),
    attempts INTEGER NOT NULL DEFAULT 0,
    ambiguous INTEGER NOT NULL DEFAULT 0 CHECK (ambiguous IN (0, 1)),
    reason TEXT,
    settled_at TEXT CHECK (length(settled_at) = 32),
    ts TEXT,
    text TEXT NOT NULL,
    blocks TEXT NOT NULL,
    CHECK (conversation IS NOT NULL OR kind IN ('root', 'direct')),
    CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;

INSERT INTO outbox (id, key, conversation, kind, channel, event, broadcast, state, enqueued_at, not_before, attempts,
    ambiguous, reason, settled_at, ts, text, blocks)
SELECT id, key, conversation, kind, channel, event, broadcast, state, enqueued_at, not_before, attempts, ambiguous,
    reason, settled_at, ts, text, blocks
FROM outbox_before;

DELETE FROM sqlite_sequence WHERE name = 'outbox';

UPDATE sqlite_sequence SET name = 'outbox' WHERE name = 'outbox_before';

DROP TABLE outbox_before;

CREATE INDEX outbox_lanes ON outbox (lane) WHERE state = 'waiting';

CREATE INDEX outbox_lines ON outbox (line) WHERE state = 'waiting';

CREATE INDEX outbox_retried ON outbox (not_before) WHERE state = 'waiting' AND not_before IS NOT NULL;

CREATE INDEX outbox_undelivered ON outbox (channel) WHERE state = 'undelivered';

CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

ALTER TABLE reminders RENAME TO reminders_before;

CREATE TABLE reminders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    kind TEXT NOT NULL CHECK (
        kind = 'nudge' OR kind = 'escalation' OR kind = 'due' OR kind = 'step' OR kind = 'tell' OR kind = 'entry'
    ),
    step TEXT NOT NULL,
    stage INTEGER NOT NULL,
    occasion TEXT NOT NULL DEFAULT '',
    due_at TEXT NOT NULL CHECK (length(due_at) = 32),
    roles TEXT NOT NULL,
    snoozed INTEGER NOT NULL DEFAULT 0,
    put_off_until TEXT CHECK (length(put_off_until) = 32),
    fired_at TEXT CHECK (length(fired_at) = 32),
    UNIQUE (conversation, stage, kind, step, occasion)
) STRICT;

INSERT INTO reminders (id, conversation, kind, step, stage, occasion, due_at, roles, snoozed, put_off_until, fired_at)
SELECT id, conversation, kind, step, stage, occasion, due_at, roles, snoozed, put_off_until, fired_at
FROM reminders_before;

DELETE FROM sqlite_sequence WHERE name = 'reminders';

UPDATE sqlite_sequence SET name = 'reminders' WHERE name = 'reminders_before';

DROP TABLE reminders_before;

CREATE INDEX reminders_waiting ON reminders (due_at) WHERE fired_at IS NULL;

CREATE INDEX reminders_fired ON reminders (fired_at) WHERE fired_at IS NOT NULL;
"""

_ERRANDS = """
CREATE TABLE errands (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    kind TEXT NOT NULL,
    line TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state = 'waiting' OR state = 'done' OR state = 'refused'),
    entrusted_at TEXT NOT NULL CHECK (length(entrusted_at) = 32),
    not_before TEXT CHECK (length(not_before) = 32),
    attempts INTEGER NOT NULL DEFAULT 0,
    ambiguous INTEGER NOT NULL DEFAULT 0 CHECK (ambiguous IN (0, 1)),
    reason TEXT,
    settled_at TEXT CHECK (length(settled_at) = 32),
    CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;

CREATE INDEX errands_lines ON errands (line, id) WHERE state = 'waiting';

CREATE INDEX errands_refused ON errands (conversation) WHERE state = 'refused';

CREATE INDEX errands_settled ON errands (settled_at) WHERE settled_at IS NOT NULL;
"""

_TOKENS = """
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    service TEXT NOT NULL,
    steps TEXT NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    created_at TEXT NOT NULL CHECK (length(created_at) = 32),
    expires_at TEXT CHECK (length(expires_at) = 32),
    revoked_at TEXT CHECK (length(revoked_at) = 32),
    used_at TEXT CHECK (length(used_at) = 32)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX tokens_named ON tokens (service, name) WHERE revoked_at IS NULL;
"""

_ALIKE = """
DROP INDEX conversations_open;

CREATE INDEX conversations_open ON conversations (dialogue, service, environment, version) WHERE is_open = 1;

CREATE UNIQUE INDEX conversations_alike ON conversations (dialogue, service, environment, version)
WHERE is_open = 1 AND state <> 'awaiting_closure' AND state <> 'awaiting_postmortem';
"""

MIGRATIONS: Mapping[str, str] = MappingProxyType(
    {
        "first_schema": _FIRST,
        "reminder_occasions": _OCCASIONS,
        "compared_kinds": _COMPARISONS,
        "errands": _ERRANDS,
        "tokens": _TOKENS,
        "alike": _ALIKE,
    }
)
"""Name to SQL, in the order in which they are applied."""


def applied(connection: sqlite3.Connection) -> frozenset[str]:
    """The names of the migrations that a database has had; none for a new file."""
    kept = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations'").fetchone()
    if kept is None:
        return frozenset()
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (ACCOUNT,))
    return frozenset(name for (name,) in rows)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to the present schema. A migration that fails leaves nothing of itself behind."""
    from sqlite_utils import Database, Migrations  # noqa: PLC0415 - 60 ms; paid by a start that has something to do

    migrations = Migrations(ACCOUNT)
    for name, sql in MIGRATIONS.items():
        migrations(name=name)(_step(sql))
    migrations.apply(Database(connection))


def _step(sql: str) -> Callable[[Database], None]:
    def step(database: Database) -> None:
        # Statement by statement within the migration's transaction; sqlite3's own executescript would commit it.
        database.executescript(sql)

    return step
