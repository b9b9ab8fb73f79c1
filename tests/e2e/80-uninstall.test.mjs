// pgherald uninstall: it says what goes, asks, and leaves the database as it was before.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, migrate, missing, run } from '../lib/daemon.mjs'
import { tooOld } from '../lib/postgres.mjs'
import { onTerminal } from '../lib/terminal.mjs'
import { token } from '../lib/token.mjs'

describe('uninstall', { skip: missing(), timeout: 240_000 }, () => {
  let cluster, count = 0
  before(async () => {
    cluster = await Cluster.start()
    await cluster.psql('CREATE ROLE serving LOGIN; CREATE ROLE other LOGIN', { database: 'postgres' })
  })
  after(() => cluster?.destroy())

  const application = `CREATE TABLE public.orders (id int PRIMARY KEY, user_id int, status text); INSERT INTO orders VALUES (1, 7, 'new');
    CREATE TABLE public."Odd name" (id int PRIMARY KEY); CREATE TABLE public.gone (id int PRIMARY KEY);
    CREATE TABLE public.parts (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); CREATE TABLE public.part1 PARTITION OF public.parts FOR VALUES FROM (0) TO (10);
    CREATE SCHEMA app; CREATE TABLE app.members (user_id text, active boolean);
    CREATE FUNCTION app.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE PUBLICATION every FOR ALL TABLES; CREATE PUBLICATION chosen FOR TABLE orders`
  const installed = `SELECT herald.watch('public.orders', audience => '{user_id}'), herald.watch('public."Odd name"'), herald.watch('public.gone'), herald.watch('public.parts');
    SELECT herald.rule('public.orders', 'paid', 'update'), herald.stream('/may', '{orders}', authorize => 'app.may', recheck => '{"app.members": "user_id"}'), herald.stream('/orders', '{orders}', anonymous => true);
    SELECT herald.grant_daemon('serving'); CREATE PUBLICATION herald FOR TABLE herald.changes, herald.ticks; UPDATE orders SET status = 'new'; ALTER PUBLICATION chosen ADD TABLE herald.ticks`

  /** A database that had what the application has, and then pgherald. */
  async function database({ more = '' } = {}) {
    const name = `db${++count}`
    await cluster.psql(`CREATE DATABASE ${name}`, { database: 'postgres' })
    await cluster.psql(application, { database: name })
    const before = await all(name)
    await migrate(cluster, { database: name })
    await cluster.psql(installed + more, { database: name })
    return { name, before, psql: (sql) => cluster.psql(sql, { database: name }), uninstall: (args = ['--yes'], options) => uninstall(name, args, options) }
  }
  const uninstall = (name, args, { user, ...options } = {}) => run(['uninstall', ...args, '--database-url', cluster.url(name, user)], { timeout: 60_000, ...options })
  const count_ = (psql, sql) => psql(`SELECT count(*) FROM ${sql}`)

  /** All that a dump shows, what roles have, and what hangs in the catalogs. */
  async function all(name) {
    const roles = await cluster.psql(`SELECT classid::regclass, deptype, count(*) FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND refobjid IN ('serving'::regrole, 'other'::regrole) GROUP BY 1, 2;
      SELECT datacl FROM pg_database WHERE datname = current_database(); SELECT count(*) FROM pg_trigger; SELECT count(*) FROM pg_default_acl; SELECT count(*) FROM pg_event_trigger; SELECT setconfig FROM pg_db_role_setting`, { database: name })
    return tooOld('pg_dump') ? roles : roles + (await cluster.dump([], { database: name })).replace(/^\\(un)?restrict .*$/gm, '')
  }

  test('says what goes, and leaves the database and its roles as they were', async () => {
    const { name, before, uninstall } = await database()
    const { code, stdout, stderr } = await uninstall()
    assert.deepEqual([code, stderr], [0, ''])
    for (const line of [`This goes from database '${name}', all of it or nothing:`, '  triggers      1 of public.orders', '  triggers      4 of public."Odd name"', '  triggers      2 of app.members', '  triggers      5 of public.parts', '  triggers      1 of public.part1',
      '  rights        in the schema, of role serving', '  publication   herald, which has only tables of herald', '  defined       watched tables 4, rules 1, streams 2, actions 0, forwards 0', '  stays         function app.may', '  stays         role serving',
      `pgherald is out of database '${name}'`]) assert.ok(stdout.split('\n').includes(line), `${line}\nis not in\n${stdout}`)
    assert.match(stdout, /^ {2}schema {8}herald: \d+ tables, \d+ views, \d+ functions$/m)
    assert.match(stdout, /^ {2}log {11}[1-9]\d* events, \d+ kB$/m)
    assert.equal(await all(name), before)
    const again = await uninstall([])
    assert.deepEqual([again.code, again.stdout], [0, `there is no schema herald in database '${name}'\n`])
  })

  test('asks at a terminal, and does nothing without a yes', async () => {
    const { name, psql } = await database()
    const ask = (input) => onTerminal(['uninstall', '--database-url', cluster.url(name)], { input })
    const no = await ask('y\n')
    assert.match(no.output, /Go on\? Type yes: [^]*nothing was changed/)
    assert.equal(no.code, 1)
    assert.equal(await count_(psql, 'herald.watches'), '4')
    assert.equal((await ask('')).code, 1)
    const yes = await ask('yes\n')
    assert.match(yes.output, /pgherald is out of database/)
    assert.equal(yes.code, 0)
    assert.equal(await psql("SELECT to_regnamespace('herald') IS NULL"), 't')
  })

  test('without a terminal it refuses, unless --yes is said', async () => {
    const { psql, uninstall } = await database()
    const { code, stderr } = await uninstall([], { input: 'yes\n' })
    assert.equal(code, 2)
    assert.match(stderr, /^pgherald: uninstall asks at a terminal, and there is none: say --yes/m)
    assert.equal(await count_(psql, 'herald.watches'), '4')
  })

  test('what is somebody else\'s and depends on the schema is named, and stays', async () => {
    const { name, before, psql, uninstall } = await database({ more: `; CREATE VIEW app.mine AS SELECT count(*) FROM herald.changes; CREATE FUNCTION app.uses(herald.watches) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE TABLE app.extra (id int DEFAULT nextval('herald.change_id'))` })
    const { code, stdout, stderr } = await uninstall()
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^pgherald: nothing was changed\. This is not pgherald's, and depends on the schema herald: default value for column id of table app\.extra, function app\.uses\(herald\.watches\), view app\.mine\. Drop it first/)
    assert.equal(await count_(psql, 'herald.watches'), '4')
    await psql('DROP VIEW app.mine; DROP FUNCTION app.uses; DROP TABLE app.extra')
    assert.equal((await uninstall()).code, 0)
    assert.equal(await all(name), before)
  })

  test('tables that were dropped, renamed or moved meanwhile are no obstacle', async () => {
    const { name, psql, uninstall } = await database()
    await psql('DROP TABLE gone; ALTER TABLE orders RENAME TO purchases; ALTER TABLE "Odd name" SET SCHEMA app')
    const { code, stdout, stderr } = await uninstall()
    assert.deepEqual([code, stderr], [0, ''])
    for (const line of ['  triggers      1 of public.purchases', '  triggers      4 of app."Odd name"']) assert.ok(stdout.split('\n').includes(line), stdout)
    assert.equal(await cluster.psql("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", { database: name }), '0')
    await psql("UPDATE purchases SET status = 'done'")
  })

  test('who is in the way is named, and nothing has changed', async () => {
    const { name, psql, uninstall } = await database()
    const writer = await cluster.client({ database: name })
    await writer.query("BEGIN; UPDATE orders SET status = 'open'")
    const { code, stderr } = await uninstall(['--yes'], { env: { PGOPTIONS: '-c lock_timeout=400ms' } })
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`no lock could be had on [^]* within 00:00:00\\.4: server process ${writer.processID} `))
    assert.equal(await count_(psql, 'herald.watches'), '4')
    await writer.query('COMMIT')
    await writer.end()
    assert.equal((await uninstall()).code, 0)
  })

  test('a role that does not own the schema changes nothing', async () => {
    const { psql, uninstall } = await database()
    const { code, stderr } = await uninstall(['--yes'], { user: 'other' })
    assert.equal(code, 1)
    assert.match(stderr, /^pgherald: nothing was changed\. The schema herald belongs to role postgres, and role other may not take it away/)
    assert.equal(await count_(psql, 'herald.watches'), '4')
  })

  test('a schema that a dump has left in parts goes as well', async () => {
    const { name, before, psql, uninstall } = await database()
    await psql('DROP TABLE herald.actions, herald.rules CASCADE; DROP FUNCTION herald.patiently CASCADE')
    const { code, stdout, stderr } = await uninstall()
    assert.deepEqual([code, stderr], [0, ''], stdout)
    assert.equal(await all(name), before)
  })

  test('a daemon that runs is named, and says that its schema has gone', async () => {
    const { name, uninstall } = await database()
    const daemon = await Daemon.start({ cluster, databaseUrl: cluster.url(name) })
    try {
      const stream = await daemon.subscribe('/orders', { token: await token({ sub: '7' }) })
      const { code, stdout } = await uninstall()
      assert.equal(code, 0)
      assert.match(stdout, /^ {2}running {7}pgherald serve, as role \w+, from .*: stop it first, for its streams get nothing more$/m)
      await daemon.said(/the database has no schema herald, run 'pgherald migrate' first/)
      await stream.close()
    } finally {
      assert.equal(await daemon.destroy(), 0)
    }
  })
})
