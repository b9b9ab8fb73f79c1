// What people look for first in a client: headers, fetch, signal, loops, exact numbers, a log. And
// the parts for tests of applications, and several streams in one connection. There is no daemon.
// run: once
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { client, Streams } from '../lib/client.mjs'
import { encryptionKey, seal } from '../lib/iron.mjs'
import { until } from '../lib/wait.mjs'

const { connect } = await client('index')
const { exact } = await client('exact')
const { record, replay, scripted } = await client('testing')
const patience = 30_000
const url = 'http://test/my/orders'
const { open, endAll } = new Streams()
afterEach(endAll)

test('headers go with every request: the stream\'s, the ticket\'s and the renewal', async () => {
  const server = scripted()
  let asked = 0
  const got = open({ url, fetch: server.fetch, token: () => 'opaque', ticket: '/stream/ticket', headers: ({ renew }) => ({ 'X-Try': `${++asked} ${renew}` }) })
  await got.is('open')
  server.raw('event: expiring\ndata: {"expires_in":60,"stream":"abc"}\n\n')
  await until(() => server.requests.length === 3, { timeout: patience, what: 'the renewal' })
  assert.deepEqual(server.requests.map(({ method, url, headers }) => [method, url.pathname, headers['x-try'] !== undefined, headers['authorization']]), [
    ['POST', '/stream/ticket', true, 'Bearer opaque'], ['GET', '/my/orders', true, undefined], ['POST', '/stream/renew', true, 'Bearer opaque']])
  assert.match(server.requests[2].headers['x-try'], / true$/)
  const plain = open({ url, fetch: server.fetch, headers: { 'X-Tenant': 'acme' } })
  await plain.is('open')
  assert.equal(server.requests.at(-1).headers['x-tenant'], 'acme')
  const wrong = open({ url, fetch: server.fetch, headers: () => 7 })
  await until(() => wrong.errors.length, { timeout: patience, what: 'an error' })
  assert.equal(wrong.errors[0].message, 'The function `headers` has returned no object')
})

test('a signal closes the stream, also one that is aborted already', async () => {
  const server = scripted(), end = new AbortController()
  const got = open({ url, fetch: server.fetch, signal: end.signal })
  await got.is('open')
  end.abort()
  assert.equal(got.stream.state, 'closed')
  await until(() => server.open === 0, { timeout: patience, what: 'the end' })
  const late = open({ url, fetch: server.fetch, signal: AbortSignal.abort() })
  await late.is('closed')
  assert.equal(server.requests.length, 1)
})

describe('a loop', () => {
  test('yields events and resets in order; leaving it closes the stream', async () => {
    const server = scripted({ state: () => [1] })
    const stream = connect({ url, fetch: server.fetch, backoff: { min: 1, max: 2 } }), seen = []
    for await (const { event, data } of stream) {
      seen.push(event === 'reset' ? data.reason : event)
      if (event === 'ready' && seen.length === 2) server.event('a', 1), server.event('b', 2)
      if (event === 'b') server.cut(), server.forget()
      if (seen.length === 7) break
    }
    assert.deepEqual(seen, ['snapshot', 'ready', 'a', 'b', 'expired', 'snapshot', 'ready'])
    assert.equal(stream.state, 'closed')
  })

  test('ends with close(), and throws what is final', async () => {
    const server = scripted()
    const stream = connect({ url, fetch: server.fetch, onState: (state) => state === 'open' && setTimeout(() => stream.close()) })
    for await (const { event } of stream) assert.fail(event)
    server.refuse(404, 'There is no such stream')
    const refused = connect({ url, fetch: server.fetch })
    await assert.rejects(async () => { for await (const { event } of refused) assert.fail(event) }, /404 There is no such stream/)
  })
})

