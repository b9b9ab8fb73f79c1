-- The schema of a dump, migrated, then its watches, migrated again, as contrib/doc/backup.md says: a table that had lost a column has other
-- numbers here. What is excluded is known by its names then. A watch that was made here keeps the numbers: its column may have another name.
SELECT plan(7);
CREATE TABLE lost (id int PRIMARY KEY, secret text, open text);
CREATE TABLE kept (id int PRIMARY KEY, secret text, open text);
SELECT herald.watch('kept', exclude => '{secret}');
ALTER TABLE kept RENAME secret TO former;
ALTER TABLE kept ADD secret text;
INSERT INTO herald.watches (target, topic, audience, exclude, hidden) VALUES ('lost', 'lost', '{}', '{secret}', '{3}'); -- as it was there
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is((SELECT hidden FROM herald.watches WHERE topic = 'lost'), '{2}', 'the excluded column has the number of here');
INSERT INTO lost VALUES (1, 'secret', 'open');
SELECT is((SELECT row_now FROM herald.changes), '{"id": 1, "open": "open"}', 'it is not told, and the rest is');
SELECT is((SELECT faults FROM herald.status), NULL, 'without a fault');
SELECT is((SELECT hidden FROM herald.watches WHERE topic = 'kept'), '{2}', 'a watch of here has its own');
INSERT INTO kept VALUES (1, 'secret', 'open', 'secret');
SELECT is((SELECT count(*) FROM herald.changes WHERE row_now::text ~ 'secret'), 0::bigint, 'which is not told by its new name');

-- a whole dump that is restored: all are numbered anew, once
UPDATE herald.ticks SET origin = regexp_replace(origin, '^\d+', '1');
UPDATE herald.watches SET hidden = '{3}' WHERE topic = 'lost';
SELECT herald.attach();
SELECT is((SELECT hidden FROM herald.watches WHERE topic = 'lost'), '{2}', 'so it is in a log that begins');
SELECT herald.tick();
INSERT INTO lost VALUES (2, 'secret', 'open');
SELECT is((SELECT row_now FROM herald.changes WHERE topic = 'lost'), '{"id": 2, "open": "open"}', 'which tells the same');
SELECT finish();
