// instances [--seconds N] [--rate N]: what one more instance costs. Two instances serve one database. All streams are at the first one. CPU of
// both and of PostgreSQL a change, and bytes of the log a change, on stdout.
import { parseArgs } from 'node:util'
import { beatBytes, Beats, prepareBeats, Rovers } from '../faults/rovers.mjs'
import { openStage } from '../lib/stage.mjs'
import * as processes from '../lib/process.mjs'
import { pause } from '../lib/wait.mjs'
import { table } from './stage.mjs'

const text = (value) => ({ type: 'string', default: value })
const { values } = parseArgs({ options: { seconds: text('10'), rate: text('500'), streams: text('200') } })
const [seconds, rate, streams] = [values.seconds, values.rate, values.streams].map(Number)
const users = 100

const stage = await openStage({ daemon: false, prepare: (cluster) => prepareBeats(cluster, users), settings: { fsync: 'on' } })
try {
  const rows = []
  const daemons = [await stage.addDaemon({}), await stage.addDaemon({})]
  const rovers = await Rovers.open(streams, users, () => daemons[0].url('/beat'))
  for (const round of [1, 2, 3]) {
    const beats = new Beats(() => stage.cluster.url(), users, rate)
    await pause(1000)
    const server = () => processes.childrenOf(stage.cluster.server.pid).filter(processes.alive).reduce((sum, pid) => sum + processes.cpuMs(pid), 0)
    const look = () => [...daemons.map((daemon) => daemon.cpuMs()), server(), beats.acked]
    const before = look()
    await pause(seconds * 1000)
    const [first, second, database, changes] = look().map((value, n) => value - before[n])
    const each = (ms) => ((1000 * ms) / changes).toFixed(0)
    rows.push([round, (changes / seconds).toFixed(0), each(first), each(second), each(database)])
    await beats.end()
  }
  rovers.close()
  console.log(table(['round', 'changes/s', `CPU us a change, with ${streams} streams`, 'CPU us a change, with none', 'PostgreSQL, the UPDATE included'], rows))
  console.log(`\nbytes of the log a change, index included: ${await beatBytes(stage.cluster)}`)
} finally {
  await stage.close()
}
