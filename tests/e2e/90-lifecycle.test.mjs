// Resuming, restarting, stopping, installing. What a stream is told when something around it ends.
// run: long
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster, environment } from '../lib/cluster.mjs'
import { migrate, missing, program, repository, run } from '../lib/daemon.mjs'
import { directoryOf, tooOld } from '../lib/postgres.mjs'
import * as processes from '../lib/process.mjs'
import { compareIds, request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { measured, now, pause, until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE items (id int PRIMARY KEY, owner text, n int NOT NULL DEFAULT 0, hidden text DEFAULT 'secret-of-the-row');
  SELECT herald.watch('items', audience => '{owner}', exclude => '{hidden}');
  SELECT herald.stream('/items', '{items}', match => '{"owner": "claims.sub"}'), herald.stream('/items/all', '{items}');`)

describe('what a balancer sees', { skip: missing(), timeout: 300_000 }, () => {
  let stage
  before(async () => (stage = await openStage({ prepare, daemon: { flags: ['--ready-grace', '4s', '--drain-delay', '3s', '--retry', '1s'] } })))
  after(() => stage?.close())

  const ready = async () => (await request(stage.daemon.adminUrl('/readyz'), { timeout: 5000 })).status
  const word = async () => (await stage.daemon.status()).json.status

  test('while the database is away an instance stays ready for ready-grace, holds clients, and says degraded at once', async (t) => {
    const { cluster, daemon } = stage
    assert.equal(await ready(), 200)
    await cluster.stop('immediate')
    await until(async () => (await word()) === 'degraded', { every: 20, what: 'degraded' })
    const begun = now()
    assert.equal(await ready(), 200, 'clients may still come')
    const stream = await daemon.subscribe('/items', { token: await token({ sub: 'ann' }) })
    await until(async () => (await ready()) === 503, { timeout: 60_000, every: 50, what: 'not ready after the grace' })
    const took = now() - begun
    t.diagnostic(`not ready ${Math.round(took)} ms after degraded`)
    assert.ok(took > 3000, `${took} ms`)
    await cluster.startServer()
    await until(async () => (await ready()) === 200, { timeout: 60_000, what: 'ready again' })
    await cluster.psql("INSERT INTO items (id, owner) VALUES (1, 'ann')")
    await stream.next('items.insert', 30_000)
    await stream.close()
  })

  test('at SIGTERM it is not ready first, still lets clients in for drain-delay, and drains after that', async (t) => {
    const { daemon } = stage
    const value = await token({ sub: 'ann' })
    const stream = await daemon.subscribe('/items', { token: value })
    await stream.next('connected')
    daemon.child.kill('SIGTERM')
    const begun = now()
    await until(async () => (await ready()) === 503, { every: 20, what: 'not ready' })
    const late = await daemon.subscribe('/items', { token: value })
    assert.equal(late.status, 200, 'the door is open')
    assert.equal(stream.open, true)
    const closing = await Promise.all([stream, late].map((each) => each.next('closing', 30_000)))
    const took = now() - begun
    t.diagnostic(`closing came ${Math.round(took)} ms after SIGTERM`)
    assert.deepEqual(closing.map(({ data }) => JSON.parse(data).reason), ['shutdown', 'shutdown'])
    assert.ok(took > 2900, `${took} ms`)
    assert.deepEqual(await daemon.child.exited, { code: 0, signal: null })
    await daemon.start()
  })
})

describe('the life of a stream', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, cluster, client, ann, id = 0
  before(async () => {
    stage = await openStage({ prepare, daemon: { flags: ['--heartbeat', '1s', '--poll-interval', '500', '--jwt-leeway', '0s'] } })
    ;({ daemon, cluster } = stage)
    ann = await token({ sub: 'ann' })
    client = await cluster.client()
  })
  after(() => stage?.close())

  const subscribe = (options = {}) => daemon.subscribe('/items', { token: ann, ...options })
  // A stream that has seen all that was written before. What comes after that is new.
  async function fresh() {
    const stream = await subscribe()
    await stream.next('connected')
    const [one] = await write(1)
    await stream.next((frame) => frame.name === 'items.insert' && idOf(frame) === one)
    return stream
  }
  const idOf = (frame) => JSON.parse(frame.data).row.id
  async function write(count = 1, owner = 'ann') {
    const ids = Array.from({ length: count }, () => ++id)
    for (const one of ids) await client.query('INSERT INTO items (id, owner) VALUES ($1, $2)', [one, owner])
    return ids
  }
  async function collect(stream, count) {
    const frames = []
    while (frames.length < count) frames.push(await stream.next('items.insert'))
    return frames
  }

  async function resumes(break_) {
    const stream = await fresh()
    const ids = await write(3)
    const seen = await collect(stream, 2) // the third may have come too, but the resume starts after the second
    await stream.close()
    ids.push(...(await write(5)))
    await break_()
    const again = await subscribe({ lastEventId: seen[1].id })
    const rest = await collect(again, 6)
    ids.push(...(await write(2)))
    rest.push(...(await collect(again, 2)))
    assert.deepEqual([...seen, ...rest].map(idOf), ids)
    assert.ok(!again.frames.some(({ name }) => name === 'reset'))
    const order = again.events.map((frame) => frame.id)
    for (let i = 1; i < order.length; i++) assert.ok(compareIds(order[i - 1], order[i]) < 0)
    await again.close()
  }

  test('a stream resumes from the shared log, joined to what is live', () => resumes(async () => {}))

  test('a stream resumes from herald.changes when the daemon knows nothing of the past', () =>
    resumes(async () => {
      assert.equal(await daemon.stop(), 0)
      await daemon.start()
    }))

  test('the resume point may stand in the query, under three names; the newest one decides, wherever it stands', async () => {
    const stream = await fresh()
    const ids = await write(3)
    const frames = await collect(stream, 3)
    await stream.close()
    for (const name of ['last_event_id', 'lastEventId', 'after']) {
      const again = await daemon.subscribe(`/items?${name}=${frames[0].id}`, { token: ann })
      assert.deepEqual((await collect(again, 2)).map(idOf), ids.slice(1))
      await again.close()
    }
    const [older, newer] = [frames[0].id, frames[1].id]
    const mixed = [
      [`last_event_id=${older}`, newer], [`last_event_id=${newer}`, older], // a page kept its newest place itself
      [`last_event_id=${older}&lastEventId=${newer}`], [`lastEventId=${older}&last_event_id=${newer}`],
      [`after=${older}&lastEventId=${newer}`], [`after=${newer}&after=${older}`],
      [`last_event_id=earliest`, newer], [`after=${newer}`, 'earliest'],
      [`after=${newer}`, 'nonsense'], [`after=nonsense&lastEventId=${newer}`], [`after=${newer}&last_event_id=`],
    ]
    for (const [query, lastEventId] of mixed) {
      const again = await daemon.subscribe(`/items?${query}`, { token: ann, lastEventId })
      assert.deepEqual((await collect(again, 1)).map(idOf), ids.slice(2), `${query} ${lastEventId}`)
      await again.close()
    }
    const empty = await daemon.subscribe(`/items?after=${newer}`, { token: ann, headers: { 'Last-Event-ID': '' } })
    assert.deepEqual((await collect(empty, 1)).map(idOf), ids.slice(2), 'an empty header hides nothing')
    await empty.close()
    const none = await daemon.subscribe('/items?after=nonsense', { token: ann, lastEventId: 'x' })
    assert.equal(JSON.parse((await none.next('reset')).data).reason, 'unknown')
    await none.close()
  })

  test('`connected` on a resume does not carry an id ahead of what is yet to come', async () => {
    const first = await fresh()
    await write(4)
    const frames = await collect(first, 4)
    await first.close()
    const again = await subscribe({ lastEventId: frames[0].id })
    const connected = await again.next('connected')
    if (connected.id !== null) assert.ok(compareIds(connected.id, frames[1].id) < 0, `${connected.id} skips ${frames[1].id}`)
    await again.close()
  })

  test('`earliest` yields all that is retained', async () => {
    await write(1)
    const stream = await subscribe({ lastEventId: 'earliest' })
    const all = await collect(stream, id)
    assert.deepEqual(all.map(idOf), Array.from({ length: id }, (_, index) => index + 1))
    await stream.close()
  })

  const malformed = ['0', '-1', 'abc', '1.5', '1e3', '999999999999999-1', '9223372036854775807-9223372036854775807',
    '99999999999999999999999-1', '1-', '-', '1--1', '+1-1', '0x1-1', "1-1' OR 1=1 --", 'é', '1-1-1', 'x'.repeat(3000)]
  test('an id that was never given out is answered with 200 and reset, and then with what is live', async () => {
    for (const value of malformed) {
      await (await fresh()).close()
      const stream = new Subscriber(daemon.url('/items'), { token: ann, headers: { 'Last-Event-ID': value.normalize() } })
      await stream.connect()
      assert.equal(stream.status, 200, value.slice(0, 40))
      const reset = await stream.next('reset')
      assert.equal(JSON.parse(reset.data).reason, 'unknown', value.slice(0, 40))
      const [next] = await write(1)
      assert.equal(idOf((await collect(stream, 1))[0]), next)
      await stream.close()
    }
  })

  test('an id that has been pruned is answered with reset and the reason expired', async () => {
    const stream = await fresh()
    await write(1)
    const [old] = await collect(stream, 1)
    for (let n = 0; n < 3; n++) {
      await write(1)
      await collect(stream, 1)
    }
    await stream.close()
    await daemon.stop()
    await cluster.psql("SELECT herald.prune('0 seconds')")
    await daemon.start()
    const again = await subscribe({ lastEventId: old.id })
    assert.equal(again.status, 200)
    assert.equal(JSON.parse((await again.next('reset')).data).reason, 'expired')
    // A client that lost its connection between such an event and the reset would go on after the
    // gap.
    assert.deepEqual(again.frames.map(({ name }) => name), ['connected', 'reset'], 'nothing of behind the gap comes before it')
    await again.close()
  })

  test('a ping comes every heartbeat', async (t) => {
    const two = async () => {
      const stream = await subscribe()
      await stream.when(() => stream.comments.length >= 3)
      await stream.close()
      assert.ok(stream.comments.every(({ text }) => text === 'ping'))
      const [first, , third] = stream.comments
      return third.at - first.at
    }
    const inTime = (ms) => ms > 1000 && ms < 3500
    const took = await measured(t, two, inTime)
    assert.ok(inTime(took), `${took} ms for two pings of 1 s`)
  })

  test('a row that becomes nobody\'s leaves its owner, but not a stream that matches nothing', async () => {
    const all = await daemon.subscribe('/items/all', { token: ann })
    await all.next('connected')
    const stream = await fresh()
    const [moved] = await write(1)
    await client.query('UPDATE items SET owner = NULL WHERE id = $1', [moved])
    await stream.next('left')
    const [last] = await write(1)
    const names = async (one) => {
      await one.next((frame) => frame.name === 'items.insert' && idOf(frame) === last)
      return one.frames.slice(-3).map(({ name }) => name)
    }
    const expected = ['items.insert', 'items.update', 'items.insert']
    assert.deepEqual(await names(all), expected)
    const [before] = all.frames.slice(-4)
    await daemon.stop()
    await daemon.start() // its memory is empty, so what was missed comes from the database
    const again = await daemon.subscribe('/items/all', { token: ann, lastEventId: before.id })
    assert.deepEqual(await names(again), expected)
    for (const one of [all, stream, again]) await one.close()
  })

  test('a row whose routing column changes leaves its old owner and comes to the new one', async () => {
    const bob = await daemon.subscribe('/items', { token: await token({ sub: 'bob' }) })
    const stream = await fresh()
    await bob.next('connected')
    const [moved] = await write(1)
    await client.query("UPDATE items SET owner = 'bob', n = 42 WHERE id = $1", [moved])
    const left = await stream.next('left')
    const data = JSON.parse(left.data)
    assert.deepEqual(Object.keys(data).sort(), ['key', 'topic'])
    assert.equal(data.topic, 'items')
    assert.equal(typeof data.key === 'object' ? data.key.id : Number(data.key), moved)
    assert.ok(!left.data.includes('42'))
    const change = await bob.next('items.update')
    assert.deepEqual([idOf(change), JSON.parse(change.data).row.n], [moved, 42])
    await write(1)
    assert.equal((await stream.next()).name, 'items.insert', 'nothing more of the row that left')
    assert.ok(!bob.frames.some(({ name }) => name === 'left'))
    await Promise.all([stream.close(), bob.close()])
  })

  test('an excluded column enters neither an event nor herald.changes', async () => {
    const stream = await fresh()
    const [one] = await write(1)
    const [frame] = await collect(stream, 1)
    assert.ok(!('hidden' in JSON.parse(frame.data).row))
    await client.query("UPDATE items SET hidden = 'secret-of-the-row-2', n = n + 1 WHERE id = $1", [one])
    const update = await stream.next('items.update')
    assert.ok(!update.data.includes('hidden'), update.data)
    await client.query('DELETE FROM items WHERE id = $1', [one])
    await stream.next('items.delete')
    assert.equal(await cluster.psql("SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%secret-of-the-row%' OR c::text LIKE '%hidden%'"), '0')
    await stream.close()
  })

  test('a stream that is declared while the daemon runs is there without a restart', async () => {
    await cluster.psql(`SELECT herald.stream('/later', '{items}', match => '{"owner": "claims.sub"}')`)
    const open = async () => {
      const stream = await daemon.subscribe('/later', { token: ann })
      if (stream.status === 200) return stream
      await stream.close()
    }
    const stream = await until(open, { every: 50, what: 'the new stream' })
    await stream.next('connected')
    const [one] = await write(1)
    await stream.next((frame) => frame.name === 'items.insert' && idOf(frame) === one)
    await stream.close()
  })

  test('a stream ends with its token, and says so', async () => {
    const stream = await subscribe({ token: await token({ sub: 'ann', exp: seconds() + 4 }) })
    await stream.next('connected')
    const closing = await stream.next('closing')
    assert.equal(JSON.parse(closing.data).reason, 'expired')
    await stream.ended()
    assert.equal(stream.current.partial, '')
  })

  for (const mode of ['fast', 'immediate']) {
    test(`PostgreSQL stops (${mode}) and starts: streams stay, new ones wait, nothing is lost`, async () => {
      const stream = await fresh()
      const ids = await write(2)
      const frames = await collect(stream, 2)
      await cluster.stop(mode)
      const pings = stream.comments.length
      await stream.when(() => stream.comments.length > pings, 30_000, () => 'pings go on without PostgreSQL')
      const held = new Subscriber(daemon.url('/items'), { token: ann, lastEventId: frames[0].id })
      const accepted = held.connect({ timeout: 30_000 })
      await cluster.startServer()
      client = await cluster.client()
      ids.push(...(await write(3)))
      frames.push(...(await collect(stream, 3)))
      await accepted
      assert.equal(held.status, 200)
      const rest = await collect(held, 4)
      assert.deepEqual([frames.map(idOf), rest.map(idOf)], [ids, ids.slice(1)])
      assert.ok(![...stream.frames, ...held.frames].some(({ name }) => name === 'reset'))
      assert.equal(stream.connections.length, 1)
      await Promise.all([stream.close(), held.close()])
    })
  }

  test('SIGTERM ends every stream after a whole last event with closing, and the exit status is 0', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => subscribe()))
    for (const stream of streams) await stream.next('connected')
    let writing = true
    const flood = (async () => {
      while (writing) await write(1)
    })()
    await streams[0].next('items.insert')
    assert.equal(await daemon.stop(), 0)
    writing = false
    await flood
    for (const stream of streams) {
      await stream.ended()
      assert.equal(stream.current.partial, '', 'a whole last event')
      const last = stream.frames.at(-1)
      assert.equal(last.name, 'closing')
      assert.deepEqual(JSON.parse(last.data), { reason: 'shutdown' })
      assert.deepEqual(stream.faults, [])
    }
    // They must not all come back at once. `retry` is 2 s here.
    const waits = streams.map((stream) => stream.current.parser.retry)
    for (const ms of waits) assert.ok(ms >= 1000 && ms <= 3000, `retry: ${ms}`)
    assert.ok(new Set(waits).size > 10, `${waits}`)
    await daemon.start()
    const again = await subscribe({ lastEventId: streams[0].lastEventId })
    await again.next('connected')
    assert.equal(again.current.parser.retry, 2000)
    const missed = id - idOf(streams[0].events.at(-1))
    if (missed > 0) assert.equal(idOf((await collect(again, missed)).at(-1)), id)
    await again.close()
  })

  test('SIGTERM: a client that waits in the backlog is answered, and not refused', async () => {
    const count = 300, answers = []
    processes.signal(daemon.pid, 'SIGSTOP')
    const sockets = await Promise.all(Array.from({ length: count }, async () => {
      const socket = connect(daemon.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(`GET /items HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${ann}\r\n\r\n`)
      return socket
    }))
    const ends = sockets.map((socket, n) => new Promise((resolve) => {
      answers[n] = ''
      socket.on('data', (data) => (answers[n] += data)).on('error', resolve).on('close', resolve)
    }))
    daemon.child.kill('SIGTERM')
    processes.signal(daemon.pid, 'SIGCONT')
    await Promise.all(ends)
    assert.equal((await daemon.child.exited).code, 0)
    await daemon.start()
    const refused = answers.filter((answer) => !/^HTTP\/1.1 (200|429|503) /.test(answer))
    assert.deepEqual(refused, [], `${refused.length} of ${count}`)
    assert.ok(answers.filter((answer) => /event: closing\ndata: {"reason":"shutdown"}/.test(answer)).length >= 50)
  })

  test('SIGTERM: a client whose right is being asked for is told what all others are told', async () => {
    await cluster.psql(`
      CREATE FUNCTION public.late(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true FROM pg_sleep(4.5) $$;
      SELECT herald.stream('/late', '{items}', match => '{"owner": "claims.sub"}', authorize => 'public.late')`)
    const ask = (accept, query = '') => request(daemon.url(`/late${query}`), { headers: { Authorization: `Bearer ${ann}`, Accept: accept }, timeout: 30_000 })
    await until(async () => (await request(daemon.url('/late'))).status === 401, { what: 'the stream' })
    const answers = Promise.all([ask('text/event-stream'), ask('application/x-ndjson'), ask('application/json', '?wait=10')])
    await until(async () => await cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") === '3', { what: 'three questions' })
    assert.equal(await daemon.stop(), 0)
    const [frames, lines, page] = await answers
    assert.equal(frames.status, 200)
    assert.match(frames.text, /^(: ping\n\n)?retry: [123]\d{3}\nevent: closing\ndata: {"reason":"shutdown"}\n\n$/)
    assert.equal(lines.status, 200)
    assert.deepEqual(lines.text.trimEnd().split('\n').map((line) => JSON.parse(line)).map(({ event, data }) => [event, data.reason]), [['closing', 'shutdown']])
    assert.deepEqual([page.status, page.headers['retry-after']], [503, '2'])
    await daemon.start()
  })

  test('the status names no user and the admin port answers', async () => {
    const { json } = await daemon.status()
    for (const key of ['status', 'streams', 'head', 'lag_ms', 'uptime_s', 'version']) assert.ok(key in json, key)
    assert.ok(['ok', 'degraded', 'draining'].includes(json.status))
  })
})

describe('installing the schema', { skip: missing(), timeout: 300_000 }, () => {
  let cluster
  before(async () => (cluster = await Cluster.start()))
  after(() => cluster?.destroy())

  let count = 0
  async function fresh() {
    const database = `db${++count}`
    await cluster.psql(`CREATE DATABASE ${database}`, { database: 'postgres' })
    return database
  }
  // pg_dump of a patched release frames its output with a random \restrict key.
  const schema = async (database) =>
    (await cluster.dump(['--schema-only', '-n', 'herald'], { database })).replace(/^\\(un)?restrict .*$/gm, '')
  const skip = tooOld('pg_dump') // each test skips, because for node a suite that is skipped does not count
  const migrateOnce = (database) => run(['migrate', '--database-url', cluster.url(database)], { timeout: 60_000 })

  test('twice is as good as once, and what is in the log stays', { skip }, async () => {
    const database = await fresh()
    await migrate(cluster, { database })
    const before = await schema(database)
    await cluster.psql("SELECT herald.publish('t', 'e', '{}')", { database })
    await migrate(cluster, { database })
    assert.equal(await schema(database), before)
    assert.equal(await cluster.psql('SELECT count(*) FROM herald.changes', { database }), '1')
  })

  test('two at once both succeed and leave one schema', { skip }, async () => {
    const [reference, database] = [await fresh(), await fresh()]
    await migrate(cluster, { database: reference })
    const results = await Promise.all([1, 2, 3].map(() => migrateOnce(database)))
    for (const { code, stderr } of results) assert.equal(code, 0, stderr)
    assert.equal(await schema(database), await schema(reference))
  })

  test('killed half-way leaves all or nothing, and the next one completes it', { skip }, async (t) => {
    const reference = await fresh()
    const begun = now()
    await migrate(cluster, { database: reference })
    const took = now() - begun
    const whole = await schema(reference)
    const found = { nothing: 0, all: 0 }
    for (let sixths = 1; sixths <= 6; sixths++) {
      const database = await fresh()
      const child = processes.start(program, ['migrate', '--database-url', cluster.url(database)], { env: environment(), stdio: 'ignore' })
      await Promise.race([pause((took * sixths) / 6), child.exited])
      child.kill('SIGKILL')
      await child.exited
      const quiet = `SELECT count(*) FROM pg_stat_activity WHERE datname = '${database}'`
      await until(async () => (await cluster.psql(quiet, { database: 'postgres' })) === '0', { what: 'the end of its session' })
      const there = await cluster.psql("SELECT to_regnamespace('herald') IS NOT NULL", { database })
      found[there === 't' ? 'all' : 'nothing']++
      if (there === 't') assert.equal(await schema(database), whole)
      assert.equal((await migrateOnce(database)).code, 0)
      assert.equal(await schema(database), whole)
    }
    t.diagnostic(`killed on its way, which takes ${Math.round(took)} ms: ${found.nothing} times nothing was there, ${found.all} times all`)
  })

  test('psql alone gives the same schema as pgherald migrate, again too', { skip }, async () => {
    const [byProgram, byPsql] = [await fresh(), await fresh()]
    await migrate(cluster, { database: byProgram })
    for (let times = 0; times < 2; times++) {
      const { code, stderr } = await cluster.psqlFile(join(repository, 'sql/install.sql'), { database: byPsql })
      assert.equal(code, 0, stderr)
    }
    assert.equal(await schema(byPsql), await schema(byProgram))
    assert.equal((await migrateOnce(byPsql)).code, 0)
  })

  // A schema as version 12 left it, as far as locks and columns are concerned.
  async function older() {
    const database = await fresh()
    await migrate(cluster, { database })
    await cluster.psql(`DROP TRIGGER begin_anew ON herald.changes; DROP TRIGGER written_here ON herald.ticks; ALTER TABLE herald.changes ALTER xid TYPE xid8, DROP COLUMN bytes;
      DROP DOMAIN herald.own_xid; DROP TABLE herald.pruned, herald.extents, herald.survivor, herald.rechecks, herald.undelivered, herald.forwards; DROP VIEW herald.ticking;
      ALTER TABLE herald.watches DROP COLUMN numbers; DELETE FROM herald.migrations WHERE version > 12`, { database })
    return database
  }

  test('a view of the log that stands in the way of an upgrade is named', async () => {
    const database = await older()
    await cluster.psql('CREATE VIEW mine AS SELECT * FROM herald.changes', { database })
    const { code, stderr } = await migrateOnce(database)
    assert.equal(code, 1)
    assert.match(stderr, /^pgherald: view mine has column xid of herald\.changes, which gets another type \(Nothing was changed\. Drop the view, migrate, and make it again\.\)$/m)
    await cluster.psql('DROP VIEW mine', { database })
    assert.equal((await migrateOnce(database)).code, 0)
    await cluster.psql('CREATE VIEW mine AS SELECT * FROM herald.changes', { database })
    assert.equal((await migrateOnce(database)).code, 0, 'and again, with the view')
  })

  test('who reads the log is waited for before anything that streams need is locked', async () => {
    const database = await older()
    const [reader, witness] = [await cluster.client({ database }), await cluster.client({ database })]
    await reader.query('BEGIN; SELECT count(*) FROM herald.changes')
    const held = `SELECT count(*)::int AS held FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      WHERE c.relnamespace = 'herald'::regnamespace AND c.relname IN ('watches', 'rules', 'streams') AND l.mode = 'AccessExclusiveLock' AND l.granted`
    let ended = false, most = 0
    const migrating = run(['migrate', '--database-url', cluster.url(database)], { env: { PGOPTIONS: '-c lock_timeout=2s' }, timeout: 60_000 }).finally(() => (ended = true))
    while (!ended) most = Math.max(most, (await witness.query(held)).rows[0].held)
    const { code, stderr } = await migrating
    assert.equal(code, 1)
    assert.match(stderr, /no lock could be had on herald\.ticks, herald\.changes within 00:00:02: server process \d+ \(application 'test', role postgres\) has AccessShareLock on herald\.changes; it is idle in transaction/)
    assert.equal(most, 0, 'nothing was locked meanwhile')
    await reader.query('COMMIT')
    assert.equal((await migrateOnce(database)).code, 0)
  })

  test('is refused to a role that may not act as the owner of the schema', async () => {
    const database = await fresh()
    await migrate(cluster, { database })
    await cluster.psql(`CREATE ROLE another LOGIN; GRANT CREATE ON DATABASE ${database} TO another`, { database })
    const { code, stderr } = await cluster.psqlFile(join(repository, 'sql/install.sql'), { database, user: 'another' })
    assert.equal(code, 3)
    assert.match(stderr, /pgherald: the schema herald belongs to role postgres, and role another may not act as that\n.*HINT: +Nothing was changed\. Migrate as /)
  })
})

describe('a server below 14', { skip: missing(), timeout: 120_000 }, () => {
  const bin = directoryOf(13)
  const skip = !bin && 'PostgreSQL 13 is not there: node tests/lib/npm-server.mjs 13 installs it'
  const sentence = /pgherald: needs PostgreSQL 14 or newer; this server is 13\.\d+/
  let cluster
  before(async () => (cluster = skip ? undefined : await Cluster.start({ bin })))
  after(() => cluster?.destroy())
  const untouched = async () => assert.equal(await cluster.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'herald'"), '0')

  test('is refused by migrate with a sentence, and nothing is changed', { skip }, async () => {
    for (const dry of [[], ['--dry-run']]) {
      const { code, stdout, stderr } = await run(['migrate', ...dry, '--database-url', cluster.url()])
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, new RegExp(`^${sentence.source}.* \\(.*\\)\n$`))
      await untouched()
    }
  })

  test('is refused by install.sql with the same one', { skip }, async () => {
    const { code, stderr } = await cluster.psqlFile(join(repository, 'sql/install.sql'))
    assert.equal(code, 3)
    assert.match(stderr, sentence)
    await untouched()
  })
})
