// Tests of the oracle itself. An oracle is worth what it detects, so it gets a doctored log for
// each kind of violation. Also tested is the parser that feeds it, with the corner cases of the
// standard.
// run: once
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, summary } from '../lib/oracle.mjs'
import { Parser } from '../lib/parser.mjs'

const violations = ['lost', 'phantom', 'foreign', 'misordered', 'duplicated', 'unordered', 'disagreed', 'broken', 'diverged']

const change = (mark, key, version, owner, from) => ({ mark, key, version, owner, ...(from && { from }) })
const frame = (id, { mark, key, version, owner }) => ({
  id, name: 'hot.update', data: JSON.stringify({ op: 'update', row: { id: key, version, owner, note: mark } }),
})
const left = (id, key) => ({ id, name: 'left', data: JSON.stringify({ topic: 'hot', key: { id: key } }) })
const row = ({ key, version, owner, mark }) => ({ key, version, owner, mark })

// Two users and four transactions. One transaction is aborted, and one moves row 2 from ann to bob.
function honest() {
  const a = change('a', '1', 1, 'ann')
  const b = change('b', '2', 1, 'ann')
  const c = change('c', '1', 2, 'ann')
  const d = change('d', '1', 3, 'ann')
  const e = change('e', '2', 2, 'bob', 'ann')
  const writes = [
    { fate: 'acked', beganAt: 1, changes: [a, b] },
    { fate: 'aborted', beganAt: 2, changes: [change('x', '1', 2, 'ann')] },
    { fate: 'acked', beganAt: 3, changes: [c] },
    { fate: 'unknown', beganAt: 4, changes: [d, e] },
  ]
  const ann = () => [frame('5-1', a), frame('5-2', b), frame('7-9', c), frame('12-10', d), left('12-11', '2')]
  const subscribers = [
    { name: 'ann', sees: (owner) => owner === 'ann', connectedAt: 0, frames: ann() },
    { name: 'ann again', sees: (owner) => owner === 'ann', connectedAt: 0, frames: ann() },
    { name: 'bob', sees: (owner) => owner === 'bob', connectedAt: 0, frames: [frame('12-11', e)] },
  ]
  return { writes, subscribers, table: [row(d), row(e)], changes: { a, b, c, d, e } }
}

function kindsOf(log) {
  const report = check(log)
  return violations.filter((kind) => report[kind].length > 0)
}

const doctoredFrom = (make) => (name, expected, doctor) =>
  test(`the oracle detects ${name}`, () => {
    const log = make()
    doctor(log, log.subscribers[0].frames, log.subscribers[2].frames)
    assert.deepEqual(kindsOf(log), expected)
  })
const doctored = doctoredFrom(honest)

test('the oracle finds nothing in an honest log', () => {
  const report = check(honest())
  assert.ok(report.ok, summary(report))
  assert.equal(report.figures.unknownCommitted, 1)
})

test('the oracle accepts that a transaction of unknown fate is seen by nobody', () => {
  const log = honest()
  log.subscribers[2].frames = []
  for (const subscriber of log.subscribers.slice(0, 2)) subscriber.frames.splice(3)
  log.table = [row(log.changes.c), row(log.changes.b)]
  assert.deepEqual(kindsOf(log), [])
})

test('the oracle asks nothing of a subscriber for what began before it came', () => {
  const log = honest()
  Object.assign(log.subscribers[0], { connectedAt: 2, frames: log.subscribers[0].frames.slice(2) })
  assert.deepEqual(kindsOf(log), [])
})

