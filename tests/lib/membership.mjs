// Members come to rooms and leave them, while others write there. Each member has one stream of all
// rooms, whose values a function lists. Then it is worked out who must, may and must not have seen
// which message.
import { Subscriber, compareIds } from './sse.mjs'
import { token } from './token.mjs'
import { now, pause, until } from './wait.mjs'

const rooms = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5']

/**
 * The tables `members` (room, who) and `messages` (id, room), and the stream /rooms, are there.
 * tokenOf: the token that a member has now. beside: what else goes on until the function that it is
 * given says that all is over.
 */
export async function runMembership({ stage, daemons, random, from, people = 12, names = Array.from({ length: people }, (_, n) => `u${from}_${n}`), duration = 5000, tokenOf, beside = async () => {} }) {
  const users = names.map((who) => ({ who, stays: Object.fromEntries(rooms.map((room) => [room, []])) }))
  const writes = []
  const clients = await Promise.all(Array.from({ length: 3 }, () => stage.cluster.client()))
  const show = { users, writes, random, next: from, busy: new Set() }
  for (const user of users) await act(show, clients[0], user, random.pick(rooms))
  const tokens = tokenOf ? undefined : new Map(await Promise.all(users.map(async ({ who }) => [who, await token({ sub: who })])))
  for (const [n, user] of users.entries()) await connect(user, daemons[n % daemons.length], random.fork(), tokenOf ?? ((who) => tokens.get(who)))
  const end = now() + duration
  const stopped = () => now() >= end
  await Promise.all([beside(stopped, users), ...clients.map((client) => perform(show, client, random.fork(), stopped))])
  for (const room of rooms) await write(show, clients[0], [room])
  const all = () => users.every((user) => missing(user, writes).length === 0)
  await until(all, { timeout: 30_000, every: 50 }).catch(() => {}) // what is missing then is told
  for (const { stream } of users) await stream.close()
  for (const client of clients) await client.end()
  return judge(users, writes)
}

async function connect(user, daemon, random, tokenOf) {
  user.stream = new Subscriber(daemon.url('/rooms'), { reconnect: () => random.between(10, 150) })
  Object.defineProperty(user.stream, 'token', { get: () => tokenOf(user.who) })
  await user.stream.connect()
  await user.stream.next('connected')
  user.since = now()
}

async function perform(show, client, random, stopped) {
  while (!stopped()) {
    const user = random.pick(show.users)
    const room = random.pick(rooms)
    if (random.next() < 0.4 && !show.busy.has(user)) await act(show, client, user, room, random.next() < 0.3)
    else await write(show, client, [room, random.pick(rooms)].slice(random.next() < 0.7 ? 1 : 0))
    await pause(random.between(0, 20))
  }
}

/** Joins the room or leaves it, perhaps with a message in the same transaction. */
async function act(show, client, user, room, says) {
  const stays = user.stays[room]
  const leaves = stays.length > 0 && stays.at(-1).leaveSent === undefined
  const sentAt = now()
  show.busy.add(user)
  if (leaves) stays.at(-1).leaveSent = sentAt
  else stays.push({ joinSent: sentAt })
  const change = leaves ? `DELETE FROM members WHERE room = '${room}' AND who = '${user.who}'` : `INSERT INTO members VALUES ('${room}', '${user.who}')`
  if (says) await write(show, client, [room], change)
  else await client.query(change)
  stays.at(-1)[leaves ? 'leaveAcked' : 'joinAcked'] = now()
  show.busy.delete(user)
}

async function write(show, client, into, beside = '') {
  const messages = into.map((room) => ({ id: show.next++, room, sentAt: now() }))
  await client.query(`BEGIN; ${beside ? `${beside};` : ''} ${messages.map(({ id, room }) => `INSERT INTO messages VALUES (${id}, '${room}');`).join(' ')} COMMIT`)
  show.writes.push(...messages)
}

// It joined before the message, was there already, and has not left since.
const mustSee = (user, { room, sentAt }) => user.since < sentAt && user.stays[room].some(({ joinAcked, leaveSent }) => joinAcked < sentAt && leaveSent === undefined)
// It was a member at some time after the message was sent and before it came.
const maySee = (user, { room, sentAt }, at) => user.stays[room].some(({ joinSent, leaveAcked }) => joinSent < at && (leaveAcked === undefined || leaveAcked > sentAt))

const seenBy = ({ stream }) => stream.events.map((frame) => ({ frame, id: JSON.parse(frame.data).key.id }))

function missing(user, writes) {
  const seen = new Set(seenBy(user).map(({ id }) => id))
  return writes.filter((message) => mustSee(user, message) && !seen.has(message.id))
}

function judge(users, writes) {
  const faults = []
  const figures = { seen: 0, writes: writes.length, stays: 0, changed: 0, revoked: 0, refused: 0 }
  const byId = new Map(writes.map((message) => [message.id, message]))
  for (const user of users) {
    const seen = seenBy(user)
    for (const message of missing(user, writes)) faults.push(`lost: ${user.who} ${message.room} ${message.id}`)
    for (const { frame, id } of seen) if (!byId.has(id) || !maySee(user, byId.get(id), frame.at)) faults.push(`foreign: ${user.who} ${byId.get(id)?.room} ${id}`)
    seen.slice(1).forEach(({ frame }, n) => {
      if (compareIds(seen[n].frame.id, frame.id) >= 0) faults.push(`twice or unordered: ${user.who} ${seen[n].frame.id} ${frame.id}`)
    })
    figures.seen += seen.length
    for (const { name, data } of user.stream.frames) if (name === 'closing') figures[JSON.parse(data).reason] += 1
    figures.refused += user.stream.connections.filter(({ status }) => status === 401).length
    figures.stays += Object.values(user.stays).flat().length
  }
  return { faults, figures }
}
