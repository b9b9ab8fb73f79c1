-- An upgrade of a database in which tables were watched before 0011: their functions get names of their own and stay where they hang,
-- and what was excluded by a name that the column has no more is not told.
SELECT plan(6);
CREATE TABLE users (id int PRIMARY KEY, name text, pw text);
CREATE TABLE parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
CREATE TABLE low PARTITION OF parts DEFAULT;
SELECT herald.watch('users', exclude => '{pw}'), herald.watch('parts');
-- as it was: one number, no tag, and the numbers of excluded columns in the text only
DO $$ DECLARE f record; BEGIN
  FOR f IN SELECT p.oid::regprocedure AS fn, w.id, substring(p.proname FROM '[a-z]+$') AS op FROM herald.watches w JOIN pg_proc p ON p.proname ~ format('^capture_%s_%s_', w.id, w.tag) LOOP
    EXECUTE regexp_replace(pg_get_functiondef(f.fn), 'herald[.]hides[(]''\d+''::pg_catalog.regclass', format('herald.row_without(%s', f.id));
    EXECUTE format('ALTER FUNCTION %s RENAME TO capture_%s_%s', f.fn, f.id, f.op);
  END LOOP;
END $$;
ALTER TABLE herald.watches DROP COLUMN tag, DROP COLUMN hidden;
DROP TABLE herald.untold;
DELETE FROM herald.migrations WHERE version = 11;
ALTER TABLE users RENAME pw TO password;
\ir ../../sql/install.sql
SET client_min_messages = warning;
SET search_path = "$user", public;
INSERT INTO parts VALUES (1, 1);
TRUNCATE low;
SELECT is(test.events(), '{parts.insert,bulk}', 'a watched table goes on, and its partitions');
SELECT is((SELECT count(DISTINCT tag) FROM herald.watches), 2::bigint, 'each watch has a tag');
SELECT is((SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace AND p.proname ~ '^capture_\d+_[a-z]+$'), 0::bigint, 'no function has its former name');
SELECT is((SELECT count(*) FROM pg_trigger t JOIN herald.watches w ON w.target = t.tgrelid WHERE t.tgname ~ '^!herald_'), 9::bigint, 'all triggers are there');
INSERT INTO users VALUES (1, 'ann', 'hush');
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%hush%'), 0::bigint, 'what was excluded is not told under its new name');
SELECT matches((SELECT faults ->> 'users' FROM herald.status), 'excluded column', 'and the operator knows why');
SELECT finish();
