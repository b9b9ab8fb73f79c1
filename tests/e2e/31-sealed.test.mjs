// Sealed streams. @hapi/iron reads what goes out, and so does Web Crypto in a real browser. Nobody
// reads it without the key.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBrowser, servePage } from '../lib/browser.mjs'
import { Curl } from '../lib/curl.mjs'
import { environment } from '../lib/cluster.mjs'
import { missing, program, repository, run } from '../lib/daemon.mjs'
import { encryptionKey, sealedForm, unseal, unsealInBrowser } from '../lib/iron.mjs'
import { makeRandomness } from '../lib/norandom.mjs'
import { removeDirectory, start, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { secret, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const tables = `
  CREATE TABLE notes (id int PRIMARY KEY, owner text, body text DEFAULT 'the-text-that-nobody-sees');
  SELECT herald.watch('notes', audience => '{owner}');`
const sealedStream = `SELECT herald.stream('/sealed', '{notes}', match => '{"owner": "claims.sub"}', sealed => true);`
const clearStream = `SELECT herald.stream('/clear', '{notes}', match => '{"owner": "claims.sub"}');`

const begun = Date.now()

/** What a frame says, without the time of its sealing. There must be such a time, within this run. */
async function opened({ data }, keys = encryptionKey) {
  assert.match(data, sealedForm)
  const { timestamp, ...rest } = await unseal(data, keys)
  assert.ok(Number.isInteger(timestamp) && timestamp >= begun && timestamp <= Date.now(), `timestamp ${timestamp}`)
  return rest
}

describe('sealed streams', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, cluster, ann, directory, page, browser, id = 0
  before(async () => {
    directory = temporaryDirectory('sealed')
    page = await servePage(join(repository, 'contrib/client/dist'))
    stage = await openStage({
      daemon: { flags: ['--allowed-origins', page.origin], env: { SSE_ENCRYPTION_KEY: encryptionKey } },
      prepare: (it) => it.psql(`${tables} ${sealedStream} ${clearStream}
        SELECT herald.stream('/sealed/all', '{notes}', sealed => true);
        SELECT herald.stream('/sealed/message', '{notes}', format => 'message', sealed => true);`),
    })
    ;({ daemon, cluster } = stage)
    ann = await token({ sub: 'ann' })
  })
  after(async () => {
    await browser?.close()
    await page?.close()
    await stage?.close()
    removeDirectory(directory)
  })

  async function open(path, options = {}, from = daemon) {
    const stream = await from.subscribe(path, { token: ann, ...options })
    await stream.next('connected')
    return stream
  }
  /** Writes this many rows of ann's, in transactions of 10. Returns their ids. */
  async function write(count = 1) {
    const first = id + 1
    const statements = []
    for (; id < first + count - 1; id += 10) {
      statements.push(`INSERT INTO notes SELECT n, 'ann' FROM generate_series(${id + 1}, ${Math.min(id + 10, first + count - 1)}) n;`)
    }
    id = first + count - 1
    await cluster.psql(statements.join('\n'))
    return Array.from({ length: count }, (_, n) => first + n)
  }
  const arrived = (stream, count) => stream.when(() => stream.events.length >= count, 30_000, () => `${count} events, not ${stream.events.length}`)

  test('1,000 events, live and once more from the database, are what the stream in clear says; no salt or IV comes twice', async () => {
    const [live, beside, clear] = await Promise.all(['/sealed', '/sealed/all', '/clear'].map((path) => open(path)))
    await write(1000)
    for (const stream of [live, beside, clear]) await arrived(stream, 1000)
    const past = await open('/sealed?last_event_id=earliest') // pages from the database
    await arrived(past, 1000)
    const seen = new Set()
    for (const [n, { id: at, name, data }] of clear.events.entries()) {
      for (const stream of [live, past]) {
        const frame = stream.events[n]
        assert.deepEqual([frame.id, frame.name], [at, name])
        assert.deepEqual(await opened(frame), JSON.parse(data))
        const parts = frame.data.split('*')
        for (const part of [parts[2], parts[3], parts[6]]) seen.add(part)
      }
      assert.equal(beside.events[n].data, live.events[n].data, 'one sealing for all subscribers and streams')
    }
    assert.equal(seen.size, 6000)
    const resumed = await open('/sealed', { lastEventId: live.events[499].id }) // from memory, so not sealed again
    await arrived(resumed, 500)
    assert.deepEqual(resumed.events.map(({ data }) => data), live.events.slice(500).map(({ data }) => data))
    for (const stream of [live, beside, clear, past, resumed]) await stream.close()
  })

  test('nothing of an event but its id and name is on the wire; what the server itself says is in clear', async () => {
    const chunked = Curl.start(daemon.url('/sealed/all?last_event_id=earliest'), ['-H', `Authorization: Bearer ${ann}`])
    const bare = Curl.start(daemon.url('/sealed/all?last_event_id=earliest'), ['--http1.0', '-H', `Authorization: Bearer ${ann}`])
    for (const curl of [chunked, bare]) {
      await until(() => curl.frames.length > id, { what: 'all events at curl' })
      assert.ok(!curl.text.includes('nobody-sees'))
      assert.equal(curl.frames[0].data, '{"message":"SSE connected"}')
      assert.deepEqual((await opened(curl.frames.at(-1))).row.body, 'the-text-that-nobody-sees')
      await curl.stop()
    }
  })

  test('in the format of messages the name is inside what is sealed', async () => {
    const stream = await daemon.subscribe('/sealed/message', { token: ann })
    assert.equal((await stream.next()).data, '{"type":"connected"}')
    const [written] = await write()
    const frame = await stream.next()
    assert.equal(frame.event, 'message')
    const { type, row } = await opened(frame)
    assert.deepEqual([type, row.id], ['notes.insert', written])
    const past = await daemon.subscribe(`/sealed/message?last_event_id=${stream.frames[0].id}`, { token: ann })
    const again = await past.next((it) => it.data.startsWith('Fe26'))
    assert.equal((await opened(again)).type, 'notes.insert')
    for (const it of [stream, past]) await it.close()
  })

  test('`left` and `bulk` are sealed too, and so is what the application publishes', async () => {
    const stream = await open('/sealed')
    const [written] = await write()
    await cluster.psql(`
      UPDATE notes SET owner = 'bob' WHERE id = ${written};
      SELECT herald.publish('notes', 'hello', '{"timestamp": "mine", "price": 460.00}', '{"owner": ["ann"]}');
      SELECT herald.publish('notes', 'list', '[1, 2]', '{"owner": ["ann"]}');
      BEGIN; SELECT herald.mute(); DELETE FROM notes; COMMIT;`)
    assert.deepEqual(await opened(await stream.next('left')), { topic: 'notes', key: { id: written } })
    assert.deepEqual(await opened(await stream.next('hello')), { price: 460 })
    assert.deepEqual(await opened(await stream.next('list')), { data: [1, 2] })
    assert.equal((await opened(await stream.next('bulk'))).reason, 'muted')
    await stream.close()
  })

  test('200 values of all kinds are read by iron and by the module for pages alike', async () => {
    const stream = await open('/sealed')
    const values = Array.from({ length: 200 }, (_, n) => ({
      n, text: String.fromCodePoint(0x20 + n, 0x2028, 0x1f600 + n, 0x22, 0x5c), nested: { list: [n / 7, null, true, { deep: 'ü'.repeat(n) }] },
    }))
    const client = await cluster.client()
    for (const value of values) await client.query(`SELECT herald.publish('notes', 'value', $1, '{"owner": ["ann"]}')`, [value])
    await arrived(stream, 200)
    for (const [n, frame] of stream.events.entries()) {
      assert.deepEqual(await opened(frame), values[n])
      assert.deepEqual(await unsealInBrowser(frame.data, encryptionKey), await unseal(frame.data))
    }
    await stream.close()
  })

  test('an event of a megabyte is sealed; a member __proto__ is for neither of them', async () => {
    const stream = await open('/sealed')
    await cluster.psql(`
      SELECT herald.publish('notes', 'long', jsonb_build_object('text', repeat('x', 1 << 20)), '{"owner": ["ann"]}');
      SELECT herald.publish('notes', 'bad', '{"__proto__": 1}', '{"owner": ["ann"]}');`)
    assert.equal((await opened(await stream.next('long'))).text.length, 1 << 20)
    const { data } = await stream.next('bad')
    for (const read of [unseal, unsealInBrowser]) await assert.rejects(read(data, encryptionKey), /__proto__|prototype/)
    await stream.close()
  })

  test('`pgherald tail` prints what is sealed as it comes, in JSON as a string', async () => {
    const stream = await open('/sealed')
    await write()
    const { data } = await stream.next('notes.insert')
    await stream.close()
    for (const flags of [[], ['--json']]) {
      const args = ['tail', '/sealed', '--from', stream.frames[0].id, '--listen', `127.0.0.1:${daemon.port}`, ...flags]
      const child = start(program, args, { env: { ...environment(), PGHERALD_TOKEN: ann }, stdio: ['ignore', 'pipe', 'ignore'] })
      let said = ''
      child.stdout.on('data', (chunk) => (said += chunk))
      try {
        const [line] = await until(() => /^.*Fe26.*(?=\n)/m.exec(said), { what: 'a sealed event of tail' })
        assert.equal(flags.length ? JSON.parse(line).data : line.split(/\s+/)[2], data)
      } finally {
        child.kill('SIGTERM')
        await child.exited
      }
    }
  })

  test('1,000 events are unsealed by Web Crypto in a page', async () => {
    browser = await openBrowser()
    const tab = await browser.page(page.origin)
    await tab.evaluate(async ({ url, keys }) => {
      const { unseal: read } = await import('/unseal.js')
      let turn = Promise.resolve()
      globalThis.seen = []
      globalThis.events = new EventSource(url)
      globalThis.events.addEventListener('notes.insert', (event) => (turn = turn.then(async () => globalThis.seen.push(await read(event.data, keys)))))
      await new Promise((resolve) => globalThis.events.addEventListener('connected', resolve))
    }, { url: daemon.url(`/sealed?token=${ann}`), keys: { default: encryptionKey } })
    const ids = await write(1000)
    await tab.waitForFunction(() => globalThis.seen.length >= 1000, null, { timeout: 60_000 })
    const seen = await tab.evaluate(() => globalThis.seen)
    assert.deepEqual(seen.map(({ row }) => row.id), ids)
    assert.ok(seen.every(({ timestamp, row }) => Number.isInteger(timestamp) && row.body === 'the-text-that-nobody-sees'))
  })

  test('a key that changes under load: each event is of the one or the other, none is lost', async () => {
    const [old, next] = ['the-old-key', 'the-new-key'].map((name) => `${name}-of-the-tests-0123456789`)
    const file = join(directory, 'rotation.conf')
    const configure = (key, name) => writeFileSync(file, `encryption-key = ${key}\nencryption-key-id = ${name}\n`, { mode: 0o600 })
    configure(old, 'k1')
    const other = await stage.addDaemon({ flags: ['--config', file] })
    const stream = await open('/sealed', {}, other)
    const ids = []
    for (let round = 0; round < 20; round++) {
      if (round === 10) {
        await arrived(stream, 1) // otherwise all may come after the new key
        configure(next, 'k2')
        other.child.kill('SIGHUP')
      }
      ids.push(...(await write(50)))
    }
    await until(() => other.log.includes("encryption-key-id is 'k2' now"), { what: 'the new key' })
    ids.push(...(await write(10)))
    await arrived(stream, ids.length)
    const names = stream.events.map(({ data }) => data.split('*')[1])
    assert.deepEqual([...new Set(names)], ['k1', 'k2'])
    assert.equal(names.lastIndexOf('k1') + 1, names.indexOf('k2'), 'the old key is not used again')
    const read = await Promise.all(stream.events.map((frame) => opened(frame, { k1: old, k2: next })))
    assert.deepEqual(read.map(({ row }) => row.id), ids)
    await assert.rejects(unseal(stream.events.at(-1).data, { k2: old }))
    for (const key of [old, next]) assert.ok(!other.log.includes(key))
    await stream.close()
    writeFileSync(file, '')
    other.child.kill('SIGHUP')
    await until(() => other.log.includes('has no encryption-key, and there are sealed streams'), { what: 'a refusal' })
    const still = await open('/sealed', {}, other)
    const [written] = await write()
    assert.equal((await opened(await still.next('notes.insert'), { k2: next })).row.id, written)
    await still.close()
  })

  test('without randomness sealed streams end and are not gone on with in clear; when it is back nothing is missing', async () => {
    const randomness = makeRandomness(directory)
    const other = await stage.addDaemon({ env: { ...randomness.env, SSE_ENCRYPTION_KEY: encryptionKey } })
    const sealed = await open('/sealed', { reconnect: true }, other)
    const clear = await open('/clear', {}, other)
    const ids = await write(2)
    for (const stream of [sealed, clear]) await arrived(stream, 2)
    randomness.fail()
    ids.push(...(await write(3)))
    await arrived(clear, 5)
    const faults = () => sealed.frames.filter(({ name, data }) => name === 'closing' && JSON.parse(data).reason === 'fault')
    await sealed.when(() => faults().length >= 3, 30_000) // while it is live, and then each time that it comes back for what it missed
    assert.equal(sealed.events.length, 2)
    await other.said(/cannot be sealed/)
    randomness.recover()
    ids.push(...(await write(2)))
    await arrived(sealed, 7)
    assert.deepEqual((await Promise.all(sealed.events.map((frame) => opened(frame)))).map(({ row }) => row.id), ids)
    assert.ok(clear.open, 'streams in clear have nothing to do with it')
    for (const stream of [sealed, clear]) await stream.close()
    randomness.fail()
    const { code, stderr } = await run(['config', 'check', '--encryption-key', encryptionKey], { env: randomness.env })
    assert.equal(code, 3)
    assert.match(stderr, /nothing can be sealed/)
  })

  test('a key that is short, or also the key of tokens stops the program at its start, with a sentence', async () => {
    const serve = (...flags) => run(['serve', '--database-url', cluster.url(), '--listen', '127.0.0.1:1', '--admin-listen', '', ...flags])
    for (const [about, ...flags] of [
      [/encryption-key has 31 characters, fewer than 32/, '--jwt-secret', secret, '--encryption-key', encryptionKey.slice(0, 31)],
      [/encryption-key is also the key of tokens/, '--jwt-secret', secret, '--encryption-key', secret],
      [/encryption-key-id is not of 1 to 64 letters/, '--jwt-secret', secret, '--encryption-key', encryptionKey, '--encryption-key-id', 'a*b'],
    ]) {
      const { code, stderr } = await serve(...flags)
      assert.equal(code, 3, stderr)
      assert.match(stderr, about)
      assert.ok(!stderr.includes(encryptionKey.slice(0, 31)))
    }
  })
})

describe('a stream that is sealed while there is no key', { skip: missing() }, () => {
  let stage, directory, file
  before(async () => {
    directory = temporaryDirectory('sealed')
    file = join(directory, 'pgherald.conf')
    writeFileSync(file, '', { mode: 0o600 })
    stage = await openStage({ prepare: (cluster) => cluster.psql(`${tables} ${clearStream}`), daemon: { flags: ['--config', file] } })
  })
  after(async () => {
    await stage?.close()
    removeDirectory(directory)
  })

  test('is not served in clear; its events come when a key does', async () => {
    const { cluster, daemon } = stage
    const ann = await token({ sub: 'ann' })
    await cluster.psql(sealedStream)
    await until(() => /stream '\/sealed' is sealed, but no key is configured/.test(daemon.log), { what: 'an error in the log' })
    const stream = await daemon.subscribe('/sealed', { token: ann, reconnect: true })
    await stream.next('connected')
    await cluster.psql(`INSERT INTO notes VALUES (1, 'ann')`)
    assert.equal(JSON.parse((await stream.next('closing')).data).reason, 'fault')
    await stream.next('closing')
    assert.deepEqual(stream.events, [])
    writeFileSync(file, `encryption-key = ${encryptionKey}\n`)
    daemon.child.kill('SIGHUP')
    assert.equal((await opened(await stream.next('notes.insert'))).row.id, 1)
    await cluster.psql(`${sealedStream.replace('true', 'false')} INSERT INTO notes VALUES (2, 'ann')`)
    assert.equal(JSON.parse((await stream.next((frame) => frame.data.startsWith('{"op"'))).data).row.id, 2, 'defined anew, in clear')
    await stream.close()
  })

  test('does not keep a daemon without one from starting, which says so and serves what is in clear', async () => {
    await stage.cluster.psql(sealedStream)
    const bare = await stage.addDaemon()
    await until(() => /stream '\/sealed' is sealed, but no key is configured: give encryption-key/.test(bare.log), { what: 'the reason in the log' })
    const stream = await bare.subscribe('/clear', { token: await token({ sub: 'ann' }) })
    assert.equal(stream.status, 200)
    await stream.close()
  })
})
