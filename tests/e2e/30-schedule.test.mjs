// The random schedule, one seed: SEED=n repeats it, DURATION is in milliseconds. soak.mjs runs many.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { explain, summary } from '../lib/oracle.mjs'
import { actsOf, neverDone, runSchedule } from '../lib/schedule.mjs'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const duration = Number(process.env.DURATION ?? 27_000)

test('under a random schedule of writers, drops, faults and upkeep nothing is lost, foreign, repeated or out of order', {
  skip: missing(), timeout: duration + 120_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}`)
  const report = await runSchedule({ seed, duration })
  const { acts, ...rest } = report.figures
  t.diagnostic(`${summary(report)}; ${JSON.stringify(rest)}; ${actsOf(acts)}`)
  assert.ok(report.ok, `SEED=${seed}: ${summary(report)}\n${[explain(report), ...report.stalls].join('\n')}`)
  const { figures } = report
  assert.ok(figures.acked > 200 && figures.frames > 400, `too little happened: ${JSON.stringify(figures)}`)
  assert.deepEqual(neverDone(figures), [], 'everything that the schedule promises was done')
})
