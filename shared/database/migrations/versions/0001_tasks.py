"""Tasks, their logs, idempotency keys, replicas, readers, steps and vendor slots."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = """
CREATE TABLE task (
    id text PRIMARY KEY,
    kind text NOT NULL,
    owner text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'queued',
    demo boolean NOT NULL DEFAULT false,
    request text NOT NULL,
    result text,
    message text,
    error text,
    error_code text,
    current integer,
    total integer,
    cancel_requested boolean NOT NULL DEFAULT false,
    parent text,
    vendor_task_id text,
    dispatched boolean NOT NULL DEFAULT false,
    writer text,
    last_event_id bigint NOT NULL DEFAULT 0,
    closed boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
CREATE INDEX task_newest ON task (created_at DESC, id DESC);
CREATE INDEX task_parent ON task (parent) WHERE parent IS NOT NULL;
CREATE INDEX task_vendor ON task (vendor_task_id) WHERE vendor_task_id IS NOT NULL;
CREATE INDEX task_expiring ON task (updated_at) WHERE closed;
CREATE INDEX task_undispatched ON task (kind, created_at) WHERE NOT dispatched;
CREATE INDEX task_open ON task (kind, owner) WHERE NOT closed;

CREATE TABLE secret (
    name text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE event (
    task_id text NOT NULL,
    seq bigint NOT NULL,
    name text,
    data text NOT NULL,
    key text,
    last boolean NOT NULL DEFAULT false,
    PRIMARY KEY (task_id, seq)
);
CREATE UNIQUE INDEX event_once ON event (task_id, key) WHERE key IS NOT NULL;

CREATE TABLE idempotency (
    endpoint text NOT NULL,
    owner text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    task_id text NOT NULL REFERENCES task ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (endpoint, owner, key)
);
CREATE INDEX idempotency_task ON idempotency (task_id);

CREATE TABLE replica (
    id text PRIMARY KEY,
    service text NOT NULL,
    beat timestamptz NOT NULL
);

CREATE TABLE reader (
    id text PRIMARY KEY,
    task_id text NOT NULL,
    replica_id text NOT NULL REFERENCES replica ON DELETE CASCADE
);
CREATE INDEX reader_task ON reader (task_id);

CREATE TABLE step (
    task_id text NOT NULL,
    name text NOT NULL,
    nonce text NOT NULL,
    outcome text,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (task_id, name)
);

CREATE TABLE picture (
    key text NOT NULL,
    task_id text NOT NULL,
    PRIMARY KEY (key, task_id)
);
CREATE INDEX picture_task ON picture (task_id);

CREATE TABLE slot (
    task_id text PRIMARY KEY,
    account text NOT NULL,
    priority integer NOT NULL,
    number integer,
    enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
    granted_at timestamptz,
    release_at timestamptz
);
CREATE INDEX slot_account ON slot (account, priority, enqueued_at);

CREATE TABLE account (
    name text PRIMARY KEY,
    slots integer NOT NULL,
    reduced_to integer,
    reduced_until timestamptz,
    mean_seconds double precision NOT NULL DEFAULT 0
);
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE secret, account, slot, picture, step, reader, replica, idempotency, event, task")
