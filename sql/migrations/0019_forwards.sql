-- 0019_forwards.sql: streams that `pgherald forward` posts to other servers.
CREATE TABLE herald.forwards (
  name   text        PRIMARY KEY,
  stream text        NOT NULL,             -- its path, as it is asked for
  cursor text,                             -- all up to here was posted; NULL: nothing yet
  posted bigint      NOT NULL DEFAULT 0,
  at     timestamptz NOT NULL DEFAULT now()
);
-- What a receiver has refused for good, or not taken in so many attempts.
CREATE TABLE herald.undelivered (
  forward  text        NOT NULL REFERENCES herald.forwards ON DELETE CASCADE,
  number   bigint      GENERATED ALWAYS AS IDENTITY,
  id       text        NOT NULL,
  body     text        NOT NULL,
  reason   text        NOT NULL,
  attempts int         NOT NULL,
  at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (forward, number),
  UNIQUE (forward, id)
);
