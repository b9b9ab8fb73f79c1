// pgherald migrate --print: one file of SQL, as migration tools apply it. It gives the same schema
// as pgherald migrate. The commands of migrations.md are typed.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster, environment } from '../lib/cluster.mjs'
import { migrate, missing, program, repository, run } from '../lib/daemon.mjs'
import { tooOld } from '../lib/postgres.mjs'
import { removeDirectory, run as processRun, temporaryDirectory } from '../lib/process.mjs'

const document = readFileSync(join(repository, 'contrib/doc/migrations.md'), 'utf8')

describe('migrate --print', { skip: missing() }, () => {
  let cluster, directory, wanted, count = 0
  const skip = tooOld('pg_dump')
  before(async () => {
    cluster = await Cluster.start()
    directory = temporaryDirectory('print')
    symlinkSync(program, join(directory, 'pgherald'))
    writeFileSync(join(directory, 'sqitch'), '#!/bin/sh\n', { mode: 0o755 }) // adds a line to its plan, which is not ours
    for (const folder of ['sql', 'db/migrations', 'deploy', 'revert', 'verify']) mkdirSync(join(directory, folder), { recursive: true })
    await migrate(cluster)
    if (!skip) wanted = await schema('app')
  })
  after(async () => {
    await cluster?.destroy()
    if (directory) removeDirectory(directory)
  })

  const read = (name) => readFileSync(join(directory, name), 'utf8')
  const fresh = async () => {
    const database = `db${++count}`
    await cluster.psql(`CREATE DATABASE ${database}`, { database: 'postgres' })
    return database
  }
  const schema = async (database) => (await cluster.dump(['-s', '-n', 'herald'], { database })).replace(/^\\(un)?restrict .*$/gm, '')
  const print = async (...args) => {
    const { code, stdout, stderr } = await run(['migrate', '--print', ...args], { timeout: 60_000 })
    assert.deepEqual([code, stderr], [0, ''])
    return stdout
  }

  /** Types the commands of a section of the document. The shell's PATH has the program. */
  async function type(title, database) {
    const section = document.split(`\n## ${title}\n`)[1] ?? document
    for (const [lines] of section.split(/\n## /)[0].matchAll(/(?:^ {4}.*\n)+/gm)) {
      const env = { ...environment(), PATH: `${directory}:${process.env.PATH}`, DATABASE_URL: database ? cluster.url(database) : '' }
      const { code, stderr } = await processRun('bash', ['-ec', lines.replace(/^ {4}/gm, '')], { env, cwd: directory })
      assert.deepEqual([code, stderr], [0, ''], lines)
    }
  }

  async function assertInstalled(database) {
    const again = await run(['migrate', '--database-url', cluster.url(database)], { timeout: 60_000 })
    assert.deepEqual([again.code, again.stderr, /applying/.test(again.stdout)], [0, '', false], again.stdout)
    const doctor = await run(['doctor', '--database-url', cluster.url(database)], { timeout: 60_000 })
    assert.match(doctor.stdout, /^nothing is wrong/m)
    assert.doesNotMatch(doctor.stdout, /^(no|\?) /m)
    assert.equal(doctor.code, 0)
    if (!skip) assert.equal(await schema(database), wanted)
  }

  test('is plain SQL, with neither placeholders nor commands of psql', async () => {
    const sql = await print()
    assert.doesNotMatch(sql, /[^\n\x20-\x7e]/)
    assert.doesNotMatch(sql, /\$\{|^\\|^-- migrate:/m)
    assert.match(sql, /^-- Schema herald, version \d+, of pgherald /)
  })

  test('psql installs it as the page says, and migrate has nothing to do', async () => {
    const database = await fresh()
    await type('', database)
    await assertInstalled(database)
  })

  test('without a transaction it stops before anything is there', async () => {
    const database = await fresh()
    const { code, stderr } = await cluster.tryPsql(['-q'], { database, input: await print() })
    assert.notEqual(code, 0)
    assert.match(stderr, /this file is to be run in one transaction[^]*psql -1/)
    assert.equal(await cluster.psql("SELECT to_regnamespace('herald') IS NULL", { database }), 't')
  })

  test('on a database that has the schema it says which file is the right one', async () => {
    const { code, stderr } = await cluster.tryPsql(['-q', '-1'], { input: await print() })
    assert.notEqual(code, 0)
    assert.match(stderr, /this file is for a schema herald of version 0, and here it is (\d+)[^]*--print --from \1 makes the right file/)
    const from = /here it is (\d+)/.exec(stderr)[1]
    const again = await cluster.tryPsql(['-q', '-1'], { input: await print('--from', from) })
    assert.deepEqual([again.code, again.stderr], [0, ''])
    const empty = await cluster.tryPsql(['-q', '-1'], { database: await fresh(), input: await print('--from', from) })
    assert.match(empty.stderr, new RegExp(`for a schema herald of version ${from}, and here it is 0`))
  })

  test('an upgrade by a file is the upgrade by migrate, with the triggers', async () => {
    const database = await fresh()
    await migrate(cluster, { database })
    await cluster.psql(`CREATE TABLE public.t (id int PRIMARY KEY); SELECT herald.watch('public.t');
      DELETE FROM herald.migrations WHERE version > 17; DROP TABLE herald.undelivered, herald.forwards; DROP TRIGGER "!herald_insert" ON public.t`, { database })
    const applied = await cluster.tryPsql(['-q', '-1'], { database, input: await print('--from', '17') })
    assert.equal(applied.code, 0, applied.stderr)
    assert.equal(await cluster.psql(`SELECT count(*) FROM pg_trigger WHERE tgname = '!herald_insert'`, { database }), '1')
    await cluster.psql("SELECT herald.unwatch('public.t')", { database })
    await assertInstalled(database)
  })

  test('what follows in the same transaction has its own settings', async () => {
    const client = await cluster.client({ database: await fresh() })
    const settings = async () => (await client.query("SELECT name, setting FROM pg_settings WHERE name IN ('check_function_bodies', 'client_min_messages', 'lock_timeout', 'search_path', 'role')")).rows
    const before = await settings()
    await client.query('BEGIN')
    await client.query(await print())
    assert.deepEqual(await settings(), before)
    await client.query('COMMIT')
    assert.deepEqual(await settings(), before)
    await client.end()
  })

  // How each tool runs the file. Prisma sends it as one query, and dbmate and Rails do so in a
  // transaction. Flyway does so statement by statement, as psql does.
  const query = async (database, ...texts) => {
    const client = await cluster.client({ database })
    for (const text of texts) await client.query(text)
    await client.end()
  }
  const psql = async (database, ...args) => assert.deepEqual(await cluster.tryPsql(['-q', ...args], { database }).then(({ code, stderr }) => [code, stderr]), [0, ''])
  const tools = {
    Flyway: (database) => psql(database, '-1', '-f', join(directory, 'sql/V7__pgherald.sql')),
    Prisma: (database) => query(database, read('prisma/migrations/20261130120000_pgherald/migration.sql')),
    dbmate: (database) => query(database, 'BEGIN', /^-- migrate:up\n([^]*)^-- migrate:down$/m.exec(read('db/migrations/20261130120000_pgherald.sql'))[1], 'COMMIT'),
    Rails: (database) => query(database, 'BEGIN', read('db/pgherald.sql'), 'COMMIT'),
    Sqitch: (database) => psql(database, '-f', join(directory, 'deploy/pgherald.sql'), '-f', join(directory, 'verify/pgherald.sql'), '-o', '/dev/null'),
  }
  for (const [tool, apply] of Object.entries(tools)) {
    test(`the recipe for ${tool} installs it`, async () => {
      const database = await fresh()
      await type(tool)
      await apply(database)
      await assertInstalled(database)
    })
  }

  test('the recipe for upgrades is of this version', () => type('Upgrades').then(() => {
    const version = /^-- Schema herald, version (\d+),/.exec(read('pgherald-upgrade.sql'))[1]
    assert.match(read('pgherald-upgrade.sql'), new RegExp(`for a database with version ${version} of it`))
  }))

  test('wrong usage is told', async () => {
    for (const [args, about] of [[['--print', '--status'], /one of --status, --dry-run and --print/], [['--print', '--from', '99'], /--from is '99', not a version from 0 to \d+/],
      [['--print', '--from', 'x'], /--from is 'x'/], [['--from', '3'], /--from goes with --print/]]) {
      const { code, stderr } = await run(['migrate', ...args])
      assert.equal(code, 2)
      assert.match(stderr, about)
    }
  })
})
