// useRows in Chromium, in React under StrictMode: 20,000 rows, a flood of changes, selections, and
// effects that end and begin again as they do under Fast Refresh. The streams are scripted.
// FLOOD=200000 is how many events the memory is compared after.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openBrowser } from '../lib/browser.mjs'
import { openFlood, serveClient } from '../lib/client.mjs'
import { measured, now, until } from '../lib/wait.mjs'
import { besideYardstick } from '../lib/yardstick.mjs'

const patience = 30_000

describe('useRows', { timeout: 280_000 }, () => {
  let browser, server
  before(async () => {
    server = await serveClient()
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await server?.close()
  })

  /** A page whose component shows what `act` sets up. act gets React, the package and a place for notes. */
  async function show(act, args) {
    const page = await (await browser.context()).newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    await page.goto(server.origin)
    await page.evaluate(`(async () => {
      const [React, { createRoot }, herald, hooks, testing] = await Promise.all(['react', 'react-dom/client', '@pgherald/client', '@pgherald/client/react', '@pgherald/client/testing'].map((it) => import(it)))
      window.notes = { renders: 0, longest: 0 }
      new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (notes.longest = Math.max(notes.longest, Math.round(duration))))).observe({ type: 'longtask' })
      await (${act})({ React, h: React.createElement, root: createRoot(document.getElementById('root')), ...herald, ...hooks, ...testing }, ${JSON.stringify(args ?? null)})
    })()`)
    const notes = () => page.evaluate(() => ({ ...window.notes, text: document.getElementById('root').innerText }))
    const has = (condition, what, timeout = patience) => until(async () => condition(await notes()), { timeout, what }).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await notes())} ${errors}`)
    })
    return { page, errors, notes, has, close: () => page.context().close() }
  }

  test('shows the rows under StrictMode with one connection, renders what is selected, and keeps all when effects run again', async () => {
    const view = await show(async ({ React, h, root, useRows, scripted }) => {
      const server = (window.server = scripted({ state: () => [{ id: 1, n: 1 }, { id: 2, n: 2 }] }))
      const url = 'http://test/rows'
      function Part({ store }) {
        window.notes.parts = (window.notes.parts ?? 0) + 1
        return h('i', null, useRows(store, ({ rows }) => rows.filter(({ n }) => n > 10)).map(({ id }) => id).join())
      }
      function List() {
        window.notes.renders++
        const { rows, status, store } = useRows({ url, key: 'id', fetch: server.fetch, spread: 0 })
        window.store = store
        return h('p', null, status, ' ', rows.map(({ id, n }) => `${id}:${n}`).join(' '), h(Part, { store }))
      }
      window.mode = (mode) => root.render(h(React.StrictMode, null, h(React.Activity, { mode }, h(List))))
      window.mode('visible')
    })
    await view.has(({ text }) => text.startsWith('ready 1:1 2:2'), 'the rows')
    const counts = () => view.page.evaluate(() => [server.requests.length, server.open])
    assert.deepEqual(await counts(), [1, 1])
    await view.page.evaluate(() => { window.mode('hidden'); setTimeout(() => window.mode('visible')) })
    await view.page.evaluate(() => server.event('t.update', { op: 'update', key: { id: 2 }, row: { id: 2, n: 20 }, old: { n: 2 }, changed: ['n'] }))
    await view.has(({ text }) => text.startsWith('ready 1:1 2:20'), 'the change')
    await view.has(({ text }) => text.endsWith('2'), 'the part')
    assert.deepEqual(await counts(), [1, 1], 'the same connection')
    await view.page.evaluate(() => window.store.optimistic((rows) => rows.merge({ id: 1, n: 100 }), () => Promise.reject(new Error('no'))).catch(() => {}))
    await view.has(({ text }) => text.startsWith('ready 1:1 2:20'), 'the rollback')
    await view.page.evaluate(() => window.mode('hidden'))
    await until(async () => (await counts())[1] === 0, { timeout: patience, what: 'the end' })
    assert.deepEqual(view.errors, [])
    await view.close()
  })

  test('another url gives other rows, another deps another view, and a store of rows() is shared', async () => {
    const view = await show(async ({ React, h, root, rows, useRows, scripted }) => {
      const servers = { a: scripted({ state: () => [{ id: 1 }, { id: 2 }] }), b: scripted({ state: () => [{ id: 3 }] }) }
      const shared = rows({ url: 'http://test/shared', key: 'id', fetch: scripted({ state: () => [{ id: 9 }] }).fetch })
      function List({ name, least }) {
        const { rows } = useRows({ url: name && `http://test/${name}`, key: 'id', fetch: name ? servers[name].fetch : undefined, filter: ({ id }) => id >= least, deps: [least] })
        const own = useRows(shared, ({ rows }) => rows.length)
        return h('p', null, `${name} ${rows.map(({ id }) => id)} ${own}`)
      }
      window.render = (props) => root.render(h(React.StrictMode, null, h(List, props)))
      window.render({ name: 'a', least: 0 })
    })
    await view.has(({ text }) => text === 'a 1,2 1', 'the first')
    for (const [props, text] of [[{ name: 'a', least: 2 }, 'a 2 1'], [{ name: 'b', least: 2 }, 'b 3 1'], [{ name: null, least: 2 }, 'null 1'], [{ name: 'a', least: 0 }, 'a 1,2 1']]) {
      await view.page.evaluate((props) => window.render(props), props)
      await view.has((notes) => notes.text.replaceAll(/ +/g, ' ') === text, text)
    }
    assert.deepEqual(view.errors, [])
    await view.close()
  })

  test('20,000 rows come within a second, and so do 20,000 changes: a render a frame at most, no task of 100 ms', async (t) => {
    const count = 20_000
    const take = () => besideYardstick(async () => {
      const server = await openFlood(count)
      const view = await show(async ({ h, root, useRows }, url) => {
        function List() {
          window.notes.renders++
          const { rows, status } = useRows({ url, key: 'id', share: false, sort: (a, b) => a.n - b.n })
          if (status === 'ready') window.notes.ready ??= performance.now() - window.begun
          if (rows.at(-1)?.n === rows.length) window.notes.done ??= performance.now() - window.again
          window.notes.rows = rows.length
          return h('p', null, rows.length) // a page shows a part of so many rows
        }
        const { fetch } = window
        window.fetch = async (...args) => fetch(...args).then((answer) => ((window.begun = performance.now()), answer)) // the server has made its text before
        root.render(h(List))
      }, server.url)
      await view.has(({ ready }) => ready, 'the state')
      const { ready, longest, renders } = await view.page.evaluate(() => ({ ...window.notes }))
      await view.page.evaluate(() => Object.assign(window, { again: performance.now() }) && Object.assign(window.notes, { longest: 0, renders: 0 }))
      server.send('go')
      await view.has(({ done }) => done, 'the changes')
      const changes = await view.notes()
      server.stop()
      await view.close()
      return { ready: Math.round(ready), longest, renders, done: Math.round(changes.done), longestLater: changes.longest, rendersLater: changes.renders }
    })
    const good = ({ ready, done, longest, longestLater, rendersLater, slow }) => Math.max(ready, done) < 1000 * slow && Math.max(longest, longestLater) < 100 * slow && rendersLater <= done / 8
    const figure = await measured(t, take, good, { shown: JSON.stringify })
    t.diagnostic(`20,000 rows: ${JSON.stringify(figure)}`)
    assert.ok(good(figure), JSON.stringify(figure))
  })

  /** A page with 1,000 rows that are shared, and a process that changes them. pour: makes so many changes, and waits for the last one. */
  async function flooded(hook = 'useRows') {
    const server = await openFlood(1000)
    const view = await show(async ({ h, root, useRows, useEvents }, [hook, url]) => {
      const keep = ({ rows, last }, { event, data }) => ({ rows: rows + (event === 'snapshot'), last: Math.max(last, (data.row ?? data).n ?? 0) })
      const hooks = {
        useRows: () => {
          const { rows } = useRows({ url, key: 'id', identity: 'ann' })
          return [rows.length, Math.max(...rows.map(({ n }) => n))]
        },
        useEvents: () => {
          const { value } = useEvents({ url, identity: 'ann' }, keep, { rows: 0, last: 0 })
          return [value.rows, value.last]
        },
      }
      function List() {
        window.notes.renders++
        const [count, last] = hooks[hook]()
        window.notes.last = last
        return h('p', null, `${count} ${last}`)
      }
      root.render(h(List))
    }, [hook, server.url])
    await view.has(({ text }) => text === '1000 999', 'the state')
    const pour = async (events, rate) => {
      await view.page.evaluate(() => Object.assign(window.notes, { renders: 0, longest: 0 }))
      const begun = now()
      server.send({ events, rate })
      await view.has(({ last }) => last === events, `${events} changes`, patience + events)
      return { ...(await view.notes()), seconds: (now() - begun) / 1000 }
    }
    return { view, pour, close: () => (server.stop(), view.close()) }
  }

  for (const hook of ['useRows', 'useEvents']) test(`1,000 events a second are a render a frame for ${hook}, and no task of 100 ms`, async (t) => {
    const take = () => besideYardstick(async () => {
      const { pour, close } = await flooded(hook)
      const { renders, longest, seconds } = await pour(5000, 1000)
      await close()
      return { rendersPerSecond: Math.round(renders / seconds), longest, seconds: Math.round(seconds * 10) / 10 }
    })
    const good = ({ rendersPerSecond, longest, seconds, slow }) => rendersPerSecond <= 61 && longest < 100 * slow && seconds < 5 + slow
    const figure = await measured(t, take, good, { shown: JSON.stringify })
    t.diagnostic(`1,000 events a second: ${JSON.stringify(figure)}`)
    assert.ok(good(figure), JSON.stringify(figure))
  })

  const many = Number(process.env.FLOOD ?? 50_000)
  test(`after ${many} events a page that shares its connection has the memory that it had before`, async (t) => {
    const { view, pour, close } = await flooded()
    const session = await view.page.context().newCDPSession(view.page)
    const heap = async () => {
      await session.send('HeapProfiler.collectGarbage')
      return (await session.send('Runtime.getHeapUsage')).usedSize
    }
    await pour(10_000, 0) // what tabs remember is full then
    const before = await heap()
    const { seconds } = await pour(many, 0)
    const after = await heap()
    t.diagnostic(`the heap was ${before >> 10} kB, and ${after >> 10} kB after ${many} events in ${seconds.toFixed(1)} s`)
    assert.ok(after - before < 1 << 20, `${after - before} bytes more`)
    await close()
  })
})
