-- Who has row level security on a table may expect its streams to obey. They do not, so herald.doubts names those that show
-- its rows and ask nobody who he is. A stream that decides by a claim, by require or by authorize is not named.
SELECT plan(17);
CREATE TABLE addresses (id int PRIMARY KEY, user_id text, room text);
ALTER TABLE addresses ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON addresses USING (user_id = current_setting('request.jwt.claims', true)::jsonb ->> 'sub');
CREATE FUNCTION may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION my_rooms(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql AS 'SELECT ''a''';
SELECT herald.watch('addresses');

-- What is said of stream /s, '<kind> <outcome>' each; test.says(): the sentences, test.advice(): what to do.
CREATE FUNCTION test.doubts() RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(d.kind || ' ' || d.outcome), '{}') FROM herald.streams s, herald.doubts(s) d WHERE s.path = '/s' $$;
CREATE FUNCTION test.says() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(d.says, '; ') FROM herald.streams s, herald.doubts(s) d WHERE s.path = '/s' $$;
CREATE FUNCTION test.advice() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(d.advice, '; ') FROM herald.streams s, herald.doubts(s) d WHERE s.path = '/s' $$;

-- all rows to everybody
SELECT herald.stream('/s', '{addresses}');
SELECT is(test.doubts(), '{"policies !"}', 'a stream of all rows is doubted');
SELECT is(test.says(), 'everybody with a token sees all rows of public.addresses: it has no match, no require and no authorize, and policies of row level security do not decide about events', 'with the reason');
SELECT is(test.advice(), 'if not all may: pgherald watch public.addresses --audience COLUMN, and define the stream anew, its match by that column, or with require or authorize', 'and what to do');
SELECT herald.watch('addresses', audience => '{user_id,room}');
SELECT is(test.doubts(), '{"policies !"}', 'with an audience too, and only once');
SELECT is(test.advice(), 'define the stream anew, if not all may: match => ''{"user_id": "claims.sub"}'', or require, or authorize', 'and then the column is known');

-- the rows that a request names
SELECT herald.stream('/s', '{addresses}', match => '{"room": "=a"}', anonymous => true);
SELECT is(test.doubts(), '{"policies -"}', 'one that shows some rows to everybody is noted');
SELECT matches(test.says(), '^everybody gets the rows of public.addresses that a request names: its match takes nothing of a token', 'in other words');

-- somebody is asked
SELECT herald.stream('/s', '{addresses}', match => '{"room": "=a", "user_id": "claims.sub"}');
SELECT is(test.doubts(), '{}', 'a claim decides');
SELECT herald.stream('/s', '{addresses}', match => '{"room": "function:public.my_rooms"}');
SELECT is(test.doubts(), '{}', 'a function decides');
SELECT herald.stream('/s', '{addresses}', require => '{"role": ["admin"]}');
SELECT is(test.doubts(), '{}', 'require decides');
SELECT herald.stream('/s', '{addresses}', authorize => 'public.may');
SELECT is(test.doubts(), '{}', 'authorize decides');
SELECT herald.stream('/s', '{addresses}', require => '[{"role": ["admin"]}, {}]');
SELECT is(test.doubts(), '{"policies !"}', 'an alternative that requires nothing does not');
SELECT herald.stream('/s', '{addresses}', match => '{"nobody": "=a"}');
SELECT is(test.doubts(), '{"match !"}', 'rows that cannot match are shown to nobody');

-- tables of other kinds
SELECT herald.stream('/s', '{addresses}');
DROP POLICY own ON addresses;
SELECT is(test.doubts(), '{"policies !"}', 'without a policy nobody may read, which binds no event either');
ALTER TABLE addresses DISABLE ROW LEVEL SECURITY;
SELECT is(test.doubts(), '{"open !"}', 'without row level security only its audience makes a doubt');
CREATE TABLE logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
ALTER TABLE logs ENABLE ROW LEVEL SECURITY;
SELECT herald.watch('logs_1', topic => 'logs');
SELECT herald.stream('/s', '{logs}');
SELECT is(test.doubts(), '{"policies !"}', 'a partition is read by a table with row level security');
SELECT herald.unwatch('logs_1'), herald.watch('logs');
SELECT is(test.doubts(), '{"policies !"}', 'and so is the whole');
SELECT finish();
