// SPDX-License-Identifier: PostgreSQL
/** my-orders.js: a customer's own orders (the document of the order status, in English). */
import { follow } from '/follow.js'
import { act, button, byId, cell, complain, figure, fill, make, mark, signIn, toast } from '/shell.js'

const texts = { open: 'Live', refused: 'Not authorized' }
const orders = new Map() // id -> order, in the order of the list

const Cookies = {
  get: (name) => document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1),
  set: (name, value) => (document.cookie = `${name}=${value}; path=/; max-age=3600; SameSite=Strict`),
}

const session = await signIn('joao')
Cookies.set('auth_token', await session.token()) // what a login leaves behind
let own = Cookies.get('auth_token')

async function token(anew) {
  if (anew) Cookies.set('auth_token', (own = await session.token(true)))
  return own
}

async function load() {
  const found = await session.call('GET', '/api/orders')
  orders.clear()
  for (const order of found) orders.set(order.id, order)
  fill(byId('orders'), ...found.map(row))
}

// Only the row that has changed is made again.
async function onStatus({ order_id: id, order_code: code, order_status: status }) {
  toast(`${code} — ${status}`)
  if (!orders.has(id)) return load() // the order has just been placed
  const order = { ...orders.get(id), order_status: status }
  orders.set(id, order)
  const element = row(order)
  rowOf(id).replaceWith(element)
  mark(element)
}

function onLeft({ key }) { // the order is not this customer's any more
  orders.delete(key?.id)
  rowOf(key?.id)?.remove()
  byId('orders-empty').hidden = orders.size > 0
}

const rowOf = (id) => byId('orders').querySelector(`[data-id="${CSS.escape(id)}"]`)

function row(order) {
  const cancelButton = () => button('Cancel', act(() => cancel(order)), { label: `Cancel ${order.order_code}`, className: 'destructive' })
  return make('tr', { dataset: { id: order.id } },
    cell('Order', order.order_code), figure('Items', String(order.total_qty)), figure('Amount', order.final_amount.toFixed(2)),
    cell('Status', orderStatusBadge(order.order_status)), cell('Actions', ...(order.order_status === 'Order Received' ? [cancelButton()] : [])))
}

const orderStatusBadge = (status) => make('span', { className: 'badge', dataset: { status } }, status)
const cancel = ({ id }) => session.call('PATCH', `/api/orders/${id}/status`, { order_status: 'Cancelled' })

const handlers = { order_status_update: onStatus, left: onLeft }

if (own) {
  follow(session, texts, {
    path: '/api/orders/stream', token, share: false, // its document: each tab has its own connection
    onLoad: load, onEvent: (name, data) => handlers[name]?.(data),
    onState: (state) => state === 'lost' && console.warn('SSE connection error, will auto-reconnect...'),
  })
} else {
  complain('You are not signed in: there is no cookie auth_token')
}
