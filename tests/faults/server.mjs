// Faults of PostgreSQL and of its sessions. Names as in the catalogue.
import assert from 'node:assert/strict'
import http from 'node:http'
import { run } from '../lib/daemon.mjs'
import { resetsOf } from '../lib/hot.mjs'
import { serverDirectory } from '../lib/postgres.mjs'
import * as processes from '../lib/process.mjs'
import { holder } from '../lib/ticker.mjs'
import { token } from '../lib/token.mjs'
import { now, until } from '../lib/wait.mjs'
import { forMs, next, onBed, shown, silence, theirs, watchStatus, within } from './bed.mjs'
import { Nuisance } from './nuisance.mjs'

const loud = { log_connections: 'on' }
const connects = (cluster) => cluster.logs().match(/connection authorized: .*application_name=pgherald ticker/g)?.length ?? 0

/** The server is stopped by `stop`, and started again after `away` ms. */
const restart = (stop, away) => () => onBed({ flags: ['--heartbeat', '2s'] }, async (bed) => {
  const stream = await bed.listen()
  await bed.write()
  await next(stream)
  await stop(bed.cluster)
  const pings = stream.comments.length
  await forMs(away)
  const meanwhile = stream.comments.length - pings
  await bed.cluster.startServer()
  const took = await next(stream)
  const judged = await bed.judge()
  assert.equal(stream.connections.length, 1, 'the stream stays')
  if (away > 4000) assert.ok(meanwhile > 0, 'pings go on')
  return within([['first event', took, 2000]], judged)
})

/** Server processes stand still for so long. */
async function frozen(pids, ms) {
  for (const pid of pids) processes.signal(pid, 'SIGSTOP')
  try {
    await forMs(ms)
  } finally {
    for (const pid of pids) processes.signal(pid, 'SIGCONT')
  }
}

/** A role of the daemon's own, which a row takes something from for so long. */
const robbed = (take, give, ms) => () => onBed({
  prepare: (cluster) => cluster.psql("CREATE ROLE served LOGIN; SELECT herald.grant_daemon('served')"),
  url: (port, database) => `postgresql://served@127.0.0.1:${port}/${database}`,
}, async (bed) => {
  const stream = await bed.listen()
  await bed.write()
  await next(stream)
  const lines = () => bed.daemon.logs().split('\n').length
  const before = lines()
  await bed.cluster.psql(take)
  await bed.terminate()
  const status = watchStatus(bed.daemon)
  await forMs(ms)
  const said = lines() - before
  await bed.cluster.psql(give)
  const took = await next(stream)
  const slowest = await status.end()
  const judged = await bed.judge()
  assert.ok(status.states.has('degraded'), 'degraded')
  assert.ok(said <= 30, `${said} lines in the log`)
  return within([['first event', took, 5000], ['status', slowest, 1000]], `${said} lines`, judged)
})

/** Statements under load. What is longer silent than they take, and a second, does not hold. */
const upkeep = (statements, settings) => () => onBed({ settings }, async (bed) => {
  const stream = await bed.listen()
  await bed.write()
  await next(stream)
  const figures = []
  for (const sql of statements) {
    const begun = now()
    await bed.cluster.psql(sql)
    const own = now() - begun
    await next(stream)
    figures.push([sql.split(' ').slice(0, 2).join(' '), silence(stream, begun), own + 1000])
  }
  const judged = await bed.judge()
  return within([figures.reduce((worst, each) => (each[1] - each[2] > worst[1] - worst[2] ? each : worst))], judged)
})

async function withNuisance(body) {
  const nuisance = new Nuisance()
  try {
    return await body(nuisance)
  } finally {
    nuisance.close()
  }
}

/** What no daemon has to keep: it only counts. */
async function countEvents(daemon) {
  const counter = { count: 0, bytes: 0 }
  const headers = { Authorization: `Bearer ${await token({ sub: 'ann' })}` }
  let rest = ''
  counter.request = http.get(daemon.url('/many'), { agent: false, headers }, (response) => {
    response.setEncoding('latin1')
    response.on('data', (text) => {
      counter.bytes += text.length
      const all = rest + text
      for (let at = 0; (at = all.indexOf('\nevent: many', at)) >= 0; at += 8) counter.count++
      rest = all.slice(-11)
    })
    response.on('error', () => {})
  })
  counter.request.on('error', () => {})
  await new Promise((resolve) => counter.request.once('response', resolve))
  return counter
}

const million = Number(process.env.FAULTS_ROWS ?? 1_000_000)

