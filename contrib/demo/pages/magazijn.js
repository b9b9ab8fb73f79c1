// SPDX-License-Identifier: PostgreSQL
/** magazijn.js: what the store of parts must know of the work orders. */
import { byId, cell, fill, make, signIn } from '/shell.js'
import { badge, followWorkOrders, partsOf } from '/workshop.js'

const row = (order) => make('tr', { dataset: { id: order.id } },
  cell('Kenteken', order.plate), cell('Status', badge(order.status)), cell('Kolom', order.column), cell('Onderdelen', partsOf(order)))

followWorkOrders(await signIn('willem'), (orders) => fill(byId('workorders'), ...orders.map(row)))
