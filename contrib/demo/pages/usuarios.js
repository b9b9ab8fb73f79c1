// SPDX-License-Identifier: PostgreSQL
/** usuarios.js: the users of the application (the document of the users list, in Spanish). */
import { follow } from '/follow.js'
import { act, button, byId, cell, fill, make, signIn } from '/shell.js'
import { words } from '/words.js'

const texts = { open: 'Conectado en tiempo real', refused: 'Sin permiso' }
const session = await signIn('grace')

/** Loads the list as it is now. showLoading: tells the user meanwhile. */
async function fetchUsers(showLoading = true) {
  byId('loading').hidden = !showLoading
  try {
    fill(byId('users'), ...(await session.call('GET', '/api/users')).map(row))
  } finally {
    byId('loading').hidden = true
  }
}

function row(user) {
  const remove = act(() => session.call('DELETE', `/api/users/${user.id}`))
  return make('tr', { dataset: { id: user.id } },
    cell('Nombre', user.name ?? ''), cell('Correo', user.email), cell('Teléfono', user.phoneNumber ?? ''), cell('Rol', words.roles[user.role] ?? user.role),
    cell('Creado', new Date(user.createdAt).toLocaleString('es')), cell('Acciones', button('Eliminar', remove, { label: `Eliminar ${user.email}`, className: 'destructive' })))
}

async function create(event) {
  const user = await session.call('POST', '/api/users', Object.fromEntries(new FormData(event.target)))
  console.log(`✅ Usuario ${user.email} creado exitosamente`)
  console.log('📡 Notificación SSE enviada para auto-refresh') // by the trigger, in the transaction that made the row
}

function newUserDetected({ name, email }) {
  byId('detected').textContent = `Nuevo usuario detectado: ${name ?? email}`
  byId('detected').hidden = false
}

async function onEvent(type, data) {
  if (type !== 'user_created' && type !== 'user_deleted') return
  console.log('📡 Evento SSE recibido:', data)
  if (type === 'user_created') {
    console.log('🔄 Nuevo usuario creado detectado via SSE:', data.user)
    newUserDetected(data.user)
  } else {
    console.log('🗑Usuario eliminado detectado via SSE:', data.user)
  }
  await fetchUsers(false)
}

function onState(state) {
  if (state === 'connecting') console.log('🔌 Estableciendo conexión SSE...')
  if (state === 'open') console.log('✅ Conexión SSE abierta')
}

byId('create').onsubmit = act(create)
byId('refresh').onclick = act(() => fetchUsers())
let first = true
follow(session, texts, { path: '/api/events', onEvent, onState, async onLoad() {
  await fetchUsers(first)
  first = false
} })
