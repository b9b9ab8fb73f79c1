// One path, three forms: the same events under the same ids, for the same people, as a stream, as lines and as pages.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { Lines, page, Zipped } from '../lib/forms.mjs'
import { encryptionKey, unseal } from '../lib/iron.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { exchange } from '../lib/raw.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { now, until } from '../lib/wait.mjs'

const flags = ['--jwt-leeway', '0s', '--allowed-origins', 'https://app.example']
const own = `match => '{"owner": "claims.sub"}'`
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

describe('one path, three forms', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, cluster, ann
  const proxies = []
  before(async () => {
    stage = await openStage({ prepare, daemon: { flags, env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
    ;({ daemon, cluster } = stage)
    ann = await token({ sub: 'ann' })
  })
  after(async () => {
    await stage?.close()
    for (const proxy of proxies) await proxy.close()
  })

  let last = 0
  const write = (owner, count = 1, body = 'x') => {
    const first = last + 1
    last += count
    return cluster.psql(`INSERT INTO notes SELECT n, '${owner}', '${body}' FROM generate_series(${first}, ${last}) n`)
  }
  const get = (path, query, options = {}) => page(options.from ?? daemon, path, { token: ann, query, ...options })
  const asItem = ({ id, event, data }) => ({ id, event, data: JSON.parse(data) })
  /** The stream itself, from a cursor on. */
  async function streamed(path, count, lastEventId = 'earliest') {
    const stream = await daemon.subscribe(`${path}?last_event_id=${lastEventId}`, { token: ann })
    await stream.when(() => stream.frames.length > count, 30_000)
    await stream.close()
    return stream.frames.slice(1)
  }
  /** Page after page, until one is empty and there were `least` events. */
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
  const waiting = async (count = 1) => until(async () => (await daemon.status()).json.streams === count, { timeout: 30_000, what: `${count} streams` })

  test('heads: each form says what it is, and whom it is for', async () => {
    const headers = { Origin: 'https://app.example' }
    const lines = await Lines.open(daemon, '/own', { token: ann, headers })
    await lines.close()
    assert.equal(lines.status, 200)
    assert.equal(lines.headers['content-type'], 'application/x-ndjson')
    assert.equal(lines.headers['cache-control'], 'no-cache')
    assert.equal(lines.headers['content-encoding'], undefined)
    const one = await get('/own', {}, { headers: { ...headers, 'Accept-Encoding': 'gzip' } })
    assert.equal(one.headers['content-type'], 'application/json')
    assert.equal(one.headers['cache-control'], 'no-store')
    assert.equal(one.headers.connection, 'close')
    assert.equal(one.headers['content-encoding'], undefined)
    for (const each of [lines, one]) assert.equal(each.headers['access-control-allow-origin'], 'https://app.example')
    for (const accept of ['*/*', 'text/html,application/xml;q=0.9,*/*;q=0.8', 'application/json;q=0', 'application/json, text/event-stream']) {
      const stream = await daemon.subscribe('/own', { token: ann, headers: { Accept: accept } })
      await stream.next('connected')
      await stream.close()
      assert.equal(stream.current.headers['content-type'], 'text/event-stream', accept)
    }
  })

  test('the three forms have the same events under the same ids, and any goes on where another one stopped', async () => {
    const lines = await Lines.open(daemon, '/own', { token: ann })
    await lines.until(() => lines.lines.length === 1, 'connected, at once')
    const [connected] = lines.lines
    assert.deepEqual([connected.event, connected.data], ['connected', { message: 'SSE connected' }])
    const start = (await get('/own')).json
    assert.deepEqual([start.events, start.reset], [[], null])
    assert.equal(start.cursor, connected.id)
    await write('ann', 3)
    await write('bob', 2)
    await cluster.psql(`UPDATE notes SET owner = 'bob' WHERE id = 1`)
    const live = await lines.count(4)
    const frames = await streamed('/own', 4, connected.id)
    assert.deepEqual(live, frames.map(asItem))
    assert.deepEqual(live.map(({ event }) => event), ['notes.insert', 'notes.insert', 'notes.insert', 'left'])
    assert.deepEqual((await walk('/own', start.cursor, { least: 4 })).events, live)
    for (const [n, raw] of lines.raw.slice(1).entries()) // data is the stream's, byte for byte
      assert.equal(raw, `{"id":"${frames[n].id}","event":"${frames[n].event}","data":${frames[n].data}}`)
    for (const [n, { id }] of live.entries()) { // behind each of them, in each form, by each name
      const rest = live.slice(n + 1)
      const again = await Lines.open(daemon, '/own?after=x', { token: ann, headers: { 'Last-Event-ID': id } })
      assert.deepEqual(await again.count(rest.length), rest)
      await again.close()
      for (const query of [{ after: id }, { last_event_id: id, after: 'x' }, { lastEventId: id }])
        assert.deepEqual((await get('/own', query)).json.events, rest)
      assert.deepEqual((await get('/own', {}, { headers: { 'Last-Event-ID': id } })).json.events, rest)
      const stream = await daemon.subscribe(`/own?after=${id}`, { token: ann })
      await stream.when(() => stream.frames.length > rest.length)
      assert.deepEqual(stream.frames.slice(1).map(asItem), rest)
      await stream.close()
    }
    await lines.close()
  })

  test('a page without news answers at once, and its cursor goes on with the log', async () => {
    const { json: first } = await get('/own')
    await write('bob', 1)
    const { json: second } = await until(async () => {
      const answer = await get('/own', { after: first.cursor })
      return answer.json.cursor !== first.cursor && answer
    }, { what: 'a cursor that has moved on' })
    assert.deepEqual([second.events, second.reset], [[], null])
    assert.notEqual(second.cursor, first.cursor)
  })

  test('a long poll is answered when something happens, and not by what is for others', async () => {
    const { json: start } = await get('/own')
    const began = now()
    const coming = get('/own', { after: start.cursor, wait: 50 })
    let answered = false
    coming.then(() => (answered = true))
    await waiting()
    await write('bob')
    await write('ann')
    const { json } = await coming
    assert.ok(now() - began < 45_000 && answered)
    assert.deepEqual(json.events.map(({ event, data }) => [event, data.row.owner]), [['notes.insert', 'ann']])
    assert.equal(json.cursor, json.events[0].id)
    const quiet = await get('/own', { after: json.cursor, wait: 1 })
    assert.deepEqual([quiet.status, quiet.json.events, quiet.json.reset], [200, [], null])
    assert.ok(quiet.json.cursor)
  })

  test('many long polls beside one writer: each change comes once to each, in order', async () => {
    const { json: start } = await get('/own')
    const count = 60
    const pollers = Array.from({ length: 4 }, async () => {
      const seen = []
      for (let cursor = start.cursor; seen.length < count; ) {
        const { json } = await get('/own', { after: cursor, wait: 30 })
        assert.equal(json.reset, null)
        seen.push(...json.events)
        ;({ cursor } = json)
      }
      return seen
    })
    for (let n = 0; n < count; n++) await write(n % 3 ? 'ann' : 'bob', 1).then(() => n % 3 || write('ann'))
    const stream = (await streamed('/own', count, start.cursor)).map(asItem)
    for (const seen of await Promise.all(pollers)) assert.deepEqual(seen, stream)
  })

  test('5,000 events, page after page, are what the stream says; a page has 1,000 at the most, and 1 MB', async () => {
    const { json: start } = await get('/own')
    for (let n = 0; n < 10; n++) await write('ann', 500)
    const frames = (await streamed('/own', 5000, start.cursor)).map(asItem)
    for (const after of [start.cursor, frames[0].id]) { // by memory or by the database, as it happens
      const { pages, events } = await walk('/own', after)
      assert.deepEqual(events, after === start.cursor ? frames : frames.slice(1))
      assert.ok(pages.every(({ events }) => events.length <= 1000) && pages.length >= 5, pages.map(({ events }) => events.length).join())
      for (const { events, cursor } of pages.slice(0, -1)) assert.equal(cursor, events.at(-1).id)
    }
    const all = await walk('/own', 'earliest')
    assert.deepEqual(all.events, (await streamed('/own', all.events.length)).map(asItem))
    const before = all.cursor
    await write('ann', 40, 'y'.repeat(100_000))
    const big = await walk('/own', before, { least: 40 })
    assert.equal(big.events.length, 40)
    assert.ok(big.pages.every(({ events }) => events.length <= 11) && big.pages.length >= 4)
  })

  test('an instance that has just begun reads them from the database, and so does the first of a form', async () => {
    const other = await stage.addDaemon({ flags })
    const expected = (await walk('/own', 'earliest')).events
    assert.deepEqual((await walk('/own', 'earliest', { from: other })).events, expected)
    const lines = await Lines.open(other, `/all?after=${expected[5].id}`, { token: ann })
    const others = await lines.count(10)
    await lines.close()
    assert.equal(new Set(others.map(({ id }) => id)).size, others.length)
    assert.equal(await other.stop(), 0)
  })

  test('a page that the database has answered goes out at once: with events, with none, with a state', async () => {
    const quick = async (path, after, as) => {
      const start = now()
      const answer = await get(path, { after }, { token: as })
      assert.equal(answer.status, 200)
      assert.ok(now() - start < 5_000, `${path} took ${now() - start} ms`)
      return answer.json.events.length
    }
    await write('ann')
    const nobody = await token({ sub: 'nobody' })
    for (let i = 0; i < 3; i++) {
      assert.ok(await quick('/own', 'earliest', ann) > 0)
      assert.equal(await quick('/own', 'earliest', nobody), 0)
      assert.equal(await quick('/state?rows=3&pad=1', undefined, ann), 4)
    }
  })

  // A stream that has had plain subscribers only: what was framed before is read again, what comes is framed for both.
  test('the first of a form joins amid changes, and misses and repeats nothing', async () => {
    await cluster.psql(`SELECT herald.stream('/fresh', '{notes}', ${own})`)
    const plain = await until(async () => {
      const stream = await daemon.subscribe('/fresh', { token: ann })
      if (stream.status === 200) return stream
      await stream.close()
    }, { what: 'the new stream' })
    const { id: start } = await plain.next('connected')
    let writing = true
    const writer = (async () => {
      for (let n = 0; n < 40 || writing; n++) await write('ann', 5)
    })()
    await plain.when(() => plain.events.length >= 50, 30_000)
    const lines = await Lines.open(daemon, `/fresh?after=${start}`, { token: ann })
    const zipped = await Zipped.open(daemon, `/fresh?after=${plain.events[20].id}`, { token: ann })
    await lines.count(60)
    writing = false
    await writer
    const total = await until(() => plain.events.length >= 200 && plain.events.at(-1)?.data.includes(`"id": ${last},`) && plain.events.length, { timeout: 30_000, what: 'all at the plain one' })
    assert.deepEqual(await lines.count(total), plain.events.map(asItem))
    await zipped.count(total - 21)
    assert.deepEqual(zipped.events.map(({ id }) => id), plain.events.slice(21).map(({ id }) => id))
    for (const each of [plain, lines, zipped]) await each.close()
  })

  test('a cursor that is no use is answered 200 with the reason, and with one that is', async () => {
    for (const [after, reason] of [['nonsense', 'unknown'], ['1', 'unknown'], ['999999999-1', 'unknown'], ['-1', 'unknown']]) {
      const { status, json } = await get('/own', { after, wait: 30 })
      assert.equal(status, 200)
      assert.deepEqual([json.events, json.reset], [[], reason], after)
      assert.equal((await get('/own', { after: json.cursor })).json.reset, null)
    }
    const lines = await Lines.open(daemon, '/own?after=nonsense', { token: ann })
    await lines.until(() => lines.lines.length >= 2, 'the reset')
    assert.deepEqual(lines.lines.map(({ id, event, data }) => [typeof id, event, data.reason]), [['undefined', 'connected', undefined], ['string', 'reset', 'unknown']])
    await lines.close()
  })

  test('a wait that is no number of seconds is 400; a stream does not ask', async () => {
    for (const wait of ['', 'x', '-1', '1.5', '1s']) {
      const answer = await get('/own', { after: '1-0', wait })
      assert.equal(answer.status, 400)
      assert.deepEqual(answer.json, { success: false, errors: ['The parameter wait must be a whole number of seconds'] })
    }
    const stream = await daemon.subscribe('/own?wait=x', { token: ann })
    assert.equal(stream.status, 200)
    await stream.close()
  })

  test('a stream with a snapshot: the whole state, ready, and the cursor behind which nothing is missing', async () => {
    const { status, json } = await get('/state?rows=3&pad=1')
    assert.equal(status, 200)
    assert.deepEqual(json.events.map(({ event, id, data }) => [event, id, data.id ?? data.items]), [
      ['snapshot', undefined, 1], ['snapshot', undefined, 2], ['snapshot', undefined, 3], ['ready', json.events[3].id, 3]])
    assert.ok(json.cursor)
    await write('ann')
    const next = await get('/state?rows=3&pad=1', { after: json.cursor, wait: 30 })
    assert.deepEqual(next.json.events.map(({ event, data }) => [event, data.row.id]), [['notes.insert', last]])
    const message = await get('/state/message?rows=1&pad=1')
    assert.deepEqual(message.json.events.map(({ event, data }) => [event, data.type]), [['snapshot', 'snapshot'], ['ready', 'ready']])
    const anew = await get('/state?rows=2&pad=1', { after: 'nonsense' })
    assert.equal(anew.json.reset, 'unknown')
    assert.deepEqual(anew.json.events.map(({ event }) => event), ['snapshot', 'snapshot', 'ready'])
    const lines = await Lines.open(daemon, '/state?rows=2&pad=1', { token: ann })
    await lines.until(() => lines.lines.at(-1)?.event === 'ready', 'ready')
    assert.deepEqual(lines.lines.map(({ event }) => event), ['connected', 'snapshot', 'snapshot', 'ready'])
    await lines.close()
  })

  test('a large state comes whole in one page, and does not stay in memory', async () => {
    const before = await daemon.rssBytes()
    const { json } = await get('/state?rows=50000&pad=500')
    assert.equal(json.events.length, 50_001)
    assert.deepEqual(json.events.slice(0, -1).map(({ data }) => data.id), Array.from({ length: 50_000 }, (_, n) => n + 1))
    const more = await daemon.rssBytes() - before
    if (!/asan/.test(process.env.PGHERALD ?? '')) assert.ok(more < 16 << 20, `${more} bytes more`)
  })

  test('a state that cannot be read is 500, or cut off where it has begun', async () => {
    const early = await get('/fails?rows=500')
    assert.equal(early.status, 500)
    assert.deepEqual(early.json, { success: false, errors: ['The state of this stream could not be read'] })
    await cluster.psql(`CREATE FUNCTION fails_late(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
      $$ SELECT jsonb_build_object('n', 1 / (5000 - n), 'pad', repeat('x', 1000)) FROM generate_series(1, 5000) n $$;
      SELECT herald.stream('/late', '{notes}', snapshot => 'public.fails_late');`)
    const end = await until(async () => {
      const answer = await get('/late').then(({ status }) => status, (error) => error.code ?? error.message)
      return answer !== 404 && answer
    }, { what: 'the new stream' })
    assert.match(String(end), /ECONNRESET|aborted/)
  })

  test('format message, and sealed: the data is the stream\'s, the event what a browser would call it', async () => {
    const start = (await get('/own')).json.cursor
    const open = (path) => Lines.open(daemon, path, { token: ann })
    const [message, sealed, sealedMessage] = await Promise.all(['/message', '/sealed', '/sealed/message'].map(open))
    await write('ann', 2)
    const events = await message.count(2)
    assert.deepEqual(events.map(({ event, data }) => [event, data.type]), [['notes.insert', 'notes.insert'], ['notes.insert', 'notes.insert']])
    assert.equal(message.lines[0].data.type, 'connected')
    const frames = await streamed('/message', 2, start)
    assert.deepEqual(message.raw.slice(1), frames.map(({ id, data }) => `{"id":"${id}","event":"notes.insert","data":${data}}`))
    for (const [lines, path, event] of [[sealed, '/sealed', 'notes.insert'], [sealedMessage, '/sealed/message', 'message']]) {
      const got = await lines.count(2)
      const plain = await streamed(path, 2, start) // framed for lines only since then, but sealed once for both
      const zipped = await Zipped.open(daemon, `${path}?after=${start}`, { token: ann })
      assert.deepEqual((await zipped.count(2)).map(({ id, event }) => [id, event]), plain.map(({ id, event }) => [id, event]))
      await zipped.close()
      assert.deepEqual(got.map(({ id, data }) => [id, data]), plain.map(({ id, data }) => [id, data]))
      assert.deepEqual(got.map((line) => line.event), [event, event])
      const opened = await unseal(got[0].data)
      assert.equal(opened.type, event === 'message' ? 'notes.insert' : undefined)
      assert.equal(opened.row.owner, 'ann')
      const { json } = await get(path, { after: start })
      assert.deepEqual(json.events, got)
    }
    for (const each of [message, sealed, sealedMessage]) await each.close()
  })

  test('who may not is refused in every form alike', async () => {
    const bad = await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' })
    for (const Accept of ['application/json', 'application/x-ndjson', 'text/event-stream']) {
      const ask = async (path, options) => (await request(daemon.url(path), { headers: { Accept, ...options } })).status
      const as = (jwt) => ({ Authorization: `Bearer ${jwt}` })
      assert.equal(await ask('/own', as(bad)), 401)
      assert.equal(await ask('/own', {}), 401)
      assert.equal(await ask('/nowhere', as(ann)), 404)
      assert.equal(await ask('/club', as(await token({ sub: 'max' }))), 403)
    }
  })

  test('tickets and authorize functions let pages and lines in as well', async () => {
    const ticket = async () => (await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${ann}` } })).json.ticket
    const { json: start } = await get('/club', {}, { token: await token({ sub: 'ann' }) })
    await write('ann')
    const one = await page(daemon, '/club', { query: { ticket: await ticket(), after: start.cursor, wait: 30 } })
    assert.deepEqual(one.json.events.map(({ data }) => data.row.id), [last])
    const lines = await Lines.open(daemon, `/own?ticket=${await ticket()}&after=${start.cursor}`)
    assert.equal((await lines.count(1))[0].data.row.id, last)
    await lines.close()
  })

  test('who loses the right while a page waits is told so: 401 revoked or expired, 403 forbidden', async () => {
    const refusal = { success: false, errors: ['Not authorized, token failed'] }
    const { json: { cursor } } = await get('/own')
    const wait = async (path, claims) => page(daemon, path, { token: await token(claims), query: { after: cursor, wait: 55 } })
    const revoked = wait('/own', { sub: 'rex' })
    await waiting()
    await cluster.psql(`SELECT herald.revoke(sub => 'rex')`)
    assert.deepEqual(await revoked.then(({ status, json }) => [status, json]), [401, refusal])
    const expired = await wait('/own', { sub: 'tim', exp: seconds() + 2 })
    assert.deepEqual([expired.status, expired.json], [401, refusal])
    assert.match(expired.headers['www-authenticate'], /^Bearer/)
    const forbidden = wait('/club', { sub: 'mia' })
    await waiting()
    await cluster.psql(`UPDATE members SET active = false WHERE who = 'mia'`)
    assert.deepEqual(await forbidden.then(({ status, json }) => [status, json]),
      [403, { success: false, errors: ['Not allowed to open this stream'] }])
  })

  test('a stream that is defined anew answers those who wait: they ask again behind the same cursor', async () => {
    await cluster.psql(`SELECT herald.stream('/changing', '{notes}', ${own})`)
    const { json: start } = await until(async () => {
      const answer = await get('/changing')
      return answer.status === 200 && answer
    }, { what: 'the new stream' })
    const coming = get('/changing', { after: start.cursor, wait: 55 })
    await waiting()
    await cluster.psql(`SELECT herald.stream('/changing', '{notes}', ${own}, format => 'message')`)
    const { status, json } = await coming
    assert.deepEqual([status, json], [200, { events: [], cursor: start.cursor, reset: null }])
  })

  test('a page that waits counts as a stream', async () => {
    const small = await stage.addDaemon({ flags: ['--max-streams-per-user', '2'] })
    const { json: { cursor } } = await get('/own', {}, { from: small })
    const both = [1, 2].map(() => get('/own', { after: cursor, wait: 55 }, { from: small }))
    await until(async () => (await small.status()).json.streams === 2, { timeout: 30_000, what: 'two that wait' })
    assert.equal((await get('/own', {}, { from: small })).status, 429)
    await write('ann')
    for (const { json } of await Promise.all(both)) assert.equal(json.events.length, 1)
    await until(async () => (await small.status()).json.streams === 0, { timeout: 30_000, what: 'nobody' })
    assert.equal(await small.stop(), 0)
  })

  test('at the end of a daemon, who waits is answered, and can go on elsewhere', async () => {
    const other = await stage.addDaemon({ flags })
    const { json: { cursor } } = await get('/own', {}, { from: other })
    const coming = get('/own', { after: cursor, wait: 55 }, { from: other })
    const lines = await Lines.open(other, '/own', { token: ann })
    await until(async () => (await other.status()).json.streams === 2, { timeout: 30_000, what: 'both' })
    assert.equal(await other.stop(), 0)
    const { status, json } = await coming
    assert.deepEqual([status, json], [200, { events: [], cursor, reset: null }])
    await lines.ended()
    assert.ok(lines.whole)
    assert.deepEqual(lines.lines.at(-1), { event: 'closing', data: { reason: 'shutdown' } })
    await write('ann')
    assert.deepEqual((await get('/own', { after: json.cursor, wait: 30 })).json.events.map(({ data }) => data.row.id), [last])
  })

  test('a page never goes past an event that cannot be sealed', async () => {
    const keyless = await stage.addDaemon({ flags })
    const { json: { cursor } } = await get('/sealed', {}, { from: keyless })
    const coming = get('/sealed', { after: cursor, wait: 55 }, { from: keyless })
    await until(async () => (await keyless.status()).json.streams === 1, { timeout: 30_000, what: 'one that waits' })
    await write('ann')
    assert.equal((await coming).status, 503)
    assert.equal((await get('/sealed', { after: cursor }, { from: keyless })).status, 503)
    assert.equal((await get('/sealed', { after: cursor, wait: 30 })).json.events.length, 1)
    assert.equal(await keyless.stop(), 0)
  })

  test('without the database a page that needs it is 503 in time, one that waits in memory is not', async () => {
    const proxy = await Proxy.open(cluster.port)
    proxies.push(proxy)
    const far = await stage.addDaemon({ flags, databaseUrl: cluster.url().replace(`:${cluster.port}/`, `:${proxy.port}/`) })
    const { json: { cursor } } = await get('/own', {}, { from: far })
    proxy.cut()
    const old = get('/own', { after: 'earliest' }, { from: far })
    const ticketed = get('/club', { after: cursor }, { from: far })
    const held = [Lines.open(far, '/club', { token: ann }), Zipped.open(far, '/club', { token: ann })] // 10 s, then a head, and pings
    const quiet = await get('/own', { after: cursor, wait: 1 }, { from: far })
    assert.deepEqual([quiet.status, quiet.json.events], [200, []])
    for (const { status, headers, json } of await Promise.all([old, ticketed])) {
      assert.equal(status, 503)
      assert.ok(Number(headers['retry-after']) > 0)
      assert.equal(json.success, false)
    }
    const [lines, zipped] = await Promise.all(held)
    proxy.mend()
    assert.equal(zipped.headers['content-encoding'], undefined)
    await zipped.until(() => zipped.frames.some(({ event }) => event === 'connected'), 'connected', 60_000)
    await lines.until(() => lines.lines.at(-1)?.event === 'connected', 'connected', 60_000)
    assert.equal(lines.lines[0].event, 'ping')
    for (const each of [lines, zipped]) await each.close()
    await until(async () => (await get('/own', { after: 'earliest' }, { from: far })).status === 200, { timeout: 60_000, every: 200, what: 'a page when it is back' })
    await far.stop()
  })

  test('HTTP/1.0 has them too, without chunks', async () => {
    await write('ann')
    const answer = await exchange({ host: '127.0.0.1', port: daemon.port }, 'GET /open?after=earliest HTTP/1.0\r\nAccept: application/json\r\n\r\n', { timeout: 30_000 })
    assert.doesNotMatch(answer, /chunked/i)
    const { events } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))
    assert.ok(events.length > 0)
    const lines = await exchange({ host: '127.0.0.1', port: daemon.port }, 'GET /open?after=earliest HTTP/1.0\r\nAccept: application/x-ndjson\r\n\r\n',
      { enough: (text) => text.split('\n').length > 20, timeout: 30_000 })
    assert.doesNotMatch(lines, /chunked/i)
    assert.deepEqual(JSON.parse(lines.slice(lines.indexOf('\r\n\r\n') + 4).split('\n')[1]), events[0])
  })

  test('pings of lines are lines, and a page has none', async () => {
    const brisk = await stage.addDaemon({ flags: ['--heartbeat', '50ms'] })
    const lines = await Lines.open(brisk, '/own', { token: ann })
    await lines.until(() => lines.raw.filter((line) => line === '{"event":"ping"}').length >= 3, 'three pings')
    await lines.close()
    const { json: { cursor } } = await get('/own', {}, { from: brisk })
    const quiet = await get('/own', { after: cursor, wait: 1 }, { from: brisk })
    assert.deepEqual(quiet.json.events, [])
    assert.equal(await brisk.stop(), 0)
  })
})
