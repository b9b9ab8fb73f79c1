// The oracle compares what the writers did with what the subscribers saw.
//
// Writers log transactions:
//   { fate: 'acked' | 'aborted' | 'unknown', beganAt,
//     changes: [{ mark, key, version, owner, from? }] }
// - `mark` is unique. It names one attempt to write one row version, and travels in the row. So a
//   frame can be traced to the statement that caused it.
// - `from` is the owner before, if the change moved the row.
// - A savepoint that was rolled back is logged as an aborted transaction of its own.
// - An `unknown` transaction lost its connection at COMMIT. All of it happened, or nothing.
// - The versions of a row count by one. The end of a row counts half. Its mark is that of the last
//   version, and ` gone`.
// - A change that is `muted` must not be seen, only its transaction's `bulk`.
// - What herald.publish was given is { mark, owners }, without a row.
// - A transaction that everybody must hear of has { announces: { name, mark } }, whatever its rows.
//   name is `bulk` or `truncate`, which carry no mark. mark is that of what it published last. Both
//   stand in one tick.
//
// Subscribers log frames: { name, sees(owner) -> boolean, connectedAt, frames, resets }, as sse.mjs
// keeps them. resets: how many they may get. rewrites: how many statements of DDL have changed values,
// which is a `bulk` (ddl). At `bulk` and `reset` a client fetches the table
// again. Its rows are then in frame.rows.
//
// check() returns a list for each kind of violation. `ok` is true if all are empty. The promises
// are those of a stream that stays connected or resumes with Last-Event-ID:
//   lost        a committed change that an entitled subscriber never saw, and that no `reset` stands
//               for; a `left`, a `bulk` or a `truncate` that it should have got
//   phantom     seen, but aborted, muted or never written
//   foreign     seen by a subscriber that is not entitled to it; a `left` for a row that did not
//               leave
//   misordered  versions of one row that do not increase in a subscriber's frames; a version after
//               the `bulk` of a later one
//   duplicated  the same id or the same row version twice
//   unordered   ids that do not increase strictly; a `connected` whose id would skip a later frame
//   disagreed   one change with different ids at different subscribers
//   broken      frames that no strict parser or no reader takes; a `reset` that had no reason
//   diverged    the replay of the frames differs from the table's end state
import { compareIds, parseId } from './sse.mjs'

const kinds = ['lost', 'phantom', 'foreign', 'misordered', 'duplicated', 'unordered', 'disagreed', 'broken', 'diverged']

/**
 * The row change that a frame with default data tells. Tests with rules of their own bring another
 * reader.
 */
export function readDefault(frame) {
  const data = JSON.parse(frame.data)
  if (frame.name === 'left') return { left: true, key: keyText(data.key) }
  if (frame.name === 'bulk') return { announces: data.reason === 'muted' ? 'bulk' : `bulk (${data.reason})` }
  if (data.op === 'truncate') return { announces: 'truncate' }
  if (data.mark !== undefined) return { mark: data.mark, published: true }
  const row = data.row ?? data.old
  const deleted = data.op === 'delete'
  const gone = deleted ? { version: row.version + 0.5, mark: `${row.note} gone`, deleted } : {}
  return { key: String(row.id), version: row.version, owner: row.owner, mark: row.note, ...gone }
}

/** A row's key as text. It may come as a value, an array or an object of columns. */
export function keyText(key) {
  return key !== null && typeof key === 'object' ? Object.values(key).join(',') : String(key)
}

/**
 * table: the rows at the end, [{ key, version, owner, mark }]. read: frame -> change, as
 * readDefault. resets: how many `reset` frames a subscriber may get. keep: how long the log is
 * kept, in ms, if it is pruned meanwhile. A reset that says `expired` has a reason if the last id
 * came that long before, even if only because nothing else was for the subscriber.
 */
export function check({ writes, subscribers, table, read = readDefault, resets = 0, keep = Infinity, rewrites = 0 }) {
  const report = Object.fromEntries(kinds.map((kind) => [kind, []]))
  const log = indexWrites(writes)
  const sights = subscribers.map((subscriber) => observe(subscriber, { log, read, resets, keep, report }))
  settleUnknown(writes, sights, table ?? [])
  const ids = findDisagreement(sights, report)
  for (const sight of sights) findLost(sight, { writes, ids }, report)
  findUnmarked(sights, { writes, ids }, report)
  checkRewrites(sights, rewrites, report)
  if (table) for (const sight of sights) compareWithTable(sight, table, report)
  report.figures = figures(writes, sights)
  report.ok = kinds.every((kind) => report[kind].length === 0)
  return report
}

