// Rows that are kept by their keys, over a scripted stream and over the real daemon. The tests look
// at what is shown after each kind of event, and at what 20,000 rows cost.
// run: once
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { client, openFlood } from '../lib/client.mjs'
import { missing } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, pause, until } from '../lib/wait.mjs'
import { besideYardstick } from '../lib/yardstick.mjs'

const { rows } = await client('index')
const { scripted } = await client('testing')
const patience = 30_000
const url = 'http://test/my/orders'

const open = []
afterEach(() => open.splice(0).forEach((store) => store.close()))

/** A store with a listener, and how often that was called. */
function keep(options) {
  const errors = []
  const store = rows({ url, key: 'id', spread: 0, backoff: { min: 1, max: 5 }, onError: ({ message }) => errors.push(message), ...options })
  const kept = { store, errors, notes: 0, seen: [] }
  kept.leave = store.subscribe(() => kept.seen.push(store.getSnapshot().rows.length + store.getSnapshot().status, kept.notes++))
  open.push(store)
  kept.shows = (wanted, what = 'rows') => until(() => {
    assert.deepEqual(store.getSnapshot().rows, wanted)
    return true
  }, { timeout: patience, what })
  kept.is = (status) => until(() => store.getSnapshot().status === status, { timeout: patience, what: status })
  return kept
}

const insert = (row) => ({ op: 'insert', table: 'public.orders', key: { id: row.id }, row, old: null, changed: [] })
const update = (row, old, key = { id: row.id }) => ({ op: 'update', table: 'public.orders', key, row, old, changed: Object.keys(old ?? {}) })
const remove = (old) => ({ op: 'delete', table: 'public.orders', key: { id: old.id }, row: null, old, changed: [] })
const a = { id: 1, status: 'new' }, b = { id: 2, status: 'new' }

