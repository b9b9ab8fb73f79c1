-- 0017_numbers.sql: a table may tell its int8 and numeric columns as texts.
-- A browser's JSON.parse makes a double of a number, and a double holds integers up to 2^53.
ALTER TABLE herald.watches ADD COLUMN numbers text NOT NULL DEFAULT 'number' CHECK (numbers IN ('number', 'text'));
