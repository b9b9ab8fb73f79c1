-- 0016_rewrites.sql: DDL that changes rows and leaves the same tables is told too.
-- A partition may be detached, changed and attached again. ALTER TYPE may write other values.
ALTER TABLE herald.extents
  ADD COLUMN stamp text,  -- of all in the catalog that says so
  ADD COLUMN marks jsonb; -- what of it is compared (functions/extents.sql)

-- What the tables that streams name in `recheck` were when that was last looked at.
CREATE TABLE herald.rechecks (
  name text PRIMARY KEY, -- as streams name it
  mark text              -- a fingerprint. NULL: there was no such table
);
