-- A stream that begins with a state. Its snapshot function runs in a transaction with one snapshot
-- of the database. The changes that follow are those which that snapshot does not see.
-- Ticks are cut elsewhere, so two things are noted:
--   tick  the last tick that the snapshot sees. A tick commits after what it holds, so all of this
--         tick and of earlier ones is in the state
--   seen  transactions of later ticks that it sees as well
-- Their rows in the log tell these, and no comparison of ids does. A hot standby does not know
-- which transactions run, and ids of a subscription's publisher mean nothing here.

-- herald.snapshot(path, claims, params, most_bytes): begins the state of a stream.
-- It opens the cursor herald_items, in which each row is an item as text.
-- It is the last statement before the cursor is read, in the same transaction, which is REPEATABLE
-- READ.
--   most_bytes  bytes of text that the caller takes of an item. Reading the cursor fails at a
--               longer one. NULL: any
-- It returns where the state stands:
--   tick, upto  <tick>-<upto>: the cursor of the last tick
--   told        the last tick that holds changes, up to tick. 0: none is retained
--   seen        transactions of later ticks that are in the state too. NULL: none
-- The claims are also at request.jwt.claims, so that row security policies can use them. Times,
-- numbers and bytes are written as in events, to the end of the transaction (herald.fix_settings).
-- Runs with the caller's rights.
CREATE OR REPLACE FUNCTION herald.snapshot(path text, claims jsonb, params jsonb, most_bytes bigint DEFAULT NULL,
  OUT tick bigint, OUT upto bigint, OUT told bigint, OUT seen xid8[])
LANGUAGE plpgsql AS $$
DECLARE
  fn text;
  last herald.ticks;
  items refcursor := 'herald_items';
BEGIN
  IF pg_catalog.current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'pgherald: herald.snapshot() needs REPEATABLE READ' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  SELECT s.snapshot INTO fn FROM herald.streams s WHERE s.path = snapshot.path;
  SELECT t.* INTO last FROM herald.ticks t ORDER BY t.id DESC LIMIT 1;
  IF fn IS NULL OR last.id IS NULL OR NOT herald.complete() THEN
    RAISE EXCEPTION 'pgherald: %', CASE WHEN fn IS NULL THEN 'stream ' || path || ' has no snapshot' ELSE 'the log has not arrived here yet' END
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  tick := last.id;
  upto := last.upto;
  told := coalesce((SELECT t.id FROM herald.ticks t WHERE t.id >= (herald.first_tick()).id AND t.since::text <> t.snapshot::text ORDER BY t.id DESC LIMIT 1), 0);
  SELECT pg_catalog.array_agg(n) INTO seen FROM herald.newer(last.snapshot) n;
  PERFORM pg_catalog.set_config('request.jwt.claims', claims::text, true), herald.fix_settings();
  OPEN items NO SCROLL FOR EXECUTE 'SELECT CASE WHEN pg_catalog.octet_length(s.t) > $3 THEN herald.refuse_item(pg_catalog.octet_length(s.t), $3) ELSE s.t END AS i'
    ' FROM (SELECT i::text AS t FROM ' || fn || '($1, $2) i OFFSET 0) s' USING claims, params, most_bytes;
END $$;

-- herald.refuse_item(bytes, most): raises for an item of a state that is longer than its reader
-- takes.
CREATE OR REPLACE FUNCTION herald.refuse_item(bytes bigint, most bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RAISE EXCEPTION 'an item of the state takes % bytes of text, and no more than % fit: let the function make smaller items, or raise log-size', bytes, most
    USING ERRCODE = 'program_limit_exceeded';
END $$;

-- herald.newer(than): the transactions whose changes are visible now and are in no tick up to this
-- snapshot.
CREATE OR REPLACE FUNCTION herald.newer(than pg_snapshot) RETURNS SETOF xid8
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  follows boolean := herald.follows();
BEGIN
  RETURN QUERY
  WITH RECURSIVE found(x) AS ( -- a step in the index for each, however many changes it has
    SELECT (SELECT c.xid FROM herald.changes c WHERE c.xid >= pg_snapshot_xmax(than) ORDER BY c.xid LIMIT 1)
    UNION ALL
    SELECT (SELECT c.xid FROM herald.changes c WHERE c.xid > found.x ORDER BY c.xid LIMIT 1) FROM found WHERE found.x IS NOT NULL)
  SELECT x FROM found WHERE x IS NOT NULL
  UNION ALL
  -- where a transaction is known to be open, not all its rows are looked at
  SELECT x FROM pg_snapshot_xip(than) x
   WHERE (follows OR pg_visible_in_snapshot(x, pg_current_snapshot())) AND EXISTS (SELECT FROM herald.changes c WHERE c.xid = x);
END $$;

-- herald.cover(after, seen): the cursor at the end of the first tick after `after` by which all of
-- these transactions are told.
-- It makes a tick where there is none yet. NULL: not yet, in a database that follows another one's
-- log.
CREATE OR REPLACE FUNCTION herald.cover(after bigint, seen xid8[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  covering text;
BEGIN
  FOR look IN 1 .. 2 LOOP
    SELECT t.id || '-' || t.upto INTO covering FROM herald.ticks t
     WHERE t.id > after AND NOT EXISTS (SELECT FROM unnest(seen) x WHERE NOT pg_visible_in_snapshot(x, t.snapshot))
     ORDER BY t.id LIMIT 1;
    EXIT WHEN FOUND OR look = 2;
    PERFORM herald.tick();
  END LOOP;
  RETURN covering;
END $$;
