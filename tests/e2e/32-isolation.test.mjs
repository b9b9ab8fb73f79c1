// The isolation schedule with one seed. SEED=n repeats it, and DURATION is in ms.
// soak-isolation.mjs runs many.
// run: both
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { neverDone, runIsolation } from '../lib/isolation/isolation.mjs'
import { measured } from '../lib/wait.mjs'
import { explain, onlySlow, summary } from '../lib/isolation/warden.mjs'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const duration = Number(process.env.DURATION ?? 6000)

test('whatever changes hands, everybody gets all that is theirs and nothing else, and nothing any more when a right has ended', {
  skip: missing(), timeout: 6 * duration + 300_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}`)
  let times = 0
  let undone // in every run so far
  const take = async () => {
    const report = await runIsolation({ seed, duration: ++times * duration })
    undone = lacking(report).filter((name) => undone?.includes(name) ?? true)
    return report
  }
  // On a busy machine an end may come late, or an act never. Then the schedule runs once more, and
  // longer. A fault counts at once.
  const good = (report) => !onlySlow(report) && (!report.ok || undone.length === 0)
  const report = await measured(t, take, good, { patience: 0, shown: (report) => `${undone}; ${summary(report)}\n${explain(report)}` })
  t.diagnostic(`${summary(report)}; ${JSON.stringify(report.figures)}`)
  assert.ok(report.ok, `SEED=${seed}: ${summary(report)}\n${explain(report)}`)
  assert.deepEqual(undone, [], `everything that the schedule promises was done: ${JSON.stringify(report.figures)}`)
})

const least = { acked: 100, frames: 4000, connections: 250 }

/** The names of what happened too rarely. */
const lacking = (report) => [...Object.keys(least).filter((name) => report.figures[name] <= least[name]), ...neverDone(report)]
