-- 0015_listeners.sql: writers ring only while somebody listens (functions/ring.sql).
-- No table changes. A daemon of an older version does not tell writers that it listens, and by this
-- number it learns that it is too old.
DO $$ BEGIN END $$;
