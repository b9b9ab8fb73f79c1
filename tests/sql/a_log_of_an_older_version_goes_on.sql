-- install.sql on a database of schema version 1: what is in its log is delivered as it was written, and writers go on.
SELECT plan(9);
CREATE TABLE things (id int PRIMARY KEY, a int);
CREATE TABLE gone (id int);
DROP SCHEMA herald CASCADE;
BEGIN;
\ir ../../sql/begin.sql
\ir ../../sql/migrations/0001_log.sql
INSERT INTO herald.migrations (version, name) VALUES (1, '0001_log');
INSERT INTO herald.watches (target, topic, audience, exclude) VALUES ('things', 'things', '{}', '{}'), ('gone', 'gone', '{}', '{}');
-- As version 1 made it: with the key, and all of the data, of functions that are no more.
CREATE FUNCTION herald.names(object jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_object_keys(object) k $$;
CREATE FUNCTION herald.capture_1() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO herald.changes (topic, event, audience, key, data) VALUES ('things', 'things.insert', '{}', jsonb_build_object('id', NEW.id),
    jsonb_build_object('op', 'insert', 'table', 'public.things', 'key', jsonb_build_object('id', NEW.id), 'row', to_jsonb(NEW), 'old', NULL,
                       'changed', herald.names('{}')));
  RETURN NULL;
END $$;
CREATE TRIGGER _herald_insert_delete AFTER INSERT OR DELETE ON things FOR EACH ROW EXECUTE FUNCTION herald.capture_1();
COMMIT;
INSERT INTO things VALUES (1, 10);
DROP TABLE gone;
CREATE TABLE before AS SELECT id, data FROM herald.changes;

\ir ../../sql/install.sql
SELECT is((SELECT array_agg(version ORDER BY version) FROM herald.migrations), '{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19}', 'the later migrations are applied');
SELECT is((SELECT wake FROM herald.status), 'adaptive', 'the setting is the default one');
SELECT is(test.last(), (SELECT data FROM before), 'the data of an old event stays as it was written');
SELECT is(herald.tick(), 2::bigint, 'a tick delivers it');
SELECT results_eq('SELECT data::jsonb, key, row_now, row_was FROM herald.read(2)', 'SELECT data, NULL, NULL, NULL FROM before',
  'with nothing that a reader would add to it');
SELECT lives_ok('INSERT INTO things VALUES (2, 20)', 'writers go on');
SELECT is(test.last(), '{"op": "insert", "table": "public.things", "key": {"id": 2}, "row": {"id": 2, "a": 20}, "old": null, "changed": []}',
  'and their events are whole');
SELECT ok((SELECT row_now IS NOT NULL FROM herald.changes ORDER BY id DESC LIMIT 1), 'and of the new kind');
SELECT is((SELECT count(*) FROM herald.watches), 2::bigint, 'a watched table that has been dropped stands in nobody''s way');
SELECT finish();
