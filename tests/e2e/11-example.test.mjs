// Every action of the example over HTTP, and the event that it makes on the page which waits for
// it.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, repository } from '../lib/daemon.mjs'
import { addStore, addUser } from '../lib/example.mjs'
import { encryptionKey, unseal } from '../lib/iron.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'

describe("the example's actions", { skip: missing() }, () => {
  let stage, daemon, client, people
  before(async () => {
    stage = await openStage({ example: true, daemon: { env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
    daemon = stage.daemon
    client = await stage.cluster.client()
    const store = await addStore(client, 'loja-a')
    people = { customer: await addUser(client), staff: await addUser(client, { role: 'staff', claims: { stores: [store] } }) }
    for (const role of ['admin', 'mechanic', 'warehouse']) people[role] = await addUser(client, { role })
  })
  after(() => stage?.close())

  const call = async (who, method, path, json, wanted = 200) => {
    const body = json === undefined ? undefined : JSON.stringify(json)
    const answer = await request(daemon.url(path), {
      method, body, headers: { Authorization: `Bearer ${people[who].token}`, ...(body && { 'Content-Type': 'application/json' }) },
    })
    assert.equal(answer.status, wanted, `${method} ${path}: ${answer.text}`)
    return answer.json
  }

  /** Opens the streams, runs doIt, and closes the streams again. */
  async function watching(streams, doIt) {
    const open = await Promise.all(streams.map(([path, who]) => daemon.subscribe(path, { token: people[who].token })))
    try {
      await Promise.all(open.map((stream) => stream.next(({ raw }) => raw.includes('connected'))))
      return await doIt(...open)
    } finally {
      await Promise.all(open.map((stream) => stream.close()))
    }
  }

  const board = ['/api/workorders/stream', 'mechanic']
  const update = async (stream, changeType, more = () => true) =>
    JSON.parse((await stream.next(({ data }) => JSON.parse(data).changeType === changeType && more(JSON.parse(data)))).data)

  test('an order is taken, corrected and cancelled: store and customer hear of each', () =>
    watching([['/api/orders/events?store=loja-a', 'staff'], ['/api/orders/stream', 'customer']], async (store, own) => {
      const made = await call('customer', 'POST', '/api/orders',
        { storeSlug: 'loja-a', customerName: 'João Silva', items: [{ name: 'Bolo', quantity: 2, price: 25 }], total: 50.0 }, 201)
      const created = JSON.parse((await store.next('order_created')).data).order
      assert.deepEqual(created, made.data)
      assert.deepEqual(JSON.parse((await own.next('order_status_update')).data),
        { order_id: created.id, order_code: created.order_code, order_status: 'Order Received' })
      assert.deepEqual((await call('staff', 'GET', '/api/orders?store=loja-a')).data.map(({ id }) => id), [created.id])

      await call('customer', 'PATCH', `/api/orders/${created.id}`, { customerName: 'João da Silva' })
      const { order } = JSON.parse((await store.next('order_updated')).data)
      assert.ok(Object.values(order).includes('João da Silva'))

      await call('customer', 'PATCH', `/api/orders/${created.id}/status`, { order_status: 'Cancelled' })
      assert.deepEqual(JSON.parse((await store.next('order_cancelled')).data), { order_id: created.id, order_code: created.order_code })
      assert.equal(JSON.parse((await own.next(({ data }) => data.includes('Cancelled'))).data).order_id, created.id)
    }))

  test('a user is made and taken away: each page of an admin hears of it, and of no password', () =>
    watching([['/api/events', 'admin'], ['/api/events', 'admin']], async (...pages) => {
      const email = '5213334987900@whatsapp.local'
      const made = (await call('admin', 'POST', '/api/users', { email, name: 'Nuevo', phoneNumber: '5213334987900' }, 201)).data
      for (const page of pages) {
        const { type, user, timestamp } = JSON.parse((await page.next(({ data }) => JSON.parse(data).type === 'user_created')).data)
        assert.deepEqual([type, user.id, user.email, typeof timestamp], ['user_created', made.id, email, 'number'])
      }
      assert.equal((await call('admin', 'POST', '/api/users', { email }, 409)).success, false)
      assert.ok((await call('admin', 'GET', '/api/users')).data.some(({ id }) => id === made.id))
      await call('admin', 'DELETE', `/api/users/${made.id}`)
      for (const page of pages) {
        const { user } = JSON.parse((await page.next(({ data }) => JSON.parse(data).type === 'user_deleted')).data)
        assert.deepEqual(user, { id: made.id, email, phoneNumber: '5213334987900' })
      }
    }))

  test('the customer signs on the display: admin, mechanic and warehouse get status and column at once', () =>
    watching(['admin', 'mechanic', 'warehouse'].map((who) => ['/api/workorders/stream', who]), async (...clients) => {
      const id = randomUUID()
      await client.query(`INSERT INTO example.work_orders (id, plate, customer_name, status, board_column) VALUES ($1, '12-AB-34', 'Klant', 'INGEPLAND', 'Gepland')`, [id])
      await call('admin', 'POST', '/api/display/signature', { workOrderId: id, signature: 'data:image/png;base64,AA==' })
      for (const each of clients) {
        const mine = ({ workOrderId, from }) => workOrderId === id && from !== undefined
        const [column, status] = [await update(each, 'column', mine), await update(each, 'status', mine)]
        assert.deepEqual([status.type, status.status, column.column], ['workorder-update', 'GOEDGEKEURD', 'Auto binnen'])
      }
      assert.equal((await call('warehouse', 'GET', '/api/workorders')).data.find((card) => card.id === id).signed, true)
    }))

  test('a card is moved, and a mechanic starts and stops: column, status, session, session', () =>
    watching([board], async (stream) => {
      const id = randomUUID()
      await client.query(`INSERT INTO example.work_orders (id, plate, customer_name, status, board_column) VALUES ($1, '56-CD-78', 'Klant', 'INGEPLAND', 'Gepland')`, [id])
      const mine = ({ workOrderId, from }) => workOrderId === id && from !== undefined
      await call('mechanic', 'PATCH', `/api/workorders/${id}/column`, { column: 'Onder handen' })
      assert.equal((await update(stream, 'column', mine)).column, 'Onder handen')
      assert.equal((await update(stream, 'status', mine)).status, 'IN_UITVOERING')
      const session = (await call('mechanic', 'POST', `/api/workorders/${id}/sessions`, undefined, 201)).data
      const started = await update(stream, 'session', ({ sessionId, stoppedAt }) => sessionId === session.id && stoppedAt === null)
      assert.equal(started.workOrderId, id)
      await call('mechanic', 'PATCH', `/api/workorders/${id}/sessions/${session.id}`)
      assert.ok((await update(stream, 'session', ({ sessionId, stoppedAt }) => sessionId === session.id && stoppedAt)).stoppedAt)
    }))

  test('to load the example again says nothing, in the terminal or to who listens', () =>
    watching([['/api/orders/events?store=loja-a', 'staff'], ['/api/workorders/stream', 'admin'], ['/api/events', 'admin']], async (...streams) => {
      const { code, stdout, stderr } = await stage.cluster.psqlFile(join(repository, 'contrib/example/install.sql'))
      assert.deepEqual([code, stdout, stderr], [0, '', ''])
      await addUser(client)
      await streams[2].next(({ raw }) => raw.includes('user_created'))
      assert.deepEqual(streams.map(({ frames }) => frames.length), [1, 1, 2])
    }))

  test('a number is drawn: who has a subscription reads it', async () => {
    await client.query("INSERT INTO example.games (game_type, game_id, name) VALUES ('ROULETTE', 'mesa-1', 'Roleta')")
    await client.query('INSERT INTO example.subscriptions (user_id) VALUES ($1)', [people.customer.id])
    await watching([['/stream/rounds/ROULETTE/mesa-1/v2/live?k=3', 'customer']], async (stream) => {
      await stream.next('ready')
      const drawn = (await call('staff', 'POST', '/api/rounds/ROULETTE/mesa-1', { value: 25 }, 201)).data
      const { update_type, number } = await unseal((await stream.next('update')).data)
      assert.deepEqual([update_type, number], ['new_number', { value: 25, color: 'red', timestamp: drawn.timestamp }])
    })
  })
})
