// The adapters for Vue, Svelte and TanStack DB, each over a scripted stream. There is no page here.
// run: once
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { createCollection } from '@tanstack/db'
import { client, clientPath } from '../lib/client.mjs'
import { measured, until } from '../lib/wait.mjs'

const require = createRequire(join(clientPath, 'package.json'))
const { createSSRApp, effectScope, h, nextTick, ref } = require('vue')
const { renderToString } = require('@vue/server-renderer')
const { rows } = await client('index')
const { scripted } = await client('testing')
const { useRows } = await client('vue')
const { rowsStore } = await client('svelte')
const { heraldCollection } = await client('tanstack-db')

const patience = 30_000
let ending = new AbortController()
afterEach(() => ending = (ending.abort(), new AbortController())) // a test that fails leaves streams open
const tick = () => new Promise((resolve) => setImmediate(resolve))
const told = (condition, what) => until(condition, { timeout: patience, what })
const closed = (server) => told(() => server.open === 0, 'the end of the stream')
const shows = (read, wanted, what = JSON.stringify(wanted)) => until(() => {
  assert.deepEqual(read(), wanted)
  return true
}, { timeout: patience, what })

const a = { id: 1, n: 1 }, b = { id: 2, n: 2 }, c = { id: 3, n: 3 }
const update = (row, old) => ['t.update', { op: 'update', table: 'public.t', key: { id: row.id }, row, old, changed: Object.keys(old) }]
const insert = (row) => ['t.insert', { op: 'insert', table: 'public.t', key: { id: row.id }, row, old: null, changed: [] }]
const remove = (row) => ['t.delete', { op: 'delete', table: 'public.t', key: { id: row.id }, row: null, old: row, changed: [] }]

/** A server with a state of two rows, and the options of a store of it. */
function serve(more, state = [a, b]) {
  const server = scripted({ state: () => state })
  return { server, options: { url: 'http://test/rows', key: 'id', fetch: server.fetch, spread: 0, linger: 0, signal: ending.signal, ...more } }
}

test('Vue: rows are refs of the component\'s scope, and end with it; others come with another url or filter', async () => {
  const { server, options } = serve()
  const scope = effectScope(), least = ref(0), path = ref('rows')
  const { rows, status, store } = scope.run(() => useRows(() => {
    const from = least.value
    return { ...options, url: path.value && `http://test/${path.value}`, filter: ({ n }) => n >= from }
  }))
  assert.deepEqual([rows.value, status.value], [[], 'loading'])
  await shows(() => [rows.value, status.value], [[a, b], 'ready'])
  assert.equal(rows.value[0], store.value.get(1), 'a row itself, and no proxy of it')
  server.event(...update({ id: 2, n: 20 }, { n: 2 }))
  await shows(() => rows.value, [a, { id: 2, n: 20 }])
  least.value = 10
  await nextTick()
  assert.deepEqual([rows.value, server.requests.length], [[{ id: 2, n: 20 }], 1])
  ;[least.value, path.value] = [0, 'others']
  await shows(() => rows.value, [a, b])
  assert.deepEqual([server.requests.map(({ url }) => url.pathname), server.open], [['/rows', '/others'], 1])
  path.value = ''
  await nextTick()
  assert.deepEqual(rows.value, [])
  path.value = 'rows'
  await shows(() => rows.value, [a, b])
  scope.stop()
  await closed(server)
})

test('Vue: two components show one store, and a server that renders opens no stream', async () => {
  const { server, options } = serve()
  const store = rows(options), scope = effectScope()
  const [one, two] = scope.run(() => [useRows(store), useRows(store)])
  await shows(() => [one.rows.value, two.rows.value], [[a, b], [a, b]])
  assert.equal(server.requests.length, 1)
  scope.stop()
  await closed(server)
  const other = serve()
  const html = await renderToString(createSSRApp({ setup: () => ({ ...useRows(other.options) }), render: (it) => h('p', it.status) }))
  await tick()
  assert.deepEqual([html, other.server.requests.length], ['<p>loading</p>', 0])
})

test('Svelte: a store calls at once and for each change; a server that renders opens no stream', async () => {
  const { server, options } = serve()
  const { subscribe, store } = rowsStore(options), seen = []
  subscribe(({ status }) => seen.push(status))() // as a server does, which leaves at once
  await tick()
  assert.deepEqual([seen, server.requests.length], [['loading'], 0])
  const shown = []
  const leave = subscribe((snapshot) => shown.push(snapshot))
  assert.equal(shown.length, 1)
  await shows(() => shown.at(-1).rows, [a, b])
  server.event(...insert({ id: 3, n: 3 }))
  await shows(() => shown.at(-1).rows.length, 3)
  assert.equal(store.get(3).n, 3)
  const late = []
  const leaveLate = subscribe(({ rows }) => late.push(rows.length))
  assert.deepEqual(late, [3])
  leaveLate()
  leave()
  await closed(server)
  assert.equal(server.requests.length, 1)
})

