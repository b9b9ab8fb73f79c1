// pgherald doctor. Nothing is wrong on the stage, and then one thing at a time is broken. Exactly
// its line turns, and says what to do.
// run: long
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createRelay, connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { migrate, missing, run } from '../lib/daemon.mjs'
import { freePort, removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { secret } from '../lib/token.mjs'
import { measured, until } from '../lib/wait.mjs'

const password = 'not-to-be-read-0123456789'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE public.notes (id int PRIMARY KEY, owner text, amount int);
  CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
  CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$ SELECT '{}'::jsonb $$;
  CREATE FUNCTION public.act(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
  SELECT herald.watch('public.notes', audience => '{owner}');
  SELECT herald.stream('/notes', '{notes}', match => '{"owner": "claims.sub"}', authorize => 'public.may', snapshot => 'public.state');
  SELECT herald.action('POST', '/notes', 'public.act');
  INSERT INTO public.notes VALUES (1, 'ann', 1);`)

describe('doctor', { skip: missing(), timeout: 300_000 }, () => {
  let stage, directory, file
  before(async () => {
    stage = await openStage({ prepare })
    directory = temporaryDirectory('doctor')
    file = join(directory, 'secret')
    writeFileSync(file, secret, { mode: 0o600 })
  })
  after(async () => {
    removeDirectory(directory)
    await stage?.close()
  })

  const flags = ({ url = stage.cluster.url(), port = stage.daemon.port, admin = `127.0.0.1:${stage.daemon.adminPort}`, more = [] } = {}) =>
    ['doctor', '--database-url', url, '--listen', `127.0.0.1:${port}`, '--admin-listen', admin, '--jwt-secret-file', file, ...more]

  /** The report of doctor, and the lines that are neither good nor only information. */
  async function doctor(options = {}) {
    const { code, stdout } = await run([...flags(options), '--json'], { timeout: 60_000 })
    assert.ok(!stdout.includes(secret) && !stdout.includes(password), 'no secret is printed')
    const report = JSON.parse(stdout)
    return { code, ...report, bad: report.checks.filter(({ outcome }) => !['ok', '-'].includes(outcome)) }
  }

  /** Exactly one line is bad. It says this, and advises this. */
  function only(report, code, outcome, check, about, says, advice) {
    assert.equal(report.bad.length, 1, JSON.stringify(report.bad, null, 1))
    const [line] = report.bad
    assert.deepEqual([report.code, line.outcome, line.check, line.about], [code, outcome, check, about], line.says)
    assert.match(line.says, says)
    assert.match(line.do, advice)
  }

  async function isWell() {
    const report = await doctor()
    assert.deepEqual([report.code, report.verdict, report.bad], [0, 'nothing is wrong', []])
  }

  const waiting = `SELECT count(*) FROM herald.changes c, (SELECT * FROM herald.ticks ORDER BY id DESC LIMIT 1) t
    WHERE NOT pg_visible_in_snapshot(c.xid, t.snapshot)`

  /**
   * Breaks something by SQL, looks, and mends it by `mend` or by what the line says to do. After
   * that all is well again.
   */
  async function broken(sql, expected, mend) {
    await stage.cluster.psql(sql)
    await until(async () => (await stage.cluster.psql(waiting)) === '0', { what: 'a tick' }) // otherwise that is a line, too
    const report = await doctor()
    only(report, ...expected)
    await stage.cluster.psql(mend ?? report.bad[0].do)
    await isWell()
  }

  test('nothing is wrong: exit status 0, for people a line a check', async () => {
    await isWell()
    const { code, stdout } = await run(flags())
    assert.equal(code, 0)
    assert.match(stdout, /^ok +database +'app' as role 'postgres', a primary$/m)
    assert.match(stdout, /^ok +daemon +answers on /m)
    assert.match(stdout, /\nnothing is wrong\n$/)
    assert.doesNotMatch(stdout, /^(no|\?|!) |->/m)
  })

  test('what to do stands under the line', async () => {
    await stage.cluster.psql('ALTER TABLE public.notes DISABLE TRIGGER "!herald_insert"')
    const { code, stdout } = await run(flags())
    await stage.cluster.psql('ALTER TABLE public.notes ENABLE TRIGGER "!herald_insert"')
    assert.equal(code, 1)
    assert.match(stdout, /^no +triggers public\.notes +trigger "!herald_insert" is disabled.*\n +-> ALTER TABLE public\.notes ENABLE TRIGGER "!herald_insert"\n/m)
    assert.match(stdout, /\nsomething is wrong: triggers public\.notes: trigger/)
  })

  test('a trigger that was dropped', () => broken('DROP TRIGGER "!herald_update" ON public.notes',
    [1, 'no', 'triggers', 'public.notes', /has no trigger for update/, /SELECT herald\.capture/]))

  test('triggers that were dropped with their functions', () => broken(
    `DO $$ DECLARE f regprocedure; BEGIN
       FOR f IN SELECT oid FROM pg_proc WHERE proname ~ '^capture_[0-9]+_' LOOP EXECUTE 'DROP FUNCTION ' || f || ' CASCADE'; END LOOP; END $$`,
    [1, 'no', 'triggers', 'public.notes', /has no trigger:/, /SELECT herald\.capture/]))

  test('a trigger that was disabled, or fires on replicas only', async () => {
    for (const state of ['DISABLE', 'ENABLE REPLICA'])
      await broken(`ALTER TABLE public.notes ${state} TRIGGER "!herald_delete"`, [1, 'no', 'triggers', 'public.notes', /"!herald_delete" is disabled/, /ENABLE TRIGGER/])
  })

  test('triggers of other tables that call a capture, and two of a table that call the same', async () => {
    const calls = (name, table) => `DO $$ BEGIN EXECUTE replace(replace((SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = '!herald_insert'
      AND tgrelid = 'public.notes'::regclass), 'public.notes', '${table}'), '"!herald_insert"', '"${name}"'); END $$`
    await broken(`CREATE SCHEMA tenant; CREATE TABLE tenant.notes (LIKE public.notes); ${calls('!herald_insert', 'tenant.notes')}`,
      [0, '!', 'strangers', 'tenant.notes', /"!herald_insert" is a trigger that calls the capture of public\.notes/, /^pgherald watch tenant\.notes, or: DROP TRIGGER "!herald_insert" ON tenant\.notes$/],
      'DROP SCHEMA tenant CASCADE')
    await broken(calls('again', 'public.notes'), [1, 'no', 'strangers', 'public.notes', /triggers "!herald_insert", again call the same function/, /DROP TRIGGER/],
      'DROP TRIGGER again ON public.notes')
  })

  test('a watch of before that routes by a name with an equals sign', () => broken(`CREATE TABLE public.odd (id int PRIMARY KEY, "a=b" text);
    SELECT herald.watch('public.odd'); UPDATE herald.watches SET audience = '{a=b}' WHERE topic = 'odd'`,
    [1, 'no', 'watches', 'public.odd', /"a=b" of its audience routes to nobody/, /another name/], "SELECT herald.unwatch('public.odd'); DROP TABLE public.odd"))

  test('a watched table that is gone', () => broken("CREATE TABLE public.gone (id int PRIMARY KEY); SELECT herald.watch('public.gone'); DROP TABLE public.gone",
    [1, 'no', 'watches', 'gone', /its table \d+ is gone/, /SELECT herald\.unwatch/]))

  test('another table that has taken the name of a watched one', () => broken(
    `CREATE TABLE public.goods (id int PRIMARY KEY); SELECT herald.watch('public.goods'); CREATE TABLE public.fresh (id int PRIMARY KEY);
     ALTER TABLE public.goods RENAME TO former; ALTER TABLE public.fresh RENAME TO goods`,
    [1, 'no', 'names', 'goods', /watched as public\.goods is called public\.former now/, /^pgherald watch public\.goods$/],
    "SELECT herald.watch('public.goods'); SELECT herald.unwatch('public.goods'); DROP TABLE public.goods, public.former"))

  test('a watched table that was made anew', () => broken(
    "CREATE TABLE public.goods (id int PRIMARY KEY); SELECT herald.watch('public.goods'); DROP TABLE public.goods; CREATE TABLE public.goods (id int PRIMARY KEY)",
    [1, 'no', 'watches', 'goods', /is gone, which was called public\.goods, as another one is now/, /^pgherald watch public\.goods$/],
    "SELECT herald.watch('public.goods'); SELECT herald.unwatch('public.goods'); DROP TABLE public.goods"))

  test('a child by INHERITS, whose changes nobody hears', () => broken(
    "CREATE TABLE public.goods (id int PRIMARY KEY); SELECT herald.watch('public.goods'); CREATE TABLE public.later (PRIMARY KEY (id)) INHERITS (public.goods)",
    [1, 'no', 'children', 'public.goods', /has public\.later by INHERITS/, /pgherald watch public\.later --topic 'goods'/],
    "SELECT herald.unwatch('public.goods'); DROP TABLE public.goods CASCADE"))

  test('a trigger that is disabled on a partition', async () => {
    await broken(`CREATE TABLE public.goods (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE public.few PARTITION OF public.goods FOR VALUES FROM (0) TO (10);
      SELECT herald.watch('public.goods'); ALTER TABLE public.few DISABLE TRIGGER "!herald_update"`,
    [1, 'no', 'partitions', 'public.few', /"!herald_update" is disabled/, /ENABLE TRIGGER/])
    await stage.cluster.psql("SELECT herald.unwatch('public.goods'); DROP TABLE public.goods")
  })

  test('rows that move between partitions which came after the rule', () => broken(
    `CREATE TABLE public.goods (id int, k int, PRIMARY KEY (id, k)) PARTITION BY RANGE (id); CREATE TABLE public.few PARTITION OF public.goods FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (k);
      SELECT herald.watch('public.goods'); SELECT herald.rule('public.goods', 'goods_changed', 'update');
      DO $$ BEGIN EXECUTE (SELECT format('CREATE OR REPLACE TRIGGER "~herald_moved" BEFORE UPDATE OF id ON public.goods FOR EACH ROW EXECUTE FUNCTION %s', tgfoid::regprocedure)
        FROM pg_trigger WHERE tgrelid = 'public.goods'::regclass AND tgname = '~herald_moved'); END $$`,
    [1, 'no', 'partitions', 'public.goods', /an UPDATE of k that moves a row/, /^pgherald watch public\.goods$/],
    "SELECT herald.unwatch('public.goods'); DROP TABLE public.goods"))

  test('an excluded column that has another name', () => broken(
    "CREATE TABLE public.goods (id int PRIMARY KEY, cost int); SELECT herald.watch('public.goods', exclude => '{cost}'); ALTER TABLE public.goods RENAME cost TO price",
    [0, '!', 'columns', 'public.goods', /names 'cost' in exclude/, /say exclude/], "SELECT herald.unwatch('public.goods'); DROP TABLE public.goods"))

  test('a rule of an older version whose event calls the handler of lost connections', () => broken(
    `CREATE TABLE public.goods (id int PRIMARY KEY); SELECT herald.watch('public.goods');
      INSERT INTO herald.rules (target, event, operation, condition) VALUES ('public.goods', 'error', 'insert', 'true')`,
    [0, '!', 'events', 'public.goods', /its rule 'error' has a name that EventSource dispatches itself/, /herald\.unrule/],
    "SELECT herald.unwatch('public.goods'); DROP TABLE public.goods"))

  test('a claim that is taken by its path is no fault, and is named', async () => {
    await stage.cluster.psql(`SELECT herald.stream('/roles', '{notes}', require => '[{"realm_access.roles": ["a"]}, {"https://a.example/b": [1]}]')`)
    const report = await doctor()
    await stage.cluster.psql("SELECT herald.unstream('/roles')")
    assert.deepEqual(report.bad.filter(({ check }) => check === 'claims'), [])
    const [note] = report.checks.filter(({ check, outcome }) => check === 'claims' && outcome === '-')
    assert.match(note.says, /^takes 'realm_access\.roles' of a token by its path/)
    await isWell()
  })

  test('a lock that stops the writers of a watched table', async () => {
    const holder = await stage.cluster.client()
    await holder.query('BEGIN; LOCK TABLE public.notes IN SHARE MODE')
    try {
      let report
      await until(async () => (report = await doctor()).bad.length > 0, { timeout: 60_000, what: 'the line' })
      only(report, 0, '!', 'locks of tables', `pid ${holder.processID}`, /has ShareLock on public\.notes for .* \(test, idle in transaction\)/, /pg_terminate_backend/)
    } finally {
      await holder.query('ROLLBACK')
      await holder.end()
    }
    await isWell()
  })

  test('a table without a primary key is a warning', () => broken("CREATE TABLE public.loose (id int); SELECT herald.watch('public.loose')",
    [0, '!', 'primary keys', 'public.loose', /has none/, /ADD PRIMARY KEY/], "SELECT herald.unwatch('public.loose')"))

  test('a primary key with an excluded column is a warning, and so it is to who watches', async () => {
    await stage.cluster.psql('CREATE TABLE public.people (ssn text, id int, PRIMARY KEY (id, ssn))')
    const watch = async (exclude) => (await stage.cluster.tryPsql(['-c', `SELECT herald.watch('public.people', exclude => '{${exclude}}')`])).stderr
    const stderr = await watch('ssn')
    assert.match(stderr, /^WARNING: +pgherald: the primary key of 'public\.people' is not told, for ssn is excluded\nHINT: .*columns => /)
    assert.equal(await watch(''), '', 'what is not excluded any more is told')
    await watch('ssn')
    await broken('SELECT 1', [0, '!', 'primary keys', 'public.people', /excluded \(ssn\): its events tell no key/, /columns => /],
      "SELECT herald.unwatch('public.people'); DROP TABLE public.people")
  })

  test('a rule that has failed', () => broken("SELECT herald.rule('public.notes', 'share', 'update', NULL, 'to_jsonb(1 / NEW.amount)'); UPDATE public.notes SET amount = 0",
    [1, 'no', 'faults', 'public.notes', /division by zero/, /herald\.capture/],
    "SELECT herald.unwatch('public.notes'); SELECT herald.watch('public.notes', audience => '{owner}')"))

  test('a stream whose topic nobody watches is a warning', () => broken("SELECT herald.stream('/odd', '{odd}')",
    [0, '!', 'streams', '/odd', /no table is watched as topic 'odd'/, /pgherald watch TABLE --topic 'odd'/], "SELECT herald.unstream('/odd')"))

  test('a stream that can show nothing of what it names, or all of it to everybody, is a warning', async () => {
    const own = `match => '{"owner": "claims.sub"}'`
    for (const [definition, says, advice] of [
      [`match => '{"ownr": "claims.sub"}'`, /table public\.notes of topic 'notes' has no audience ownr/, /its match by owner/],
      [`match => '{"owner": "claims.sub", "amount": "params.amount"}'`, /has no audience amount/, /^pgherald watch public\.notes --audience owner,amount$/],
      [`${own}, events => '{note.update}'`, /no table of its topics makes 'note\.update': only herald\.publish/, /notes\.delete, notes\.insert/],
      ['sealed => false', /everybody with a token sees all rows of public\.notes/, /match => '{"owner": "claims\.sub"}'/],
    ])
      await broken(`SELECT herald.stream('/odd', '{notes}', ${definition})`, [0, '!', 'streams', '/odd', says, advice], "SELECT herald.unstream('/odd')")
    await broken("SELECT herald.watch('public.notes', audience => '{}')", [0, '!', 'streams', '/notes', /has no audience owner/, /^pgherald watch public\.notes --audience owner$/],
      "SELECT herald.watch('public.notes', audience => '{owner}')")
  })

  test('who defines such a stream is told at once, and may', async () => {
    const define = async (topic, rest) => (await stage.cluster.tryPsql(['-c', `SELECT herald.stream('/odd', '{${topic}}'${rest})`])).stderr
    assert.match(await define('notes', `, match => '{"ownr": "claims.sub"}'`), /^WARNING: +pgherald: stream '\/odd': table public\.notes .* has no audience ownr.*\nHINT: .*owner/)
    assert.match(await define('notes', `, match => '{"owner": "claims.sub"}', events => '{x}'`), /^WARNING: +pgherald: stream '\/odd': no table of its topics makes 'x'/)
    assert.match(await define('notes', ''), /^NOTICE: +pgherald: stream '\/odd': everybody with a token sees all rows/)
    assert.match(await define('odd', ''), /^NOTICE: +pgherald: stream '\/odd': no table is watched as topic 'odd': only herald\.publish/)
    assert.equal(await define('notes', `, match => '{"owner": "claims.sub"}'`), '')
    await stage.cluster.psql("SELECT herald.unstream('/odd')")
  })

  test('row level security that a stream does not know is a warning, and who watches or defines is told', async () => {
    const tell = async (sql) => (await stage.cluster.tryPsql(['-c', sql])).stderr
    const advice = /pgherald watch public\.secured --audience COLUMN/
    await stage.cluster.psql('CREATE TABLE public.secured (id int PRIMARY KEY, owner text); ALTER TABLE public.secured ENABLE ROW LEVEL SECURITY')
    assert.match(await tell("SELECT herald.watch('public.secured')"), /^NOTICE: +pgherald: the policies of 'public\.secured' do not decide who gets its events\nHINT: .*require and authorize.*\n$/)
    assert.match(await tell("SELECT herald.stream('/odd', '{secured}')"), /^NOTICE: +pgherald: stream '\/odd': everybody with a token sees all rows of public\.secured: .*row level security/)
    await broken('SELECT 1', [0, '!', 'streams', '/odd', /policies of row level security do not decide about events/, advice],
      `SELECT herald.watch('public.secured', audience => '{owner}'); SELECT herald.stream('/odd', '{secured}', match => '{"owner": "claims.sub"}')`)
    await stage.cluster.psql("SELECT herald.unstream('/odd'), herald.unwatch('public.secured'); DROP TABLE public.secured")
  })

  test('who watches a table anew is told which streams have lost it', async () => {
    const watch = async (rest) => (await stage.cluster.tryPsql(['-c', `SELECT herald.watch('public.notes', ${rest})`])).stderr
    assert.match(await watch("audience => '{}'"), /^NOTICE: +pgherald: stream '\/notes': table public\.notes of topic 'notes' has no audience owner.*\nHINT: .*--audience owner\n$/)
    assert.match(await watch("topic => 'other', audience => '{owner}'"), /^NOTICE: +pgherald: stream '\/notes': no table is watched as topic 'notes'/)
    assert.equal(await watch("topic => 'notes'"), '')
    await stage.cluster.psql(`DO $$ BEGIN FOR i IN 1..7 LOOP PERFORM herald.stream('/odd' || i, '{notes}', match => '{"ownr": "=x"}', anonymous => true); END LOOP; END $$`)
    const said = (await watch("topic => 'notes'")).match(/^NOTICE.*$/gm)
    assert.equal(said.length, 6, said.join('\n'))
    assert.match(said[5], /more such streams/)
    await stage.cluster.psql("SELECT herald.unstream('/odd' || i) FROM generate_series(1, 7) i")
  })

  test('functions of streams and actions that are gone', async () => {
    const again = {
      may: ['authorize', '/notes', "CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'"],
      state: ['snapshot', '/notes', "CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$ SELECT '{}'::jsonb $$"],
      act: ['action', 'POST /notes', "CREATE FUNCTION public.act(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$"],
    }
    for (const [name, [kind, place, mend]] of Object.entries(again))
      await broken(`DROP FUNCTION public.${name}`, [1, 'no', 'functions', place, new RegExp(`its ${kind} function public.${name}\\(.*\\) is gone`), /create it again/], mend)
  })

  test('a sealed stream without a key, and all is well with one', async () => {
    await stage.cluster.psql(`SELECT herald.stream('/sealed', '{notes}', match => '{"owner": "claims.sub"}', sealed => true)`)
    only(await doctor(), 1, 'no', 'sealed streams', '/sealed', /no encryption-key/, /encryption-key/)
    const keyed = await doctor({ more: ['--encryption-key', password.repeat(2)] })
    assert.deepEqual([keyed.code, keyed.bad], [0, []])
    await stage.cluster.psql("SELECT herald.unstream('/sealed')")
  })

  test('a prepared transaction that keeps its changes back', async () => {
    await stage.cluster.psql("SELECT herald.wake('never'); BEGIN; INSERT INTO public.notes VALUES (2, 'ann', 1); PREPARE TRANSACTION 'forgotten'")
    const report = await doctor()
    await stage.cluster.psql("ROLLBACK PREPARED 'forgotten'; SELECT herald.wake('adaptive')")
    only(report, 0, '!', 'open writers', 'forgotten', /prepared .* ago by postgres/, /^COMMIT PREPARED 'forgotten', or ROLLBACK PREPARED 'forgotten'$/)
    await isWell()
  })

  test('ticks that nobody has pruned', async () => {
    const few = "SELECT count(*) FROM herald.ticks"
    for (let n = Number(await stage.cluster.psql(few)); n < 4; n++) {
      await stage.cluster.psql('UPDATE public.notes SET amount = amount + 1')
      await until(async () => Number(await stage.cluster.psql(few)) > n, { what: 'one more tick' })
    }
    // The first tick stays young. The daemon prunes each minute, and goes no further than a young
    // tick.
    await broken(`CREATE TABLE public.kept AS SELECT id, at FROM herald.ticks;
      UPDATE herald.ticks SET at = at - interval '26 h' WHERE id > (herald.first_tick()).id AND id < (SELECT max(id) FROM herald.ticks)`,
      [0, '!', 'retention', null, /ticks are older than the retention/, /SELECT herald\.prune\('24:00:00'\)/],
      'UPDATE herald.ticks t SET at = k.at FROM public.kept k WHERE k.id = t.id; DROP TABLE public.kept')
  })

  test('a schema of another version, and none: exit status 4', async () => {
    // In a database of its own. The daemon of the stage looks every 2 s, and would say that it is
    // not ready.
    await stage.cluster.psql('CREATE DATABASE later', { database: 'postgres' })
    await migrate(stage.cluster, { database: 'later' })
    await stage.cluster.psql("INSERT INTO herald.migrations (version, name) VALUES (9999, '9999_later_breaking')", { database: 'later' })
    only(await doctor({ url: stage.cluster.url('later') }), 4, 'no', 'schema', null, /has version 9999, this program needs \d+/, /newer pgherald/)
    await stage.cluster.psql("UPDATE herald.migrations SET name = '9999_later' WHERE version = 9999", { database: 'later' })
    const { stdout } = await run(['doctor', '--database-url', stage.cluster.url('later')])
    assert.match(stdout, /^ok +schema +herald has version 9999, this program \d+, which goes on with it$/m)
    only(await doctor({ url: stage.cluster.url('postgres') }), 4, 'no', 'schema', null, /no schema herald/, /pgherald migrate/)
  })

  test('a role without rights, then with those of serve', async () => {
    await stage.cluster.psql('CREATE ROLE "the daemon" LOGIN')
    const url = stage.cluster.url(undefined, 'the%20daemon')
    const poor = await doctor({ url })
    const rights = poor.bad.find(({ check }) => check === 'rights')
    assert.equal(poor.code, 1)
    assert.match(rights.says, /'the daemon'.*no right on function act, .*schema herald, .*table changes/)
    assert.deepEqual(poor.bad.filter(({ outcome }) => outcome === 'no'), [rights])
    assert.match(rights.do, /: SELECT herald\.grant_daemon\('"the daemon"'\)$/)
    await stage.cluster.psql(rights.do.replace(/^.*?: /, ''))
    const least = await doctor({ url })
    only(least, 0, '?', 'faults', null, /permission denied for view status/, /owner of the schema herald/)
    assert.equal(least.verdict, 'nothing is wrong in what could be seen')
    await stage.cluster.psql('REVOKE EXECUTE ON FUNCTION public.may FROM PUBLIC')
    const { bad } = await doctor({ url })
    const call = bad.find(({ check }) => check === 'functions')
    assert.match(call.says, /role 'the daemon' may not call its authorize function public\.may/)
    await stage.cluster.psql(call.do)
    only(await doctor({ url }), 0, '?', 'faults', null, /permission denied/, /owner/)
  })

  test('a database that is away, and one that does not answer', async (t) => {
    const url = `postgresql://ann:${password}@127.0.0.1:${await freePort()}/app`
    only(await doctor({ url }), 1, 'no', 'database', null, /cannot be reached: .*Connection refused/, /database-url/)
    const mute = createRelay(() => {}).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const ask = async () => {
      const begun = Date.now()
      const report = await doctor({ url: `postgresql://ann:${password}@127.0.0.1:${mute.address().port}/app` })
      only(report, 1, 'no', 'database', null, /has not answered in time/, /database-url/)
      return Date.now() - begun
    }
    const took = await measured(t, ask, (took) => took < 15_000)
    mute.close()
    assert.ok(took < 15_000, `${took} ms`)
  })

  test('another program at the daemon\'s address, and one that hangs', async () => {
    const other = createServer((request, response) => response.end('hello')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    only(await doctor({ port: other.address().port }), 1, 'no', 'daemon', null, /is no pgherald: status 200/, /another listen address/)
    other.close()
    const mute = createRelay(() => {}).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    only(await doctor({ admin: `127.0.0.1:${mute.address().port}` }), 1, 'no', 'readiness', null, /does not answer/, /log/)
    mute.close()
    assert.deepEqual((await doctor({ admin: '' })).bad, [])
  })

  // Stands for a pooler, which gives its client a process number of its own. In transaction mode it
  // keeps notifications from it. It also stands for a server that freezes, which gives no more
  // answers after so many.
  async function pooler({ notifies = true, answers = Infinity }) {
    const relay = createRelay({ noDelay: true }, (near) => {
      let ready = 0
      const far = connect(stage.cluster.port, '127.0.0.1')
      let rest = Buffer.alloc(0)
      near.pipe(far)
      far.on('data', (chunk) => {
        rest = Buffer.concat([rest, chunk])
        while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
          const message = rest.subarray(0, 1 + rest.readUInt32BE(1))
          rest = rest.subarray(message.length)
          if (message[0] === 0x4b) message.writeUInt32BE(1, 5) // BackendKeyData
          if (message[0] === 0x5a) ready++ // ReadyForQuery
          if (ready <= answers && (notifies || message[0] !== 0x41)) near.write(message) // NotificationResponse
        }
      })
      for (const socket of [near, far]) socket.on('error', () => {}).on('close', () => (near.destroy(), far.destroy()))
    }).listen(0, '127.0.0.1')
    await once(relay, 'listening')
    return { url: `postgresql://postgres@127.0.0.1:${relay.address().port}/app?sslmode=disable&gssencmode=disable`, close: () => relay.close() }
  }

  test('a pooler between: a warning; where notifications do not arrive, a fault', async () => {
    const session = await pooler({})
    only(await doctor({ url: session.url }), 0, '!', 'session', null, /a pooler stands between/, /pool_mode = session/)
    session.close()
    const transaction = await pooler({ notifies: false })
    only(await doctor({ url: transaction.url }), 1, 'no', 'session', null, /a pooler in transaction mode/, /pool_mode = session/)
    transaction.close()
  })

  test('a server that freezes in the middle: said once, and the rest is looked at', async (t) => {
    for (const [answers, check] of [[1, 'database'], [7, 'session'], [20]]) {
      const frozen = await pooler({ answers })
      let report
      const ask = async () => {
        const begun = Date.now()
        report = await doctor({ url: frozen.url })
        return Date.now() - begun
      }
      const took = await measured(t, ask, (took) => took < 15_000)
      frozen.close()
      const no = report.bad.filter(({ outcome }) => outcome === 'no')
      assert.deepEqual([report.code, no.length], [1, 1], JSON.stringify(report.bad))
      assert.match(no[0].says, /the connection was lost: .*not answered in time/)
      if (check) assert.equal(no[0].check, check)
      assert.ok(report.checks.some((line) => line.check === 'daemon' && line.outcome === 'ok'))
      assert.ok(took < 15_000, `${took} ms`)
    }
  })

  test('a hot standby has no ticker, and needs none', async () => {
    const standby = await Cluster.standbyOf(stage.cluster)
    try {
      const report = await doctor({ url: standby.url() })
      assert.deepEqual([report.code, report.bad], [0, []])
      assert.match(report.checks.find(({ check }) => check === 'database').says, /a hot standby/)
    } finally {
      await standby.destroy()
    }
  })

  test('too few connections, and more streams than files', async () => {
    const report = await doctor({ more: ['--max-streams', '9999999'] })
    only(report, 0, '!', 'files', null, /max-streams is 9999999/, /LimitNOFILE/)
    const idle = await Promise.all(Array.from({ length: 100 }, () => stage.cluster.client()))
    only(await doctor(), 0, '!', 'connections', null, /\d+ are free; an instance takes 3 to 24/, /max_connections/)
    await Promise.all(idle.map((client) => client.end()))
    await until(async () => (await doctor()).bad.length === 0, { what: 'the connections are free again' })
  })

  test('wrong usage is 2, a wrong configuration 3', async () => {
    assert.equal((await run(['doctor', 'now'])).code, 2)
    const { code, stderr } = await run([...flags(), '--heartbeat', '30'])
    assert.equal(code, 3)
    assert.match(stderr, /heartbeat/)
  })

  test('no daemon: warnings with the command that starts it, also for the ticker, and for what waits', async () => {
    await stage.daemon.stop()
    const left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgherald%'"
    await until(async () => (await stage.cluster.psql(left)) === '0', { what: 'the end of its sessions' })
    await stage.cluster.psql("UPDATE public.notes SET amount = amount + 1; UPDATE herald.ticks SET at = at - interval '1 min' WHERE id = (SELECT max(id) FROM herald.ticks)")
    const { code, bad } = await doctor()
    assert.equal(code, 0)
    assert.deepEqual(bad.map(({ outcome, check }) => `${outcome} ${check}`), ['! ticker', '! committed', '! daemon', '! readiness'])
    for (const line of bad) assert.match(line.do, /pgherald serve|start a daemon/)
    await stage.daemon.start()
    await until(async () => (await doctor()).bad.length === 0, { what: 'all is well again' })
  })
})
