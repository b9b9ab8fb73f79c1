// A part of a stream (`?events=`), and several streams in one connection (`/stream/multi`). Each
// change that any of the streams shows comes once, in the one order. Other changes do not come.
// run: long
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { encryptionKey, unseal } from '../lib/iron.mjs'
import { compareIds, request, Subscriber } from '../lib/sse.mjs'
import { runSeveral } from '../lib/several.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { measured, until } from '../lib/wait.mjs'

const patience = 30_000
const prepare = (cluster) => cluster.psql(`
  CREATE TABLE deals (id int PRIMARY KEY, owner text, store text, n int NOT NULL DEFAULT 0);
  CREATE TABLE cards (id int PRIMARY KEY, lane text);
  CREATE TABLE members (who text PRIMARY KEY, active boolean NOT NULL);
  INSERT INTO members VALUES ('ann', true), ('bob', false);
  CREATE FUNCTION is_member(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT coalesce(params ->> 'events', 'a,b') = 'a,b' AND EXISTS (SELECT FROM public.members WHERE who = claims ->> 'sub' AND active) $$;
  CREATE FUNCTION deals_state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
    $$ SELECT jsonb_build_object('item', n) FROM generate_series(1, 2) n $$;
  SELECT herald.watch('deals', audience => '{owner,store}');
  SELECT herald.watch('cards');
  SELECT herald.rule('cards', 'moved', 'update', data => 'jsonb_build_object(''id'', NEW.id, ''lane'', NEW.lane)');
  SELECT herald.rule('cards', 'made', 'insert', data => 'jsonb_build_object(''id'', NEW.id)');
  SELECT herald.stream('/own', '{deals}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/store', '{deals}', match => '{"store": "params.store"}', require => '{"stores": ["params.store"]}');
  SELECT herald.stream('/stores/:store', '{deals}', match => '{"store": "params.store"}', require => '{"stores": ["params.store"]}');
  SELECT herald.stream('/all', '{deals}', require => '{"role": ["admin"]}');
  SELECT herald.stream('/updates', '{deals}', events => '{deals.update}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/board', '{cards}', format => 'message');
  SELECT herald.stream('/news', '{news}', format => 'message', anonymous => true);
  SELECT herald.stream('/news/named', '{news}', anonymous => true);
  SELECT herald.stream('/tagged', '{tagged}', match => '{"tag": "params.events"}');
  SELECT herald.stream('/club', '{club}', authorize => 'public.is_member', recheck => '{"public.members": "who"}');
  SELECT herald.stream('/second', '{club}', authorize => 'public.is_member', recheck => '{"public.members": "who"}');
  SELECT herald.stream('/state', '{deals}', match => '{"owner": "claims.sub"}', snapshot => 'public.deals_state');
  SELECT herald.stream('/sealed', '{deals}', sealed => true);`)

