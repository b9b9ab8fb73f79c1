// A reader stops reading while 2,000 events a second are for it. The daemon closes it, and the
// others do not notice. When it comes back it has lost nothing.
// run: measures, both
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Curl } from '../lib/curl.mjs'
import { missing } from '../lib/daemon.mjs'
import { compareIds, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, median, now, pause, until } from '../lib/wait.mjs'

const batch = 20 // rows in a statement
const period = 10 // ms between statements, so 2,000 events/s
const probes = 5
const controls = ['connected', 'closing', 'reset']

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE load (id int PRIMARY KEY, owner text NOT NULL, n int NOT NULL, note text NOT NULL);
  INSERT INTO load SELECT i, 'slow', 0, repeat('x', 1000) FROM generate_series(1, ${batch}) i;
  INSERT INTO load SELECT 1000 + i, 'probe-' || i, 0, '' FROM generate_series(1, ${probes}) i;
  SELECT herald.watch('load', audience => '{owner}');
  SELECT herald.stream('/load', '{load}', match => '{"owner": "claims.sub"}');`)

test('a stopped reader is closed, loses nothing after its resume, and does not slow the others', {
  skip: missing(), timeout: 400_000,
}, async (t) => {
  const stage = await openStage({ prepare, daemon: { flags: ['--log-size', '8MB'] } })
  try {
    const probe = await openProbes(stage)
    const good = ({ other, control }) => other < 2 * control + 2
    const shown = ({ other, control }) => `median latency of the others: ${other.toFixed(2)} ms beside a stopped reader, ${control.toFixed(2)} ms at the most before and behind`
    const figures = await measured(t, () => stopOne(t, stage, probe), good, { patience: 0, shown })
    t.diagnostic(shown(figures))
    assert.ok(good(figures), `the others became slower: ${shown(figures)}`)
  } finally {
    await stage.close()
  }
})

let written = 0 // rounds of the flood, in all

async function stopOne(t, stage, probe) {
  const slow = Curl.start(stage.daemon.url('/load'), ['-H', `Authorization: Bearer ${await token({ sub: 'slow' })}`])
  await slow.frame(({ event }) => event === 'connected')
  const flood = await startFlood(stage.cluster)
  const reading = await probe()
  slow.signal('SIGSTOP')
  const stopped = now()
  const isClosed = async () => (await stage.daemon.status()).json.streams <= probes
  const other = await probe(isClosed)
  await until(isClosed, { timeout: 90_000, what: 'the stopped reader is closed by the daemon' })
  const closedAfter = now() - stopped
  const control = Math.max(median(reading), median(await probe())) // the machine's other load may have changed meanwhile
  const sent = await flood.stop()
  t.diagnostic(`${Math.round(sent.rate)} events/s; the stopped reader was closed after ${Math.round(closedAfter)} ms`)
  const { missed, ids } = await comeBack(stage, slow, sent.rounds)
  t.diagnostic(`resumed: ${ids.length} events in all, ${missed} of them after the resume`)
  written += sent.rounds
  return { other: median(other), control }
}

// Continues after curl's last whole event. Every round of every row must come once and in order.
async function comeBack(stage, slow, rounds) {
  slow.signal('SIGCONT')
  await slow.ended(60_000)
  const before = slow.frames.filter(({ event }) => !controls.includes(event))
  const resumed = new Subscriber(stage.daemon.url('/load'), {
    token: await token({ sub: 'slow' }), lastEventId: slow.parser.lastEventId, reconnect: true,
  })
  await resumed.connect()
  const expected = rounds * batch - before.length
  await resumed.when(() => resumed.events.length >= expected, 180_000, () => `${expected} events after the resume, ${resumed.events.length} came`)
    .catch((error) => resumed.close().then(() => { throw error })) // otherwise it comes back for ever
  assert.ok(!resumed.frames.some(({ name }) => name === 'reset'), 'the resume was answered with reset')
  await resumed.close()
  const all = [...before, ...resumed.events]
  for (let i = 1; i < all.length; i++) assert.ok(compareIds(all[i - 1].id, all[i].id) < 0, `ids at ${i}: ${all[i - 1].id}, ${all[i].id}`)
  const next = new Map()
  for (const { data } of all) {
    const { row } = JSON.parse(data)
    assert.equal(row.n, (next.get(row.id) ?? written) + 1, `row ${row.id}`)
    next.set(row.id, row.n)
  }
  assert.deepEqual([...next.values()], Array(batch).fill(written + rounds))
  return { missed: resumed.events.length, ids: all.map(({ id }) => id) }
}

async function startFlood(cluster) {
  const client = await cluster.client()
  const flood = { rounds: 0, running: true }
  const started = now()
  const run = async () => {
    while (flood.running) {
      await client.query({ name: 'flood', text: "UPDATE load SET n = n + 1 WHERE owner = 'slow'" })
      flood.rounds++
      await pause(Math.max(0, started + flood.rounds * period - now()))
    }
  }
  const running = run()
  flood.stop = async () => {
    flood.running = false
    await running
    return { rounds: flood.rounds, rate: (flood.rounds * batch * 1000) / (now() - started) }
  }
  return flood
}

// The other readers, a hundred probes and more, until enough(). Gives the times from sending to
// arrival.
async function openProbes({ cluster, daemon }) {
  const client = await cluster.client()
  const streams = []
  for (let i = 1; i <= probes; i++) streams.push(await daemon.subscribe('/load', { token: await token({ sub: `probe-${i}` }) }))
  for (const stream of streams) await stream.next('connected')
  return async (enough = () => true) => {
    const times = []
    for (let n = 0; n < 4000; n++) {
      const i = n % probes
      const sent = now()
      await client.query({ name: 'probe', text: 'UPDATE load SET n = n + 1 WHERE id = $1', values: [1001 + i] })
      times.push((await streams[i].next('load.update')).at - sent)
      if (n >= 100 && n % 10 === 0 && (await enough())) break
      await pause(10)
    }
    return times
  }
}
