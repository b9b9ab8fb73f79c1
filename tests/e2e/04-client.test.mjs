// The parts of the client package that need no daemon: parser, cursors, waits, feed, and what tabs
// remember. One test checks that dist is what the sources say.
// run: long, once
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { build } from 'esbuild'
import { createParser } from 'eventsource-parser'
import { client, clientPath, compileClient } from '../lib/client.mjs'
import { encryptionKey, seal } from '../lib/iron.mjs'
import { removeDirectory, run, temporaryDirectory } from '../lib/process.mjs'
import { Random } from '../lib/random.mjs'
import { until } from '../lib/wait.mjs'

const { Parser } = await client('parser')
const { compareCursors, isCursor, isKnown } = await client('cursor')
const { Backoff, Silence } = await client('backoff')
const { Feed } = await client('feed')
const { Recent } = await client('recent')
const { endingOfClosing, endingOfError } = await client('answer')
const { refusalOf, retryAfterOf } = await client('refusal')
const { identityOf, nameOf, subjectOf } = await client('identity')
const { itemsOf } = await client('paging')
const { OrderBook } = await client('orders')

test('dist is what the sources say: `npm run build` in contrib/client', async () => {
  const directory = temporaryDirectory('dist')
  await compileClient(directory)
  const all = (path) => readdirSync(path, { recursive: true }).sort()
  const files = all(directory)
  assert.deepEqual(all(join(clientPath, 'dist')), files)
  for (const file of files.filter((name) => name !== 'cjs')) {
    assert.equal(readFileSync(join(clientPath, 'dist', file), 'utf8'), readFileSync(join(directory, file), 'utf8'), `${file} is old`)
  }
  removeDirectory(directory)
})

