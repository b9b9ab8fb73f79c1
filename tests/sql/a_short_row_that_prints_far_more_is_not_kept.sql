-- A number of 131,072 digits takes 10 bytes if most of them are 0. Many rows that hold a few of them would stop all readers, and no
-- single one is long. So a change that prints far more than it takes is told by its length, wherever in it such a number stands.
SELECT plan(48);
CREATE DOMAIN list AS numeric[]; CREATE DOMAIN list_again AS list; CREATE DOMAIN amount AS numeric; CREATE DOMAIN amount_again AS amount;
CREATE DOMAIN price AS numeric(10, 2); CREATE DOMAIN doc AS jsonb; CREATE DOMAIN doc_again AS doc; CREATE TYPE pair AS (a int, b list);
CREATE FUNCTION test.bytes() RETURNS bigint LANGUAGE sql AS $$ SELECT bytes FROM herald.changes ORDER BY id DESC LIMIT 1 $$;
CREATE FUNCTION test.kept() RETURNS boolean LANGUAGE sql AS $$ SELECT num_nonnulls(row_now, row_was) > 0 FROM herald.changes ORDER BY id DESC LIMIT 1 $$;
-- test.marked(): has the last change no data but its length, which is between these?
CREATE FUNCTION test.marked(at_least bigint, at_most bigint DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
  SELECT bytes < 0 AND num_nonnulls(row_now, row_was) = 0 AND - bytes BETWEEN at_least AND coalesce(at_most, at_least * 1.2)
         AND test.last() = jsonb_build_object('truncated', true, 'bytes', - bytes)
    FROM herald.changes ORDER BY id DESC LIMIT 1
$$;
-- test.long_type(type): what the measure says of a column of this type
CREATE FUNCTION test.long_type(type text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE typed (id int PRIMARY KEY, v %s)', type);
  PERFORM herald.watch('typed');
  RETURN herald.long_columns(w) IS NOT DISTINCT FROM '{v}' FROM herald.watches w WHERE w.topic = 'typed';
END $$;
CREATE FUNCTION test.forget() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM herald.unwatch('typed'); DROP TABLE typed; RETURN true; END $$;

CREATE TABLE forms (id int PRIMARY KEY, body jsonb, tail text);
SELECT herald.watch('forms');
INSERT INTO forms VALUES (1, '1e131071');
SELECT ok(test.marked(131071), 'one number is enough');
INSERT INTO forms VALUES (2, '{"a": [1, {"b": 0e-16383}]}');
SELECT ok(test.marked(16383), 'also of zeros after the point');
UPDATE forms SET tail = 'x' WHERE id = 1;
SELECT ok(test.marked(2 * 131071), 'both states of an update count');
UPDATE forms SET body = NULL WHERE id = 1;
SELECT ok(test.marked(131071), 'also what it was');
DELETE FROM forms WHERE id = 2;
SELECT ok(test.marked(16383), 'and what is gone');
INSERT INTO forms VALUES (3, '1e1000', NULL), (4, (repeat('7', 131072))::jsonb, NULL), (5, '1e131071', repeat('x', 5000));
SELECT is((SELECT array_agg(bytes > 0 ORDER BY id) FROM (SELECT * FROM herald.changes ORDER BY id DESC LIMIT 3) s), '{NULL,t,t}', 'a number with digits is told, and a few zeros');
SELECT is((SELECT count(*) FROM (SELECT * FROM herald.changes ORDER BY id DESC LIMIT 3) s WHERE row_now IS NOT NULL), 3::bigint, 'and kept');
INSERT INTO forms SELECT 6, to_jsonb(array_agg(1.7976931348623157e308::float8)) FROM generate_series(1, 400);
SELECT ok(test.kept() AND test.bytes() > 120000, 'as are the largest floats');
INSERT INTO forms VALUES (7, NULL, repeat(chr(1), 8000));
SELECT ok(test.kept() AND test.bytes() IS NULL, 'and control characters');
ALTER TABLE forms RENAME body TO document;
INSERT INTO forms VALUES (8, '1e131071');
SELECT ok(test.marked(131071), 'a column that has another name is measured, too');
SELECT herald.tick();
SELECT is((SELECT array_agg(r.bytes ORDER BY r.id) FROM herald.read(0) r WHERE r.bytes IS NOT NULL),
          (SELECT array_agg(- c.bytes ORDER BY c.id) FROM herald.changes c WHERE c.bytes < 0), 'readers are told the length');
SELECT is((SELECT array_agg(r::text ORDER BY r.id) FROM herald.replay(1, 0, 99, '{forms}', NULL, NULL, NULL, NULL, NULL, 100) r WHERE r.id > 0),
          (SELECT array_agg(r::text ORDER BY r.id) FROM herald.read(0) r), 'as are those who come late');
SELECT is((SELECT array_agg(r::text ORDER BY r.id) FROM herald.replay_many(1, 0, 99, '[{"topics": ["forms"]}]', 100) r WHERE r.id > 0),
          (SELECT array_agg(r::text ORDER BY r.id) FROM herald.read(0) r), 'of several streams as well');

DO $$ BEGIN EXECUTE 'CREATE TABLE wide (id int PRIMARY KEY, ' || (SELECT string_agg('n' || i || ' numeric', ', ') FROM generate_series(1, 900) i) || ')'; END $$;
SELECT herald.watch('wide');
DO $$ BEGIN EXECUTE 'INSERT INTO wide VALUES (1, ' || (SELECT string_agg('1e131071', ', ') FROM generate_series(1, 900) i) || ')'; END $$;
SELECT ok(test.bytes() > 16777216 AND NOT test.kept(), 'a row of many numbers is measured as a whole');
DO $$ BEGIN EXECUTE 'INSERT INTO wide VALUES (2, ' || (SELECT string_agg('1e6000', ', ') FROM generate_series(1, 900) i) || ')'; END $$;
SELECT ok(test.marked(900 * 6001), 'also where they are shorter');
INSERT INTO wide VALUES (3);
SELECT ok(test.kept() AND test.bytes() IS NULL, 'without them it is an ordinary row');

SELECT ok(test.long_type(v.type), v.type || ' may hold long numbers') FROM (SELECT 'numeric' AS type) v;
INSERT INTO typed VALUES (1, 1e131071);
SELECT ok(test.marked(131071), 'a row of one number is marked');
SELECT test.forget();
SELECT ok(test.long_type(v.type) AND test.forget(), v.type || ' may hold long numbers')
  FROM unnest('{numeric[],list,list_again,amount,amount_again,amount_again[],list_again[],doc_again,doc_again[],json,pair,pair[],"float8[]","numeric(1000, 2)","numeric(200, 150)[]"}'::text[]) v(type);
SELECT ok(NOT test.long_type(v.type) AND test.forget(), v.type || ' may not')
  FROM unnest('{text,int,"int[]",float8,"numeric(10, 2)","numeric(38, 10)[]",price,"price[]",point,timestamptz,"text[]"}'::text[]) v(type);

CREATE TABLE ruled (id int PRIMARY KEY, note text);
SELECT herald.watch('ruled');
SELECT herald.rule('ruled', 'told', 'any', data => $$jsonb_build_object('n', NEW.note::jsonb)$$);
INSERT INTO ruled VALUES (1, '[1e131071]');
SELECT is((SELECT (data, bytes < -131071)::text FROM herald.changes ORDER BY id DESC LIMIT 1), '(null,t)', 'the data of a rule is measured, whatever it is made of');
SELECT herald.publish('ruled', 'sent', '[1e131071]');
SELECT is((SELECT (data, bytes < -131071)::text FROM herald.changes ORDER BY id DESC LIMIT 1), '(null,t)', 'as is what an application publishes');
SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'none of that is a fault');
SELECT is((SELECT count(*) FROM herald.changes WHERE event = 'bulk'), 0::bigint, 'and nobody is told to load again');
SELECT finish();
