// pgherald explain --row: did the last change of a row make an event, and if not, why?
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
    await cluster.psql('SELECT herald.tick()') // it has seen the insert, so that is over
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

  const verdict = async (row, code) => (await ask(row, code)).verdict
  async function make(sql, ...tables) {
    await cluster.psql(sql)
    for (const table of tables) await cluster.psql(`SELECT herald.watch('${table}')`)
  }

  test('a row that was written in a savepoint has an event, or none can be denied', async () => {
    await make('CREATE TABLE saved (id int PRIMARY KEY, v text)', 'saved')
    await cluster.psql("INSERT INTO saved SELECT g, 'a' FROM generate_series(1, 4) g")
    await cluster.psql('SELECT herald.tick()')
    await cluster.psql("BEGIN; SAVEPOINT a; UPDATE saved SET v = 'b' WHERE id = 1; RELEASE a; COMMIT")
    await cluster.psql("DO $$ BEGIN BEGIN UPDATE saved SET v = 'b' WHERE id = 2; EXCEPTION WHEN others THEN NULL; END; END $$")
    for (const row of ['saved:1', 'saved:2', 'saved:3']) {
      const report = await ask(row)
      assert.deepEqual([report.verdict, /^saved\.(update|insert), change \d+/.test(of(report, 'event'))], ['an event', true])
    }
    await cluster.psql("BEGIN; SELECT herald.mute(); SAVEPOINT a; UPDATE saved SET v = 'c' WHERE id = 4; RELEASE a; COMMIT")
    const muted = await ask('saved:4', 1)
    assert.deepEqual([muted.verdict, /^bulk, change \d+, may be of the transaction/.test(of(muted, 'event'))], ['cannot be said', true])
    await cluster.psql("INSERT INTO orders VALUES (3, 7, 'x', 'new')")
    await cluster.psql("UPDATE orders SET note = 'y' WHERE id = 3")
    assert.match(of(await ask('orders:3', 1), 'event'), /^orders\.insert, change \d+, may be of the transaction/)
  })

  test('a key is taken as its type reads it, and a key of the index is no more than its columns', async () => {
    await make('CREATE TABLE n (id numeric(6, 2) PRIMARY KEY); CREATE TABLE ch (id char(5) PRIMARY KEY); CREATE TABLE inc (id int, v text, PRIMARY KEY (id) INCLUDE (v)); CREATE TABLE big (a bigint, b int, PRIMARY KEY (b, a))', 'n', 'ch', 'inc')
    await cluster.psql("SELECT herald.watch('big', numbers => 'text')")
    await cluster.psql("INSERT INTO n VALUES (1.5); INSERT INTO ch VALUES ('ab'); INSERT INTO inc VALUES (1, 'x'); INSERT INTO big VALUES (12345678901234567, 2)")
    for (const row of ['n:1.5', 'n:1.500', 'n:01.50', 'ch:ab', 'inc:1', 'big:2,12345678901234567', 'big:{"a": 12345678901234567, "b": 2}']) assert.equal(await verdict(row), 'an event', row)
    await cluster.psql('DELETE FROM ch; DELETE FROM n')
    for (const row of ['n:1.5', 'ch:ab']) assert.match(of(await ask(row), 'event'), /\.delete, change/)
    for (const row of ['n:1.504', 'ch:ab   x']) assert.equal(await verdict(row, 1), 'cannot be said')
  })

  test('settings of the database do not round a key', async () => {
    await cluster.psql(`CREATE TABLE ratios (id float8 PRIMARY KEY); SELECT herald.watch('ratios'); ALTER DATABASE app SET extra_float_digits = -3; ALTER DATABASE app SET DateStyle = 'German'`)
    await cluster.psql('INSERT INTO ratios VALUES (0.1::float8 + 0.2::float8)')
    assert.equal(await verdict('ratios:0.30000000000000004'), 'an event')
    await cluster.psql('ALTER DATABASE app RESET ALL')
  })

  test('names and keys may have colons and commas, and a key may be JSON', async () => {
    await make('CREATE TABLE urn (id text PRIMARY KEY); CREATE TABLE ts (at timestamptz PRIMARY KEY); CREATE TABLE "a:b" (id int PRIMARY KEY)', 'urn', 'ts', '"a:b"')
    await cluster.psql(`INSERT INTO urn VALUES ('urn:isbn:1'), ('a,b'), ('{"id": 1}'); INSERT INTO ts VALUES ('2026-01-02 03:04:05+00'); INSERT INTO "a:b" VALUES (1); INSERT INTO lines VALUES (4, 'x,y')`)
    for (const row of ['urn:urn:isbn:1', 'urn:a,b', 'public.urn:{"id": "a,b"}', 'urn:{"id": "{\\"id\\": 1}"}', 'ts:2026-01-02 03:04:05+00', 'ts:2026-01-02T04:04:05+01', '"a:b":1', 'lines:{"b": "x,y", "a": 4}'])
      assert.equal(await verdict(row), 'an event', row)
    for (const row of ['lines:4,x,y', 'lines:{"b": null, "a": 4}']) assert.match(of(await ask(row, 1), 'row'), /the primary key has 2 columns: .*\(a, b\)/)
  })

  test('a partition is a part of what is watched, a view is told apart, and a key may not be told', async () => {
    await make('CREATE TABLE p (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE VIEW seen AS SELECT * FROM p; CREATE TABLE ex (id int PRIMARY KEY, v text)', 'p')
    await cluster.psql("SELECT herald.watch('ex', exclude => '{id}')")
    await cluster.psql("INSERT INTO p VALUES (3, 'x'); INSERT INTO ex VALUES (1, 'x')")
    const part = await ask('p1:3')
    assert.deepEqual([part.verdict, /^p\.insert/.test(of(part, 'event'))], ['an event', true])
    assert.equal(of(await ask('seen:3', 1), 'watch'), 'public.seen is a view: ask for a row of a table that it reads')
    assert.equal(of(await ask('ex:1', 1), 'event'), 'its events do not tell the primary key (id)')
  })

  test("a rule's event stands for the row that its data names, and a row of another table for none", async () => {
    await make('CREATE TABLE st (id text PRIMARY KEY, ref text); CREATE TABLE one (id int PRIMARY KEY); CREATE TABLE two (id int PRIMARY KEY)', 'st')
    await cluster.psql("SELECT herald.rule('st', 'made', 'insert', 'NEW.ref <> ''''', 'jsonb_build_object(''ref'', NEW.ref)'), herald.watch('one', topic => 'shop'), herald.watch('two', topic => 'shop')")
    await cluster.psql("INSERT INTO st VALUES ('A', ''), ('B', 'A')")
    assert.match(of(await ask('st:A', 1), 'event'), /^made, change \d+, may be of the transaction/)
    await cluster.psql('INSERT INTO one VALUES (1); INSERT INTO two VALUES (1), (2); DELETE FROM one')
    assert.match(of(await ask('one:1'), 'event'), /^shop\.delete|^one\.delete/)
    assert.equal(of(await ask('one:2', 1), 'event'), 'the log has none of a row with this key')
    await cluster.psql('SET session_replication_role = replica; DELETE FROM two')
    assert.match(of(await ask('two:2', 1), 'event'), /^the last one of this key is \S+\.insert, change \d+: the log does not say that the row is gone$/)
  })

  test('wrong usage, and names that no table has, are told', async () => {
    for (const row of ['orders', ':1', 'orders:']) assert.match(await ask(row, 2), /--row is a table and the value of its primary key/)
    assert.match(await ask('public.ordres:1', 1), /there is no table 'public\.ordres' \(did you mean 'public\.orders'\?\)/)
    assert.match(await ask('public.orders:x', 1), /invalid input syntax for type integer: "x"/)
    const { code, stderr } = await run(['explain', '--row', 'a:1', '--stream', '/a'])
    assert.deepEqual([code, /--row, or --stream with --change/.test(stderr)], [2, true])
  })
})
