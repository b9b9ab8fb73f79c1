// The warden is the oracle of the isolation schedule. It knows what was committed, and who had
// which right when. From that it works out what the stream of each visit may and must have shown,
// and compares that with every frame.
//
//   writes    as Writer logs them. changes: { mark, topic, key, version, was, now }, with the rows
//             before and after, or { mark, topic, published }
//   visits    as Visitors keeps them: { name, path, params, session, lastEventId, invented,
//             askedAt, answeredAt, status, subscriber, droppedAt }
//   registry  whose rights changed when
//   ends      { topic: mark } of the last events. A visit that is there then must have got them.
//
// A visit is entitled by its own token, as the stream is defined when it is opened. After a
// Last-Event-ID that also holds for what was committed before. A visit must get all that it is
// entitled to between its beginning and its last frame, and nothing else. Kinds of faults:
//
//   foreign      an event or a `left` for somebody else
//   lost         an event or a `left` that is missing
//   phantom      an event that nobody committed
//   altered      other bytes than those of the row version, or than at another stream; a member
//                that a frame must not have
//   unordered    ids that do not increase, or that lie before the beginning; an older version after
//                a newer one
//   disagreed    one change with two ids
//   late         what was committed after the loss of a right had to count, and was delivered; a
//                stream that was not closed by then
//   slow         the same, within `patience`, which a busy machine may cost
//   unjustified  a `closing`, a `reset` or a refusal that nothing explains; an end without a word
//   admitted     a visit that was let in without the right
//   noisy        what an outsider noticed (outsider.mjs)
import { Committed, compare, placeOf } from './committed.mjs'
import { keyText } from '../oracle.mjs'
import { bounds } from './registry.mjs'
import { admits, sightOf } from './rights.mjs'

const kinds = ['foreign', 'lost', 'phantom', 'altered', 'unordered', 'disagreed', 'late', 'slow', 'unjustified', 'admitted', 'noisy']
const spoken = { connected: '{"message":"SSE connected"}', plain: '{"type":"connected"}' }

export const summary = (report) => kinds.map((kind) => `${report[kind].length} ${kind}`).join(', ')

/** Is nothing wrong but that something took too long? Other work on the machine may cause that. */
export const onlySlow = (report) => !report.ok && kinds.every((kind) => kind === 'slow' || report[kind].length === 0)

export const explain = (report, limit = 5) => kinds.flatMap((kind) => report[kind].slice(0, limit).map((text) => `${kind}: ${text}`)).join('\n')

export function judge({ writes, visits, registry, ends, noise = [] }) {
  const report = { ...Object.fromEntries(kinds.map((kind) => [kind, []])), noisy: noise }
  const log = new Committed(writes, report)
  const sights = visits.map((visit) => ({ visit, ...readFrames(visit, log, report) }))
  log.settle(ends)
  for (const sight of sights) judgeAnswer(sight, registry, report)
  const late = { revoked: 0, forbidden: 0, expired: 0, changed: 0 }
  for (const sight of sights.filter(({ visit }) => visit.status === 200)) judgeStream(sight, log, registry, report, late)
  report.figures = figures(writes, sights, registry, late)
  report.ok = kinds.every((kind) => report[kind].length === 0)
  return report
}

// --- what a visit has got ---

function readFrames(visit, log, report) {
  const sight = { seen: [], lefts: [], start: undefined, last: undefined, closing: undefined, resets: 0 }
  const say = (kind, text) => report[kind].push(`${visit.name}: ${text}`)
  for (const frame of visit.subscriber?.frames ?? []) {
    if (sight.closing) say('late', `${frame.name} ${frame.id} after closing`)
    if (frame.name === 'connected') takeConnected(sight, visit, frame, say)
    else if (frame.name === 'reset') takeReset(sight, visit, frame, say)
    else if (frame.name === 'closing') takeClosing(sight, frame, say)
    else if (frame.name === 'expiring') takeExpiring(visit, frame, say)
    else takeEvent(sight, visit, frame, log, say)
  }
  for (const fault of visit.subscriber?.faults ?? []) say('altered', fault)
  for (const { text } of visit.subscriber?.comments ?? []) if (text !== 'ping') say('altered', `a comment: ${text}`)
  return sight
}

