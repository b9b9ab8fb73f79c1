-- With a day of ticks, some million, an upgrade would be held up by reading all of them: it looks at the ends of the log only.
SELECT plan(1);
INSERT INTO herald.ticks SELECT t.id + g, t.snapshot, t.snapshot, t.upto, t.origin, clock_timestamp() FROM herald.ticks t, generate_series(1, 20000) g WHERE t.id = 1;
VACUUM ANALYZE herald.ticks;
BEGIN;
\ir ../../sql/functions/own_rows.sql
SELECT cmp_ok((SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = 'herald.ticks'::regclass), '<', 100::bigint, 'what is installed last reads few ticks');
COMMIT;
SELECT finish();
