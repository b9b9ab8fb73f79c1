-- Revocations, rechecks and renewals go through the log, under a topic that no stream can have.
SELECT plan(25);
CREATE FUNCTION told() RETURNS SETOF text LANGUAGE sql AS $$ SELECT event || ' ' || (data - 'at')::text FROM herald.changes WHERE topic = '!gate' ORDER BY id $$;
CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS $$ DELETE FROM herald.changes $$;

SELECT herald.revoke(jti => 'a');
SELECT herald.revoke(sub => 'ann', until => '2100-01-01 00:00:00+00');
SELECT results_eq('SELECT told()', $$VALUES ('revoke {"jti": "a", "sub": null, "until": null}'), ('revoke {"jti": null, "sub": "ann", "until": 4102444800000}')$$,
                  'a revocation is told');
SELECT ok((SELECT (data ->> 'at')::bigint BETWEEN extract(epoch FROM now() - interval '1 min') * 1000 AND extract(epoch FROM now() + interval '1 min') * 1000
             FROM herald.changes WHERE topic = '!gate' LIMIT 1), 'with its time');
SELECT throws_like('SELECT herald.revoke()', 'pgherald: %', 'a revocation of nobody is refused');
SELECT throws_like($$SELECT herald.revoke(sub => '')$$, 'pgherald: %', 'one of an empty subject too');
SELECT forget();
SELECT herald.revoke('a', 'b');
SELECT is((SELECT count(*) FROM told()), 2::bigint, 'jti and sub together are two revocations');
SELECT forget();
DELETE FROM herald.revocations WHERE sub = 'b';
SELECT results_eq('SELECT told()', $$VALUES ('pardon {}')$$, 'one that is taken back is told');
SELECT forget();
TRUNCATE herald.revocations;
SELECT results_eq('SELECT told()', $$VALUES ('pardon {}')$$, 'all of them too');
SELECT forget();
INSERT INTO herald.revocations (sub, until) VALUES ('old', now() - interval '1 s');
SELECT forget();
SELECT herald.prune('1 s');
SELECT is_empty('SELECT FROM herald.revocations', 'what has passed is pruned');
SELECT is_empty('SELECT told()', 'and that is no news');

CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS
  $$ SELECT params ->> 'n' <> '0' AND claims = current_setting('request.jwt.claims')::jsonb $$;
CREATE TABLE members (who text, active boolean);
SELECT throws_like($$SELECT herald.stream('/s', '{t}', authorize => 'public.nothing')$$, 'pgherald: %', 'a function that is not there is refused');
SELECT throws_like($$SELECT herald.stream('/s', '{t}', recheck => '{"public.members": "who"}')$$, 'pgherald: %', 'recheck without authorize too');
SELECT throws_like($$SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"public.members": "whose"}')$$, 'pgherald: %', 'and a column that is not there');
SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"public.members": "who"}');
SELECT is((SELECT array_agg(herald.entitled('/s', '{"sub": "ann"}', jsonb_build_object('n', n)) ORDER BY n) FROM generate_series(0, 1) n), '{f,t}',
          'authorize is asked with claims and parameters');
SELECT is(herald.entitled('/s', '{}', '{}'), false, 'NULL is no');
SELECT is(herald.entitled('/gone', '{}', '{}'), false, 'nobody may open what is not there');
INSERT INTO members VALUES ('ann', true), (NULL, true);
UPDATE members SET active = true;
UPDATE members SET who = 'bob' WHERE who = 'ann';
DELETE FROM members WHERE who = 'bob';
SELECT results_eq('SELECT told()', $$VALUES ('recheck {"sub": "ann"}'), ('recheck {"sub": "ann"}'), ('recheck {"sub": "bob"}'), ('recheck {"sub": "bob"}')$$,
                  'a change of the table asks again for its subjects, before and after');
SELECT forget();
TRUNCATE members;
ALTER TABLE members DROP COLUMN who;
INSERT INTO members VALUES (true);
SELECT results_eq('SELECT told()', $$VALUES ('recheck {"sub": null}'), ('recheck {"sub": null}')$$, 'TRUNCATE, and a column that is gone, ask for everyone');
SELECT herald.watch('members');
SELECT herald.unwatch('members');
SELECT forget();
INSERT INTO members VALUES (true);
SELECT is((SELECT count(*) FROM told()), 1::bigint, 'watching the table has nothing to do with it');
SELECT herald.unstream('/s');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'members'::regclass), 0::bigint, 'no trigger is left when no stream names the table');

SELECT ok(herald.ticket('h', '{"claims": {"sub": "ann"}}', 'https://a'), 'a ticket is kept');
SELECT is(herald.redeem('h', NULL), '{"claims": {"sub": "ann"}}', 'and good once');
SELECT is(herald.redeem('h', NULL), NULL, 'not twice');
SELECT is((SELECT array_agg(herald.ticket('n' || n, '{"claims": {"sub": "ann"}}', NULL)) FROM generate_series(1, 101) n)[100:101], '{t,f}', 'one subject has a hundred at most');
SELECT herald.ticket('o', '{"claims": {"sub": "ann"}, "sub": "7"}', NULL);
SELECT is((SELECT sub FROM herald.tickets WHERE hash = 'o'), '7', 'the subject is what the identity says, whatever the claim of that name');
SELECT throws_like($$SELECT herald.publish('!gate', 'revoke', '{}')$$, 'pgherald: %', 'nobody publishes on the gate''s topic');
SELECT finish();
