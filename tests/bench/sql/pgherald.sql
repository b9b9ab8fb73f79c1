-- pgherald with a rule: a typed event of the same content as the outbox's.
SELECT herald.watch('orders', audience => '{user_id}');
SELECT herald.rule('orders', 'order_changed', 'update',
  data => $$jsonb_build_object('id', NEW.id, 'status', NEW.status, 'at', extract(epoch FROM clock_timestamp()))$$);
SELECT herald.stream('/bench', '{orders}', anonymous => true);
