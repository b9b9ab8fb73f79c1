// The typed contract: GET /stream/schema, the event `schema`, and `pgherald types`.
// run: long, both
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster, least } from '../lib/cluster.mjs'
import { compile, validator } from '../lib/contract.mjs'
import { Daemon, missing, repository, run, sanitized } from '../lib/daemon.mjs'
import { addStore, addUser } from '../lib/example.mjs'
import { encryptionKey, unseal } from '../lib/iron.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const patience = 30_000

/** Grants the rights that the daemon's role needs in the example. */
async function grant(cluster, role) {
  const { code, stderr } = await cluster.tryPsql(['-q', '-v', `daemon=${role}`, '-f', `${repository}/contrib/example/grants.sql`])
  assert.equal(code, 0, stderr)
}

describe('the contract', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, cluster
  before(async () => {
    stage = await openStage({
      settings: { track_functions: 'all' },
      daemon: { flags: ['--allowed-origins', 'https://app.example', '--poll-interval', '1000'] },
      prepare: (it) => it.psql(`
        CREATE TABLE things (id int PRIMARY KEY, owner text NOT NULL, note text);
        CREATE TABLE others (id int PRIMARY KEY);
        SELECT herald.watch('things', audience => '{owner}'), herald.watch('others');
        SELECT herald.stream('/things', '{things}', match => '{"owner": "claims.sub"}', events => '{things.update}'), herald.stream('/others', '{others}', anonymous => true),
               herald.stream('/message', '{things}', format => 'message', anonymous => true);`),
    })
    ;({ daemon, cluster } = stage)
  })
  after(() => stage?.close())

  const get = (options = {}, from = daemon) => request(from.url('/stream/schema'), { timeout: patience, ...options })
  const told = async (stream) => JSON.parse((await stream.next('schema', patience)).data)

  test('is served to everyone, and is what SQL says', async () => {
    const { status, headers, json } = await get()
    assert.equal(status, 200)
    assert.match(headers['content-type'], /^application\/json/)
    assert.equal(headers['cache-control'], 'no-cache')
    assert.match(headers.etag, /^"[0-9a-f]{16}"$/)
    assert.deepEqual(json, JSON.parse(await cluster.psql('SELECT herald.schema()')))
    assert.deepEqual(Object.keys(json.streams['/others'].events).sort(), ['others.delete', 'others.insert', 'others.truncate', 'others.update'])
  })

  test('is not sent again to who has it, and HEAD and other methods are as elsewhere', async () => {
    const { headers: { etag }, text } = await get()
    for (const known of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
      const { status, headers, text } = await get({ headers: { 'If-None-Match': known } })
      assert.equal(status, 304, known)
      assert.equal(headers.etag, etag)
      assert.equal(text, '')
    }
    assert.equal((await get({ headers: { 'If-None-Match': '"0123456789abcdef"' } })).status, 200)
    const head = await get({ method: 'HEAD' })
    assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', String(Buffer.byteLength(text))])
    const post = await get({ method: 'POST' })
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD, OPTIONS'])
  })

  test('may be read by pages of allowed origins', async () => {
    const headers = { Origin: 'https://app.example' }
    assert.equal((await get({ headers })).headers['access-control-allow-origin'], 'https://app.example')
    const preflight = await get({ method: 'OPTIONS', headers: { ...headers, 'Access-Control-Request-Method': 'GET' } })
    assert.deepEqual([preflight.status, preflight.headers['access-control-allow-methods']], [204, 'GET, HEAD'])
  })

  test('a column that is added is told within the poll interval, once, to all who hear of the table, and the contract has it', async () => {
    const other = await stage.addDaemon({ flags: ['--poll-interval', '1000'] })
    const ann = await token({ sub: 'ann' })
    const open = async (from, path) => {
      const stream = await from.subscribe(path, { token: ann })
      await stream.next('connected', patience)
      return stream
    }
    const [here, there, message, foreign] = await Promise.all([open(daemon, '/things'), open(other, '/things'), open(daemon, '/message'), open(daemon, '/others')])
    const before = await get()
    await get({}, other)
    await cluster.psql('ALTER TABLE things ADD COLUMN colour text')
    for (const stream of [here, there]) assert.deepEqual(await told(stream), { topics: ['things'] })
    assert.deepEqual(await told(message), { type: 'schema', topics: ['things'] })
    const [id] = [here, there, message].map((stream) => stream.frames.at(-1).id)
    assert.ok([here, there, message].every((stream) => stream.frames.at(-1).id === id), 'the same place in the order')
    for (const from of [daemon, other]) {
      const { status, headers, json } = await get({ headers: { 'If-None-Match': before.headers.etag } }, from)
      assert.equal(status, 200)
      assert.notEqual(headers.etag, before.headers.etag)
      assert.deepEqual(json.$defs['row_public.things'].properties.colour, { type: ['string', 'null'] })
    }
    await cluster.psql("INSERT INTO things VALUES (1, 'ann', 'x', 'red'); UPDATE things SET colour = 'blue'; INSERT INTO others VALUES (1)")
    assert.equal(JSON.parse((await here.next('things.update', patience)).data).row.colour, 'blue')
    assert.equal(here.frames.filter(({ name }) => name === 'schema').length, 1)
    await foreign.next('others.insert', patience)
    assert.ok(!foreign.frames.some(({ name }) => name === 'schema'), 'nothing of a table that is none of its topics')
    const resumed = await daemon.subscribe('/things', { token: ann, lastEventId: here.frames[0].id })
    assert.deepEqual(await told(resumed), { topics: ['things'] }, 'who was away is told in its place')
    for (const stream of [here, there, message, foreign, resumed]) await stream.close()
    await other.stop()
  })

  test('what herald.rule does is told with its transaction, also while nobody polls', async () => {
    const slow = await stage.addDaemon({ flags: ['--poll-interval', '600000'] })
    const stream = await slow.subscribe('/others')
    await stream.next('connected', patience)
    await cluster.psql("SELECT herald.rule('others', 'other_made', 'insert', data => 'jsonb_build_object(''id'', NEW.id)')")
    assert.deepEqual(await told(stream), { topics: ['others'] })
    const { json } = await get({}, slow)
    assert.deepEqual(json.streams['/others'].events, { other_made: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } } })
    await stream.close()
    await slow.stop()
  })

  test('a change that was made while no daemon was there is told when one is back', async () => {
    await cluster.psql('ALTER TABLE others ADD COLUMN x int')
    const fresh = await stage.addDaemon({ flags: ['--poll-interval', '600000'] })
    const stream = await fresh.subscribe('/others', { lastEventId: 'earliest' })
    // The first daemon may be the one that looks. The event must be told once.
    await stream.when(() => stream.frames.filter(({ name }) => name === 'schema').length === 2, patience)
    await stream.close()
    await fresh.stop()
  })

  test('a flood of requests asks the database once', async () => {
    await cluster.psql(`
      CREATE FUNCTION public.slow(id int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'a rule is tried'; PERFORM pg_sleep(0.3); RETURN id; END $$;
      SELECT herald.stream('/flood', '{others}', anonymous => true)`)
    const stream = await until(async () => { // the contract may have the stream before the daemon has it
      const one = await daemon.subscribe('/flood')
      return one.status === 200 && one
    }, { timeout: patience, what: 'the stream' })
    await stream.next('connected', patience)
    await cluster.psql("SELECT herald.unrule('others'), herald.rule('others', 'made', 'insert', data => 'jsonb_build_object(''id'', public.slow(NEW.id))')")
    await stream.next('schema', patience)
    const tries = () => cluster.logs().split('a rule is tried').length - 1
    const before = tries()
    const kinds = [{}, { method: 'HEAD' }, { headers: { 'If-None-Match': '*' } }]
    const answers = await Promise.all(Array.from({ length: 99 }, (_, n) => get(kinds[n % 3])))
    assert.equal(tries() - before, 3, 'three sample rows, once')
    const [{ text, headers: { etag } }] = answers
    const due = [[200, text, String(Buffer.byteLength(text))], [200, '', String(Buffer.byteLength(text))], [304, '', undefined]]
    for (const [n, { status, text, headers }] of answers.entries()) {
      assert.deepEqual([status, text, headers['content-length']], due[n % 3])
      assert.deepEqual([headers.etag, headers['cache-control']], [etag, 'no-cache'])
    }
    await cluster.psql("SELECT herald.unrule('others')")
    await stream.close()
  })

  test('a hot standby serves the same, and tells the same', async () => {
    const standby = await Cluster.standbyOf(cluster)
    const far = await Daemon.start({ cluster: standby })
    const stream = await far.subscribe('/others')
    await stream.next('connected', patience)
    await cluster.psql("SELECT herald.rule('others', 'afar', 'delete', data => 'jsonb_build_object(''id'', OLD.id)')")
    assert.deepEqual(await told(stream), { topics: ['others'] })
    assert.equal((await get({}, far)).text, (await get()).text)
    await stream.close()
    await far.destroy()
    await standby.destroy()
  })

  test('without the database it is 503 with Retry-After', async () => {
    const proxy = await Proxy.open(cluster.port)
    const away = await stage.addDaemon({ databaseUrl: cluster.url().replace(`:${cluster.port}/`, `:${proxy.port}/`) })
    assert.equal((await get({}, away)).status, 200)
    proxy.cut()
    await until(async () => (await away.status()).json.status === 'degraded', { timeout: patience, what: 'the daemon without database' })
    const { status, headers } = await get({}, away)
    assert.deepEqual([status, headers['retry-after']], [503, '2'])
    proxy.mend()
    await until(async () => (await get({}, away)).status === 200, { timeout: patience, what: 'the contract again' })
    await away.stop()
    await proxy.close()
  })
})

