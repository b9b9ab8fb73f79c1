-- The table of fanout: a row for each user. seq counts its changes, so that each reader knows what it lacks. User 0 is
-- everybody: what changes there is told to all.
CREATE TABLE beats (
  user_id bigint PRIMARY KEY,
  seq     bigint NOT NULL DEFAULT 0,
  filler  text   NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
