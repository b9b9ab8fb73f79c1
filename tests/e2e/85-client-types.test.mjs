// The types of the client package together with what `pgherald types` prints, under `tsc --strict`.
// The oldest TypeScript that is promised and the newest one compile the same list.
// run: once
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { clientPath } from '../lib/client.mjs'
import { missing, run as runProgram } from '../lib/daemon.mjs'
import { removeDirectory, run, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'

const compilers = { '5.4': 'typescript-oldest', 5.9: 'typescript', newest: 'typescript-newest' }
const require = createRequire(import.meta.url)
const binary = (name) => join(require.resolve(`${name}/package.json`), '../bin/tsc')

const must = `
const url = '/my/orders'
let total = 0

// what must compile
connect<Streams, '/my/orders'>({ url, onEvent: (e) => { if (e.event === 'order_paid') total += e.data.total; e.id.length } })
connect<Streams, '/my/orders'>({ url, on: { order_paid: (data, { id }) => { total += data.total; id.length }, left: ({ topic, key }) => { topic.length; key?.['id'] } } })
connect<Streams, '/my/orders'>({ url }).on('order_paid', (data) => { total += data.total })
connect<Streams, '/my/orders'>({ url, onControl: (e) => { if (e.event === 'bulk') e.data.reason === 'muted'; if (e.event === 'ready') e.data.items.toFixed() } }).on('ready', ({ items }) => items.toFixed())
connect<Streams, '/my/lines' | '/my/orders'>({ url: '/stream/multi', paths: ['/my/lines', '/my/orders'], on: { order_paid: ({ total }) => total.toFixed(), 'lines.insert': ({ row }) => row.total.slice(1) } })
const take = (e: MyOrdersEvent) => { if (e.event === 'order_paid') total += e.data.total }
connect({ url, onEvent: take })
connect({ url, onEvent: ({ event, data, sealed }) => { event.slice(1); data.anything.goes; sealed === true } })
connect({ url, onEvent: ({ data }: StreamEvent<{ n: number }>) => data.n.toFixed() })
connect({ url, on: { anything: (data) => data.whatever } })
connect({ url, headers: async ({ renew }) => ({ 'X-Try': String(renew) }), fetch, signal: new AbortController().signal, debug: true, parse: exact })
const all = async () => { for await (const e of connect<Streams, '/my/orders'>({ url })) if (e.event === 'order_paid') total += e.data.total }
const sum = () => useEvents<Streams, '/my/orders', number>({ url }, (n, e) => (e.event === 'order_paid' ? n + e.data.total : n), 0).value.toFixed()
const sum2 = () => useEvents({ url }, (n: number, e: MyOrdersEvent) => (e.event === 'order_paid' ? n + e.data.total : n), 0).value.toFixed()
const stream = () => useStream<Streams, '/my/orders'>({ url, on: { order_paid: ({ total }) => total.toFixed() } }).state
const store: Rows<RowPublicLines> = rows<Streams, '/my/lines'>({ url, key: 'id', sort: (a, b) => (a.total < b.total ? -1 : 1), filter: ({ user_id }) => user_id !== '' })
const text: string = store.get(1)!.total
const list = () => useRows<Streams, '/my/lines'>({ url, key: 'id' }).rows.map(({ total }) => total.slice(1))
const part = () => useRows(store, ({ rows }) => rows.length).toFixed()
const loose = () => useRows({ url, key: 'id' }).rows[0]!['anything']
const own = rows<{ id: number; paid: boolean }>({ url, key: ['id'], version: 'id', change: { order_paid: ({ id }, { merge }) => merge({ id, paid: true }) } })
own.optimistic((rows) => rows.merge({ id: 1, paid: true }), async () => 1).then((n) => n.toFixed())
const typedChange = rows<Streams, '/my/orders', { id: number; total: number }>({ url, key: 'id', change: { order_paid: (data, { put }) => put(data) } })
const inVue = () => useVueRows<Streams, '/my/lines'>(() => ({ url, key: 'id', filter: ({ total }) => total !== '' })).rows.value[0]!.total.slice(1)
const inVue2 = () => useVueRows(store).status.value === 'ready'
const inSvelte: RowsStore<RowPublicLines> = rowsStore<Streams, '/my/lines'>({ url, key: 'id' })
const inTanStack = heraldCollection<Streams, '/my/lines'>({ url, key: 'id' })
inTanStack.utils.seen(1, (row) => row?.total === '1').then(() => inTanStack.getKey({ ...store.get(1)! }))
const closed = (e: MyOrdersControl) => (e.event === 'closing' ? e.data.reason : '')

// what must not compile
// @ts-expect-error: a misspelt event
connect<Streams, '/my/orders'>({ url, onEvent: (e) => { if (e.event === 'order_payed') total++ } })
// @ts-expect-error: a misspelt member
connect<Streams, '/my/orders'>({ url, onEvent: (e) => { if (e.event === 'order_paid') total += e.data.totall } })
// @ts-expect-error: a misspelt name in on
connect<Streams, '/my/orders'>({ url, on: { order_payed: () => {} } })
// @ts-expect-error: a misspelt name for on()
connect<Streams, '/my/orders'>({ url }).on('order_payed', () => {})
// @ts-expect-error: a misspelt member for on()
connect<Streams, '/my/orders'>({ url }).on('order_paid', (data) => data.totall)
// @ts-expect-error: a path that is no stream
connect<Streams, '/my/order'>({ url })
// @ts-expect-error: an event of another stream
connect<Streams, '/my/orders'>({ url }).on('lines.insert', () => {})
// @ts-expect-error: a control event is not in the union
const control: MyOrdersEvent = { event: 'left', data: { topic: 'orders', key: null } }
// @ts-expect-error: nor is one that never comes to onEvent
connect<Streams, '/my/orders'>({ url, onEvent: (e) => e.event === 'closing' })
// @ts-expect-error: nor one that onControl gets
connect<Streams, '/my/orders'>({ url, onEvent: (e) => e.event === 'bulk' })
// @ts-expect-error: no such option
connect<Streams, '/my/orders'>({ url, tokn: 'x' })
// @ts-expect-error: no such option, without types
connect({ url, onEvnt: () => {} })
// @ts-expect-error: a misspelt event in a reducer
const bad1 = () => useEvents<Streams, '/my/orders', number>({ url }, (n, e) => (e.event === 'order_payed' ? n : n), 0)
// @ts-expect-error: a misspelt name in a hook
const bad2 = () => useStream<Streams, '/my/orders'>({ url, on: { order_payed: () => {} } })
// @ts-expect-error: a key that is no column
rows<Streams, '/my/lines'>({ url, key: 'idd' })
// @ts-expect-error: a column that the row does not have
const bad3 = () => useRows<Streams, '/my/lines'>({ url, key: 'id' }).rows[0]!.amount
// @ts-expect-error: int8 and numeric of a table with numbers => 'text' are no numbers
store.get(1)!.total.toFixed()
// @ts-expect-error: rows without a key
rows({ url })
// @ts-expect-error: a change of an event that is none
rows<Streams, '/my/orders', { id: number }>({ url, key: 'id', change: { order_payed: () => {} } })
// @ts-expect-error: a member that the row does not have
own.optimistic((rows) => rows.merge({ id: 1, paied: true }), async () => {})
// @ts-expect-error: a key that is no column, in Svelte
rowsStore<Streams, '/my/lines'>({ url, key: 'idd' })
// @ts-expect-error: a column that the row does not have, in Vue
const bad4 = () => useVueRows<Streams, '/my/lines'>({ url, key: 'id' }).rows.value[0]!.amount
// @ts-expect-error: a column that the row does not have, in TanStack DB
inTanStack.utils.seen(1, (row) => row?.amount === '1')
// @ts-expect-error: a collection needs a key, which a store does not say
heraldCollection(store)
export { inVue, inVue2, inSvelte, bad4, all, sum, sum2, stream, text, list, part, loose, typedChange, closed, control, bad1, bad2, bad3 }
`
const imports = `
import { connect, rows, type Rows, type StreamEvent } from '@pgherald/client'
import { exact } from '@pgherald/client/exact'
import { useEvents, useRows, useStream } from '@pgherald/client/react'
import { rowsStore, type RowsStore } from '@pgherald/client/svelte'
import { heraldCollection } from '@pgherald/client/tanstack-db'
import { useRows as useVueRows } from '@pgherald/client/vue'
import type { MyOrdersControl, MyOrdersEvent, RowPublicLines, Streams } from './streams.js'
`

describe('the types', { skip: missing(), timeout: 560_000 }, () => {
  let directory
  before(async () => {
    const stage = await openStage({ daemon: false, prepare: (cluster) => cluster.psql(`
      CREATE TABLE orders (id int PRIMARY KEY, user_id text NOT NULL, status text NOT NULL, total numeric NOT NULL);
      CREATE TABLE lines (id bigint PRIMARY KEY, user_id text NOT NULL, total numeric NOT NULL);
      SELECT herald.watch('orders', audience => '{user_id}'), herald.watch('lines', audience => '{user_id}', numbers => 'text');
      SELECT herald.rule('orders', 'order_paid', 'update', 'NEW.status = ''paid''', 'jsonb_build_object(''id'', NEW.id, ''total'', NEW.total)');
      SELECT herald.stream('/my/orders', '{orders}', match => '{"user_id": "claims.sub"}'), herald.stream('/my/lines', '{lines}', match => '{"user_id": "claims.sub"}')`) })
    const { stdout, stderr } = await runProgram(['types', '--database-url', stage.cluster.url()])
    await stage.close()
    assert.equal(stderr, '')
    directory = temporaryDirectory('types')
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    writeFileSync(join(directory, 'streams.ts'), stdout)
    writeFileSync(join(directory, 'app.ts'), imports + must)
    mkdirSync(join(directory, 'node_modules/@pgherald'), { recursive: true })
    symlinkSync(clientPath, join(directory, 'node_modules/@pgherald/client'))
  })
  after(() => directory && removeDirectory(directory))

  test('the snippets of the README compile, and that of a test runs', async () => {
    const readme = readFileSync(join(clientPath, 'README.md'), 'utf8')
    const blocks = [...readme.matchAll(/^```(js|jsx|ts)\n([^]*?)^```/gm)].map(([, kind, text]) => ({ kind, text }))
    assert.equal(blocks.length, 8)
    const words = ['session', 'show', 'loadAnew', 'dot', 'say', 'render', 'api', 'Wait', 'Order', 'year'].map((word) => `declare const ${word}: any`).join('\n')
    for (const [n, { kind, text }] of blocks.entries()) writeFileSync(join(directory, `snippet${n}.${kind === 'jsx' ? 'tsx' : 'ts'}`), `${words}\n${text.replace("'./streams'", "'./streams.js'").replace('{ token, tab })', '{ token, tab }: any)')}\nexport {}`)
    cpSync(join(clientPath, 'node_modules/@types'), join(directory, 'node_modules/@types'), { recursive: true })
    cpSync(join(clientPath, 'node_modules/csstype'), join(directory, 'node_modules/csstype'), { recursive: true })
    for (const name of ['vue', '@vue']) symlinkSync(join(clientPath, 'node_modules', name), join(directory, 'node_modules', name))
    symlinkSync(dirname(dirname(require.resolve('@tanstack/db/package.json'))), join(directory, 'node_modules/@tanstack'))
    const names = blocks.map(({ kind }, n) => `snippet${n}.${kind === 'jsx' ? 'tsx' : 'ts'}`)
    const { stdout } = await run(process.execPath, [binary('typescript'), '--strict', '--noEmit', '--skipLibCheck', '--jsx', 'react', '--allowUmdGlobalAccess', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', ...names], { cwd: directory, timeout: 300_000 })
    assert.equal(stdout, '')
    const shown = blocks.find(({ text }) => text.includes('scripted(')).text
    writeFileSync(join(directory, 'runs.js'), `const show = (it) => console.log(it)\n${shown}\nsetTimeout(() => process.exit(), 1500)`)
    const told = await run(process.execPath, ['runs.js'], { cwd: directory, timeout: 30_000 })
    assert.equal(told.stdout.trim(), 'snapshot\nready', told.stderr)
  })

  for (const [version, name] of Object.entries(compilers)) {
    test(`TypeScript ${version} compiles what must compile, and not what must not`, async () => {
      const args = [binary(name), '--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', 'app.ts']
      const { code, stdout } = await run(process.execPath, args, { cwd: directory, timeout: 300_000 })
      assert.equal(stdout, '')
      assert.equal(code, 0)
    })
  }

  test('a program of Node compiles without the types of browsers', async () => {
    const parts = [['{ connect, rows }', ''], ['{ scripted }', '/testing'], ['{ exact }', '/exact'], ['{ rowsStore }', '/svelte'], ['{ heraldCollection }', '/tanstack-db']]
    writeFileSync(join(directory, 'node.ts'), `${parts.map(([names, path]) => `import ${names} from '@pgherald/client${path}'\n`).join('')}
      connect({ url: 'http://h/s', fetch: scripted().fetch, parse: exact, signal: AbortSignal.timeout(1) }).close()
      console.log(rows, rowsStore, heraldCollection)`)
    const roots = dirname(dirname(require.resolve('@types/node/package.json')))
    const { stdout } = await run(process.execPath, [binary('typescript'), '--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022', '--typeRoots', roots, '--types', 'node', 'node.ts'], { cwd: directory, timeout: 300_000 })
    assert.equal(stdout, '')
  })
})
