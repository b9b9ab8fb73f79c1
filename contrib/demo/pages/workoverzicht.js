// SPDX-License-Identifier: PostgreSQL
/** workoverzicht.js: the board of the garage, with cards that move and sessions that run. */
import { act, button, byId, choice, fill, make, signIn } from '/shell.js'
import { badge, followWorkOrders, invoicesOf, partsOf, sessionsOf } from '/workshop.js'

const columns = ['Nieuw', 'Auto binnen', 'Onder handen', 'Wacht op onderdelen', 'Gereed']
const session = await signIn('pieter')

function card(order) {
  const path = `/api/workorders/${order.id}`
  const move = act((event) => session.call('PATCH', `${path}/column`, { column: event.target.value }))
  const start = act(() => session.call('POST', `${path}/sessions`, {}))
  const stop = ({ id }) => act(() => session.call('PATCH', `${path}/sessions/${id}`, {}))
  const places = [...new Set([...columns, order.column])].map((name) => [name, name])
  return make('article', { className: 'card', dataset: { id: order.id } },
    make('h4', {}, order.plate), make('p', {}, order.customerName ?? ''), badge(order.status),
    sessionsOf(order, stop), partsOf(order), invoicesOf(order), choice(`Kolom van ${order.plate}`, move, places, order.column),
    button('Start werk', start, { label: `Start werk aan ${order.plate}` }))
}

function column(name, orders) {
  const title = make('h3', {}, `${name} (${orders.length})`)
  const cards = orders.length ? orders.map(card) : [make('p', { className: 'empty' }, 'Geen werkorders')]
  return make('section', { className: 'column', label: name, dataset: { column: name } }, title, ...cards)
}

followWorkOrders(session, (orders) => {
  const names = [...new Set([...columns, ...orders.map((order) => order.column)])]
  fill(byId('board'), ...names.map((name) => column(name, orders.filter((order) => order.column === name))))
})
