// The random schedule for many seeds: node e2e/soak.mjs [SEEDS] [FIRST] [DURATION-ms]
// Prints a line for each seed. The exit status is 1 if a seed was not clean.
import { missing } from '../lib/daemon.mjs'
import { explain, summary } from '../lib/oracle.mjs'
import { actsOf, neverDone, runSchedule } from '../lib/schedule/schedule.mjs'

const [seeds = 20, first = 1, duration = 27_000] = process.argv.slice(2).map(Number)

if (missing()) {
  console.error(missing())
  process.exit(1)
}

let clean = 0
for (let seed = first; seed < first + seeds; seed++) {
  clean += (await one(seed)) ? 1 : 0
}
console.log(`${clean} of ${seeds} seeds clean`)
process.exitCode = clean === seeds ? 0 : 1

async function one(seed) {
  try {
    const report = await runSchedule({ seed, duration })
    const { acts, acked, aborted, unknown, frames, left, announced, connections, drops, resets, pruned, drainMs, beside } = report.figures
    console.log(`seed ${seed}: ${summary(report)}; ${acked} acked, ${aborted} aborted, ${unknown} unknown, ` +
      `${frames} frames (${left} left, ${announced} announced), ${connections} connections (${drops} dropped, ${resets} reset), ` +
      `${pruned} pruned, drained in ${drainMs} ms; beside ${JSON.stringify(beside)}; ${actsOf(acts)}`)
    const never = neverDone(report.figures)
    if (never.length) console.log(`seed ${seed}: not done: ${never.join(', ')}`)
    if (!report.ok) console.log([explain(report, 10), ...report.stalls].join('\n'))
    return report.ok
  } catch (error) {
    console.log(`seed ${seed}: ${error.stack}`)
    return false
  }
}
