// A watched table is altered while a daemon runs. What can be followed is followed within a poll.
// All else is told as `bulk`. There are few of these, and the last one comes after the last change.
// Triggers that other tables brought along tell nobody anything.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const patience = 30_000

describe('a watched table is altered', { skip: missing(), timeout: 200_000 }, () => {
  let stage, daemon, cluster
  before(async () => {
    stage = await openStage({
      daemon: { flags: ['--poll-interval', '500'] },
      prepare: (it) => it.psql(`
        CREATE SCHEMA shop;
        CREATE TABLE orders (id int PRIMARY KEY, code text NOT NULL UNIQUE, owner text);
        CREATE TABLE tags (id int PRIMARY KEY, tag text, n int);
        INSERT INTO orders SELECT i, 'c' || i, 'ann' FROM generate_series(1, 50) i;
        INSERT INTO tags VALUES (1, 'red', 0);
        SELECT herald.watch('orders', audience => '{owner}'), herald.watch('tags', audience => '{tag}');
        SELECT herald.stream('/orders', '{orders}', match => '{"owner": "claims.sub"}'), herald.stream('/tags', '{tags}', match => '{"tag": "params.tag"}', anonymous => true);`),
    })
    ;({ daemon, cluster } = stage)
  })
  after(() => stage?.close())

  const open = async (path) => {
    const stream = await daemon.subscribe(path, { token: await token({ sub: 'ann' }) })
    await stream.next('connected', patience)
    return stream
  }
  const bulks = (stream) => stream.frames.filter(({ name }) => name === 'bulk')

  test('its events are what the contract says, after a look', async () => {
    const stream = await open('/orders')
    for (const [ddl, table, key] of [
      ['ALTER TABLE orders RENAME TO purchases', 'public.purchases', { id: 1 }],
      ['ALTER TABLE purchases SET SCHEMA shop', 'shop.purchases', { id: 1 }],
      ['ALTER TABLE shop.purchases DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (code)', 'shop.purchases', { code: 'c1' }],
    ]) {
      await cluster.psql(ddl)
      await stream.next('schema', patience)
      await cluster.psql("DO $$ BEGIN EXECUTE format('UPDATE %s SET id = -id WHERE code = ''c1''', (SELECT target FROM herald.watches WHERE topic = 'orders')); END $$")
      const event = JSON.parse((await stream.next('orders.update', patience)).data)
      assert.equal(event.table, table)
      assert.deepEqual(Object.keys(event.key), Object.keys(key))
    }
    await stream.close()
  })

  test('a routing column that becomes an array routes by its elements, or is a bulk until it does', async () => {
    const red = await open('/tags?tag=red'), blue = await open('/tags?tag=blue')
    await cluster.psql("ALTER TABLE tags ALTER tag TYPE text[] USING ARRAY[tag, 'blue']; UPDATE tags SET n = 1")
    await red.next(({ name }) => name === 'bulk' || name === 'tags.update', patience)
    await until(async () => await cluster.psql("UPDATE tags SET n = n + 1; SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1") === '{tag=red,tag=blue}',
      { timeout: patience, every: 100, what: 'the elements to route' })
    for (const stream of [red, blue]) await stream.next('tags.update', patience)
    await red.close()
    await blue.close()
  })

  test('many changes that cannot be told are few bulks, the last of them after the last change', async () => {
    const stream = await open('/orders')
    await cluster.psql('ALTER TABLE shop.purchases RENAME owner TO holder')
    const change = (n) => cluster.psql(`UPDATE shop.purchases SET id = id + 1000 WHERE code = 'c${n}'`)
    await change(2)
    await stream.next('bulk', patience)
    const begun = performance.now()
    for (let n = 3; n <= 50; n++) await change(n)
    const seconds = (performance.now() - begun) / 1000
    await until(async () => await cluster.psql('SELECT count(*) FROM herald.untold') === '0', { timeout: patience, what: 'all to be told' })
    await until(() => bulks(stream).length > 1, { timeout: patience, what: 'the last bulk' })
    assert.ok(bulks(stream).length <= 3 + seconds / 5, `${bulks(stream).length} bulks of 49 changes in ${seconds} s`)
    assert.deepEqual(JSON.parse(bulks(stream).at(-1).data), { topic: 'orders', reason: 'fault' })
    await stream.close()
  })

  test('a table that another one\'s triggers were copied to reaches nobody', async () => {
    const stream = await open('/tags?tag=red')
    await cluster.psql(`CREATE SCHEMA tenant; CREATE TABLE tenant.tags (id int PRIMARY KEY, tag text[], n int);
      DO $$ DECLARE ddl text; BEGIN
        FOR ddl IN SELECT replace(pg_get_triggerdef(oid), ' ON public.tags ', ' ON tenant.tags ') FROM pg_trigger WHERE tgrelid = 'public.tags'::regclass LOOP EXECUTE ddl; END LOOP;
      END $$;
      INSERT INTO tenant.tags VALUES (7, '{red}', 666); UPDATE tenant.tags SET n = 667; DELETE FROM tenant.tags; TRUNCATE tenant.tags;
      UPDATE public.tags SET n = -1`)
    await stream.next(({ name, data }) => name === 'tags.update' && JSON.parse(data).row.n === -1, patience)
    assert.deepEqual(stream.frames.slice(1).map(({ name }) => name), ['tags.update'])
    await stream.close()
  })
})