/** One line: the counts of all kinds. */
export function summary(report) {
  return kinds.map((kind) => `${report[kind].length} ${kind}`).join(', ')
}

/** The first violations of each kind, for people. */
export function explain(report, limit = 5) {
  return kinds.flatMap((kind) => report[kind].slice(0, limit).map((text) => `${kind}: ${text}`)).join('\n')
}

function indexWrites(writes) {
  const log = new Map()
  for (const write of writes) for (const change of write.changes) log.set(change.mark, { change, write })
  log.moves = new Map() // key -> the changes that took the row from somebody
  for (const { change } of [...log.values()].filter(isMove)) {
    log.moves.set(change.key, [...(log.moves.get(change.key) ?? []), change])
  }
  return log
}

const isMove = ({ change, write }) => change.from !== undefined && !change.muted && write.fate !== 'aborted'

// Walks the frames of one subscriber in the order of their arrival, over all its connections.
function observe(subscriber, { log, read, resets, keep, report }) {
  const sight = { subscriber, seen: new Map(), left: [], map: new Map(), lastId: null, ids: new Set(), resets: 0, gaps: [], unmarked: [], events: new Map() }
  for (const frame of subscriber.frames) {
    if (frame.name === 'reset') takeReset(sight, frame, keep, report)
    if (frame.name === 'connected') checkConnected(sight, frame, report)
    if (['connected', 'reset', 'closing', 'expiring', 'ready'].includes(frame.name)) continue
    checkId(sight, frame, report)
    if (frame.name === 'schema') continue // a place in the order, and no change of a row
    const change = readSafely(read, frame, subscriber, report)
    if (change?.left) takeLeft(sight, change, frame)
    else if (change?.announces) takeAnnouncement(sight, change, frame, report)
    else if (change) takeChange(sight, change, frame, log, report)
  }
  for (const row of sight.left) checkLeft(sight, row, log, report)
  for (const fault of subscriber.faults ?? []) report.broken.push(`${subscriber.name}: ${fault}`)
  if (sight.resets > (subscriber.resets ?? resets)) report.broken.push(`${subscriber.name}: ${sight.resets} resets`)
  return sight
}

function readSafely(read, frame, subscriber, report) {
  try {
    return read(frame)
  } catch (error) {
    report.broken.push(`${subscriber.name}: ${error.message}: ${frame.raw ?? frame.data}`)
  }
}

