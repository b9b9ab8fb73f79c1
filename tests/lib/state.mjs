// What a client of a stream with a snapshot holds, and whether it may. The client keeps a map:
//
// - `connected` without an id, and `reset`, empty it;
// - `snapshot` fills it;
// - what follows `ready` changes it.
//
// Versions of the hot rows count by one. So a change that is missing or comes twice shows at once.
// At the end the map must be the table.
import { keyText, readDefault } from './oracle.mjs'
import { compareIds } from './sse.mjs'

const others = ['closing', 'expiring']

/** Replays a subscriber's frames: { map, faults, ready, overlaps }. */
export function replayState({ frames, name }) {
  const state = { name, map: new Map(), faults: [], ready: 0, overlaps: 0 }
  for (const frame of frames) {
    if (frame.name === 'connected' && frame.id) continue // the client goes on where it was
    if (frame.name === 'connected' || frame.name === 'reset') begin(state)
    else if (frame.name === 'snapshot') takeItem(state, JSON.parse(frame.data))
    else if (frame.name === 'ready') takeReady(state, frame)
    else if (!others.includes(frame.name)) takeChange(state, frame)
  }
  return state
}

function begin(state) {
  Object.assign(state, { map: new Map(), last: new Map(), items: 0, lastId: null, open: false })
}

function fault(state, text) {
  state.faults.push(`${state.name}: ${text}`)
}

function takeItem(state, row) {
  if (state.open) fault(state, `row ${row.id} as an item after ready`)
  if (state.map.has(String(row.id))) fault(state, `row ${row.id} twice among the items`)
  state.items++
  state.last.set(String(row.id), row.version)
  state.map.set(String(row.id), row.note)
}

function takeReady(state, frame) {
  if (state.open) fault(state, 'ready twice')
  if (JSON.parse(frame.data).items !== state.items) fault(state, `${state.items} items, ready says ${frame.data}`)
  state.open = true
  state.ready++
  state.lastId = frame.id
}

// Only what overlaps the state has no id. It comes before all that has one.
function takeId(state, { id, name }) {
  if (id === null && state.lastId !== null) fault(state, `${name} without an id after ${state.lastId}`)
  if (id !== null && state.lastId !== null && compareIds(id, state.lastId) <= 0) fault(state, `${id} after ${state.lastId}`)
  if (state.lastId === null) state.overlaps++
  state.lastId = id
}

function takeChange(state, frame) {
  const { key, version, mark, left, deleted } = readDefault(frame)
  if (!state.open) fault(state, `${frame.name} before ready`)
  takeId(state, frame)
  if (left) return void state.map.delete(keyText(key))
  const last = state.last.get(key)
  const wanted = deleted ? [last + 0.5] : [last + 1, last + 0.5]
  if (state.map.has(key) && !wanted.includes(version)) fault(state, `row ${key} version ${version} after ${last} (${mark})`)
  if (!state.map.has(key) && last >= version) fault(state, `row ${key} version ${version} again, after ${last} (${mark})`)
  state.last.set(key, version)
  if (deleted) state.map.delete(key)
  else state.map.set(key, mark)
}

/** How the map differs from the rows that it is to have, [{ key, mark }]. */
export function differences({ map, name }, rows) {
  const missing = rows.filter(({ key, mark }) => map.get(key) !== mark).map(({ key, mark }) => `${name}: row ${key} is ${mark}, not ${map.get(key)}`)
  const known = new Set(rows.map(({ key }) => key))
  return [...missing, ...[...map.keys()].filter((key) => !known.has(key)).map((key) => `${name}: row ${key} is not there`)]
}

/**
 * Breaks the connection after its n-th frame, or n frames after `ready`. What has come later is
 * forgotten. The client keeps the id that it had at that frame.
 */
export async function cutBehind(subscriber, n, { ready = false } = {}) {
  const own = ({ connection }) => connection === subscriber.connections.length - 1
  const start = () => subscriber.frames.findIndex((frame) => own(frame) && (!ready || frame.name === 'ready'))
  const end = () => (start() < 0 ? Infinity : start() + n + (ready ? 1 : 0))
  await subscriber.when(() => subscriber.frames.length >= end(), 30_000, () => `${n} frames of ${subscriber.name}: ${subscriber.tail()}`)
  subscriber.drop()
  subscriber.frames.length = end()
  subscriber.lastEventId = subscriber.frames.findLast(({ id }) => id !== null)?.id ?? ''
}
