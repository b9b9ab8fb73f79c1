// What only the database can say of a match: the values that a function lists, and values that a
// routing column writes otherwise than the token. Both are asked at the opening, never for an event.
// run: long
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { runMembership } from '../lib/membership.mjs'
import { Random } from '../lib/random.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const guid = '9f1c0d2e-1111-4222-8333-444455556666'
const prepare = (cluster) => cluster.psql(`
  CREATE EXTENSION citext;
  CREATE SCHEMA app;
  CREATE TABLE members (room text, who text, PRIMARY KEY (room, who));
  CREATE TABLE messages (id int PRIMARY KEY, room text, body text);
  CREATE FUNCTION app.my_rooms(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    $$ SELECT room FROM public.members WHERE who = claims ->> 'sub' $$;
  CREATE FUNCTION app.many(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT 'r' || n FROM generate_series(1, (params ->> 'n')::int) n $$;
  SELECT herald.watch('messages', audience => '{room}');
  SELECT herald.stream('/rooms', '{messages}', match => '{"room": "function:app.my_rooms"}', recheck => '{"public.members": "who"}');
  SELECT herald.stream('/many', '{messages}', match => '{"room": "function:app.many"}', anonymous => true);
  SELECT herald.stream('/claims', '{messages}', match => '{"room": "claims.rooms"}');
  CREATE TABLE things (id int PRIMARY KEY, owner uuid, mail citext, price numeric(10, 2), n int);
  SELECT herald.watch('things', audience => '{owner,mail,price,n}');
  SELECT herald.stream('/owner', '{things}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/mail', '{things}', match => '{"mail": "claims.email"}');
  SELECT herald.stream('/price', '{things}', match => '{"price": "claims.price"}');
  SELECT herald.stream('/n', '{things}', match => '{"n": "claims.n"}');`)