// A client that loses the connection right after `connected` resumes from its id. If a frame with a
// lower id is yet to come, the client would miss it. If the id is below that of a frame it has,
// frames would be repeated.
function checkConnected(sight, frame, report) {
  if (frame.id === null || frame.id === undefined) return
  try {
    parseId(frame.id)
    if (sight.lastId && compareIds(frame.id, sight.lastId) < 0) {
      report.unordered.push(`${sight.subscriber.name}: connected ${frame.id} after ${sight.lastId}`)
    }
    if (frame.id !== sight.lastId && frame.id !== sight.lastConnected) sight.movedAt = frame.at
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
  sight.movedAt = frame.at
}

// What stood between the last event and the reset's id may be missed. The table is fetched instead.
function takeReset(sight, frame, keep, report) {
  const stood = frame.at - sight.movedAt
  if (!(stood >= keep && JSON.parse(frame.data).reason === 'expired')) sight.resets++
  if (frame.id === null) return
  const last = [sight.lastId, sight.lastConnected].filter(Boolean)
  sight.gaps.push({ after: last.sort(compareIds).at(-1) ?? '0-0', upto: frame.id })
  checkConnected(sight, frame, report)
  fetchAnew(sight, frame, report)
}

function takeAnnouncement(sight, { announces }, frame, report) {
  sight.unmarked.push({ name: announces, id: frame.id })
  if (announces === 'truncate') sight.map.clear()
  else fetchAnew(sight, frame, report)
}

function fetchAnew(sight, { name, rows }, report) {
  const { subscriber } = sight
  if (!rows) return report.broken.push(`${subscriber.name}: nothing was fetched at ${name}`)
  sight.map = new Map(rows.filter(({ owner }) => subscriber.sees(owner)).map((row) => [row.key, row]))
}

function takeLeft(sight, { key }, frame) {
  sight.unmarked.push({ name: `left of row ${key}`, id: frame.id })
  sight.left.push({ key, id: frame.id, had: sight.map.has(key) })
  sight.map.delete(key)
}

function takeChange(sight, change, frame, log, report) {
  const { subscriber } = sight
  const text = `${subscriber.name}: ${describe(change)} (${change.mark}, id ${frame.id})`
  const written = log.get(change.mark)
  if (!written || written.write.fate === 'aborted' || written.change.version !== change.version || written.change.muted) {
    report.phantom.push(text)
  }
  if (!entitled(subscriber, written?.change ?? change)) report.foreign.push(text)
  checkVersion(sight, change, text, report)
  sight.seen.set(change.mark, frame.id)
  if (change.published) return
  if (!sight.events.has(change.key)) sight.events.set(change.key, [])
  sight.events.get(change.key).push({ version: change.version, id: frame.id })
  if (change.deleted) sight.map.delete(change.key)
  else sight.map.set(change.key, change)
}

const entitled = ({ sees }, { owner, owners = [owner] }) => owners.some(sees)

const describe = ({ key, version }) => (key === undefined ? 'what was published' : `row ${key} version ${version}`)

function checkVersion(sight, { key, version, mark, published }, text, report) {
  const versions = (sight.versions ??= new Map())
  const last = versions.get(key)
  if (sight.seen.has(mark)) report.duplicated.push(text)
  if (sight.seen.has(mark) || published) return
  if (last !== undefined && version <= last) report.misordered.push(`${text} after version ${last}`)
  if (last === undefined || version > last) versions.set(key, version)
}

// A `left` must belong to a change that took the row from somebody whom this subscriber sees.
function checkLeft(sight, row, log, report) {
  const { sees, name } = sight.subscriber
  const moved = log.moves.get(row.key)?.some((change) => leaves(sight.subscriber, change))
  if (!moved) report.foreign.push(`${name}: left for row ${row.key}, which was never taken from it (id ${row.id})`)
}

// A transaction is atomic. If a part of it was seen, all of it has happened. It has certainly
// happened if a row has passed its version and nobody else can have written that one. The end of a
// row is no such version.
function settleUnknown(writes, sights, table) {
  const history = rowHistory(writes, table)
  for (const write of writes) {
    const happened = ({ mark, key, version }) =>
      sights.some((sight) => sight.seen.has(mark)) || history.marks.has(mark) ||
      (Number.isInteger(version) && history.latest.get(key) > version && history.writers.get(`${key} ${version}`) === 1)
    write.committed = write.fate === 'acked' || (write.fate === 'unknown' && write.changes.some(happened))
  }
}

function rowHistory(writes, table) {
  const history = { marks: new Set(table.map((row) => row.mark)), latest: new Map(), writers: new Map() }
  const stands = ({ key, version }) => history.latest.set(key, Math.max(version, history.latest.get(key) ?? 0))
  table.forEach(stands)
  for (const { fate, changes } of writes) {
    const ofRows = changes.filter(({ key }) => key !== undefined)
    if (fate === 'acked') ofRows.forEach(stands)
    for (const { key, version } of fate === 'aborted' ? [] : ofRows) {
      const place = `${key} ${version}`
      history.writers.set(place, (history.writers.get(place) ?? 0) + 1)
    }
  }
  return history
}

function findLost(sight, { writes, ids }, report) {
  const { subscriber, seen } = sight
  for (const { change, fate } of promised(sight, writes, ids)) {
    if (change.muted || !entitled(subscriber, change) || seen.has(change.mark)) continue
    report.lost.push(`${subscriber.name}: ${describe(change)} (${change.mark}, ${fate})`)
  }
}

// What was committed since the subscriber came, without what a reset stands for.
function* promised({ subscriber, gaps }, writes, ids) {
  const missed = (id) => gaps.some(({ after, upto }) => compareIds(after, id) < 0 && compareIds(id, upto) <= 0)
  for (const { fate, committed, beganAt, changes } of writes) {
    if (!committed || beganAt < (subscriber.connectedAt ?? -Infinity)) continue
    for (const change of changes) {
      const id = gaps.length > 0 && ids.get(change.mark)
      if (!id || !missed(id)) yield { change, fate }
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
  return ids
}

// `left`, `bulk` and `truncate` carry no mark. So they are counted, in the tick of a change of the
// same transaction.
function findUnmarked(sights, { writes, ids }, report) {
  const announced = writes.filter(({ committed, announces }) => committed && announces).map(({ announces }) => announces)
  const due = count(announced.map(({ name, mark }) => placeOf(name, ids.get(mark))))
  for (const sight of sights) {
    missUnmarked(sight, { announced, writes, ids }, report)
    doubtAnnouncements(sight, due, report)
    findStale(sight, writes, report)
  }
  compareAnnouncements(sights, due, report)
}

const placeOf = (name, id) => `${name} in tick ${tickOf(id)}`

const tickOf = (id) => id?.split('-')[0]

function missUnmarked(sight, { announced, writes, ids }, report) {
  const { subscriber, seen, gaps, unmarked } = sight
  const cut = new Set(gaps.flatMap(({ after, upto }) => [tickOf(after), tickOf(upto)])) // ticks of which it may have seen a part
  const due = announced.filter(({ mark }) => seen.has(mark) && !cut.has(tickOf(seen.get(mark)))).map(({ name, mark }) => placeOf(name, seen.get(mark)))
  for (const { change } of promised(sight, writes, ids)) {
    if (leaves(subscriber, change) && ids.has(change.mark)) due.push(placeOf(`left of row ${change.key}`, ids.get(change.mark)))
  }
  const got = count(unmarked.map(({ name, id }) => placeOf(name, id)))
  for (const [place, wanted] of count(due)) {
    if ((got.get(place) ?? 0) < wanted) report.lost.push(`${subscriber.name}: ${place}`)
  }
}

// After a `bulk` no older state may come of a row that the same transaction has changed. It would
// go on top of the newer one.
function findStale(sight, writes, report) {
  const { subscriber, seen, unmarked, events } = sight
  const bulks = unmarked.filter(({ name }) => name === 'bulk')
  for (const { changes, announces } of writes.filter(({ committed, announces }) => committed && announces && seen.has(announces.mark))) {
    const { id } = bulks.findLast((bulk) => tickOf(bulk.id) === tickOf(seen.get(announces.mark))) ?? {}
    for (const { key, version } of id ? changes.filter(({ muted }) => muted) : []) {
      const stale = (events.get(key) ?? []).find((event) => event.version < version && compareIds(event.id, id) > 0)
      if (stale) report.misordered.push(`${subscriber.name}: row ${key} version ${stale.version} (id ${stale.id}) after the bulk ${id} of version ${version}`)
    }
  }
}

// checkLeft says what `left` is too many, and checkRewrites what `bulk` (ddl) is.
const rewritten = 'bulk (ddl)'
const announcements = ({ unmarked }) => unmarked.filter(({ name }) => !name.startsWith('left') && name !== rewritten)

// DDL that changes values is told within a while, and several at once may be told together. So there
// are no more such events than statements. Who sees what comes before and after one sees it, too.
function checkRewrites(sights, rewrites, report) {
  const told = (sight) => sight.unmarked.filter(({ name }) => name === rewritten).map(({ id }) => id)
  const all = new Set(sights.flatMap(told))
  if (all.size > rewrites) report.phantom.push(`${all.size} times ${rewritten} for ${rewrites} statements: ${[...all].join(', ')}`)
  for (const sight of sights) {
    const [mine, ids] = [new Set(told(sight)), [...sight.seen.values()]]
    for (const id of all) {
      const around = ids.some((each) => compareIds(each, id) < 0) && ids.some((each) => compareIds(each, id) > 0)
      const excused = sight.gaps.some(({ after, upto }) => compareIds(after, id) <= 0 && compareIds(id, upto) <= 0)
      if (around && !excused && !mine.has(id)) report.lost.push(`${sight.subscriber.name}: ${rewritten} ${id}`)
    }
  }
}

function doubtAnnouncements(sight, due, report) {
  for (const [place, got] of count(announcements(sight).map(({ name, id }) => placeOf(name, id)))) {
    if (got > (due.get(place) ?? 0)) report.phantom.push(`${sight.subscriber.name}: ${place}: ${got}`)
  }
}

function compareAnnouncements(sights, due, report) {
  const ids = new Map()
  for (const { name, id } of sights.flatMap(announcements)) {
    const place = placeOf(name, id)
    ids.set(place, (ids.get(place) ?? new Set()).add(id))
  }
  for (const [place, all] of ids) {
    if (due.has(place) && all.size > due.get(place)) report.disagreed.push(`${place}: ${[...all].join(', ')}`)
  }
}

const leaves = ({ sees }, { from, owner, muted }) => from !== undefined && !muted && sees(from) && !sees(owner)

function count(list) {
  const counts = new Map()
  for (const item of list) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

// A subscriber need not know rows of which it never saw a change. All others must be equal.
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
  const fates = count(writes.map(({ fate }) => fate))
  return {
    transactions: writes.length,
    acked: fates.get('acked') ?? 0,
    aborted: fates.get('aborted') ?? 0,
    unknown: fates.get('unknown') ?? 0,
    unknownCommitted: writes.filter((write) => write.fate === 'unknown' && write.committed).length,
    subscribers: sights.length,
    frames: sights.reduce((sum, sight) => sum + sight.seen.size + sight.left.length, 0),
    left: sights.reduce((sum, sight) => sum + sight.left.length, 0),
    announced: sights.reduce((sum, sight) => sum + sight.unmarked.length - sight.left.length, 0),
  }
}
