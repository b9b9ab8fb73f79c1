// pgherald explain --row: did the last change of a row make an event, and if not, why?
// run: sanitized
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { migrate, missing, run } from '../lib/daemon.mjs'

describe('explain --row', { skip: missing() }, () => {
  let cluster
  before(async () => {
    cluster = await Cluster.start()
    await migrate(cluster)
    await cluster.psql(`CREATE TABLE public.orders (id int PRIMARY KEY, user_id int, note text, status text); INSERT INTO orders VALUES (9, 1, 'before', 'old');
      CREATE TABLE public.lines (a int, b text, PRIMARY KEY (a, b)); CREATE TABLE public.apart (id int PRIMARY KEY); CREATE TABLE public.ruled (id int PRIMARY KEY, status text);
      SELECT herald.watch('public.orders', audience => '{user_id}', exclude => '{note}'), herald.watch('public.lines'), herald.watch('public.ruled');
      SELECT herald.rule('public.ruled', 'paid', 'update', 'NEW.status = ''paid''', 'jsonb_build_object(''id'', NEW.id)')`)
  })
  after(() => cluster?.destroy())

  const ask = async (row, code = 0) => {
    const { stdout, stderr, ...result } = await run(['explain', '--json', '--row', row, '--database-url', cluster.url()], { timeout: 60_000 })
    assert.equal(result.code, code, stdout + stderr)
    return code === 2 || !stdout ? stderr : JSON.parse(stdout)
  }
  const of = (report, check) => report.checks.find((line) => line.check === check)?.says

  test('a change that was an event is named, with who may see it', async () => {
    await cluster.psql("INSERT INTO orders VALUES (1, 7, 'x', 'new')")
    const report = await ask('public.orders:1')
    assert.equal(report.verdict, 'an event')
    assert.match(of(report, 'event'), /^orders\.insert, change \d+, audience user_id=7$/)
    assert.match(of(report, 'watch'), /^public\.orders is topic orders, routed by user_id$/)
  })

  test('an update of excluded columns alone is none, and the event before it is named', async () => {
    await cluster.psql("UPDATE orders SET note = 'y' WHERE id = 1")
    const report = await ask('public.orders:1')
    assert.equal(report.verdict, 'no event')
    assert.match(of(report, 'columns'), /^note are excluded: an update of these alone is no event$/)
    assert.match(of(report, 'before'), /^orders\.insert, change \d+, was an event$/)
  })

  test('a row that was deleted has its last event', async () => {
    await cluster.psql('DELETE FROM orders WHERE id = 1')
    const report = await ask('orders:1')
    assert.deepEqual([report.verdict, /^orders\.delete/.test(of(report, 'event'))], ['an event', true])
  })

  test('a muted transaction told bulk', async () => {
    await cluster.psql("BEGIN; SELECT herald.mute(); INSERT INTO orders VALUES (2, 7, 'x', 'new'); COMMIT")
    const report = await ask('public.orders:2')
    assert.deepEqual([report.verdict, /told bulk in place of its rows/.test(of(report, 'event'))], ['no event', true])
  })

  test('a change that fits no rule is none, and one that does is one', async () => {
    await cluster.psql("INSERT INTO ruled VALUES (5, 'new')")
    assert.equal((await ask('public.ruled:5')).verdict, 'no event')
    await cluster.psql("UPDATE ruled SET status = 'paid'")
    const report = await ask('public.ruled:5')
    assert.deepEqual([report.verdict, /^paid, change/.test(of(report, 'event'))], ['an event', true])
  })

  test('a key of several columns, a table that is not watched, and a row from before the log', async () => {
    await cluster.psql("INSERT INTO lines VALUES (3, 'x')")
    assert.equal((await ask('public.lines:3,x')).verdict, 'an event')
    assert.match(of(await ask('public.lines:3', 1), 'row'), /the primary key has 2 columns/)
    const apart = await ask('public.apart:1')
    assert.deepEqual([apart.verdict, of(apart, 'watch')], ['no event', 'public.apart is not watched: pgherald watch public.apart'])
    assert.match(of(await ask('public.orders:77', 1), 'event'), /the log has none of a row with this key/)
    assert.notEqual((await ask('public.orders:9')).verdict, 'an event')
  })

  test('wrong usage, and names that no table has, are told', async () => {
    for (const row of ['orders', ':1', 'orders:']) assert.match(await ask(row, 2), /--row is a table and the value of its primary key/)
    assert.match(await ask('public.ordres:1', 1), /there is no table 'public\.ordres' \(did you mean 'public\.orders'\?\)/)
    assert.match(await ask('public.orders:x', 1), /invalid input syntax for type integer: "x"/)
    const { code, stderr } = await run(['explain', '--row', 'a:1', '--stream', '/a'])
    assert.deepEqual([code, /--row, or --stream with --change/.test(stderr)], [2, true])
  })
})