function takeConnected(sight, visit, frame, say) {
  const cursor = placeOf(visit.lastEventId)
  const words = spoken[visit.path === '/own/plain' ? 'plain' : 'connected']
  if (sight.greeted || frame.data !== words) say('altered', `connected: ${frame.raw}`)
  if (cursor && frame.id !== visit.lastEventId) say('unordered', `connected ${frame.id} for ${visit.lastEventId}`)
  sight.greeted = frame.at
  sight.start = cursor ?? (visit.lastEventId === 'earliest' ? { tick: 0, change: 0 } : placeOf(frame.id))
}

function takeReset(sight, visit, frame, say) {
  const { reason, type, ...more } = JSON.parse(frame.data)
  if (!visit.invented || sight.resets++ || sight.last) say('unjustified', `reset ${frame.data} after '${visit.lastEventId}'`)
  if (Object.keys(more).length || !['unknown', 'expired', 'restored'].includes(reason)) say('altered', `reset: ${frame.data}`)
  sight.start = placeOf(frame.id)
}

function takeClosing(sight, frame, say) {
  const { reason, type, ...more } = JSON.parse(frame.data)
  if (Object.keys(more).length || frame.id) say('altered', `closing: ${frame.raw}`)
  sight.closing = { reason, at: frame.at }
}

function takeExpiring(visit, frame, say) {
  const { expires_in: left, stream, type, ...more } = JSON.parse(frame.data)
  const wrong = Object.keys(more).length || frame.id || !/^[0-9a-f]{64}$/.test(stream) || !Number.isInteger(left)
  const off = frame.at + left * 1000 - visit.session.endsAt
  if (wrong || off < -2500) say('altered', `expiring: ${frame.raw}`)
  else if (off > 2500) say('slow', `told ${Math.round(off)} ms late that it ends: ${frame.raw}`)
}

function takeEvent(sight, visit, frame, log, say) {
  const place = placeOf(frame.id)
  if (!place) return say('altered', `no id: ${frame.raw}`)
  if (!sight.start || compare(place, sight.last ?? sight.start) <= 0) say('unordered', `${frame.id} after ${JSON.stringify(sight.last ?? sight.start)}`)
  sight.last = place
  if (frame.name === 'left') return takeLeft(sight, frame, place, say)
  const change = log.read(frame, visit)
  if (change) sight.seen.push({ change, frame })
}

function takeLeft(sight, frame, place, say) {
  const { topic, key, type, ...more } = JSON.parse(frame.data)
  if (Object.keys(more).length) say('altered', `left: ${frame.data}`)
  sight.lefts.push({ topic, key: keyText(key), place, frame })
}

// --- was it let in rightly? ---

const whoOf = ({ session, params }) => ({ claims: session?.claims ?? {}, params })

function judgeAnswer({ visit }, registry, report) {
  const { status, lastEventId, carrier, name, error } = visit
  const versions = versionsOf(visit, registry)
  const answers = new Set(versions.flatMap(({ definition }) => answersFor(visit, definition, registry)))
  if (answers.has(status)) return
  const text = `${name}: ${status}${error ? ` (${error})` : ''}, not ${[...answers].join(' or ')}; '${lastEventId}' by ${carrier} ${JSON.stringify(visit.session?.claims)}`
  report[status === 200 ? 'admitted' : 'unjustified'].push(text)
}

function answersFor(visit, definition, registry) {
  if (definition.anonymous) return [200]
  if (visit.carrier === 'spent') return [401]
  const valid = validity(visit, registry)
  const right = admits(definition, whoOf(visit)) ? [...subscribed(visit, definition, registry)] : [403]
  return [...(valid.no ? [401] : []), ...(valid.yes ? right : [])]
}

// Either answer is right at the end of a token, and while a revocation is on its way.
function validity({ session, askedAt, answeredAt }, registry) {
  const losses = registry.losses.filter(({ concerns }) => concerns(session.claims))
  const dead = session.endsAt < askedAt - 5 || losses.some(({ ackedAt }) => ackedAt + bounds.revoked < askedAt)
  return { yes: !dead, no: session.endsAt < answeredAt + 5 || losses.some(({ sentAt }) => sentAt < answeredAt) }
}