describe('rows', () => {
  test('a state is shown when it is whole; insert, update, delete and truncate do what they say', async () => {
    const server = scripted({ state: () => [a, b] })
    const { store, shows, is, seen } = keep({ fetch: server.fetch })
    assert.deepEqual(store.getSnapshot(), { rows: [], status: 'loading', state: 'connecting', error: null })
    await is('ready')
    assert.ok(!seen.includes('1ready') && !seen.includes('1loading'), 'never half a state')
    server.event('orders.insert', insert({ id: 3, status: 'new' }))
    server.event('orders.update', update({ id: 1, status: 'paid' }, { status: 'new' }))
    server.event('orders.delete', remove(b))
    await shows([{ id: 1, status: 'paid' }, { id: 3, status: 'new' }])
    assert.equal(store.get(3).status, 'new')
    assert.equal(store.get('3').status, 'new')
    server.event('orders.update', update({ id: 4, status: 'new' }, { id: 3 }))
    await shows([{ id: 1, status: 'paid' }, { id: 4, status: 'new' }], 'another key')
    server.event('orders.truncate', { op: 'truncate', table: 'public.orders', key: null, row: null, old: null, changed: [] })
    await shows([])
  })

  test('a row that is left is gone at once, and no row is called undefined', async () => {
    const server = scripted({ state: () => [a, b] })
    const { store, shows, errors, is } = keep({ fetch: server.fetch })
    await is('ready')
    server.event('left', { topic: 'orders', key: { id: 1 } })
    await shows([b])
    server.event('schema', { topics: ['orders'] })
    server.event('order_paid', { total: 5 })
    server.event('order_paid', { total: 6 })
    server.event('orders.insert', insert(a))
    await shows([b, a])
    assert.equal(store.get('undefined'), undefined)
    assert.deepEqual(errors, ['The event order_paid does not say what it does to rows: name it in `change`'])
  })

  test('after `bulk` the state comes anew, in one step; what the rows were is stale meanwhile', async (t) => {
    t.mock.method(Math, 'random', () => 0.9) // of `spread`
    let state = [a, b]
    const server = scripted({ state: () => state })
    const { shows, is, seen } = keep({ fetch: server.fetch, spread: 300 })
    await is('ready')
    state = [b, { id: 3, status: 'new' }]
    server.event('bulk', { topic: 'orders', reason: 'muted' })
    await is('stale')
    server.event('left', { topic: 'orders', key: { id: 1 } })
    await shows([b], 'what is told meanwhile')
    await is('ready')
    await shows(state)
    assert.equal(server.requests.length, 2)
    assert.equal(server.requests[1].headers['last-event-id'], undefined)
    assert.ok(!seen.slice(seen.indexOf('2ready')).includes('0stale'), 'never empty')
  })

  test('after a reset the rows are those of the new state; a lost connection resumes and loads nothing', async () => {
    let state = [a, b]
    const server = scripted({ state: () => state })
    const { store, shows, is } = keep({ fetch: server.fetch })
    await is('ready')
    server.cut()
    server.event('orders.insert', insert({ id: 3, status: 'new' }))
    await shows([a, b, { id: 3, status: 'new' }])
    state = [b]
    server.cut()
    server.forget()
    await shows([b])
    assert.equal(store.getSnapshot().status, 'ready')
    assert.equal(server.requests.length, 3)
    assert.match(server.requests[1].headers['last-event-id'], /^1-/)
  })

  test('without a state `load` gives the rows, once more after `bulk` and after a reset; events meanwhile count', async () => {
    const server = scripted()
    const asked = []
    const load = (signal) => new Promise((resolve, reject) => asked.push({ resolve, reject, signal }))
    const { shows, is, store } = keep({ fetch: server.fetch, load })
    await until(() => asked.length === 1, { timeout: patience, what: 'the first question' })
    assert.equal(server.open, 1, 'what the list lacks comes as an event')
    server.event('orders.update', update({ id: 1, status: 'paid' }, { status: 'new' }))
    await pause(20)
    asked[0].resolve([a, b])
    await shows([{ id: 1, status: 'paid' }, b])
    server.event('bulk', { topic: 'orders', reason: 'ddl' })
    await until(() => asked.length === 2, { timeout: patience, what: 'the second question' })
    server.event('bulk', { topic: 'orders', reason: 'ddl' })
    await until(() => asked.length === 3, { timeout: patience, what: 'a question behind the last `bulk`' })
    assert.ok(asked[1].signal.aborted)
    asked[1].resolve([a])
    asked[2].resolve([b])
    await shows([b])
    server.cut()
    server.forget()
    await until(() => asked.length === 4, { timeout: patience, what: 'a question after the reset' })
    await is('stale')
    asked[3].resolve([])
    await shows([])
  })

  test('rows that were asked for before a reset are stale, and not ready', async (t) => {
    t.mock.method(Math, 'random', () => 0.9) // of `spread`
    const server = scripted(), asked = []
    const { store, shows, is } = keep({ fetch: server.fetch, spread: 200, load: () => new Promise((resolve) => asked.push(resolve)) })
    const said = []
    store.subscribe(() => said.push(`${store.getSnapshot().status} ${store.getSnapshot().rows[0]?.status}`))
    await until(() => asked.length === 1, { timeout: patience, what: 'the first question' })
    server.forget()
    server.cut()
    await until(() => server.requests.length === 2 && store.getSnapshot().state === 'open', { timeout: patience, what: 'a reset' })
    asked[0]([a])
    await is('stale')
    await until(() => asked.length === 2, { timeout: patience, what: 'the second question' })
    asked[1]([{ id: 1, status: 'paid' }])
    await is('ready')
    await shows([{ id: 1, status: 'paid' }])
    assert.ok(said.includes('stale new') && !said.includes('ready new'), said.join())
  })

  test('a `load` that fails says so, and is tried again', async () => {
    const server = scripted()
    let asked = 0
    const { shows, errors, store } = keep({ fetch: server.fetch, load: async () => { if (++asked === 1) throw new Error('no list'); return [a] } })
    await until(() => store.getSnapshot().error, { timeout: patience, what: 'an error' })
    assert.deepEqual([errors, store.getSnapshot().status], [['The rows cannot be loaded: no list'], 'loading'])
    await shows([a])
    assert.equal(store.getSnapshot().error, null)
  })

  test('without a state and without `load` it says what is missing, and keeps nothing that may be wrong', async () => {
    const server = scripted()
    const { shows, errors, is } = keep({ fetch: server.fetch })
    await is('ready')
    server.event('orders.insert', insert(a))
    await shows([a])
    server.event('bulk', { topic: 'orders', reason: 'muted' })
    await shows([])
    assert.match(errors[0], /give `load`, or the stream a snapshot/)
    server.event('orders.insert', insert(b))
    await shows([b])
  })

  test('data that was too long to be sent means loading again', async () => {
    let state = [a]
    const server = scripted({ state: () => state })
    const { shows, is } = keep({ fetch: server.fetch })
    await is('ready')
    state = [{ id: 1, status: 'x'.repeat(10) }]
    server.event('orders.update', { truncated: true, bytes: 9_000_011 })
    await shows(state)
  })

  test('events of rules do what `change` says; another topic does nothing', async () => {
    const server = scripted({ state: () => [{ row: a }] })
    const { shows, is } = keep({ fetch: server.fetch, topic: 'orders', change: {
      order_created: ({ order }, { put }) => put(order),
      order_paid: ({ order_id }, { merge }) => merge({ id: order_id, status: 'paid' }),
      order_cancelled: ({ order_id }, { remove }) => remove(order_id),
    } })
    await is('ready')
    server.event('order_created', { order: b })
    server.event('order_paid', { order_id: 1 })
    server.event('order_paid', { order_id: 77 })
    server.event('lines.insert', insert({ id: 9 }))
    server.event('bulk', { topic: 'lines', reason: 'muted' })
    await shows([{ id: 1, status: 'paid' }, b])
    server.event('order_cancelled', { order_id: 2 })
    await shows([{ id: 1, status: 'paid' }])
    assert.equal(server.requests.length, 1)
  })

  test('keys of several columns, keys that are another one than the table\'s, and older versions', async () => {
    const lines = scripted({ state: () => [{ order: 1, line: 1, n: 1, id: 'x', at: 5 }, { order: 1, line: 2, n: 1, id: 'y', at: 5 }] })
    const { store, shows, is } = keep({ fetch: lines.fetch, key: ['order', 'line'], version: 'at' })
    await is('ready')
    assert.equal(store.get([1, 2]).id, 'y')
    lines.event('lines.update', { op: 'update', key: { id: 'y' }, row: { order: 1, line: 2, n: 3, id: 'y', at: 4 }, old: { n: 1 }, changed: ['n'] })
    lines.event('lines.update', { op: 'update', key: { id: 'y' }, row: { order: 1, line: 2, n: 2, id: 'y', at: 6 }, old: { n: 3 }, changed: ['n'] })
    lines.event('left', { topic: 'lines', key: { id: 'x' } })
    await shows([{ order: 1, line: 2, n: 2, id: 'y', at: 6 }])
  })

  test('where the key is told only beside the row, one row changes and the others stay; nothing is loaded', async () => {
    const server = scripted({ state: () => [1, 2, 3].map((id) => ({ id, status: 'new' })) })
    const { store, shows, is } = keep({ fetch: server.fetch })
    await is('ready')
    const tell = (op, id, row, old = null) => server.event(`orders.${op}`, { op, table: 'public.orders', key: { id }, row, old, changed: [] })
    tell('delete', 2, null, { status: 'new' }) // columns => '{status}'
    await shows([a, { id: 3, status: 'new' }])
    tell('delete', 3, null, {}) // columns => '{}'
    await shows([a])
    tell('insert', 4, { status: 'new' })
    tell('update', 1, { status: 'paid' }, { status: 'new' })
    await shows([{ id: 1, status: 'paid' }, { id: 4, status: 'new' }])
    tell('insert', 5, {})
    await shows([{ id: 1, status: 'paid' }, { id: 4, status: 'new' }, { id: 5 }])
    assert.equal(store.get(4).id, 4)
    assert.equal(server.requests.length, 1, 'nothing is loaded again')
    const lines = scripted({ state: () => [{ x: 1, y: 1, s: 'a' }, { x: 1, y: 2, s: 'a' }] })
    const two = keep({ fetch: lines.fetch, key: ['x', 'y'] })
    await two.is('ready')
    lines.event('lines.delete', { op: 'delete', key: { x: 1, y: 1 }, row: null, old: { x: 1, s: 'a' }, changed: [] })
    await two.shows([{ x: 1, y: 2, s: 'a' }])
  })

  test('what names no row, or several, removes none: the rows are loaded again', async () => {
    const state = [{ id: 1, status: 'new', code: 'x' }, { id: 2, status: 'new', code: 'y' }]
    for (const key of [{}, { status: 'new' }, { other: 1 }]) {
      const server = scripted({ state: () => state })
      const { store, is } = keep({ fetch: server.fetch })
      await is('ready')
      let fewest = 2
      store.subscribe(() => (fewest = Math.min(fewest, store.getSnapshot().rows.length)))
      server.event('left', { topic: 'orders', key })
      await until(() => server.requests.length === 2 && store.getSnapshot().status === 'ready', { timeout: patience, what: 'another state' })
      assert.deepEqual([fewest, store.getSnapshot().rows], [2, state], JSON.stringify(key))
    }
  })

  test('rows pass a filter and stand in order, however few or many change', async () => {
    let state = []
    const server = scripted({ state: () => state })
    const sort = (a, b) => a.n - b.n, filter = ({ n }) => n % 3 !== 0
    const { store, is } = keep({ fetch: server.fetch, sort, filter })
    await is('ready')
    const all = new Map()
    const wanted = () => [...all.values()].filter(filter).sort(sort)
    let seed = 7
    const random = (most) => (seed = (seed * 48271) % 2147483647) % most
    for (const many of [1, 3, 400, 2, 90, 1]) {
      for (let n = 0; n < many; n++) {
        const id = random(500), known = all.get(id)
        if (known && random(4) === 0) server.event('t.delete', remove(known)), all.delete(id)
        else all.set(id, { id, n: random(1e6) }), server.event('t.insert', insert(all.get(id)))
      }
      await until(() => (assert.deepEqual(store.getSnapshot().rows, wanted()), true), { timeout: patience, what: `${many} changes` })
    }
    store.view({ sort: (a, b) => b.n - a.n })
    assert.deepEqual(store.getSnapshot().rows, [...all.values()].sort((a, b) => b.n - a.n))
  })

  test('rows that `sort` calls equal stand in the order in which they came, also after view()', async () => {
    const server = scripted({ state: () => [] })
    const options = { filter: ({ shown }) => shown, sort: (a, b) => a.n - b.n }
    const { store, is, shows } = keep({ fetch: server.fetch, ...options })
    await is('ready')
    const all = new Map()
    const wanted = () => [...all.values()].filter(options.filter).sort(options.sort)
    let seed = 11
    const random = (most) => (seed = (seed * 48271) % 2147483647) % most
    for (let round = 0; round < 25; round++) {
      for (let n = 0; n < 8; n++) {
        const id = random(12), known = all.get(id)
        if (known && random(3) === 0) server.event('t.delete', remove(known)), all.delete(id)
        else all.set(id, { id, n: random(3), shown: random(2) === 1 }), server.event('t.insert', insert(all.get(id)))
      }
      await shows(wanted(), `round ${round}`)
      store.view(options)
      assert.deepEqual(store.getSnapshot().rows, wanted(), `view() in round ${round}`)
    }
    const mine = [50, 51].map((id) => ({ id, n: 1, shown: true }))
    const made = mine.map((row) => store.optimistic((rows) => rows.put(row), async () => {}))
    const before = store.getSnapshot().rows
    store.view(options)
    assert.deepEqual(store.getSnapshot().rows, before)
    await Promise.all(made)
    for (const row of [...mine].reverse()) server.event('t.insert', insert(row)), all.set(row.id, row)
    await shows(wanted(), 'those that were shown before they were told')
  })

  test('a listener that throws is reported; the others are called, and close() ends', async (t) => {
    const reported = [], before = globalThis.reportError
    globalThis.reportError = ({ message }) => reported.push(message)
    t.after(() => (globalThis.reportError = before))
    const server = scripted({ state: () => [a, b] })
    const { store, is } = keep({ fetch: server.fetch })
    await is('ready')
    let calls = 0
    store.subscribe(() => { throw new Error('mine') })
    store.select(({ rows }) => rows.length).subscribe(() => { throw new Error('selected') })
    store.subscribe(() => calls++)
    server.event('orders.insert', insert({ id: 3, status: 'new' }))
    await until(() => calls === 1, { timeout: patience, what: 'a call' })
    assert.deepEqual(reported, ['mine', 'selected'])
    server.event('orders.update', update({ id: 3, status: 'paid' }, { status: 'new' }))
    await until(() => calls === 2, { timeout: patience, what: 'another call' })
    assert.deepEqual(reported, ['mine', 'selected', 'mine'], 'the selection is the same one')
    store.close()
    assert.equal(calls, 3)
  })

  test('events may have the names of what every object has', async () => {
    const server = scripted({ state: () => [a] })
    const { errors, shows, is } = keep({ fetch: server.fetch, change: { known: () => {} } })
    await is('ready')
    const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty']
    for (const name of names) server.event(name, { x: 1 })
    server.event('valueOf', insert(b))
    await shows([a, b])
    assert.deepEqual(errors, names.map((name) => `The event ${name} does not say what it does to rows: name it in \`change\``))
  })

  test('a selection is told only when it is another one, and unchanged rows stay the same objects', async () => {
    const server = scripted({ state: () => [a, b] })
    const { store, is, shows } = keep({ fetch: server.fetch })
    await is('ready')
    const before = store.getSnapshot().rows[1]
    const paid = store.select(({ rows }) => rows.filter(({ status }) => status === 'paid'))
    let calls = 0
    const leave = paid.subscribe(() => calls++)
    server.event('orders.insert', insert({ id: 3, status: 'new' }))
    await shows([a, b, { id: 3, status: 'new' }])
    assert.deepEqual([calls, paid.getSnapshot()], [0, []])
    server.event('orders.update', update({ id: 3, status: 'paid' }, { status: 'new' }))
    await until(() => calls === 1, { timeout: patience, what: 'a call' })
    assert.deepEqual(paid.getSnapshot(), [{ id: 3, status: 'paid' }])
    assert.equal(store.getSnapshot().rows[1], before)
    leave()
  })

  test('however many events come, there is one notice a frame', async () => {
    const server = scripted({ state: () => [] })
    const kept = keep({ fetch: server.fetch })
    await kept.is('ready')
    kept.notes = 0
    const begun = performance.now()
    for (let n = 0; n < 3000; n++) server.event('t.insert', insert({ id: n }))
    await until(() => kept.store.getSnapshot().rows.length === 3000, { timeout: patience, what: '3,000 rows' })
    const frames = Math.ceil((performance.now() - begun) / 16) + 1
    assert.ok(kept.notes <= frames, `${kept.notes} notices in ${frames} frames`)
  })

  describe('an optimistic change', () => {
    const paid = { id: 1, status: 'paid' }

    test('is shown at once; when it fails the rows are as the server says, with what came meanwhile', async () => {
      const server = scripted({ state: () => [a, b] })
      const { store, shows, is } = keep({ fetch: server.fetch })
      await is('ready')
      let fail
      const made = store.optimistic((rows) => (rows.merge(paid), rows.remove(2), rows.put({ id: 3, status: 'mine' })), () => new Promise((_, reject) => (fail = reject)))
      assert.deepEqual(store.getSnapshot().rows, [paid, { id: 3, status: 'mine' }])
      server.event('orders.insert', insert({ id: 4, status: 'new' }))
      await shows([paid, { id: 4, status: 'new' }, { id: 3, status: 'mine' }])
      fail(new Error('409'))
      await assert.rejects(made, /409/)
      assert.deepEqual(store.getSnapshot().rows, [a, b, { id: 4, status: 'new' }])
    })

    test('goes when the server has told it, before or after the answer, and never flickers back', async () => {
      const server = scripted({ state: () => [a, b] })
      const { store, shows, is } = keep({ fetch: server.fetch })
      await is('ready')
      for (const early of [true, false]) {
        const status = `paid ${early}`
        let answer
        const made = store.optimistic((rows) => rows.merge({ id: 1, status }), () => new Promise((resolve) => (answer = resolve)))
        if (early) server.event('orders.update', update({ id: 1, status, by: 'server' }, { status: 'new' }))
        if (early) await pause(30)
        answer('done')
        assert.equal(await made, 'done')
        assert.equal(store.get(1).status, status)
        if (!early) server.event('orders.update', update({ id: 1, status, by: 'server' }, { status: 'new' }))
        await shows([{ id: 1, status, by: 'server' }, b])
      }
    })

    const ofOne = () => scripted({ state: () => [{ id: 1, a: 0, b: 0 }] })
    const later = () => {
      const calls = {}
      calls.act = () => new Promise((resolve, reject) => Object.assign(calls, { resolve, reject }))
      return calls
    }

    test('that fails takes its own values along, and leaves those of another one of the same row', async () => {
      const server = ofOne(), { store, shows, is } = keep({ fetch: server.fetch }), first = later(), second = later()
      await is('ready')
      const made = [store.optimistic((rows) => rows.merge({ id: 1, a: 1 }), first.act), store.optimistic((rows) => rows.merge({ id: 1, b: 2 }), second.act)]
      assert.deepEqual(store.get(1), { id: 1, a: 1, b: 2 })
      assert.equal(store.get(1), store.get(1), 'the same object')
      first.reject(new Error('no'))
      await assert.rejects(made[0])
      assert.deepEqual(store.getSnapshot().rows, [{ id: 1, a: 0, b: 2 }])
      second.resolve()
      await made[1]
      server.event('t.update', update({ id: 1, a: 7, b: 2 }, { a: 0, b: 0 }))
      server.event('t.update', update({ id: 1, a: 7, b: 3 }, { b: 2 }))
      await shows([{ id: 1, a: 7, b: 3 }], 'nothing of it stays')
    })

    test('lies over what others change in the row, until the server tells its values or the row is gone', async () => {
      const server = ofOne(), { store, shows, is } = keep({ fetch: server.fetch }), mine = later()
      await is('ready')
      const made = store.optimistic((rows) => rows.put({ id: 1, a: 0, b: 2 }), mine.act)
      server.event('t.update', update({ id: 1, a: 5, b: 0 }, { a: 0 }))
      await shows([{ id: 1, a: 5, b: 2 }])
      mine.resolve()
      await made
      server.event('t.update', update({ id: 1, a: 6, b: 0 }, { a: 5 }))
      await shows([{ id: 1, a: 6, b: 2 }], 'the change, which is not told yet')
      server.event('t.update', update({ id: 1, a: 6, b: 2 }, { b: 0 }))
      server.event('t.update', update({ id: 1, a: 6, b: 9 }, { b: 2 }))
      await shows([{ id: 1, a: 6, b: 9 }])
      await store.optimistic((rows) => rows.merge({ id: 1, b: 4 }), async () => {})
      server.event('t.delete', remove({ id: 1, a: 6, b: 9 }))
      await shows([])
      server.event('t.insert', insert({ id: 1, a: 0, b: 0 }))
      await shows([{ id: 1, a: 0, b: 0 }], 'another row of this key')
    })

    test('and back again: the two are told in their order', async () => {
      const server = ofOne(), { store, is } = keep({ fetch: server.fetch })
      await is('ready')
      const shown = []
      store.subscribe(() => shown.push(store.get(1)?.a))
      await store.optimistic((rows) => rows.merge({ id: 1, a: 1 }), async () => {})
      await store.optimistic((rows) => rows.merge({ id: 1, a: 0 }), async () => {})
      for (const change of [{ id: 1, a: 0, b: 1 }, { id: 1, a: 1, b: 1 }, { id: 1, a: 0, b: 1 }]) server.event('t.update', update(change, {})), await pause(40)
      assert.match(shown.join(''), /^1+0+$/, 'it never flickers back')
    })

    test('survives a state that comes anew while it is being made', async () => {
      const server = scripted({ state: () => [a, b] })
      const { store, is } = keep({ fetch: server.fetch })
      await is('ready')
      let fail
      const made = store.optimistic((rows) => rows.merge(paid), () => new Promise((_, reject) => (fail = reject)))
      store.reload()
      await until(() => server.requests.length === 2 && store.getSnapshot().status === 'ready', { timeout: patience, what: 'another state' })
      assert.deepEqual(store.getSnapshot().rows, [paid, b])
      fail(new Error('no'))
      await assert.rejects(made)
      assert.deepEqual(store.getSnapshot().rows, [a, b])
    })
  })

  test('the stream ends when nobody has listened for a while, and goes on where it was', async () => {
    const server = scripted({ state: () => [a] })
    const { store, leave, is, shows } = keep({ fetch: server.fetch, linger: 50 })
    await is('ready')
    leave()
    store.subscribe(() => {})() // as StrictMode and Fast Refresh do
    assert.equal(server.open, 1)
    await until(() => server.open === 0, { timeout: patience, what: 'the end' })
    server.event('orders.insert', insert(b))
    assert.deepEqual(store.getSnapshot().rows, [a], 'the rows stay')
    const again = store.subscribe(() => {})
    await shows([a, b])
    assert.match(server.requests[1].headers['last-event-id'], /^1-/)
    again()
  })
})

