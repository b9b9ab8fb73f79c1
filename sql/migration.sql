-- migration.sql: applies the migration that the variable names, unless it has been applied.
-- install.sql includes this file once for each migration. In the program, src/pg/migrate.c does it.
SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = left(:'migration', 4)::int) AS pending \gset
\if :pending
\ir migrations/:migration.sql
INSERT INTO herald.migrations (version, name) VALUES (left(:'migration', 4)::int, :'migration');
\endif
