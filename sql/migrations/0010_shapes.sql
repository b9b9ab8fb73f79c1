-- 0010_shapes.sql: what the events of each topic looked like when that was last told. So a change
-- of it is told.
CREATE TABLE herald.shapes (
  topic       text PRIMARY KEY,
  fingerprint text NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE herald.shapes IS 'A fingerprint of each topic''s tables and rules. Where it differs from what is there now, subscribers are told: event `schema`.';

-- A `schema` event in the making. It waits for the end of its transaction, and is told if the shape
-- is really another one then.
-- Its id is drawn before, so that it comes before the events that have the new shape in this
-- transaction.
CREATE TABLE herald.reshapes (
  -- a key, so that a publication of all tables does not stand in the way
  id    bigint PRIMARY KEY DEFAULT nextval('herald.change_id'),
  topic text NOT NULL
);
CREATE FUNCTION herald.tell_reshape() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; -- functions/reshape.sql
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON herald.reshapes DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION herald.tell_reshape();

-- herald.bulks gets an identity for the same reason. Without it no `bulk` could be told under FOR
-- ALL TABLES, and its writer would fail.
ALTER TABLE herald.bulks REPLICA IDENTITY FULL;