/** The longest time in which this process did nothing else, and how long the act took. */
async function timed(act) {
  let longest = 0, last = performance.now(), done = false
  const tick = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!done) setImmediate(tick)
  }
  tick()
  const begun = performance.now()
  await act()
  done = true
  return { ms: Math.round(performance.now() - begun), longest: Math.round(longest) }
}

test('20,000 rows come within a second, and 20,000 changes; no piece of work takes 100 ms', { timeout: 280_000 }, async (t) => {
  const count = 20_000
  const take = () => besideYardstick(async () => {
    const server = await openFlood(count)
    const store = rows({ url: server.url, key: 'id', sort: (a, b) => a.n - b.n })
    let leave
    const state = await timed(async () => {
      leave = store.subscribe(() => {})
      await until(() => store.getSnapshot().status === 'ready', { every: 2, timeout: patience, what: 'the state' })
    })
    assert.equal(store.getSnapshot().rows.length, count)
    const changes = await timed(async () => {
      server.send('go')
      await until(() => store.getSnapshot().rows.at(-1).n === count, { every: 2, timeout: patience, what: 'the changes' })
    })
    leave()
    store.close()
    server.stop()
    return { state, changes }
  })
  const good = ({ state, changes, slow }) => [state, changes].every(({ ms, longest }) => ms < 1000 * slow && longest < 100 * slow)
  const figure = await measured(t, take, good, { shown: JSON.stringify })
  t.diagnostic(`20,000 rows: ${JSON.stringify(figure)}`)
  assert.ok(good(figure), JSON.stringify(figure))
})