doctored('a lost change', ['lost'], (log, frames) => frames.splice(0, 1))
doctored('a lost last change, also by the replay', ['lost', 'diverged'], (log, frames) => frames.splice(3, 1))
doctored('a transaction of unknown fate that only one of two entitled saw', ['lost', 'diverged'], (log) => {
  log.subscribers[1].frames.splice(3, 1)
})
doctored('a transaction of unknown fate that happened, as the table shows, but nobody saw', ['lost', 'diverged'], (log) => {
  log.subscribers[2].frames = []
  for (const { frames } of log.subscribers.slice(0, 2)) frames.splice(3)
})
doctored('a transaction of unknown fate that happened, as a later version shows, but nobody saw', ['lost'], (log) => {
  const f = change('f', '2', 3, 'bob')
  log.subscribers[2].frames = [frame('13-12', f)]
  for (const { frames } of log.subscribers.slice(0, 2)) frames.splice(3)
  log.writes[3].changes = [log.changes.e]
  log.writes.push({ fate: 'acked', beganAt: 5, changes: [f] })
  for (const { frames } of log.subscribers.slice(0, 2)) frames.push(left('12-11', '2'))
  log.table = [row(log.changes.c), row(f)]
})
doctored('half of a transaction of unknown fate', ['lost'], (log) => (log.subscribers[2].frames = []))
doctored('a change that was rolled back', ['phantom'], (log, frames) => {
  frames.splice(2, 0, frame('6-3', change('x', '1', 2, 'ann')))
  frames.splice(3, 1)
  for (const other of log.subscribers.slice(1, 2)) other.frames.splice(2, 1)
  log.writes[2].changes = []
})
doctored('a change that nobody wrote', ['phantom'], (log, frames) => {
  frames.splice(3, 0, frame('8-1', change('nobody', '9', 1, 'ann')))
  log.table.push({ key: '9', version: 1, owner: 'ann', mark: 'nobody' })
})
doctored("another user's change", ['foreign', 'diverged'], (log, frames) => {
  frames.push(frame('12-12', log.changes.e))
  log.subscribers[2].frames[0].id = '12-12'
})
doctored("a `left` for a row that was never the subscriber's", ['foreign'], (log, frames) => frames.push(left('13-1', '77')))
doctored('a `left` for who sees the row still', ['foreign', 'diverged'], (log) => {
  log.subscribers[2].sees = () => true
  log.subscribers[2].frames = [...log.subscribers[0].frames.slice(0, 4), frame('12-11', log.changes.e), left('12-12', '2')]
  for (const { frames } of log.subscribers.slice(0, 2)) frames[4].id = '12-12'
})
doctored('two versions of a row in the wrong order', ['misordered', 'diverged'], (log, frames) => {
  ;[frames[2].data, frames[3].data] = [frames[3].data, frames[2].data]
  const other = log.subscribers[1].frames
  ;[other[2].data, other[3].data] = [other[3].data, other[2].data]
})
doctored('the same id twice', ['duplicated'], (log, frames) => frames.splice(1, 0, structuredClone(frames[0])))
doctored('the same change under a new id', ['duplicated', 'disagreed'], (log, frames) => {
  frames.splice(2, 0, { ...frames[0], id: '5-3' })
})
doctored('ids that go back', ['unordered'], (log) => {
  for (const { frames } of log.subscribers.slice(0, 2)) frames[2].id = '4-9'
})
doctored('ids compared as text instead of as numbers', ['unordered'], (log) => {
  for (const { frames } of log.subscribers.slice(0, 2)) frames[2].id = '12-9', (frames[3].id = '7-10')
})
doctored('a `connected` whose id would skip what follows', ['unordered'], (log, frames) => {
  frames.splice(2, 0, { id: '9-1', name: 'connected', data: '{}' })
})
doctored('one change with two ids', ['disagreed'], (log, frames) => (frames[0].id = '4-1'))
doctored('a `reset` without need', ['broken'], (log, frames) => frames.splice(1, 0, { id: null, name: 'reset', data: '{"reason":"unknown"}' }))
doctored('a frame without id', ['broken'], (log, frames) => (frames[0].id = null))
doctored('data that is not JSON', ['lost', 'broken'], (log, frames) => (frames[0].data = '{"op":'))
doctored('bytes that a strict parser refuses', ['broken'], (log) => (log.subscribers[0].faults = ['a carriage return']))
doctored('a replay that differs from the table', ['diverged'], (log) => (log.table[0] = { ...log.table[0], version: 4, mark: 'z' }))
doctored('a row that the table no longer has', ['diverged'], (log) => log.table.shift())
doctored('a row that stayed with its old owner', ['lost', 'diverged'], (log, frames) => frames.pop())

