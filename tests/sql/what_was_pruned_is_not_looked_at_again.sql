-- While somebody's old snapshot is open, what is pruned stays as dead rows, and no vacuum may take it. Nobody steps over it twice: neither
-- who prunes, nor who looks for the first tick.
SELECT plan(8);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things SELECT generate_series(1, 3000);
SELECT herald.tick();
SELECT dblink_connect('old', test.self());
SELECT dblink_exec('old', 'BEGIN ISOLATION LEVEL REPEATABLE READ');
SELECT * FROM dblink('old', 'SELECT count(*) FROM things') AS r(n bigint);
INSERT INTO herald.ticks SELECT t.id + g, t.snapshot, t.snapshot, t.upto, t.origin, clock_timestamp() - interval '1 day' + g * interval '0.1 ms'
  FROM herald.ticks t, generate_series(1, 50000) g WHERE t.id = 2;
UPDATE herald.ticks SET at = clock_timestamp() - interval '2 days' WHERE id <= 2;
INSERT INTO things VALUES (0);
SELECT is(herald.tick(), 50003::bigint, 'the last of many ticks');
SELECT is(herald.prune('1 hour', 100000), 3000::bigint, 'the rest is pruned, and what it held');
VACUUM herald.ticks, herald.changes;

-- buffers(q): pages that the statement touches, the fewest of five times: now and then it reads the catalog anew, for what another session
-- has just made, or a vacuum.
CREATE FUNCTION buffers(q text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  plan json;
  fewest bigint;
BEGIN
  FOR i IN 1..5 LOOP
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT json) ' || q INTO plan;
    fewest := least(fewest, (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint);
  END LOOP;
  RETURN fewest;
END $$;
SELECT buffers('SELECT min(id) FROM herald.ticks') AS all_of_it \gset
SELECT cmp_ok(:all_of_it::bigint, '>', 300::bigint, 'who begins at the beginning steps over all that is dead');
SELECT cmp_ok(buffers('SELECT herald.prune(''1 hour'')'), '<', 150::bigint, 'who prunes again does not');
SELECT cmp_ok(buffers('SELECT herald.cursor_fault(5)'), '<', 150::bigint, 'nor who comes with an old cursor');
SELECT is(herald.cursor_fault(5), 'expired', 'which is expired');
SELECT cmp_ok(buffers('SELECT herald.first_tick()'), '<', 150::bigint, 'nor who wants all that is retained');
SELECT is((SELECT array_agg(r.event) FROM herald.replay(0, 0, 99999, '{things}', NULL, NULL, NULL, NULL, NULL, 10) r WHERE r.id > 0), '{things.insert}', 'and gets it');
SELECT dblink_exec('old', 'COMMIT');
SELECT finish();
