-- Ticks go in bounded steps, as changes do: after a day without a daemon one call would take too long for who waits for it. And while nothing is
-- as old as the retention, nobody looks through all ticks for one that is.
SELECT plan(10);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
-- 30,000 ticks, 10 a second, the last one a moment ago
INSERT INTO herald.ticks SELECT t.id + g, t.snapshot, t.snapshot, t.upto, t.origin, clock_timestamp() - (30001 - g) * interval '0.1 s'
  FROM herald.ticks t, generate_series(1, 30000) g WHERE t.id = 2;
UPDATE herald.ticks SET at = clock_timestamp() - interval '55 min' WHERE id <= 2;
VACUUM ANALYZE herald.ticks;
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
SELECT cmp_ok(buffers('SELECT herald.prune(''1 hour'')'), '<', 150::bigint, 'who finds nothing old has not looked through all');

SELECT is(herald.prune('40 min', 1000), 1000::bigint, 'there is more to do where as many ticks went as may');
SELECT is((SELECT count(*) FROM herald.ticks), 29002::bigint, 'and not more');
SELECT is((SELECT tick FROM herald.pruned), (SELECT min(id) FROM herald.ticks), 'from where the next call goes on');
SELECT is(herald.cursor_fault(500), 'expired', 'a cursor into what is gone is expired');
SELECT is((SELECT count(*) FROM things JOIN herald.changes c ON c.row_now::jsonb ->> 'id' = things.id::text), 0::bigint, 'what the ticks held went with them');
CREATE PROCEDURE prune_all() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..40 LOOP EXIT WHEN herald.prune('40 min', 1000) < 1000; END LOOP; END $$;
CALL prune_all();
SELECT cmp_ok((SELECT min(at) FROM herald.ticks), '>', clock_timestamp() - interval '41 min', 'call after call the rest goes');
SELECT cmp_ok((SELECT count(*) FROM herald.ticks), '>', 23000::bigint, 'and what is young stays');

UPDATE herald.ticks SET at = at - interval '1 day' WHERE id < 29000;
UPDATE herald.ticks SET at = clock_timestamp() + interval '1 day' WHERE id = (SELECT min(id) FROM herald.ticks);
SELECT count(*) AS before FROM herald.ticks \gset
SELECT herald.prune('40 min', 1000);
SELECT is((SELECT count(*) FROM herald.ticks), :before - 1000::bigint, 'a clock that ran ahead when the first was made makes no larger step');
CALL prune_all();
SELECT is((SELECT min(id) FROM herald.ticks), 28999::bigint, 'and keeps nothing');
SELECT finish();
