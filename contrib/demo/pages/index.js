// SPDX-License-Identifier: PostgreSQL
/**
 * index.js: the first page. Three users look at one table, each through a stream of their own. A
 * form changes a row, and everybody sees what each of them gets.
 */
import { commandsOf } from '/commands.js'
import { Frames } from '/frames.js'
import { act, ask, byId, command, complain, copying, make, sessionOf } from '/shell.js'
import { seatOf } from '/seat.js'

const statuses = ['Order Received', 'Preparing', 'Out for Delivery', 'Delivered']
const lively = ['ORD-K9M2P4', 'ORD-Q4T8W1'] // orders of João and of María
const beat = 4000 // ms
const { status, order } = byId('write').elements
const frames = new Frames(byId('frames'))
const streams = { joao: '/api/orders/stream', ana: '/api/orders/events?store=minha-loja', maria: '/api/orders/stream' }

const after = (text) => statuses[(statuses.indexOf(text) + 1) % statuses.length]
const statement = () => `UPDATE example.orders SET order_status = '${status.value}' WHERE order_code = '${order.selectedOptions[0]?.dataset.code}'`

/** Offers Ana's orders in the form, and keeps the choice. */
function offer(orders) {
  const wanted = orders.map(({ id }) => id).join()
  if (order.dataset.ids === wanted) return
  order.dataset.ids = wanted
  const chosen = order.value
  order.replaceChildren(...orders.map(({ id, order_code: code, customer_name: name }) =>
    make('option', { value: id, dataset: { code }, selected: id === chosen }, `${code} (${name ?? 'a guest'})`)))
}

/** Makes a change as Ana. Her token may change all orders of the store, and no other. */
async function change(ana, { id }, wanted) {
  frames.expect(id, wanted)
  const begin = performance.now()
  await ana.session.call('PATCH', `/api/orders/${id}/status`, { order_status: wanted })
  return performance.now() - begin
}

async function run(ana) {
  const row = ana.orders().find(({ id }) => id === order.value)
  if (!row) throw new Error('Choose an order')
  const same = row.order_status === status.value
  const took = await change(ana, row, status.value)
  byId('wrote').textContent = same ? `${row.order_code} is ${status.value} already. Nothing changes, so nobody is told.` : `Committed and answered in ${took.toFixed(0)} ms.`
  status.value = after(status.value)
}

/** Changes an order every few seconds, while somebody looks and wishes it. */
function live(ana) {
  let turn = 0
  setInterval(() => {
    if (!byId('life').checked || document.hidden) return
    const row = ana.orders().find(({ order_code: code }) => code === lively[turn % lively.length])
    turn++
    if (row) change(ana, row, after(row.order_status)).catch(complain)
  }, beat)
}

/** An object of what make(name) promises for each name. */
const byName = async (names, make) => Object.fromEntries(await Promise.all(names.map(async (name) => [name, await make(name)])))

async function showCommands(sessions) {
  const tokens = await byName(['ana', 'grace', 'joao', 'pieter'], async (name) => (sessions[name] ?? (await sessionOf(name))).token())
  const all = await ask('/commands')
  copying(byId('copy'), () => `${all.psql} -c "${statement()}"`)
  for (const [what, lines] of Object.entries(commandsOf(all, tokens))) byId('commands').append(make('h3', {}, what), ...lines.map(command))
}

byId('life').checked = !matchMedia('(prefers-reduced-motion: reduce)').matches
status.append(...statuses.map((value) => make('option', { value, defaultSelected: value === 'Preparing' }, value)))
try {
  const names = Object.keys(streams)
  const sessions = await byName(names, sessionOf)
  const seats = Object.fromEntries(names.map((name) => [name, seatOf(byId(name), sessions[name], streams[name], frames)]))
  seats.ana.onOrders = offer
  byId('write').onsubmit = act(() => run(seats.ana))
  live(seats.ana)
  await showCommands(sessions)
} catch (error) {
  complain(error)
}