const published = (id, mark) => ({ id, name: 'note', data: JSON.stringify({ mark }) })
const bulk = (id, rows, reason = 'muted') => ({ id, name: 'bulk', data: JSON.stringify({ topic: 'hot', reason }), rows })
const truncate = (id) => ({ id, name: 'hot.truncate', data: JSON.stringify({ op: 'truncate', row: null, old: null }) })
const reset = (id, rows) => ({ id, name: 'reset', data: '{"reason":"expired"}', rows })
const gone = (id, { key, version, owner, mark }) => ({
  id, name: 'hot.delete', data: JSON.stringify({ op: 'delete', row: null, old: { id: key, version, owner, note: mark } }),
})

// The honest log goes on with four steps.
// - Something is published for ann.
// - A TRUNCATE, after which both rows are there again.
// - A change of ann's row that nobody is to see. Only the bulk tells it.
// - The end of bob's row.
function rich() {
  const log = honest()
  const both = ['ann', 'bob']
  const f = change('f', '1', 4, 'ann')
  const g = change('g', '2', 3, 'bob')
  const h = { ...change('h', '1', 5, 'ann'), muted: true }
  const i = change('i', '2', 4, 'bob')
  log.writes.push(
    { fate: 'acked', beganAt: 5, changes: [{ mark: 'p', owners: ['ann'] }] },
    { fate: 'acked', beganAt: 6, changes: [f, g, { mark: 'q', owners: both }], announces: { name: 'truncate', mark: 'q' } },
    { fate: 'acked', beganAt: 7, changes: [h, { mark: 'r', owners: both }], announces: { name: 'bulk', mark: 'r' } },
    { fate: 'acked', beganAt: 8, changes: [i, { ...i, mark: 'i gone', version: 4.5 }] })
  const rows = () => [row(h), row(g)]
  for (const { frames } of log.subscribers.slice(0, 2)) {
    frames.push(published('13-12', 'p'), truncate('14-13'), frame('14-14', f), published('14-16', 'q'), bulk('15-17', rows()), published('15-18', 'r'))
  }
  log.subscribers[2].frames.push(truncate('14-13'), frame('14-15', g), published('14-16', 'q'), bulk('15-17', rows()), published('15-18', 'r'),
    frame('16-19', i), gone('16-20', i))
  return Object.assign(log, { table: [row(h)], changes: { ...log.changes, f, g, h, i } })
}

const enriched = doctoredFrom(rich)
const at = (frames, id) => frames.findIndex((one) => one.id === id)
const without = (frames, id) => frames.splice(at(frames, id), 1)

test('the oracle finds nothing in an honest log of publish, TRUNCATE, mute and DELETE', () => {
  const report = check(rich())
  assert.ok(report.ok, summary(report))
})

test('the oracle does not take the end of a row for certain because the row goes on', () => {
  const log = rich()
  const versions = [change('j', '1', 6, 'ann'), { ...change('j', '1', 6.5, 'ann'), mark: 'j gone' }]
  const k = change('k', '1', 6, 'ann')
  const l = change('l', '1', 7, 'ann')
  log.writes.push({ fate: 'unknown', beganAt: 9, changes: versions }, { fate: 'acked', beganAt: 10, changes: [k, l] })
  for (const { frames } of log.subscribers.slice(0, 2)) frames.push(frame('17-21', k), frame('17-22', l))
  log.table = [row(l)]
  assert.deepEqual(kindsOf(log), [])
})

