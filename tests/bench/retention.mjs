// retention [options]: a steady load, a daemon with a short retention and one subscriber: does the log's size on disk level
// off, and does the writers' throughput sag? A line of figures for each interval, on stdout.
//   --minutes N     how long [10]              --rate N       changes a second that are asked for [5000]
//   --retention D   of the daemon [60s]       --every N      seconds of a line [30]
import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { repository } from '../lib/daemon.mjs'
import { Disk, machine, say, sqlFile, table } from './stage.mjs'
import { pgherald } from './subscribers.mjs'

const text = (value) => ({ type: 'string', default: value })
const { values } = parseArgs({ options: { minutes: text('10'), rate: text('5000'), retention: text('60s'), every: text('30') } })
const [minutes, rate, every] = [values.minutes, values.rate, values.every].map(Number)
if (!(minutes > 0 && minutes <= 60 && rate > 0 && every > 0)) {
  say('usage: retention [--minutes N] [--rate N] [--retention DURATION] [--every SECONDS]')
  process.exit(2)
}

const megabytes = (bytes) => (bytes / 1048576).toFixed(0)

/** What the log takes on disk, and holds. */
async function size(client) {
  const { rows } = await client.query(`
    SELECT pg_table_size('herald.changes')::float8 AS heap, pg_indexes_size('herald.changes')::float8 AS indexes, s.n_dead_tup AS dead,
           pg_total_relation_size('herald.ticks')::float8 AS ticks, (SELECT count(*) FROM herald.changes)::int AS live
      FROM pg_stat_user_tables s WHERE s.relid = 'herald.changes'::regclass`)
  return rows[0]
}

const disk = await Disk.start('fast')
try {
  await disk.prepare(() => disk.file(join(repository, 'sql', 'install.sql'), 'original'))
  await disk.fresh(sqlFile('pgherald.sql'))
  const subscriber = await pgherald('--retention', values.retention)(disk)
  const client = await disk.cluster.client({ database: 'bench' })
  const lines = []
  for (let n = 1; n <= (minutes * 60) / every; n++) {
    const { tps, latencyMs } = await disk.pgbench(8, every, rate)
    const s = await size(client)
    lines.push([n * every, tps.toFixed(0), latencyMs.toFixed(1), s.live, s.dead, megabytes(s.heap), megabytes(s.indexes), megabytes(s.ticks)])
    say(`${n * every} s: ${tps.toFixed(0)} changes/s, ${s.live} live rows, ${megabytes(s.heap + s.indexes)} MB`)
  }
  const seen = await subscriber.finish(await disk.updates())
  console.log(`\n${rate} changes/s asked for, retention ${values.retention}. ${await machine([disk])}\n`)
  console.log(table(['s', 'changes/s', 'writer ms', 'live rows', 'dead rows', 'heap MB', 'index MB', 'ticks MB'], lines))
  console.log(`\nThe subscriber: p50 ${seen.p50} ms, p99 ${seen.p99} ms, lost ${seen.lost}.`)
  await client.end()
  await subscriber.end()
} finally {
  await disk.cluster.destroy()
}
