// A change that the server cannot hand out is told as `bulk` in its place, to its own topic. Here
// it has a character that UTF-8 lacks. Nobody else notices, now or later. The lag shows what is
// committed and not read.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, migrate, missing, run } from '../lib/daemon.mjs'
import { request } from '../lib/sse.mjs'
import { until } from '../lib/wait.mjs'

const database = 'windows'
const metric = async (daemon, name) => Number(new RegExp(`^pgherald_${name} (\\d+)`, 'm').exec((await request(daemon.adminUrl('/metrics'))).text)[1])

describe('a change that cannot be read', { skip: missing(), timeout: 200_000 }, () => {
  let cluster, daemon, second, orders, forms, start
  const psql = (sql) => cluster.psql(sql, { database })
  before(async () => {
    cluster = await Cluster.start()
    await cluster.psql(`CREATE DATABASE ${database} ENCODING 'WIN1252' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`)
    await migrate(cluster, { database })
    await psql(`
      CREATE TABLE forms (id int PRIMARY KEY, body text); CREATE TABLE orders (id int PRIMARY KEY);
      SELECT herald.watch('forms'), herald.watch('orders');
      SELECT herald.stream('/forms', '{forms}', anonymous => true), herald.stream('/orders', '{orders}', anonymous => true)`)
    daemon = await Daemon.start({ cluster, databaseUrl: cluster.url(database) })
    second = await Daemon.start({ cluster, databaseUrl: cluster.url(database) })
    orders = await daemon.subscribe('/orders')
    forms = await second.subscribe('/forms')
    start = (await forms.next('connected')).id
    await orders.next('connected')
  })
  after(async () => {
    await daemon?.destroy()
    await second?.destroy()
    await cluster?.destroy()
  })

  test('is told as bulk, and the changes around it as they are', async () => {
    await psql(`BEGIN; INSERT INTO forms VALUES (1, 'before'); INSERT INTO forms VALUES (2, chr(129)); INSERT INTO orders VALUES (1);
      INSERT INTO forms VALUES (3, 'after'); COMMIT; INSERT INTO orders VALUES (2)`)
    assert.equal(JSON.parse((await orders.next('orders.insert')).data).row.id, 1)
    assert.equal(JSON.parse((await orders.next('orders.insert')).data).row.id, 2)
    await forms.when(() => forms.frames.length === 4)
    assert.deepEqual(forms.frames.slice(1).map(({ name }) => name), ['forms.insert', 'bulk', 'forms.insert'])
    assert.deepEqual(JSON.parse(forms.frames[2].data), { topic: 'forms', reason: 'fault' })
    assert.ok(forms.frames.every(({ id }) => id))
    assert.deepEqual(orders.frames.map(({ name }) => name), ['connected', 'orders.insert', 'orders.insert'])
  })

  test('is counted, logged with its table and transaction, and named by doctor', async () => {
    assert.equal(await metric(daemon, 'unreadable_total') , 1)
    const { json } = await daemon.status()
    assert.equal(json.status, 'ok')
    await until(() => /cannot be read .* was told as 'bulk': topic 'forms' \(table public\.forms\), transaction \d+/.test(daemon.logs() + second.logs()),
      { what: 'a line of the log' })
    const doctor = await run(['doctor'], { env: { PGHERALD_DATABASE_URL: cluster.url(database) } })
    assert.match(doctor.stdout, /unreadable +forms +change [0-9-]+ of transaction \d+ cannot be read, it was told as bulk: .*0x81/)
  })

  for (const noted of [true, false]) {
    test(`is told as bulk to who comes later, ${noted ? 'without another try' : 'also when nobody has noted it'}`, async () => {
      if (!noted) await psql('DELETE FROM herald.unreadable')
      const late = await daemon.subscribe(`/forms?last_event_id=${noted ? start : 'earliest'}`) // the log of this instance does not have that stream's form
      await late.when(() => late.events.length === 2, 60_000, () => `the others: ${late.tail()}`)
      assert.deepEqual(late.frames.slice(1).map(({ name }) => name), ['forms.insert', 'bulk', 'forms.insert'])
      const page = await request(daemon.url('/forms?last_event_id=earliest'), { headers: { Accept: 'application/json' } })
      assert.deepEqual(JSON.parse(page.text).events.map(({ event }) => event), ['forms.insert', 'bulk', 'forms.insert'])
      await late.close()
    })
  }

  test('keeps none of many who come for other things waiting', async () => {
    await psql('DELETE FROM herald.unreadable')
    const many = await Promise.all(Array.from({ length: 8 }, () => daemon.subscribe('/forms?last_event_id=earliest')))
    const others = await Promise.all(Array.from({ length: 8 }, () => daemon.subscribe('/orders?last_event_id=earliest')))
    for (const other of others) await other.when(() => other.events.length === 2)
    for (const one of many) await one.when(() => one.events.length === 2 && one.frames.some(({ name }) => name === 'bulk'))
    for (const stream of [...many, ...others]) await stream.close()
  })

  test('what is committed and not read shows as lag, and ends with it', async () => {
    const blocker = await cluster.client({ database })
    await blocker.query('BEGIN; LOCK TABLE herald.ticks IN SHARE MODE')
    await psql('INSERT INTO orders VALUES (3)')
    await until(async () => (await daemon.status()).json.lag_ms >= 2000, { timeout: 30_000, what: 'a lag of 2 s' })
    await until(async () => (await daemon.status()).json.status === 'degraded' && (await request(daemon.adminUrl('/readyz'))).status === 503,
      { timeout: 60_000, what: 'degraded, and not ready any more' })
    await blocker.query('COMMIT')
    await blocker.end()
    assert.equal(JSON.parse((await orders.next('orders.insert', 60_000)).data).row.id, 3)
    await until(async () => (await daemon.status()).json.lag_ms === 0 && (await request(daemon.adminUrl('/readyz'))).status === 200,
      { timeout: 30_000, what: 'no lag, and ready' })
  })

  test('is noted and logged each, where several come one after the other', async () => {
    await psql(`INSERT INTO forms SELECT n, chr(CASE WHEN n IN (12, 13, 14, 16) THEN 129 ELSE 97 END) FROM generate_series(11, 17) n`)
    const unread = `SELECT count(*) FROM herald.unreadable u JOIN herald.changes c ON c.id = u.change WHERE u.topic = 'forms'
      AND u.xid = (SELECT xid FROM herald.changes WHERE topic = 'forms' ORDER BY id DESC LIMIT 1)`
    await until(async () => await psql(unread) === '4', { timeout: 30_000, what: 'four that are noted' })
    const lines = () => new Set([...(daemon.logs() + second.logs()).matchAll(/change (\S+) cannot be read .* was told as 'bulk': topic 'forms'/g)].map(([, change]) => change))
    await until(() => lines().size === 5, { what: 'a line each, with the one of before' })
  })
})
