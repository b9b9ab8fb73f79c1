-- herald.prune deletes at most so many changes a call, oldest first, and never what belongs to a tick that stays.
SELECT plan(10);
CREATE TABLE things (id int);
SELECT herald.watch('things');
SELECT dblink_connect('late', test.self());
SELECT dblink_exec('late', 'BEGIN'), dblink_exec('late', 'INSERT INTO things VALUES (-1)');
INSERT INTO things SELECT generate_series(1, 10);
SELECT herald.tick();
INSERT INTO things VALUES (11);
SELECT herald.tick();
SELECT dblink_exec('late', 'COMMIT');
SELECT herald.tick();
UPDATE herald.ticks SET at = at - interval '2 days' WHERE id < 4;

SELECT is(herald.prune('1 day', 4), 4::bigint, 'the first call takes as many as it may');
SELECT is(herald.cursor_fault(2), 'expired', 'cursors into what is half gone are found out at once');
SELECT is(herald.prune('1 day', 4), 4::bigint, 'the next takes as many');
SELECT is(herald.prune('1 day', 4), 2::bigint, 'the last the rest');
SELECT is(herald.prune('1 day', 4), 0::bigint, 'then nothing is left to take');
SELECT is((SELECT array_agg(row_now::jsonb ->> 'id') FROM herald.read(3)), '{11,-1}',
  'what was written early and committed late belongs to its late tick, and stays with it');

SELECT dblink_exec('late', 'BEGIN'), dblink_exec('late', 'INSERT INTO things VALUES (-2)');
INSERT INTO things VALUES (12);
SELECT herald.prune('0 seconds');
SELECT dblink_exec('late', 'COMMIT');
SELECT is(herald.tick(), 5::bigint, 'what is open or in no tick yet while pruning is still to come');
SELECT is((SELECT array_agg(row_now::jsonb ->> 'id') FROM herald.read(5)), '{-2,12}', 'and is all there');

-- clocks
UPDATE herald.ticks SET at = clock_timestamp() + interval '1 year' WHERE id = (SELECT min(id) FROM herald.ticks);
INSERT INTO things VALUES (13);
SELECT herald.tick();
UPDATE herald.ticks SET at = clock_timestamp() - interval '2 days' WHERE id = 5;
SELECT cmp_ok(herald.prune('1 day'), '>', 0::bigint, 'a clock that ran ahead when the first tick was made keeps nothing');
INSERT INTO things VALUES (14);
SELECT herald.tick();
INSERT INTO things VALUES (15);
SELECT herald.tick();
UPDATE herald.ticks SET at = CASE id WHEN 6 THEN clock_timestamp() + interval '1 year' ELSE clock_timestamp() - interval '2 days' END WHERE id < 8;
SELECT herald.prune('1 day');
SELECT is((SELECT min(id) FROM herald.ticks), 7::bigint, 'nor one of a later tick');
SELECT finish();
