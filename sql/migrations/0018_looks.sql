-- 0018_looks.sql: the look at what DDL has changed is taken in steps, each a short transaction.
-- These did all of it in one, and returned something else.
DROP FUNCTION IF EXISTS herald.look_at_shapes();
DROP FUNCTION IF EXISTS herald.look_at_extents();
DROP FUNCTION IF EXISTS herald.renew_captures();
