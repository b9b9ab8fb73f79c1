// SPDX-License-Identifier: PostgreSQL
/** pedidos.js: the orders of a store (the document of the orders page, in Portuguese). */
import { follow } from '/follow.js'
import { act, button, byId, cell, choice, figure, fill, make, mark, signIn, toast } from '/shell.js'

const texts = { open: 'Conectado', refused: 'Sem permissão' }
const statuses = { 'Order Received': 'Recebido', Preparing: 'Em preparo', 'Out for Delivery': 'Saiu para entrega', Delivered: 'Entregue' }
const money = new Intl.NumberFormat('pt-BR', { style: 'currency', currency: 'BRL' })
const store = decodeURIComponent(location.pathname.split('/')[2])
const orders = new Map() // id -> order, the newest first on the page
let edited // the order that the form changes; undefined if it makes a new one

const session = await signIn('ana')
for (const [value, textContent] of Object.entries(statuses)) byId('status').append(make('option', { value, textContent }))

/** Loads the list as it is now, also for the manual refresh. */
async function load() {
  const found = await session.call('GET', `/api/orders?store=${encodeURIComponent(store)}`)
  orders.clear()
  for (const order of found) if (order.order_status !== 'Cancelled') orders.set(order.id, order)
  show()
}

/** An event may be older than the list, which was loaded later. Then it changes nothing. */
function put(order) {
  const known = orders.get(order.id)
  if (known && known.updated_at > order.updated_at) return
  if (order.order_status === 'Cancelled') orders.delete(order.id)
  else orders.set(order.id, order)
  show(order.id)
}

const handlers = {
  order_created({ order }) {
    put(order)
    toast(`Novo pedido ${order.order_code} de ${order.customer_name ?? 'cliente'} — ${money.format(order.final_amount)}`)
  },
  order_updated({ order }) {
    console.log('Pedido atualizado:', order.id)
    put(order)
  },
  order_cancelled({ order_id: id }) {
    console.log('Pedido cancelado:', id)
    remove(id)
  },
  left: ({ key }) => remove(key?.id), // the order went to another store
}

function remove(id) {
  orders.delete(id)
  show()
}

// ---- what is seen ------------------------------------------------------------------------------

/** Filters look at what is there already, so they make no request. */
function wanted(order) {
  const text = byId('text').value.trim().toLowerCase()
  return (!byId('status').value || order.order_status === byId('status').value) &&
    (!text || `${order.order_code} ${order.customer_name ?? ''}`.toLowerCase().includes(text))
}

function show(changed) {
  const list = [...orders.values()].filter(wanted).sort((a, b) => b.created_at.localeCompare(a.created_at) || a.id.localeCompare(b.id))
  fill(byId('orders'), ...list.map(row))
  byId('count').textContent = `${list.length} de ${orders.size}`
  const element = changed && byId('orders').querySelector(`[data-id="${CSS.escape(changed)}"]`)
  if (element) mark(element)
}

function row(order) {
  const onchange = act((event) => change(order, event.target.value))
  return make('tr', { dataset: { id: order.id, status: order.order_status } },
    cell('Pedido', order.order_code), cell('Cliente', order.customer_name ?? ''), figure('Itens', String(order.total_qty)),
    figure('Total', money.format(order.final_amount)),
    cell('Status', choice(`Status de ${order.order_code}`, onchange, Object.entries(statuses), order.order_status)),
    cell('Ações', button('Alterar', () => edit(order)), ' ', button('Cancelar', act(() => change(order, 'Cancelled')), { className: 'destructive' })))
}

// ---- what is done ------------------------------------------------------------------------------

// The list changes when the event arrives, in this window as in all others.
const change = (order, order_status) => session.call('PATCH', `/api/orders/${order.id}/status`, { order_status })

function edit(order) {
  edited = order
  const { customerName, quantity, total } = byId('order').elements
  if (order) [customerName.value, quantity.value, total.value] = [order.customer_name ?? '', order.total_qty, order.final_amount.toFixed(2)]
  byId('save').textContent = order ? `Salvar ${order.order_code}` : 'Criar pedido'
  byId('leave').hidden = !order
}

async function save(event) {
  const { customerName, quantity, total } = Object.fromEntries(new FormData(event.target))
  const order = { customerName, items: [{ name: 'Item', quantity: Number(quantity) }], total: Number(total) }
  if (edited) await session.call('PATCH', `/api/orders/${edited.id}`, order)
  else await session.call('POST', '/api/orders', { storeSlug: store, ...order })
  edit()
}

byId('order').onsubmit = act(save)
byId('leave').onclick = () => edit()
byId('refresh').onclick = act(load)
byId('status').onchange = byId('text').oninput = () => show()

follow(session, texts, {
  path: `/api/orders/events?store=${encodeURIComponent(store)}`,
  onLoad: load, onEvent: (name, data) => handlers[name]?.(data),
})
