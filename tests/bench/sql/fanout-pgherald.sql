-- The same data by pgherald. /all shows everything, /own what is for the token's user.
SELECT herald.watch('beats', audience => '{user_id}');
SELECT herald.rule('beats', 'beat', 'update', data => $$jsonb_build_object(
  'at', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, 'seq', NEW.seq, 'user', NEW.user_id, 'filler', NEW.filler)$$);
SELECT herald.stream('/all', '{beats}', anonymous => true);
SELECT herald.stream('/own', '{beats}', match => '{"user_id": "claims.sub"}');
