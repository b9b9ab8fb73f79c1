// The client package's hooks in Chromium, in React under StrictMode. The real daemon serves the
// example.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openBrowser } from '../lib/browser.mjs'
import { serveClient } from '../lib/client.mjs'
import { missing } from '../lib/daemon.mjs'
import { addOrder, addStore, addUser, setStatus } from '../lib/example.mjs'
import { encryptionKey } from '../lib/iron.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { pause, until } from '../lib/wait.mjs'

const patience = 30_000

describe('the client in React, under StrictMode', { skip: missing(), timeout: 280_000 }, () => {
  let stage, daemon, browser, server, client
  before(async () => {
    server = await serveClient()
    stage = await openStage({
      example: true,
      daemon: { flags: ['--allowed-origins', server.origin, '--heartbeat', '1s', '--retry', '100ms'], env: { SSE_ENCRYPTION_KEY: encryptionKey } },
    })
    ;({ daemon } = stage)
    client = await stage.cluster.client()
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await server?.close()
    await stage?.close()
  })

  const streamsAre = (count) => until(async () => (await daemon.status()).json.streams === count, { timeout: patience, what: `${count} streams` })

  /**
   * A page that shows the hook's result as JSON in `shown`, and the calls of its callbacks in
   * `called`.
   */
  async function show(context, hook, settings, args) {
    const page = await context.newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => message.type() === 'error' && !message.text().includes('ERR_') && errors.push(message.text()))
    await page.goto(server.origin)
    await page.evaluate(async ({ hook, settings, args }) => {
      const [{ StrictMode, createElement }, { createRoot }, example] = await Promise.all([import('react'), import('react-dom/client'), import('@pgherald/client/example')])
      window.called = []
      const calls = Object.fromEntries(['onNewOrder', 'onOrderUpdate', 'onOrderCancel'].map((name) => [name, (...args) => window.called.push([name, ...args])]))
      function Shows({ args }) {
        window.shown = example[hook](...args.map((arg) => arg === 'calls' ? { ...calls } : arg))
        return null
      }
      const root = createRoot(document.getElementById('root'))
      window.render = (args, more) => root.render(createElement(StrictMode, null, createElement(example.HeraldProvider, { ...settings, ...more }, createElement(Shows, { args }))))
      window.unmount = () => root.unmount()
      window.render(args)
    }, { hook, settings: { base: daemon.url(''), backoff: { min: 50, max: 400 }, ...settings }, args })
    return { page, errors, shown: () => page.evaluate(() => ({ ...window.shown })) }
  }
  const shows = (view, what, condition) => until(async () => condition(await view.shown()), { timeout: patience, what }).catch(async (error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await view.shown())} ${view.errors}`)
  })

  test('useOrdersPageSSE lists the orders of the store and keeps the list; two tabs, one stream; nothing is left when they go', async () => {
    const store = await addStore(client, 'loja-do-teste')
    const buyer = await addUser(client)
    const staff = await addUser(client, { role: 'staff', store, claims: { stores: [store] } })
    const old = [await addOrder(client, buyer, store), await addOrder(client, buyer, store, 'Cancelled')]
    const context = await browser.context()
    const views = [await show(context, 'useOrdersPageSSE', { token: staff.token }, [store, 'calls']), await show(context, 'useOrdersPageSSE', { token: staff.token }, [store, 'calls'])]
    const ids = ({ orders }) => orders.map(({ id }) => id)
    for (const view of views) await shows(view, 'the list', (shown) => shown.isConnected && ids(shown).join() === old[0].id)
    await streamsAre(1)
    const made = await addOrder(client, buyer, store)
    await setStatus(client, old[0], 'Preparing')
    for (const view of views) await shows(view, 'both', (shown) => ids(shown).join() === [made.id, old[0].id].join() && shown.orders[1].order_status === 'Preparing')
    await setStatus(client, made, 'Cancelled')
    for (const view of views) {
      await shows(view, 'one', (shown) => ids(shown).join() === old[0].id)
      const called = await view.page.evaluate(() => window.called)
      assert.deepEqual(called.map(([name, what]) => [name, what.id ?? what]), [['onNewOrder', made.id], ['onOrderUpdate', old[0].id], ['onOrderCancel', made.id]])
      assert.equal(called[1][2].order_status, 'Preparing')
      assert.deepEqual(view.errors, [])
    }
    for (const view of views) await view.page.evaluate(() => window.unmount())
    await streamsAre(0)
    await context.close()
  })

  test('the list is that of the database however much is written while it is loaded', async () => {
    const store = await addStore(client, 'loja-cheia')
    const buyer = await addUser(client)
    const admin = await addUser(client, { role: 'admin' })
    const orders = []
    for (let n = 0; n < 10; n++) orders.push(await addOrder(client, buyer, store))
    const statuses = ['Preparing', 'Out for Delivery', 'Delivered', 'Cancelled', 'Order Received']
    let done = false, turn = 0
    const run = (async () => {
      for (; !done; await pause(2)) {
        if (++turn % 10 === 0) orders.push(await addOrder(client, buyer, store))
        await setStatus(client, orders[turn % orders.length], statuses[turn % 5])
      }
    })()
    const context = await browser.context()
    const views = []
    for (let n = 0; n < 3; n++) views.push(await show(context, 'useOrdersPageSSE', { token: admin.token, share: n > 0 }, [store]))
    for (const view of views) await shows(view, 'the list', ({ isConnected, orders }) => isConnected && orders.length > 0)
    done = true
    await run
    const { rows } = await client.query("SELECT id, order_status FROM example.orders WHERE store_slug = $1 AND order_status <> 'Cancelled' ORDER BY id", [store])
    const table = JSON.stringify(rows)
    for (const view of views) {
      await shows(view, `the table ${table}`, ({ orders }) => JSON.stringify(orders.map(({ id, order_status }) => ({ id, order_status })).sort((a, b) => (a.id < b.id ? -1 : 1))) === table)
      assert.deepEqual(view.errors, [])
    }
    await context.close()
  })

  test('useOrdersPageSSE says what is wrong, and its reconnect() begins anew', async () => {
    const store = await addStore(client, 'loja-fechada')
    const staff = await addUser(client, { role: 'staff', store, claims: { stores: [store], jti: 'loja-fechada' } })
    const context = await browser.context()
    const view = await show(context, 'useOrdersPageSSE', { token: staff.token }, [store, 'calls'])
    await shows(view, 'the connection', ({ isConnected }) => isConnected)
    await client.query("SELECT herald.revoke(jti => 'loja-fechada')")
    await shows(view, 'the end', ({ isConnected, connectionError }) => !isConnected && connectionError === 'The right to this stream was revoked')
    await client.query("DELETE FROM herald.revocations WHERE jti = 'loja-fechada'")
    let tries = 0
    await until(async () => {
      await view.page.evaluate(() => window.shown.reconnect())
      await pause(300 * ++tries) // each call begins again, and a slow machine needs longer for it
      const { isConnected, connectionError } = await view.shown()
      return isConnected && connectionError === null
    }, { timeout: patience, what: 'the connection again' })
    await view.page.evaluate(() => window.render([null, {}]))
    await shows(view, 'nothing without a store', ({ isConnected, orders }) => !isConnected && orders.length === 0)
    await streamsAre(0)
    await context.close()
  })

  test('a renewed token goes on with the stream and the list; one of other rights has its own, and one that has ended is replaced', async () => {
    const [store, other] = [await addStore(client, 'loja-nova'), await addStore(client, 'loja-velha')]
    const buyer = await addUser(client)
    const staff = await addUser(client, { role: 'staff', store })
    const tokenOf = (exp, stores = [store]) => token({ sub: staff.id, role: 'staff', stores, exp: seconds() + exp })
    const context = await browser.context()
    const view = await show(context, 'useOrdersPageSSE', { token: await tokenOf(-60) }, [store])
    const asked = []
    view.page.on('request', (request) => request.method() === 'GET' && asked.push(new URL(request.url()).pathname))
    const renders = (token) => view.page.evaluate(([store, token]) => window.render([store], { token }), [store, token])
    const lists = (count) => ({ isConnected, orders }) => isConnected && orders.length === count
    await shows(view, 'the refusal', ({ connectionError }) => connectionError?.includes('401'))
    await addOrder(client, buyer, store)
    await renders(await tokenOf(60))
    await shows(view, 'the list', lists(1))
    const before = asked.length
    await renders(await tokenOf(90))
    await addOrder(client, buyer, store)
    await shows(view, 'the new order', lists(2))
    assert.deepEqual(asked.slice(before), [], 'the same stream')
    await renders(await tokenOf(60, [store, other]))
    await until(() => asked.slice(before).sort().join() === '/api/orders,/api/orders/events', { timeout: patience, what: 'a list behind another stream' })
    await shows(view, 'the list again', lists(2))
    await renders(await tokenOf(60, [other]))
    await shows(view, 'nothing of the store', ({ isConnected, orders }) => !isConnected && orders.length === 0)
    await context.close()
  })

  test('useRouletteStream shows the last numbers, unsealed, the newest first, at most fifty', async () => {
    const player = await addUser(client)
    await client.query('INSERT INTO example.subscriptions (user_id, active) VALUES ($1, true)', [player.id])
    await client.query("INSERT INTO example.games (game_type, game_id, name) VALUES ('ROULETTE', '85', 'test') ON CONFLICT DO NOTHING")
    const spin = (value) => client.query("INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', '85', $1, 'red')", [value])
    for (let n = 1; n <= 5; n++) await spin(n)
    const context = await browser.context()
    const views = [await show(context, 'useRouletteStream', { keys: encryptionKey }, ['85', player.token]), await show(context, 'useRouletteStream', {}, ['85', player.token, { keys: { default: encryptionKey } }])]
    const values = ({ numbers }) => numbers.map(({ value }) => value).join()
    for (const view of views) await shows(view, 'the last three', (shown) => shown.isConnected && values(shown) === '5,4,3')
    await streamsAre(1)
    await spin(6)
    for (const view of views) await shows(view, 'the new one', (shown) => values(shown) === '6,5,4,3')
    for (let n = 0; n < 60; n++) await spin(n % 37)
    for (const view of views) {
      await shows(view, 'fifty', ({ numbers }) => numbers.length === 50 && numbers[0].value === 59 % 37 && numbers[49].value === 10)
      assert.deepEqual(Object.keys((await view.shown()).numbers[0]).sort(), ['color', 'timestamp', 'value'])
      assert.deepEqual(view.errors, [])
    }
    await client.query('UPDATE example.subscriptions SET active = false WHERE user_id = $1', [player.id])
    for (const view of views) await shows(view, 'the end', ({ isConnected }) => !isConnected)
    await context.close()
  })
})