test('the oracle asks nothing of a subscriber for what a `reset` stands for, when the table was fetched', () => {
  const log = rich()
  log.subscribers[0].resets = 1
  log.subscribers[0].frames.splice(1, 10, reset('15-18', [row(log.changes.h), row(log.changes.i)]))
  assert.deepEqual(kindsOf(log), [])
})

test('a reset that says `expired` has a reason where the log is not kept as long as the last id is old, and no other has', () => {
  const told = ({ stood, reason, keep }) => {
    const log = rich()
    const { frames } = log.subscribers[0]
    for (const [n, one] of frames.entries()) one.at = 10 * n
    const late = { ...reset('15-18', [row(log.changes.h), row(log.changes.i)]), at: frames[0].at + stood }
    frames.splice(1, 10, reason === undefined ? late : { ...late, data: JSON.stringify({ reason }) })
    return kindsOf({ ...log, keep })
  }
  assert.deepEqual(told({ stood: 3500, keep: 3500 }), [])
  assert.deepEqual(told({ stood: 3499, keep: 3500 }), ['broken'])
  assert.deepEqual(told({ stood: 3500, keep: 3500, reason: 'restored' }), ['broken'])
  assert.deepEqual(told({ stood: 3500 }), ['broken'])
})

enriched('events that come behind a gap and before the `reset` that owns to it', ['lost'], (log, frames) => {
  log.subscribers[0].resets = 1
  frames.splice(1, 8, reset('14-16', [row(log.changes.f)]))
  frames.splice(1, 0, frame('12-10', log.changes.d))
})
enriched('a `reset` at which nothing was fetched', ['broken', 'diverged'], (log, frames) => {
  log.subscribers[0].resets = 1
  frames.splice(1, 10, reset('15-18'))
})
enriched('what was published and never came', ['lost'], (log, frames) => without(frames, '13-12'))
enriched('what was published and rolled back', ['phantom'], (log) => (log.writes[4].fate = 'aborted'))
enriched('what was published for another user', ['foreign'], (log, frames, bobs) => bobs.splice(1, 0, published('13-12', 'p')))
enriched('what was published twice', ['duplicated', 'disagreed'], (log, frames) => frames.push(published('15-19', 'p')))
enriched('a lost `bulk`', ['lost', 'diverged'], (log, frames) => without(frames, '15-17'))
enriched('a `bulk` that came before what it stands for was committed', ['diverged'], (log, frames) => {
  frames[at(frames, '15-17')].rows = [row(log.changes.f), row(log.changes.g)]
})
enriched('a `bulk` at which nothing was fetched', ['broken', 'diverged'], (log, frames) => delete frames[at(frames, '15-17')].rows)
enriched('an older state of a row behind the `bulk` of a newer one', ['misordered', 'diverged'], (log) => {
  log.writes[5].announces.mark = 'r' // one tick for all three
  for (const { frames } of log.subscribers.slice(0, 2)) {
    frames.splice(at(frames, '14-13'), 6, truncate('15-13'), published('15-14', 'q'), bulk('15-15', log.table), frame('15-16', log.changes.f), published('15-18', 'r'))
  }
  const bobs = log.subscribers[2].frames
  bobs.splice(at(bobs, '14-13'), 5, truncate('15-13'), published('15-14', 'q'), bulk('15-15', log.table), frame('15-17', log.changes.g), published('15-18', 'r'))
})
enriched('a second `bulk` for one transaction', ['phantom', 'disagreed'], (log, frames) => frames.push(bulk('15-19', log.table)))
enriched('a `bulk` of a transaction that was rolled back', ['phantom'], (log, frames, bobs) => {
  for (const list of [frames, log.subscribers[1].frames, bobs]) without(list, '15-18')
  Object.assign(log.writes[6], { fate: 'aborted' })
})
// DDL changed values before the muted change. The subscribers in `lists` are told.
const tellRewrite = ({ changes: { f, g } }, lists) => {
  for (const list of lists) list.splice(at(list, '15-17'), 0, bulk('14-17', [row(f), row(g)], 'ddl'))
}
enriched('nothing, in a `bulk` of DDL that changed values', [], (log) => {
  log.rewrites = 1
  tellRewrite(log, log.subscribers.map(({ frames }) => frames))
})
enriched('a `bulk` of DDL that nobody made', ['phantom'], (log) => tellRewrite(log, log.subscribers.map(({ frames }) => frames)))
enriched('a lost `bulk` of DDL', ['lost'], (log, frames, bobs) => {
  log.rewrites = 1
  tellRewrite(log, [log.subscribers[1].frames, bobs])
})
enriched('a `bulk` for a fault that nobody made', ['lost', 'phantom'], (log, frames) => {
  frames[at(frames, '15-17')].data = '{"topic":"hot","reason":"fault"}'
})
enriched('one `bulk` with two ids', ['disagreed'], (log, frames) => (frames[at(frames, '15-17')].id = '15-16'))
enriched('a muted change', ['phantom'], (log, frames) => frames.push(frame('15-19', log.changes.h)))
enriched('a lost `truncate`', ['lost'], (log, frames) => without(frames, '14-13'))
enriched('a `truncate` that nobody did', ['phantom', 'diverged'], (log, frames) => frames.push(truncate('17-21')))
enriched('the lost end of a row', ['lost', 'diverged'], (log, frames, bobs) => bobs.pop())
enriched('the end of a row that was rolled back', ['phantom'], (log) => {
  log.writes[7].changes.pop()
  log.writes.push({ fate: 'aborted', beganAt: 9, changes: [{ ...log.changes.i, mark: 'i gone', version: 4.5 }] })
})

