// SPDX-License-Identifier: PostgreSQL
/**
 * display.js: the display on which customers sign for their work order. It is signed in as the
 * garage's own device.
 */
import { act, byId, make, signIn } from '/shell.js'
import { followWorkOrders, wordOf } from '/workshop.js'

const session = await signIn('pieter')
const { workOrderId, name } = byId('sign').elements
const ink = byId('ink').getContext('2d')
let drawn = false

/**
 * No work order is chosen for the customer. When the chosen one was signed elsewhere, the customer
 * would sign another one unseen.
 */
function show(orders) {
  byId('sign-empty').hidden = orders.some(({ signed }) => !signed)
  const chosen = workOrderId.value
  workOrderId.replaceChildren(make('option', { value: '' }, 'Kies een werkorder'), ...orders.filter(({ signed }) => !signed).map(({ id, plate, customerName }) =>
    make('option', { value: id, selected: id === chosen, textContent: `${plate} — ${customerName ?? ''}` })))
}

// ---- the ink -----------------------------------------------------------------------------------

Object.assign(ink, { lineWidth: 3, lineCap: 'round', strokeStyle: '#1c2128' })

const placeOf = (event) => {
  const { left, top, width, height } = byId('ink').getBoundingClientRect()
  return [((event.clientX - left) / width) * byId('ink').width, ((event.clientY - top) / height) * byId('ink').height]
}

byId('ink').onpointerdown = (event) => {
  byId('ink').setPointerCapture(event.pointerId)
  ink.beginPath()
  ink.moveTo(...placeOf(event))
}
byId('ink').onpointermove = (event) => {
  if (!event.buttons) return
  ink.lineTo(...placeOf(event))
  ink.stroke()
  drawn = true
}

function wipe() {
  ink.clearRect(0, 0, byId('ink').width, byId('ink').height)
  drawn = false
  name.value = ''
}

async function sign() {
  const signature = drawn ? byId('ink').toDataURL('image/png') : name.value.trim()
  if (!signature) throw new Error('Teken of typ eerst uw naam')
  const { plate, status, column } = await session.call('POST', '/api/display/signature', { workOrderId: workOrderId.value, signature })
  byId('signed').textContent = `Bedankt! ${plate}: ${wordOf(status)}, ${column}`
  byId('signed').hidden = false
  wipe()
}

byId('sign').onsubmit = act(sign)
byId('wipe').onclick = wipe
followWorkOrders(session, show)
