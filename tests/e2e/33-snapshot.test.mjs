// Streams that begin with a state. Whatever is written meanwhile, state and changes make the table,
// for each connection.
// run: both
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing, watch } from '../lib/daemon.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { Random } from '../lib/random.mjs'
import { comers, repertoire, stock } from '../lib/schedule/repertoire.mjs'
import { openStage } from '../lib/stage.mjs'
import { cutBehind, differences, replayState } from '../lib/state.mjs'
import { token } from '../lib/token.mjs'
import { median, now, pause, percentile, until } from '../lib/wait.mjs'
import { endState, hotTable, Writer } from '../lib/writer.mjs'

const connects = Number(process.env.CONNECTS ?? 50) // 200 in the long form
const seed = Number(process.env.SEED ?? 33)
const rows = 100
const owners = ['ann', 'bob', 'eve', 'joe']
const acts = ['single', 'several', 'rolledBack', 'savepoint', 'exceptionBlock', 'multiRow', 'upsert', 'delete', 'asynchronous']

const prepare = async (cluster) => {
  await cluster.psql(`${hotTable} ${stock(comers)}
    INSERT INTO hot SELECT n, ('{${owners}}'::text[])[1 + n % ${owners.length}], 0, 'start.' || n FROM generate_series(1, ${rows}) n;
    CREATE FUNCTION hot_state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
      $$ SELECT to_jsonb(h) - 'filler' FROM hot h WHERE owner = claims ->> 'sub' $$;
    CREATE FUNCTION many(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
      $$ SELECT jsonb_build_object('id', n, 'pad', repeat('x', (params ->> 'pad')::int)) FROM generate_series(1, (params ->> 'rows')::int) n $$;
    CREATE FUNCTION fails(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
      $$ SELECT to_jsonb(1 / (500 - n)) FROM generate_series(1, 1000) n $$;
    CREATE FUNCTION nobody(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT false $$;
    CREATE FUNCTION anybody(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT true $$;
    CREATE TABLE notes (id int PRIMARY KEY, owner text NOT NULL);
    INSERT INTO notes VALUES (1, 'ann'), (2, 'bob'), (3, 'ann');
    CREATE ROLE app_reader;
    GRANT SELECT ON notes TO app_reader;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (owner = current_setting('request.jwt.claims')::jsonb ->> 'sub');
    CREATE FUNCTION notes_state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE SECURITY DEFINER AS
      $$ SELECT to_jsonb(n) FROM notes n ORDER BY id $$;
    ALTER FUNCTION notes_state OWNER TO app_reader;
    CREATE TABLE pulse (id int PRIMARY KEY, n int NOT NULL);
    INSERT INTO pulse VALUES (1, 0);`)
  await watch(cluster, 'public.hot', '--audience', 'owner', '--exclude', 'filler')
  await watch(cluster, 'public.notes', '--audience', 'owner')
  await watch(cluster, 'public.pulse')
  await defineStreams(cluster)
}

const defineStreams = (cluster) => cluster.psql(`
  SELECT herald.stream('/hot', '{hot}', match => '{"owner": "claims.sub"}', snapshot => 'public.hot_state');
  SELECT herald.stream('/hot/message', '{hot}', match => '{"owner": "claims.sub"}', snapshot => 'public.hot_state', format => 'message');
  SELECT herald.stream('/notes', '{notes}', match => '{"owner": "claims.sub"}', snapshot => 'public.notes_state');
  SELECT herald.stream('/many', '{notes}', snapshot => 'public.many');
  SELECT herald.stream('/fails', '{notes}', snapshot => 'public.fails');
  SELECT herald.stream('/open', '{notes}', snapshot => 'public.notes_state', authorize => 'public.anybody');
  SELECT herald.stream('/anonymous', '{pulse}', snapshot => 'public.many', anonymous => true);
  SELECT herald.stream('/closed', '{notes}', snapshot => 'public.fails', authorize => 'public.nobody');
  SELECT herald.stream('/pulse', '{pulse}');`)

