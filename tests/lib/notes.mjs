// A table of notes, streams of every kind over it, and functions that write and read notes, as a
// stream or by pages.
import assert from 'node:assert/strict'
import { page } from './forms.mjs'
import { encryptionKey } from './iron.mjs'
import { openStage } from './stage.mjs'
import { token } from './token.mjs'
import { until } from './wait.mjs'

export const flags = ['--jwt-leeway', '0s', '--allowed-origins', 'https://app.example']
export const own = `match => '{"owner": "claims.sub"}'`
const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, owner text, body text);
  CREATE TABLE members (who text PRIMARY KEY, active boolean NOT NULL);
  INSERT INTO members VALUES ('ann', true), ('mia', true), ('max', false);
  CREATE FUNCTION is_member(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    $$ SELECT EXISTS (SELECT FROM public.members m WHERE m.who = claims ->> 'sub' AND m.active) $$;
  CREATE FUNCTION state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
    $$ SELECT jsonb_build_object('id', n, 'pad', repeat('x', (params ->> 'pad')::int)) FROM generate_series(1, (params ->> 'rows')::int) n $$;
  CREATE FUNCTION fails(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
    $$ SELECT to_jsonb(1 / (500 - n)) FROM generate_series(1, (params ->> 'rows')::int) n $$;
  SELECT herald.watch('notes', audience => '{owner}');
  SELECT herald.stream('/own', '{notes}', ${own});
  SELECT herald.stream('/all', '{notes}');
  SELECT herald.stream('/message', '{notes}', ${own}, format => 'message');
  SELECT herald.stream('/sealed', '{notes}', ${own}, sealed => true);
  SELECT herald.stream('/sealed/message', '{notes}', ${own}, format => 'message', sealed => true);
  SELECT herald.stream('/state', '{notes}', ${own}, snapshot => 'public.state');
  SELECT herald.stream('/state/message', '{notes}', ${own}, snapshot => 'public.state', format => 'message');
  SELECT herald.stream('/fails', '{notes}', snapshot => 'public.fails');
  SELECT herald.stream('/club', '{notes}', ${own}, authorize => 'public.is_member', recheck => '{"public.members": "who"}');
  SELECT herald.stream('/open', '{notes}', anonymous => true);`)

/** A frame as lines and pages have it. */
export const asItem = ({ id, event, data }) => ({ id, event, data: JSON.parse(data) })

export async function openNotes() {
  const stage = await openStage({ prepare, daemon: { flags, env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
  const { daemon, cluster } = stage
  const ann = await token({ sub: 'ann' })

  let written = 0
  const write = (owner, count = 1, body = 'x') => {
    const first = written + 1
    written += count
    return cluster.psql(`INSERT INTO notes SELECT n, '${owner}', '${body}' FROM generate_series(${first}, ${written}) n`)
  }
  const get = (path, query, options = {}) => page(options.from ?? daemon, path, { token: ann, query, ...options })
  /** Frames of the stream itself, from a cursor on. */
  async function streamed(path, count, lastEventId = 'earliest') {
    const stream = await daemon.subscribe(`${path}?last_event_id=${lastEventId}`, { token: ann })
    await stream.when(() => stream.frames.length > count, 30_000)
    await stream.close()
    return stream.frames.slice(1)
  }
  /** Reads page after page, until one is empty and there were `least` events. */
  async function walk(path, after, { least = 0, ...options } = {}) {
    const pages = []
    for (let cursor = after, count = 0; ; cursor = pages.at(-1)?.cursor ?? after) {
      const { status, json } = await get(path, { after: cursor, wait: count < least ? 30 : 0 }, options)
      assert.equal(status, 200)
      assert.equal(json.reset, null)
      count += json.events.length
      if (json.events.length === 0 && count < least) assert.fail(`${count} events, and then nothing for 30 s`)
      if (json.events.length === 0) return { pages, cursor: json.cursor, events: pages.flatMap(({ events }) => events) }
      pages.push(json)
    }
  }
  /** Returns when so many streams are open. Then the pages that are to wait do so. */
  const waiting = async (count = 1) => until(async () => (await daemon.status()).json.streams === count, { timeout: 30_000, what: `${count} streams` })

  return { stage, daemon, cluster, ann, last: () => written, write, get, streamed, walk, waiting }
}