/** Makes an application with React that has installed the package as the README says. */
async function application() {
  const directory = temporaryDirectory('application')
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  const [command] = /npm install [^`]*/.exec(readFileSync(join(clientPath, 'README.md'), 'utf8'))
  const { code, stderr } = await run('sh', ['-c', `${command.replace('./contrib/client', clientPath)} --offline --no-audit --no-fund`], { cwd: directory, timeout: 120_000 })
  assert.equal(code, 0, stderr)
  for (const name of ['react', '@types', 'csstype']) cpSync(join(clientPath, 'node_modules', name), join(directory, 'node_modules', name), { recursive: true })
  return directory
}

test('an application that has installed it bundles one React, its own', async () => {
  const directory = await application()
  const contents = "import { useState } from 'react'\nimport { useStream } from '@pgherald/client/react'\nconsole.log(useState, useStream)"
  const { metafile } = await build({ stdin: { contents, resolveDir: directory }, bundle: true, write: false, metafile: true })
  const modules = Object.keys(metafile.inputs).filter((path) => path.endsWith('/react/index.js'))
  assert.deepEqual(modules.map((path) => resolve(path)), [join(directory, 'node_modules/react/index.js')])
  removeDirectory(directory)
})

test('an application may import all that package.json says, in Node, and with `tsc --strict`', async () => {
  const directory = await application()
  writeFileSync(join(directory, 'app.ts'), `
    import { connect, StreamError, unseal as again, type Stream, type StreamEvent, type StreamState } from '@pgherald/client'
    import { useEvents, useStream } from '@pgherald/client/react'
    import { HeraldProvider, useOrdersPageSSE, useOrdersSSE, useRouletteStream, type Order } from '@pgherald/client/example'
    import { unseal } from '@pgherald/client/unseal.js'
    const open = (): Stream => connect({ url: 'http://h/s', token: async ({ renew }) => String(renew), onEvent: ({ id, data }: StreamEvent<{ n: number }>) => void [id.length, data.n],
      onState: (state: StreamState) => void state, onError: (error: StreamError) => void error.final })
    // @ts-expect-error: there is no such option
    const wrong = () => connect({ url: 'x', tokn: 'y' })
    const page = () => { const { orders, isConnected, connectionError, reconnect } = useOrdersPageSSE('s', { onOrderUpdate: (id: string, order: Order) => void [id, order] }); return { orders, isConnected, connectionError, reconnect } }
    const hooks = () => [useEvents({ url: null }, (n: number) => n + 1, 0).value.toFixed(), useStream({ url: 'x' }).cursor, useOrdersSSE('s'), useRouletteStream('1', 't').numbers[0]?.color]
    console.log([connect, useEvents, HeraldProvider].every((it) => typeof it === 'function') && unseal === again, [open, wrong, page, hooks].length)`)
  const compiler = join(clientPath, 'node_modules/typescript/bin/tsc')
  const compiled = await run(process.execPath, [compiler, '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', 'app.ts'], { cwd: directory, timeout: 120_000 })
  assert.equal(compiled.code, 0, compiled.stdout)
  const { stdout, stderr } = await run(process.execPath, ['app.js'], { cwd: directory })
  assert.equal(stdout.trim(), 'true 4', stderr)
  removeDirectory(directory)
})

describe('the parser', () => {
  /** What the parser makes of these bytes, cut at random. */
  function parsed(bytes, random) {
    const seen = []
    const parser = new Parser({
      onEvent: ({ id, own, event, data }) => seen.push(['event', own ? id : undefined, event || undefined, data]),
      onRetry: (ms) => seen.push(['retry', ms]),
      onComment: (text) => seen.push(['comment', text.replace(/^ /, '')]),
    })
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + random.integer(1, random.pick([1, 3, 50])))
      parser.push(bytes.subarray(from, to))
      from = to
    }
    return seen
  }

  function expected(text) {
    const seen = []
    const parser = createParser({
      onEvent: ({ id, event, data }) => seen.push(['event', id, event, data]),
      onRetry: (ms) => seen.push(['retry', ms]),
      onComment: (comment) => seen.push(['comment', comment]),
    })
    parser.feed(text)
    return seen
  }

  function someStream(random) {
    const value = () => Array.from({ length: random.integer(0, 8) }, () => random.pick(['a', ' ', ':', 'é', '😀', '\ufeff', '\u2028', '\0', '7', '{"n":1}', 'data'])).join('')
    const line = () => random.pick([
      () => `data: ${value()}`, () => `data:${value()}`, () => 'data', () => `event: ${value()}`, () => `id: ${value()}`, () => 'id', () => 'event',
      () => `retry: ${random.pick(['5', '2000', 'x', '-1', ''])}`, () => `: ${value()}`, () => ':', () => `${value()}: ${value()}`, () => value(), () => '', () => '', () => '',
    ])()
    return Array.from({ length: random.integer(1, 40) }, () => line() + random.pick(['\n', '\r', '\r\n'])).join('')
  }

  test('3,000 random streams, cut anywhere, are what eventsource-parser makes of them whole', () => {
    const random = new Random(85)
    for (let n = 0; n < 3000; n++) {
      const text = `${someStream(random)}\n\n: end\n`
      const bytes = Buffer.from(random.pick(['', '\ufeff']) + text)
      assert.deepEqual(parsed(bytes, random), expected(new TextDecoder().decode(bytes)), JSON.stringify(text))
    }
  })

  test('the last id stays, also that of a block without data; one with a NUL is none, an empty one is', () => {
    const seen = []
    const parser = new Parser({ onEvent: ({ id, own }) => seen.push([id, own]) })
    parser.push(Buffer.from('id: 1\ndata\n\ndata\n\nid: 2\n\ndata\n\nid: 3\0\ndata\n\nid\ndata\n\nid: 9\ndata: cut off'))
    assert.deepEqual(seen, [['1', true], ['1', false], ['2', false], ['2', false], ['', true]])
  })
})

test('cursors compare as numbers of any length', () => {
  const order = ['0-0', '0-9', '1-0', '9-10', '10-2', '10-9', '10-10', '4503599627370496000-1', '4503599627370496000-9223372036854775807', '9223372036854775807-0']
  for (const [i, a] of order.entries()) for (const [j, b] of order.entries()) assert.equal(Math.sign(compareCursors(a, b)), Math.sign(i - j), `${a} ${b}`)
  for (const text of ['', 'earliest', '1', '1-', '-1', '01-2', '1-02', '1-2-3', ' 1-2', '1-2\n']) assert.equal(isCursor(text), false, text)
  assert.deepEqual([isKnown('1-2', '1-2'), isKnown('1-2', '1-1'), isKnown('', '1-1'), isKnown('1-1', '')], [true, false, false, false])
})

describe('waits', () => {
  test('each is drawn from nothing to a bound that doubles up to the greatest, on top of what the server asks for', () => {
    const most = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
    for (const share of [0, 0.5, 1]) {
      const backoff = new Backoff({ min: 1000, max: 30_000 }, () => share)
      assert.deepEqual(most.map(() => backoff.next()), most.map((bound) => bound * share))
      assert.equal(backoff.next(2000), 2000 + 30_000 * share)
      backoff.reset()
      assert.equal(backoff.next(), 1000 * share)
    }
    const random = new Random(1)
    const backoff = new Backoff({ min: 100, max: 100 }, () => random.next())
    const drawn = Array.from({ length: 2000 }, () => backoff.next(500))
    assert.ok(Math.min(...drawn) >= 500 && Math.min(...drawn) < 510 && Math.max(...drawn) <= 600 && Math.max(...drawn) > 590)
  })

  test('Retry-After is seconds or a date, and no more than an hour', () => {
    const now = Date.parse('2026-11-22T12:00:00Z')
    const cases = { 30: 30_000, 0: 0, '': 0, soon: 0, '-5': 0, 'Sun, 22 Nov 2026 12:00:07 GMT': 7000, 'Sun, 22 Nov 2026 11:00:00 GMT': 0, 99999999: 3_600_000 }
    for (const [value, ms] of Object.entries(cases)) assert.equal(retryAfterOf(value, now), ms, value)
    assert.equal(retryAfterOf(null), 0)
  })

  test('silence is noticed once, and not while something is heard', async () => {
    let silent = 0
    const silence = new Silence(60, () => silent++)
    const until150 = Date.now() + 150
    await until(() => (silence.heard(), Date.now() > until150), { every: 5, what: '150 ms' })
    const heard = silent // a machine that stood still for 60 ms may have seen silence
    await until(() => silent > heard, { timeout: 30_000, what: 'silence' })
    const later = Date.now() + 200
    await until(() => Date.now() > later, { what: '200 ms' })
    assert.equal(silent, heard + 1)
  })
})

test('what the server says decides whether and when there is a next attempt', async () => {
  const body = '{"success":false,"errors":["Not authorized, token failed"]}'
  const ending = async (status, headers = {}) => endingOfError(await refusalOf(new Response(status === 503 ? 'no JSON' : body, { status, headers }), 'the stream'))
  for (const status of [401, 403]) assert.equal((await ending(status)).then, 'refused')
  for (const status of [400, 404, 405, 410]) assert.equal((await ending(status)).then, 'never')
  for (const status of [408, 429, 500, 502, 503]) assert.equal((await ending(status)).then, 'later')
  assert.equal((await ending(429, { 'Retry-After': '30' })).floor, 30_000)
  assert.equal((await ending(401)).error.message, 'The server refuses the stream: 401 Not authorized, token failed')
  assert.equal(endingOfError(new TypeError('fetch failed')).then, 'later')
  const closings = { revoked: 'never', forbidden: 'never', shutdown: 'soon', expired: 'soon', slow: 'later', changed: 'later', failed: 'later', fault: 'later', other: 'later' }
  for (const [reason, then] of Object.entries(closings)) assert.equal(endingOfClosing(reason).then, then, reason)
})

describe('identity', () => {
  const token = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

  test('a renewed token is of the same one; another subject or right makes another', () => {
    const one = identityOf(token({ sub: 'ann', role: 'staff', exp: 1, iat: 1, jti: 'a' }))
    assert.equal(identityOf(token({ role: 'staff', sub: 'ann', exp: 2, iat: 2, nbf: 2, jti: 'b' })), one)
    const others = [{ sub: 'bob', role: 'staff' }, { sub: 'ann', role: 'admin' }, { sub: 'ann' }, { sub: 'ann', role: 'staff', stores: ['s'] }].map((claims) => identityOf(token(claims)))
    assert.equal(new Set([one, ...others, identityOf('opaque'), identityOf('opaque2')]).size, 7)
    assert.equal(subjectOf(token({ sub: 'Zoë' })), 'Zoë')
    assert.equal(subjectOf('opaque'), undefined)
  })

  test('the name of lock and channel is another one for each url and identity, and tells nothing of them', async () => {
    const names = await Promise.all([['/a', 'x'], ['/a', 'y'], ['/ax', ''], ['/a', 'x']].map(([url, who]) => nameOf(url, who)))
    assert.equal(new Set(names).size, 3)
    for (const name of names) assert.match(name, /^pgherald 2 [0-9a-f]{64}$/)
  })
})

describe('the feed', () => {
  function open(options = {}) {
    const told = []
    const feed = new Feed({
      onEvent: ({ id, event, data, sealed }) => told.push([event, id, data, ...(sealed ? ['sealed'] : [])]), onReset: (reason) => told.push(['reset', reason]), ...options,
    }, (error) => told.push(['error', error.message]))
    const event = (id, n = id, name = 'e') => feed.take({ kind: 'event', id, event: name, data: n })
    const begin = (id, fresh = true) => feed.take({ kind: 'begin', id, fresh })
    return { feed, told, event, begin }
  }

  test('tells each event once, whatever comes again', () => {
    const { feed, told, event, begin } = open()
    begin('5-0')
    assert.deepEqual(['5-1', '5-2', '5-1', '5-2', '6-1', '5-9', '6-1', '6-2'].map((id) => event(id)), [true, true, false, false, true, false, false, true])
    assert.deepEqual(told.map(([, id]) => id), ['5-1', '5-2', '6-1', '6-2'])
    assert.deepEqual([feed.received, feed.delivered, feed.resumeFrom()], ['6-2', '6-2', '6-2'])
  })

  test('goes on from where its user says, until the server has said otherwise', () => {
    const { feed, told, event, begin } = open({ lastEventId: 'earliest' })
    assert.equal(feed.resumeFrom(), 'earliest')
    begin('', false)
    assert.equal(feed.resumeFrom(), 'earliest')
    event('1-1')
    assert.equal(feed.resumeFrom(), '1-1')
    feed.take({ kind: 'reset', id: '0-7', reason: 'restored' })
    assert.equal(feed.resumeFrom(), '0-7')
    event('0-8')
    feed.take({ kind: 'reset', id: '', reason: 'expired' })
    assert.equal(feed.resumeFrom(), '')
    assert.deepEqual(told.map(([name]) => name), ['e', 'reset', 'e', 'reset'])
  })

  test('a state that is cut off is called so when it begins again; one that is whole is not', () => {
    const { told, event, begin, feed } = open()
    begin('')
    event('', 1, 'snapshot')
    begin('')
    event('', 1, 'snapshot')
    event('', 2, 'snapshot')
    event('', { items: 2 }, 'ready')
    event('7-5', 3)
    begin('', false)
    event('7-6', 4)
    assert.deepEqual(told.map(([name, value]) => (name === 'reset' ? value : name)), ['snapshot', 'interrupted', 'snapshot', 'snapshot', 'ready', 'e', 'e'])
    assert.equal(feed.received, '7-6')
  })

  test('what is sealed is delivered in its turn, also when it cannot be read', async () => {
    const { told, event, feed } = open({ keys: { k1: encryptionKey } })
    const large = await seal({ text: 'x'.repeat(1 << 20) }, { id: 'k1', secret: encryptionKey })
    const small = await seal({ type: 'hello' }, { id: 'k1', secret: encryptionKey })
    const other = await seal({ n: 3 }, { id: 'k2', secret: encryptionKey })
    event('1-1', large), event('1-2', small, 'message'), event('1-3', other), event('1-4', 'clear')
    assert.deepEqual([told.length, feed.received, feed.delivered], [0, '1-4', ''])
    await until(() => told.length === 4, { timeout: 30_000, what: 'four' })
    assert.deepEqual(told.map(([name, id]) => [name, id]), [['e', '1-1'], ['hello', '1-2'], ['error', "The event e 1-3 cannot be read: there is no key for the id 'k2'"], ['e', '1-4']])
    assert.equal(told[0][3], 'sealed')
    assert.equal(feed.delivered, '1-4')
    event('1-5', 'at once')
    assert.equal(told.length, 5)
  })

  test('without keys the sealed text itself is delivered; nothing is behind close()', async () => {
    const { told, event, feed } = open()
    const text = await seal({ n: 1 })
    event('1-1', text)
    feed.close()
    event('1-2')
    assert.deepEqual(told, [['e', '1-1', text, 'sealed']])
  })
})

test('a tab remembers the last events, and knows what it does not know', () => {
  const recent = new Recent(3300)
  const event = (id) => recent.add({ kind: 'event', id, event: 'e', data: 0, bytes: 1000 }, id)
  const behind = (cursor) => recent.behind(cursor)?.map(({ id }) => id)
  assert.equal(behind('1-1'), undefined)
  recent.add({ kind: 'begin', id: '1-0', fresh: true }, '1-0')
  assert.deepEqual(behind('1-0'), [])
  for (const id of ['1-1', '1-2', '2-1']) event(id)
  assert.deepEqual([behind('1-0'), behind('1-2'), behind('2-1'), behind('9-0')], [['1-1', '1-2', '2-1'], ['2-1'], [], []])
  assert.deepEqual([behind('0-9'), behind(''), behind('earliest')], [undefined, undefined, undefined])
  event('2-2')
  assert.deepEqual([behind('1-0'), behind('1-1')], [undefined, ['1-2', '2-1', '2-2']])
  recent.add({ kind: 'reset', id: '', reason: 'restored' }, '')
  assert.equal(behind('2-2'), undefined)
  recent.add({ kind: 'event', id: '', event: 'snapshot', data: 0 }, '')
  event('5-5')
  assert.deepEqual([behind('5-5'), behind('5-4')], [[], undefined])
})

test('a page is a beginning, its reset, its events and its place', () => {
  const page = { events: [{ id: '1-2', event: 'e', data: 1 }, { event: 'closing', data: {} }], cursor: '1-9', reset: null }
  const kinds = (...args) => [...itemsOf(...args)].map(({ kind, id }) => [kind, id])
  assert.deepEqual(kinds(page, { first: true, fresh: false }), [['begin', ''], ['event', '1-2'], ['place', '1-9']])
  assert.deepEqual(kinds({ events: [], cursor: '1-9', reset: null }, { first: true, fresh: true }), [['begin', '1-9'], ['place', '1-9']])
  assert.deepEqual(kinds({ events: [], cursor: '1-9', reset: 'expired' }, { first: false, fresh: false }), [['reset', '1-9'], ['place', '1-9']])
  const state = { events: [{ event: 'snapshot', data: 1 }, { event: 'ready', data: {} }], cursor: '2-0', reset: 'expired' }
  assert.deepEqual(kinds(state, { first: true, fresh: true }), [['begin', ''], ['reset', ''], ['event', ''], ['event', ''], ['place', '2-0']])
})

test('a list of orders and the events beside it: none is lost, none overwrites a newer one', () => {
  let shown
  const did = []
  const order = (id, status, updated_at) => ({ id, order_status: status, updated_at, created_at: id })
  const book = new OrderBook((orders) => (shown = orders.map(({ id, order_status }) => `${id} ${order_status}`)))
  book.hold()
  book.then(() => (did.push('new c'), book.put(order('c', 'Order Received', '1'))))
  book.then(() => book.put(order('a', 'Preparing', '2')))
  book.then(() => book.cancel('b'))
  assert.deepEqual([shown, did], [undefined, []])
  book.fill([order('a', 'Delivered', '3'), order('b', 'Preparing', '3')])
  assert.deepEqual([shown, did], [['c Order Received', 'a Delivered'], ['new c']])
  book.put(order('b', 'Preparing', '2'))
  assert.deepEqual(shown, ['c Order Received', 'a Delivered'])
  book.put(order('b', 'Order Received', '4'))
  assert.deepEqual(shown, ['c Order Received', 'b Order Received', 'a Delivered'])
})