describe('several streams and parts of one', { skip: missing(), timeout: 180_000 }, () => {
  let stage, cluster, daemon, ann
  before(async () => {
    stage = await openStage({ prepare, daemon: { flags: ['--jwt-leeway', '0s'], env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
    ;({ cluster, daemon } = stage)
    ann = await token({ sub: 'ann', stores: ['north', 'a,/b'], role: 'admin' })
  })
  after(() => stage?.close())

  const opened = []
  const open = async (path, { from = daemon, token: bearer = ann, ...options } = {}) => {
    const stream = await Subscriber.open(from.url(path), { token: bearer, ...options })
    opened.push(stream)
    return stream
  }
  const live = async (path, options) => {
    const stream = await open(path, options)
    assert.equal(stream.status, 200, stream.current.head)
    await stream.when(() => stream.frames.length > 0, patience)
    return stream
  }
  const multi = (paths, rest = '') => `/stream/multi?paths=${paths.map(encodeURIComponent).join(',')}${rest}`
  const answer = async (path, { bearer = ann, method, headers = {} } = {}) =>
    request(daemon.url(path), { method, headers: { ...headers, ...(bearer && { Authorization: `Bearer ${bearer}` }) } })
  const refused = async (path, status, sentence, options) => {
    const got = await answer(path, options)
    assert.equal(got.status, status, `${path}: ${got.text}`)
    assert.deepEqual(got.json, { success: false, errors: [sentence] })
  }
  const publish = (topic, event, audience = {}, data = event) =>
    cluster.psql(`SELECT herald.publish('${topic}', '${event}', '${JSON.stringify(data)}', '${JSON.stringify(audience)}')`)
  let marks = 0
  /**
   * Waits until everything so far has come, and returns the mark that shows it. told() then gives
   * the names in order, each with the id of the row if there is one.
   */
  const upToNow = async (...streams) => {
    const mark = `mark ${++marks}`
    await cluster.psql(`SELECT herald.publish(t, '${mark}', '"${mark}"', '{"owner": "ann", "store": "north"}') FROM unnest('{deals,cards,news,club,tagged}'::text[]) t`)
    for (const stream of streams) await stream.when(() => stream.frames.some(({ data }) => data.includes(`"${mark}"`)), patience, () => `${mark} at ${stream.name}: ${stream.tail()}`)
    return mark
  }
  const idOf = (data) => data.row?.id ?? data.old?.id ?? data.key?.id ?? data.id
  const told = (stream) => stream.frames.filter(({ name, data }) => name !== 'connected' && !data.includes('mark '))
    .map(({ name, data }) => [name.replace('deals.', ''), idOf(JSON.parse(data))].filter((part) => part !== undefined).join(' '))
  const inOrder = (stream) => {
    const ids = stream.frames.filter(({ name }) => name !== 'connected').map(({ id }) => id)
    ids.forEach((id, i) => assert.ok(i === 0 || compareIds(ids[i - 1], id) < 0, `${ids[i - 1]} before ${id}`))
  }
  /**
   * A daemon that was started just now has nothing of before in its log. So all that it is asked
   * for comes from the database.
   */
  const fresh = () => stage.addDaemon({ env: { SSE_ENCRYPTION_KEY: encryptionKey } })
  const stored = async (from) => Number(/^pgherald_replay_pages_total (\d+)/m.exec((await request(from.adminUrl('/metrics'))).text)[1])

  describe('?events=', () => {
    test('only these events come, live, from the log and from the database; control events always do', async () => {
      const [part, whole] = [await live('/own?events=deals.update,deals.delete'), await live('/own')]
      const start = part.frames[0].id
      await cluster.psql(`INSERT INTO deals VALUES (1, 'ann'), (2, 'ann'); UPDATE deals SET n = 1 WHERE id = 1; UPDATE deals SET owner = 'bob' WHERE id = 1;
        DELETE FROM deals WHERE id = 2;`)
      await upToNow(whole)
      await part.when(() => part.frames.some(({ name }) => name === 'deals.delete'), patience)
      const expected = ['update 1', 'left 1', 'delete 2']
      assert.deepEqual(told(part), expected)
      assert.deepEqual(told(whole), ['insert 1', 'insert 2', ...expected])
      const database = await fresh()
      for (const from of [daemon, database]) {
        const again = await live('/own?events=deals.update,deals.delete', { from, lastEventId: start })
        await again.when(() => told(again).length >= 3, patience)
        assert.deepEqual(told(again), expected)
        assert.deepEqual(again.events.map(({ id, data }) => [id, data]), part.events.map(({ id, data }) => [id, data]))
      }
      assert.ok(await stored(database) > 0)
    })

    test('of a stream that has events of its own it takes away, and never adds', async () => {
      const streams = await Promise.all(['/updates?events=deals.insert', '/updates?events=deals.insert,deals.update', '/updates'].map((path) => live(path)))
      await cluster.psql(`INSERT INTO deals VALUES (11, 'ann'); UPDATE deals SET n = 1 WHERE id = 11; UPDATE deals SET owner = 'eve' WHERE id = 11;`)
      for (const stream of streams) await stream.when(() => told(stream).includes('left 11'), patience)
      assert.deepEqual(streams.map(told), [['left 11'], ['update 11', 'left 11'], ['update 11', 'left 11']])
      const from = await fresh()
      const again = await Promise.all(streams.map((stream, i) => live(stream.url.replace(daemon.url(''), ''), { from, lastEventId: streams[i].frames[0].id })))
      for (const stream of again) await stream.when(() => told(stream).includes('left 11'), patience)
      assert.deepEqual(again.map(told), streams.map(told))
    })

    test('it may be repeated, or empty, which is as if it were not there; 32 names at most', async () => {
      const names = (count) => Array.from({ length: count }, (_, i) => `e${i}`)
      const streams = await Promise.all(['events=made&events=moved', 'events=', 'events=,', `events=${names(31)},made`].map((query) => live(`/board?${query}`)))
      await cluster.psql(`INSERT INTO cards VALUES (1, 'a'); UPDATE cards SET lane = 'b' WHERE id = 1;`)
      await publish('cards', 'other')
      await streams[1].when(() => told(streams[1]).length === 3, patience)
      await streams[2].when(() => told(streams[2]).length === 3, patience)
      await streams[0].when(() => told(streams[0]).length === 2, patience)
      await streams[3].when(() => told(streams[3]).length === 1, patience)
      assert.deepEqual(streams.map(told), [['made 1', 'moved 1'], ['made 1', 'moved 1', 'other'], ['made 1', 'moved 1', 'other'], ['made 1']])
      await refused(`/board?events=${names(33)}`, 400, 'The parameter events names more than 32 events')
      await refused(`/board?events=${names(17)}&events=${names(16)}`, 400, 'The parameter events names more than 32 events')
    })

    test('it stays a parameter: for match, and for authorize, where a list that was repeated is one text', async () => {
      const tagged = await live('/tagged?events=x')
      await publish('tagged', 'x', { tag: 'x' })
      await publish('tagged', 'y', { tag: 'x' })
      await publish('tagged', 'x', { tag: 'y' }, 'not for it')
      await publish('tagged', 'x', { tag: 'x' }, 'last')
      await tagged.when(() => tagged.frames.some(({ data }) => data === '"last"'), patience)
      assert.deepEqual(tagged.events.map(({ data }) => data), ['"x"', '"last"'])
      await refused('/club?events=a&events=c', 403, 'Not allowed to open this stream')
      const club = await live('/club?events=a&events=b')
      for (const name of ['c', 'b', 'a']) await publish('club', name)
      await club.when(() => told(club).length === 2, patience)
      assert.deepEqual(told(club), ['b', 'a'])
    })

    test('it survives a ticket, and a snapshot is not narrowed by it', async () => {
      const { json } = await answer('/stream/ticket', { method: 'POST' })
      const stream = await live(`/own?events=deals.insert&events=deals.delete&ticket=${json.ticket}`, { token: undefined })
      const state = await live('/state?events=deals.delete')
      await state.when(() => state.frames.some(({ name }) => name === 'ready'), patience)
      await cluster.psql(`INSERT INTO deals VALUES (21, 'ann'); UPDATE deals SET n = 1 WHERE id = 21; DELETE FROM deals WHERE id = 21;`)
      for (const each of [stream, state]) await each.when(() => told(each).includes('delete 21'), patience)
      assert.deepEqual(told(stream), ['insert 21', 'delete 21'])
      assert.deepEqual(told(state), ['snapshot', 'snapshot', 'ready', 'delete 21'])
    })
  })

  describe('/stream/multi', () => {
    test('two streams: each event framed as its own stream frames it, in one order', async () => {
      const both = await live(multi(['/own', '/board']))
      await cluster.psql(`INSERT INTO deals VALUES (31, 'ann'); INSERT INTO cards VALUES (31, 'a'); UPDATE deals SET n = 1 WHERE id = 31; INSERT INTO deals VALUES (32, 'bob');
        UPDATE cards SET lane = 'b' WHERE id = 31; DELETE FROM deals WHERE id = 31;`)
      await upToNow(both)
      assert.deepEqual(told(both), ['insert 31', 'made 31', 'update 31', 'moved 31', 'delete 31'])
      assert.deepEqual(both.frames.map(({ event }) => event).slice(0, 6), ['connected', 'deals.insert', 'message', 'deals.update', 'message', 'deals.delete'])
      assert.deepEqual(JSON.parse(both.frames[2].data), { type: 'made', id: 31 })
      inOrder(both)
    })

    test('where all are of format message, so is what the server says', async () => {
      const both = await live(multi(['/board', '/news']))
      assert.deepEqual([both.frames[0].event, both.frames[0].data], ['message', '{"type":"connected"}'])
    })

    test('five streams that overlap: each change once, and the same bytes as on its own stream', async () => {
      const paths = ['/own', '/store?store=north', '/all', '/board', '/news']
      const [five, ...single] = await Promise.all([live(multi(paths)), ...paths.map((path) => live(path))])
      await cluster.psql(`INSERT INTO deals SELECT i, CASE WHEN i % 2 = 0 THEN 'ann' END, CASE WHEN i % 3 = 0 THEN 'north' ELSE 'south' END FROM generate_series(101, 160) i;
        UPDATE deals SET owner = CASE WHEN id % 5 = 0 THEN 'ann' ELSE 'bob' END WHERE id BETWEEN 101 AND 160;
        INSERT INTO cards SELECT generate_series(101, 120), 'a'; UPDATE deals SET store = 'north' WHERE id BETWEEN 101 AND 160; DELETE FROM deals WHERE id BETWEEN 101 AND 160`)
      for (let i = 0; i < 5; i++) await publish('news', `n${i}`)
      await upToNow(five, ...single)
      const union = new Map(single.flatMap(({ frames }) => frames).filter(({ name }) => name !== 'connected' && name !== 'left').map((frame) => [frame.id, frame.data]))
      const expected = [...union].sort(([a], [b]) => compareIds(a, b))
      assert.deepEqual(five.frames.slice(1).map(({ id, data }) => [id, data]), expected)
      assert.ok(expected.length > 200 && single[0].frames.some(({ name }) => name === 'left'))
    })

    test('a row has left when no stream of the connection sees it any more', async () => {
      const paths = ['/own', '/store?store=north']
      const both = await live(multi(paths))
      const start = both.frames[0].id
      await cluster.psql(`INSERT INTO deals VALUES (41, 'ann', 'north'), (42, 'ann', NULL), (43, NULL, 'north'), (44, 'ann', 'north');
        UPDATE deals SET owner = 'bob' WHERE id = 41;
        UPDATE deals SET owner = 'bob', store = 'north' WHERE id = 42;
        UPDATE deals SET owner = 'ann', store = 'south' WHERE id = 43;
        UPDATE deals SET owner = NULL, store = NULL WHERE id = 44;
        UPDATE deals SET store = 'south' WHERE id = 41;`)
      await upToNow(both)
      const expected = ['insert 41', 'insert 42', 'insert 43', 'insert 44', 'update 41', 'update 42', 'update 43', 'left 44', 'left 41']
      assert.deepEqual(told(both), expected)
      const database = await live(multi(paths), { from: await fresh(), lastEventId: start })
      await database.when(() => told(database).length >= expected.length, patience)
      assert.deepEqual(told(database), expected)
    })

    test('it resumes at each event of a tick, from the log and from the database', async () => {
      const path = multi(['/own', '/store?store=north', '/board'])
      const whole = await live(path)
      await cluster.psql(`BEGIN; INSERT INTO deals SELECT i, 'ann', CASE WHEN i % 2 = 0 THEN 'north' END FROM generate_series(201, 206) i; INSERT INTO cards VALUES (201, 'a');
        UPDATE deals SET owner = 'bob' WHERE id BETWEEN 201 AND 206; COMMIT`)
      await upToNow(whole)
      const frames = whole.frames.map(({ id, event, data }) => ({ id, event, data }))
      const last = frames.length - 1
      for (const from of [daemon, await fresh()]) {
        await Promise.all(frames.slice(0, -1).map(async ({ id }, i) => {
          const again = await live(path, { from, lastEventId: id })
          await again.when(() => again.frames.length > last - i, patience, () => `${last - i} frames: ${again.tail()}`)
          assert.deepEqual(again.frames.slice(1).map(({ id, event, data }) => ({ id, event, data })), frames.slice(i + 1))
          await again.close()
        }))
      }
    })

    test('sealed beside clear: each in its own form, from the log and from the database', async () => {
      const path = multi(['/sealed', '/news'])
      const live1 = await live(path)
      await cluster.psql(`INSERT INTO deals VALUES (301, 'ann')`)
      await publish('news', 'said', {}, { x: 1 })
      for (const stream of [live1, await live(path, { from: await fresh(), lastEventId: live1.frames[0].id })]) {
        await stream.when(() => stream.frames.length >= 3, patience)
        assert.equal((await unseal(stream.frames[1].data)).row.id, 301)
        assert.deepEqual(stream.frames.slice(1).map(({ event, data }) => [event, data.slice(0, 7)]), [['deals.insert', 'Fe26.2*'], ['message', '{"type"']])
      }
    })

    test('query parameters: a path has its own, those of the request count for all of them', async () => {
      const streams = await Promise.all([
        live(multi(['/own?events=deals.delete', '/stores/north'], '&events=deals.insert')),
        live(multi(['/store'], '&store=north&events=deals.insert&events=deals.delete')),
        live(`/stream/multi?path=${encodeURIComponent('/own?events=deals.insert,deals.delete')}&path=/news`),
        live(`/stream/multi?paths=/own?events=deals.insert,deals.delete,/news`),
        live(multi([`/store?store=${encodeURIComponent('a,/b')}`, '/news'], '&store=north')),
      ])
      await cluster.psql(`INSERT INTO deals VALUES (51, 'ann', 'north'); UPDATE deals SET n = 1 WHERE id = 51; DELETE FROM deals WHERE id = 51; INSERT INTO deals VALUES (52, NULL, 'a,/b')`)
      await streams[4].when(() => told(streams[4]).includes('insert 52'), patience)
      for (const stream of streams.slice(0, 4)) await stream.when(() => told(stream).includes('delete 51'), patience)
      assert.deepEqual(streams.map(told), [['insert 51', 'delete 51'], ['insert 51', 'delete 51'], ['insert 51', 'delete 51'], ['insert 51', 'delete 51'], ['insert 52']])
    })

    test('a path twice is there once, and sixteen are as many as there may be', async () => {
      const stores = (count) => Array.from({ length: count }, (_, i) => `/stores/s${i}`)
      const all = await token({ sub: 'ann', stores: ['north', ...stores(20).map((path) => path.slice(8))] })
      const twice = await live(multi([...stores(15), '/stores/s3', '/own', '/own', '/own?', '/stores/s0']), { token: all })
      await cluster.psql(`INSERT INTO deals VALUES (61, 'ann', 's14'), (62, 'x', 's3'), (63, 'x', 's15')`)
      await upToNow(twice)
      assert.deepEqual(told(twice), ['insert 61', 'insert 62'])
      await refused(multi([...stores(16), '/own']), 400, 'At most 16 streams go into one connection', { bearer: all })
    })

    test('what cannot be one connection is refused with a sentence', async () => {
      await refused('/stream/multi', 400, 'Name the streams, as in /stream/multi?paths=/one,/two')
      await refused('/stream/multi?paths=,', 400, 'Name the streams, as in /stream/multi?paths=/one,/two')
      await refused(multi(['/own', '/state']), 400, '/state begins with a snapshot: it needs a connection of its own')
      await refused(multi(['/news', '/news/named']), 400, '/news and /news/named send the same events in different forms: one of them needs a connection of its own')
      await refused(multi(['/own', '/news', '/sealed']), 400, '/own and /sealed send the same events in different forms: one of them needs a connection of its own')
      await refused(multi(['/own', '/store']), 400, 'The parameter store is missing')
      await refused(multi(['/own'], `&${Array.from({ length: 64 }, (_, i) => `p${i}=1`).join('&')}`), 400, 'The request has too many parameters')
      await refused(multi(['/own', '/none']), 404, 'There is no such stream')
      await refused(multi(['none']), 404, 'There is no such stream')
      await refused(multi(['/stream/multi']), 404, 'There is no such stream')
      for (const path of ['/a%zz', '/a%00', '/stores%2fnorth', '/stores%5Cnorth', '/store?store=%']) await refused(multi([path]), 400, 'A path in paths is not percent-encoded well')
      const { json } = await answer('/stream/ticket', { method: 'POST' })
      for (const path of ['/stream/multi?paths=/own?x=%25ff', '/stream/multi?paths=/stores/%25ff', '/stream/multi?paths=/own&x=%ff', '/own?x=%ff', '/own?%ff=x', '/stores/%ff', '/club?x=%ff',
        `/own?x=%ff&ticket=${json.ticket}`]) await refused(path, 400, 'A parameter is not UTF-8')
      for (const method of ['HEAD', 'POST', 'DELETE']) {
        const { status, headers } = await answer(multi(['/own']), { method })
        assert.deepEqual([status, headers.allow], [405, 'GET, OPTIONS'], method)
      }
    })
  })

  describe('rights of several', () => {
    const bob = () => token({ sub: 'bob', stores: ['south'] })
    const closes = async (stream, reason) => {
      await stream.when(() => stream.frames.some(({ name }) => name === 'closing'), patience, () => `closing: ${stream.tail()}`)
      assert.equal(JSON.parse(stream.frames.at(-1).data).reason, reason)
      await stream.ended(patience)
    }

    test('all of them are needed: a token unless all are anonymous, and every right', async () => {
      await refused(multi(['/own', '/news']), 401, 'Not authorized, token failed', { bearer: null })
      assert.equal((await open(multi(['/news']), { token: undefined })).status, 200)
      await refused(multi(['/own', '/all']), 403, 'Not allowed to open this stream', { bearer: await bob() })
      await refused(multi(['/own', '/stores/south', '/stores/north']), 403, 'Not allowed to open this stream', { bearer: await bob() })
      assert.equal((await open(multi(['/own', '/stores/south', '/news']), { token: await bob() })).status, 200)
    })

    test('the functions of all are asked, also with a ticket', async () => {
      await refused(multi(['/own', '/club']), 403, 'Not allowed to open this stream', { bearer: await bob() })
      await refused(multi(['/club', '/second?events=c']), 403, 'Not allowed to open this stream')
      const { json } = await answer('/stream/ticket', { method: 'POST' })
      const stream = await live(`${multi(['/club', '/own?events=deals.insert', '/second'])}&ticket=${json.ticket}`, { token: undefined })
      await publish('club', 'hello')
      await cluster.psql(`INSERT INTO deals VALUES (71, 'ann'); DELETE FROM deals WHERE id = 71; INSERT INTO deals VALUES (72, 'ann')`)
      await stream.when(() => told(stream).includes('insert 72'), patience)
      assert.deepEqual(told(stream), ['hello', 'insert 71', 'insert 72'])
    })

    test('it ends as a whole when one right does: authorize lapses, the token is revoked, one stream is defined anew', async () => {
      await cluster.psql(`INSERT INTO members VALUES ('eve', true)`)
      const eve = await token({ sub: 'eve', jti: 'eve-1' })
      const lapses = await live(multi(['/own', '/news', '/second']), { token: eve })
      await cluster.psql(`UPDATE members SET active = false WHERE who = 'eve'`)
      await closes(lapses, 'forbidden')
      const revoked = await live(multi(['/own', '/board']), { token: eve })
      await cluster.psql(`SELECT herald.revoke(jti => 'eve-1')`)
      await closes(revoked, 'revoked')
      await cluster.psql(`SELECT herald.stream('/brief/:n', '{brief}')`)
      const open4 = () => Promise.all([multi(['/brief/1', '/brief/2']), multi(['/own', '/brief/1', '/brief/2']), '/brief/1', multi(['/brief/3', '/news'])].map((path) => live(path)))
      const changed = await until(open4, { timeout: patience })
      await cluster.psql(`SELECT herald.stream('/brief/:n', '{brief}', format => 'message')`)
      for (const stream of changed) await closes(stream, 'changed')
    })

    test('it is one stream for the limits and for the status, and ends with its token, unless that is renewed', async () => {
      const from = await stage.addDaemon({ flags: ['--max-streams-per-user', '1', '--jwt-leeway', '0s'] })
      const joe = (exp) => token({ sub: 'joe', stores: ['north'], exp: seconds() + exp })
      const stream = await live(multi(['/own', '/news', '/store'], '&store=north'), { from, token: await joe(10) })
      assert.equal((await from.status()).json.streams, 1)
      assert.equal((await open('/own', { from, token: await joe(60) })).status, 429)
      await stream.when(() => stream.frames.some(({ name }) => name === 'expiring'), patience)
      const code = JSON.parse(stream.frames.at(-1).data).stream
      const renew = async (claims) => (await request(from.url('/stream/renew'), { method: 'POST', body: JSON.stringify({ stream: code }),
        headers: { Authorization: `Bearer ${await token(claims)}`, 'Content-Type': 'application/json' } })).status
      assert.equal(await renew({ sub: 'joe', exp: seconds() + 600 }), 403, 'without the store')
      assert.equal(await renew({ sub: 'joe', stores: ['north'], exp: seconds() + 4 }), 200)
      await cluster.psql(`INSERT INTO deals VALUES (81, 'x', 'north')`)
      await stream.when(() => told(stream).includes('insert 81'), patience)
      await closes(stream, 'expired')
    })
  })

  after(() => Promise.all(opened.map((stream) => stream.close())))
})

// SEED=n repeats one. DURATION is in ms.
test('whatever moves and whoever comes and goes, several streams show what each of them shows, once', { skip: missing(), timeout: 300_000 }, async (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
  let times = 0
  const take = () => runSeveral({ seed, duration: ++times * Number(process.env.DURATION ?? 6000) })
  const wrong = ({ figures, ...faults }) => Object.values(faults).flat().length > 0
  const good = (report) => wrong(report) || lacking(report).length === 0 // a fault counts at once
  const report = await measured(t, take, good, { patience: 0, shown: (report) => `too little of ${lacking(report)}` })
  const { figures, ...faults } = report
  t.diagnostic(`seed ${seed}: ${JSON.stringify(figures)}`)
  const counts = Object.fromEntries(Object.entries(faults).map(([kind, list]) => [kind, list.length]))
  assert.deepEqual(counts, { lost: 0, foreign: 0, duplicated: 0, differing: 0 }, `SEED=${seed}\n${Object.entries(faults).flatMap(([kind, list]) => list.slice(0, 4).map((text) => `${kind}: ${text}`)).join('\n')}`)
  assert.deepEqual(lacking(report), [], `too little happened: ${JSON.stringify(figures)}`)
})

const least = { events: 150, connections: 60, left: 50, kept: 50, pages: 9 }
const lacking = ({ figures }) => Object.keys(least).filter((name) => figures[name] <= least[name])