describe('what the database says of a match', { skip: missing(), timeout: 180_000 }, () => {
  let stage, cluster, daemon
  before(async () => {
    stage = await openStage({ prepare, daemon: { flags: ['--jwt-leeway', '0s'] } })
    ;({ cluster, daemon } = stage)
  })
  after(() => stage?.close())

  let last = 0
  const write = async (room) => {
    await cluster.psql(`INSERT INTO messages VALUES (${++last}, '${room}')`)
    return last
  }
  const join = (room, who) => cluster.psql(`INSERT INTO members VALUES ('${room}', '${who}')`)
  const leave = (room, who) => cluster.psql(`DELETE FROM members WHERE room = '${room}' AND who = '${who}'`)
  const open = async (path, claims, options = {}) => {
    const stream = await Subscriber.open((options.from ?? daemon).url(path), { token: claims && await token(claims), ...options })
    assert.equal(stream.status, 200)
    await stream.next('connected')
    return stream
  }
  const ids = (stream) => stream.events.map(({ data }) => JSON.parse(data).key.id)
  const reasonOf = async (stream) => JSON.parse((await stream.next('closing')).data).reason

  test('all rooms of a member are one stream, and no other room is in it', async () => {
    await cluster.psql(`INSERT INTO members VALUES ('a', 'ann'), ('b', 'ann'), ('c', 'bob')`)
    const stream = await open('/rooms', { sub: 'ann' })
    const wanted = [await write('a')]
    await write('c')
    wanted.push(await write('b'))
    await until(() => stream.events.length >= 2, { what: 'two messages' })
    await cluster.psql(`SELECT herald.publish('messages', 'end', '{"key": {"id": 0}}', '{"room": "a"}')`)
    await stream.next('end')
    assert.deepEqual(ids(stream), [...wanted, 0])
    await stream.close()
  })

  test('who joins a room or leaves one is told changed, and goes on where the stream ended', async () => {
    const stream = await open('/rooms', { sub: 'eve' }, { reconnect: () => 300 })
    await join('x', 'eve')
    assert.equal(await reasonOf(stream), 'changed')
    const between = await write('x') // while nobody is connected
    await until(() => ids(stream).includes(between), { what: 'the message that was missed' })
    await leave('x', 'eve')
    await until(() => stream.connections.length >= 3 && stream.open, { what: 'the third connection' })
    const after = await write('x')
    await join('y', 'eve')
    await until(() => stream.connections.length >= 4 && stream.open, { what: 'the fourth connection' })
    const last = await write('y')
    await until(() => ids(stream).includes(last), { what: 'a message of the other room' })
    assert.ok(!ids(stream).includes(after), 'of a room that she has left')
    await stream.close()
  })

  test('a change that leaves the rooms as they were ends no stream', async () => {
    await join('z', 'zoe')
    const stream = await open('/rooms', { sub: 'zoe' })
    await cluster.psql(`UPDATE members SET who = who; BEGIN; DELETE FROM members WHERE who = 'zoe'; INSERT INTO members VALUES ('z', 'zoe'); COMMIT; SELECT herald.recheck()`)
    const id = await write('z')
    await until(() => ids(stream).includes(id), { what: 'a message' })
    assert.equal(stream.connections.length, 1)
    await stream.close()
  })

  test('a renewed token goes on with the same rooms, and with other ones ends', async () => {
    await join('z', 'kim')
    const stream = await open('/rooms', { sub: 'kim', exp: seconds() + 20 })
    const { stream: code } = JSON.parse((await stream.next('expiring')).data)
    const renew = async (claims) => (await request(daemon.url('/stream/renew'), { method: 'POST', headers: { Authorization: `Bearer ${await token(claims)}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ stream: code }) })).status
    assert.equal(await renew({ sub: 'kim', exp: seconds() + 600 }), 200)
    const id = await write('z')
    await until(() => ids(stream).includes(id), { what: 'a message' })
    assert.ok(stream.open)
    await stream.close()
  })

  test('among random joins, leaves and messages at two instances everybody sees the messages of the own rooms, each once, and no others', async (t) => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
    t.diagnostic(`seed ${seed}`)
    const report = await runMembership({ stage, daemons: [daemon, await stage.addDaemon({ flags: ['--jwt-leeway', '0s'] })], random: new Random(seed), from: last + 1000 })
    last += 100_000
    t.diagnostic(JSON.stringify(report.figures))
    assert.deepEqual(report.faults.slice(0, 5), [])
    assert.ok(report.figures.changed > 20 && report.figures.seen > 100, 'there was something to see')
  })

  test('up to ten thousand values, and one more is refused, from a function and from a token', async () => {
    const stream = await open('/many?n=10000', null)
    const id = await write('r10000')
    await until(() => ids(stream).includes(id), { what: 'a message of the last room' })
    await stream.close()
    assert.equal((await request(daemon.url('/many?n=10001'))).status, 403)
    await daemon.said(/is not authorized for '\/many': the function failed/)
    await (await open('/many', null)).close() // NULL: no rooms
    const rooms = Array.from({ length: 1500 }, (_, n) => `r${n}`)
    await (await open('/claims', { sub: 'ann', rooms })).close()
  })

  test('several streams in one connection have each its own values', async () => {
    await join('p', 'pat')
    const stream = await open(`/stream/multi?paths=/rooms,/owner`, { sub: 'pat' })
    const id = await write('p')
    await until(() => ids(stream).includes(id), { what: 'a message' })
    await join('q', 'pat')
    assert.equal(await reasonOf(stream), 'changed')
    await stream.close()
  })

  for (const [what, path, claims, insert] of [
    ['a GUID in capitals is a uuid', '/owner', { sub: guid.toUpperCase() }, `owner) VALUES (ID, '${guid}'`],
    ['a GUID in braces', '/owner', { sub: `{${guid}}` }, `owner) VALUES (ID, '${guid}'`],
    ['citext in another case', '/mail', { sub: 'a', email: 'Ann@Example.com' }, `mail) VALUES (ID, 'aNN@example.com'`],
    ['an integer against numeric(10,2)', '/price', { sub: 'a', price: 5 }, 'price) VALUES (ID, 5.00'],
    ['a number with a point against int', '/n', { sub: 'a', n: 7.0 }, 'n) VALUES (ID, 7'],
    ['a text with a zero in front', '/n', { sub: 'a', n: '007' }, 'n) VALUES (ID, 7']
  ]) {
    test(`values compare as the column's type says: ${what}`, async () => {
      const stream = await open(path, claims)
      const id = ++last
      await cluster.psql(`INSERT INTO things (id, ${insert.replace('ID', id)})`)
      await until(() => ids(stream).includes(id), { what: 'the event' })
      await cluster.psql(`UPDATE things SET owner = NULL, mail = NULL, price = NULL, n = NULL WHERE id = ${id}`)
      await stream.next('left')
      await stream.close()
      const again = await open(path, claims, { lastEventId: stream.frames.find(({ name }) => name === 'connected').id })
      await again.next('left')
      assert.ok(ids(again).includes(id), 'it is among the missed ones too')
      await again.close()
    })
  }

  test('what a type would round or cut is another value', async () => {
    const stream = await open('/price', { sub: 'a', price: 4.999 })
    await cluster.psql(`INSERT INTO things (id, price) VALUES (${++last}, 5.00); SELECT herald.publish('things', 'end', '{"key": {"id": 0}}', '{"price": "4.999"}')`)
    await stream.next('end')
    assert.deepEqual(ids(stream), [0])
    await stream.close()
  })

  test('explain says what a function lists, and why a change is seen', async () => {
    await join('e', 'elf')
    const id = await write('e')
    const change = await cluster.psql(`SELECT id FROM herald.changes WHERE topic = 'messages' AND key ->> 'id' = '${id}'`)
    const explain = (...args) => run(['explain', ...args, '--database-url', cluster.url()], { timeout: 30_000 })
    const { stdout, code } = await explain('--stream', '/rooms', '--change', change, '--claims', '{"sub": "elf"}')
    assert.match(stdout, /app\.my_rooms lists 1 value$/m)
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^gets$/m)
    await cluster.psql(`INSERT INTO things (id, owner) VALUES (${++last}, '${guid}')`)
    const typed = await cluster.psql(`SELECT id FROM herald.changes WHERE topic = 'things' ORDER BY id DESC LIMIT 1`)
    const seen = await explain('--stream', '/owner', '--change', typed, '--claims', JSON.stringify({ sub: guid.toUpperCase() }))
    assert.match(seen.stdout, /^gets$/m)
    const unseen = await explain('--stream', '/owner', '--change', typed, '--claims', JSON.stringify({ sub: guid.replace('9', '8') }))
    assert.match(unseen.stdout, /^does not get: match owner/m)
  })

  test('a watch that comes later tells how its columns compare', async () => {
    await cluster.psql(`SELECT herald.stream('/late', '{late}', match => '{"k": "claims.sub"}'); CREATE TABLE late (id int PRIMARY KEY, k text)`)
    await until(() => open('/late', { sub: 'x' }).then((stream) => stream.close().then(() => true), () => false), { what: 'the stream' })
    await cluster.psql(`SELECT herald.watch('late', audience => '{k}'); ALTER TABLE late ALTER k TYPE uuid USING NULL`)
    await until(async () => {
      const stream = await open('/late', { sub: guid.toUpperCase() })
      await cluster.psql(`INSERT INTO late VALUES (${++last}, '${guid}')`)
      const seen = await until(() => ids(stream).includes(last), { timeout: 2000 }).then(() => true, () => false)
      await stream.close()
      return seen
    }, { what: 'the type to be known', timeout: 20_000 })
  })

  test('while the database is away such a stream waits, and one whose values are plain is open', async () => {
    const proxy = await Proxy.open(cluster.port)
    const behind = await stage.addDaemon({ flags: ['--jwt-leeway', '0s'], databaseUrl: cluster.url().replace(`:${cluster.port}/`, `:${proxy.port}/`) })
    await (await open('/owner', { sub: guid }, { from: behind })).close()
    await proxy.close()
    await until(async () => (await behind.status()).json.status === 'degraded', { what: 'the daemon without database' })
    await (await open('/owner', { sub: guid }, { from: behind })).close()
    const waiting = Subscriber.open(behind.url('/owner'), { token: await token({ sub: guid.toUpperCase() }) })
    const first = await Promise.race([waiting.then(() => 'answered'), new Promise((resolve) => setTimeout(resolve, 1000, 'waits'))])
    assert.equal(first, 'waits')
    waiting.then((stream) => stream.close(), () => {})
  })
})
