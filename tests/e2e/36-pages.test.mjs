// Pages, for clients that poll. Each page ends with a cursor that misses nothing, and may wait for
// what is to come.
// run: long
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { Lines, page, Zipped } from '../lib/forms.mjs'
import { asItem, flags, openNotes, own } from '../lib/notes.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { request } from '../lib/sse.mjs'
import { seconds, token } from '../lib/token.mjs'
import { measured, now, until, within } from '../lib/wait.mjs'

describe('pages', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, cluster, ann, last, write, get, streamed, walk, waiting
  const proxies = []
  before(async () => {
    ;({ stage, daemon, cluster, ann, last, write, get, streamed, walk, waiting } = await openNotes())
  })
  after(async () => {
    await stage?.close()
    for (const proxy of proxies) await proxy.close()
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
    for (const after of [start.cursor, frames[0].id]) { // from memory or from the database, as it happens
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

  test('a page that the database has answered goes out at once: with events, with none, with a state', async (t) => {
    const nobody = await token({ sub: 'nobody' })
    await write('ann')
    for (const [path, query, who, least] of [
      ['/own', { after: 'earliest' }, ann, 1], ['/own', { after: 'earliest', wait: 50 }, ann, 1], ['/own', { after: 'earliest' }, nobody, 0], ['/state?rows=3&pad=1', {}, ann, 4]]) {
      const ask = async () => {
        const since = now()
        const { status, json } = await get(path, query, { token: who })
        assert.equal(status, 200)
        assert.ok(json.events.length >= least, `${path}: ${json.events.length} events`)
        return now() - since
      }
      const took = await measured(t, ask, (took) => took < 5000)
      assert.ok(took < 5000, `${path}: ${took} ms`)
    }
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
    assert.deepEqual(next.json.events.map(({ event, data }) => [event, data.row.id]), [['notes.insert', last()]])
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
    if (!/asan/.test(process.env.PGHERALD ?? '')) await until(() => daemon.rssBytes() - before < 16 << 20, { what: 'its memory to be given back' })
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
    assert.deepEqual((await get('/own', { after: json.cursor, wait: 30 })).json.events.map(({ data }) => data.row.id), [last()])
  })

  test('a daemon that is told twice to end lets go of those who have not read their last words', async (t) => {
    const took = await measured(t, endTwice, (took) => took < 2000)
    assert.ok(took < 2000, `the end, at once: ${took} ms`)
  })

  async function endTwice() {
    const other = await stage.addDaemon({ flags })
    const path = '/state?rows=20000&pad=1000'
    const paused = await Promise.all([Lines.open(other, path, { token: ann }), Lines.open(other, path, { token: ann, headers: { Accept: 'application/json' } })])
    for (const { response } of paused) response.pause()
    let sent = 0, before = -1
    await until(async () => {
      [before, sent] = [sent, /pgherald_sent_bytes_total (\d+)/.exec((await request(other.adminUrl('/metrics'))).text)[1]]
      return sent > 0 && sent === before
    }, { timeout: 30_000, every: 300, what: 'sockets that take no more' })
    other.child.kill('SIGTERM')
    await until(() => /signal 15/.test(other.logs()), { what: 'the first signal' })
    const since = now()
    other.child.kill('SIGTERM')
    await within(other.child.exited, 20_000, 'the end')
    const took = now() - since
    assert.equal(await other.stop(), 0)
    assert.match(other.logs(), /2 streams were opened; ended: shutdown 2; open now: 0$/m)
    for (const one of paused) await one.close()
    return took
  }

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
    const held = [Lines.open(far, '/club', { token: ann }), Zipped.open(far, '/club', { token: ann })] // after 10 s each gets a head and pings
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
})
