-- The database as all migrations leave it; a test compares the two. Moments are UTC in ISO 8601 with microseconds,
-- 32 characters, so that they sort as text. Kinds are compared one by one: SQLite puts a list of three and more into a
-- table of its own at every insert.

-- One row a dialogue: its snapshot as JSON, and beside it what is searched for. `root_ts` is the head of its thread.
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

CREATE INDEX conversations_open ON conversations (dialogue, service, environment, version) WHERE is_open = 1;

-- Two people who open the same thing at once: the database lets one of them. A rollback that was verified, and waits for
-- its records alone, stands in nobody's way: the version may have been released again.
CREATE UNIQUE INDEX conversations_alike ON conversations (dialogue, service, environment, version)
WHERE is_open = 1 AND state <> 'awaiting_closure' AND state <> 'awaiting_postmortem';

CREATE INDEX conversations_latest ON conversations (dialogue, opened_at);

CREATE INDEX conversations_found ON conversations (dialogue, service, version);

CREATE INDEX conversations_thread ON conversations (root_channel, root_ts) WHERE root_ts IS NOT NULL;

-- What happened, for ever.
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

-- What is to be said: `waiting` until it is `sent`, or `undelivered` because Slack refuses it, or `superseded` by a
-- newer card. Of a `lane` one is sent at a time; of a `line` none overtakes another.
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

CREATE INDEX outbox_lanes ON outbox (lane) WHERE state = 'waiting';

CREATE INDEX outbox_lines ON outbox (line) WHERE state = 'waiting';

CREATE INDEX outbox_retried ON outbox (not_before) WHERE state = 'waiting' AND not_before IS NOT NULL;

CREATE INDEX outbox_undelivered ON outbox (channel) WHERE state = 'undelivered';

CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

-- What happens by itself. A row that fired stays, so that it is not set again for its stage; ids are never used twice,
-- since buttons name them. One with an `occasion` belongs to no stage (its stage is 0).
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

CREATE INDEX reminders_waiting ON reminders (due_at) WHERE fired_at IS NULL;

CREATE INDEX reminders_fired ON reminders (fired_at) WHERE fired_at IS NOT NULL;

-- Requests that were carried out, by their key, with what was answered: a repeat changes nothing.
CREATE TABLE deliveries (
    key TEXT PRIMARY KEY,
    reply TEXT NOT NULL,
    at TEXT NOT NULL CHECK (length(at) = 32)
) STRICT, WITHOUT ROWID;

-- What is to be done outside: `waiting` until it is `done`, or `refused` by the service it was for. Of a `line` one is
-- done after another.
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

-- Pipelines' tokens for the HTTP API: a digest of each secret, never the secret; `steps` is a JSON array of what it is
-- good for.
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
