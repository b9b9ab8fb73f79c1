-- 0001_log.sql: the change log, its ticks, and what is configured.

-- A writer draws ids while it holds the lock of its row. So for one row they rise in the order of
-- commits. CACHE 1 keeps it so.
CREATE SEQUENCE herald.change_id CACHE 1;

CREATE TABLE herald.changes (
  id       bigint NOT NULL DEFAULT nextval('herald.change_id'),
  -- the writer's transaction. Ticks are made of it
  xid      xid8   NOT NULL DEFAULT pg_current_xact_id(),
  topic    text   NOT NULL,
  event    text   NOT NULL,
  -- routing keys, 'column=value'. '*' alone: everyone on the topic. A NULL element: nobody
  audience text[] NOT NULL,
  unless   text[], -- of `left`: not for those whose keys match this too
  key      jsonb,            -- the row's primary key, {"column": value}
  data     jsonb  NOT NULL
);
-- The one index: ticks are ranges of xid, and within one transaction a page starts at an id.
CREATE INDEX changes_by_xid ON herald.changes (xid, id);
COMMENT ON TABLE herald.changes IS 'One row an event. Read it through herald.read and herald.replay: only they know what is visible, and in which order.';

CREATE TABLE herald.ticks (
  id       bigint PRIMARY KEY,
  since    pg_snapshot NOT NULL, -- the tick holds what is visible in snapshot and was not in since
  snapshot pg_snapshot NOT NULL,
  -- no change of this tick has a higher id: <id>-<upto> is the cursor after it
  upto     bigint NOT NULL,
  origin   text   NOT NULL,      -- system identifier and timeline of the cluster that made it
  at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE herald.ticks IS 'The total order: batches of changes as differences of two snapshots (PgQ). Written only by herald.tick().';

-- The first tick holds nothing. Cursors start after it. At the end of the installation
-- herald.origin() says its origin.
INSERT INTO herald.ticks (id, since, snapshot, upto, origin) VALUES (1, pg_current_snapshot(), pg_current_snapshot(), 0, 'new');

CREATE TABLE herald.watches (
  -- a part of the trigger function's name. Survives dump and restore
  id       int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target   regclass NOT NULL UNIQUE,
  topic    text     NOT NULL,
  audience text[]   NOT NULL,
  columns  text[],
  exclude  text[]   NOT NULL
);

CREATE TABLE herald.rules (
  id        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target    regclass NOT NULL REFERENCES herald.watches (target) ON DELETE CASCADE,
  event     text     NOT NULL,
  operation text     NOT NULL CHECK (operation IN ('insert', 'update', 'delete', 'truncate', 'any')),
  condition text     NOT NULL,
  data      text,
  CONSTRAINT rules_meaning UNIQUE (target, event, operation, condition)
);

CREATE TABLE herald.streams (
  path      text PRIMARY KEY,
  topics    text[]  NOT NULL,
  match     jsonb   NOT NULL,
  events    text[],
  require   jsonb   NOT NULL,
  authorize text,
  snapshot  text,
  format    text    NOT NULL CHECK (format IN ('named', 'message')),
  sealed    boolean NOT NULL,
  anonymous boolean NOT NULL
);

CREATE FUNCTION herald.ring_streams() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.pg_notify('herald_streams', '');
  RETURN NULL;
END $$;
CREATE TRIGGER ring AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON herald.streams
  FOR EACH STATEMENT EXECUTE FUNCTION herald.ring_streams();