const names = ({ frames }) => frames.map(({ name }) => name)
/** When each of the transactions in which states are read began. */
const openTransactions = async (cluster) => (await cluster.psql(
  "SELECT xact_start FROM pg_stat_activity WHERE application_name = 'pgherald snapshots' AND xact_start IS NOT NULL")).split('\n').filter(Boolean)

describe('a stream with a snapshot', { skip: missing(), timeout: 300_000 }, () => {
  let stage, slow, slowSince, proxy, far
  const subscribe = async (path, { sub = 'ann', daemon = stage.daemon, ...options } = {}) =>
    daemon.subscribe(path, { token: await token({ sub }), name: `${sub} at ${path}`, ...options })
  before(async () => {
    stage = await openStage({ prepare, daemon: false })
    proxy = await Proxy.open(stage.cluster.port, { delay: 4 })
    far = await stage.addDaemon({ databaseUrl: stage.cluster.url().replace(/:\d+\//, `:${proxy.port}/`) })
    stage.daemon = await stage.addDaemon()
    slow = await subscribe('/many?rows=100000&pad=1000', { sub: 'mallory' })
    await slow.next('snapshot')
    slow.pause()
    slowSince = await openTransactions(stage.cluster)
    assert.equal(slowSince.length, 1)
  })
  // The stopped reader is given up after 10 s, at any moment of these tests.
  const others = async () => (await openTransactions(stage.cluster)).filter((one) => !slowSince.includes(one)).length
  after(async () => {
    await stage?.close()
    await proxy?.close()
  })

  // An instance that has lost touch with the log, but not with the database.
  test('no state is shown that is newer than a revocation which is still to be heard of', async () => {
    const before = await openTransactions(stage.cluster)
    proxy.silence()
    await stage.cluster.psql("SELECT herald.revoke(sub => 'zoe'); INSERT INTO notes VALUES (10, 'zoe')")
    const stream = await subscribe('/notes', { sub: 'zoe', daemon: far })
    await until(async () => (await openTransactions(stage.cluster)).some((one) => !before.includes(one)), { what: 'the transaction of the state' })
    proxy.speak()
    assert.equal(JSON.parse((await stream.next('closing')).data).reason, 'revoked')
    assert.deepEqual(names(stream), ['connected', 'closing'])
  })

  test('state, then ready, then every later change: exact for each of many connections among 16 writers', async (t) => {
    const random = new Random(seed)
    const chosen = repertoire.filter(([, name]) => acts.includes(name))
    const log = []
    let writing = true
    const writers = Array.from({ length: 16 }, (_, index) => new Writer({
      name: `w${index}`, cluster: stage.cluster, log, random: random.fork(), rows, owners, repertoire: chosen, pace: [0, 12] }).run(() => !writing))
    const streams = await Promise.all(Array.from({ length: connects }, (_, index) => visit(random.fork(), index)))
    writing = false
    await Promise.all(writers)
    const table = await endState(stage.cluster)
    const states = await Promise.all(streams.map((stream) => settle(stream, table)))
    const cuts = streams.reduce((sum, { connections }) => sum + connections.length - 1, 0)
    const overlaps = states.filter((state) => state.overlaps > 0).length
    t.diagnostic(`seed ${seed}: ${log.length} transactions, ${connects} connects, cut ${cuts} times, ${states.reduce((sum, { ready }) => sum + ready, 0)} states, ` +
      `${overlaps} of them with changes between state and log`)
    assert.equal(await far.stop(), 0)
    assert.ok(cuts > 0 && overlaps > 0, 'what the test is for did not happen')
  })

  // A client comes at a random moment. Every other client is cut off several times, anywhere. It
  // comes back as a browser does, perhaps to the other instance. The instance that makes the ticks
  // is far from the database. So much is committed between a tick and a state.
  async function visit(random, index) {
    await pause(random.between(0, 1500 + connects * 20))
    const stream = await subscribe('/hot', { sub: random.pick(owners), daemon: random.pick([stage.daemon, far, far]) })
    stream.name = `${index} (${stream.name})`
    for (let cuts = index % 2 === 0 ? random.integer(1, 3) : 0; cuts > 0; cuts--) {
      const fresh = stream.lastEventId === '' && random.next() < 0.5
      await (fresh ? cutBehind(stream, random.integer(0, 2), { ready: true }) : cutBehind(stream, random.integer(1, 60)))
      stream.url = random.pick([stage.daemon, far]).url('/hot')
      await stream.connect()
    }
    await stream.when(() => replayState(stream).open, 30_000, () => `ready of ${stream.name}: ${stream.tail()}`)
    return stream
  }

  async function settle(stream, table) {
    const sub = stream.name.match(/\((\w+) at/)[1]
    const own = table.filter(({ owner }) => owner === sub)
    const differ = () => [...replayState(stream).faults, ...differences(replayState(stream), own)]
    await stream.when(() => differ().length === 0, 60_000, () => differ().slice(0, 5).join('\n'))
    await stream.close()
    return replayState(stream)
  }

  test('a user who reads none of many states leaves room for others', async () => {
    const greedy = await Promise.all(Array.from({ length: 9 }, () => subscribe('/many?rows=100000&pad=1000', { sub: 'mallory' })))
    for (const stream of greedy) stream.pause()
    await until(async () => (await openTransactions(stage.cluster)).length === 4, { what: 'four transactions of the greedy user' })
    const stream = await subscribe('/notes')
    await stream.next('ready')
    await Promise.all([stream, ...greedy].map((each) => each.close()))
    await until(async () => await others() === 0, { what: 'the end of all but that of the stopped reader' })
  })

  test('nor do clients of one address keep one of another address waiting, with users or without', async () => {
    const greedy = []
    const hold = async (streams, held) => {
      greedy.push(...await Promise.all(streams))
      for (const stream of greedy) stream.pause()
      await until(held, { what: 'their transactions' })
    }
    const many = '/many?rows=100000&pad=1000'
    await hold(Array.from({ length: 9 }, () => stage.daemon.subscribe(many.replace('many', 'anonymous'))), async () => await others() === 4)
    const stream = await subscribe('/notes') // a user of the same address
    await stream.next('ready')
    await stream.close()
    await until(async () => await others() === 4, { what: 'its end' })
    await hold(['bob', 'carl', 'dora', 'eve'].map((sub) => subscribe(many, { sub })), async () => (await openTransactions(stage.cluster)).length === 7)
    const other = http.get(stage.daemon.url('/notes'), { agent: false, localAddress: '127.0.0.2', headers: { Authorization: `Bearer ${await token({ sub: 'ann' })}` } })
    const [response] = await once(other, 'response')
    let text = ''
    response.on('data', (chunk) => (text += chunk)).on('error', () => {})
    await until(() => text.includes('event: ready'), { what: 'the state of another address' })
    other.destroy()
    await Promise.all(greedy.map((each) => each.close()))
    await until(async () => await others() === 0, { what: 'the end of all but that of the stopped reader' })
  })

  test('a row security policy sees the claims, and the claims are the function\'s too', async () => {
    const [ann, bob] = [await subscribe('/notes'), await subscribe('/notes', { sub: 'bob' })]
    for (const [stream, ids] of [[ann, [1, 3]], [bob, [2]]]) {
      const ready = await stream.next('ready')
      assert.deepEqual(stream.frames.filter(({ name }) => name === 'snapshot').map(({ data }) => JSON.parse(data).id), ids)
      assert.equal(JSON.parse(ready.data).items, ids.length)
      assert.ok(ready.id)
      assert.deepEqual(stream.frames.slice(0, -1).map(({ id }) => id), stream.frames.slice(0, -1).map(() => null), 'no id before ready')
      await stream.close()
    }
  })

  test('with Last-Event-ID there is no state; with one that is of no use there is reset, and a state', async () => {
    const first = await subscribe('/hot')
    const { id } = await first.next('ready')
    await first.close()
    await stage.cluster.psql("UPDATE hot SET version = version + 1, note = 'resumed' WHERE id = (SELECT min(id) FROM hot WHERE owner = 'ann')")
    const resumed = await subscribe('/hot', { lastEventId: id })
    assert.match((await resumed.next('hot.update')).data, /resumed/)
    assert.deepEqual(names(resumed), ['connected', 'hot.update'])
    await resumed.close()
    for (const [lastEventId, reason] of [['nonsense', 'unknown'], ['999999999999999-1', 'unknown']]) {
      const lost = await subscribe('/hot', { lastEventId })
      const reset = await lost.next('reset')
      assert.deepEqual([JSON.parse(reset.data).reason, reset.id], [reason, ''], 'a client forgets the id that it had')
      await lost.next('ready')
      assert.equal(replayState(lost).faults.length, 0)
      assert.equal(replayState(lost).map.size, Number(await stage.cluster.psql("SELECT count(*) FROM hot WHERE owner = 'ann'")))
      await stage.cluster.psql("UPDATE hot SET version = version + 1 WHERE id = (SELECT min(id) FROM hot WHERE owner = 'ann')")
      await lost.next('hot.update') // also if its id was ahead of all others
      await lost.close()
    }
  })

  test('in the format message the name is inside', async () => {
    const stream = await subscribe('/hot/message')
    await stream.next('ready')
    assert.ok(stream.frames.every(({ event, data }) => event === 'message' && JSON.parse(data).type))
    assert.ok(names(stream).includes('snapshot'))
    await stream.close()
  })

  test('authorize is asked first', async () => {
    const refused = await subscribe('/closed')
    assert.equal(refused.status, 403)
    assert.doesNotMatch(stage.daemon.logs(), /snapshot function 'public.fails'/)
    const stream = await subscribe('/open')
    assert.equal((await stream.next('ready')).data, '{"items":2}')
    await stream.close()
  })

  test('a state may be anonymous', async () => {
    const stream = await stage.daemon.subscribe('/anonymous?rows=2&pad=1')
    await stream.next('ready')
    assert.deepEqual(names(stream), ['connected', 'snapshot', 'snapshot', 'ready'])
    await stream.close()
  })

  test('a function that fails ends its stream, and the log says why', async () => {
    const stream = await subscribe('/fails')
    const closing = await stream.next('closing')
    assert.equal(JSON.parse(closing.data).reason, 'failed')
    assert.ok(!names(stream).includes('ready'))
    const said = () => /snapshot function 'public.fails' of '\/fails' did not end well: division by zero/.test(stage.daemon.logs())
    await until(said, { what: 'a sentence in the log' })
  })

  // Keeps the bytes and looks at none of them. A client that takes frames apart would hold up the
  // measuring.
  async function readUnseen(url, bearer) {
    const reader = { text: [] }
    reader.request = http.get(url, { agent: false, headers: { Authorization: `Bearer ${bearer}` } })
    const [response] = await once(reader.request, 'response')
    response.on('data', (chunk) => reader.text.push(chunk))
    response.on('error', () => {})
    return reader
  }

  test('100,000 rows hold up nobody else', async (t) => {
    const pulse = await subscribe('/pulse')
    await pulse.next('connected')
    const writer = await stage.cluster.client()
    const latencies = []
    const beat = async (goesOn) => {
      for (latencies.length = 0; goesOn(); await pause(5)) {
        const sent = now()
        await writer.query('UPDATE pulse SET n = n + 1')
        latencies.push((await pulse.next('pulse.update')).at - sent)
      }
      return [...latencies]
    }
    const quiet = await beat(() => latencies.length < 20)
    const beside = []
    let took
    for (let states = 0; beside.length <= 5 && states < 10; states++) { // a fast machine is done before there is much to compare
      const began = now()
      const big = await readUnseen(stage.daemon.url('/many?rows=100000&pad=20'), await token({ sub: 'ann' }))
      beside.push(...(await beat(() => !Buffer.concat(big.text.slice(-3)).includes('event: ready'))))
      took = now() - began
      assert.equal(Buffer.concat(big.text).toString().match(/^event: snapshot$/gm).length, 100_000)
      await big.request.destroy()
    }
    assert.ok(beside.length > 5, `${beside.length} changes came beside it`)
    t.diagnostic(`the state took ${Math.round(took)} ms; changes beside it: median ${median(beside).toFixed(1)} ms, ` +
      `p90 ${percentile(beside, 90).toFixed(1)} ms, before it ${median(quiet).toFixed(1)} ms`)
    await Promise.all([pulse.close(), writer.end()])
  })

  test('a state that a hot standby gives is completed when the ticks arrive', async (t) => {
    const standby = await Cluster.standbyOf(stage.cluster)
    const beside = await Daemon.start({ cluster: standby })
    try {
      await completeLater(standby, beside)
    } finally {
      await beside.destroy()
      await standby.destroy()
    }
  })

  // Nobody can make ticks for a while. What is committed now is in the state. What is committed
  // while the state is held is not.
  async function completeLater(standby, beside) {
    const note = (name) => stage.cluster.psql(`INSERT INTO notes SELECT coalesce(max(id), 0) + 1, '${name}' FROM notes`)
    const holder = await stage.cluster.client()
    await holder.query('BEGIN; LOCK TABLE herald.ticking IN SHARE UPDATE EXCLUSIVE MODE') // no ticks
    await note('eve')
    await until(async () => (await standby.psql("SELECT count(*) FROM notes WHERE owner = 'eve'")) === '1', { what: 'the row at the standby' })
    const stream = await subscribe('/notes', { sub: 'eve', daemon: beside })
    await until(async () => (await openTransactions(standby)).length === 1, { what: 'the transaction of the state' })
    await until(async () => (await standby.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%herald.cover(%' AND pid <> pg_backend_pid()")) !== '0',
      { what: 'the question for the tick' })
    await note('eve')
    await holder.end()
    const last = await stream.next('notes.insert')
    assert.deepEqual(names(stream), ['connected', 'snapshot', 'ready', 'notes.insert'])
    assert.deepEqual(stream.frames.map(({ id }) => id).slice(0, -1), [null, null, null])
    await stream.close()
    const resumed = await subscribe('/notes', { sub: 'eve', daemon: beside, lastEventId: last.id })
    await note('eve')
    await resumed.next('notes.insert')
    assert.deepEqual(names(resumed), ['connected', 'notes.insert'], 'nothing of the tick that was seen in part comes again')
    await resumed.close()
  }

  test('who takes nothing of its state is closed, and its transaction ends', async () => {
    await until(() => /slow: it takes nothing of its snapshot/.test(stage.daemon.logs()), { timeout: 60_000, what: 'the end of the stopped reader' })
    await until(async () => (await openTransactions(stage.cluster)).length === 0, { what: 'the end of its transaction' })
    assert.ok(!names(slow).includes('ready'))
    await slow.close()
  })

  test('a database that goes away in the middle: no ready; who comes back gets a whole state', async () => {
    const stream = await subscribe('/many?rows=30000&pad=1000', { reconnect: true })
    await stream.next('snapshot')
    stream.pause()
    await stage.cluster.restart('immediate')
    stream.resume()
    const ready = await stream.next('ready', 60_000)
    // A daemon that finds the log's ids raised only after the state has begun tells the client to throw that away.
    const reset = stream.frames.findLastIndex(({ name }) => name === 'reset')
    const whole = stream.frames.filter(({ name, connection }, at) => name === 'snapshot' && connection === ready.connection && at > reset)
    assert.ok(ready.connection > 0, 'it had to come back')
    assert.equal(stream.frames.filter(({ name }) => name === 'ready').length, 1)
    assert.deepEqual([whole.length, JSON.parse(ready.data).items], [30_000, 30_000])
    await stream.close()
  })
})
