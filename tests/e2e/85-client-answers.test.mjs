// The client package and a server that says what it likes. The tests look at what the client asks
// for, when it comes back, and what it makes of each answer. There is no daemon here.
// run: once
import assert from 'node:assert/strict'
import http from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { client, Streams } from '../lib/client.mjs'
import { freePort } from '../lib/process.mjs'
import { now, pause, until } from '../lib/wait.mjs'

const { connect } = await client('index')
const patience = 30_000
const { opened, open, endAll } = new Streams()
afterEach(endAll)

describe('the client and a server that says what it likes', () => {
  /** A server whose answers are these functions in turn. The last one answers for ever. */
  async function serve(...answers) {
    const requests = []
    const server = http.createServer((request, response) => {
      requests.push({ url: request.url, headers: request.headers, at: now() })
      answers[Math.min(requests.length, answers.length) - 1](response)
    })
    const port = await freePort()
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
    const close = () => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections()))
    opened.push({ close })
    return { url: `http://127.0.0.1:${port}/stream?a=b%20c`, requests, close }
  }
  const says = (...texts) => (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    for (const text of texts) response.write(text)
  }
  const ends = (...texts) => (response) => (says(...texts)(response), response.end())
  const connected = 'retry: 100\nevent: connected\nid: 5-0\ndata: {}\n\n'

  test('it asks for what it was told to, with the last id, in the header', async () => {
    const server = await serve(ends(`${connected}id: 5-3\nevent: a\ndata: 1\n\n`), says('event: connected\nid: 5-3\ndata: {}\n\n'))
    const got = open({ url: server.url, token: 'opaque', events: ['a', 'b,c'] })
    await until(() => server.requests.length === 2 && got.stream.state === 'open', { timeout: patience, what: 'two' })
    const [first, second] = server.requests
    assert.equal(first.url, '/stream?a=b+c&events=a%2Cb%2Cc')
    assert.equal(first.headers.authorization, 'Bearer opaque')
    assert.equal(first.headers.accept, 'text/event-stream')
    assert.equal(first.headers['last-event-id'], undefined)
    assert.equal(second.headers['last-event-id'], '5-3')
    got.stream.close()
  })

  test('where only the key was taken away it comes back with another token, and gives up if that is refused too', async () => {
    const gone = ends(`${connected}event: closing\ndata: {"reason":"revoked","retry":true}\n\n`)
    const refused = (response) => response.writeHead(401).end('{"success":false,"errors":["no"]}')
    const renewals = []
    const token = ({ renew }) => (renewals.push(renew), `token ${renewals.length}`)
    const server = await serve(gone, says(connected))
    const got = open({ url: server.url, token })
    await until(() => server.requests.length === 2 && got.stream.state === 'open', { timeout: patience, what: 'another try' })
    assert.deepEqual(renewals, [false, true])
    assert.equal(server.requests[1].headers.authorization, 'Bearer token 2')
    got.stream.close()
    const strict = await serve(gone, refused, refused)
    const over = open({ url: strict.url, token })
    await until(() => over.stream.state === 'closed', { timeout: patience, what: 'the end' })
    assert.equal(strict.requests.length, 2, 'it asked once')
    const fixed = await serve(gone, says(connected))
    const dead = open({ url: fixed.url, token: 'the only one' })
    await until(() => dead.stream.state === 'closed', { timeout: patience, what: 'the end of a token that cannot be renewed' })
    assert.equal(fixed.requests.length, 1)
  })

  test('it comes back no sooner than `retry:` and Retry-After say', async () => {
    const busy = (response) => response.writeHead(503, { 'Retry-After': '2' }).end('{"success":false,"errors":["later"]}')
    const server = await serve(busy, ends('retry: 1500\nevent: connected\nid: 1-1\ndata: {}\n\n'), says(connected))
    const got = open({ url: server.url })
    await until(() => server.requests.length === 3, { timeout: patience, what: 'three' })
    const [a, b, c] = server.requests.map(({ at }) => at)
    assert.ok(b - a >= 1990, `${b - a} ms`)
    assert.ok(c - b >= 1490, `${c - b} ms`)
    assert.equal(got.errors[0].message, 'The server refuses the stream: 503 later')
    assert.equal(got.errors[0].final, false)
    got.stream.close()
  })

  test('reconnect() may be the answer to a refusal', async () => {
    const server = await serve((response) => response.writeHead(403).end(), says(connected))
    const got = open({ url: server.url, onError: ({ final }) => final && got.stream.reconnect() })
    await got.is('open')
    assert.deepEqual(got.states, ['connecting', 'closed', 'connecting', 'open'])
    got.stream.close()
  })

  test('a token that never comes holds nothing up: reconnect() asks for another one', async () => {
    const server = await serve(says(connected))
    let asked = 0
    const got = open({ url: server.url, token: () => (++asked === 1 ? new Promise(() => {}) : 'opaque') })
    await until(() => asked === 1, { timeout: patience, what: 'the first question' })
    got.stream.reconnect()
    await got.is('open')
    got.stream.close()
  })

  test('who wants no end of silence says Infinity', async () => {
    const server = await serve(says(connected))
    const warnings = []
    const warned = ({ message }) => warnings.push(message)
    process.on('warning', warned)
    const got = open({ url: server.url, staleAfter: Infinity })
    await got.is('open')
    await pause(50)
    process.off('warning', warned)
    assert.deepEqual(warnings, [])
    got.stream.close()
  })

  test('what comes twice, or again behind a new connection, is told once; half an event is none', async () => {
    const event = (id) => `id: ${id}\nevent: e\ndata: {"id": "${id}"}\n\n`
    const server = await serve(
      ends(connected, event('5-1'), event('5-2'), event('5-1'), 'id: 5-3\nevent: e\ndata: {"id": "5'),
      ends(connected, event('5-2'), event('5-3'), event('5-4')),
      says(connected, event('5-4'), event('6-0')))
    const got = open({ url: server.url })
    await got.has(5)
    assert.deepEqual(got.events.map(({ data }) => data.id), ['5-1', '5-2', '5-3', '5-4', '6-0'])
    assert.deepEqual(server.requests.map(({ headers }) => headers['last-event-id']), [undefined, '5-2', '5-4'])
    got.stream.close()
  })

  test('a state that breaks off is told as interrupted, and begins again', async () => {
    const hello = 'retry: 50\nevent: connected\ndata: {}\n\n', item = (n) => `event: snapshot\ndata: ${n}\n\n`
    const server = await serve(ends(hello, item(1), item(2)), says(hello, item(1), item(2), 'event: ready\nid: 7-9\ndata: {"items":2}\n\n'))
    const told = []
    const got = open({ url: server.url, onEvent: ({ event, data }) => told.push(event === 'ready' ? event : data), onReset: (reason) => told.push(reason) })
    await until(() => told.length === 6, { timeout: patience, what: 'six' })
    assert.deepEqual(told, [1, 2, 'interrupted', 1, 2, 'ready'])
    assert.equal(got.stream.cursor, '7-9')
    got.stream.close()
  })

  test('an answer that is no stream is said to be none, and tried again', async () => {
    const page = (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>log in</h1>')
    const server = await serve(page, says(connected))
    const got = open({ url: server.url })
    await got.is('open')
    assert.match(got.errors[0].message, /no text\/event-stream: is this the address of a stream/)
    got.stream.close()
  })

  test('one that cannot answer a page either is not taken for a proxy that holds back', async () => {
    const mute = (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    const server = await serve(mute, mute, mute, says(connected))
    const got = open({ url: server.url, fallback: { after: 1000 } }) // far more than an answer takes
    await got.is('open')
    assert.deepEqual(server.requests.slice(0, 4).map(({ headers }) => headers.accept), ['text/event-stream', 'text/event-stream', 'application/json', 'text/event-stream'])
    got.stream.close()
  })

  test('an error of a callback is the application\'s, and the stream goes on', async () => {
    const server = await serve(says(connected, 'id: 5-1\ndata: 1\n\n', 'id: 5-2\ndata: 2\n\n'))
    const seen = []
    const failures = []
    const before = globalThis.reportError
    globalThis.reportError = (error) => failures.push(error.message)
    const stream = connect({ url: server.url, onEvent: ({ data }) => { seen.push(data); throw new Error(`bad ${data}`) } })
    await until(() => seen.length === 2, { timeout: patience, what: 'both' })
    assert.deepEqual([seen, failures], [[1, 2], ['bad 1', 'bad 2']])
    globalThis.reportError = before
    stream.close()
  })

  test('close() ends everything, also before there was anything', async () => {
    const server = await serve(says(connected))
    const early = open({ url: server.url })
    early.stream.close()
    const got = open({ url: server.url })
    await got.is('open')
    got.stream.close()
    got.stream.reconnect()
    assert.deepEqual([early.states, got.states, got.stream.state], [['closed'], ['connecting', 'open', 'closed'], 'closed'])
    assert.equal(server.requests.length, 1)
  })

  test('an address that is none is refused at once', () => {
    assert.throws(() => connect({ url: '/relative' }), /no address: \/relative/)
  })
})
