// The isolation schedule for many seeds: node e2e/soak-isolation.mjs [SEEDS] [FIRST] [DURATION-ms]
// Prints a line for each seed. The exit status is 1 if a seed was not clean.
import { missing } from '../lib/daemon.mjs'
import { neverDone, runIsolation } from '../lib/isolation/isolation.mjs'
import { actsOf } from '../lib/schedule/schedule.mjs'
import { explain, summary } from '../lib/isolation/warden.mjs'

const [seeds = 20, first = 1, duration = 15_000] = process.argv.slice(2).map(Number)

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
    const report = await runIsolation({ seed, duration })
    console.log(`seed ${seed}: ${summary(report)}; ${JSON.stringify(report.figures)}; ${actsOf(report.acts)}`)
    const never = neverDone(report)
    if (never.length) console.log(`seed ${seed}: not done: ${never.join(', ')}`)
    if (!report.ok) console.log(explain(report, 10))
    return report.ok
  } catch (error) {
    console.log(`seed ${seed}: ${error.stack}`)
    return false
  }
}
