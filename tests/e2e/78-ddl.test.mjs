// What no trigger sees: a table that is dropped, swapped, or emptied by a crash. Open streams are
// told to fetch again. When a table of that name is watched again, it goes on in these streams.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { now, until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE public.goods (id int PRIMARY KEY, owner text);
  CREATE UNLOGGED TABLE public.carts (id int PRIMARY KEY);
  SELECT herald.watch('public.goods', audience => '{owner}'), herald.watch('public.carts');
  SELECT herald.stream('/goods', '{goods}', match => '{"owner": "claims.sub"}'), herald.stream('/carts', '{carts}');`)

describe('rows that DDL takes away', { skip: missing(), timeout: 200_000 }, () => {
  let stage
  before(async () => {
    stage = await openStage({ prepare, daemon: { flags: ['--poll-interval', '500'] } })
  })
  after(() => stage?.close())

  const open = async (path, options) => {
    const stream = await stage.daemon.subscribe(path, { token: await token({ sub: 'ann' }), ...options })
    await stream.next('connected')
    return stream
  }
  const told = async (stream) => JSON.parse((await stream.next('bulk')).data)
  const watch = () => run(['watch', 'public.goods', '--database-url', stage.cluster.url()])

  test('a table that is dropped and made anew, then two that swap their names', async () => {
    const { cluster } = stage
    const stream = await open('/goods')
    await cluster.psql('DROP TABLE public.goods; CREATE TABLE public.goods (id int PRIMARY KEY, owner text)')
    assert.deepEqual(await told(stream), { topic: 'goods', reason: 'ddl' })
    const anew = await watch()
    assert.match(anew.stdout, /audience +owner/)
    assert.equal(anew.stderr, '', 'nobody is watched no more')
    await cluster.psql("INSERT INTO public.goods VALUES (1, 'eve'), (2, 'ann')")
    assert.deepEqual(JSON.parse((await stream.next('goods.insert')).data).key, { id: 2 }, 'the watch of before goes on, with its audience')
    await cluster.psql(`CREATE TABLE public.fresh (id int PRIMARY KEY, owner text);
      BEGIN; ALTER TABLE public.goods RENAME TO former; ALTER TABLE public.fresh RENAME TO goods; COMMIT`)
    assert.deepEqual(await told(stream), { topic: 'goods', reason: 'ddl' })
    const again = await watch()
    assert.match(again.stdout, /audience +owner/)
    assert.match(again.stderr, /'public\.goods' takes over the watch and the rules of 'public\.former', which had this name and is watched no more/)
    await cluster.psql("INSERT INTO public.former VALUES (3, 'ann'); INSERT INTO public.goods VALUES (4, 'ann')")
    assert.deepEqual(JSON.parse((await stream.next('goods.insert')).data).key, { id: 4 })
    await stream.close()
  })

  test('an UNLOGGED table that a crash has emptied', async () => {
    const stream = await open('/carts', { reconnect: true })
    await stage.cluster.psql('INSERT INTO public.carts VALUES (1)')
    await stream.next('carts.insert')
    await stage.cluster.kill9()
    await stage.cluster.startServer()
    assert.deepEqual(await told(stream), { topic: 'carts', reason: 'crash' })
    assert.equal(await stage.cluster.psql('SELECT count(*) FROM public.carts'), '0')
    await stream.close()
  })
})

// A deploy alters many tables at once, and event triggers of others make DDL slow. The look that follows
// DDL makes hundreds of functions then. Ticks wait for none of it.
describe('captures that have much to follow', { skip: missing(), timeout: 300_000 }, () => {
  const many = 150
  let stage, stream, number = 0
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        SELECT format('CREATE TABLE public.t%1$s (id int PRIMARY KEY, n int)', g), format('SELECT herald.watch(''public.t%s'')', g) FROM generate_series(1, ${many}) g \\gexec
        CREATE TABLE public.busy (id int PRIMARY KEY, n int); SELECT herald.watch('public.busy'); SELECT herald.stream('/busy', '{busy}');
        INSERT INTO public.busy VALUES (1, 0)`),
      daemon: { flags: ['--poll-interval', '500'] },
    })
    stream = await stage.daemon.subscribe('/busy', { token: await token({ sub: 'ann' }) })
    await stream.next('connected')
  })
  after(async () => {
    await stream?.close()
    await stage?.close()
  })

  const altered = async () => Number(await stage.cluster.psql('SELECT count(*) FROM herald.watches w WHERE herald.is_altered(w)'))
  /** The longest time that a change took while `going` is true, and for ten changes at least. */
  async function longest(going) {
    let most = 0
    for (let times = 0; times < 10 || (await going()); times++) {
      const begun = now()
      await stage.cluster.psql(`UPDATE public.busy SET n = ${++number}`)
      await until(() => stream.events.at(-1)?.data.includes(`"n": ${number}`) || stream.events.at(-1)?.data.includes(`"n":${number}`), { what: `change ${number}` })
      most = Math.max(most, now() - begun)
    }
    return most
  }

  test(`${many} tables that are altered at once: all are followed, and nobody waits for it`, async (t) => {
    await stage.cluster.psql(`SELECT format('ALTER TABLE public.t%s ADD w text', g) FROM generate_series(1, ${many}) g \\gexec`)
    assert.ok((await altered()) > 0)
    const most = await longest(async () => (await altered()) > 0)
    t.diagnostic(`the longest time of a change meanwhile: ${Math.round(most)} ms`)
    assert.ok(most < 5000, `${most} ms`)
    await stage.cluster.psql('INSERT INTO public.t1 VALUES (1, 1)')
    assert.equal(await stage.cluster.psql("SELECT count(*) FROM herald.changes WHERE topic = 't1' AND event = 'bulk'"), '0')
  })

  test('DDL that takes longer than a look may: it is said, ticks go on, and captures follow once it is over', async () => {
    await stage.cluster.psql(`CREATE FUNCTION public.audit() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); END $$;
      ALTER TABLE public.t2 ADD x text; ALTER TABLE public.t3 ADD x text;
      CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION public.audit();`)
    let said = false
    stage.daemon.said(/captures do not follow what DDL has changed, and it is tried again: a session may be in the way, or an event trigger that takes long or fails/).then(() => (said = true))
    assert.ok((await longest(() => !said)) < 5000)
    const doctor = await run(['doctor', '--database-url', stage.cluster.url(), '--listen', `127.0.0.1:${stage.daemon.port}`])
    assert.match(doctor.stdout, /public\.t2.*altered/)
    await stage.cluster.psql('DROP EVENT TRIGGER audit')
    await until(async () => (await altered()) === 0, { what: 'captures to follow' })
  })
})
