-- begin.sql: first step of every installation. Serialises installers (the lock goes with the transaction) and makes the
-- list of what has been applied. 1751478881 is 'hera': the first half of every advisory lock key of pgherald.
-- What follows needs PostgreSQL 14; an older server would take most of it, and fail later. Events are UTF-8: the server converts what it
-- has in another encoding, where it knows how. Of SQL_ASCII nobody knows what its bytes mean, and of MULE_INTERNAL it has no conversion.
DO $$
BEGIN
  IF current_setting('server_version_num')::int < 140000 THEN
    RAISE EXCEPTION 'pgherald: needs PostgreSQL 14 or newer; this server is %', current_setting('server_version')
      USING ERRCODE = 'feature_not_supported', HINT = 'Nothing was changed. Upgrade the server, or name a database of another.';
  END IF;
  IF getdatabaseencoding() <> 'UTF8' AND NOT EXISTS (SELECT FROM pg_conversion c WHERE c.condefault
      AND c.conforencoding = pg_char_to_encoding(getdatabaseencoding()) AND c.contoencoding = pg_char_to_encoding('UTF8')) THEN
    RAISE EXCEPTION 'pgherald: events are UTF-8, and what is in a database of encoding % cannot be converted to that', getdatabaseencoding()
      USING ERRCODE = 'feature_not_supported', HINT = 'Nothing was changed. Move to another database: createdb -E UTF8 -T template0.';
  END IF;
  PERFORM pg_advisory_xact_lock(1751478881, 4);
  -- From here on no lock is waited for longer than a second: whoever comes after waits too. The installer's own setting says how long
  -- those that are tried again (functions/patience.sql) are tried.
  PERFORM set_config('herald.lock_timeout_ms', s.setting, true), set_config('lock_timeout', '1s', true)
     FROM pg_settings s WHERE s.name = 'lock_timeout';
END $$;

CREATE SCHEMA IF NOT EXISTS herald;

CREATE TABLE IF NOT EXISTS herald.migrations (
  version    int PRIMARY KEY,
  name       text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

SET LOCAL check_function_bodies = off; -- functions may name functions that come later
