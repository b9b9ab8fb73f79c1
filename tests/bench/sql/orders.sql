-- The table of all benchmarks: 100,000 orders of 1,000 users, vacuumed, with the free space of a table that is being
-- updated, so that updates of every setup are HOT alike.
CREATE TABLE orders (
  id         bigint PRIMARY KEY,
  user_id    bigint NOT NULL,
  status     text   NOT NULL,
  total      numeric(10,2) NOT NULL,
  note       text,
  revision   int    NOT NULL DEFAULT 0, -- counts the updates, so that each of them is a change
  created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 75);
INSERT INTO orders (id, user_id, status, total, note)
SELECT i, 1 + i % 1000, 'received', 10 + i % 500, 'leave it at the door, ring twice' FROM generate_series(1, 100000) i;
VACUUM (FREEZE, ANALYZE) orders;