function parse(bytes, { cut = 1 << 20 } = {}) {
  const frames = []
  const comments = []
  const parser = new Parser({ onFrame: (f) => frames.push(f), onComment: (c) => comments.push(c) })
  const all = Buffer.from(bytes)
  for (let at = 0; at < all.length; at += cut) parser.push(all.subarray(at, at + cut))
  return { frames, comments, parser }
}

test('the parser yields the same frames however the bytes are cut', () => {
  const text = 'retry: 2000\n: ping\nevent: a\nid: 1-2\ndata: {"x":"é😀\u2028"}\n\ndata:one\ndata: two\n\nid: 3-4\ndata'
  const whole = parse(text)
  for (const cut of [1, 2, 3, 7]) {
    const pieces = parse(text, { cut })
    assert.deepEqual(pieces.frames, whole.frames)
    assert.equal(pieces.parser.partial, whole.parser.partial)
  }
  assert.deepEqual(whole.frames.map(({ id, event, data }) => [id, event, data]), [
    ['1-2', 'a', '{"x":"é😀\u2028"}'], [null, 'message', 'one\ntwo'],
  ])
  assert.deepEqual([whole.comments, whole.parser.retry, whole.parser.lastEventId], [['ping'], 2000, '1-2'])
  assert.equal(whole.parser.partial, 'id: 3-4\ndata')
  assert.deepEqual(whole.parser.faults, [])
})

for (const [what, bytes] of Object.entries({
  'a carriage return': 'data: a\r\n\r\n',
  'a byte order mark': '\uFEFFdata: a\n\n',
  'an unknown field': 'date: a\n\n',
  'an event without data': 'event: a\nid: 1\n\n',
  'a blank line for itself': 'data: a\n\n\n',
  'a comment with a blank line': ': ping\n\n',
  'two ids in one event': 'id: 1\nid: 2\ndata: a\n\n',
  'bytes that are not UTF-8': Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0x20, 0xff, 10, 10]),
})) {
  test(`the parser reports ${what}`, () => assert.ok(parse(bytes).parser.faults.length > 0))
}
