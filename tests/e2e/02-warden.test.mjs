// Tests of the warden of the isolation schedule. A warden is worth what it detects, so it gets a
// doctored log for each kind of violation.
// run: once
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definitions } from '../lib/isolation/rights.mjs'
import { judge, onlySlow, summary } from '../lib/isolation/warden.mjs'

const violations = ['foreign', 'lost', 'phantom', 'altered', 'unordered', 'disagreed', 'late', 'slow', 'unjustified', 'admitted', 'noisy']

const row = (version, owner, store = 's0') => ({ id: 1, owner, store, viewers: null, version, note: `m${version}` })
const change = (version, was, now) => ({ mark: now ? `m${version}` : `${was.note} gone`, topic: 'deals', key: '1', version, was, now })
const data = (op, now, old, changed = []) => JSON.stringify({ op, table: 'public.deals', key: { id: 1 }, row: now, old, changed })

// Row 1 comes to ann, changes, goes to bob, belongs to nobody, and is deleted. m9 was rolled back.
const states = [row(1, 'ann'), row(2, 'ann'), row(3, 'bob'), row(4, null)]
const updated = data('update', states[1], { version: 1, note: 'm1' }, ['note', 'version'])
const events = [
  { id: '5-10', name: 'deals.insert', data: data('insert', states[0], null) },
  { id: '5-11', name: 'deals.update', data: updated },
  { id: '6-12', name: 'deals.update', data: data('update', states[2], null) },
  { id: '7-14', name: 'deals.update', data: data('update', states[3], null) },
  { id: '8-16', name: 'deals.delete', data: data('delete', null, states[3]) },
]
const left = (id) => ({ id, name: 'left', data: '{"topic": "deals", "key": {"id": 1}}' })
const connected = (id) => ({ id, name: 'connected', data: '{"message":"SSE connected"}', at: 2 })
const closing = (reason, at) => ({ id: null, name: 'closing', data: `{"reason":"${reason}"}`, at })

const acked = (changes, at) => ({ fate: 'acked', beganAt: at, sentAt: at + 1, changes })

function visitOf(sub, path, frames, more = {}) {
  const session = { claims: { sub, role: sub === 'admin' ? 'admin' : 'customer', jti: `${sub}'s`, iat: 1 }, endsAt: 1e9 }
  const subscriber = { frames: [connected('4-0'), ...frames], comments: [{ text: 'ping' }], faults: [], current: { ended: false } }
  return { name: sub, path, params: {}, session, lastEventId: '', askedAt: 1, answeredAt: 2, status: 200, droppedAt: 1000, toTheEnd: true, subscriber, ...more }
}

function honest() {
  const writes = [acked([change(1, undefined, states[0]), change(2, states[0], states[1])], 10), acked([change(3, states[1], states[2])], 20),
    acked([change(4, states[2], states[3])], 30), acked([change(4.5, states[3], undefined)], 40),
    { fate: 'aborted', beganAt: 50, sentAt: 51, changes: [change(9, states[0], row(9, 'ann'))] }]
  const visits = [
    visitOf('admin', '/all', [...events]),
    visitOf('ann', '/own', [events[0], events[1], left('6-13')]),
    visitOf('bob', '/own', [events[2], left('7-15')]),
    visitOf('carl', '/club', []),
  ]
  const versions = new Map(definitions.map((definition) => [definition.path, [{ definition, sentAt: -Infinity, ackedAt: -Infinity }]]))
  const registry = { versions, losses: [], lapses: [], redefinitions: 0 }
  return { writes, visits, registry, ends: { deals: 'm4 gone' } }
}

function kindsOf(log) {
  const report = judge(log)
  return violations.filter((kind) => report[kind].length > 0)
}

const framesOf = (visit) => visit.subscriber.frames
const becomes = (visit, index, frame) => framesOf(visit).splice(index, 1, frame)
const ends = (visit, ...frames) => {
  framesOf(visit).push(...frames)
  visit.subscriber.current = { ended: true, endedAt: frames.at(-1)?.at ?? 100 }
  Object.assign(visit, { toTheEnd: false, droppedAt: undefined })
}
const revoked = (at) => ({ reason: 'revoked', concerns: ({ sub }) => sub === 'ann', sentAt: at, ackedAt: at + 1 })
const lapsed = (at, back) => ({ sub: 'carl', sentAt: at, ackedAt: at + 1, back })

