-- pgherald without a rule: its default events, with the row, the key and what has changed.
SELECT herald.watch('orders', audience => '{user_id}');
SELECT herald.stream('/bench', '{orders}', anonymous => true);
