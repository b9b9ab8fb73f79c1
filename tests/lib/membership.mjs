// Members come to rooms and leave them, while others write there. Each member has one stream of all
// rooms, whose values a function lists. Then it is worked out who must, may and must not have seen
// which message.
import { Subscriber, compareIds } from './sse.mjs'
import { token } from './token.mjs'
import { now, pause, until } from './wait.mjs'

const rooms = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5']

/** The tables `members` (room, who) and `messages` (id, room), and the stream /rooms, are there. */
export async function runMembership({ stage, daemons, random, from, people = 12, duration = 5000 }) {
  const users = Array.from({ length: people }, (_, n) => ({ who: `u${from}_${n}`, stays: Object.fromEntries(rooms.map((room) => [room, []])) }))
  const writes = []
  const clients = await Promise.all(Array.from({ length: 3 }, () => stage.cluster.client()))
  const show = { users, writes, random, next: from, busy: new Set() }
  for (const user of users) await act(show, clients[0], user, random.pick(rooms))
  for (const [n, user] of users.entries()) await connect(user, daemons[n % daemons.length], random.fork())
  const end = now() + duration
  await Promise.all(clients.map((client) => perform(show, client, random.fork(), () => now() >= end)))
  for (const room of rooms) await write(show, clients[0], [room])
  const all = () => users.every((user) => missing(user, writes).length === 0)
  await until(all, { timeout: 30_000, every: 50 }).catch(() => {}) // what is missing then is told
  for (const { stream } of users) await stream.close()
  for (const client of clients) await client.end()
  return judge(users, writes)
}

async function connect(user, daemon, random) {
  user.stream = new Subscriber(daemon.url('/rooms'), { token: await token({ sub: user.who }), reconnect: () => random.between(10, 150) })
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
  const figures = { seen: 0, writes: writes.length, changed: 0, stays: 0 }
  const byId = new Map(writes.map((message) => [message.id, message]))
  for (const user of users) {
    const seen = seenBy(user)
    for (const message of missing(user, writes)) faults.push(`lost: ${user.who} ${message.room} ${message.id}`)
    for (const { frame, id } of seen) if (!byId.has(id) || !maySee(user, byId.get(id), frame.at)) faults.push(`foreign: ${user.who} ${byId.get(id)?.room} ${id}`)
    seen.slice(1).forEach(({ frame }, n) => {
      if (compareIds(seen[n].frame.id, frame.id) >= 0) faults.push(`twice or unordered: ${user.who} ${seen[n].frame.id} ${frame.id}`)
    })
    figures.seen += seen.length
    figures.changed += user.stream.frames.filter(({ name, data }) => name === 'closing' && data.includes('changed')).length
    figures.stays += Object.values(user.stays).flat().length
  }
  return { faults, figures }
}
