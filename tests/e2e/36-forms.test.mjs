// One path has three forms: a stream, lines and pages. All have the same events under the same ids,
// for the same people.
// run: long
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { Lines, page, Zipped } from '../lib/forms.mjs'
import { unseal } from '../lib/iron.mjs'
import { asItem, openNotes, own } from '../lib/notes.mjs'
import { exchange } from '../lib/raw.mjs'
import { request } from '../lib/sse.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('one path, three forms', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, cluster, ann, last, write, get, streamed, walk
  before(async () => {
    ;({ stage, daemon, cluster, ann, last, write, get, streamed, walk } = await openNotes())
  })
  after(() => stage?.close())

  test('heads: each form says what it is, and whom it is for', async () => {
    const headers = { Origin: 'https://app.example' }
    const lines = await Lines.open(daemon, '/own', { token: ann, headers })
    await lines.close()
    assert.equal(lines.status, 200)
    assert.equal(lines.headers['content-type'], 'application/x-ndjson')
    assert.equal(lines.headers['cache-control'], 'no-cache, no-transform')
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
    for (const [n, raw] of lines.raw.slice(1).entries()) // data is that of the stream, byte for byte
      assert.equal(raw, `{"id":"${frames[n].id}","event":"${frames[n].event}","data":${frames[n].data}}`)
    for (const [n, { id }] of live.entries()) { // after each of them, in each form, by each name
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

  // A stream that has had only plain subscribers. What was framed before is read again, and what
  // comes is framed for both.
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
    const total = await until(() => plain.events.length >= 200 && plain.events.at(-1)?.data.includes(`"id": ${last()},`) && plain.events.length, { timeout: 30_000, what: 'all at the plain one' })
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
      const plain = await streamed(path, 2, start) // since then framed for lines only, but sealed once for both
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
    assert.deepEqual(one.json.events.map(({ data }) => data.row.id), [last()])
    const lines = await Lines.open(daemon, `/own?ticket=${await ticket()}&after=${start.cursor}`)
    assert.equal((await lines.count(1))[0].data.row.id, last())
    await lines.close()
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
    const pings = async () => /pgherald_pings_total (\d+)/.exec((await request(brisk.adminUrl('/metrics'))).text)[1]
    await until(async () => (await brisk.status()).json.streams === 0, { what: 'nobody' })
    const before = await pings()
    const { json: { cursor } } = await get('/own', {}, { from: brisk })
    const quiet = await get('/own', { after: cursor, wait: 1 }, { from: brisk })
    assert.deepEqual(quiet.json.events, [])
    assert.equal(await pings(), before)
    assert.equal(await brisk.stop(), 0)
  })
})
