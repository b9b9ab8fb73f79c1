-- herald.read(from_tick, after): all changes from a tick on; of that tick only those behind `after`.
SELECT plan(5);
SELECT herald.publish('t', 'e' || g, '{}') FROM generate_series(1, 4) g;
SELECT herald.tick();
SELECT herald.publish('t', 'e' || g, '{}') FROM generate_series(5, 6) g;
SELECT herald.tick();
SELECT min(id) AS first FROM herald.changes \gset
CREATE FUNCTION events(tick bigint, after bigint) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(event), '{}') FROM herald.read(tick, after) $$;

SELECT is(events(0, 0), '{e1,e2,e3,e4,e5,e6}', 'from the beginning: all, in their order by themselves');
SELECT is(events(2, :first + 1), '{e3,e4,e5,e6}', 'from within a tick: the rest of it and what follows');
SELECT is(events(2, :first + 3), '{e5,e6}', 'from the end of a tick: what follows');
SELECT is(events(3, 0), '{e5,e6}', 'from a tick on: it is included');
SELECT is(events(4, 0), '{}', 'ahead of the head: nothing');
SELECT finish();
