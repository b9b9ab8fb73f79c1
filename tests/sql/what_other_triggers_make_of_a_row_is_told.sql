-- BEFORE triggers: the event tells the row as it was stored, and none that was not. AFTER triggers that write to the row again:
-- what they do is told behind what made them do it.
SELECT plan(6);
CREATE TABLE things (id int PRIMARY KEY, v int, touched int DEFAULT 0);
CREATE FUNCTION shape() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.v := NEW.v * 10;
  RETURN CASE WHEN NEW.v < 1000 THEN NEW END;
END $$;
CREATE TRIGGER shape BEFORE INSERT OR UPDATE OF v ON things FOR EACH ROW EXECUTE FUNCTION shape();
SELECT herald.watch('things');
INSERT INTO things VALUES (1, 1), (2, 200), (3, 3);
SELECT is(test.told(), '{"things.insert 1","things.insert 3"}', 'a row that a BEFORE trigger holds back is no event');
SELECT is(test.last(2) -> 'row' -> 'v', '10', 'one that it changes is told as it is stored');
UPDATE things SET v = 1 WHERE id = 1;
SELECT is(test.told(2), '{}', 'one that it changes back is none');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE public.things SET touched = touched + 1 WHERE id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER touch AFTER INSERT OR UPDATE OF v ON things FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO things VALUES (4, 4), (5, 5);
SELECT is(test.told(2), '{"things.insert 4","things.update 4","things.insert 5","things.update 5"}', 'what an AFTER trigger adds comes after');
UPDATE things SET v = v + 1;
SELECT is(test.map('things'), test.rows('things'), 'and the map ends as the table does');
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE DELETE ON things FOR EACH ROW EXECUTE FUNCTION keep();
SELECT cardinality(test.told()) AS before \gset
DELETE FROM things;
SELECT is(test.told(:before), '{}', 'a row that may not be deleted is not');
SELECT finish();