// The database is asked while the request waits, so what was committed before counts at once.
function subscribed({ session, askedAt, answeredAt }, definition, registry) {
  if (!definition.authorize) return [200]
  const lapses = registry.lapses.filter(({ sub, sentAt, back }) => sub === session.claims.sub && sentAt < answeredAt && !(back?.ackedAt < askedAt))
  if (lapses.length === 0) return [200]
  const throughout = lapses.some(({ ackedAt, back }) => ackedAt < askedAt && !(back?.sentAt < answeredAt))
  return throughout ? [403] : [200, 403]
}

/** The definitions that may have been in force at some instance when this visit was opened. */
function versionsOf({ path, askedAt, answeredAt }, registry) {
  const versions = registry.versions.get(path)
  return versions.filter(({ sentAt }, index) => sentAt < answeredAt && !(versions[index + 1]?.ackedAt + bounds.changed < askedAt))
}

// --- has it got what it was to get, and nothing else? ---

// If a visit was opened while its stream was being defined again, the definition counts that
// explains more of it. If both explain as much, the later one counts.
function judgeStream(sight, log, registry, report, late) {
  const versions = versionsOf(sight.visit, registry).filter(({ definition }) => answersFor(sight.visit, definition, registry).includes(200))
  const opinions = versions.reverse().map((version) => opinion(sight, version, log, registry))
  const best = opinions.sort((a, b) => a.found.length - b.found.length)[0]
  for (const [kind, text] of best?.found ?? []) report[kind].push(`${sight.visit.name} (${JSON.stringify(sight.visit.session?.claims ?? {})}): ${text}`)
  for (const [reason, delay] of best?.delays ?? []) late[reason] = Math.max(late[reason], delay)
}

function opinion(sight, version, log, registry) {
  const found = []
  const say = (kind, text) => found.push([kind, text])
  const sees = sightOf(version.definition, whoOf(sight.visit))
  const shows = ({ topic, audience }) => sees(topic, audience)
  const loses = (change) => change.moved && sees(change.topic, change.before) && !shows(change)
  findForeign(sight, { shows, loses, log }, say)
  if (sight.start) findLost(sight, { shows, loses, log, topic: version.definition.topics[0] }, say)
  return { found, delays: judgeEnd(sight, lossesOf(sight.visit, version, registry), Boolean(version.definition.authorize), say) }
}

function findForeign({ seen, lefts }, { shows, loses, log }, say) {
  for (const { change, frame } of seen) if (!shows(change)) say('foreign', `${frame.id} ${frame.name} ${JSON.stringify(change.audience)} ${frame.data}`)
  for (const left of lefts) {
    const move = log.moveOf(left)
    if (!move || !loses(move)) say('foreign', `left ${left.frame.id} ${left.frame.data}`)
    else log.leftIds.set(move.mark, left.place)
    left.mark = move?.mark
  }
}

function findLost({ visit, seen, lefts, start, last, greeted }, { shows, loses, log, topic }, say) {
  const upto = visit.toTheEnd ? log.ends[topic] : last
  const marks = new Set(seen.map(({ change }) => change.mark))
  const left = new Set(lefts.map(({ mark }) => mark))
  const since = upto && log.between(start, upto)
  for (const change of since ?? []) {
    if (shows(change) && !marks.has(change.mark)) say('lost', `${log.ids.get(change.mark)} ${change.event} ${change.mark}`)
    if (loses(change) && !left.has(change.mark) && leftIsDue(change, log, start, upto)) say('lost', `left of row ${change.key} by ${change.mark}`)
  }
  if (visit.lastEventId) return
  for (const change of log.ordered) {
    if (change.beganAt > greeted && compare(change.place, start) <= 0) return say('lost', `${change.mark} was written after connected ${JSON.stringify(start)}`)
  }
}

// A `left` has no mark. Its id is known if some visit saw it. Else it is somewhere in the tick of
// the change.
function leftIsDue(change, log, start, upto) {
  const place = log.leftIds.get(change.mark)
  return place ? compare(place, start) > 0 && compare(place, upto) <= 0 : start.tick < change.place.tick && change.place.tick < upto.tick
}

