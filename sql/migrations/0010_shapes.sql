-- 0010_shapes.sql: what the events of each topic looked like when it was last told, so that a change of that is told.
CREATE TABLE herald.shapes (
  topic       text PRIMARY KEY,
  fingerprint text NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE herald.shapes IS 'A fingerprint of each topic''s tables and rules. Where it differs from what is there now, subscribers are told: event `schema`.';

-- A `schema` event in the making: it waits for the end of its transaction, where it is seen whether the shape is another one after
-- all. Its id is drawn before, so that it stands in front of the events that the new shape has in this transaction.
CREATE TABLE herald.reshapes (
  id    bigint PRIMARY KEY DEFAULT nextval('herald.change_id'), -- a key, so that a publication of all tables stands in no way
  topic text NOT NULL
);
CREATE FUNCTION herald.tell_reshape() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; -- functions/reshape.sql
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON herald.reshapes DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION herald.tell_reshape();

-- And the same for what waits there: without an identity no `bulk` could be told under FOR ALL TABLES, and its writer would fail.
ALTER TABLE herald.bulks REPLICA IDENTITY FULL;
