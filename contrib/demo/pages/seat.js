// SPDX-License-Identifier: PostgreSQL
/** seat.js: what one user sees on the first page: the rows, the dot, and how much came. */
import { rows } from '/client/index.js'
import { isCrowded } from '/follow.js'
import { complain, make, mark } from '/shell.js'
import { words } from '/words.js'

const most = 4 // rows
const known = ['ORD-A7X3B2', 'ORD-K9M2P4', 'ORD-Q4T8W1'] // these stand first, so nothing moves away

const place = ({ order_code: code }) => (known.includes(code) ? known.indexOf(code) : known.length)
const inOrder = (a, b) => place(a) - place(b) || b.created_at.localeCompare(a.created_at) || a.id.localeCompare(b.id)

// What the events of the example do to rows. The customer's stream tells the new status alone.
const changesOf = (store) => ({
  order_created: ({ order }, rows) => rows.put(order),
  order_updated: ({ order }, rows) => rows.put(order),
  order_cancelled: ({ order_id: id }, rows) => rows.remove(id),
  order_status_update: ({ order_id: id, order_status: status }, rows) => (store().get(id) ? rows.merge({ id, order_status: status }) : rows.reload()),
})

/**
 * Follows a stream as this user. Returns { session, orders() }, and calls its onOrders(orders). A
 * page that nobody looks at lets its connections go, and goes on where it was.
 */
export function seatOf(element, session, path, frames) {
  const user = session.user
  const store = rows({
    url: session.api + path, ticket: `${session.side}/stream/ticket`, renew: `${session.side}/stream/renew`, token: ({ renew }) => session.token(renew),
    key: 'id', sort: inOrder, share: false, fetch: frames.fetch(user, session.name), change: changesOf(() => store),
    load: () => session.call('GET', path.includes('?') ? `/api/orders${path.slice(path.indexOf('?'))}` : '/api/orders'),
  })
  const seat = { session, orders: () => store.getSnapshot().rows, onOrders: () => {} }
  const before = new Map()
  const show = () => {
    const { rows: orders, state, error } = store.getSnapshot()
    showState(element.querySelector('.dot'), state, error)
    showRows(element.querySelector('.rows'), orders.slice(0, most), before, user === 'ana')
    seat.onOrders(orders.slice(0, most))
  }
  frames.onCount(user, (came, word, count) =>
    element.querySelector('.seen').replaceChildren(make('b', { className: came ? 'came' : 'kept' }, word), ` ${count}`))
  whileSeen(() => store.subscribe(show))
  return seat
}

function whileSeen(begin) {
  let leave = begin()
  document.addEventListener('visibilitychange', () => {
    leave?.()
    leave = document.hidden ? undefined : begin()
  })
}

function showState(dot, state, error) {
  const word = state === 'open' ? 'open' : error && isCrowded(error) ? 'waiting' : error ? 'lost' : 'connecting'
  if (dot.classList.contains(word) && dot.textContent) return
  dot.className = `dot ${word}`
  dot.textContent = word === 'open' ? 'Live' : words[word]
  if (word === 'waiting') complain(words.crowded)
  else if (word === 'lost') complain(error)
  else if (word === 'open') complain()
}

function showRows(list, orders, before, named) {
  list.replaceChildren(...orders.map((order) => {
    const { id, order_code: code, customer_name: name, order_status: status } = order
    const item = make('li', { dataset: { id } }, make('span', { className: 'code' }, code), ...(named ? [make('span', { className: 'quiet' }, name ?? 'a guest')] : []),
      make('span', { className: 'badge', dataset: { status } }, status))
    if (before.has(id) && before.get(id) !== status) mark(item)
    before.set(id, status)
    return item
  }))
}