test('handlers by name get the data; onControl takes the server\'s own events from onEvent', async () => {
  const server = scripted({ state: () => [{ id: 1 }] }), told = []
  const got = open({ url, fetch: server.fetch, onControl: ({ event }) => told.push(`control ${event}`), on: { paid: (data, { id }) => told.push(`paid ${data.n} ${id}`), left: ({ key }) => told.push(`left ${key.id}`) } })
  const off = got.stream.on('paid', ({ n }) => told.push(`also ${n}`))
  await until(() => told.length === 2, { timeout: patience, what: 'the state' })
  const id = server.event('paid', { n: 5 })
  server.event('left', { topic: 'orders', key: { id: 7 } })
  await until(() => told.length === 6, { timeout: patience, what: 'both' })
  off()
  server.event('paid', { n: 6 })
  await until(() => told.length === 7, { timeout: patience, what: 'the third' })
  assert.deepEqual(told.slice(0, 6), ['control snapshot', 'control ready', `paid 5 ${id}`, 'also 5', 'control left', 'left 7'])
  assert.match(told[6], /^paid 6/)
  assert.deepEqual(got.events.map(({ event }) => event), ['paid', 'paid'])
})

test('reconnect() with `fresh` begins with a state again, even in the middle of an event', async () => {
  const server = scripted({ state: () => [1] }), told = []
  const got = open({ url, fetch: server.fetch, onEvent: ({ event }) => {
    told.push(event)
    if (event === 'turn') got.stream.reconnect({ fresh: true })
  }, onReset: (reason) => told.push(reason) })
  await until(() => told.length === 2, { timeout: patience, what: 'the state' })
  server.raw('id: 1-5\nevent: turn\ndata: 1\n\nid: 1-6\nevent: lost\ndata: 1\n\n')
  await until(() => told.length === 6, { timeout: patience, what: 'another state' })
  assert.deepEqual(told, ['snapshot', 'ready', 'turn', 'asked', 'snapshot', 'ready'])
  assert.equal(server.requests[1].headers['last-event-id'], undefined)
})

describe('numbers', () => {
  test('that a double would round are texts, and all others are numbers', () => {
    const kept = ['0', '-1', '9007199254740991', '12.5', '0.1', '-0.001', '100', '1.50', '1e5', '12345678.1234567']
    for (const text of kept) assert.equal(exact(text), JSON.parse(text), text)
    const texts = ['9007199254740992', '9007199254740993', '-9223372036854775808', '12345678901234567.89', '0.12345678901234567', '1e400', '123456789012345678e3']
    for (const text of texts) assert.equal(exact(text), text)
    const tricky = '{"9007199254740993":"say \\"9007199254740993\\"","\\\\":[9007199254740993,1]}'
    assert.deepEqual(exact(tricky), { '9007199254740993': 'say "9007199254740993"', '\\': ['9007199254740993', 1] })
  })

  test('are what `parse` makes of them: in streams, in pages, and in what was sealed', async () => {
    const big = '{"id":9007199254740993,"amount":12345678901234567.89}', row = { id: '9007199254740993', amount: '12345678901234567.89' }
    const sealed = await seal({ id: 1 }, { secret: encryptionKey })
    const seen = []
    const parse = (text) => (seen.push(text), exact(text))
    const got = open({ url, parse, keys: encryptionKey, fetch: replay(`event: connected\nid: 1-0\ndata: {}\n\nid: 1-1\nevent: a\ndata: ${big}\n\nid: 1-2\nevent: b\ndata: "${sealed}"\n\n`) })
    await got.has(2)
    assert.deepEqual(got.events.map(({ data }) => data.id), [row.id, 1])
    assert.ok(seen.some((text) => text.startsWith('{"id":1')), 'what was sealed')
    const answers = [`{"events":[{"id":"1-1","event":"a","data":${big}}],"cursor":"1-1","reset":null}`]
    const pages = async (_, { headers, signal }) => {
      if (headers.Accept === 'application/json' && answers.length) return new Response(answers.shift(), { headers: { 'Content-Type': 'application/json' } })
      return new Response(new ReadableStream({ start: (it) => signal.addEventListener('abort', () => it.error(signal.reason)) }), { headers: { 'Content-Type': 'text/event-stream' } })
    }
    const paged = open({ url, fetch: pages, parse: exact, lastEventId: '1-0', fallback: { after: 30 } })
    await paged.has(1)
    assert.deepEqual(paged.events[0].data, row)
  })
})

test('a log says what the client does, and no token is in it', async () => {
  const server = scripted(), lines = []
  server.refuse(503, 'later')
  const got = open({ url, fetch: server.fetch, token: 'secret-token', debug: (...line) => lines.push(JSON.stringify(line)) })
  await got.is('open')
  got.stream.close()
  const log = lines.join('\n')
  for (const part of [/asks for text\/event-stream/, /the answer is 503/, /503 later/, /the answer is 200/, /open/, /closed/]) assert.match(log, part)
  assert.ok(!log.includes('secret'), log)
})

