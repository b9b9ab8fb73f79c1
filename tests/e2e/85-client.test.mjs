// The client package in Node, against the real daemon. Resume, tokens, silence, proxies that hold
// back, and sealed streams.
// run: long, once
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { BufferingProxy } from '../lib/buffering.mjs'
import { Streams } from '../lib/client.mjs'
import { missing } from '../lib/daemon.mjs'
import { encryptionKey } from '../lib/iron.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { pause, until } from '../lib/wait.mjs'

const patience = 30_000
const { opened, open, endAll } = new Streams()
afterEach(endAll)

const numbers = ({ events }) => events.map(({ data }) => data.row.id)
const upTo = (count) => Array.from({ length: count }, (_, n) => n + 1)

describe('the client', { skip: missing(), timeout: 280_000 }, () => {
  let stage, daemon, ann, last = 0
  before(async () => {
    stage = await openStage({
      daemon: { flags: ['--jwt-leeway', '0s', '--heartbeat', '500ms', '--retry', '100ms'], env: { SSE_ENCRYPTION_KEY: encryptionKey } },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        CREATE TABLE ledger (id int PRIMARY KEY, writer int);
        SELECT herald.watch('notes', audience => '{owner}'), herald.watch('ledger');
        CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
          $$ SELECT to_jsonb(l) FROM public.ledger l ORDER BY id $$;
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}'),
               herald.stream('/message', '{notes}', match => '{"owner": "claims.sub"}', format => 'message'),
               herald.stream('/sealed', '{notes}', match => '{"owner": "claims.sub"}', sealed => true),
               herald.stream('/sealed/message', '{notes}', match => '{"owner": "claims.sub"}', sealed => true, format => 'message'),
               herald.stream('/ledger', '{ledger}'), herald.stream('/state', '{ledger}', snapshot => 'public.state');`),
    })
    daemon = stage.daemon
    ann = await token({ sub: 'ann' })
  })
  after(() => stage?.close())

  const write = async (owner = 'ann', count = 1) => {
    const first = last + 1
    last += count
    await stage.cluster.psql(`INSERT INTO notes SELECT n, '${owner}' FROM generate_series(${first}, ${last}) n`)
    return Array.from({ length: count }, (_, n) => first + n)
  }
  const own = (options) => open({ url: daemon.url('/own'), token: ann, ...options })

  test('events arrive with id, name and data; `left`, `bulk` and what the application publishes too', async () => {
    const got = own()
    await got.is('open')
    const [id] = await write()
    await stage.cluster.psql(`UPDATE notes SET owner = 'bob' WHERE id = ${id}; SELECT herald.publish('notes', 'hello', '{"a": 1}', '{"owner": ["ann"]}');
      BEGIN; SELECT herald.mute(); DELETE FROM notes WHERE id = ${id}; COMMIT`)
    await got.has(4)
    assert.deepEqual(got.events.map(({ event }) => event), ['notes.insert', 'left', 'hello', 'bulk'])
    assert.deepEqual(got.events[0].data.row, { id, owner: 'ann' })
    assert.deepEqual(Object.keys(got.events[0]), ['id', 'event', 'data'])
    assert.deepEqual(got.events[1].data, { topic: 'notes', key: { id } })
    assert.equal(got.stream.cursor, got.events[3].id)
    got.stream.close()
    assert.deepEqual(got.states, ['connecting', 'open', 'closed'])
    assert.deepEqual(got.errors, [])
  })

  test('in streams of plain messages the name is found inside', async () => {
    const got = open({ url: daemon.url('/message'), token: ann })
    await got.is('open')
    const [id] = await write()
    await got.has(1)
    assert.deepEqual([got.events[0].event, got.events[0].data.row.id], ['notes.insert', id])
    got.stream.close()
  })

  test('what is committed while the daemon is restarted and killed arrives, all of it, once', async () => {
    const streams = [open({ url: daemon.url('/ledger'), token: ann }), open({ url: daemon.url('/state'), token: ann })]
    for (const it of streams) await it.is('open')
    await until(() => streams[1].events.at(-1)?.event === 'ready', { timeout: patience, what: 'ready' }) // a state that is cut off begins again
    let done = false, count = 0
    const clients = await Promise.all([1, 2, 3, 4].map(() => stage.cluster.client()))
    const writing = Promise.all(clients.map(async (client, writer) => {
      for (; !done; await pause(3)) await client.query('INSERT INTO ledger VALUES ($1, $2)', [++count, writer])
    }))
    for (const end of ['stop', 'kill9', 'stop', 'kill9']) {
      const before = streams[0].events.length
      await streams[0].has(before + 50)
      await daemon[end]()
      await daemon.start()
    }
    await streams[0].has(streams[0].events.length + 50)
    done = true
    await writing
    const [plain, state] = streams
    await until(() => plain.events.length >= count && state.events.filter(({ event }) => event !== 'ready').length >= count, { timeout: patience, what: `${count} events, not ${plain.events.length}` })
    assert.deepEqual(numbers(plain).sort((a, b) => a - b), upTo(count))
    const ids = state.events.filter(({ event }) => event !== 'ready').map(({ event, data }) => (event === 'snapshot' ? data.id : data.row.id))
    assert.deepEqual(ids.sort((a, b) => a - b), upTo(count))
    assert.deepEqual([plain.resets, state.resets], [[], []])
    for (const it of streams) it.stream.close()
  })

  test('a state comes first, then `ready`; who begins elsewhere gets what lies behind', async () => {
    const state = open({ url: daemon.url('/state'), token: ann })
    await until(() => state.events.at(-1)?.event === 'ready', { timeout: patience, what: 'ready' })
    const items = state.events.length - 1
    assert.equal(state.events.at(-1).data.items, items)
    state.stream.close()
    const all = own({ lastEventId: 'earliest' })
    const [id] = await write()
    await until(() => numbers({ events: all.events.filter(({ event }) => event === 'notes.insert') }).includes(id), { timeout: patience, what: id })
    const middle = all.events.at(-2).id
    all.stream.close()
    const behind = own({ lastEventId: middle })
    await behind.has(1)
    assert.deepEqual(behind.events.map(({ id }) => id), [all.events.at(-1).id])
    behind.stream.close()
  })

  test('where nothing can be continued the server\'s reason is told, and the stream goes on', async () => {
    const got = own({ lastEventId: '999999999-1' })
    await got.has(1, got.resets)
    assert.deepEqual(got.resets, ['unknown'])
    const [id] = await write()
    await got.has(1)
    assert.deepEqual(numbers(got), [id])
    got.stream.close()
  })

  describe('tokens', () => {
    test('one that is about to end is renewed in time: the stream goes on, one connection', async () => {
      let asked = 0
      const got = own({ token: async () => token({ sub: 'eve', exp: seconds() + (++asked === 1 ? 8 : 60) }) })
      await got.is('open')
      const end = Date.now() + 8500
      await until(() => Date.now() > end, { timeout: patience, what: 'the former end' })
      const [id] = await write('eve')
      await got.has(1)
      assert.deepEqual([numbers(got), got.states, asked], [[id], ['connecting', 'open'], 2])
      got.stream.close()
    })

    test('one that has ended is replaced by a new one; what came between is not lost', async () => {
      let asked = 0
      const got = own({ token: async () => token({ sub: 'fay', exp: seconds() + (++asked === 1 ? 4 : 60) }), renew: daemon.url('/nowhere') })
      await got.is('open')
      await write('fay', 3)
      await until(() => asked >= 2 && got.states.filter((state) => state === 'open').length === 2, { timeout: patience, what: 'a second connection' })
      await write('fay', 3)
      await got.has(6)
      assert.deepEqual(numbers(got), Array.from({ length: 6 }, (_, n) => last - 5 + n))
      got.stream.close()
    })

    test('one that is refused is asked for anew once; a text is not', async () => {
      const bad = await token({ sub: 'ann', exp: seconds() - 5 })
      const asks = []
      const better = own({ token: (ask) => (asks.push(ask), ask.renew ? ann : bad) })
      await better.is('open')
      assert.deepEqual(asks, [{ renew: false }, { renew: true }])
      better.stream.close()
      for (const [given, times] of [[() => (asks.push(0), bad), 2], [bad, 0]]) {
        asks.length = 0
        const got = own({ token: given })
        await got.is('closed')
        assert.equal(asks.length, times)
        assert.deepEqual(got.errors.map(({ message, status, final }) => [message, status, final]), [['The server refuses the stream: 401 Not authorized, token failed', 401, true]])
      }
    })

    test('one that is revoked closes the stream, and reconnect() begins anew', async () => {
      let name = 'gil'
      const got = own({ token: () => token({ sub: 'gil', jti: name }) })
      await got.is('open')
      await stage.cluster.psql(`SELECT herald.revoke(jti => 'gil')`)
      await got.is('closed')
      assert.equal(got.errors.at(-1).message, 'The right to this stream was revoked')
      name = 'gil2'
      const [id] = await write('gil')
      got.stream.reconnect()
      await got.has(1)
      assert.deepEqual(numbers(got), [id])
      got.stream.close()
    })

    test('one of another subject is not taken', async () => {
      let who = 'hal'
      const got = own({ token: () => token({ sub: who }) })
      await got.is('open')
      who = 'ida'
      got.stream.reconnect()
      await got.is('closed')
      assert.match(got.errors.at(-1).message, /another subject/)
    })

    test('what is not there, or not allowed, closes the stream with the server\'s sentence', async () => {
      const got = open({ url: daemon.url('/nothing'), token: ann })
      await got.is('closed')
      assert.deepEqual(got.errors.map(({ message, final }) => [message, final]), [['The server refuses the stream: 404 There is no such stream', true]])
    })

    test('a ticket opens it: from a function, or from the address that gives them', async () => {
      let asked = 0
      for (const ticket of [daemon.url('/stream/ticket'), '/stream/ticket', async () => {
        asked++
        const answer = await fetch(daemon.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${ann}` } })
        return (await answer.json()).ticket
      }]) {
        const got = own({ ticket })
        await got.is('open')
        got.stream.reconnect() // which needs another ticket
        await until(() => got.states.filter((state) => state === 'open').length === 2, { timeout: patience, what: 'the second' })
        const [id] = await write()
        await got.has(1)
        assert.deepEqual(numbers(got), [id])
        got.stream.close()
      }
      assert.equal(asked, 2)
    })

    test('a function that fails is asked again', async () => {
      let asked = 0
      const got = own({ token: () => { if (++asked < 3) throw new Error('no session'); return ann } })
      await got.is('open')
      assert.deepEqual(got.errors.map(({ message, final }) => [message, final]), Array(2).fill(['The function `token` has failed: no session', false]))
      got.stream.close()
    })
  })

  test('a connection that falls silent is stale, and another one goes on without gap or duplicate', async () => {
    const proxy = await Proxy.open(daemon.port)
    opened.push(proxy)
    const got = own({ url: `http://127.0.0.1:${proxy.port}/own`, staleAfter: 3000 })
    await got.is('open')
    const first = await write()
    await got.has(1)
    proxy.silence()
    const second = await write()
    await until(() => got.states.includes('stale'), { timeout: patience, what: 'stale' })
    await got.is('open')
    await got.has(2)
    const third = await write()
    await got.has(3)
    assert.deepEqual(numbers(got), [...first, ...second, ...third])
    assert.deepEqual(got.states, ['connecting', 'open', 'stale', 'open'])
    got.stream.close()
  })

  test('a proxy that cuts whenever it likes costs nothing', async () => {
    const proxy = await Proxy.open(daemon.port)
    opened.push(proxy)
    const got = own({ url: `http://127.0.0.1:${proxy.port}/own` })
    await got.is('open')
    const all = []
    for (let round = 0; round < 8; round++) {
      all.push(...await write('ann', 20))
      proxy.cut()
      all.push(...await write('ann', 20))
      proxy.mend()
      await got.has(all.length)
    }
    assert.deepEqual(numbers(got), all)
    got.stream.close()
  })

  test('behind a proxy that holds streams back it asks page by page, and streams again when that goes', async () => {
    const proxy = await BufferingProxy.open(daemon.port)
    opened.push(proxy)
    const got = own({ url: proxy.url('/own'), fallback: { after: 2000, again: 4000 } })
    await got.is('open')
    assert.ok(proxy.held >= 2, 'a stream was tried twice')
    const all = await write('ann', 5)
    await got.has(5)
    const asked = proxy.pages
    proxy.passes = true
    await until(async () => {
      all.push(...await write('ann', 2))
      await got.has(all.length)
      return proxy.pages > asked && got.states.filter((state) => state === 'open').length >= 2
    }, { timeout: patience, every: 300, what: 'a stream again' })
    const pages = proxy.pages
    all.push(...await write('ann', 5))
    await got.has(all.length)
    assert.equal(proxy.pages, pages, 'it streams')
    assert.deepEqual(numbers(got), all)
    got.stream.close()
  })

  test('sealed streams are read by their keys, before and behind a rotation', async () => {
    const keys = { default: encryptionKey, k2: 'the-next-encryption-key-of-the-tests-0123' }
    const clear = open({ url: daemon.url('/own'), token: ann })
    const streams = ['/sealed', '/sealed/message'].map((path) => open({ url: daemon.url(path), token: ann, keys }))
    const without = open({ url: daemon.url('/sealed'), token: ann })
    for (const it of [clear, without, ...streams]) await it.is('open')
    await write('ann', 30)
    for (const it of streams) await it.has(30)
    daemon.env.SSE_ENCRYPTION_KEY = keys.k2
    daemon.env.PGHERALD_ENCRYPTION_KEY_ID = 'k2'
    await daemon.stop()
    await daemon.start()
    await write('ann', 30)
    for (const it of [clear, without, ...streams]) {
      await it.has(60)
      assert.deepEqual(it.events.map(({ id }) => id), clear.events.map(({ id }) => id))
    }
    for (const it of streams) {
      assert.deepEqual(it.events.map(({ event }) => event), Array(60).fill('notes.insert'))
      assert.deepEqual(numbers(it), numbers(clear))
      assert.ok(it.events.every(({ sealed, data }) => sealed && Math.abs(data.timestamp - Date.now()) < 120_000))
    }
    assert.ok(without.events.every(({ data, sealed }) => sealed && data.startsWith('Fe26.2*')))
    assert.equal(without.events.at(-1).data.split('*')[1], 'k2')
    for (const it of [clear, without, ...streams]) it.stream.close()
  })
})
