// A client that ends its side of the connection after its request, as `nc -N` does, may still read:
// it gets its answer. One that has closed both sides looks the same until it is sent something. So
// it is sent a ping at once, and leaves nothing behind.
// run: both
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { addressOf, answers, exchange, isStream } from '../lib/raw.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('a client that says no more', { skip: missing() }, () => {
  let stage, daemon, address
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        CREATE FUNCTION may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT coalesce(params ->> 'may', 'yes') = 'yes' FROM pg_sleep(0.5) $$;
        CREATE TABLE acts (seconds float);
        CREATE FUNCTION act(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
          DECLARE seconds float := coalesce(request -> 'query' ->> 'seconds', '0.5');
          BEGIN INSERT INTO acts VALUES (seconds); PERFORM pg_sleep(seconds); RETURN '{"body": {"done": true}}'; END $$;
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/open', '{notes}', anonymous => true);
        SELECT herald.stream('/asked', '{notes}', match => '{"owner": "claims.sub"}', authorize => 'public.may');
        SELECT herald.action('POST', '/act', 'public.act');`),
      daemon: { flags: ['--heartbeat', '1s'] },
    })
    daemon = stage.daemon
    address = addressOf(daemon.url('/'))
  })
  after(() => stage?.close())

  /** A connection that ends its side after these bytes, with all that it has read. */
  function halfClosed(bytes) {
    const client = { text: '', closed: false, since: Date.now() }
    client.socket = connect({ ...address, allowHalfOpen: true }, () => client.socket.end(bytes))
    client.socket.on('data', (chunk) => (client.text += chunk)).on('error', () => {}).on('close', () => (client.closed = true)).on('end', () => client.socket.destroy())
    client.reads = (pattern) => until(() => pattern.test(client.text), { what: `${pattern} in ${JSON.stringify(client.text)}` })
    return client
  }
  const get = (path, { version = '1.1', headers = [] } = {}) => [`GET ${path} HTTP/${version}`, 'Host: a', ...headers, '', ''].join('\r\n')
  const open = async (of = daemon) => Number(/^pgherald_streams (\d+)$/m.exec((await request(of.adminUrl('/metrics'))).text)[1])
  let id = 0
  const insert = () => stage.cluster.psql(`INSERT INTO notes VALUES (${++id}, 'ann')`)

  test('goes on reading its stream, whatever the version and the form', async () => {
    const clients = [get('/open'), get('/open', { version: '1.0' }), get('/open', { headers: ['Accept-Encoding: identity'] }), get('/open', { headers: ['Accept: application/x-ndjson'] }),
      get('/open?ping=event')].map((bytes) => halfClosed(bytes))
    for (const client of clients) await client.reads(/connected/)
    for (let n = 0; n < 3; n++) {
      await insert()
      for (const client of clients) await client.reads(new RegExp(`"id": ?${id}\\b`))
    }
    assert.equal(await open(), clients.length)
    for (const { socket } of clients) socket.destroy()
    await until(async () => await open() === 0, { what: 'no stream: a ping finds that nobody reads' })
  })

  test('later on goes on, too', async () => {
    const client = { text: '' }
    const socket = connect({ ...address, allowHalfOpen: true }, () => socket.write(get('/open')))
    socket.on('data', (chunk) => (client.text += chunk))
    await until(() => isStream(client.text), { what: 'a stream' })
    socket.end()
    await until(() => /^: /m.test(client.text), { what: 'a ping, which finds out whether it still reads' })
    await insert()
    await until(() => client.text.includes('event: notes.insert'), { what: 'an event' })
    socket.destroy()
    await until(async () => await open() === 0, { what: 'no stream' })
  })

  test('gets a stream for which the database is asked, or is refused in it', async () => {
    const bearer = `Authorization: Bearer ${await token({ sub: 'ann' })}`
    const client = halfClosed(get('/asked', { headers: [bearer] }))
    await client.reads(/event: connected/)
    await insert()
    await client.reads(/notes\.insert/)
    client.socket.destroy()
    const other = halfClosed(get('/asked?may=no', { headers: [bearer] }))
    await other.reads(/"reason":"forbidden"/)
    await until(() => other.closed, { what: 'its end' })
    const page = halfClosed(get('/asked', { headers: [bearer, 'Accept: application/json'] }))
    await until(() => page.closed, { what: 'a page' })
    assert.deepEqual(answers(page.text), [200])
  })

  test('gets every other answer', async () => {
    const post = (path, headers = []) => [`POST ${path} HTTP/1.1`, 'Host: a', 'Content-Length: 0', ...headers, '', ''].join('\r\n')
    const bearer = `Authorization: Bearer ${await token({ sub: 'ann' })}`
    await exchange(address, post('/act', [bearer])) // the daemon has a session for actions from now on
    for (const [bytes, status] of [[get('/stream/status'), 200], [get('/nowhere'), 404], [get('/asked'), 401], [get('/stream/schema'), 200], [post('/stream/ticket', [bearer]), 201], [post('/act', [bearer]), 200],
      [post('/stream/session', [bearer]), 204]]) {
      const client = halfClosed(bytes)
      await until(() => client.closed, { what: `the end of the answer to ${bytes}` })
      assert.deepEqual(answers(client.text), [status], bytes)
    }
  })

  test('is told where an action has not begun, and it is not begun for who may be gone', async () => {
    const post = async (sub) => `POST /act?seconds=3 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAuthorization: Bearer ${await token({ sub })}\r\n\r\n`
    const others = ['a', 'b', 'c', 'd'].map(async (sub) => exchange(address, await post(sub)))
    await until(async () => await stage.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") === '4', { what: 'four actions' })
    const client = halfClosed(await post('e'))
    await until(() => client.closed, { timeout: 2500, what: 'an answer' })
    assert.deepEqual(answers(client.text), [503])
    for (const answer of others) assert.deepEqual(answers(await answer), [200])
    assert.equal(await stage.cluster.psql('SELECT count(*) FROM acts WHERE seconds = 3'), '4')
  })

  test('gets its page at once, however long it wished to wait', async () => {
    const cursor = /"cursor":"([^"]+)"/.exec(await exchange(address, get('/open', { headers: ['Accept: application/json'] })))[1]
    const client = halfClosed(get(`/open?after=${cursor}&wait=50`, { headers: ['Accept: application/json'] }))
    await until(() => client.closed, { timeout: 20_000, what: 'its page' })
    assert.deepEqual(answers(client.text), [200])
    assert.match(client.text, /\{"events":\[\r\n.+\r\n\],"cursor"/)
  })

  test('and has closed both sides is found out at once, long before a heartbeat', async () => {
    const calm = await stage.addDaemon({ flags: ['--heartbeat', '50s'] })
    for (const headers of [[], ['Accept: application/x-ndjson'], ['Accept-Encoding: gzip']]) {
      await exchange(addressOf(calm.url('/')), get('/open', { headers }), { enough: (text) => /\r\n\r\n[^]/.test(text) })
      await until(async () => await open(calm) === 0, { timeout: 5000, what: 'no stream' })
    }
    assert.equal(Number(/^pgherald_streams_closed_total\{reason="client"\} (\d+)$/m.exec((await request(calm.adminUrl('/metrics'))).text)[1]), 3)
  })
})