// --- did it end in time, and for a reason? ---

/**
 * Why this visit's right could end: { reason, sentAt, ackedAt, dueAt: it must be closed by then }.
 */
function lossesOf(visit, version, registry) {
  const { path, session } = visit
  const due = (loss, reason = loss.reason) => ({ ...loss, reason, dueAt: loss.ackedAt + bounds[reason] })
  const versions = registry.versions.get(path)
  const next = versions[versions.indexOf(version) + 1]
  const losses = next ? [due(next, 'changed')] : []
  if (version.definition.anonymous) return losses
  losses.push(due({ sentAt: session.endsAt, ackedAt: session.endsAt }, 'expired'))
  losses.push(...registry.losses.filter(({ concerns }) => concerns(session.claims)).map((loss) => due(loss)))
  if (version.definition.authorize) losses.push(...lapsesOf(visit, registry).map((lapse) => due(lapse, 'forbidden')))
  return losses
}

// A lapse need not end the stream if it is over before it had to count, or before the stream was
// opened.
const lapsesOf = ({ session, askedAt, answeredAt }, { lapses }) => lapses
  .filter(({ sub, back }) => sub === session.claims.sub && !(back?.ackedAt < askedAt))
  .map((lapse) => ({ ...lapse, excused: lapse.back?.sentAt < Math.max(lapse.ackedAt + bounds.forbidden, answeredAt) }))

const patience = 10_000
const lateness = (ms) => (ms > patience ? 'late' : 'slow')

// asks: whether a function decides on the right.
function judgeEnd({ visit, seen, closing }, losses, asks, say) {
  const endedAt = visit.droppedAt ?? visit.subscriber.current.endedAt
  for (const { reason, dueAt, excused } of losses) {
    if (!excused && endedAt > dueAt) say(lateness(endedAt - dueAt), `not closed ${Math.round(endedAt - dueAt)} ms after it had to be: ${reason}`)
    const after = excused ? undefined : seen.find(({ change }) => change.sentAt > dueAt)
    if (after) say(lateness(after.change.sentAt - dueAt), `${after.change.mark} was committed ${Math.round(after.change.sentAt - dueAt)} ms after the bound: ${reason}`)
  }
  if (!closing && !visit.droppedAt && visit.subscriber.current.ended) say('unjustified', `ended without a word: ${visit.subscriber.current.partial}`)
  if (!closing) return []
  const why = losses.filter(({ reason, sentAt }) => reason === closing.reason && sentAt <= closing.at + 5)
  const unanswered = closing.reason === 'fault' && asks // a busy machine did not say in time whether the right is still there
  if (why.length === 0 && !unanswered) say('unjustified', `closing ${closing.reason}`)
  const last = why.sort((a, b) => a.sentAt - b.sentAt).at(-1)
  return last ? [[last.reason, Math.round(closing.at - last.ackedAt)]] : []
}

function figures(writes, sights, registry, late) {
  const count = (test) => sights.filter(test).length
  const closed = Object.fromEntries(Object.keys(bounds).map((reason) => [reason, count(({ closing }) => closing?.reason === reason)]))
  return {
    acked: writes.filter(({ fate }) => fate === 'acked').length,
    aborted: writes.filter(({ fate }) => fate === 'aborted').length,
    changes: writes.reduce((sum, { fate, changes }) => sum + (fate === 'acked' ? changes.length : 0), 0),
    frames: sights.reduce((sum, { visit }) => sum + (visit.subscriber?.frames.length ?? 0), 0),
    left: sights.reduce((sum, { lefts }) => sum + lefts.length, 0),
    asked: sights.length,
    connections: count(({ visit }) => visit.status === 200),
    unauthorized: count(({ visit }) => visit.status === 401),
    forbidden: count(({ visit }) => visit.status === 403),
    resumed: count(({ visit }) => visit.status === 200 && visit.lastEventId !== ''),
    resets: count(({ resets }) => resets),
    revocations: registry.losses.length,
    lapses: registry.lapses.length,
    redefinitions: registry.redefinitions,
    closed,
    slowestMs: late,
  }
}
