// SPDX-License-Identifier: PostgreSQL
/** workorders.js: all work orders, for the office. */
import { byId, cell, fill, make, signIn } from '/shell.js'
import { badge, followWorkOrders, invoicesOf, partsOf, sessionsOf } from '/workshop.js'

const row = (order) => make('tr', { dataset: { id: order.id } },
  cell('Kenteken', order.plate), cell('Klant', order.customerName ?? ''), cell('Status', badge(order.status)), cell('Kolom', order.column),
  cell('Sessies', sessionsOf(order)), cell('Onderdelen', partsOf(order)), cell('Facturen', invoicesOf(order)))

followWorkOrders(await signIn('grace'), (orders) => fill(byId('workorders'), ...orders.map(row)))
