// The oracle: what the writers did against what the subscribers saw.
//
// Writers log transactions:
//   { fate: 'acked' | 'aborted' | 'unknown', beganAt, changes: [{ mark, key, version, owner, from? }] }
//   `mark` names one attempt to write one row version and is unique; it travels in the row, so a
//   frame can be traced to the very statement that caused it. `from` is the owner before, where the change
//   moved the row. A savepoint that was rolled back is logged as an aborted transaction of its own.
//   `unknown` is a transaction whose connection was lost at COMMIT: all of it happened, or nothing.
//   The versions of a row count by one.
//
// Subscribers log frames: { name, sees(owner) -> boolean, connectedAt, frames } as sse.mjs keeps them.
//
// check() answers with a list for each kind of violation; `ok` when all are empty. The promises are those
// of a stream that stays connected or resumes with Last-Event-ID:
//   lost        a committed change that an entitled subscriber never saw
//   phantom     seen, but aborted or never written
//   foreign     seen by a subscriber that is not entitled to it (a `left` without a row that left, too)
//   misordered  versions of one row that do not increase in a subscriber's frames
//   duplicated  the same id or the same row version twice
//   unordered   ids that do not increase strictly; a `connected` whose id would skip a later frame
//   disagreed   one change with different ids at different subscribers
//   broken      frames that no strict parser or no reader takes; a `reset` that had no reason to come
//   diverged    the replay of the frames differs from the table's end state
import { compareIds, parseId } from './sse.mjs'

const kinds = ['lost', 'phantom', 'foreign', 'misordered', 'duplicated', 'unordered', 'disagreed', 'broken', 'diverged']

/** How a frame of the default event data tells its row change; tests with rules of their own bring another. */
export function readDefault(frame) {
  const data = JSON.parse(frame.data)
  if (frame.name === 'left') return { left: true, key: keyText(data.key) }
  const row = data.row ?? data.old
  return { key: String(row.id), version: Number(row.version), owner: row.owner, mark: row.note, deleted: data.op === 'delete' }
}

/** A row's key as text, whether it came as a value, an array or an object of columns. */
export function keyText(key) {
  return key !== null && typeof key === 'object' ? Object.values(key).join(',') : String(key)
}

/**
 * table: the rows at the end, [{ key, version, owner, mark }]; read: frame -> change, as readDefault;
 * resets: how many `reset` frames a subscriber may have got.
 */
export function check({ writes, subscribers, table, read = readDefault, resets = 0 }) {
  const report = Object.fromEntries(kinds.map((kind) => [kind, []]))
  const log = indexWrites(writes)
  const sights = subscribers.map((subscriber) => observe(subscriber, { log, read, resets, report }))
  settleUnknown(writes, sights, table ?? [])
  for (const sight of sights) findLost(sight, writes, report)
  findDisagreement(sights, report)
  if (table) for (const sight of sights) compareWithTable(sight, table, report)
  report.figures = figures(writes, sights)
  report.ok = kinds.every((kind) => report[kind].length === 0)
  return report
}

/** One line: the counts of all kinds. */
export function summary(report) {
  return kinds.map((kind) => `${report[kind].length} ${kind}`).join(', ')
}

/** The first violations of each kind, for a person. */
export function explain(report, limit = 5) {
  return kinds.flatMap((kind) => report[kind].slice(0, limit).map((text) => `${kind}: ${text}`)).join('\n')
}

function indexWrites(writes) {
  const log = new Map()
  for (const write of writes) for (const change of write.changes) log.set(change.mark, { change, write })
  return log
}

// Walks the frames of one subscriber, in the order of their arrival over all its connections.
function observe(subscriber, { log, read, resets, report }) {
  const sight = { subscriber, seen: new Map(), left: [], map: new Map(), lastId: null, ids: new Set(), resets: 0 }
  for (const frame of subscriber.frames) {
    if (frame.name === 'reset') sight.resets++
    if (frame.name === 'connected') checkConnected(sight, frame, report)
    if (['connected', 'reset', 'closing', 'expiring', 'ready'].includes(frame.name)) continue
    checkId(sight, frame, report)
    const change = readSafely(read, frame, subscriber, report)
    if (change?.left) takeLeft(sight, change, frame)
    else if (change) takeChange(sight, change, frame, log, report)
  }
  for (const row of sight.left) checkLeft(sight, row, log, report)
  for (const fault of subscriber.faults ?? []) report.broken.push(`${subscriber.name}: ${fault}`)
  if (sight.resets > resets) report.broken.push(`${subscriber.name}: ${sight.resets} resets`)
  return sight
}

function readSafely(read, frame, subscriber, report) {
  try {
    return read(frame)
  } catch (error) {
    report.broken.push(`${subscriber.name}: ${error.message}: ${frame.raw ?? frame.data}`)
  }
}

// A client that loses the connection right after `connected` resumes from its id: an id ahead of a
// frame that is yet to come would skip that frame; one behind would repeat some.
function checkConnected(sight, frame, report) {
  if (frame.id === null || frame.id === undefined) return
  try {
    parseId(frame.id)
    if (sight.lastId && compareIds(frame.id, sight.lastId) < 0) {
      report.unordered.push(`${sight.subscriber.name}: connected ${frame.id} after ${sight.lastId}`)
    }
    sight.lastConnected = frame.id
  } catch (error) {
    report.broken.push(`${sight.subscriber.name}: ${error.message} in connected`)
  }
}

