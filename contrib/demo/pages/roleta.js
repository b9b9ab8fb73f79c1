// SPDX-License-Identifier: PostgreSQL
/**
 * roleta.js: the numbers of a roulette (the document of the encrypted rounds, in Portuguese). The
 * last three come first, then each new one. This page unseals them.
 */
import { unseal } from '/client/unseal.js'
import { follow } from '/follow.js'
import { act, ask, byId, fill, make, mark, sessionOf, signIn } from '/shell.js'

const texts = { open: 'Conectado', refused: 'Sem assinatura ativa' }
const colors = { red: 'vermelho', black: 'preto', green: 'verde' }
const most = 50
const game = '/ROULETTE/123'
let numbers = [] // the newest first
let keys // of the sealed events; the application decides who gets them

const session = await signIn('joao')
const own = `user=${session.user}`

/** Sealed text begins with Fe26.2. What the server itself says is not sealed. */
async function read(data) {
  if (typeof data !== 'string') return data
  keys ??= (await ask(`/key?${own}`)).key
  return unseal(data, keys).catch((error) => Promise.reject(Object.assign(error, { unreadable: true })))
}

function onEvent(name, data) {
  if (data.update_type === 'new_number') numbers = [data.number, ...numbers].slice(0, most)
  if (data.update_type === 'new_number' || name === 'ready') show(name === 'update')
}

/** A new number is added alone, because a screen reader reads aloud what is added. */
function show(isNew) {
  const list = byId('numbers')
  if (!isNew) return fill(list, ...numbers.map(ball))
  byId('numbers-empty').hidden = true
  list.prepend(ball(numbers[0]))
  if (list.children.length > most) list.lastChild.remove()
  mark(list.firstChild)
}

function ball({ value, color, timestamp }) {
  const title = `${colors[color] ?? color}, ${new Date(timestamp).toLocaleTimeString('pt-BR')}`
  return make('li', { className: 'number', title, dataset: { color } }, String(value))
}

function showSubscription({ active }) {
  byId('active').textContent = active ? 'Assinatura ativa' : 'Assinatura inativa'
  byId('subscription').textContent = active ? 'Cancelar assinatura' : 'Reativar assinatura'
  byId('subscription').dataset.active = active
  byId('subscription').className = active ? 'destructive' : ''
  byId('subscription').disabled = false
}

const live = follow(session, texts, {
  path: `/stream/rounds${game}/v2/live?k=3`, read, onEvent,
  onLoad: () => (numbers = []), // the state follows in the stream itself
})

async function toggle() {
  const { active } = await ask(`/subscription?${own}&active=${byId('subscription').dataset.active !== 'true'}`, { method: 'POST' })
  showSubscription({ active })
  if (active) live.reconnect()
}

// The house spins, because a player's token would be refused.
async function spin() {
  const house = await sessionOf('ana')
  await house.call('POST', `/api/rounds${game}`, { value: Math.floor(Math.random() * 37) })
}

byId('subscription').onclick = act(toggle)
byId('spin').onclick = act(spin)
showSubscription(await ask(`/subscription?${own}`))
