-- A row trigger of the application's that writes to the row again: its change is told behind the one that made it do so,
-- whatever its name. (Triggers fire in the order of their names: digits and capitals come before '_'.)
SELECT plan(4);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE %s SET touched = touched + 1 WHERE id = %s', TG_RELID::regclass, NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION map_of(name text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE things_%1$s (id int PRIMARY KEY, v int, touched int DEFAULT 0);'
                 'CREATE TRIGGER %2$I AFTER INSERT OR UPDATE OF v ON things_%1$s FOR EACH ROW EXECUTE FUNCTION touch()', md5(name), name);
  PERFORM herald.watch(('things_' || md5(name))::regclass, topic => name);
  EXECUTE format('INSERT INTO things_%1$s VALUES (1, 1), (2, 2); UPDATE things_%1$s SET v = 3', md5(name));
  RETURN test.rows(('things_' || md5(name))::regclass);
END $$;
SELECT map_of(n) AS rows FROM unnest('{touch,Touch,10_touch,RI_touch}'::text[]) n \g /dev/null
SELECT is(test.map(n), '[{"v": 3, "id": 1, "touched": 2}, {"v": 3, "id": 2, "touched": 2}]', n) FROM unnest('{touch,Touch,10_touch,RI_touch}'::text[]) n;
SELECT finish();
