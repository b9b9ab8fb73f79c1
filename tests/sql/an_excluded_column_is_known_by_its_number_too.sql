-- Names of columns may be swapped, or given to a column that is made again. What was excluded by a name is not told by another one, from
-- the very next change on, and whatever the isolation of the writer.
SELECT plan(17);
CREATE TABLE users (id int PRIMARY KEY, ssn text, masked text);
CREATE TABLE named (id int PRIMARY KEY, ssn text, masked text);
CREATE TABLE parted (id int, masked text, ssn text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part (ssn text, id int NOT NULL, masked text, PRIMARY KEY (id));
ALTER TABLE parted ATTACH PARTITION part DEFAULT;
SELECT herald.watch('users', exclude => '{ssn}'), herald.watch('named', columns => '{id,masked}', exclude => '{ssn}'), herald.watch('parted', exclude => '{ssn}');
CREATE PROCEDURE swap(target regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %1$s RENAME ssn TO x; ALTER TABLE %1$s RENAME masked TO ssn; ALTER TABLE %1$s RENAME x TO masked', target);
END $$;
CREATE FUNCTION leaks() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%hush%' $$;

-- This session has its plans, and another one swaps the names.
INSERT INTO users VALUES (1, 'hush', '***');
INSERT INTO named VALUES (1, 'hush', '***');
INSERT INTO parted VALUES (1, '***', 'hush');
SELECT is(leaks(), 0::bigint, 'an excluded column is not told');
SELECT is(test.events(), '{users.insert,named.insert,parted.insert}', 'and the rest is');
SELECT dblink_connect('other', test.self()), dblink_exec('other', 'CALL swap(''users''); CALL swap(''named''); CALL swap(''parted'')');
UPDATE users SET id = 2;
UPDATE named SET id = 2;
UPDATE parted SET id = 2;
SELECT is(leaks(), 0::bigint, 'swapped names do not make it known');
SELECT is((SELECT count(*) FROM herald.untold), 3::bigint, 'the topics get bulk');
SELECT is((SELECT count(*) FROM jsonb_each_text((SELECT faults FROM herald.status)) f WHERE f.value LIKE 'an excluded column (ssn) was renamed%'), 3::bigint, 'and the operator is told why');
SELECT test.look();
UPDATE users SET id = 3;
SELECT is(leaks(), 0::bigint, 'so it is after a look');
SELECT dblink_exec('other', 'CALL swap(''users'')');
SELECT test.look();
UPDATE users SET id = 4;
SELECT is(test.last() -> 'row', '{"id": 4, "masked": "***"}', 'names that are swapped back are good again');

-- a snapshot that is older than the names
SELECT herald.watch('users', exclude => '{ssn}');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM named;
SELECT dblink_exec('other', 'CALL swap(''users'')');
UPDATE users SET id = 5;
COMMIT;
SELECT is(leaks(), 0::bigint, 'an older snapshot does not make it known');
BEGIN;
CALL swap('users');
UPDATE users SET id = 6;
SELECT is(test.last() -> 'row', '{"id": 6, "masked": "***"}', 'the transaction that alters is told by the names that it has given');
CALL swap('users');
UPDATE users SET id = 7;
COMMIT;
SELECT is(leaks(), 0::bigint, 'from row to row');
SELECT dblink_exec('other', 'CALL swap(''users'')');

-- dropped, and made again
DELETE FROM herald.changes;
ALTER TABLE users DROP COLUMN ssn;
INSERT INTO users VALUES (11, 'open');
SELECT is(test.last() -> 'row', '{"id": 11, "masked": "open"}', 'a column that is gone is no fault');
ALTER TABLE users ADD COLUMN ssn text;
INSERT INTO users VALUES (12, 'open', 'hush');
SELECT is(test.last() -> 'row', '{"id": 12, "masked": "open"}', 'one of its name is excluded');
SELECT test.look();
SELECT is((SELECT hidden FROM herald.watches WHERE target = 'users'::regclass), '{2,4}', 'after a look also by its number');
ALTER TABLE users RENAME ssn TO tax_number;
INSERT INTO users VALUES (13, 'open', 'hush');
SELECT test.look();
INSERT INTO users VALUES (14, 'open', 'hush');
SELECT is(leaks(), 0::bigint, 'so another name does not make it known');
SELECT herald.watch('users', exclude => '{tax_number}');
INSERT INTO users VALUES (15, 'open', 'hush');
SELECT is(test.last() -> 'row', '{"id": 15, "masked": "open"}', 'watched anew it is told without it');
SELECT is((SELECT hidden FROM herald.watches WHERE target = 'users'::regclass), '{4}', 'which knows nothing of the former ones');
SELECT is(leaks(), 0::bigint, 'nothing of it was told at any time');
SELECT finish();
