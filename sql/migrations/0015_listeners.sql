-- 0015_listeners.sql: writers ring only while somebody listens (functions/ring.sql).
-- A daemon of an older version does not tell writers that it listens. By this number it learns that
-- it is too old.
COMMENT ON COLUMN herald.settings.wake IS 'when writers ring, if any daemon listens: herald.wake()';
