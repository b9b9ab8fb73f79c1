// storm [options]: a live stream's latency alone, beside 300 clients that say a byte a second and 10,000 requests a second with bad
// tokens, and while the same storm goes to another instance: what the machine's other work costs. The daemon's memory; the rate that was
// reached. Interleaved rounds, on stdout.
//   --rounds N [5]   --seconds N, of each phase [10]   --rate N, bad tokens a second [10000]   --slow N [300]   --changes N a second [200]
import { parseArgs } from 'node:util'
import { Daemon, migrate } from '../lib/daemon.mjs'
import { environment } from '../lib/cluster.mjs'
import * as processes from '../lib/process.mjs'
import { token } from '../lib/token.mjs'
import { compile, Disk, machine, median, rotate, say, spread, sqlFile, table } from './stage.mjs'
import { Program } from './subscribers.mjs'

const text = (value) => ({ type: 'string', default: value })
const { values } = parseArgs({ options: { rounds: text('5'), seconds: text('10'), rate: text('10000'), slow: text('300'), changes: text('200') } })
const [rounds, seconds, rate, slow, changes] = ['rounds', 'seconds', 'rate', 'slow', 'changes'].map((name) => Number(values[name]))
if (![rounds, seconds, rate, changes].every((n) => n > 0) || !(slow >= 0 && slow <= 4000)) {
  say('usage: storm [--rounds N] [--seconds N] [--rate N] [--slow N] [--changes N]')
  process.exit(2)
}

const megabytes = (bytes) => bytes / 1048576
const bad = await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' })

/** The stream's latencies while the storm goes to `target`, a daemon; undefined: there is none. */
async function phase(disk, daemon, target) {
  const subscriber = await Program.start(compile('consumer', '-lm'), [String(daemon.port), '/bench'])
  const before = await disk.updates()
  const cpu = daemon.cpuMs()
  const flood = target
    ? processes.run(compile('flood'), [target.port, '/own', bad, rate, seconds + 1, slow].map(String), { env: environment(), timeout: 120_000 })
    : Promise.resolve({ stdout: '{}' })
  await disk.pgbench(2, seconds, changes)
  const rss = megabytes(daemon.rssBytes())
  const { stdout, stderr } = await flood
  if (!stdout) throw new Error(`flood: ${stderr}`)
  const seen = await subscriber.finish((await disk.updates()) - before)
  return { ...seen, ...JSON.parse(stdout), rss, cpu: (daemon.cpuMs() - cpu) / seconds / 10 }
}

const disk = await Disk.start('fast')
try {
  await disk.prepare(() => migrate(disk.cluster, { database: 'original' }))
  await disk.fresh(sqlFile('pgherald.sql'))
  await disk.cluster.psql("SELECT herald.stream('/own', '{orders}', match => '{\"user_id\": \"claims.sub\"}')", { database: 'bench' })
  const daemon = await Daemon.start({ databaseUrl: disk.url })
  const other = await Daemon.start({ databaseUrl: disk.url })
  const all = { alone: [], elsewhere: [], beside: [] }
  for (let round = 1; round <= rounds; round++) {
    for (const [name, target] of rotate([['alone'], ['elsewhere', other], ['beside', daemon]], round)) {
      const result = await phase(disk, daemon, target)
      all[name].push(result)
      say(`${round} ${name}: p50 ${result.p50} ms, p99 ${result.p99} ms, lost ${result.lost}, RSS ${result.rss.toFixed(1)} MB` +
        (target ? `, ${(result.refused / (seconds + 1)).toFixed(0)} refused/s, ${result.others} otherwise, ${result.slowClosed} slow closed` : ''))
    }
  }
  const row = (name, what) => {
    const of = (field, digits = 1) => spread(all[name].map((each) => each[field]), digits)
    const refused = name !== 'alone' ? spread(all[name].map(({ refused: n }) => n / (seconds + 1))) : '-'
    return [what, of('p50'), of('p99'), of('lost', 0), of('rss'), of('cpu', 0), refused]
  }
  console.log(`\n${changes} changes a second to one stream. ${await machine([disk])}\n`)
  console.log(table(['', 'p50 ms', 'p99 ms', 'lost', 'RSS MB', 'CPU %', 'refused/s'], [
    row('alone', 'alone'), row('elsewhere', `${slow} slow, ${rate}/s asked for, at another instance`), row('beside', 'the same at this one'),
  ]))
  const ratio = (name) => median(all.beside.map(({ p99 }, n) => p99 / all[name][n].p99)).toFixed(2)
  console.log(`\np99 beside, of that in the same round alone: ${ratio('alone')}, with the storm elsewhere: ${ratio('elsewhere')}`)
  await daemon.destroy()
  await other.destroy()
} finally {
  await disk.cluster.destroy()
}