test('TanStack DB: a collection is ready with the state, takes what comes, and what was loaded again in one step', async (t) => {
  const { server, options } = serve()
  const collection = createCollection({ ...heraldCollection(options), startSync: true })
  const steps = []
  collection.subscribeChanges((changes) => steps.push(changes.map(({ type, key }) => `${type} ${key}`)))
  await collection.preload()
  const kept = () => [...collection.state.values()].map(({ id, n }) => ({ id, n })).sort((a, b) => a.id - b.id)
  assert.deepEqual(kept(), [a, b])
  let last = a, now = b
  /** Three changes at once. A busy machine may draw a frame between them. */
  const changed = async () => {
    const [from, row, other] = [steps.length, { id: 2, n: now.n + 1 }, { id: last.id + 2, n: 3 }]
    server.event(...update(row, { n: now.n }))
    server.event(...remove(last))
    server.event(...insert(other))
    await shows(kept, [row, other])
    const wanted = [`delete ${last.id}`, `insert ${other.id}`, 'update 2'].sort()
    assert.deepEqual(steps.slice(from).flat().sort(), wanted)
    ;[now, last] = [row, other]
    return steps.length - from
  }
  assert.equal(await measured(t, changed, (count) => count === 1), 1, 'one step a frame')
  server.event('left', { topic: 't', key: { id: last.id } })
  await shows(kept, [now])
  const before = steps.length
  server.event('bulk', { topic: 't', reason: 'muted' })
  await shows(kept, [a, b])
  assert.equal(steps.length, before + 1)
  await collection.cleanup()
  await closed(server)
})

test('TanStack DB: begin, write, commit and markReady are called as its contract says, for rows that are other ones', async () => {
  const { server, options } = serve({}, [a, b, c])
  const calls = []
  const note = (name) => (said) => void calls.push(typeof said === 'object' ? `${said.type} ${said.key ?? said.value.id}` : name)
  const lent = Object.fromEntries(['begin', 'write', 'commit', 'markReady'].map((name) => [name, note(name)]))
  const end = heraldCollection(options).sync.sync(lent)
  const next = async (count) => (await told(() => calls.length >= count, `${count} calls, not ${calls}`), calls.splice(0))
  assert.deepEqual(await next(6), ['begin', 'insert 1', 'insert 2', 'insert 3', 'commit', 'markReady'])
  server.event(...update({ id: 2, n: 20 }, { n: 2 }))
  server.event(...remove(a))
  await told(() => calls.includes('delete 1') && calls.at(-1) === 'markReady', 'both changes')
  assert.match(calls.splice(0).join(), /^begin,update 2,(commit,markReady,begin,)?delete 1,commit,markReady$/) // in one frame or in two
  server.event('bulk', { topic: 't', reason: 'muted' }) // the state is loaded again
  await told(() => calls.includes('insert 1'), 'the rows again')
  assert.deepEqual(calls.filter((call) => call.includes(' ')), ['insert 1', 'update 2'])
  end()
  await closed(server)
})

test('TanStack DB: a change is shown until the server has told it, and taken back if it fails', async () => {
  const { server, options } = serve()
  const herald = heraldCollection(options)
  const collection = createCollection({ ...herald, startSync: true, onUpdate: async ({ transaction }) => {
    const [{ key, changes }] = transaction.mutations
    if (changes.n < 0) throw new Error('refused')
    setTimeout(() => server.event(...update({ id: key, n: changes.n }, { n: 1 })), 50)
    await herald.utils.seen(key, (row) => row?.n === changes.n)
  } })
  await collection.preload()
  const { isPersisted } = collection.update(1, (row) => void (row.n = 10))
  const ns = []
  const note = setInterval(() => ns.push(collection.get(1).n), 1)
  assert.equal(collection.get(1).n, 10)
  await isPersisted.promise
  clearInterval(note)
  assert.deepEqual([...new Set(ns)], [10], 'the old row is not shown in between')
  await shows(() => collection.get(1).n, 10)
  const bad = collection.update(1, (row) => void (row.n = -1))
  await assert.rejects(bad.isPersisted.promise, /refused/)
  assert.equal(collection.get(1).n, 10)
  await collection.cleanup()
  await closed(server)
})

test('TanStack DB: a refusal for good is told, and several columns are one key', async () => {
  const { server, options } = serve()
  server.refuse(404, 'There is no such stream')
  const refused = createCollection({ ...heraldCollection(options), startSync: true })
  await assert.rejects(refused.preload(), /404/)
  await refused.cleanup()
  const both = serve({ key: ['id', 'n'] })
  const collection = createCollection({ ...heraldCollection(both.options), startSync: true })
  await collection.preload()
  assert.deepEqual([...collection.state.keys()], ['["1","1"]', '["2","2"]'])
  await collection.cleanup()
})
