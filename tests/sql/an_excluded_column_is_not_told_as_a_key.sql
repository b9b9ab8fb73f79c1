-- A column that is excluded and part of the primary key: neither `key` nor `left` tell it, whenever it became one of either. The
-- contract says that there is no key, and who watches is warned (e2e/83-doctor).
SET client_min_messages = error;
SELECT plan(12);
CREATE TABLE people (ssn text PRIMARY KEY, team text, n int);
CREATE FUNCTION secret() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%078-05%' $$;
SELECT herald.watch('people', audience => '{team}', exclude => '{ssn}');
INSERT INTO people VALUES ('078-05-1120', 'red', 1);
UPDATE people SET n = 2;
UPDATE people SET team = 'blue';
UPDATE people SET ssn = '078-05-1121';
DELETE FROM people;
SELECT is(test.events(), '{people.insert,people.update,people.update,left,people.delete}', 'a change of nothing but the key is none');
SELECT is(secret(), 0::bigint, 'an excluded key is not told');
SELECT is((SELECT count(*) FROM herald.changes WHERE key IS NULL AND coalesce(data -> 'key', 'null') = 'null'), 5::bigint, 'the key is null');
SELECT is(herald.key_schema(w), '{"type": "null"}', 'as the contract says') FROM herald.watches w;

-- The key comes after.
CREATE TABLE later (id int, ssn text, n int, PRIMARY KEY (id));
SELECT herald.watch('later', exclude => '{ssn}');
ALTER TABLE later DROP CONSTRAINT later_pkey, ADD PRIMARY KEY (id, ssn);
INSERT INTO later VALUES (1, '078-05-1120', 1);
SELECT test.look();
UPDATE later SET n = 2;
SELECT is((SELECT array_agg(key ORDER BY id) FROM herald.changes WHERE topic = 'later' AND event <> 'schema'), ARRAY['{"id": 1}', NULL]::jsonb[], 'a key of two columns is none without one of them');
ALTER TABLE later RENAME ssn TO social;
UPDATE later SET n = 3;
SELECT test.look();
UPDATE later SET n = 4;
SELECT is(secret(), 0::bigint, 'nor when the column gets another name');
SELECT isnt((SELECT faults FROM herald.status), NULL, 'which is a fault');

-- Rules, and what keeps the key.
SELECT herald.watch('later', exclude => '{social}'), herald.rule('later', 'moved', 'update', 'NEW.n > 5');
UPDATE later SET n = 6;
SELECT is(test.last() -> 'key', 'null', 'a rule without data tells no key either');
SELECT herald.unrule('later'), herald.watch('later', exclude => '{}', columns => '{id,n}');
UPDATE later SET n = 7;
SELECT is((SELECT key FROM herald.changes ORDER BY id DESC LIMIT 1), '{"id": 1, "social": "078-05-1120"}', 'columns leaves out of rows, and keeps the key');
SELECT is((SELECT row_now FROM herald.changes ORDER BY id DESC LIMIT 1), '{"id": 1, "n": 7}', 'as ever');

-- Not told, but the way to those who may see it.
TRUNCATE herald.changes;
SELECT herald.watch('people', audience => '{ssn}');
INSERT INTO people VALUES ('078-05-1120', 'red', 1);
SELECT is((SELECT audience FROM herald.changes), '{ssn=078-05-1120}', 'an excluded column may route');
SELECT is((SELECT count(*) FROM herald.changes c WHERE concat(c.data, c.key, c.row_now, c.row_was) LIKE '%078%'), 0::bigint, 'and is told to nobody');
SELECT finish();
