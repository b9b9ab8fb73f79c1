-- rounds.sql: the action of the games (seed 003).

-- example.color_of(value): the color of a number on the wheel. NULL if there is no such number.
CREATE OR REPLACE FUNCTION example.color_of(value int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN value = 0 THEN 'green'
              WHEN value = ANY ('{1,3,5,7,9,12,14,16,18,19,21,23,25,27,30,32,34,36}') THEN 'red'
              WHEN value BETWEEN 1 AND 36 THEN 'black' END
$$;

-- POST /api/rounds/:gameType/:gameId {"value", "color"}: a new number. The color follows from the
-- number. A body that says another color is refused.
CREATE OR REPLACE FUNCTION example.create_round(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  body jsonb := example.body(request);
  said text := example.text_in(body, 'color');
  drawn int := CASE WHEN jsonb_typeof(body -> 'value') = 'number' AND body ->> 'value' ~ '^[0-9]{1,2}$' THEN body ->> 'value' END;
  game example.games;
  r example.rounds;
BEGIN
  IF example.color_of(drawn) IS NULL THEN
    PERFORM example.refuse(400, 'value must be a whole number of 0 to 36');
  ELSIF said <> example.color_of(drawn) THEN
    PERFORM example.refuse(400, format('color of %s is %s', drawn, example.color_of(drawn)));
  END IF;
  SELECT * INTO game FROM example.games WHERE game_type = request #>> '{params,gameType}' AND game_id = request #>> '{params,gameId}';
  IF NOT FOUND THEN
    PERFORM example.refuse(404, 'Game not found');
  END IF;
  INSERT INTO example.rounds (game_type, game_id, value, color) VALUES (game.game_type, game.game_id, drawn, example.color_of(drawn))
  RETURNING * INTO r;
  RETURN example.done(jsonb_build_object('id', r.id, 'value', r.value, 'color', r.color, 'timestamp', example.iso(r.created_at)),
                      'Round created', 201);
END $$;
