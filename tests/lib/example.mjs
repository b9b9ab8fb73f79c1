// Rows and people of the example application. Their ids are the test's own, so that the data of the
// example does not matter.
import { randomUUID } from 'node:crypto'
import { token } from './token.mjs'

let count = 0

/** A code of the form ORD-A7X3B2. */
export function orderCode() {
  return `ORD-${(++count).toString(36).toUpperCase().padStart(4, '0')}${randomUUID().slice(0, 2).toUpperCase()}`
}

export async function addStore(client, slug) {
  await client.query('INSERT INTO example.stores (slug, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [slug, `Loja ${slug}`])
  return slug
}

/** A user with a token. claims are added to sub and role. */
export async function addUser(client, { role = 'customer', store = null, claims = {} } = {}) {
  const id = randomUUID()
  const email = `${id.slice(0, 8)}@example.org`
  await client.query(`INSERT INTO example.users (id, email, name, phone_number, password_hash, role, store_slug)
    VALUES ($1, $2, $3, '5213334987900', $4, $5, $6)`, [id, email, `Name ${id.slice(0, 4)}`, `hash-${id}`, role, store])
  return { id, email, role, token: await token({ sub: id, role, ...claims }) }
}

export async function addOrder(client, user, store, status = 'Order Received') {
  const order = { id: randomUUID(), order_code: orderCode(), order_status: status }
  await client.query(`INSERT INTO example.orders
    (id, order_code, store_slug, user_id, address_id, customer_name, total_qty, final_amount, order_status)
    VALUES ($1, $2, $3, $4, $5, 'João Silva', 3, 460.00, $6)`,
    [order.id, order.order_code, store, user.id, randomUUID(), status])
  return order
}

export const setStatus = (client, order, status) =>
  client.query('UPDATE example.orders SET order_status = $2 WHERE id = $1', [order.id, status])