describe('the contract of the example', { skip: missing(), timeout: 500_000 }, () => {
  let stage, daemon, client, staff, admin, ann, document
  const rounds = '/stream/rounds/:gameType/:gameId/:version/live'
  before(async () => {
    stage = await openStage({
      example: true, daemon: { env: { SSE_ENCRYPTION_KEY: encryptionKey } }, prepare: (it) => least && grant(it, 'pgherald'),
    })
    daemon = stage.daemon
    client = await stage.cluster.client()
    const store = await addStore(client, 'loja-s')
    staff = await addUser(client, { role: 'staff', claims: { stores: [store] } })
    admin = await addUser(client, { role: 'admin', claims: { stores: [store] } })
    ann = await addUser(client, {})
    await client.query('INSERT INTO example.subscriptions (user_id, active) VALUES ($1, true)', [ann.id])
    document = (await request(daemon.url('/stream/schema'), { timeout: patience })).json
  })
  after(async () => {
    await client?.end()
    await stage?.close()
  })

  async function act(method, path, who, body = {}) {
    const answer = await request(daemon.url(path), { method, timeout: patience, body: JSON.stringify(body), headers: { Authorization: `Bearer ${who.token}`, 'Content-Type': 'application/json' } })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json.data
  }

  async function shop() {
    const order = await act('POST', '/api/orders', staff, { storeSlug: 'loja-s', userId: ann.id, customerName: 'Ann', items: [{ name: 'Bolo', quantity: 2, price: 25 }], total: 50 })
    await act('PATCH', `/api/orders/${order.id}`, staff, { customerName: 'Ann B' })
    await act('PATCH', `/api/orders/${order.id}/status`, staff, { order_status: 'Preparing' })
    await act('PATCH', `/api/orders/${order.id}/status`, staff, { order_status: 'Cancelled' })
    const user = await act('POST', '/api/users', admin, { email: `${order.id}@example.org`, name: 'New' })
    await act('DELETE', `/api/users/${user.id}`, admin)
    await act('POST', '/api/rounds/ROULETTE/123', staff, { value: 7 })
  }

  async function workshop() {
    const [{ id }] = (await client.query("INSERT INTO example.work_orders (plate, customer_id) SELECT '12-ABC-3', id FROM example.customers LIMIT 1 RETURNING id")).rows
    await act('PATCH', `/api/workorders/${id}/column`, admin, { column: 'Onder handen' })
    await act('POST', '/api/display/signature', admin, { workOrderId: id, signature: 'data:,x' })
    const session = await act('POST', `/api/workorders/${id}/sessions`, admin)
    await act('PATCH', `/api/workorders/${id}/sessions/${session.id}`, admin)
    await client.query(`
      INSERT INTO example.parts (work_order_id, name) VALUES ('${id}', 'filter'); UPDATE example.parts SET status = 'ONTVANGEN'; DELETE FROM example.parts;
      INSERT INTO example.invoices (work_order_id, amount) VALUES ('${id}', 12.5); UPDATE example.invoices SET amount = 13; DELETE FROM example.invoices;
      UPDATE example.customers SET name = name || '!'; INSERT INTO example.vehicles (plate) VALUES ('12-ABC-3'); UPDATE example.vehicles SET apk_until = '2027-01-01';
      DELETE FROM example.vehicles WHERE plate = '12-ABC-3'; INSERT INTO example.emails (work_order_id, recipient, subject) VALUES ('${id}', 'x@example.org', 'ready');
      UPDATE example.emails SET status = 'VERZONDEN'; DELETE FROM example.work_sessions; DELETE FROM example.work_orders WHERE id = '${id}'`)
  }

  test('every event that its actions cause is as the contract says, and a broken one is not', async () => {
    const wrong = validator(document)
    const streams = await Promise.all([['/api/orders/events', '?store=loja-s', staff], ['/api/orders/stream', '', ann], ['/api/events', '', admin], ['/api/workorders/stream', '', admin],
      [rounds, '', ann]].map(async ([path, query, who]) => {
      const stream = await daemon.subscribe((path === rounds ? '/stream/rounds/ROULETTE/123/1/live' : path) + query, { token: who.token })
      await stream.next(path === rounds ? 'ready' : 'connected', patience) // otherwise the state has the round that is to come
      return { path, stream }
    }))
    await shop()
    await workshop()
    const last = { '/api/orders/events': 'order_cancelled', '/api/orders/stream': ({ data }) => data.includes('Cancelled'), '/api/events': 'user_deleted',
      '/api/workorders/stream': ({ data }) => JSON.parse(data).status === null, [rounds]: 'update' }
    const seen = new Set()
    for (const { path, stream } of streams) {
      await stream.next(last[path], patience)
      for (const { name, data: text } of stream.frames) {
        const data = text.startsWith('Fe26.2') ? await unseal(text, encryptionKey) : JSON.parse(text)
        assert.equal(wrong(path, name, data), undefined, `${path} ${name} ${JSON.stringify(data)}`)
        seen.add(`${path} ${name}`)
      }
      await stream.close()
    }
    for (const [path, { events }] of Object.entries(document.streams))
      for (const event of Object.keys(events)) assert.ok(seen.has(`${path} ${event}`), `${path} ${event} was seen`)
    const status = { order_id: ann.id, order_code: 'ORD-A7X3B2', order_status: 'Preparing' }
    assert.equal(wrong('/api/orders/stream', 'order_status_update', status), undefined)
    for (const broken of [{ order_status: 'Lost' }, { order_id: 7 }, { order_id: 'no uuid' }, { order_code: null }, { order_status: undefined }])
      assert.notEqual(wrong('/api/orders/stream', 'order_status_update', JSON.parse(JSON.stringify({ ...status, ...broken }))), undefined, JSON.stringify(broken))
    assert.notEqual(wrong('/api/workorders/stream', 'workorder-update', { type: 'workorder-update', changeType: 'column', workOrderId: ann.id }), undefined)
  })

  const types = (...args) => run(['types', '--database-url', stage.cluster.url(), ...args], { timeout: patience })

  test('pgherald types prints what tsc takes, and holds a program to it', async () => {
    const { code, stdout, stderr } = await types()
    assert.equal(code, 0, stderr)
    assert.equal((await types()).stdout, stdout, 'the same again')
    if (sanitized()) return // tsc has read the same text from the release build
    const good = `
      import type { Streams, ApiOrdersStreamControl, ApiOrdersStreamEvent, ApiWorkordersStreamWorkorderUpdate } from './streams.js'
      const data: Streams['/api/orders/stream']['order_status_update'] = { order_id: 'a', order_code: 'b', order_status: 'Preparing' }
      export function read(e: ApiOrdersStreamEvent | ApiOrdersStreamControl): string {
        return e.event === 'order_status_update' ? e.data.order_code : e.event === 'closing' ? e.data.reason : e.event === 'schema' ? e.data.topics.join() : ''
      }
      export function card(c: ApiWorkordersStreamWorkorderUpdate): string {
        return c.changeType === 'column' ? c.from : c.changeType === 'email' ? c.subject : data.order_status
      }`
    assert.equal(await compile({ 'streams.ts': stdout, 'good.ts': good }), '')
    const bad = good.replace('Preparing', 'Lost').replace('e.data.reason', 'e.data.topics')
    const said = await compile({ 'streams.ts': stdout, 'bad.ts': bad })
    assert.match(said, /'"Lost"' is not assignable/)
    assert.match(said, /'topics' does not exist/)
  })

  test('names that are no identifiers, and descriptions that would end a comment, are valid all the same', async () => {
    await stage.cluster.psql(`
      CREATE TYPE odd AS ENUM ('*/ "x" \\\\', 'line
end'); CREATE TABLE "we ird */ -- x" ("a-b" int PRIMARY KEY, "*/" odd, "1" text[], "класс" jsonb NOT NULL);
      SELECT herald.watch('"we ird */ -- x"', 'odd/topic'), herald.stream('/1', '{odd/topic}'), herald.stream('/1/', '{odd/topic}') WHERE false;
      SELECT herald.watch('"we ird */ -- x"', 'odd/topic'), herald.stream('/1', '{odd/topic}'), herald.stream('/_1', '{odd/topic,users}', events => '{a.b,a-b,"\\"q\\""}', format => 'message')`)
    const { code, stdout } = await types('--stream', '/1')
    assert.equal(code, 0)
    assert.ok(!stdout.includes('/api/orders/stream'), 'the other streams are not in it')
    if (!sanitized()) assert.equal(await compile({ 'one.ts': stdout, 'all.ts': (await types()).stdout }), '')
  })

  test('a stream that is not there, and wrong usage, are said', async () => {
    const gone = await types('--stream', '/nowhere')
    assert.equal(gone.code, 1)
    assert.match(gone.stderr, /no stream '\/nowhere'/)
    assert.equal((await types('extra')).code, 2)
    assert.match((await run(['help'])).stdout, /pgherald types/)
  })

  test('the daemon\'s role is told of its own rights only', { skip: least && 'every daemon is' }, async () => {
    await stage.cluster.psql('CREATE ROLE small LOGIN; SELECT herald.grant_daemon(\'small\')')
    const small = await stage.addDaemon({ databaseUrl: stage.cluster.url(undefined, 'small'), env: { SSE_ENCRYPTION_KEY: encryptionKey } })
    const { status, json } = await request(small.url('/stream/schema'), { timeout: patience })
    assert.equal(status, 200)
    assert.match(json.streams['/api/orders/stream'].events.order_status_update.description, /failed with sample values \(SQLSTATE 42501\)/)
    await grant(stage.cluster, 'small')
    const fresh = await stage.addDaemon({ databaseUrl: stage.cluster.url(undefined, 'small'), env: { SSE_ENCRYPTION_KEY: encryptionKey } })
    const shown = (await request(fresh.url('/stream/schema'), { timeout: patience })).json
    assert.deepEqual(shown.streams['/api/orders/stream'], document.streams['/api/orders/stream'])
    await small.stop()
    await fresh.stop()
  })
})
