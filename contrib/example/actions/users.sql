-- users.sql: the actions of the users list (seed 001), for admins. They name the columns that they
-- show, so password_hash cannot come along. The role that calls them needs no right to read it.

-- GET /api/users: all users, the newest first.
CREATE OR REPLACE FUNCTION example.list_users(request jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT example.done(coalesce(jsonb_agg(example.user_json(u.id) ORDER BY u.created_at DESC, u.id), '[]')) FROM example.users u
$$;

-- example.user_json(id): a user as the list shows it.
CREATE OR REPLACE FUNCTION example.user_json(id uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name, 'phoneNumber', u.phone_number, 'role', u.role,
                            'storeSlug', u.store_slug, 'createdAt', example.iso(u.created_at))
    FROM example.users u WHERE u.id = user_json.id
$$;

-- POST /api/users {"email", "name", "phoneNumber", "role", "storeSlug"}.
CREATE OR REPLACE FUNCTION example.create_user(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  body jsonb := example.body(request);
  roles text[] := '{customer,staff,admin,mechanic,warehouse}';
  wanted text := coalesce(example.text_in(body, 'role'), 'customer');
  address text := example.text_in(body, 'email', true, 254);
  made uuid;
BEGIN
  IF wanted <> ALL (roles) THEN
    PERFORM example.refuse(400, 'role must be one of: ' || array_to_string(roles, ', '));
  ELSIF address !~ '^[^@[:space:]]+@[^@[:space:]]+$' THEN
    PERFORM example.refuse(400, 'email must be an e-mail address');
  END IF;
  INSERT INTO example.users (email, name, phone_number, role, store_slug)
  VALUES (address, example.text_in(body, 'name'), example.text_in(body, 'phoneNumber', false, 40), wanted, example.slug_in(body, 'storeSlug'))
  ON CONFLICT (email) DO NOTHING RETURNING id INTO made;
  IF made IS NULL THEN
    PERFORM example.refuse(409, 'There is a user with this e-mail address');
  END IF;
  RETURN example.done(example.user_json(made), 'User created', 201);
END $$;

-- DELETE /api/users/:id. The user's orders stay without a user, because the store keeps its books.
CREATE OR REPLACE FUNCTION example.delete_user(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM example.users WHERE id = example.id(request #>> '{params,id}');
  IF NOT FOUND THEN
    PERFORM example.refuse(404, 'User not found');
  END IF;
  RETURN example.done(NULL, 'User deleted');
END $$;
