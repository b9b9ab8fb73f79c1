// One statement changes 100,000 rows of a topic that ten streams have.
// - A reading client gets all of them in order.
// - The daemon's memory stays within log-size.
// - Other streams go on as if nothing had happened.
// run: measures, both
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, sanitized } from '../lib/daemon.mjs'
import { compareIds, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, now, until } from '../lib/wait.mjs'

const rows = Number(process.env.BULK_ROWS ?? 100_000)
const logSize = 16 << 20
const besides = 12 << 20 // what the daemon takes beside its log, for rows on their way and for what malloc keeps

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE bulk (id int PRIMARY KEY, owner text NOT NULL, n int NOT NULL);
  INSERT INTO bulk SELECT i, 'reader', 0 FROM generate_series(1, ${rows}) i;
  INSERT INTO bulk VALUES (0, 'other', 0);
  SELECT herald.watch('bulk', audience => '{owner}');
  SELECT herald.stream('/bulk', '{bulk}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/bulk/' || i, '{bulk}', match => '{"owner": "claims.sub"}') FROM generate_series(1, 9) i;`)

test('a statement over 100,000 rows arrives whole and in order, in bounded memory, with pings for the others', {
  skip: missing(), timeout: 400_000,
}, async (t) => {
  const stage = await openStage({ prepare, daemon: { flags: ['--heartbeat', '1s', '--log-size', '16MB'] } })
  let reader
  try {
    reader = new Subscriber(stage.daemon.url('/bulk'), { token: await token({ sub: 'reader' }), reconnect: true })
    await reader.connect()
    const other = await stage.daemon.subscribe('/bulk', { token: await token({ sub: 'other' }) })
    await Promise.all([reader.next('connected'), other.when(() => other.comments.length > 0)])
    const baseline = stage.daemon.rssBytes()
    let times = 0
    const bulk = async () => {
      times++
      reader.frames.length = reader.read = 0
      const watchman = watchMemory(stage.daemon)
      const started = now()
      await stage.cluster.psql(`UPDATE bulk SET n = n + 1 WHERE owner = 'reader'`)
      const committed = now()
      await stage.cluster.psql(`UPDATE bulk SET n = n + 1 WHERE owner = 'other'`)
      // A client that comes back is told `connected` once more. That is no event.
      await reader.when(() => reader.frames.length >= rows && reader.events.length >= rows, 90_000, () => `${rows} events; ${reader.events.length} came`)
      const finished = now()
      const peak = watchman.end()
      await other.next('bulk.update')
      t.diagnostic(`${rows} rows: UPDATE took ${Math.round(committed - started)} ms, the last event came ` +
        `${Math.round(finished - committed)} ms later over ${reader.connections.length} connection(s)`)
      t.diagnostic(`memory: baseline ${mb(baseline)} MB, peak ${mb(peak)} MB, log-size ${mb(logSize)} MB`)
      checkAll(reader, times)
      if (sanitized()) t.diagnostic('memory is not judged: the program is built with a sanitizer')
      else assert.ok(peak < baseline + logSize + besides, `peak ${peak}, baseline ${baseline}`)
      return silence(other, { started, committed, finished })
    }
    const good = ({ gap, most }) => gap < most
    const shown = ({ gap, most }) => `the longest silence of the other stream: ${Math.round(gap)} ms, at the most ${Math.round(most)}`
    const figures = await measured(t, bulk, good, { patience: 0, shown })
    t.diagnostic(shown(figures))
    assert.ok(good(figures), shown(figures))
    await other.close()
  } finally {
    await reader?.close() // otherwise it comes back for ever
    await stage.close()
  }
})

function checkAll(reader, times) {
  const { events } = reader
  assert.equal(events.length, rows)
  assert.equal(new Set(events.map(({ data }) => JSON.parse(data).row.id)).size, rows)
  for (let i = 1; i < events.length; i++) assert.ok(compareIds(events[i - 1].id, events[i].id) < 0, `ids at ${i}`)
  assert.ok(events.every(({ data }) => JSON.parse(data).row.n === times))
  assert.deepEqual(reader.faults, [])
}

// A ping a second is asked for. So no silence may be longer than three seconds while the bulk is
// under way. A slow machine may take long for all of it. Then a silence may last most of the time
// from the commit to the last event.
async function silence(other, { started, committed, finished }) {
  await until(() => other.comments.at(-1).at > finished, { what: 'a ping after the bulk' })
  const times = [started, ...other.comments.map(({ at }) => at).filter((at) => at > started)]
  const gap = Math.max(...times.slice(1).map((at, i) => at - times[i]))
  return { gap, most: Math.max(3000, (finished - committed) * 0.6) }
}

function watchMemory(daemon) {
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, daemon.rssBytes())), 20)
  return { end: () => clearInterval(timer) ?? peak }
}

const mb = (bytes) => (bytes / 1048576).toFixed(1)

test('many streams of a topic: who reads is not closed as slow, however many rows come at once', { skip: missing(), timeout: 120_000 }, async () => {
  const rows = 1000, others = 400 // the log holds some 30, and all of the rows fit into a socket
  const stage = await openStage({
    daemon: { flags: ['--log-size', '1MB'] },
    prepare: (cluster) => cluster.psql(`
      CREATE TABLE lines (id int PRIMARY KEY);
      SELECT herald.watch('lines');
      SELECT herald.stream('/lines' || i, '{lines}', anonymous => true) FROM generate_series(1, ${others}) i`)
  })
  try {
    const streams = await Promise.all(['/lines1', '/lines2', `/lines${others}`].map((path) => stage.daemon.subscribe(path)))
    for (const stream of streams) await stream.next('connected')
    await stage.cluster.psql(`INSERT INTO lines SELECT generate_series(1, ${rows})`)
    for (const stream of streams) {
      await stream.when(() => stream.events.length === rows || !stream.open, 60_000)
      assert.equal(stream.events.length, rows)
      await stream.close()
    }
  } finally {
    await stage.close()
  }
})
