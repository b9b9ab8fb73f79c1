// The oracle is worth what it detects: each kind of violation, from a doctored log. And the parser
// that feeds it, with the corner cases of the standard.
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

// Two users, four transactions, one of them aborted and one moving row 2 from ann to bob.
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

const doctored = (name, expected, doctor) =>
  test(`the oracle detects ${name}`, () => {
    const log = honest()
    doctor(log, log.subscribers[0].frames)
    assert.deepEqual(kindsOf(log), expected)
  })

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
doctored('a row that stayed with its old owner', ['diverged'], (log, frames) => frames.pop())

function parse(bytes, { cut = 1 << 20 } = {}) {
  const frames = []
  const comments = []
  const parser = new Parser({ onFrame: (f) => frames.push(f), onComment: (c) => comments.push(c) })
  const all = Buffer.from(bytes)
  for (let at = 0; at < all.length; at += cut) parser.push(all.subarray(at, at + cut))
  return { frames, comments, parser }
}

test('the parser yields the same frames however the bytes are cut', () => {
  const text = 'retry: 2000\n\n: ping\n\nevent: a\nid: 1-2\ndata: {"x":"é😀\u2028"}\n\ndata:one\ndata: two\n\nid: 3-4\ndata'
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
  'two ids in one event': 'id: 1\nid: 2\ndata: a\n\n',
  'bytes that are not UTF-8': Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0x20, 0xff, 10, 10]),
})) {
  test(`the parser reports ${what}`, () => assert.ok(parse(bytes).parser.faults.length > 0))
}
