// pgherald dev: a try beside a database. It prepares, serves on the loopback, and shows events. What
// it has made goes with --cleanup, and nothing else does.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster, environment } from '../lib/cluster.mjs'
import { assertClean, migrate, missing, program, run, watch } from '../lib/daemon.mjs'
import { tooOld } from '../lib/postgres.mjs'
import * as processes from '../lib/process.mjs'
import { pause, until, within } from '../lib/wait.mjs'

describe('dev', { skip: missing(), timeout: 240_000 }, () => {
  let cluster, count = 0
  before(async () => (cluster = await Cluster.start()))
  after(() => cluster?.destroy())

  async function database() {
    const name = `db${++count}`
    await cluster.psql(`CREATE DATABASE ${name}`, { database: 'postgres' })
    await cluster.psql(`CREATE TABLE public.orders (id int PRIMARY KEY, user_id int, status text); INSERT INTO orders VALUES (1, 7, 'new'), (2, 8, 'new'); CREATE TABLE public.items (id int PRIMARY KEY)`, { database: name })
    return { name, psql: (sql) => cluster.psql(sql, { database: name }), dev: (...args) => dev(name, args), start: (...args) => start(name, args) }
  }
  const dev = (name, args) => run(['dev', ...args, '--database-url', cluster.url(name)], { timeout: 60_000 })
  const dump = async (name) => (tooOld('pg_dump') ? '' : (await cluster.dump([], { database: name })).replace(/^\\(un)?restrict .*$/gm, ''))

  /** A try that runs, once it says how to see events. */
  async function start(name, args) {
    const child = processes.start(program, ['dev', ...args, '--database-url', cluster.url(name)], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    const self = { child, said: '', errors: '' }
    child.stdout.on('data', (chunk) => (self.said += chunk))
    child.stderr.on('data', (chunk) => (self.errors += chunk))
    self.when = (pattern) => until(() => pattern.exec(self.said) ?? child.exitCode !== null, { timeout: 30_000, what: `${pattern} in ${self.said}${self.errors}` })
      .then((found) => (Array.isArray(found) ? found : assert.fail(self.said + self.errors)))
    self.stop = async (signal = 'SIGINT') => {
      const children = processes.childrenOf(child.pid)
      child.kill(signal)
      const end = await within(child.exited, 30_000, 'the end of the try')
      for (const pid of children) await processes.gone(pid)
      assertClean(self.errors)
      return end
    }
    await self.when(/^ {2}curl -N .*$/m).catch(async (error) => {
      await self.stop('SIGKILL')
      throw error
    })
    return self
  }

  test('from nothing to the first event, with a curl line that works, and away again', async (t) => {
    const { name, psql, dev, start } = await database()
    const before = await dump(name)
    const began = Date.now()
    const trial = await start('--table', 'public.orders', '--audience', 'user_id', '--yes')
    let curl
    try {
      for (const words of [/gets the schema herald, version \d+/, /^watching public\.orders, routed by user_id$/m, /^stream \/dev\/orders of public\.orders$/m, /^serving on http:\/\/127\.0\.0\.1:\d+, console on http:\/\/127\.0\.0\.1:\d+\/$/m])
        assert.match(trial.said, words)
      const [line] = await trial.when(/^ {2}curl -N .*$/m)
      curl = processes.start('bash', ['-c', `exec ${line.trim()} -s`], { stdio: ['ignore', 'pipe', 'ignore'] })
      let seen = ''
      curl.stdout.on('data', (chunk) => (seen += chunk))
      await until(() => /event: connected/.test(seen), { timeout: 30_000, what: 'connected' })
      await trial.when(/ connected /)
      await psql("UPDATE orders SET status = 'paid'")
      await trial.when(/orders\.update .*"id": 1[^]*orders\.update .*"id": 2/)
      t.diagnostic(`from nothing to the first event: ${Date.now() - began} ms`)
      await until(() => /orders\.update/.test(seen), { timeout: 30_000, what: 'the event at curl' })
      assert.match(seen, /"user_id": 7/)
      assert.doesNotMatch(seen, /"user_id": 8/)
      const [, page] = /console on (\S+)/.exec(trial.said)
      assert.match(await (await fetch(page)).text(), /<title>/)
      assert.match(await (await fetch(`${page}metrics`)).text(), /^pgherald_/m)
      const [, base] = /serving on ([^,]+)/.exec(trial.said)
      assert.equal((await fetch(`${base}/dev/orders`)).status, 401)
    } finally {
      curl?.kill('SIGKILL')
      assert.deepEqual(await trial.stop(), { code: 0, signal: null })
    }
    await psql("UPDATE orders SET status = 'new'")
    const { code, stdout } = await dev('--cleanup')
    assert.deepEqual([code, stdout], [0, 'what pgherald dev has made is gone\n'])
    assert.equal(await dump(name), before)
    assert.equal((await dev('--cleanup')).stdout, 'pgherald dev has made nothing in this database\n')
  })

  test('after a kill no process is left, and what was made can be taken away; again too', async () => {
    const { name, psql, dev, start } = await database()
    const before = await dump(name)
    await (await start('--table', 'public.orders', '--table', 'items', '--yes')).stop('SIGKILL')
    const again = await start('--table', 'public.orders', '--yes')
    await again.when(/ connected /)
    await psql('INSERT INTO items VALUES (1)')
    await again.when(/items\.insert/)
    await again.stop('SIGTERM')
    await psql('DELETE FROM items')
    assert.equal((await dev('--cleanup')).code, 0)
    assert.equal(await dump(name), before)
  })

  test('what others have made stays as it is', async () => {
    const { name, psql, dev, start } = await database()
    await migrate(cluster, { database: name })
    await psql("SELECT herald.watch('public.orders', audience => '{user_id}', exclude => '{status}'), herald.stream('/mine', '{orders}', anonymous => true)")
    const before = (await dump(name)).split('\n').filter((line) => !/^\d+\t/.test(line)).join('\n')
    assert.match((await dev('--table', 'public.orders', '--yes')).stderr, /the database has 1 streams of its own \('pgherald streams'\): say --shared/)
    assert.match((await dev('--table', 'public.orders', '--shared', '--audience', 'id')).stderr, /public\.orders is watched already, and not routed by id/)
    const trial = await start('--table', 'public.orders', '--table', 'public.items', '--shared')
    assert.match(trial.said, /^public\.orders is watched already$/m)
    await trial.stop()
    assert.equal(await psql("SELECT string_agg(path, ' ' ORDER BY path) FROM herald.streams"), '/dev /dev/items /dev/orders /mine')
    assert.equal((await dev('--cleanup')).code, 0)
    assert.equal(await psql("SELECT string_agg(path, ' ') FROM herald.streams"), '/mine')
    assert.equal(await psql("SELECT string_agg(target::text || exclude::text, ' ') FROM herald.watches"), 'orders{status}')
    assert.equal(await psql("SELECT to_regnamespace('pgherald_dev') IS NULL"), 't')
    if (before) assert.equal((await dump(name)).split('\n').filter((line) => !/^\d+\t/.test(line)).length > 0, true)
  })

  test('the schema stays where others have used it since, and dropped tables are no obstacle', async () => {
    const { name, psql, dev, start } = await database()
    await (await start('--table', 'public.orders', '--table', 'public.items', '--yes')).stop()
    await psql("DROP TABLE items; CREATE TABLE public.own (id int PRIMARY KEY); SELECT herald.watch('public.own')")
    const { code, stdout } = await dev('--cleanup')
    assert.deepEqual([code, stdout], [0, 'the schema herald stays, for others use it: pgherald uninstall takes it away\nwhat pgherald dev has made is gone\n'])
    assert.equal(await psql('SELECT string_agg(target::text, $$ $$) FROM herald.watches'), 'own')
    assert.equal((await run(['uninstall', '--yes', '--database-url', cluster.url(name)])).code, 0)
  })

  test('each table has a path of its own, whatever its name', async () => {
    const { psql, start, dev } = await database()
    const names = ['events', '日本', '中国', 'a b', 'a-b', '..']
    for (const name of names) await psql(`CREATE TABLE "${name}" (id int PRIMARY KEY)`)
    const trial = await start('--yes', ...names.flatMap((name) => ['--table', `"${name}"`]))
    try {
      await trial.when(/ connected /)
      for (const name of names) {
        await psql(`INSERT INTO "${name}" VALUES (1)`)
        await trial.when(new RegExp(` ${name}\\.insert `))
      }
      assert.match(trial.said, /^ {2}curl .*\/dev\/events$/m)
    } finally {
      await trial.stop()
    }
    const streams = "SELECT string_agg(path || ' ' || topics[1], ', ' ORDER BY topics[1] COLLATE \"C\") FROM herald.streams WHERE path <> '/dev'"
    const paths = await psql(streams)
    assert.equal(paths, '/dev/table-3 .., /dev/a-b a b, /dev/a-b-2 a-b, /dev/events events, /dev/table-2 中国, /dev/table 日本')
    await (await start('--table', '"a-b"', '--table', '"中国"')).stop()
    assert.equal(await psql(streams), paths)
    assert.equal((await dev('--cleanup')).code, 0)
  })

  const left = "SELECT (SELECT string_agg(target || ' ' || topic, ', ' ORDER BY 1) FROM herald.watches), (SELECT count(*) FROM herald.rules), (SELECT string_agg(path, ', ' ORDER BY path) FROM herald.streams)"
  const stays = 'the schema herald stays, for others use it: pgherald uninstall takes it away\nwhat pgherald dev has made is gone\n'

  test('what others have made in place of its own stays', async () => {
    const { psql, dev, start } = await database()
    await (await start('--table', 'public.orders', '--table', 'public.items', '--yes')).stop()
    await psql("SELECT herald.unwatch('orders'), herald.watch('orders', topic => 'shop'), herald.rule('orders', 'paid', 'update', 'NEW.status = ''paid'''), herald.stream('/dev/orders', '{shop}', anonymous => true)")
    assert.equal((await dev('--cleanup')).stdout, stays)
    assert.equal(await psql(left), 'orders shop|1|/dev/orders')
  })

  test('a watch of its own that others have given rules stays', async () => {
    const { psql, dev, start } = await database()
    await (await start('--table', 'public.orders', '--table', 'public.items', '--yes')).stop()
    await psql("SELECT herald.rule('orders', 'paid', 'update', 'NEW.status = ''paid''')")
    assert.equal((await dev('--cleanup')).stdout, stays)
    assert.equal(await psql(left), 'orders orders|1|')
  })

  test('a schema that others have made since stays, with a watch of the same number', async () => {
    const { name, psql, dev, start } = await database()
    await (await start('--table', 'public.orders', '--yes')).stop()
    await psql('DROP SCHEMA herald CASCADE')
    await migrate(cluster, { database: name })
    await psql("SELECT herald.watch('orders')")
    assert.equal((await dev('--cleanup')).stdout, 'what pgherald dev has made is gone\n')
    assert.equal(await psql(left), 'orders orders|0|')
  })

  test('revocations and forwards are uses of the schema', async () => {
    for (const use of ["SELECT herald.revoke(sub => 'mallory')", "SELECT herald.forward_from('f', '/a')"]) {
      const { psql, dev, start } = await database()
      await (await start('--table', 'public.orders', '--yes')).stop()
      await psql(use)
      assert.equal((await dev('--cleanup')).stdout, stays)
    }
  })

  test('a daemon that hangs is killed after a while, or at a second signal', async () => {
    const { start } = await database()
    for (const second of [true, false]) {
      const trial = await start('--table', 'public.orders', '--yes')
      await trial.when(/ connected /)
      for (const pid of processes.childrenOf(trial.child.pid)) process.kill(pid, 'SIGSTOP')
      trial.child.kill('SIGINT')
      if (second) {
        await pause(500)
        trial.child.kill('SIGTERM')
      }
      await within(trial.child.exited, second ? 3_000 : 12_000, 'the end of the try')
      assert.match(trial.errors, /^pgherald: the (daemon|subscriber) does not end, and is killed$/m)
      assert.equal((await trial.stop()).code, 0)
    }
  })

  test('there is one at a time in a database, also where two begin at the same moment', async () => {
    const { name, start, dev } = await database()
    const both = await Promise.allSettled([start('--table', 'public.orders', '--yes'), start('--table', 'public.items', '--yes')])
    const trials = both.filter((one) => one.status === 'fulfilled').map((one) => one.value)
    try {
      assert.equal(trials.length, 1)
      const sentence = new RegExp(`^pgherald: another dev is at work in the database '${name}' \\(pgherald dev, process ${trials[0].child.pid}, as role \\w+, from .*\\): end that one first$`, 'm')
      assert.match(both.find((one) => one.status === 'rejected').reason.message, sentence)
      for (const args of [['--table', 'public.items', '--yes'], ['--cleanup']]) {
        const { code, stderr } = await dev(...args)
        assert.deepEqual([code, sentence.test(stderr)], [1, true], stderr)
      }
      await trials[0].when(/ connected /)
      const { name: other } = await database()
      assert.equal((await run(['dev', '--cleanup', '--database-url', cluster.url(other)])).code, 0)
    } finally {
      for (const trial of trials) await trial.stop()
    }
    assert.equal((await dev('--cleanup')).code, 0)
  })

  test('it refuses what is wrong, and changes nothing', async () => {
    const { psql, dev } = await database()
    for (const [args, code, about] of [
      [['--table', 'public.orders'], 2, /dev asks at a terminal, and there is none: say --yes/],
      [[], 2, /dev needs --table/],
      [['public.orders'], 2, /dev takes no argument, not 'public\.orders': --table/],
      [['--cleanup', '--table', 'x'], 2, /--cleanup takes away all/],
      [['--table', 'public.orders', '--listen', '0.0.0.0:8000'], 2, /dev serves this machine only/],
      [['--table', 'public.orders', '--admin-listen', '*:8001'], 2, /dev serves this machine only/],
    ]) {
      const result = await dev(...args)
      assert.deepEqual([result.code, about.test(result.stderr)], [code, true], result.stderr)
    }
    assert.equal(await psql("SELECT to_regnamespace('herald') IS NULL AND to_regnamespace('pgherald_dev') IS NULL"), 't')
    assert.match((await dev('--table', 'public.ordres', '--yes')).stderr, /there is no table 'public\.ordres' \(did you mean 'public\.orders'\?\)/)
    assert.match((await dev('--table', 'public.orders', '--audience', 'nobody')).stderr, /has no column 'nobody'/)
    assert.equal((await dev('--cleanup')).code, 0)
    assert.equal(await psql("SELECT to_regnamespace('herald') IS NULL AND to_regnamespace('pgherald_dev') IS NULL"), 't')
  })

  test('another daemon of the database shows its streams to nobody', async () => {
    const { psql, start, dev } = await database()
    const trial = await start('--table', 'public.orders', '--yes')
    await trial.stop()
    assert.equal(await psql("SELECT bool_and(NOT anonymous AND require ? 'pgherald_dev' AND length(require #>> '{pgherald_dev,0}') = 64) FROM herald.streams"), 't')
    assert.equal((await dev('--cleanup')).code, 0)
  })
})