test('the last error stays on the stream until it is open', async () => {
  const server = scripted()
  server.refuse(503, 'later')
  let seen
  const got = open({ url, fetch: server.fetch, onError: () => setTimeout(() => (seen = got.stream.error?.message)) })
  assert.equal(got.stream.error, null)
  await until(() => seen, { timeout: patience, what: 'the error' })
  assert.equal(seen, 'The server refuses the stream: 503 later')
  await got.is('open')
  assert.equal(got.stream.error, null)
})

test('an error says what a developer can do, beside what users are shown', async () => {
  for (const [status, hint] of [[401, /exp, iss, aud/], [403, /`require`, `match` and `authorize`/], [404, /herald\.streams/], [429, /max-streams-per-user/], [500, /^$/]]) {
    const server = scripted()
    server.refuse(status)
    const got = open({ url, fetch: server.fetch })
    await until(() => got.errors.length, { timeout: patience, what: status })
    assert.equal(got.errors[0].message, `The server refuses the stream: ${status} no`)
    assert.match(got.errors[0].hint, hint)
    got.stream.close()
  }
})

test('a page of https is told that it opens no http', async () => {
  const { explained } = await client('hints')
  const { StreamError } = await client('index')
  Object.defineProperty(globalThis, 'location', { value: new URL('https://app.example/x'), configurable: true })
  try {
    const unreachable = () => new StreamError('The server cannot be reached', false)
    const access = (address) => ({ url: new URL(address), fetch: async () => { throw new TypeError('fetch failed') } })
    const [mixed, local, away] = await Promise.all(['http://api.example/s', 'http://localhost:8000/s', 'https://api.example/s'].map((it) => explained(unreachable(), access(it))))
    assert.equal(mixed.hint, 'Give the stream an address with https, and not http://api.example')
    assert.deepEqual([local.message, away.message], Array(2).fill('The server cannot be reached'))
  } finally {
    delete globalThis.location
  }
})

test('several paths go into one connection', async () => {
  const server = scripted()
  const got = open({ url: 'http://test/stream/multi', paths: ['/my/orders', '/news?events=a,b', '/ü'], fetch: server.fetch })
  await got.is('open')
  assert.deepEqual(server.requests[0].url.searchParams.getAll('path'), ['/my/orders', '/news?events=a,b', '/ü'])
})

describe('the parts for tests', () => {
  test('what was recorded plays again, in the same order and at the same pace if wanted', async () => {
    const server = scripted({ state: () => [{ id: 1 }] })
    const { fetch, transcript } = record(server.fetch)
    const first = open({ url, fetch })
    await first.has(2)
    server.event('paid', { ü: '✓' })
    await first.has(3)
    server.cut()
    await until(() => transcript.answers.length === 2 && first.stream.state === 'open', { timeout: patience, what: 'another connection' })
    server.event('paid', { n: 2 })
    await first.has(4)
    first.stream.close()
    for (const speed of [Infinity, 1]) {
      const again = open({ url, fetch: replay(JSON.parse(JSON.stringify(transcript)), { speed }) })
      await again.has(4)
      assert.deepEqual(again.events, first.events)
    }
  })

  test('a text of `curl -N` is a recording too', async () => {
    const got = open({ url, fetch: replay('retry: 2000\nevent: connected\nid: 2-1\ndata: {}\n\nid: 3-2\nevent: paid\ndata: {"n":1}\n\n: ping\n') })
    await got.has(1)
    assert.deepEqual([got.events[0].data, got.stream.cursor], [{ n: 1 }, '3-2'])
  })

  test('the scripted server ends, cuts, forgets and refuses as the real one does', async () => {
    const server = scripted()
    const got = open({ url, fetch: server.fetch, lastEventId: undefined })
    await got.is('open')
    server.event('a', 1)
    await got.has(1)
    server.closing('shutdown')
    server.event('a', 2)
    await got.has(2)
    server.cut()
    server.forget()
    await until(() => got.resets.length, { timeout: patience, what: 'a reset' })
    server.event('a', 3)
    await got.has(3)
    assert.deepEqual([got.events.map(({ data }) => data), got.resets], [[1, 2, 3], ['expired']])
    server.closing('forbidden')
    await got.is('closed')
  })
})
