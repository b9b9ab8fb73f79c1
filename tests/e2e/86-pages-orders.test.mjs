// The pages of the two documents about orders in a real browser, as `make demo` serves them. They
// have the user interface that the documents describe, with the same words.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { orderCode } from '../lib/example.mjs'
import { Scene, colorOf, id, noteTimes, pedidos, rowOf, statuses, timesOf } from '../lib/pages.mjs'
import { seconds, token } from '../lib/token.mjs'

/** For Visit.open: what is drawn at random is the most that it may be. */
const longestWaits = (page) => page.addInitScript(() => {
  let drawn = 0
  Math.random = () => 0.999 + (drawn++ % 1000) * 1e-7
})

describe('000, pedidos', { skip: missing(), timeout: 300_000 }, () => {
  const scene = new Scene()
  const { visit, shows, addOrder, setStatus, gone } = scene
  before(() => scene.open())
  after(() => scene.close())

  shows('novos pedidos aparecem instantaneamente, no alto da lista, com toast notification', async () => {
    const it = await visit(pedidos, 'ana')
    await it.isLive('Conectado')
    const order = await addOrder()
    await it.seesText('#orders tr:first-child', order.code)
    await it.seesText('.toast', `Novo pedido ${order.code} de João Silva`)
  })

  shows('mudanças de status são refletidas em tempo real', async () => {
    const order = await addOrder()
    const it = await visit(pedidos, 'ana')
    await it.isLive()
    for (const status of ['Preparing', 'Out for Delivery', 'Delivered']) {
      await setStatus(order, status)
      await it.sees(status, () => it.$(`${rowOf(order)}[data-status="${status}"]`).count())
      assert.equal(await it.$(`${rowOf(order)} select`).inputValue(), status)
    }
    await it.says(`Pedido atualizado: ${order.id}`)
  })

  shows('cancelamentos removem pedidos da lista automaticamente', async () => {
    const order = await addOrder()
    const it = await visit(pedidos, 'ana')
    await it.seesText('#orders', order.code)
    await setStatus(order, 'Cancelled')
    await gone(it, rowOf(order))
    await it.says(`Pedido cancelado: ${order.id}`)
    assert.ok(!(await it.texts('#orders')).join().includes('ORD-Z5D6F7'), 'nor one of another store')
  })

  shows('server actions criam, atualizam e cancelam pedidos; todos os clientes da loja veem o mesmo', async () => {
    const [ana, grace] = [await visit(pedidos, 'ana'), await visit(pedidos, 'grace')]
    await Promise.all([ana.isLive(), grace.isLive()])
    const name = `Cliente ${orderCode()}`
    await ana.page.getByLabel('Cliente').fill(name)
    await ana.page.getByRole('button', { name: 'Criar pedido' }).click()
    for (const it of [ana, grace]) await it.seesText('#orders tr:first-child', name)
    const row = ana.$('#orders tr').filter({ hasText: name })
    await row.getByRole('combobox').selectOption('Preparing')
    const other = grace.$('#orders tr').filter({ hasText: name })
    await grace.sees('the new status', async () => (await other.getAttribute('data-status')) === 'Preparing')
    await row.getByRole('button', { name: 'Alterar' }).click()
    await ana.page.getByLabel('Total (R$)').fill('75.25')
    await ana.page.getByRole('button', { name: /Salvar/ }).click()
    for (const it of [ana, grace]) await it.seesText('#orders tr', /75,25/)
    await row.getByRole('button', { name: 'Cancelar' }).click()
    for (const it of [ana, grace]) await it.sees('the order to leave', async () => !(await it.texts('#orders')).join().includes(name))
  })

  shows('filtros locais, sem requisições desnecessárias', async () => {
    const [received, prepared] = [await addOrder({ name: 'Beatriz Ramos' }), await addOrder({ status: 'Preparing' })]
    const it = await visit(pedidos, 'ana')
    await it.seesText('#orders', received.code)
    await it.isLive()
    const before = it.count
    await it.$('#status').selectOption('Preparing')
    await gone(it, rowOf(received))
    assert.equal(await it.$(rowOf(prepared)).count(), 1)
    await it.$('#status').selectOption('')
    await it.page.getByLabel('Buscar').fill('beatriz')
    await gone(it, rowOf(prepared))
    assert.equal(await it.$(rowOf(received)).count(), 1)
    assert.equal(it.count, before, 'requests by filters')
  })

  shows('sem polling: eventos mudam a lista sem requisição e sem recarregar', async () => {
    const it = await visit(pedidos, 'ana')
    await it.isLive()
    await it.seesText('#count', / de /)
    const before = it.count
    for (let n = 0; n < 5; n++) await it.seesText('#orders', (await addOrder()).code)
    assert.deepEqual(it.requests.slice(before), [])
  })

  shows('indicador e botão de reconexão em caso de erro; reconexão automática com backoff exponencial, sem perder nada', async () => {
    const it = await visit(pedidos, 'ana', { prepare: (page) => Promise.all([noteTimes(page), longestWaits(page)]) })
    await it.isLive('Conectado')
    await it.seesText('#count', / de /)
    assert.equal(await it.$('#reconnect').isVisible(), false)
    const before = it.count
    const opened = (await timesOf(it, '/stream/ticket')).length
    await scene.daemon.stop()
    await it.seesText('#state', 'Desconectado')
    await it.sees('the button', () => it.$('#reconnect').isVisible())
    const missed = await addOrder()
    const waits = async () => (await timesOf(it, '/stream/ticket')).slice(opened).map((at, n, all) => at - all[n - 1]).slice(1)
    // A busy machine may make one longer. Then the next one tells.
    await it.sees('waits of 1 s, 2 s, 4 s, and what the server asks for', async () => (await waits()).some((wait, n, all) => n > 0 && wait >= all[n - 1] + 900))
    const [first, second] = await waits()
    assert.ok(first >= 1900 && second >= 2900, `the server asks for at least 1 s: ${first}, ${second}`)
    await scene.daemon.start()
    await it.page.getByRole('button', { name: 'Reconectar' }).click()
    await it.isLive('Conectado')
    await it.seesText('#orders', missed.code)
    assert.match(it.asked('/api/orders/events', before).at(-1).headers['last-event-id'], /^\d+-\d+$/)
    assert.equal(it.asked('/api/orders?', before).length, 0, 'it goes on where it was, without loading anew')
    await scene.daemon.stop()
    await it.seesText('#state', 'Desconectado')
    await scene.daemon.start()
    await it.isLive('Conectado') // by itself
  })

  shows('quem usa o teclado fica onde está, aconteça o que acontecer na lista; o que é recusado não fica à vista', async () => {
    const order = await addOrder()
    let refuses = false
    const answer = (route) => (refuses ? route.abort() : route.continue())
    const it = await visit(pedidos, 'ana', { prepare: (page) => page.route('**/status', answer) })
    await it.isLive()
    const label = `Status de ${order.code}`
    const focused = () => it.page.evaluate(() => document.activeElement.ariaLabel)
    await it.page.getByLabel(label).focus()
    await it.seesText('#orders', (await addOrder()).code)
    assert.equal(await focused(), label)
    await it.page.keyboard.press('ArrowDown')
    await it.sees('the new status', () => it.$(`${rowOf(order)}[data-status="Preparing"]`).count())
    assert.equal(await focused(), label)
    refuses = true
    await it.page.keyboard.press('ArrowDown')
    await it.seesText('#error', /./)
    assert.deepEqual([await focused(), await it.page.getByLabel(label).inputValue()], [label, 'Preparing'])
  })

  shows('fallback manual com botão de atualização, quando o stream não abre', async () => {
    const it = await visit(pedidos, 'ana', { prepare: (page) => page.route('**/api/orders/events**', (route) => route.abort()) })
    await it.seesText('#state', 'Desconectado')
    const order = await addOrder()
    await it.page.getByRole('button', { name: 'Atualizar' }).click()
    await it.seesText('#orders', order.code)
  })

  shows('tratamento de erros: a recusa é dita, e quem não pode ver a loja não a vê', async () => {
    const maria = await visit(pedidos, 'maria')
    await maria.seesText('#state', 'Sem permissão')
    await maria.seesText('#error', /./)
    assert.deepEqual(await maria.texts('#orders tr'), [])
    const it = await visit(pedidos, 'ana')
    await it.isLive()
    await it.page.getByLabel('Cliente').fill('x')
    await it.$('#order').evaluate((form) => (form.elements.total.step = 'any'))
    await it.page.getByLabel('Total (R$)').fill('1.234')
    await it.page.getByRole('button', { name: 'Criar pedido' }).click()
    await it.seesText('#error', 'total must be an amount')
  })

  shows('where continuity is lost (`reset`) the list is loaded anew', async () => {
    const it = await visit(pedidos, 'ana', { prepare: (page) => page.route('**/api/orders/events**', (route) => {
      const headers = route.request().headers()
      route.continue({ headers: { ...headers, ...(headers['last-event-id'] && { 'last-event-id': '999999-1' }) } })
    }) })
    await it.isLive()
    await it.seesText('#count', / de /)
    await scene.daemon.stop()
    await it.seesText('#state', 'Desconectado')
    const order = await addOrder()
    const before = it.count
    await scene.daemon.start()
    await it.isLive()
    await it.seesText('#orders', order.code)
    await it.sees('a load', () => it.asked('/api/orders?store', before).length)
  })
})

