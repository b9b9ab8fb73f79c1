// What fanout measures of a server: each function returns one that takes the disk and a contender, has it serve in a fresh database,
// and returns figures. kind: `all`, the subscribers share a stream; `own`, each has its own. count: so many they are.
import { pause } from '../lib/wait.mjs'
import { Crowd, Pacer } from './crowd.mjs'

/** Descriptors that a program has beside its subscribers', at most. */
export const spare = 300

const megabytes = (bytes) => bytes / 1048576

/** Starts the contender, has the measurement made, and ends it and its subscribers. */
async function stage(disk, contender, count, measure) {
  const server = await contender.start(disk, { connections: count + spare })
  const client = await disk.cluster.client({ database: 'bench' })
  const crowds = []
  let pacer
  const pace = (changes) => (pacer ??= Pacer.start(disk)).pace(changes)
  const gather = (kind, number, options) => {
    const lines = Array.from({ length: number }, (_, n) => server.line(kind === 'own' ? n + 1 : 0))
    crowds.push(Crowd.start(server.port, lines, options))
    return crowds.at(-1)
  }
  /** The number of the last event for all, or the sum of the users' numbers. */
  const head = async (kind = 'all') => {
    const { rows } = await client.query('SELECT sum(seq)::float8 AS n FROM beats WHERE (user_id > 0) = $1', [kind === 'own'])
    return rows[0].n
  }
  try {
    return await measure({ server, gather, head, pace, begin: () => stopwatch(disk, server) })
  } finally {
    for (const crowd of crowds) await crowd.end()
    await pacer?.end()
    await client.end()
    await server.stop()
  }
}

/** CPU time in microseconds since it was made: of the server, and of PostgreSQL. */
function stopwatch(disk, server) {
  const look = () => [server.cpuMs(), disk.cpuSoFar()]
  const before = look()
  return () => {
    const [own, database] = look().map((ms, i) => (ms - before[i]) * 1000)
    return { own, database }
  }
}

/** A steady stream of events. kind: each for `all`, or for one of them (`own`). still: so many never read. */
export const stream = ({ kind, count, rate, still = 0, filler = 0, seconds }) => (disk, contender) =>
  stage(disk, contender, count, async ({ server, gather, head, pace, begin }) => {
    const crowd = gather(kind, count, { still })
    const changes = { rate, users: kind === 'own' ? count : 0, filler }
    const target = async () => (kind === 'own' ? 1 : count - still) * (await head(kind))
    await crowd.open()
    await pace({ ...changes, seconds: 1 })
    await crowd.drained(await target())
    const spent = begin()
    const paced = await pace({ ...changes, seconds })
    const got = await crowd.drained(await target())
    const { own, database } = spent()
    const took = Math.max(seconds, paced.ended - paced.begun, got.lastAt - paced.begun)
    return { ...got, cpu: own / got.seen, rate: got.seen / took, rss: megabytes(server.peakBytes()), database: database / paced.count,
      cut: count - server.connections(), changes: paced.reached }
  })

export const connect = ({ kind, count }) => (disk, contender) => stage(disk, contender, count, async ({ server, gather, begin }) => {
  const crowd = gather(kind, count)
  const spent = begin()
  const took = await crowd.open()
  return { rate: count / took, cpu: spent().own / count, rss: megabytes(server.peakBytes()), ...(await crowd.report()) }
})

export const idle = ({ kind, count }) => (disk, contender) => stage(disk, contender, count, async ({ server, gather }) => {
  const [first, crowd] = [gather(kind, Math.min(200, count)), gather(kind, count)]
  await first.open() // what the first ones cost once is no cost of a stream
  await pause(2000) // what only an opening needs has been given back by then
  const before = server.rssBytes()
  await crowd.open()
  await pause(2000)
  const after = server.rssBytes()
  return { bytes: (after - before) / count, before: megabytes(before), after: megabytes(after) }
})

/** One stream is live, at 200 events a second. For three seconds all is quiet. In other three seconds all others leave. */
export const disconnect = ({ count }) => (disk, contender) => stage(disk, contender, count, async ({ server, gather, head, pace, begin }) => {
  const [crowd, live] = [gather('own', count), gather('all', 1)]
  await crowd.open()
  await live.open()
  const observe = async (meanwhile) => {
    const spent = begin()
    await Promise.all([pace({ rate: 200, seconds: 3 }), meanwhile()])
    return { ...(await live.drained(await head())), own: spent().own }
  }
  const nothing = async () => {}
  await observe(nothing) // the warm-up
  const quiet = await observe(nothing)
  const parting = await observe(() => pause(1000).then(() => crowd.leave()))
  return { ...parting, quietP99: quiet.p99, quietMax: quiet.max, cpu: (parting.own - quiet.own) / count }
})

/**
 * All are cut off, miss 50 events, and come back at once. The events that they have had are up to 100 old. Meanwhile ten more a
 * second come. restart: the server is another process by then, with nothing in its memory.
 */
export const storm = ({ count, seconds, restart }) => (disk, contender) => stage(disk, contender, count, async ({ server, gather, head, pace, begin }) => {
  const crowd = gather('all', count, { window: 2000 })
  await crowd.open()
  await pace({ rate: 20, seconds: 5 })
  await crowd.drained(count * (await head()))
  await crowd.leave()
  await pace({ rate: 50, seconds: 1 })
  if (restart) await server.restart()
  const goal = await head()
  const spent = begin()
  const comeBack = async () => ({ ...(await crowd.comeBack(goal)), ...spent() })
  const [back] = await Promise.all([comeBack(), pace({ rate: 10, seconds })])
  const got = await crowd.drained(count * (await head()))
  return { ...got, ...back, cpu: back.own / count, database: back.database / count, rss: megabytes(server.peakBytes()) }
})
