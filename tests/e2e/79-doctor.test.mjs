// What doctor and migrate say of what others do to the database of a log. These are replicas of all
// tables, transactions that stay open, and bounds.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing, run } from '../lib/daemon.mjs'
import { request } from '../lib/sse.mjs'
import { secret } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('what others do to the database of a log', { skip: missing(), timeout: 240_000 }, () => {
  let cluster
  before(async () => (cluster = await Cluster.start({ settings: { wal_level: 'logical' } })))
  after(() => cluster?.destroy())

  const psql = (sql, database) => cluster.psql(sql, { database })
  const migrate = (database) => run(['migrate', '--database-url', cluster.url(database)], { timeout: 60_000 })

  /** The lines of one check. */
  async function doctor(check, database = 'app', user) {
    const flags = ['--database-url', cluster.url(database, user), '--jwt-secret', secret, '--listen', '127.0.0.1:1', '--admin-listen', '', '--json']
    const { stdout } = await run(['doctor', ...flags], { timeout: 60_000 })
    return JSON.parse(stdout).checks.filter((line) => line.check === check)
  }

  test('a publication of all tables: migrate says what it does to subscribers, doctor names the slot, and migrating there mends it', async () => {
    await psql('CREATE TABLE orders (id int PRIMARY KEY); CREATE PUBLICATION everything FOR ALL TABLES', 'app')
    await psql('CREATE DATABASE replica', 'postgres')
    await psql('CREATE TABLE orders (id int PRIMARY KEY)', 'replica')
    await psql("SELECT pg_create_logical_replication_slot('replica', 'pgoutput')", 'app')
    await psql(`CREATE SUBSCRIPTION replica CONNECTION '${cluster.url('app')}' PUBLICATION everything WITH (create_slot = false, slot_name = 'replica')`, 'replica')
    const arrives = async (id) => {
      await psql(`INSERT INTO orders VALUES (${id})`, 'app')
      await until(async () => (await psql(`SELECT count(*) FROM orders WHERE id = ${id}`, 'replica')) === '1', { timeout: 60_000, what: `order ${id} at the subscriber` })
    }
    await arrives(1)
    const { code, stderr } = await migrate('app')
    assert.equal(code, 0)
    assert.match(stderr, /publication 'everything' publishes all tables, herald's .*stand still.*\(Migrate there as well/)
    assert.equal((await migrate('app')).stderr, '', 'said before the first time')
    await psql("SELECT herald.watch('orders'); INSERT INTO orders VALUES (2)", 'app')
    const line = await until(async () => (await doctor('publications')).find(({ outcome }) => outcome === '!'), { timeout: 60_000, what: 'a slot that nobody reads' })
    assert.match(line.says, /a subscriber that has not got them stands still; slot replica keeps .* of WAL, and nobody reads it/)
    assert.match(line.do, /^pgherald migrate, with the database-url of each subscriber$/)
    assert.equal((await migrate('replica')).code, 0)
    await arrives(3)
    assert.equal(await psql('SELECT count(*) FROM herald.changes', 'replica'), '0')
    await psql('ALTER SUBSCRIPTION replica DISABLE; ALTER SUBSCRIPTION replica SET (slot_name = NONE); DROP SUBSCRIPTION replica', 'replica')
    await psql('DROP PUBLICATION everything', 'app')
    await until(async () => (await psql("SELECT count(*) FROM pg_replication_slots WHERE active", 'app')) === '0', { what: 'the slot, free' })
    await psql("SELECT pg_drop_replication_slot('replica')", 'app')
    assert.deepEqual((await doctor('publications')).map(({ outcome }) => outcome), ['ok'])
  })

  test('an old snapshot that keeps what is dead in the log: who has it', async () => {
    const client = await cluster.client()
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const { rows: [{ pid }] } = await client.query('SELECT pg_backend_pid() AS pid')
    await psql(`INSERT INTO herald.ticks SELECT t.id + g, t.snapshot, t.snapshot, t.upto, t.origin, clock_timestamp() - interval '2 days'
      FROM herald.ticks t, generate_series(1, 120000) g WHERE t.id = 1;
      UPDATE herald.ticks SET at = clock_timestamp() - interval '2 days' WHERE id = 1; SELECT herald.prune('1 hour', 1000000)`, 'app')
    const look = async () => {
      await psql('ANALYZE herald.ticks', 'app') // what PostgreSQL 14 counts may be lost on its way
      return (await doctor('old snapshots')).find(({ outcome }) => outcome === '!')
    }
    const line = await until(look, { timeout: 60_000, what: 'a line on the old snapshot' })
    assert.equal(line.about, `pid ${pid}`)
    assert.match(line.says, /\d{6} dead rows of the log cannot be vacuumed: its snapshot was taken .* ago \(test of role postgres, idle in transaction\)/)
    assert.equal(line.do, `let it end, or: SELECT pg_terminate_backend(${pid})`)
    await client.query('COMMIT')
    await client.end()
    await psql('VACUUM herald.ticks', 'app')
    await until(async () => (await doctor('old snapshots'))[0].outcome === 'ok', { what: 'nobody keeps anything' })
  })

  async function isMeasured(used) {
    const daemon = await Daemon.start({ cluster })
    const metric = async () => /^pgherald_notify_queue_ratio (.*)$/m.exec((await request(daemon.adminUrl('/metrics'))).text)[1]
    await until(async () => Number(await metric()) === used, { timeout: 30_000, what: 'the queue in the metrics' })
    await daemon.destroy()
  }

  test('a queue of notifications that fills up, from a tenth on', async () => {
    for (const [used, outcome] of [[0.05, 'ok'], [0.12, '!'], [0.6, 'no']]) {
      await psql(`ALTER FUNCTION pg_catalog.pg_notification_queue_usage() RENAME TO the_real_usage;
        CREATE FUNCTION pg_catalog.pg_notification_queue_usage() RETURNS float8 LANGUAGE sql AS 'SELECT ${used}::float8'`, 'app')
      const client = await cluster.client()
      await client.query('LISTEN x; BEGIN; SELECT')
      const [line] = await doctor('notify queue')
      assert.deepEqual([line.outcome, line.says], [outcome, `${used * 100}.0 % of it is used`])
      if (outcome !== 'ok') assert.match(line.do, /a session that listens is in a transaction for long; the oldest is pid \d+, test of role postgres in database app: SELECT pg_terminate_backend\(\d+\)/)
      await client.end()
      if (outcome === '!') await isMeasured(used)
      await psql('DROP FUNCTION pg_catalog.pg_notification_queue_usage(); ALTER FUNCTION pg_catalog.the_real_usage() RENAME TO pg_notification_queue_usage', 'app')
    }
  })

  test('too few connections for the role, or for the database', async () => {
    await psql("CREATE ROLE few LOGIN CONNECTION LIMIT 2; SELECT herald.grant_daemon('few')", 'app')
    const [role] = await doctor('connection limit', 'app', 'few')
    assert.deepEqual([role.outcome, role.says], ['no', 'ROLE few may have 2 connections; an instance takes 3 to 24'])
    assert.match(role.do, /^ALTER ROLE few CONNECTION LIMIT 25/)
    await psql('ALTER ROLE few CONNECTION LIMIT 30; ALTER DATABASE app CONNECTION LIMIT 10', 'app')
    const [database] = await doctor('connection limit', 'app', 'few')
    assert.deepEqual([database.outcome, database.says], ['!', 'DATABASE app may have 10 connections; an instance takes 3 to 24'])
    await psql('ALTER DATABASE app CONNECTION LIMIT -1', 'app')
    assert.deepEqual((await doctor('connection limit', 'app', 'few')).map(({ outcome }) => outcome), ['ok'])
  })

  test('no daemon: nothing is pruned, and how cron does it', async () => {
    const [line] = await doctor('ticker')
    assert.match(line.says, /no instance has the role: what is committed reaches nobody, and nothing is pruned/)
    const [, command] = /^pgherald serve; .*: (psql -c .*)$/.exec(line.do)
    await psql("UPDATE herald.ticks SET at = at - interval '2 min'; INSERT INTO orders VALUES (4)", 'app')
    const ticks = await psql('SELECT max(id) FROM herald.ticks', 'app')
    await psql(/"(.*)"/.exec(command)[1], 'app')
    assert.ok(Number(await psql('SELECT max(id) FROM herald.ticks', 'app')) > Number(ticks), 'cron makes ticks, too')
  })

  test('a log without a tick', async () => {
    await psql('TRUNCATE herald.changes, herald.ticks', 'app')
    const [line] = await doctor('beginning')
    assert.equal(line.outcome, 'no')
    assert.equal(line.do, 'pgherald migrate')
    assert.equal((await migrate('app')).code, 0)
    assert.equal((await doctor('beginning'))[0].outcome, 'ok')
  })
})