describe('004, my orders', { skip: missing(), timeout: 300_000 }, () => {
  const scene = new Scene()
  const { visit, shows, sql, addOrder, setStatus, gone, hasStreams } = scene
  before(() => scene.open())
  after(() => scene.close())

  shows('the UI updates instantly and a toast says "code — status"; no page refresh', async () => {
    const order = await addOrder()
    const it = await visit('/my-orders', 'joao')
    await it.isLive()
    await it.page.evaluate(() => (globalThis.same = true))
    const before = it.count
    for (const status of statuses.slice(1)) {
      await setStatus(order, status)
      await it.seesText(`${rowOf(order)} .badge`, status)
      await it.seesText('.toast', `${order.code} — ${status}`)
    }
    assert.equal(await it.page.evaluate(() => globalThis.same), true)
    assert.deepEqual(it.requests.slice(before), [], 'state is updated in memory')
  })

  shows('the badge changes its colour with the status', async () => {
    const order = await addOrder()
    const it = await visit('/my-orders', 'joao')
    await it.isLive()
    const colors = new Set([await colorOf(it, `${rowOf(order)} .badge`)])
    for (const status of statuses.slice(1)) {
      await setStatus(order, status)
      await it.seesText(`${rowOf(order)} .badge`, status)
      colors.add(await colorOf(it, `${rowOf(order)} .badge`))
    }
    assert.equal(colors.size, statuses.length)
  })

  shows('the cancel button is visible while Order Received, and hidden in the four other statuses', async () => {
    const orders = []
    for (const status of statuses) orders.push(await addOrder({ status }))
    const it = await visit('/my-orders', 'joao')
    await it.isLive()
    for (const [n, order] of orders.entries()) {
      await it.seesText(rowOf(order), statuses[n])
      assert.equal(await it.$(`${rowOf(order)} button`).count(), n === 0 ? 1 : 0, statuses[n])
    }
    await setStatus(orders[0], 'Preparing')
    await gone(it, `${rowOf(orders[0])} button`)
    await setStatus(orders[0], 'Order Received')
    await it.sees('the button again', () => it.$(`${rowOf(orders[0])} button`).count())
  })

  shows('cancelled by the user: the status is Cancelled here, and the order leaves the store\'s list', async () => {
    const order = await addOrder()
    const [it, store] = [await visit('/my-orders', 'joao'), await visit(pedidos, 'ana')]
    await Promise.all([it.isLive(), store.isLive()])
    await store.seesText('#orders', order.code)
    await it.page.getByRole('button', { name: `Cancel ${order.code}` }).click()
    await it.seesText(`${rowOf(order)} .badge`, 'Cancelled')
    await it.seesText('.toast', `${order.code} — Cancelled`)
    await gone(store, rowOf(order))
  })

  shows('the token is in the cookie auth_token, and stands in no URL', async () => {
    const it = await visit('/my-orders', 'joao')
    await it.isLive()
    const cookies = await it.page.context().cookies(scene.pages.origin)
    const { value } = cookies.find(({ name }) => name === 'auth_token')
    assert.equal(it.asked('/stream/ticket').find(({ method }) => method === 'POST').headers.authorization, `Bearer ${value}`)
    assert.ok(it.requests.every(({ url }) => !url.includes(value.slice(0, 20))))
  })

  shows('several tabs: each has its own connection and receives every event', async () => {
    const order = await addOrder()
    const first = await visit('/my-orders', 'joao')
    const tabs = [first, await visit('/my-orders', 'joao', { beside: first }), await visit('/my-orders', 'joao', { beside: first })]
    for (const tab of tabs) await tab.isLive()
    await setStatus(order, 'Preparing')
    for (const tab of tabs) await tab.seesText('.toast', `${order.code} — Preparing`)
  })

  shows('a seventh tab says why it waits, its buttons work, and it opens when another one is closed', async () => {
    const order = await addOrder()
    const first = await visit('/my-orders', 'joao')
    const tabs = [first]
    for (let n = 1; n < 6; n++) tabs.push(await visit('/my-orders', 'joao', { beside: first }))
    for (const tab of tabs) await tab.isLive()
    const seventh = await visit(pedidos, 'ana', { beside: first })
    await seventh.seesText('#state', 'Aguardando uma conexão')
    await seventh.seesText('#error', /outras abas .* seis streams abertos/)
    await seventh.page.getByRole('button', { name: 'Atualizar' }).click()
    await seventh.seesText('#orders', order.code)
    await seventh.page.getByLabel(`Status de ${order.code}`).selectOption('Preparing')
    for (const tab of tabs) await tab.seesText(`${rowOf(order)} .badge`, 'Preparing')
    await tabs[5].page.goto('about:blank')
    tabs[5].documents = 1
    await seventh.isLive('Conectado')
    assert.equal(await seventh.$('#error').isVisible(), false)
  })

  shows('a new order appears, and each user only gets their own', async () => {
    const [joao, maria] = [await visit('/my-orders', 'joao'), await visit('/my-orders', 'maria')]
    await Promise.all([joao.isLive(), maria.isLive()])
    const hers = await addOrder({ user: id('02'), name: 'María López' })
    await maria.seesText(rowOf(hers), /50\.00[^]*Order Received/)
    const his = await addOrder()
    await joao.seesText(rowOf(his), '50.00')
    assert.equal(await joao.$(rowOf(hers)).count(), 0)
    assert.ok(!(await joao.texts('.toast')).join().includes(hers.code))
  })

  shows('an order that goes to another user leaves the page', async () => {
    const order = await addOrder()
    const it = await visit('/my-orders', 'joao')
    await it.seesText(rowOf(order), order.code)
    await it.isLive()
    await sql(`UPDATE example.orders SET user_id = '${id('02')}' WHERE id = '${order.id}'`)
    await gone(it, rowOf(order))
  })

  shows('a server restart drops all connections: the page reconnects by itself and misses nothing', async () => {
    const order = await addOrder()
    const it = await visit('/my-orders', 'joao')
    await it.isLive('Live')
    await scene.daemon.stop()
    await it.says('SSE connection error, will auto-reconnect...')
    await setStatus(order, 'Preparing')
    await scene.daemon.start()
    await it.isLive('Live')
    await it.seesText('.toast', `${order.code} — Preparing`)
  })

  shows('leaving the page closes its stream', async () => {
    await hasStreams(0) // the streams of earlier tests have ended
    const it = await visit('/my-orders', 'joao')
    await it.isLive()
    await hasStreams(1)
    await it.page.goto(`${scene.pages.origin}/usuarios.js`)
    it.documents = 1
    await hasStreams(0)
  })

  shows('a token that ends is replaced, and the stream goes on where it was', async () => {
    const short = await token({ sub: id('01'), role: 'customer', exp: seconds() + 15 })
    let sessions = 0
    const it = await visit('/my-orders', 'joao', { prepare: (page) => page.route('**/session?user=joao', async (route) => {
      const response = await route.fetch()
      route.fulfill({ response, json: { ...(await response.json()), ...(sessions++ === 0 && { token: short }) } })
    }) })
    await it.isLive()
    await it.sees('another session', () => sessions === 2)
    await it.isLive()
    const order = await addOrder()
    await it.seesText('.toast', order.code)
    assert.equal(it.asked('/stream/renew').filter(({ method }) => method === 'POST').length, 1)
    assert.equal(it.asked('/api/orders/stream').length, 1, 'the same stream')
  })

  shows('a revoked token ends the stream, and the page does not come back by itself', async () => {
    const it = await visit('/my-orders', 'joao')
    await it.isLive()
    const before = it.count
    await sql(`SELECT herald.revoke(sub => '${id('01')}')`)
    await it.seesText('#state', 'Not authorized')
    assert.equal(it.asked('/stream/ticket', before).length, 0)
    await sql('DELETE FROM herald.revocations')
    await it.page.getByRole('button', { name: 'Reconnect' }).click()
    await it.isLive()
  })
})