function checkId(sight, frame, report) {
  const { name } = sight.subscriber
  try {
    parseId(frame.id)
  } catch (error) {
    return report.broken.push(`${name}: ${error.message} in ${frame.name}`)
  }
  const known = sight.ids.has(frame.id)
  if (known) report.duplicated.push(`${name}: id ${frame.id} twice`)
  for (const before of known ? [] : [sight.lastId, sight.lastConnected]) {
    if (before && compareIds(frame.id, before) <= 0) report.unordered.push(`${name}: ${frame.id} after ${before}`)
  }
  sight.ids.add(frame.id)
  sight.lastId = frame.id
}

function takeLeft(sight, { key }, frame) {
  sight.left.push({ key, id: frame.id, had: sight.map.has(key) })
  sight.map.delete(key)
}

function takeChange(sight, change, frame, log, report) {
  const { subscriber } = sight
  const text = `${subscriber.name}: row ${change.key} version ${change.version} (${change.mark}, id ${frame.id})`
  const written = log.get(change.mark)
  if (!written || written.write.fate === 'aborted' || written.change.version !== change.version) {
    report.phantom.push(text)
  }
  if (!subscriber.sees(written?.change.owner ?? change.owner)) report.foreign.push(text)
  checkVersion(sight, change, text, report)
  sight.seen.set(change.mark, frame.id)
  if (change.deleted) sight.map.delete(change.key)
  else sight.map.set(change.key, change)
}

function checkVersion(sight, { key, version, mark }, text, report) {
  const versions = (sight.versions ??= new Map())
  const last = versions.get(key)
  if (sight.seen.has(mark)) report.duplicated.push(text)
  else if (last !== undefined && version <= last) report.misordered.push(`${text} after version ${last}`)
  if (last === undefined || version > last) versions.set(key, version)
}

// A `left` must belong to a change that took the row from somebody whom this subscriber sees.
function checkLeft(sight, row, log, report) {
  const { sees, name } = sight.subscriber
  const moves = [...log.values()].some(({ change, write }) =>
    change.key === row.key && change.from !== undefined && write.fate !== 'aborted' && sees(change.from))
  if (!moves) report.foreign.push(`${name}: left for row ${row.key}, which was never taken from it (id ${row.id})`)
}

// A transaction is atomic: seen in part, it must be there for all. It has happened for certain when a
// later version of its row exists and nobody else can have written the one between.
function settleUnknown(writes, sights, table) {
  const history = rowHistory(writes, table)
  for (const write of writes) {
    const happened = ({ mark, key, version }) =>
      sights.some((sight) => sight.seen.has(mark)) || history.marks.has(mark) ||
      (history.latest.get(key) > version && history.writers.get(`${key} ${version}`) === 1)
    write.committed = write.fate === 'acked' || (write.fate === 'unknown' && write.changes.some(happened))
  }
}

function rowHistory(writes, table) {
  const history = { marks: new Set(table.map((row) => row.mark)), latest: new Map(), writers: new Map() }
  const stands = ({ key, version }) => history.latest.set(key, Math.max(version, history.latest.get(key) ?? 0))
  table.forEach(stands)
  for (const { fate, changes } of writes) {
    if (fate === 'acked') changes.forEach(stands)
    for (const { key, version } of fate === 'aborted' ? [] : changes) {
      const place = `${key} ${version}`
      history.writers.set(place, (history.writers.get(place) ?? 0) + 1)
    }
  }
  return history
}

function findLost({ subscriber, seen }, writes, report) {
  for (const { fate, committed, beganAt, changes } of writes) {
    if (!committed || beganAt < (subscriber.connectedAt ?? -Infinity)) continue
    for (const change of changes) {
      if (!subscriber.sees(change.owner) || seen.has(change.mark)) continue
      report.lost.push(`${subscriber.name}: row ${change.key} version ${change.version} (${change.mark}, ${fate})`)
    }
  }
}

function findDisagreement(sights, report) {
  const ids = new Map()
  for (const { subscriber, seen } of sights) {
    for (const [mark, id] of seen) {
      const other = ids.get(mark) ?? id
      ids.set(mark, other)
      if (other !== id) report.disagreed.push(`${mark}: ${id} at ${subscriber.name}, ${other} elsewhere`)
    }
  }
}

// Rows that a subscriber never saw any change of are not its to know; all others must be equal.
function compareWithTable({ subscriber, map, versions = new Map() }, table, report) {
  const expected = new Map(table.filter((row) => subscriber.sees(row.owner)).map((row) => [row.key, row]))
  for (const [key, row] of map) {
    const end = expected.get(key)
    if (end && end.version === row.version && end.mark === row.mark) continue
    const truth = end ? `version ${end.version} (${end.mark})` : 'not there'
    report.diverged.push(`${subscriber.name}: row ${key}: replay version ${row.version} (${row.mark}), table ${truth}`)
  }
  for (const key of versions.keys()) {
    if (expected.has(key) && !map.has(key)) report.diverged.push(`${subscriber.name}: row ${key}: not in the replay`)
  }
}

function figures(writes, sights) {
  const count = (fate) => writes.filter((write) => write.fate === fate).length
  return {
    transactions: writes.length,
    acked: count('acked'),
    aborted: count('aborted'),
    unknown: count('unknown'),
    unknownCommitted: writes.filter((write) => write.fate === 'unknown' && write.committed).length,
    subscribers: sights.length,
    frames: sights.reduce((sum, sight) => sum + sight.seen.size + sight.left.length, 0),
    left: sights.reduce((sum, sight) => sum + sight.left.length, 0),
  }
}
