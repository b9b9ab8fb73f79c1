// Streams that must not go on for ever: notes, clubs whose members SQL knows, and two daemons.
// Functions open streams and see them end.
import assert from 'node:assert/strict'
import { Proxy } from './proxy.mjs'
import { request, Subscriber } from './sse.mjs'
import { openStage } from './stage.mjs'
import { seconds, token } from './token.mjs'
import { until } from './wait.mjs'

export const flags = ['--jwt-leeway', '0s']
const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, owner text);
  CREATE TABLE members (who text PRIMARY KEY, active boolean NOT NULL);
  INSERT INTO members SELECT 'm' || n, true FROM generate_series(1, 500) n;
  CREATE FUNCTION is_member(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    $$ SELECT params ->> 'club' <> 'closed' AND EXISTS (SELECT FROM public.members m WHERE m.who = claims ->> 'sub' AND m.active) $$;
  CREATE FUNCTION is_slow(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS
    $$ SELECT true FROM pg_sleep(coalesce((params ->> 'seconds')::float, 0)) $$;
  SELECT herald.watch('notes', audience => '{owner}');
  SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/message', '{notes}', format => 'message');
  SELECT herald.stream('/store/:store', '{notes}', match => '{"owner": "params.store"}', require => '{"stores": ["params.store"]}');
  SELECT herald.stream('/clubs/:club', '{notes}', authorize => 'public.is_member', recheck => '{"public.members": "who"}');
  SELECT herald.stream('/slow', '{notes}', authorize => 'public.is_slow');`)

export async function closes(stream, reason, timeout) {
  assert.equal(JSON.parse((await stream.next('closing', timeout)).data).reason, reason)
  await stream.ended()
}

export const lost = (daemon) => until(async () => (await daemon.status()).json.status === 'degraded', { what: 'the daemon without database' })

export async function openTenure() {
  const stage = await openStage({ daemon: { flags }, prepare })
  const { daemon } = stage
  const other = await stage.addDaemon({ flags })
  const proxies = []

  const close = async () => {
    await stage.close()
    for (const proxy of proxies) await proxy.close()
  }

  /** [proxy, daemon]: the proxy can cut the daemon's way to the database. */
  async function behindProxy() {
    const proxy = await Proxy.open(stage.cluster.port)
    proxies.push(proxy)
    return [proxy, await stage.addDaemon({ flags, databaseUrl: stage.cluster.url().replace(`:${stage.cluster.port}/`, `:${proxy.port}/`) })]
  }

  let last = 0
  const note = (owner) => `INSERT INTO notes VALUES (${++last}, '${owner}')`
  const write = (owner) => stage.cluster.psql(note(owner))
  const open = async (claims, { path = '/own', from = daemon } = {}) => {
    const stream = await Subscriber.open(from.url(path), { token: await token(claims) })
    if (stream.status === 200) await stream.next('connected')
    return stream
  }
  /**
   * A stream with a token that ends in so many seconds. If it was not let in before that, it tries
   * again with another one.
   */
  const openFor = (life, claims, more) => until(async () => {
    const stream = await open({ ...claims, exp: seconds() + life }, more)
    if (stream.status === 200) return stream
    await stream.close()
  }, { what: `a stream for ${life} s` })
  const statusOf = async (...args) => {
    const stream = await open(...args)
    await stream.close()
    return stream.status
  }
  const renew = async (code, claims, { from = daemon, headers = {} } = {}) => request(from.url('/stream/renew'), {
    method: 'POST', body: JSON.stringify({ stream: code }),
    headers: { Authorization: `Bearer ${await token(claims)}`, 'Content-Type': 'application/json', ...headers },
  })

  return { stage, daemon, other, close, behindProxy, note, write, open, openFor, statusOf, renew }
}
