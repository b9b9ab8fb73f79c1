-- 0013_ddl.sql: ordinary maintenance of the database stops no tick, and what it does is told.
-- The view is the lock of those who make ticks. It is a view because nobody's VACUUM, ANALYZE or
-- REINDEX locks one.
CREATE VIEW herald.ticking AS SELECT 1 AS nothing;
COMMENT ON VIEW herald.ticking IS 'Locked by herald.tick() while it makes a tick; there is nothing in it.';

DROP FUNCTION IF EXISTS herald.watch_partitions(herald.watches);

-- What each watched table consisted of when that was last looked at. So what DDL takes away or
-- brings is told.
CREATE TABLE herald.extents (
  watch    int  PRIMARY KEY REFERENCES herald.watches (id) ON DELETE CASCADE,
  schema   name NOT NULL, -- the name it was watched by
  name     name NOT NULL,
  namesake oid,           -- another table that has this name now
  -- itself, partitions, children by INHERITS. Not regclass, because a dump would name what is gone
  tables   oid[] NOT NULL
);
COMMENT ON TABLE herald.extents IS 'What each watched table consisted of at the last look. Where it is otherwise now, subscribers are told: event bulk, reason ddl.';

-- It has one row until a crash. Watched tables that are UNLOGGED have their rows as long.
CREATE UNLOGGED TABLE herald.survivor (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO herald.survivor DEFAULT VALUES;

-- A watch can go over to another table, which has the name now. Its rules go with it.
ALTER TABLE herald.rules DROP CONSTRAINT rules_target_fkey,
  ADD CONSTRAINT rules_target_fkey FOREIGN KEY (target) REFERENCES herald.watches (target) ON UPDATE CASCADE ON DELETE CASCADE;
