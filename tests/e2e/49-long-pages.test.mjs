// Who missed many long changes gets each of them once and in order, by the pages of the database. A
// page is bounded by bytes as well, and what is over is in the next one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE docs (id int PRIMARY KEY, body text); CREATE TABLE notes (id int PRIMARY KEY, body text);
  SELECT herald.watch('docs'), herald.watch('notes');
  SELECT herald.stream('/docs', '{docs}', anonymous => true), herald.stream('/notes', '{notes}', anonymous => true);`)

test('long changes that were missed come once and in order, for one stream and for several', { skip: missing(), timeout: 120_000 }, async () => {
  const stage = await openStage({ prepare })
  try {
    const { cluster, daemon } = stage
    const witness = await daemon.subscribe('/docs')
    const start = (await witness.next('connected')).id
    await cluster.psql(`
      INSERT INTO docs SELECT i, repeat('x', CASE i % 3 WHEN 0 THEN 10 ELSE 1000000 END) FROM generate_series(1, 40) i;
      INSERT INTO notes SELECT i, repeat('y', 500000) FROM generate_series(1, 20) i;
      INSERT INTO docs SELECT i, repeat('x', 900000) FROM generate_series(41, 50) i;`)
    await witness.when(() => witness.events.length >= 50, 30_000)
    const fresh = await stage.addDaemon() // its log has nothing of before
    const pages = [['/docs', 50], ['/stream/multi?paths=/docs,/notes', 70]]
    for (const [path, count] of pages) {
      const late = await fresh.subscribe(path, { lastEventId: start })
      await late.when(() => late.events.length >= count, 60_000, () => `${late.events.length} of ${count}`)
      await cluster.psql(`UPDATE docs SET body = 'z' WHERE id = 3`)
      await late.when(() => late.events.some(({ name }) => name === 'docs.update'), 30_000)
      const told = late.events.filter(({ name }) => name.endsWith('.insert'))
      assert.deepEqual(told.filter(({ name }) => name === 'docs.insert').map(({ data }) => JSON.parse(data).row.id), Array.from({ length: 50 }, (_, i) => i + 1))
      assert.equal(told.length, count)
      await late.close()
    }
    await witness.close()
  } finally {
    await stage.close()
  }
})
