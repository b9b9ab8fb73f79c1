// What fanout measures, part by part: each has scenarios, and each of these a table.
import { connect, disconnect, idle, storm, stream } from './measures.mjs'

// A column: what it is called, the figure, its digits. `total`: it is added up over all rounds, and has no ratio.
const latencies = [['p50 ms', 'p50', 2], ['p99 ms', 'p99', 2]]
const faults = [['lost', 'lost', 0, 'total'], ['twice', 'again', 0, 'total'], ['astray', 'astray', 0, 'total']]
const refusals = ['refused', 'refused', 0, 'total']
const memory = ['RSS MB at most', 'rss', 1]
const columns = {
  stream: [['CPU us a delivery', 'cpu', 2], ['deliveries/s', 'rate', 0], ...latencies, ...faults, memory,
    ['PostgreSQL CPU us a change', 'database', 0], ['changes/s', 'changes', 0]],
  connect: [['connections/s', 'rate', 0], ['CPU us each', 'cpu', 1], refusals, memory],
  idle: [['bytes a stream', 'bytes', 0], ['RSS MB before', 'before', 1], ['RSS MB with them', 'after', 1]],
  disconnect: [['p99 ms', 'p99', 2], ['p99 ms while quiet', 'quietP99', 2], ['longest ms', 'max', 1],
    ['longest ms while quiet', 'quietMax', 1], ['CPU us each that leaves', 'cpu', 1], ...faults],
  storm: [['s until all are live', 'live', 2], ['s until all are complete', 'complete', 2], ['CPU us each', 'cpu', 1],
    ['PostgreSQL CPU us each', 'database', 1], ...faults, refusals, memory],
}

const n = (count) => count.toLocaleString('en-US')

const kinds = [['all', 'one stream for all (pgherald: anonymous)'], ['own', 'each has its own (pgherald: by its token)']]

/**
 * parts[name] is a list of { title, count, columns, measure, only }: so many subscribers, and the contenders that can do it. many:
 * how many subscribers the larger scenarios have; the smaller ones have a tenth, as the goals do. rate: of all, or undefined.
 */
export function scenarios({ many, seconds, rate }) {
  const few = Math.round(many / 10)
  const still = Math.ceil(few / 10)

  const broadcast = (count, usual) => ({
    title: `Broadcast to ${n(count)}, ${rate ?? usual} changes a second`, count, columns: columns.stream,
    measure: stream({ kind: 'all', count, rate: rate ?? usual, seconds }),
  })
  const targeted = (usual) => ({
    title: `Each change to one of ${n(many)}, ${rate ?? usual} changes a second`, count: many, columns: columns.stream,
    measure: stream({ kind: 'own', count: many, rate: rate ?? usual, seconds }),
  })
  // The kernel takes some seconds' events for a reader that never reads. Only then a server notices.
  const stalled = (title, still, longer) => ({
    title: `${title}, ${rate ?? 50} changes of 7 kB a second`, count: few, columns: [...columns.stream, ['cut off', 'cut', 0]],
    measure: stream({ kind: 'all', count: few, rate: rate ?? 50, still, filler: 7000, seconds: longer * seconds }),
  })
  const ofKinds = (what, of, measure) => kinds.map(([kind, name]) => ({
    title: `${n(many)} ${what}, ${name}`, count: many, columns: of, measure: measure({ kind, count: many }),
  }))

  return {
    broadcast: [broadcast(few, 50), broadcast(many, 10), ...(rate ? [] : [broadcast(many, 50)])],
    targeted: [targeted(500)],
    coalesced: [], // see fanout.mjs
    connect: ofKinds('connect', columns.connect, connect),
    idle: ofKinds('idle streams', columns.idle, idle),
    disconnect: [
      { title: `${n(many)} leave at once, beside a live stream`, count: many + 1, columns: columns.disconnect, measure: disconnect({ count: many }) },
    ],
    storm: [ // the raw server cannot resume, and nchan has its messages in memory
      { title: `${n(many)} come back with cursors of mixed ages`, count: many, columns: columns.storm,
        measure: storm({ count: many, seconds }), only: ['nchan', 'pgherald'] },
      { title: `${n(many)} come back after a restart of the server, with cursors of mixed ages`, count: many, columns: columns.storm,
        measure: storm({ count: many, seconds, restart: true }), only: ['pgherald'] },
    ],
    stalled: [stalled(`${n(few)} read`, 0, 1), stalled(`${n(still)} of ${n(few)} never read`, still, 2.5)],
  }
}
