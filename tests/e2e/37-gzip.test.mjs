// Streams with gzip. They are packed once for all, decoded as they come, and whole at their end.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { openBrowser, servePage } from '../lib/browser.mjs'
import { Curl } from '../lib/curl.mjs'
import { missing } from '../lib/daemon.mjs'
import { Zipped } from '../lib/forms.mjs'
import { missingNginx, Nginx } from '../lib/nginx.mjs'
import { exchange } from '../lib/raw.mjs'
import { eventOf, eventSource } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until, within } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, owner text, body text);
  CREATE FUNCTION state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
    $$ SELECT jsonb_build_object('id', n, 'pad', repeat('x', 2000)) FROM generate_series(1, 500) n $$;
  SELECT herald.watch('notes', audience => '{owner}');
  SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/all', '{notes}', format => 'message');
  SELECT herald.stream('/state', '{notes}', snapshot => 'public.state');
  SELECT herald.stream('/open', '{notes}', anonymous => true);`)

describe('gzip', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, client, ann, page, browser
  before(async () => {
    page = await servePage('/nowhere')
    stage = await openStage({ prepare, daemon: { flags: ['--allowed-origins', page.origin] } })
    daemon = stage.daemon
    client = await stage.cluster.client()
    ann = await token({ sub: 'ann' })
  })
  after(async () => {
    await browser?.close()
    await page?.close()
    await stage?.close()
  })

  let last = 0
  const write = async (body, { owner = 'ann', count = 1 } = {}) => {
    await client.query('INSERT INTO notes SELECT n, $1, $2 FROM generate_series($3::int, $4::int) n', [owner, body, last + 1, last + count])
    last += count
  }
  const open = async (path = '/own', options = {}, from = daemon) => {
    const stream = await Zipped.open(from, path, { token: ann, ...options })
    assert.equal(stream.headers['content-encoding'], 'gzip')
    await stream.until(() => stream.frames.length > 0, 'connected')
    return stream
  }
  const plainly = async (path, count) => {
    const stream = await daemon.subscribe(path, { token: ann })
    await stream.when(() => stream.frames.length > count, 30_000)
    await stream.close()
    return stream.frames.slice(1).map(({ id, event, data }) => [id, event, data])
  }
  const rawOf = (frames) => frames.map(({ id, event, data }) => [id, event, data])
  const bodies = ['', 'tiny', 'a'.repeat(3000), randomBytes(30_000).toString('base64'), 'b'.repeat(300_000), randomBytes(225_000).toString('base64'), 'ü€🙂'.repeat(500)]

  test('the head says so, only where it was asked for', async () => {
    const stream = await open()
    assert.equal(stream.headers['content-type'], 'text/event-stream')
    assert.match(stream.headers.vary, /Accept-Encoding/)
    await stream.close()
    for (const encoding of ['gzip;q=0', 'br', 'identity', 'gzip;q=0.1, identity', '']) {
      const plain = await Zipped.open(daemon, '/own', { token: ann, headers: { 'Accept-Encoding': encoding } })
      assert.equal(plain.headers['content-encoding'], undefined, encoding)
      await plain.until(() => plain.frames.length > 0, 'connected')
      await plain.close()
    }
    const old = await exchange({ host: '127.0.0.1', port: daemon.port }, 'GET /open HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n',
      { enough: (text) => text.includes('event: connected'), timeout: 30_000 })
    assert.doesNotMatch(old, /Content-Encoding/i)
  })

  test('each event can be read as soon as it is there, whatever its size, and is what the plain stream has', async () => {
    const [zipped, beside] = await Promise.all([open(), open()])
    const { id: start } = zipped.frames[0]
    for (const [n, body] of bodies.entries()) {
      await write(body)
      for (const stream of [zipped, beside]) {
        const events = await stream.count(n + 1) // no event is held back until the next one comes
        assert.equal(JSON.parse(events[n].data).row.body, body)
      }
    }
    const plain = await plainly(`/own?after=${start}`, bodies.length)
    assert.deepEqual(rawOf(zipped.events), plain)
    for (let n = 0; n <= bodies.length; n++) { // after each of them, from memory
      const again = await open(`/own?after=${n ? plain[n - 1][0] : start}`)
      assert.deepEqual(rawOf(await again.count(bodies.length - n)), plain.slice(n))
      await again.close()
    }
    assert.deepEqual(zipped.parser.faults, [])
    for (const stream of [zipped, beside]) await stream.close()
  })

  test('from the database they are the same, and go on into the log', async () => {
    const other = await stage.addDaemon()
    const stream = await open('/own?after=earliest', {}, other)
    await stream.count(last)
    await write('live')
    const events = await stream.count(last)
    assert.ok(JSON.stringify(rawOf(events)) === JSON.stringify(await plainly('/own?after=earliest', last)))
    assert.equal(await other.stop(), 0)
    await stream.ended()
    assert.equal(await within(stream.unzipped, 30_000, 'the end of gzip'), 'a right end')
  })

  test('the end is a right one: after the log, pages of the database, control events, a state, nothing at all', async () => {
    const other = await stage.addDaemon({ flags: ['--heartbeat', '100ms', '--compress-above', '100B'] })
    const streams = await Promise.all([
      open('/own', {}, other), open('/own?after=earliest', {}, other), open('/own?after=nonsense', {}, other), open('/all', {}, other), open('/state', {}, other)])
    await streams[4].until(() => streams[4].frames.some(({ event }) => event === 'ready'), 'the state')
    for (const body of bodies) await write(body, { count: 3 })
    await streams[1].count(last)
    await streams[2].count(3 * bodies.length + 1)
    await streams[3].count(3 * bodies.length)
    await streams[4].until(() => streams[4].frames.at(-1).data.includes(`"id": ${last},`), 'the last change')
    await streams[0].until(() => streams[0].events.length === 3 * bodies.length && streams[0].comments.length > 2, 'all, and pings')
    streams.push(await open('/own', {}, other))
    assert.equal(await other.stop(), 0)
    for (const stream of streams) {
      await stream.ended()
      assert.equal(await within(stream.unzipped, 30_000, 'the end of gzip'), 'a right end')
      assert.ok(stream.whole)
      assert.equal(JSON.parse(stream.frames.at(-1).data).reason, 'shutdown')
    }
  })

  test('lines are packed like events, and beside them', async () => {
    const other = await stage.addDaemon({ flags: ['--heartbeat', '100ms'] })
    const headers = { Accept: 'application/x-ndjson' }
    const [lines, events] = [await open('/own', { headers }, other), await open('/own', {}, other)]
    assert.equal(lines.headers['content-type'], 'application/x-ndjson')
    const { id: start } = lines.frames[0]
    for (const body of bodies) await write(body)
    await events.count(bodies.length)
    const plain = rawOf(events.events)
    assert.deepEqual(rawOf(await lines.count(bodies.length)), plain)
    const streams = [lines, await open(`/own?after=${start}`, { headers }, other), await open('/own?after=earliest', { headers }, other)]
    assert.deepEqual(rawOf(await streams[1].count(bodies.length)), plain)
    assert.deepEqual(rawOf((await streams[2].count(last)).slice(-bodies.length)), plain)
    await lines.until(() => lines.frames.some(({ event }) => event === 'ping'), 'a ping')
    await write('c'.repeat(100_000))
    for (const [stream, count] of [[events, 1], [lines, 1], [streams[1], 1], [streams[2], last - bodies.length]]) await stream.count(bodies.length + count)
    assert.ok(lines.bytes < lines.plain / 2, `${lines.bytes} of ${lines.plain} bytes`)
    assert.equal(await other.stop(), 0)
    for (const stream of streams) {
      await stream.ended()
      assert.equal(await within(stream.unzipped, 30_000, 'the end of gzip'), 'a right end')
      assert.deepEqual(JSON.parse(stream.frames.at(-1).raw), { event: 'closing', data: { reason: 'shutdown' } })
    }
  })

  // Its socket takes a part of a frame. What is said meanwhile comes after it, also in the checksum
  // at the end.
  test('one who reads slowly finds all of it, and the end right', async () => {
    const other = await stage.addDaemon({ flags: ['--heartbeat', '60ms'] })
    const stream = await open('/own', {}, other)
    const body = randomBytes(750_000).toString('base64')
    let count = 0
    for (let round = 0; round < 4; round++) {
      stream.response.pause()
      for (let n = 0; n < 6; n++, count++) await write(body)
      stream.response.resume()
      await stream.count(count)
    }
    assert.ok(stream.events.every(({ data }) => JSON.parse(data).row.body === body))
    assert.equal(await other.stop(), 0)
    await stream.ended()
    assert.equal(await within(stream.unzipped, 30_000, 'the end of gzip'), 'a right end')
  })

  test('who is stopped in the middle of a frame gets the rest of it, closing, and a right end', async () => {
    const other = await stage.addDaemon()
    const [stream, beside] = [await open('/own', {}, other), await open('/own', {}, other)]
    const body = randomBytes(750_000).toString('base64')
    stream.response.pause()
    for (let n = 0; n < 10; n++) await write(body)
    await beside.count(10)
    const stopped = other.stop()
    await until(() => /signal 15/.test(other.logs()), { timeout: 30_000, what: 'the signal in the log' })
    stream.response.resume()
    assert.equal(await stopped, 0)
    await stream.ended()
    assert.equal(await within(stream.unzipped, 30_000, 'the end of gzip'), 'a right end')
    assert.equal(JSON.parse(stream.frames.at(-1).data).reason, 'shutdown')
    assert.ok(stream.events.length < 10, 'the reader was not slow')
  })

  test('a text that repeats gets small on the wire; compress-above says from which size on', async (t) => {
    const raised = await stage.addDaemon({ flags: ['--compress-above', '100KB'] })
    const row = Array.from({ length: 20 }, (_, n) => `{"position": ${n}, "article": "A-${1000 + n * 7}", "name": "Pastel de nata", "quantity": ${n % 3 + 1}, "price": "${n}.50"}`).join(', ').slice(0, 1700)
    const fence = await open('/all') // what the test before has written is told by then, also by a slow daemon
    await write('fence')
    await fence.until(() => fence.events.some(({ data }) => JSON.parse(data).row.body === 'fence'), 'the fence')
    await fence.close()
    const streams = [await open('/all'), await open('/all', {}, raised), await open('/all', { headers: { 'Accept-Encoding': 'gzip' } })]
    const plain = await Zipped.open(daemon, '/all', { token: ann, headers: { 'Accept-Encoding': 'identity' } })
    await plain.until(() => plain.frames.length > 0, 'connected')
    await write(row, { count: 1000 })
    for (const stream of [...streams, plain]) await stream.count(1000)
    t.diagnostic(`1,000 events of ${Math.round(plain.bytes / 1000)} bytes: ${plain.bytes} bytes plain, ${streams[0].bytes} with gzip`)
    assert.ok(streams[0].bytes < plain.bytes / 2)
    assert.ok(streams[1].bytes > plain.bytes)
    assert.equal(streams[0].plain, plain.bytes)
    for (const stream of [...streams, plain]) await stream.close()
    assert.equal(await raised.stop(), 0)
  })

  test('compress-above off: no stream is compressed', async () => {
    const off = await stage.addDaemon({ flags: ['--compress-above', 'off'] })
    const stream = await Zipped.open(off, '/own', { token: ann })
    assert.equal(stream.headers['content-encoding'], undefined)
    await stream.close()
    assert.equal(await off.stop(), 0)
  })

  test('a browser\'s EventSource reads it as it comes', async () => {
    browser ??= await openBrowser()
    const tab = await browser.page(page.origin)
    const url = daemon.url(`/own?token=${ann}`)
    const encodings = []
    tab.on('response', (response) => encodings.push(response.headers()['content-encoding']))
    await tab.evaluate((address) => {
      window.seen = []
      window.source = new EventSource(address)
      for (const name of ['connected', 'notes.insert']) {
        window.source.addEventListener(name, (event) => window.seen.push([name, event.lastEventId, event.data.length]))
      }
    }, url)
    const seen = () => tab.evaluate(() => window.seen)
    await until(async () => (await seen()).length === 1, { timeout: 30_000, what: 'connected' })
    const start = (await seen())[0][1]
    for (const [n, body] of bodies.entries()) {
      await write(body)
      await until(async () => (await seen()).length === n + 2, { timeout: 30_000, what: `event ${n} in the browser` })
    }
    assert.deepEqual((await seen()).slice(1).map(([name, id, length]) => [id, name, length]),
      (await plainly(`/own?after=${start}`, bodies.length)).map(([id, name, data]) => [id, name, data.length]))
    assert.deepEqual(encodings, ['gzip'])
    await tab.close()
  })

  test('curl --compressed, the eventsource package, and a stream behind nginx', { skip: missingNginx() }, async () => {
    const nginx = await Nginx.start(`location / { proxy_pass http://127.0.0.1:${daemon.port}; proxy_http_version 1.1; }`)
    const curls = [Curl.start(daemon.url('/open'), ['--compressed']), Curl.start(nginx.url('/open'), ['--compressed'])]
    const source = eventSource(daemon.url('/own'), { headers: { Authorization: `Bearer ${ann}` } })
    const connected = eventOf(source, 'connected', () => true, 30_000) // it listens before the event can come
    const behind = await Zipped.open(nginx, '/open')
    try {
      await connected
      assert.equal(behind.headers['content-encoding'], 'gzip')
      for (const curl of curls) await curl.frame(({ event }) => event === 'connected', 30_000)
      for (const [n, body] of bodies.entries()) {
        const here = eventOf(source, 'notes.insert', () => true, 30_000)
        await write(body)
        assert.equal(JSON.parse((await here).data).row.body, body)
        for (const curl of curls) await curl.frame(({ event, data }) => event === 'notes.insert' && JSON.parse(data).row.id === last, 30_000)
        assert.equal(JSON.parse((await behind.count(n + 1))[n].data).row.id, last)
      }
      for (const curl of curls) assert.equal(curl.errors, '')
    } finally {
      source.close()
      for (const curl of curls) await curl.stop()
      await behind.close()
      await nginx.stop()
    }
  })
})
