-- wake('never') makes way for two-phase commit: changes come with a tick after COMMIT PREPARED and hold nobody else up.
SELECT plan(15);
CREATE TABLE things (id int PRIMARY KEY);
CREATE TABLE other (id int);
SELECT herald.watch('things');
CREATE FUNCTION ids(t bigint) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(key::jsonb ->> 'id'), '{}') FROM herald.read(t) WHERE tick = t $$;
-- Names of prepared transactions are the whole cluster's.
SELECT 'first_' || current_database() AS one, 'second_' || current_database() AS two, 'other_' || current_database() AS other \gset
SELECT dblink_connect('w', test.self());
SELECT test.listen();
CREATE FUNCTION prepare(statement text, gid text) RETURNS text LANGUAGE sql AS $$
  SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', statement); SELECT dblink_exec('w', format('PREPARE TRANSACTION %L', gid)) $$;

SELECT throws_ok(format('SELECT prepare(''INSERT INTO things VALUES (1)'', %L)', :'one'), '0A000', NULL, 'who rings cannot be prepared');
SELECT is((SELECT count(*) FROM things), 0::bigint, 'and is rolled back');
SELECT herald.wake('never');
SELECT lives_ok(format('SELECT prepare(''INSERT INTO things VALUES (1)'', %L)', :'one'), 'where nobody rings, a writer is prepared');
SELECT prepare('INSERT INTO things VALUES (2)', :'two'), prepare('INSERT INTO other VALUES (1)', :'other');
SELECT is((SELECT array(SELECT unnest(prepared) ORDER BY 1) FROM herald.status), ARRAY[:'one', :'two'],
  'the status names those that hold changes, and no others');

SELECT is(herald.tick(), NULL, 'what is prepared is not delivered');
INSERT INTO things VALUES (3);
SELECT is(herald.tick(), 2::bigint, 'and holds nobody up');
SELECT is(ids(2), '{3}', 'who came later is delivered first');
COMMIT PREPARED :'one';
SELECT is(herald.tick(), 3::bigint, 'after COMMIT PREPARED there is a tick');
SELECT is(ids(3), '{1}', 'with its changes');
SELECT is((SELECT prepared FROM herald.status), ARRAY[:'two'], 'the status names the other one still');
INSERT INTO things VALUES (4);
SELECT is(herald.tick(), 4::bigint, 'and others go on');
ROLLBACK PREPARED :'two';
SELECT is(herald.tick(), NULL, 'after ROLLBACK PREPARED there is none');
SELECT is((SELECT prepared FROM herald.status), NULL, 'and the status names nobody');
COMMIT PREPARED :'other';
SELECT is((SELECT array_agg(key::jsonb ->> 'id') FROM herald.read(0)), '{3,1,4}', 'every committed change is in the order once');
SELECT is((SELECT array_agg(id ORDER BY id) FROM things), '{1,3,4}', 'as it is in the table');
SELECT finish();
