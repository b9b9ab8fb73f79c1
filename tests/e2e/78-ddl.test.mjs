// What no trigger sees: a table that is dropped, swapped, or emptied by a crash. Open streams are
// told to fetch again. When a table of that name is watched again, it goes on in these streams.
// run: sanitized
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'

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