export const rows = [
  { name: 'F01', quick: true, fault: 'sessions terminated, under load', wanted: '1 s', run: () => onBed({}, async (bed) => {
    const stream = await bed.listen()
    await bed.write()
    await next(stream)
    const begun = now()
    await bed.terminate()
    await next(stream, now() + 200)
    const figure = silence(stream, begun)
    const judged = await bed.judge()
    assert.equal(stream.connections.length, 1)
    return within([['longest silence', figure, 1000]], judged)
  }) },

  { name: 'F02', fault: 'sessions terminated each 200 ms, for 20 s', wanted: '5 s after; 5 connects/s', run: () => onBed({ settings: loud }, async (bed) => {
    const stream = await bed.listen()
    await bed.write()
    await next(stream)
    const before = connects(bed.cluster)
    for (const end = now() + 20_000; now() < end; await forMs(200)) await bed.terminate()
    const rate = (connects(bed.cluster) - before) / 20
    const took = await next(stream)
    const judged = await bed.judge()
    const result = within([['first event', took, 5000]], `${rate.toFixed(1)} connects/s`, judged)
    return { ...result, held: result.held && rate <= 5 }
  }) },

  { name: 'F03', quick: true, fault: "a writer's server process is killed: the server restarts all", wanted: '2 s', run: () => onBed({}, async (bed) => {
    const stream = await bed.listen()
    await bed.write()
    await next(stream)
    const writer = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%UPDATE public.hot%' AND pid <> pg_backend_pid() LIMIT 1"
    const pid = await until(async () => Number(await bed.cluster.psql(writer)), { what: "a writer's process" })
    assert.ok(pid > 1 && processes.signal(pid, 'SIGKILL'))
    await processes.gone(pid)
    await until(() => bed.cluster.psql('SELECT 1'), { what: 'the server' })
    const took = await next(stream)
    return within([['first event', took, 2000]], await bed.judge())
  }) },

  { name: 'F04 kill', quick: true, fault: 'the server is killed (-9), and away for 5 s', wanted: '2 s; streams stay', run: restart((cluster) => cluster.kill9(), 5000) },
  { name: 'F04 immediate', fault: 'stop -m immediate, away for 5 s', wanted: '2 s; streams stay', run: restart((cluster) => cluster.stop('immediate'), 5000) },
  { name: 'F05 fast', fault: 'stop -m fast', wanted: '2 s; streams stay', run: restart((cluster) => cluster.stop('fast'), 0) },

  { name: 'F06 outside', fault: "the ticker's server process is frozen outside a tick", wanted: '15 s', run: () => onBed({}, async (bed) => {
    const stream = await bed.listen()
    const { pid } = await until(async () => (await holder(bed.cluster, 1)).pid && holder(bed.cluster, 1), { what: 'the ticker' })
    await bed.lone(stream)
    processes.signal(pid, 'SIGSTOP')
    try {
      const took = await bed.lone(stream)
      return within([['a lone change', took, 15_000]], await bed.judge())
    } finally {
      processes.signal(pid, 'SIGCONT')
    }
  }) },

  { name: 'F07', fault: 'all of the server stands still for 15 s', wanted: 'status 0.1 s, pings', spoiled: true, run: () => onBed({ flags: ['--heartbeat', '2s'] }, async (bed) => {
    const stream = await bed.listen()
    await bed.write()
    await next(stream)
    const pids = [bed.cluster.server.pid, ...processes.childrenOf(bed.cluster.server.pid)]
    const status = watchStatus(bed.daemon)
    const pings = stream.comments.length
    await frozen(pids, 15_000)
    const slowest = await status.end()
    const more = stream.comments.length - pings
    const took = await next(stream)
    assert.ok(more >= 3, `${more} pings`)
    return within([['back', took, 2000], ['status', slowest, 100]], `${more} pings`, await bed.judge())
  }) },

  { name: 'F11', fault: 'no slot is left (53300)', wanted: '5 s after', run: () => onBed({ settings: { max_connections: 20, superuser_reserved_connections: 3 } }, async (bed) => {
    const stream = await bed.listen()
    await bed.lone(stream)
    const clients = [await bed.cluster.client()]
    const fill = async () => { for (;;) clients.push(await bed.cluster.client()) }
    await fill().catch(() => {})
    const end = clients[0].query(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE ${theirs}`)
    for (const until5 = now() + 4000; now() < until5; await forMs(5)) await fill().catch(() => {})
    await end
    const state = (await bed.daemon.status()).json.status
    await Promise.all(clients.map((client) => client.end().catch(() => {})))
    const took = await bed.lone(stream)
    assert.equal(stream.connections.length, 1)
    return within([['a change', took, 5000]], `status ${state} meanwhile`, await bed.judge())
  }) },

  { name: 'F12', fault: 'NOLOGIN for 10 s', wanted: '5 s after; few lines', run: robbed('ALTER ROLE served NOLOGIN', 'ALTER ROLE served LOGIN', 10_000) },
  { name: 'F33', quick: true, fault: 'rights revoked for 3 s', wanted: '5 s after', run: robbed('REVOKE USAGE ON SCHEMA herald FROM served', 'GRANT USAGE ON SCHEMA herald TO served', 3000) },

  { name: 'F20 foreign', quick: true, fault: 'an open write in another database', wanted: '1 s', run: () => onBed({}, async (bed) => {
    const stream = await bed.listen()
    const other = await bed.cluster.client({ database: 'postgres' })
    await other.query('CREATE TABLE t (id int); BEGIN; INSERT INTO t VALUES (1)')
    const took = await bed.lone(stream)
    await other.end()
    return within([['a lone change', took, 1000]], await bed.judge())
  }) },

  { name: 'F20 prepared', fault: 'a prepared transaction on a captured table is left', wanted: 'named; 2 s after', run: () => onBed({ flags: ['--wake', 'never', '--poll-interval', '500'] }, async (bed) => {
    const stream = await bed.listen()
    const client = await bed.cluster.client()
    await client.query("BEGIN; UPDATE hot SET version = version + 1, note = 'held' WHERE id = 1; PREPARE TRANSACTION 'orphan'")
    const other = await bed.lone(stream)
    const { stdout } = await until(async () => {
      const result = await run(['doctor', '--database-url', bed.cluster.url()])
      return /orphan/.test(result.stdout) && result
    }, { timeout: 60_000, every: 500, what: "doctor to name it" })
    const begun = now()
    bed.log.push({ fate: 'acked', beganAt: begun, changes: [{ mark: 'held', key: '1', version: 1, owner: 'ann' }] })
    await client.query("COMMIT PREPARED 'orphan'")
    const took = await next(stream, begun)
    await client.end()
    assert.match(stdout, /orphan/)
    return within([['another change meanwhile', other, 2000], ['after its commit', took, 2000]], await bed.judge())
  }) },

  { name: 'F22', quick: true, fault: '1,000 rollbacks before a change', wanted: '1 s', run: () => onBed({}, async (bed) => {
    const stream = await bed.listen()
    await bed.cluster.psql("DO $$ BEGIN FOR n IN 1..1000 LOOP UPDATE hot SET version = version + 1 WHERE id = 1; ROLLBACK; END LOOP; END $$")
    return within([['a change', await bed.lone(stream), 1000]], await bed.judge())
  }) },

  { name: 'F24', fault: `one UPDATE of ${million.toLocaleString('en')} rows`, wanted: 'all; +64 MB', limit: 420, run: () => onBed({
    prepare: async (cluster) => {
      await cluster.psql(`CREATE TABLE many (id int PRIMARY KEY, n int); INSERT INTO many SELECT g, 0 FROM generate_series(1, ${million}) g;
        SELECT herald.watch('public.many'); SELECT herald.stream('/many', '{many}')`)
    },
  }, async (bed) => {
    const stream = await bed.listen()
    const counter = await countEvents(bed.daemon)
    await bed.lone(stream)
    const before = bed.daemon.rssBytes()
    let most = before
    const begun = now()
    await bed.cluster.psql('UPDATE many SET n = 1')
    const wrote = now() - begun
    const other = bed.lone(stream)
    await until(() => (most = Math.max(most, bed.daemon.rssBytes()), counter.count >= million), { timeout: 240_000, every: 100, what: 'all of them' })
    const took = now() - begun - wrote
    const waited = await other
    counter.request.destroy()
    const grown = (most - before) / 1048576
    const result = within([["another user's change, beyond that", Math.max(0, waited - took), 5000]], `${counter.count} events`, `all ${shown(took)} after the commit`, `the UPDATE ${shown(wrote)}`, `+${grown.toFixed(0)} MB`)
    return { ...result, held: result.held && counter.count === million && grown <= 64 }
  }) },

  ...['base', 'wal'].map((full) => ({ name: `F34 ${full}`, fault: full === 'base' ? 'the disk of tables is full (53100) for 3 s' : 'the disk of the WAL is full: the server panics', wanted: '2 s after; streams stay',
    run: () => withNuisance((nuisance) => nuisance.around(() => onBed({}, async (bed) => {
      const stream = await bed.listen()
      await bed.write()
      await next(stream)
      nuisance.say({ full })
      const server = bed.cluster.server
      if (full === 'base') {
        const { stderr } = await bed.cluster.tryPsql(['-c', 'CREATE TABLE filler AS SELECT g FROM generate_series(1, 100000) g'])
        assert.match(stderr, /No space left/)
        await forMs(3000)
      } else {
        await until(() => server.exitCode !== null || /PANIC/.test(bed.cluster.logs()), { timeout: 60_000, what: 'the panic' })
        await forMs(2000)
      }
      nuisance.say()
      if (full === 'wal') {
        await bed.cluster.stop('immediate')
        await bed.cluster.startServer()
      }
      const took = await next(stream)
      const judged = await bed.judge()
      assert.equal(stream.connections.length, 1)
      return within([['first event', took, 2000]], judged)
    }))) })),

  { name: 'F37', fault: 'the transaction ids are of epoch 5', wanted: '0/0/0/0/0', run: () => onBed({}, async (bed) => {
    const stream = await bed.listen()
    await bed.write()
    await next(stream)
    await bed.rest()
    await bed.cluster.stop('fast')
    const root = process.getuid() === 0 ? ['--reuid=postgres', '--regid=postgres', '--clear-groups'] : []
    const { code, stderr } = await processes.run('setpriv', [...root, '--', `${serverDirectory()}/pg_resetwal`, '-e', '5', '-D', bed.cluster.data], { cwd: bed.cluster.directory })
    assert.equal(code, 0, stderr)
    await bed.cluster.startServer()
    await bed.write(['d', 'e', 'f'])
    const took = await next(stream)
    await forMs(2000)
    const xid = await bed.cluster.psql('SELECT pg_current_xact_id()')
    const judged = await bed.judge()
    assert.ok(BigInt(xid) >= 5n << 32n, xid)
    return within([['first event', took, 5000]], judged, `xid ${xid}`)
  }) },

  { name: 'F38', fault: "the server's clock goes back an hour, on two days, back two hours", wanted: 'order stays', run: () => withNuisance((nuisance) => nuisance.around(() => onBed({}, async (bed) => {
    const stream = await bed.listen()
    await bed.write()
    const figures = []
    for (const seconds of [-3600, 2 * 86_400, -7200]) {
      await next(stream)
      nuisance.say({ seconds })
      const at = now()
      await forMs(2500)
      figures.push([`${seconds / 3600} h`, silence(stream, at), 5000])
    }
    const skew = await bed.cluster.psql('SELECT round(extract(epoch FROM clock_timestamp()))')
    nuisance.say()
    const judged = await bed.judge()
    assert.ok(Math.abs(Date.now() / 1000 - 7200 - Number(skew)) < 60, 'the clock was shifted')
    assert.deepEqual(resetsOf(stream), [])
    return within([figures.sort((a, b) => b[1] - a[1])[0]], judged)
  }))) },

  { name: 'VACUUM FULL', fault: 'VACUUM FULL, REINDEX, REINDEX CONCURRENTLY of the log, under load', wanted: 'own time + 1 s',
    run: upkeep(['VACUUM FULL herald.changes', 'REINDEX TABLE herald.changes', 'REINDEX TABLE CONCURRENTLY herald.changes', 'VACUUM FULL herald.ticks', 'CLUSTER herald.ticks USING ticks_pkey']) },
  // A rewrite is told as `bulk` (ddl), since values may be others after it (src/decisions/14).
  { name: 'DDL', fault: '25 times ADD, TYPE without a rewrite, RENAME and DROP COLUMN under load', wanted: '0/0/0/0/0, no bulk', run: () => onBed({}, async (bed) => {
    const stream = await bed.listen()
    await bed.write()
    await next(stream)
    for (let n = 0; n < 25; n++) {
      for (const sql of [`ADD COLUMN c${n} varchar(10)`, `ALTER COLUMN c${n} TYPE varchar(20)`, `RENAME COLUMN c${n} TO d${n}`, `DROP COLUMN d${n}`]) {
        await until(() => bed.cluster.psql(`SET lock_timeout = '200ms'; ALTER TABLE hot ${sql}`).then(() => true), { what: sql })
      }
    }
    await bed.rest()
    const failed = bed.log.filter(({ error }) => error && !/lock timeout/.test(error)).map(({ error }) => error)
    const bulks = stream.frames.filter(({ name }) => name === 'bulk').length
    const judged = await bed.judge()
    return { held: bulks === 0 && failed.length === 0, figure: `${bulks} bulk, ${failed.length} writers failed${failed[0] ? ` (${failed[0]})` : ''}, ${judged}` }
  }) },
]
