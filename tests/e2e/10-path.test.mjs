// The whole path. psql changes a row of the example application. curl and the clients of the
// documents see the event. Clients that may not see it see nothing.
// run: both
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { Curl } from '../lib/curl.mjs'
import { missing } from '../lib/daemon.mjs'
import { addOrder, addStore, addUser, setStatus } from '../lib/example.mjs'
import { encryptionKey, unseal } from '../lib/iron.mjs'
import { eventSource, eventOf } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, median, now, until } from '../lib/wait.mjs'

const id = /^\d+-\d+$/
// Makes an order of the owner's, and waits until a stream of theirs has seen it.
async function flushed(client, daemon, owner, store) {
  const stream = await daemon.subscribe('/api/orders/stream', { token: owner.token })
  await stream.next('connected')
  const { id: orderId } = await addOrder(client, owner, store)
  await stream.next(({ data }) => JSON.parse(data).order_id === orderId)
  await stream.close()
}

const keys = (object) => Object.keys(object).sort()

describe('from UPDATE to the subscriber', { skip: missing() }, () => {
  let stage, daemon, client, store, owner, other, order
  before(async () => {
    stage = await openStage({ example: true, daemon: { env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
    daemon = stage.daemon
    client = await stage.cluster.client()
    store = await addStore(client, `loja-${randomUUID().slice(0, 8)}`)
    owner = await addUser(client)
    other = await addUser(client)
    order = await addOrder(client, owner, store)
  })
  after(() => stage?.close())

  const withToken = (path, who) => `${daemon.url(path)}${path.includes('?') ? '&' : '?'}token=${who.token ?? who}`
  // Waits until all that was written before has been sent. What a new stream sees after that is
  // new.
  const fence = () => flushed(client, daemon, owner, store)
  const psqlStatus = (status) =>
    stage.cluster.psql(`UPDATE example.orders SET order_status = '${status}' WHERE order_code = '${order.order_code}'`)

  test("psql's UPDATE appears in the owner's curl as id, event and data, and in nobody else's", async () => {
    const otherOrder = await addOrder(client, other, store)
    await fence()
    const mine = Curl.start(withToken('/api/orders/stream', owner))
    const theirs = Curl.start(withToken('/api/orders/stream', other))
    await Promise.all([mine, theirs].map((curl) => curl.frame((frame) => frame.event === 'connected')))
    await psqlStatus('Preparing')
    await setStatus(client, otherOrder, 'Cancelled')
    await mine.frame((frame) => frame.event === 'order_status_update')
    const seen = await theirs.frame((frame) => frame.event !== 'connected')
    assert.equal(JSON.parse(seen.data).order_id, otherOrder.id, 'the first event of the other user is their own')
    const { lines } = mine
    const at = lines.indexOf('event: order_status_update')
    assert.match(lines[at - 1], /^id: \d+-\d+$/)
    assert.match(lines[at + 1], /^data: \{.*\}$/)
    assert.equal(lines[at + 2], '')
    const expected = { order_id: order.id, order_code: order.order_code, order_status: 'Preparing' }
    assert.deepEqual(JSON.parse(lines[at + 1].slice(6)), expected)
    assert.equal(lines[at + 1].slice(6), await stage.cluster.psql(`SELECT '${JSON.stringify(expected)}'::jsonb::text`))
    assert.equal(mine.frames.length, 2, 'nothing of the other user')
    await Promise.all([mine.stop(), theirs.stop()])
  })

  test("the first bytes are retry and `connected` with an id, under a stream's headers", async () => {
    const stream = await daemon.subscribe('/api/orders/stream', { token: owner.token })
    await stream.next('connected')
    assert.match(stream.current.head, /^retry: 2000\nevent: connected\nid: \d+-\d+\ndata: \{"message":"SSE connected"\}\n\n$/)
    const { headers } = stream.current
    assert.equal(stream.status, 200)
    assert.equal(headers['content-type'], 'text/event-stream')
    assert.equal(headers['cache-control'], 'no-cache, no-transform')
    assert.equal(headers.connection.toLowerCase(), 'keep-alive')
    assert.equal(headers['x-accel-buffering'], 'no')
    assert.equal(headers['content-encoding'], undefined)
    await stream.close()
  })

  test("the store's page sees order_created, order_updated and order_cancelled of its own store only", async () => {
    const elsewhere = await addStore(client, 'outra-loja')
    const staff = await token({ sub: randomUUID(), role: 'staff', stores: [store] })
    const admin = await token({ sub: randomUUID(), role: 'admin' })
    await fence()
    const path = `/api/orders/events?store=${store}`
    const streams = await Promise.all([staff, admin].map((t) => daemon.subscribe(path, { token: t })))
    for (const stream of streams) assert.equal(stream.status, 200)
    await addOrder(client, owner, elsewhere)
    const created = await addOrder(client, owner, store)
    await setStatus(client, created, 'Preparing')
    await setStatus(client, created, 'Cancelled')
    for (const stream of streams) {
      const [first, second, third] = [await stream.next(isEvent), await stream.next(isEvent), await stream.next('order_cancelled')]
      assert.deepEqual([first.name, second.name], ['order_created', 'order_updated'])
      assert.equal(JSON.parse(first.data).order.id, created.id)
      assert.equal(JSON.parse(second.data).order.order_status, 'Preparing')
      assert.deepEqual(JSON.parse(third.data), { order_id: created.id, order_code: created.order_code })
      await stream.close()
    }
  })

  test("a store that is not in the token's list is refused, or silent", async () => {
    const stranger = await token({ sub: randomUUID(), role: 'staff', stores: ['outra'] })
    const witness = await daemon.subscribe(`/api/orders/events?store=${store}`, { token: await token({ sub: 'w', role: 'admin' }) })
    const stream = await daemon.subscribe(`/api/orders/events?store=${store}`, { token: stranger })
    assert.ok([200, 403].includes(stream.status), `status ${stream.status}`)
    await addOrder(client, owner, store)
    await witness.next('order_created')
    await fence()
    if (stream.status === 200) assert.deepEqual(stream.events, [])
    await Promise.all([stream.close(), witness.close()])
  })

  const isEvent = (frame) => frame.name !== 'connected'

  test('a hundred updates arrive with a median under 100 ms', async (t) => {
    await fence()
    const stream = await daemon.subscribe('/api/orders/stream', { token: owner.token })
    await stream.next('connected')
    const hundred = async () => {
      const times = []
      for (let n = 0; n < 100; n++) {
        const started = now()
        await setStatus(client, order, n % 2 ? 'Preparing' : 'Out for Delivery')
        times.push((await stream.next('order_status_update')).at - started)
      }
      t.diagnostic(`median of 100 updates, from sending UPDATE to the event: ${median(times).toFixed(2)} ms, slowest ${Math.max(...times).toFixed(2)} ms`)
      return median(times)
    }
    const usual = await measured(t, hundred, (usual) => usual < 100)
    await stream.close()
    assert.ok(usual < 100, `${usual} ms`)
  })

  test('an update that leaves the status alone is no order_status_update', async () => {
    await fence()
    const stream = await daemon.subscribe('/api/orders/stream', { token: owner.token })
    await client.query('UPDATE example.orders SET total_qty = total_qty + 1 WHERE id = $1', [order.id])
    const fresh = await addOrder(client, owner, store)
    assert.equal(JSON.parse((await stream.next('order_status_update')).data).order_id, fresh.id)
    await stream.close()
  })

  test('the users page: onmessage and data.type show user_created and user_deleted, without the password', async () => {
    const admin = await token({ sub: randomUUID(), role: 'admin' })
    const stream = await daemon.subscribe('/api/events', { token: admin })
    const source = eventSource(withToken('/api/events', admin))
    const messages = []
    source.onmessage = (event) => messages.push(JSON.parse(event.data))
    await until(() => messages.find(({ type }) => type === 'connected'))
    const created = await addUser(client)
    await client.query('DELETE FROM example.users WHERE id = $1', [created.id])
    const of = (type) => until(() => messages.find((m) => m.type === type && m.user.id === created.id), { what: type })
    const [first, second] = [await of('user_created'), await of('user_deleted')]
    source.close()
    assert.deepEqual(keys(first.user), ['createdAt', 'email', 'id', 'name', 'phoneNumber'])
    assert.deepEqual(keys(second.user), ['email', 'id', 'phoneNumber'])
    assert.equal(typeof first.timestamp, 'number')
    assert.match(stream.current.head, /^retry: 2000\n(id: \d+-\d+\n)?data: \{"type":"connected"\}\n\n/)
    const frame = await stream.next('user_created')
    assert.match(frame.id, id)
    assert.equal(frame.event, 'message', 'format message has no event line')
    assert.ok(!frame.raw.includes('hash-'))
    await stream.close()
  })

  test('the workshop: one write yields an update for each thing it changed', async () => {
    const mechanic = await token({ sub: randomUUID(), role: 'mechanic' })
    const source = eventSource(withToken('/api/workorders/stream', mechanic))
    const messages = []
    source.onmessage = (event) => messages.push(JSON.parse(event.data))
    await until(() => messages.find(({ type }) => type === 'connected'))
    const order = randomUUID()
    await client.query(`INSERT INTO example.work_orders (id, plate, customer_name, status, board_column)
      VALUES ($1, '12-AB-34', 'Klant', 'INGEPLAND', 'Gepland')`, [order])
    await client.query("UPDATE example.work_orders SET status = 'GOEDGEKEURD', board_column = 'Auto binnen' WHERE id = $1", [order])
    await client.query("INSERT INTO example.work_sessions (id, work_order_id, mechanic, started_at) VALUES ($1, $2, 'Piet', now())", [randomUUID(), order])
    const types = () => new Set(messages.filter((m) => m.type === 'workorder-update' && m.workOrderId === order).map((m) => m.changeType))
    await until(() => ['status', 'column', 'session'].every((type) => types().has(type)), { what: `status, column and session in ${JSON.stringify(messages)}` })
    source.close()
  })

  test('the numbers of a game come to who has a subscription, of that game only, and end with it', async () => {
    const gameId = randomUUID().slice(0, 8)
    const path = `/stream/rounds/ROULETTE/${gameId}/v2/live?k=3`
    await client.query("INSERT INTO example.games (game_type, game_id, name) VALUES ('ROULETTE', $1, 'Roleta'), ('ROULETTE', $1 || 'x', 'Outra')", [gameId])
    await client.query('INSERT INTO example.subscriptions (user_id) VALUES ($1)', [owner.id])
    assert.equal((await fetch(withToken(path, other))).status, 403)
    for (const value of [1, 2, 3, 4]) {
      await client.query("INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', $1, $2, 'black')", [gameId, value])
    }
    const stream = await daemon.subscribe(path, { token: owner.token })
    await stream.next('ready')
    const opened = ({ data }) => unseal(data)
    const state = stream.frames.filter(({ name }) => name === 'snapshot')
    assert.deepEqual((await Promise.all(state.map(opened))).map(({ number }) => number.value), [2, 3, 4], 'the last k = 3, sealed')
    await client.query("INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', $1 || 'x', 0, 'green')", [gameId])
    await client.query("INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', $1, 25, 'red')", [gameId])
    const { update_type, number, timestamp } = await opened(await stream.next('update'))
    assert.ok(Math.abs(timestamp - Date.now()) < 60_000)
    assert.deepEqual([update_type, number.value, number.color], ['new_number', 25, 'red'])
    assert.match(number.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    await client.query('UPDATE example.subscriptions SET active = false WHERE user_id = $1', [owner.id])
    assert.equal(JSON.parse((await stream.next('closing')).data).reason, 'forbidden')
    assert.equal((await fetch(withToken(path, owner))).status, 403)
    await stream.close()
  })

  test("the orders page: addEventListener('order_status_update') of the eventsource package, also with a cookie", async () => {
    const clients = [
      eventSource(withToken('/api/orders/stream', owner)),
      eventSource(daemon.url('/api/orders/stream'), { headers: { Cookie: `jwt=${owner.token}` } }),
    ]
    await Promise.all(clients.map((source) => eventOf(source, 'connected')))
    const delivered = ({ data }) => JSON.parse(data).order_status === 'Delivered'
    const seen = clients.map((source) => eventOf(source, 'order_status_update', delivered))
    await setStatus(client, order, 'Delivered')
    for (const event of await Promise.all(seen)) {
      assert.equal(JSON.parse(event.data).order_id, order.id)
      assert.match(event.lastEventId, id)
    }
    for (const source of clients) source.close()
  })

  test('what is rolled back is seen by nobody', async () => {
    await fence()
    const stream = await daemon.subscribe('/api/orders/stream', { token: owner.token })
    await client.query('BEGIN')
    await setStatus(client, order, 'Order Received')
    await client.query('ROLLBACK')
    await setStatus(client, order, 'Cancelled')
    assert.equal(JSON.parse((await stream.next('order_status_update')).data).order_status, 'Cancelled')
    await stream.close()
  })
})
