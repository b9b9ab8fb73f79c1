// `pgherald forward`: what a receiver gets, in which order, and what becomes of what it does not take.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { missing, program, run } from '../lib/daemon.mjs'
import { freePort, removeDirectory, start, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { until, within } from '../lib/wait.mjs'

const tables = `CREATE TABLE orders (id int PRIMARY KEY, user_id text, total numeric, note text);
  SELECT herald.watch('orders', audience => '{user_id}');
  SELECT herald.stream('/my/orders', '{orders}', match => '{"user_id": "claims.sub"}');
  SELECT herald.stream('/all', '{orders}', anonymous => true)`

/** A server that keeps what is posted. answer(request) is a status, [status, headers], or a promise of one. */
async function openReceiver() {
  const receiver = { posts: [], answer: () => 204, port: await freePort() }
  receiver.server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += chunk))
    request.on('end', async () => {
      const post = { text, headers: request.headers, event: JSON.parse(text), at: performance.now() }
      receiver.posts.push(post)
      const [status, headers] = [await receiver.answer(post)].flat()
      if (status) response.writeHead(status, headers).end()
      else response.destroy()
    })
  })
  await new Promise((resolve) => receiver.server.listen(receiver.port, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${receiver.port}/hook`
  receiver.close = () => new Promise((resolve) => (receiver.server.close(resolve), receiver.server.closeAllConnections()))
  return receiver
}

describe('forward', { skip: missing(), timeout: 240_000 }, () => {
  let stage, directory
  const running = new Set(), receivers = new Set()
  before(async () => {
    directory = temporaryDirectory('forward')
    stage = await openStage({ prepare: (cluster) => cluster.psql(tables) })
  })
  after(async () => {
    for (const each of running) each.child.kill('SIGKILL')
    for (const each of receivers) await each.close()
    await stage?.close()
    removeDirectory(directory)
  })

  const received = async () => {
    const receiver = await openReceiver()
    receivers.add(receiver)
    return receiver
  }
  const base = () => ['--database-url', stage.cluster.url(), '--jwt-secret-file', stage.daemon.secretFile, '--listen', `127.0.0.1:${stage.daemon.port}`]
  function forward(flags) {
    const child = start(program, ['forward', ...base(), ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
    const each = { child, said: '' }
    child.stderr.on('data', (chunk) => (each.said += chunk))
    each.says = (pattern) => until(() => pattern.test(each.said), { what: `${pattern} in: ${each.said}` })
    each.stop = async (signal = 'SIGTERM') => {
      child.kill(signal)
      const end = await within(child.exited, 20_000, 'its end')
      running.delete(each)
      assert.doesNotMatch(each.said, /Sanitizer|runtime error/)
      return end
    }
    running.add(each)
    return each
  }
  /** Begun, so that what is written from now on is forwarded. */
  async function begun(name, flags) {
    const each = forward([...flags, '--name', name])
    await until(async () => (await state(name))?.cursor, { what: `the cursor of ${name}: ${each.said}` })
    return each
  }
  const state = async (name) => {
    const text = await stage.cluster.psql(`SELECT row_to_json(f) FROM herald.forwards f WHERE name = '${name}'`)
    return text.trim() && JSON.parse(text)
  }
  const write = (first, last, user = '7') =>
    stage.cluster.psql(`INSERT INTO orders SELECT g, '${user}', 12345678901234567890.10, 'João 日本' FROM generate_series(${first}, ${last}) g`)
  const ids = (posts) => posts.map(({ event }) => event.data.row.id)
  const range = (first, last) => Array.from({ length: last - first + 1 }, (_, n) => first + n)

  test('each event is a signed CloudEvent, in order, with its numbers as they are', async () => {
    const receiver = await received()
    const key = randomBytes(32)
    const file = join(directory, 'key')
    writeFileSync(file, `whsec_${key.toString('base64')}\n`, { mode: 0o600 })
    const each = await begun('signed', ['--stream', '/my/orders', '--to', receiver.url, '--sub', '7', '--secret-file', file])
    await write(1, 30)
    await write(1000, 1001, 'somebody else')
    await write(31, 31)
    await until(() => receiver.posts.length >= 31, { what: 'all posts' })
    assert.deepEqual(ids(receiver.posts), range(1, 31))
    const [{ text, event, headers }] = receiver.posts
    assert.match(headers['content-type'], /^application\/cloudevents\+json/)
    assert.deepEqual([event.specversion, event.source, event.type, event.datacontenttype], ['1.0', '/my/orders', 'orders.insert', 'application/json'])
    assert.match(event.id, /^\d+-\d+$/)
    assert.equal(headers['webhook-id'], event.id)
    assert.ok(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000) < 60)
    const expected = createHmac('sha256', key).update(`${event.id}.${headers['webhook-timestamp']}.${text}`).digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${expected}`)
    assert.ok(text.includes('12345678901234567890.10') && text.includes('João 日本'))
    await until(async () => (await state('signed')).posted === 31, { what: 'the count' })
    assert.equal((await state('signed')).cursor, receiver.posts.at(-1).event.id)
    assert.deepEqual(await each.stop(), { code: 0, signal: null })
    await receiver.close()
  })

  test('after kill -9 nothing is missing, and what comes twice is what was posted last', async () => {
    const receiver = await received()
    let each = await begun('killed', ['--stream', '/all', '--to', receiver.url])
    await write(2001, 2400)
    await until(() => receiver.posts.length >= 150, { what: 'some posts' })
    await each.stop('SIGKILL')
    const before = receiver.posts.length
    each = forward(['--stream', '/all', '--to', receiver.url, '--name', 'killed'])
    await until(() => receiver.posts.length > before && ids(receiver.posts).at(-1) === 2400, { what: 'the last one' })
    assert.deepEqual([...new Set(ids(receiver.posts))], range(2001, 2400))
    assert.ok(receiver.posts.length <= 400 + 100, `${receiver.posts.length - 400} came twice`)
    await each.stop()
    await receiver.close()
  })

  test('a receiver that fails is asked again, later and later, and the next event waits', async () => {
    const receiver = await received()
    let failures = 3
    receiver.answer = () => (failures-- > 0 ? [503, 500, 0][failures] : 200)
    const each = await begun('patient', ['--stream', '/all', '--to', receiver.url])
    await write(3001, 3003)
    await until(() => receiver.posts.length >= 6, { what: 'six posts' })
    assert.deepEqual(ids(receiver.posts), [3001, 3001, 3001, 3001, 3002, 3003])
    const gaps = receiver.posts.slice(1, 4).map(({ at }, n) => at - receiver.posts[n].at)
    assert.ok(gaps[0] >= 950 && gaps[1] >= 1950 && gaps[2] >= 3950, `${gaps}`)
    assert.match(each.said, /: the receiver answered 500, again in \d\.\d s/)
    receiver.answer = () => (failures++ < 0 ? [429, { 'Retry-After': '3' }] : 200)
    failures = -1
    await write(3004, 3004)
    await until(() => receiver.posts.length >= 8, { what: 'two more' })
    assert.ok(receiver.posts[7].at - receiver.posts[6].at >= 2950, 'as long as Retry-After says')
    await each.stop()
    await receiver.close()
  })

  test('what is refused, or not taken in so many attempts, is put aside and can be posted again', async () => {
    const receiver = await received()
    receiver.answer = ({ event }) => ({ 4002: 422, 4004: 500 })[event.data.row.id] ?? 200
    let each = await begun('aside', ['--stream', '/all', '--to', receiver.url, '--attempts', '2'])
    await write(4001, 4005)
    await until(() => ids(receiver.posts).at(-1) === 4005, { what: 'the last one' })
    assert.deepEqual(ids(receiver.posts), [4001, 4002, 4003, 4004, 4004, 4005])
    const aside = async () => JSON.parse(await stage.cluster.psql(`SELECT coalesce(json_agg(json_build_object('reason', reason, 'attempts', attempts) ORDER BY number), '[]') FROM herald.undelivered`))
    assert.deepEqual(await aside(), [{ reason: 'the receiver answered 422', attempts: 1 }, { reason: 'the receiver answered 500', attempts: 2 }])
    await until(async () => (await state('aside')).posted === 3, { what: 'the count' })
    await each.stop()
    receiver.answer = () => 200
    each = forward(['--stream', '/all', '--to', receiver.url, '--name', 'aside', '--again'])
    await until(async () => (await aside()).length === 0, { what: 'that nothing is aside' })
    assert.deepEqual(ids(receiver.posts).slice(6), [4002, 4004])
    assert.equal(receiver.posts[6].text, receiver.posts[1].text)
    await each.stop()
    receiver.answer = () => 410
    each = forward(['--stream', '/all', '--to', receiver.url, '--name', 'aside'])
    await write(4006, 4006)
    assert.equal((await within(each.child.exited, 20_000, 'its end')).code, 1)
    assert.match(each.said, /the receiver wants no more \(410\)/)
    running.delete(each)
    await receiver.close()
  })

  test('of two processes with one name one waits, and takes over', async () => {
    const receiver = await received()
    const flags = ['--stream', '/all', '--to', receiver.url]
    const one = await begun('one', flags)
    const two = forward([...flags, '--name', 'one'])
    await two.says(/another process forwards 'one': waiting for its end/)
    await write(5001, 5001)
    await until(() => receiver.posts.length === 1, { what: 'one post' })
    await one.stop()
    await two.says(/forwarding \/all as 'one', after/)
    await write(5002, 5002)
    await until(() => receiver.posts.length === 2, { what: 'the next post' })
    assert.deepEqual(ids(receiver.posts), [5001, 5002])
    await two.stop()
    await receiver.close()
  })

  test('what is being posted at SIGTERM is posted to its end, and not once more', async () => {
    const receiver = await received()
    receiver.answer = () => setTimeout(1500, 200)
    const flags = ['--stream', '/all', '--to', receiver.url]
    const one = await begun('ends', flags)
    await write(5101, 5102)
    await until(() => receiver.posts.length === 1, { what: 'one post' })
    assert.deepEqual(await one.stop(), { code: 0, signal: null })
    assert.equal((await state('ends')).cursor, receiver.posts[0].event.id)
    receiver.answer = () => setTimeout(60_000, 200, { ref: false })
    const two = forward([...flags, '--name', 'ends'])
    await until(() => receiver.posts.length === 2, { what: 'the next post' })
    const begun_ms = performance.now()
    assert.deepEqual(await two.stop(), { code: 0, signal: null })
    assert.ok(performance.now() - begun_ms < 12_000, 'but for a moment only')
    assert.deepEqual(ids(receiver.posts), [5101, 5102])
    await receiver.close()
  })

  test('daemon and database may go and come back, and a gap is told', async () => {
    const receiver = await received()
    const each = await begun('away', ['--stream', '/all', '--to', receiver.url])
    await stage.daemon.stop()
    await write(6001, 6001)
    await each.says(/no page of \/all/)
    await stage.daemon.start()
    await until(() => receiver.posts.length === 1, { what: 'what was written meanwhile' })
    await stage.cluster.restart('immediate')
    await write(6002, 6002)
    await until(() => receiver.posts.some(({ event }) => event.data.row?.id === 6002), { what: 'what was written after the crash' })
    await until(async () => (await state('away')).posted >= 2, { what: 'the cursor' })
    await each.stop()
    await stage.cluster.psql(`UPDATE herald.forwards SET cursor = '1-1' WHERE name = 'away'; DELETE FROM herald.changes WHERE id <= 100; DELETE FROM herald.ticks WHERE id <= 2`)
    const again = forward(['--stream', '/all', '--to', receiver.url, '--name', 'away'])
    await until(() => receiver.posts.some(({ event }) => event.type === 'reset'), { what: `reset: ${again.said}` })
    const reset = receiver.posts.find(({ event }) => event.type === 'reset')
    assert.match(reset.event.data.reason, /^[a-z]+$/)
    await again.stop()
    await receiver.close()
  })

  test('a session that is ended takes the forward away at once: nothing is posted out of order, and both processes stay', async () => {
    const receiver = await received()
    const flags = ['--stream', '/all', '--to', receiver.url]
    const one = await begun('session', flags)
    const two = forward([...flags, '--name', 'session'])
    await two.says(/another process forwards 'session'/)
    receiver.answer = () => 200
    await write(7001, 7300)
    await until(() => receiver.posts.length >= 20, { what: 'some posts' })
    await stage.cluster.psql(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1`)
    await until(() => ids(receiver.posts).at(-1) === 7300, { what: 'the last one' })
    const jumps = ids(receiver.posts).filter((id, n, all) => n > 0 && id < all[n - 1])
    assert.ok(jumps.length <= 2, `${jumps.length} jumps back: the other one goes on where the cursor is`)
    assert.deepEqual([...new Set(ids(receiver.posts))], range(7001, 7300))
    assert.deepEqual([one.child.exitCode, two.child.exitCode], [null, null])
    await stage.cluster.restart('immediate')
    await write(7301, 7301)
    await until(() => ids(receiver.posts).at(-1) === 7301, { what: 'what came after the crash' })
    assert.deepEqual([one.child.exitCode, two.child.exitCode], [null, null])
    await Promise.all([one.stop(), two.stop()])
  })

  test('what answers in the place of the daemon is no page, and is asked later and later', async () => {
    let asked = 0
    const server = createServer((request, response) => (asked++, response.end('<html>maintenance</html>')))
    const port = await freePort()
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
    receivers.add({ close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) })
    const each = forward(['--stream', '/all', '--to', 'http://127.0.0.1:1/', '--name', 'html', '--url', `http://127.0.0.1:${port}`])
    await each.says(/what answers is not the daemon[^]*what answers is not the daemon/)
    assert.ok(asked <= 3, `${asked} requests`)
    await each.stop()
  })

  test('what may be a secret stands in no name and in no command line, and a key is a key', async () => {
    const each = forward(['--stream', '/all', '--to', 'http://user:pa@ssw0rd@127.0.0.1:1/T000/SECRET?token=SECRET'])
    await each.says(/forwarding \/all as '\/all to 127\.0\.0\.1:1 [0-9a-f]{8}'/)
    assert.doesNotMatch(each.said, /ssw0rd|SECRET/)
    assert.doesNotMatch(readFileSync(`/proc/${each.child.pid}/cmdline`, 'latin1'), /ssw0rd|SECRET/)
    await each.stop()
    const file = join(directory, 'wrong')
    for (const key of ['='.repeat(40), `${'a'.repeat(32)}====`, `${'a'.repeat(20)}=${'a'.repeat(19)}`, 'a'.repeat(28), '!'.repeat(40)]) {
      writeFileSync(file, `whsec_${key}\n`, { mode: 0o600 })
      const end = await run(['forward', ...base(), '--stream', '/all', '--to', 'http://127.0.0.1:1/', '--secret-file', file], { timeout: 30_000 })
      assert.deepEqual([end.code, /has no key of 24 bytes or more/.test(end.stderr)], [3, true], key)
    }
    writeFileSync(file, `whsec_${randomBytes(32).toString('base64')}\n`)
    chmodSync(file, 0o644)
    const exposed = await run(['forward', ...base(), '--stream', '/all', '--to', 'http://127.0.0.1:1/', '--secret-file', file], { timeout: 30_000 })
    assert.deepEqual([exposed.code, /everybody can read or write this file: chmod 600 it/.test(exposed.stderr)], [3, true])
  })

  test('wrong lines and what the daemon refuses end it with a sentence', async () => {
    const to = ['--to', 'http://127.0.0.1:1/']
    for (const [flags, pattern, code] of [
      [['--stream', '/all'], /forward needs --to with a URL/, 2],
      [['--stream', 'all', ...to], /forward needs --stream with a path/, 2],
      [['--stream', '/all', ...to, '--attempts', 'many'], /--attempts is 'many', not a number/, 2],
      [['--stream', '/all', ...to, '--secret-file', '/nowhere'], /cannot read '\/nowhere'/, 3],
      [['--stream', '/my/orders', ...to, '--name', 'x1'], /the daemon answered 401/, 1],
      [['--stream', '/nothing', ...to, '--name', 'x2'], /the daemon answered 404/, 1],
      [['--stream', '/all', ...to, '--name', 'signed'], /forward 'signed' is of stream '\/my\/orders'/, 1],
    ]) {
      const end = await run(['forward', ...base(), ...flags], { timeout: 30_000 })
      assert.match(end.stderr, pattern)
      assert.equal(end.code, code, end.stderr)
    }
  })
})
