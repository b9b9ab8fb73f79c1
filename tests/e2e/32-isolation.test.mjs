// The isolation schedule, one seed: SEED=n repeats it, DURATION is in milliseconds. soak-isolation.mjs runs many.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { neverDone, runIsolation } from '../lib/isolation.mjs'
import { explain, summary } from '../lib/warden.mjs'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const duration = Number(process.env.DURATION ?? 6000)

test('whatever changes hands, everybody gets all that is theirs and nothing else, and nothing any more when a right has ended', {
  skip: missing(), timeout: duration + 120_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}`)
  const report = await runIsolation({ seed, duration })
  t.diagnostic(`${summary(report)}; ${JSON.stringify(report.figures)}`)
  assert.ok(report.ok, `SEED=${seed}: ${summary(report)}\n${explain(report)}`)
  const { figures } = report
  assert.ok(figures.acked > 100 && figures.frames > 4000 && figures.connections > 250, `too little happened: ${JSON.stringify(figures)}`)
  assert.deepEqual(neverDone(report), [], 'everything that the schedule promises was done')
})
