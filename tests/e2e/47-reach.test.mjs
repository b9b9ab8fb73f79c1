// An event with more routing keys than are kept in memory. A client that is there and named gets
// it. A client that comes later gets it from the database. Nobody else notices anything.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { encryptionKey } from '../lib/iron.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { pause } from '../lib/wait.mjs'

const keys = 70_000

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE posts (id int PRIMARY KEY, readers text[], n int);
  SELECT herald.watch('posts', audience => '{readers}', exclude => '{readers}');
  CREATE TABLE others (id int PRIMARY KEY);
  SELECT herald.watch('others');
  SELECT herald.stream('/posts', '{posts}', match => '{"readers": "claims.sub"}');
  SELECT herald.stream('/others', '{others}', anonymous => true);`)

test('an event of 70,000 routing keys', { skip: missing(), timeout: 120_000 }, async () => {
  const stage = await openStage({ prepare })
  try {
    const { cluster, daemon } = stage
    const open = async (path, sub, more = {}) => {
      const stream = await daemon.subscribe(path, { ...(sub && { token: await token({ sub }) }), ...more })
      await stream.next('connected')
      return stream
    }
    const first = await open('/posts', 'user-77')
    const last = await open('/posts', `user-${keys}`)
    const stranger = await open('/posts', 'stranger')
    const other = await open('/others')
    const start = first.lastEventId
    await cluster.psql(`INSERT INTO posts SELECT 1, array_agg('user-' || i), 0 FROM generate_series(1, ${keys}) i`)
    await cluster.psql(`UPDATE posts SET readers = array_remove(readers, 'user-77'); INSERT INTO others VALUES (1)`)
    await cluster.psql(`INSERT INTO posts VALUES (2, '{stranger,user-77}', 0)`)
    await first.when(() => first.events.length === 2)
    assert.deepEqual(first.frames.map(({ name }) => name), ['connected', 'posts.insert', 'left', 'posts.insert'])
    await last.when(() => last.events.length === 2)
    assert.deepEqual(last.frames.map(({ name }) => name), ['connected', 'posts.insert', 'posts.update'])
    await other.next('others.insert')
    await stranger.next('posts.insert')
    for (const stream of [other, stranger]) {
      assert.equal(stream.frames.length, 2, stream.tail())
      assert.ok(stream.open)
    }
    for (const sub of ['user-77', 'user-5', `user-${keys}`]) {
      const late = await open('/posts', sub, { lastEventId: start })
      await late.when(() => late.frames.length > (sub === 'user-77' ? 3 : 2))
      assert.deepEqual(late.frames.slice(1).map(({ name }) => name), sub === 'user-77' ? ['posts.insert', 'left', 'posts.insert'] : ['posts.insert', 'posts.update'])
      await late.close()
    }
    await cluster.psql(`INSERT INTO posts SELECT 3, array_agg('another-user-' || i), 0 FROM generate_series(1, 300000) i`)
    assert.deepEqual(JSON.parse((await stranger.next('bulk')).data), { topic: 'posts', reason: 'fault' }, 'keys of more than 4 MB are a fault of their table')
    for (const stream of [first, last, stranger, other]) await stream.close()
  } finally {
    await stage.close()
  }
})

test('values that would make billions of keys, or gigabytes of them, stop nobody', { skip: missing(), timeout: 120_000 }, async () => {
  const stage = await openStage({ prepare: (cluster) => cluster.psql(`
    CREATE TABLE posts (id int PRIMARY KEY, readers text[], tags text[], tenant text);
    SELECT herald.watch('posts', audience => '{readers,tags,tenant}', exclude => '{readers,tags,tenant}');
    CREATE TABLE others (id int PRIMARY KEY);
    SELECT herald.watch('others');
    SELECT herald.stream('/two', '{posts}', match => '{"readers": "claims.sub", "tenant": "=a"}');
    SELECT herald.stream('/three', '{posts}', match => '{"readers": "claims.sub", "tags": "=red", "tenant": "=a"}');
    SELECT herald.stream('/tagged', '{posts}', match => '{"tags": "=red"}');
    SELECT herald.stream('/others', '{others}', anonymous => true);`) })
  try {
    const { cluster, daemon } = stage
    const streams = {}
    for (const path of ['/two', '/three', '/tagged', '/others']) {
      streams[path] = await daemon.subscribe(path, path === '/others' ? {} : { token: await token({ sub: 'user-7' }) })
      await streams[path].next('connected')
    }
    const users = 'array_agg(\'user-\' || i)'
    await cluster.psql(`INSERT INTO posts SELECT 1, ${users}, array_agg('tag-' || i) || 'red'::text, NULL FROM generate_series(1, 60000) i`)
    await cluster.psql(`INSERT INTO posts SELECT 2, ${users}, '{red}', repeat('x', 3500000) FROM generate_series(1, 1000) i`)
    await cluster.psql(`INSERT INTO posts SELECT 3, ${users}, array_agg('tag-' || i) || 'red'::text, 'a' FROM generate_series(1, 60000) i`)
    await cluster.psql('INSERT INTO others VALUES (1)')
    await streams['/others'].next('others.insert')
    const ids = (path) => streams[path].frames.slice(1).map(({ data }) => JSON.parse(data).row?.id)
    await streams['/tagged'].when(() => ids('/tagged').length === 3)
    await streams['/two'].when(() => ids('/two').length === 1)
    await streams['/three'].when(() => ids('/three').length === 1)
    assert.deepEqual(['/tagged', '/two', '/three'].map(ids), [[1, 2, 3], [3], [3]])
    for (const stream of Object.values(streams)) await stream.close()
  } finally {
    await stage.close()
  }
})

test('an event with more routing keys than fit into the log closes its streams, which come back for it, and the log says why', { skip: missing(), timeout: 120_000 }, async () => {
  const stage = await openStage({
    daemon: { flags: ['--log-size', '1MB', '--encryption-key', encryptionKey] },
    prepare: (cluster) => cluster.psql(`
      CREATE TABLE posts (id int PRIMARY KEY, readers text[]);
      SELECT herald.watch('posts', audience => '{readers}', exclude => '{readers}');
      SELECT herald.stream('/posts', '{posts}', match => '{"readers": "claims.box"}', sealed => true);`)
  })
  try {
    const { cluster, daemon } = stage
    const streams = []
    for (let i = 0; i < 40; i++) { // an eighth of 1 MB holds less than their keys
      streams.push(await daemon.subscribe('/posts', { token: await token({ sub: `user-${i}`, box: `${i}-${'x'.repeat(4000)}` }), reconnect: true }))
      await streams[i].next('connected')
    }
    await cluster.psql(`INSERT INTO posts SELECT 1, array_agg(i || '-' || repeat('x', 4000)) FROM generate_series(0, 39) i`)
    for (const stream of streams) {
      assert.equal(JSON.parse((await stream.next('closing')).data).reason, 'fault')
      await stream.next('posts.insert')
    }
    await daemon.said(/has more routing keys than fit into the log/)
    assert.equal(daemon.log.split('has more routing keys than fit into the log').length, 2)
    assert.ok(!daemon.log.includes('cannot be sealed'))
    for (const stream of streams) await stream.close()
  } finally {
    await stage.close()
  }
})

test('a crowd that comes back while events of 1,100 routing keys go on asks the database once each', { skip: missing(), timeout: 120_000 }, async () => {
  const stage = await openStage({ prepare })
  try {
    const { cluster, daemon } = stage
    const open = async (n, lastEventId) => daemon.subscribe('/posts', { token: await token({ sub: `user-${n}` }), lastEventId })
    const pages = async () => Number(/^pgherald_replay_pages_total (\d+)/m.exec((await request(daemon.adminUrl('/metrics'))).text)[1])
    const witness = await open(1)
    const start = (await witness.next('connected')).id
    await cluster.psql(`INSERT INTO posts SELECT 1, array_agg('user-' || i), 0 FROM generate_series(1, 1100) i`)
    await witness.next('posts.insert')
    const writer = await cluster.client()
    let coming = true, written = 0
    const writes = (async () => {
      for (; coming || written < 50; written++) {
        await writer.query('UPDATE posts SET n = n + 1')
        await witness.when(() => witness.events.length > written + 1)
        await pause(10) // what the crowd has missed fits into a page
      }
    })()
    const asked = await pages()
    const crowd = await Promise.all(Array.from({ length: 100 }, (_, n) => open(n + 2, start)))
    writes.catch(() => {})
    await Promise.all(crowd.map((one) => one.when(() => one.events.length > 1, 60_000, () => one.tail())))
    coming = false
    await writes
    const numbers = (stream) => stream.events.map(({ data }) => JSON.parse(data).row.n)
    for (const one of [witness, ...crowd]) {
      await one.when(() => one.events.length > written, 60_000, () => one.tail())
      assert.deepEqual(numbers(one), Array.from({ length: written + 1 }, (_, n) => n))
    }
    assert.equal(await pages() - asked, crowd.length)
    for (const one of [witness, ...crowd]) await one.close()
  } finally {
    await stage.close()
  }
})
