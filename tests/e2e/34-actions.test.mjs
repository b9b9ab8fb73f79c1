// Actions over HTTP. The example's actions, as the documents have them, and what may go wrong on
// the way.
import assert from 'node:assert/strict'
import http from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { addOrder, addStore, addUser } from '../lib/example.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { addressOf, answers } from '../lib/raw.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { measured, now, until, within } from '../lib/wait.mjs'

const invalid = '{"success": false, "errors": ["Invalid status. Must be one of: Order Received, Preparing, Out for Delivery, Delivered, Cancelled"]}'
const unknown = '00000000-0000-4000-8000-00000000ffff'

describe('actions', { skip: missing() }, () => {
  let stage, daemon, client, ann, bob, staff, order
  before(async () => {
    stage = await openStage({
      example: true,
      daemon: { flags: ['--allowed-origins', 'https://app.example'] },
      prepare: (cluster) => cluster.psql(`
        CREATE FUNCTION public.slow(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep((request -> 'query' ->> 'seconds')::float); RETURN jsonb_build_object('body', request - 'claims'); END $$;
        CREATE FUNCTION public.echo(request jsonb) RETURNS jsonb LANGUAGE sql AS
          $$ SELECT jsonb_build_object('status', 201, 'body', request || jsonb_build_object('setting', current_setting('request.jwt.claims')::jsonb = request -> 'claims')) $$;
        CREATE FUNCTION public.long(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', repeat('x', 20 << 20)) $$;
        CREATE FUNCTION public.nothing(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"status": 204}'::jsonb $$;
        CREATE FUNCTION public.faulty(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb(secret_column) FROM secret_table $$;
        CREATE FUNCTION public.anybody(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        SELECT herald.stream('/asked', '{orders}', authorize => 'public.anybody');
        SELECT herald.action('GET', '/slow', 'public.slow'), herald.action('POST', '/echo/:what', 'public.echo'), herald.action('DELETE', '/nothing', 'public.nothing'), herald.action('GET', '/long', 'public.long'),
               herald.action('POST', '/admins', 'public.echo', require => '{"role": ["admin"]}');`.replace('CREATE FUNCTION public.faulty', 'SET check_function_bodies = off; CREATE FUNCTION public.faulty')
        + "SELECT herald.action('GET', '/faulty', 'public.faulty')"),
    })
    daemon = stage.daemon
    client = await stage.cluster.client()
    const store = await addStore(client, 'loja-a')
    ;[ann, bob] = [await addUser(client), await addUser(client)]
    staff = await addUser(client, { role: 'staff', claims: { stores: [store] } })
    const stream = await daemon.subscribe('/api/orders/stream', { token: ann.token })
    order = await addOrder(client, ann, store)
    await stream.next('order_status_update') // that the order is new has been told, so tests hear only what they do
    await stream.close()
  })
  after(async () => {
    await client?.end()
    await stage?.close()
  })

  const ask = (method, path, { who = staff, json, body = json === undefined ? undefined : JSON.stringify(json), headers = {}, from = daemon } = {}) =>
    request(from.url(path), {
      method, body, headers: { ...(who && { Authorization: `Bearer ${who.token}` }), ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    })
  const patch = (id, order_status, options) => ask('PATCH', `/api/orders/${id}/status`, { json: { order_status }, ...options })

  test('PATCH of an order\'s status answers as the document says, and its owner hears of it at once', async () => {
    const stream = await daemon.subscribe('/api/orders/stream', { token: ann.token })
    await stream.next('connected')
    const { status, json, text, headers } = await patch(order.id, 'Preparing')
    assert.equal(status, 200, text)
    assert.match(headers['content-type'], /^application\/json/)
    assert.deepEqual(Object.keys(json).sort(), ['data', 'message', 'success'])
    assert.equal(json.message, 'Order status updated')
    assert.deepEqual(Object.keys(json.data).sort(), ['address_id', 'created_at', 'final_amount', 'id', 'order_code', 'order_status', 'total_qty', 'updated_at', 'user_id'])
    assert.equal(json.data.final_amount, 460)
    assert.match(text, /"final_amount": 460\.00?\b/)
    assert.match(json.data.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(JSON.parse((await stream.next('order_status_update')).data), { order_id: order.id, order_code: order.order_code, order_status: 'Preparing' })
    await stream.close()
  })

  test('what is no status is 400 with the document\'s text', async () => {
    for (const json of [{}, { order_status: null }, { order_status: 7 }, { order_status: ['Preparing'] }, { order_status: ' Preparing ' }, { order_status: 'preparing' }, { order_status: '' },
      { Order_Status: 'Preparing' }, { order_status: 'Lost' }]) {
      const { status, text } = await ask('PATCH', `/api/orders/${order.id}/status`, { json })
      assert.equal(status, 400, JSON.stringify(json))
      assert.deepEqual(JSON.parse(text), JSON.parse(invalid))
    }
  })

  test('an order that is unknown, another\'s, or no uuid is the same 404', async () => {
    const answers = await Promise.all([[unknown, ann], [order.id, bob], ['7', ann], ["x' OR 1=1--", ann]].map(([id, who]) => patch(encodeURIComponent(id), 'Cancelled', { who })))
    for (const { status, text } of answers) {
      assert.equal(status, 404)
      assert.deepEqual(JSON.parse(text), { success: false, errors: ['Order not found'] })
      assert.equal(text, answers[0].text)
    }
  })

  test('a customer may only cancel what was not begun; other members of the body are not applied', async () => {
    const mine = await addOrder(client, ann, 'loja-a')
    assert.equal((await patch(mine.id, 'Delivered', { who: ann })).status, 403)
    const { status, json } = await ask('PATCH', `/api/orders/${mine.id}/status`, { who: ann, json: { order_status: 'Cancelled', user_id: bob.id, final_amount: 0 } })
    assert.equal(status, 200)
    assert.equal(json.data.user_id, ann.id)
    assert.equal(json.data.final_amount, 460)
    assert.equal((await patch(order.id, 'Cancelled', { who: ann })).status, 403)
  })

  test('who shows no good token gets the 401 of the documents, whatever the body', async () => {
    const { status, text, headers } = await patch(order.id, 'Preparing', { who: null })
    assert.equal(status, 401)
    assert.equal(text, '{"success":false,"errors":["Not authorized, token failed"]}')
    assert.equal(headers['www-authenticate'], 'Bearer')
    assert.equal((await patch(order.id, 'Preparing', { who: { token: `${ann.token}x` } })).status, 401)
  })

  test('a body that is not exactly JSON is 400, and no function is asked', async () => {
    for (const body of [' ', '{', '[]]', '{"order_status":"Preparing"} x', "{'order_status':'Preparing'}", '{"order_status":"Preparing","order_status":"Delivered"}', '{"order_status":"Prep\naring"}',
      '{"order_status\\u0000x":"Preparing"}', '\ufeff{}', '{"a":NaN}', '{"a":1.}', '{"a":/**/1}', '{"a":1,}', '{"a":1e400}', '"\\ud800"', '['.repeat(513) + ']'.repeat(513), '['.repeat(30_000), 'null,"claims":{"role":"admin"}']) {
      const { status, json } = await ask('POST', '/echo/x', { body })
      assert.equal(status, 400, body.slice(0, 60))
      assert.equal(json.success, false)
    }
    for (const bytes of [Buffer.from('{"a":"\xff"}', 'latin1'), Buffer.from('{}', 'utf16le'), Buffer.from([0x7b, 0x7d, 0])]) {
      assert.equal((await ask('POST', '/echo/x', { body: bytes })).status, 400)
    }
    assert.equal((await ask('POST', '/echo/x?a=%ff', { json: {} })).status, 400, 'a parameter that is not UTF-8')
    const { status, json } = await ask('POST', '/echo/x', { body: '{"João":"日本 😀"}' })
    assert.deepEqual([status, json.body], [201, { João: '日本 😀' }])
  })

  const nested = (levels) => '[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2)
  test('a body may be nested as deep as documents are, and who goes beyond is told that', async () => {
    for (const levels of [16, 32, 128, 512]) {
      const { status, text, json } = await ask('POST', '/echo/x', { body: nested(levels) })
      assert.equal(status, 201, `${levels}: ${text.slice(0, 200)}`)
      assert.equal(JSON.stringify(json.body), nested(levels))
    }
    for (const levels of [514, 20_000 / 2]) {
      const { status, json } = await ask('POST', '/echo/x', { body: nested(levels) })
      assert.deepEqual([status, json.errors], [400, ['The body is nested deeper than 512 levels']])
    }
  })

  test('what is wrong with a body or a parameter is said, in no more than a sentence', async () => {
    const latin = (text) => Buffer.from(text, 'latin1')
    const why = async (path, body) => {
      const { status, json } = await ask('POST', path, { body })
      assert.equal(status, 400, path)
      return json.errors[0]
    }
    assert.equal(await why('/echo/x', '{"a":}'), 'The body is not JSON')
    for (const bytes of ['\xff', '\xed\xa0\x80', '\xc0\xaf', '\xe0\x80\xaf', '\xf4\xbf\xbf\xbf', '\xf0\x9f']) {
      assert.equal(await why('/echo/x', latin(`["${bytes}"]`)), 'The body is not UTF-8')
      assert.equal(await why('/echo/x', latin(`{"${bytes}":1}`)), 'The body is not UTF-8')
      const escaped = [...latin(bytes)].map((byte) => `%${byte.toString(16)}`).join('')
      for (const path of [`/echo/${escaped}`, `/echo/x?a=${escaped}`, `/echo/x?${escaped}=a`]) assert.equal(await why(path, '{}'), 'A parameter is not UTF-8')
    }
    assert.match(await why('/echo/x', '["\\u0000"]'), /a character that no text can hold/)
    assert.match(await why('/echo/x', '{"a":1,"a":2}'), /a name twice/)
    assert.match(await why('/echo/x', '[1e309]'), /a number that is too large/)
    assert.match(await why('/echo/x', '[99999999999999999999]'), /a number that is too large/)
  })

  test('a body that is too long, or of another type, is refused unread', async () => {
    assert.equal((await ask('POST', '/echo/x', { json: { a: 'x'.repeat(70_000) } })).status, 413)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', '']) {
      assert.equal((await ask('POST', '/echo/x', { json: {}, headers: { 'Content-Type': type } })).status, 415, type)
    }
    assert.equal((await ask('POST', '/echo/x', { json: {}, headers: { 'Content-Type': 'application/json;charset=UTF-8' } })).status, 201)
  })

  test('the function gets parameters, query, body and claims as they are, without what authorises', async () => {
    const body = '{"n": 9007199254740993, "x": 460.00, "s": "\\u00e9\\n"}'
    const { status, json, text } = await ask('POST', `/echo/a%20b?k=3&k=4&token=x&é=1`.replace('é', '%C3%A9'), { body, headers: { Authorization: undefined, Cookie: `jwt=${ann.token}` } })
      .catch(() => ask('POST', '/echo/a%20b?k=3&%C3%A9=1', { body, who: ann }))
    assert.equal(status, 201, text)
    assert.deepEqual(json.params, { what: 'a b' })
    assert.equal(json.query.k, '3')
    assert.ok(!('token' in json.query))
    assert.match(text, /"n": 9007199254740993/)
    assert.match(text, /"x": 460\.00/)
    assert.equal(json.claims.sub, ann.id)
    assert.equal(json.setting, true)
  })

  test('require is asked before the function, and a 204 has no body', async () => {
    const refused = await ask('POST', '/admins', { json: {} })
    assert.deepEqual([refused.status, refused.json.errors], [403, ['Not allowed to do this']])
    const { status, text } = await ask('DELETE', '/nothing')
    assert.equal(status, 204)
    assert.equal(text, '')
  })

  test('an answer of megabytes arrives whole, also at a client that reads slowly', async () => {
    await stage.cluster.psql(`CREATE FUNCTION public.large(request jsonb) RETURNS jsonb LANGUAGE sql AS
      $$ SELECT jsonb_build_object('body', repeat('x', 15000000)) $$; SELECT herald.action('GET', '/large', 'public.large')`)
    await until(async () => (await ask('HEAD', '/large')).status === 405, { what: 'the action' })
    const text = await new Promise((resolve, reject) => {
      http.get(daemon.url('/large'), { agent: false, headers: { Authorization: `Bearer ${staff.token}` } }, (response) => {
        let length = 0
        response.pause()
        setTimeout(() => response.resume(), 300)
        response.on('data', (chunk) => (length += chunk.length)).on('end', () => resolve(length)).on('error', reject)
      }).on('error', reject)
    })
    assert.equal(text, 15_000_002)
  })

  test('an error of SQL is no text for a client, and stands in the log', async () => {
    const { status, text } = await ask('GET', '/faulty')
    assert.equal(status, 500)
    assert.deepEqual(JSON.parse(text), { success: false, errors: ['Internal error'] })
    await until(() => /action GET '\/faulty' was answered 500: 42P01 .*secret_table/.test(daemon.logs()), { what: 'the reason in the log' })
  })

  test('a function that takes too long is 503, and holds up nobody', async (t) => {
    const askLong = async () => {
      const since = now()
      let answered = false
      const slow = ask('GET', '/slow?seconds=20').finally(() => (answered = true))
      await patch(order.id, 'Out for Delivery')
      assert.equal(answered, false)
      const { status, headers } = await slow
      assert.equal(status, 503)
      assert.ok(Number(headers['retry-after']) > 0)
      return now() - since
    }
    const took = await measured(t, askLong, (took) => took < 7000)
    assert.ok(took < 7000, `${took} ms`)
  })

  test('slow functions, more than run at a time, keep nobody from being let in', async (t) => {
    const inTime = ({ entered }) => entered < 1500
    const shown = ({ entered, all }) => `let in after ${entered} ms, all after ${all} ms`
    const figures = await measured(t, enter, inTime, { shown })
    assert.ok(inTime(figures) && figures.all > 4000, shown(figures))
  })

  async function enter() {
    const since = now()
    const slow = Array.from({ length: 6 }, () => ask('GET', '/slow?seconds=2')) // four at a time
    await until(async () => (await client.query("SELECT count(*)::int n FROM pg_stat_activity WHERE application_name = 'pgherald asker' AND wait_event = 'PgSleep'")).rows[0].n === 4,
      { what: 'four at a time' })
    const ticket = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${staff.token}` } })
    const asked = await daemon.subscribe('/asked', { token: staff.token })
    await asked.next('connected')
    const entered = now() - since
    assert.equal(ticket.status, 201)
    assert.deepEqual((await Promise.all(slow)).map(({ status }) => status), Array(6).fill(200))
    const all = now() - since
    await asked.close()
    return { entered, all }
  }

  test('paths and methods: an exact path before a parameter, 405 with what there is, 404 for the rest, preflight', async () => {
    const stream = await daemon.subscribe('/api/orders/stream', { token: ann.token })
    assert.equal(stream.status, 200, 'a stream beside actions with parameters')
    await stream.close()
    const { status, headers } = await ask('DELETE', `/api/orders/${order.id}/status`)
    assert.equal(status, 405)
    assert.equal(headers.allow, 'PATCH, OPTIONS')
    assert.deepEqual((await ask('PUT', '/api/orders')).headers.allow.split(', ').sort(), ['GET', 'OPTIONS', 'POST'])
    assert.equal((await ask('GET', '/api/nowhere')).status, 404)
    const preflight = await ask('OPTIONS', `/api/orders/${order.id}/status`, { who: null, headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PATCH' } })
    assert.equal(preflight.status, 204)
    assert.match(preflight.headers['access-control-allow-methods'], /PATCH/)
    const answer = await patch(order.id, 'Preparing', { headers: { Origin: 'https://app.example' } })
    assert.equal(answer.headers['access-control-allow-origin'], 'https://app.example')
    assert.match(answer.headers.vary, /Origin/)
  })

  test('a page of another site changes nothing with somebody\'s cookie', async () => {
    for (const headers of [{ Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      const { status } = await patch(order.id, 'Delivered', { who: null, headers: { Cookie: `jwt=${staff.token}`, ...headers } })
      assert.equal(status, 403)
    }
    assert.notEqual((await client.query('SELECT order_status FROM example.orders WHERE id = $1', [order.id])).rows[0].order_status, 'Delivered')
  })

  test('with a Bearer token it is no matter whose page asks, for no page could have it sent', async () => {
    for (const headers of [{ Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      const answer = await patch(order.id, 'Preparing', { headers })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
    }
    const asked = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'authorization' }
    const preflight = await ask('OPTIONS', `/api/orders/${order.id}/status`, { who: null, headers: asked })
    assert.equal(preflight.headers['access-control-allow-headers'], undefined, 'so that a browser does not send it')
  })

  test('an action that is defined or taken away while the daemon runs is served, or not', async () => {
    assert.equal((await ask('GET', '/late')).status, 404)
    await stage.cluster.psql(`SELECT herald.action('GET', '/late', 'public.echo')`)
    await until(async () => (await ask('GET', '/late')).status === 201, { what: 'the action' })
    await stage.cluster.psql(`SELECT herald.unaction('GET', '/late')`)
    await until(async () => (await ask('GET', '/late')).status === 404, { what: 'no action' })
  })

  test('actions that run, or wait for a connection, when the daemon is stopped are answered', async () => {
    await client.query('CREATE TABLE public.paid (n int)')
    await client.query(`CREATE FUNCTION public.pay(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.paid VALUES ((request -> 'body' ->> 'n')::int); PERFORM pg_advisory_xact_lock_shared(77); RETURN '{"status": 201, "body": {"success": true}}'; END $$`)
    await client.query(`SELECT herald.action('POST', '/pay', 'public.pay')`)
    await client.query('SELECT pg_advisory_lock(77)')
    const other = await stage.addDaemon()
    const stream = await other.subscribe('/api/orders/stream', { token: ann.token })
    await stream.next('connected')
    await until(() => other.connections() === 1, { what: 'no connection but that of the stream' })
    const paid = Array.from({ length: 6 }, (_, n) => ask('POST', '/pay', { json: { n }, from: other })) // four connections run actions
    await until(async () => (await client.query(`SELECT count(*)::int n FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted`)).rows[0].n === 4, { what: 'four actions that wait' })
    await until(() => other.connections() >= 1 + 6, { what: 'the two that wait for a connection' })
    await other.status() // which the daemon reads after what they had sent
    const stopped = other.stop()
    await stream.ended()
    await client.query('SELECT pg_advisory_unlock(77)')
    for (const each of paid) assert.equal((await each).status, 201)
    assert.equal(await stopped, 0)
    assert.deepEqual((await client.query('SELECT n FROM public.paid ORDER BY n')).rows.map(({ n }) => n), [0, 1, 2, 3, 4, 5])
  })

  test('one user who asks much keeps another one waiting for no more than what runs', async () => {
    const slow = Array.from({ length: 16 }, () => ask('GET', '/slow?seconds=1', { who: ann }))
    await until(async () => (await stage.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%herald.act(%' AND wait_event = 'PgSleep'")) === '4', { what: 'four that run' })
    let over = 0
    for (const each of slow) each.then(() => over++)
    assert.equal((await ask('POST', '/echo/1', { who: bob, json: {} })).status, 201)
    assert.ok(over <= 8, `${over} were answered first`)
    assert.deepEqual((await Promise.all(slow)).map(({ status }) => status), Array(16).fill(200))
  })

  test('a client that says no more while its action runs is told what came of it', async () => {
    await client.query('SELECT pg_advisory_lock(77)')
    const address = addressOf(stage.daemon.url('/'))
    const body = JSON.stringify({ n: 7 })
    const socket = connect({ ...address, allowHalfOpen: true }, () => socket.write(`POST /pay HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ann.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    await until(async () => (await client.query(`SELECT count(*)::int n FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted`)).rows[0].n === 1, { what: 'the action to wait' })
    socket.end()
    await stage.daemon.status() // which the daemon reads after the end of the socket
    await client.query('SELECT pg_advisory_unlock(77)')
    await closed
    assert.deepEqual(answers(answer), [201], answer)
  })

  test('chunks of a GET that come when it is answered take the answer back from nobody', async () => {
    const address = addressOf(stage.daemon.url('/'))
    /** What a client sees that sends its last chunk after it has its answer, and then more. */
    const send = (path) => new Promise((resolve) => {
      let answer = '', failed
      const socket = connect({ ...address, allowHalfOpen: true }, () => socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ann.token}\r\nTransfer-Encoding: chunked\r\n\r\n`))
      socket.on('data', (chunk) => (answer += chunk)).on('error', ({ code }) => (failed = code)).on('close', () => resolve([answers(answer), failed]))
      socket.on('end', async () => {
        for (const byte of '0\r\n\r\n') await new Promise((sent) => socket.write(byte, () => setTimeout(sent, 10)))
        socket.end()
      })
    })
    for (const path of ['/stream/status', '/slow?seconds=0']) {
      let seen
      for (let i = 0; i < 5 && seen?.[1] !== undefined || i === 0; i++) seen = await send(path) // the daemon lingers for 2 s, which may be too short on a busy machine
      assert.deepEqual(seen, [[200], undefined], path)
    }
  })

  test('a body that is on its way when the daemon is stopped is taken, one that comes later is 503, and a head that is not whole holds nothing up', async () => {
    const other = await stage.addDaemon()
    const address = addressOf(other.url('/'))
    const half = connect(address, () => half.write('POST /echo/x HTTP/1.1\r\nHo'))
    half.on('error', () => {})
    const open = async () => {
      const socket = connect(address, () => socket.write(`POST /echo/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ann.token}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`))
      const each = { socket, answer: '', closed: new Promise((resolve) => socket.on('close', resolve)) }
      socket.on('data', (chunk) => (each.answer += chunk))
      await until(() => each.answer.includes('100 Continue'), { what: 'the head to be read' })
      socket.write('{') // not before, because a library need not say 100 to a client that sends already (RFC 9110 10.1.1)
      return each
    }
    const [soon, late] = [await open(), await open()]
    const stopped = other.stop()
    await until(() => other.logs().includes('signal 15'), { what: 'the daemon to know that it stops' })
    soon.socket.write('}')
    const asked = now()
    await soon.closed
    const [, status] = answers(soon.answer)
    assert.ok(status === 201 || (status === 503 && now() - asked > 200), `${status} after ${now() - asked} ms`)
    await until(() => now() - asked > 400, { what: 'the end of the 0.25 s that requests have to arrive' })
    late.socket.write('}')
    await late.closed
    assert.deepEqual(answers(late.answer), [100, 503])
    assert.equal(await stopped, 0)
    half.destroy()
  })

  test('an action that takes longer than a stop may is answered before the end, that nobody knows', async () => {
    const other = await stage.addDaemon()
    const long = ask('GET', '/slow?seconds=60', { from: other })
    await until(async () => (await client.query(`SELECT count(*)::int n FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).rows[0].n > 0, { what: 'the action' })
    other.child.kill('SIGTERM') // at once, because a second later the function's own time would be over first
    const { status, json, headers } = await long
    assert.deepEqual([status, json.errors, headers['retry-after']], [503, ['The server stops, and it is not known whether this was done'], undefined])
    assert.equal((await within(other.child.exited, 30_000, 'the end')).code, 0)
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)
  })

  test('while the database is away the answer is 503, at once', async (t) => {
    const proxy = await Proxy.open(stage.cluster.port)
    const away = await stage.addDaemon({ databaseUrl: stage.cluster.url().replace(`:${stage.cluster.port}/`, `:${proxy.port}/`) })
    assert.equal((await patch(order.id, 'Preparing', { from: away })).status, 200)
    proxy.cut()
    await until(async () => (await away.status()).json.status === 'degraded', { what: 'the daemon without database' })
    const refusal = async () => {
      const since = now()
      const { status, headers } = await patch(order.id, 'Delivered', { from: away })
      assert.equal(status, 503)
      assert.ok(Number(headers['retry-after']) <= 2)
      return now() - since
    }
    const took = await measured(t, refusal, (took) => took < 1000)
    assert.ok(took < 1000, `${took} ms`)
    proxy.mend()
    await until(async () => (await patch(order.id, 'Preparing', { from: away })).status === 200, { what: 'the database' })
    await away.stop()
    await proxy.close()
  })

  test('everything else of the example answers', async () => {
    const admin = await addUser(client, { role: 'admin' })
    const mechanic = await addUser(client, { role: 'mechanic' })
    const made = await ask('POST', '/api/orders', { json: { storeSlug: 'loja-a', customerName: 'João Silva', items: [{ name: 'Bolo', quantity: 2, price: 25 }], total: 50 } })
    assert.ok([200, 201].includes(made.status), made.text)
    assert.equal((await ask('GET', '/api/orders?store=loja-a')).status, 200)
    assert.equal((await ask('GET', '/api/users', { who: admin })).status, 200)
    assert.ok(!(await ask('GET', '/api/users', { who: admin })).text.includes('hash-'))
    assert.equal((await ask('GET', '/api/users', { who: ann })).status, 403)
    assert.equal((await ask('GET', '/api/workorders', { who: mechanic })).status, 200)
  })

  test('an answer over 16 MB is not taken, whatever the database lets through', async () => {
    assert.equal((await ask('GET', '/long')).status, 500)
    await client.query(`CREATE OR REPLACE FUNCTION herald.act_answer(fn text, answer jsonb) RETURNS jsonb LANGUAGE sql AS
      $$ SELECT jsonb_build_object('status', 200, 'body', answer -> 'body', 'fault', NULL) $$`)
    const before = daemon.rssBytes()
    const { status, json } = await ask('GET', '/long')
    assert.deepEqual([status, json], [500, { success: false, errors: ['Internal error'] }])
    assert.ok(daemon.rssBytes() - before < 10 << 20)
    await until(() => daemon.logs().includes(`action GET '/long' was answered 500: its answer is longer than 16 MB`), { what: 'the reason in the log' })
  })
})