describe('rows of the real daemon', { skip: missing(), timeout: 200_000 }, () => {
  let stage
  before(async () => {
    stage = await openStage({ daemon: { flags: ['--retry', '100ms'] }, prepare: (cluster) => cluster.psql(`
      CREATE TABLE orders (id int PRIMARY KEY, owner text, status text);
      SELECT herald.watch('orders', audience => '{owner}');
      CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
        $$ SELECT to_jsonb(o) FROM public.orders o WHERE o.owner = claims ->> 'sub' ORDER BY id $$;
      SELECT herald.stream('/own', '{orders}', match => '{"owner": "claims.sub"}', snapshot => 'public.state'),
             herald.stream('/plain', '{orders}', match => '{"owner": "claims.sub"}');`) })
  })
  after(() => stage?.close())

  test('are those of the table whatever is done to it, with a state and with `load`', async () => {
    const { cluster, daemon } = stage
    const ann = await token({ sub: 'ann' })
    const table = async () => JSON.parse(await cluster.psql(`SELECT coalesce(jsonb_agg(o ORDER BY id), '[]') FROM orders o WHERE owner = 'ann'`))
    await cluster.psql(`INSERT INTO orders SELECT n, 'ann', 'new' FROM generate_series(1, 50) n`)
    const sort = (a, b) => a.id - b.id
    const stores = [keep({ url: daemon.url('/own'), token: ann, sort }), keep({ url: daemon.url('/plain'), token: ann, sort, load: table })]
    for (const { is } of stores) await is('ready')
    const acts = [
      `UPDATE orders SET status = 'paid' WHERE id % 2 = 0`, `DELETE FROM orders WHERE id % 5 = 0`, `UPDATE orders SET id = id + 1000 WHERE id < 4`,
      `UPDATE orders SET owner = 'bob' WHERE id % 3 = 0`, `UPDATE orders SET owner = 'ann' WHERE id % 6 = 0`,
      `BEGIN; SELECT herald.mute(); UPDATE orders SET status = 'muted' WHERE id > 40; DELETE FROM orders WHERE id = 49; COMMIT`,
      'restart', 'TRUNCATE orders', `INSERT INTO orders VALUES (7, 'ann', 'again')`,
    ]
    for (const act of acts) {
      if (act === 'restart') await daemon.stop(), await cluster.psql(`UPDATE orders SET status = 'away' WHERE id < 20`), await daemon.start()
      else await cluster.psql(act)
      const wanted = await table()
      for (const { shows } of stores) await shows(wanted, act)
    }
    for (const { errors } of stores) assert.deepEqual(errors.filter((text) => !/connection was lost|cannot be reached/.test(text)), [])
  })
})
