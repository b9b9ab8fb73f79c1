// Dumps in parts, a log that is emptied by hand, and a replica of all tables. This is what ordinary
// life does to a database with herald in it.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing, repository, run } from '../lib/daemon.mjs'
import { openHot as open, deliver, prepareHot as prepare, resetsOf, writeNote, idOf } from '../lib/hot.mjs'
import { tooOld } from '../lib/postgres.mjs'
import { removeDirectory, run as processRun, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { hotTable, marksOf } from '../lib/writer.mjs'

describe('dumps in parts', { skip: missing(), timeout: 240_000 }, () => {
  let stage, directory
  const skip = tooOld('pg_dump')
  before(async () => {
    stage = await openStage({ prepare })
    directory = temporaryDirectory('dumps')
  })
  after(async () => {
    await stage?.close()
    if (directory) removeDirectory(directory)
  })

  async function load(sql, database, args = []) {
    const file = join(directory, `${database}.sql`)
    writeFileSync(file, sql)
    return stage.cluster.tryPsql(['-q', ...args, '-f', file], { database })
  }
  const migrate = (database) => run(['migrate', '--database-url', stage.cluster.url(database)], { timeout: 60_000 })
  const create = (database) => stage.cluster.psql(`CREATE DATABASE ${database}`, { database: 'postgres' })

  test('the schema alone: writers do not fail, migrate repairs it and says what is gone, and what is watched again is told', { skip }, async () => {
    await create('bare')
    assert.equal((await load(await stage.cluster.dump(['-s']), 'bare')).code, 0)
    const psql = (sql) => stage.cluster.psql(sql, { database: 'bare' })
    await psql("INSERT INTO hot VALUES (1, 'ann', 0, 'before')")
    const { code, stdout, stderr } = await migrate('bare')
    assert.equal(code, 0, stdout + stderr)
    assert.match(stderr, /^pgherald: the schema herald came from a dump without its rows: nothing is watched.*\(Make them again/)
    assert.deepEqual([(await migrate('bare')).code, (await migrate('bare')).stderr], [0, ''])
    await psql(`SELECT herald.watch('public.hot', audience => '{owner}'); SELECT herald.stream('/hot', '{hot}', match => '{"owner": "claims.sub"}')`)
    const daemon = await Daemon.start({ cluster: stage.cluster, databaseUrl: stage.cluster.url('bare') })
    const stream = await open(daemon, 'bare')
    await psql("UPDATE hot SET note = 'after'")
    await idOf('after', stream)
    await stream.close()
    await daemon.destroy()
  })

  const whatWasConfigured = async (database, between) => {
    await create(database)
    await load(await stage.cluster.dump(['-s']), database)
    await between()
    const data = await stage.cluster.dump(['-a', ...['watches', 'rules', 'streams', 'actions'].flatMap((table) => ['-t', `herald.${table}`])])
    assert.equal((await load(data, database, ['-1'])).code, 0)
    assert.deepEqual([(await migrate(database)).code, (await migrate(database)).stderr], [0, ''])
    const psql = (sql) => stage.cluster.psql(sql, { database })
    await psql("INSERT INTO hot VALUES (1, 'ann', 0, 'told')")
    assert.equal(await psql("SELECT row_now ->> 'note' FROM herald.changes"), 'told')
    assert.equal(await psql('SELECT path FROM herald.streams'), '/hot')
    assert.equal(await psql("CREATE TABLE more (id int); SELECT herald.watch('more'); SELECT count(DISTINCT id) FROM herald.watches"), '\n2')
  }
  test('the schema, migrate, then what was configured: migrate watches what was watched', { skip }, () => whatWasConfigured('parts', () => migrate('parts')))
  test('the schema, then what was configured: migrate watches it, and warns of nothing', { skip }, () => whatWasConfigured('parts_at_once', () => {}))

  test('the schema, then all data, as two files: it is a restore', { skip }, async () => {
    await create('files')
    await load(await stage.cluster.dump(['-s']), 'files')
    const all = await load(`SET session_replication_role = replica; ${await stage.cluster.dump(['-a'])}`, 'files', ['-1'])
    assert.deepEqual([all.code, all.stderr], [0, ''])
    assert.deepEqual([(await migrate('files')).code, (await migrate('files')).stderr], [0, ''])
    assert.equal(await stage.cluster.psql('SELECT topic FROM herald.watches', { database: 'files' }), 'hot')
  })

  test('a whole dump of a table that has lost a column: what was excluded stays so, and the rest is told', { skip }, async () => {
    await stage.cluster.psql(`CREATE TABLE lost (id int PRIMARY KEY, gone int, secret text, open text); ALTER TABLE lost DROP COLUMN gone;
      SELECT herald.watch('lost', exclude => '{secret}')`)
    const dump = await stage.cluster.dump([])
    for (const [database, begin] of [['begun', "SELECT herald.attach(); SELECT herald.rule('lost', 'told', 'any')"], ['migrated', '']]) {
      await create(database)
      assert.equal((await load(dump, database, ['-1'])).code, 0)
      const psql = (sql) => stage.cluster.psql(sql, { database })
      const told = (id) => psql(`INSERT INTO lost VALUES (${id}, 'secret', 'open'); SELECT row_now FROM herald.changes WHERE topic = 'lost' ORDER BY id DESC LIMIT 1`)
      assert.equal(await told(1), '{"id": 1, "open": "open"}')
      if (begin) await psql(begin)
      else assert.equal((await migrate(database)).code, 0)
      assert.equal(await told(2), '{"id": 2, "open": "open"}')
    }
    await stage.cluster.psql("SELECT herald.unwatch('lost'); DROP TABLE lost")
  })

  test('the data alone, into a database that has a log: nothing of the other log is told', { skip }, async () => {
    const stream = await open(stage.daemon, 'source')
    for (const note of ['old 1', 'old 2', 'old 3']) await deliver(stage.cluster, note, stream)
    await stream.close()
    await create('target')
    await migrate('target')
    const psql = (sql) => stage.cluster.psql(sql, { database: 'target' })
    await psql(`${hotTable} SELECT herald.watch('public.hot', audience => '{owner}'); SELECT herald.stream('/hot', '{hot}', match => '{"owner": "claims.sub"}')`)
    const last = await stage.cluster.psql('SELECT max(tick) FROM herald.head()')
    const loaded = await load(await stage.cluster.dump(['-a', '-n', 'herald']), 'target')
    assert.match(loaded.stderr, /pgherald: these rows are of another database's log, and would be told here as news\n.*HINT: +Leave herald out of the data: pg_dump --exclude-table-data='herald\.\*'/)
    await load(await stage.cluster.dump(['-a', '-t', 'public.hot']), 'target')
    const daemon = await Daemon.start({ cluster: stage.cluster, databaseUrl: stage.cluster.url('target') })
    const fresh = await open(daemon, 'fresh')
    const [all, foreign] = [await open(daemon, 'all', 'earliest'), await open(daemon, 'foreign', `${last}-0`)]
    await foreign.when(() => resetsOf(foreign).length > 0, 30_000, () => `a reset: ${foreign.tail()}`)
    await psql("INSERT INTO hot VALUES (1000, 'ann', 0, 'new')")
    for (const each of [all, fresh, foreign]) {
      await idOf('new', each)
      const loaded = each === all ? ['old 3', 'start'] : [] // the rows of the table, which are changes of this database
      assert.deepEqual([...marksOf(each)].sort(), ['new', ...loaded], each.name)
    }
    await Promise.all([all.close(), fresh.close(), foreign.close()])
    await daemon.destroy()
  })

  test('data that leaves herald out, as the sentence says, loads without a word', { skip }, async () => {
    await create('told')
    await migrate('told')
    const psql = (sql) => stage.cluster.psql(sql, { database: 'told' })
    await psql(`${hotTable} SELECT herald.watch('public.hot', audience => '{owner}')`)
    const loaded = await load(await stage.cluster.dump(['-a', "--exclude-table-data=herald.*"]), 'told', ['-1'])
    assert.deepEqual([loaded.code, loaded.stderr], [0, ''])
    assert.equal(await psql("SELECT count(*) = (SELECT count(*) FROM hot) FROM herald.changes"), 't')
  })

  test('tables without herald, as the manual says', { skip }, async () => {
    await create('apart')
    const manual = readFileSync(join(repository, 'contrib/doc/backup.md'), 'utf8')
    const script = /pg_dump -n public app \| sed -E '([^']+)'/.exec(manual)[1]
    await stage.cluster.psql('ALTER TABLE hot ENABLE ALWAYS TRIGGER "!herald_insert"')
    const dump = await stage.cluster.dump(['-t', 'public.hot'])
    assert.match(dump, /ENABLE ALWAYS TRIGGER "!herald/)
    const { stdout } = await processRun('sed', ['-E', script], { input: dump })
    const { code, stderr } = await load(stdout, 'apart', ['-1'])
    assert.deepEqual([code, stderr], [0, ''])
    await create('whole')
    await stage.cluster.psql(/psql -c '([^']+)' new/.exec(manual)[1], { database: 'whole' })
    const all = await processRun('sed', ['-E', script], { input: await stage.cluster.dump(['-n', 'public']) })
    const { code: end, stderr: said } = await load(all.stdout, 'whole', ['-1'])
    assert.deepEqual([end, said], [0, ''])
    assert.equal(await stage.cluster.psql('SELECT count(*) > 0 FROM hot', { database: 'whole' }), 't')
  })

  test('a new database in the place of another one, as the manual says: no cursor of that one is gone on with', async () => {
    await create('instead')
    await migrate('instead')
    const psql = (sql) => stage.cluster.psql(sql, { database: 'instead' })
    await psql(`${hotTable} SELECT herald.watch('public.hot', audience => '{owner}'); SELECT herald.stream('/hot', '{hot}', match => '{"owner": "claims.sub"}')`)
    const manual = readFileSync(join(repository, 'contrib/doc/backup.md'), 'utf8')
    await psql(/psql new -c '([^']+)'/.exec(manual)[1])
    const daemon = await Daemon.start({ cluster: stage.cluster, databaseUrl: stage.cluster.url('instead') })
    const fresh = await open(daemon, 'fresh')
    await psql("INSERT INTO hot VALUES (1, 'ann', 0, 'first')")
    await idOf('first', fresh)
    for (const cursor of ['1-0', '2-1', '2-9', '40-300']) {
      const old = await open(daemon, cursor, cursor)
      await old.when(() => resetsOf(old).length > 0, 30_000, () => `a reset: ${old.tail()}`)
      assert.deepEqual(resetsOf(old), ['restored'])
      await old.close()
    }
    await fresh.close()
    await daemon.destroy()
  })

  test('a log that is emptied by hand: open streams and late ones are told, and what comes is delivered', async () => {
    const { cluster, daemon } = stage
    const stream = await open(daemon, 'open')
    const id = await deliver(cluster, 'kept', stream)
    await cluster.psql('TRUNCATE herald.changes')
    await writeNote(cluster, 'behind')
    await stream.when(() => resetsOf(stream).length > 0, 30_000, () => `a reset: ${stream.tail()}`)
    await daemon.stop()
    await daemon.start()
    const late = await open(daemon, 'late', id)
    await late.when(() => resetsOf(late).length > 0, 30_000, () => `a reset: ${late.tail()}`)
    assert.deepEqual(resetsOf(late), ['restored'])
    await deliver(cluster, 'on', late)
    await Promise.all([stream.close(), late.close()])
  })
})
