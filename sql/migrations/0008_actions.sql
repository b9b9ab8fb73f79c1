-- 0008_actions.sql: HTTP methods and paths that SQL functions serve.
CREATE TABLE herald.actions (
  method   text  NOT NULL,
  path     text  NOT NULL,
  function text  NOT NULL, -- as it stands in SQL text
  require  jsonb NOT NULL,
  PRIMARY KEY (method, path)
);
COMMENT ON TABLE herald.actions IS 'What pgherald answers by calling SQL. Written by herald.action and herald.unaction; daemons read it anew when it changes.';
-- Daemons hear of it as they hear of streams.
CREATE TRIGGER ring AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON herald.actions
  FOR EACH STATEMENT EXECUTE FUNCTION herald.ring_streams();
