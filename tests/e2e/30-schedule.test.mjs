// The random schedule with one seed. SEED=n repeats it, and DURATION is in ms. soak.mjs runs many.
// run: long, both
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { explain, summary } from '../lib/oracle.mjs'
import { actsOf, neverDone, runSchedule } from '../lib/schedule/schedule.mjs'
import { measured } from '../lib/wait.mjs'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const duration = Number(process.env.DURATION ?? 27_000)

test('under a random schedule of writers, drops, faults and upkeep nothing is lost, foreign, repeated or out of order', {
  skip: missing(), timeout: 5 * duration + 400_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}`)
  let times = 0
  let undone // in every run so far
  const take = async () => {
    const report = await runSchedule({ seed, duration: (1 + times / 2) * duration, patience: 1500 * (1 + 2 * times), eager: undone })
    times++
    undone = lacking(report).filter((name) => undone?.includes(name) ?? true)
    return report
  }
  // On a busy machine an act may never be done, or never get its lock. Then the schedule runs once
  // more, longer, more patiently, and with these acts first. A fault counts at once.
  const good = (report) => !report.ok || undone.length === 0
  const report = await measured(t, take, good, { patience: 150_000, shown: () => `nothing, or too little, of ${undone}` })
  const { acts, ...rest } = report.figures
  t.diagnostic(`${summary(report)}; ${JSON.stringify(rest)}; ${actsOf(acts)}`)
  assert.ok(report.ok, `SEED=${seed}: ${summary(report)}\n${[explain(report), ...report.stalls].join('\n')}`)
  assert.deepEqual(undone, [], `everything that the schedule promises was done: ${JSON.stringify(rest)}`)
})

const least = { acked: 200, frames: 400 }

/** The names of what happened too rarely. */
const lacking = ({ figures }) => [...Object.keys(least).filter((name) => figures[name] <= least[name]), ...neverDone(figures)]