test('the warden finds nothing in an honest log', () => {
  const report = judge(honest())
  assert.ok(report.ok, summary(report))
  assert.equal(report.figures.left, 2)
})

const judged = (what, expected, doctor) => test(`the warden ${expected.length ? 'detects' : 'accepts'} ${what}`, () => {
  const log = honest()
  doctor(log, ...log.visits)
  assert.deepEqual(kindsOf(log), expected)
})

judged("an event of somebody else's row", ['foreign'], (log, admin, ann) => framesOf(ann).splice(3, 0, events[2]))
judged('an event of a row that nobody owns', ['foreign'], (log, admin, ann, bob) => framesOf(bob).splice(2, 0, events[3]))
judged('the end of a row that nobody owned', ['foreign'], (log, admin, ann, bob, carl) => framesOf(carl).push(events[4]))
judged('a left for who never had the row', ['foreign'], (log, admin, ann, bob, carl) => framesOf(carl).push(left('6-13')))
judged('a left for who keeps the row', ['foreign'], (log, admin) => framesOf(admin).splice(4, 0, left('6-13')))
judged('a left in another tick than the change', ['foreign', 'lost'], (log, admin, ann) => becomes(ann, 3, left('7-13')))
judged('a lost event', ['lost'], (log, admin, ann) => framesOf(ann).splice(2, 1))
judged('a lost left', ['lost'], (log, admin, ann) => framesOf(ann).splice(3, 1))
judged('an event that nobody got', ['lost'], (log) => log.writes.push(acked([{ mark: 'p', topic: 'deals', published: { owner: ['zoe'] } }], 60)))
judged('that what was written after connected lies before its id', ['lost'], (log, admin, ann, bob, carl) => becomes(carl, 0, connected('6-12')))
judged('a resume that begins behind its cursor', ['lost'], (log, admin, ann) => {
  Object.assign(ann, { lastEventId: '5-10' })
  framesOf(ann).splice(0, 3, connected('5-10'))
})
judged('a resume behind its cursor', [], (log, admin, ann) => {
  Object.assign(ann, { lastEventId: '5-10' })
  framesOf(ann).splice(0, 2, connected('5-10'))
})
judged('what was rolled back', ['phantom'], (log, admin) => framesOf(admin).push({ id: '9-20', name: 'deals.update', data: data('update', row(9, 'ann'), null) }))
judged('other data than the row version', ['altered'], (log, admin, ann) => becomes(ann, 2, { ...events[1], data: data('update', row(2, 'ann', 's1'), null) }))
judged('the former state of a row that moved', ['altered'], (log, admin, ann, bob) => becomes(bob, 1, { ...events[2], data: data('update', states[2], { owner: 'ann' }, ['owner']) }))
judged('a left with data', ['altered'], (log, admin, ann) => {
  becomes(ann, 3, { ...left('6-13'), data: '{"topic": "deals", "key": {"id": 1}, "row": {"owner": "bob"}}' })
})
judged('another name of the event', ['altered'], (log, admin, ann) => becomes(ann, 2, { ...events[1], name: 'deals.insert' }))
judged('a comment that is no ping', ['altered'], (log, admin, ann) => ann.subscriber.comments.push({ text: 'x' }))
judged('one event twice', ['unordered'], (log, admin, ann) => framesOf(ann).splice(2, 0, events[0]))
judged('an event before the beginning', ['unordered'], (log, admin, ann) => {
  Object.assign(ann, { lastEventId: '5-10' })
  becomes(ann, 0, connected('5-10'))
})
judged('versions of a row that go back', ['unordered'], (log) => (log.writes[0].changes[1].version = 7))
judged('one change under two ids', ['disagreed'], (log, admin, ann) => becomes(ann, 1, { ...events[0], id: '5-9' }))
judged('a revoked stream that goes on', ['late'], (log) => {
  log.registry.losses.push(revoked(60))
  log.visits[1].droppedAt = 20_000
})
judged('a revoked stream that goes on for a little too long', ['slow'], (log) => {
  log.registry.losses.push(revoked(60))
  log.visits[1].droppedAt = 6000
})
judged('a revocation by one instance only', ['late'], (log, admin, ann) => {
  log.registry.losses.push(revoked(60))
  log.visits.push(visitOf('ann', '/own', framesOf(ann).slice(1), { droppedAt: 20_000 }))
})
judged('a revoked stream that is closed', [], (log, admin, ann) => {
  log.registry.losses.push(revoked(60))
  ends(ann, closing('revoked', 70))
})
judged('a stream that ends with its reason but too late', ['slow'], (log, admin, ann) => {
  ann.session.endsAt = 70
  ends(ann, closing('expired', 1100))
})
judged('an event that was committed after the bound', ['slow'], (log, admin, ann) => {
  ann.session.endsAt = 5
  log.writes[1].sentAt = 1006
  log.writes[0].sentAt = 1006
  ends(ann, closing('expired', 1004))
})
judged('an event behind closing', ['late'], (log, admin, ann) => {
  log.registry.losses.push(revoked(60))
  ends(ann, closing('revoked', 70))
  framesOf(ann).push(framesOf(ann).splice(3, 1)[0])
})
judged('a lapse that ends nothing', ['late'], (log, admin, ann, bob, carl) => {
  log.registry.lapses.push(lapsed(60))
  carl.droppedAt = 20_000
})
judged('a lapse that is over before it had to count', [], (log, admin, ann, bob, carl) => {
  log.registry.lapses.push(lapsed(60, { sentAt: 3000, ackedAt: 3001 }))
  carl.droppedAt = 60_000
})
judged('a closing without a cause', ['unjustified'], (log, admin, ann) => ends(ann, closing('revoked', 70)))
judged('an end without a word', ['unjustified'], (log, admin, ann) => ends(ann))
judged('a reset without a cause', ['unjustified'], (log, admin, ann, bob, carl) => framesOf(carl).push({ id: '4-0', name: 'reset', data: '{"reason":"unknown"}' }))
judged('a reset for an id that was made up', [], (log, admin, ann, bob, carl) => {
  Object.assign(carl, { lastEventId: 'x', invented: true })
  framesOf(carl).push({ id: '8-16', name: 'reset', data: '{"reason":"unknown"}' })
})
judged('a refusal of who is entitled', ['unjustified'], (log, admin, ann) => Object.assign(ann, { status: 403, subscriber: undefined }))
judged('a stream for who has not the role', ['admitted'], (log) => log.visits.push(visitOf('dora', '/all', [...events])))
judged('a stream for who has no subscription', ['admitted'], (log) => {
  log.registry.lapses.push(lapsed(-100))
  log.visits[3].droppedAt = 3
})
judged('a stream for a token that was revoked long before', ['admitted'], (log) => log.registry.losses.push({ ...revoked(-9000), reason: 'revoked' }))
judged('a used ticket that opens once more', ['admitted'], (log, admin, ann) => log.visits.push({ ...visitOf('ann', '/own', framesOf(ann).slice(1)), carrier: 'spent' }))
judged('a definition that was replaced long before', ['lost'], (log, admin, ann, bob, carl) => {
  const { anew, ...first } = definitions.find(({ path }) => path === '/lobby')
  const second = { ...first, ...anew, match: { owner: 'claims.sub' } }
  log.registry.versions.set('/lobby', [{ definition: first, sentAt: -1e6, ackedAt: -1e6 }, { definition: second, sentAt: -9e5, ackedAt: -9e5 }])
  log.visits.push(visitOf('ann', '/lobby', [events[0]], { droppedAt: 1000 }))
})
test('what is only slow is told from what is wrong', () => {
  const log = honest()
  assert.equal(onlySlow(judge(log)), false)
  log.registry.losses.push(revoked(60))
  log.visits[1].droppedAt = 6000
  assert.equal(onlySlow(judge(log)), true)
  framesOf(log.visits[1]).splice(2, 1)
  assert.equal(onlySlow(judge(log)), false)
})
judged('a byte for an outsider', ['noisy'], (log) => (log.noise = ['an outsider got "x"']))
