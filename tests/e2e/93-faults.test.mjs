// The rows of `make faults` that take a few seconds.
// run: measures, release
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { quick, runRow } from '../faults/faults.mjs'
import { missing } from '../lib/daemon.mjs'

describe('faults', { skip: missing(), timeout: 300_000 }, () => {
  for (const row of quick) {
    test(`${row.name}: ${row.fault}`, { skip: row.needs?.() ?? false }, async (t) => {
      const { outcome, figure } = await runRow(row)
      t.diagnostic(figure)
      assert.equal(outcome, 'held', figure)
    })
  }
})
