// Power cuts. PostgreSQL is killed again and again while most commits are only in its memory. What
// a subscriber has been told is never taken back. A tick and all that it covers are on disk before
// anybody hears of it.
// run: both
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, watch } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { compareIds } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { chainFaults } from '../lib/ticker.mjs'
import { token } from '../lib/token.mjs'
import { now, pause, until } from '../lib/wait.mjs'

const crashes = 8
const load = 700 // ms of writing before each crash

// With these settings only a synchronous commit writes the log. So kill -9 takes what a power cut
// takes.
const settings = {
  synchronous_commit: 'off', wal_writer_delay: '10s', checkpoint_timeout: '1h', bgwriter_lru_maxpages: '0', autovacuum: 'off',
}

async function prepare(cluster) {
  await cluster.psql('CREATE TABLE notes (mark text PRIMARY KEY, owner text NOT NULL)')
  await watch(cluster, 'public.notes', '--audience', 'owner')
  await cluster.psql(`SELECT herald.stream('/notes', '{notes}', match => '{"owner": "claims.sub"}')`)
}

// A full page would wake the WAL writer before its delay is over. So the WAL writer is frozen while
// it is asleep. At another time it may hold a lock that every commit waits for.
async function freezeWalWriter(cluster) {
  const look = (what) => cluster.psql(`SELECT ${what} FROM pg_stat_activity WHERE backend_type = 'walwriter'`)
  const pid = Number(await until(() => look('pid'), { what: 'the WAL writer' }))
  await until(async () => {
    processes.signal(pid, 'SIGSTOP')
    if ((await look('wait_event')) === 'WalWriterMain') return true
    processes.signal(pid, 'SIGCONT')
  }, { what: 'a WAL writer that sleeps' })
}

const asynchronous = (mark) => `INSERT INTO notes VALUES ('${mark}', 'ann')`
const synchronous = (mark) => `BEGIN; SET LOCAL synchronous_commit = on; ${asynchronous(mark)}; COMMIT`

// Writes until `stopped()`, over all crashes. `acked` gets the marks of the commits that were
// answered.
async function write(cluster, name, statement, gap, acked, stopped) {
  let client
  for (let n = 0; !stopped(); n++) {
    try {
      client ??= await cluster.client()
      await client.query(statement(`${name}.${n}`))
      acked.push(`${name}.${n}`)
      await pause(gap)
    } catch {
      await client?.end().catch(() => {})
      client = undefined
      await pause(20)
    }
  }
  await client?.end().catch(() => {})
}

const markOf = ({ data }) => JSON.parse(data).row.mark
const arrives = (stream, mark) => stream.when(
  () => stream.frames.some(({ data }) => data.includes(`"${mark}"`)), 60_000, () => `the event of ${mark}`)

// A crash would first take back an event that has just come, and whose commit nobody has waited
// for. After it another change is committed while ticks are held up. That one does go.
async function crash({ cluster }, streams, round) {
  await freezeWalWriter(cluster)
  const client = await cluster.client()
  await pause(load)
  await client.query(asynchronous(`last.${round}`))
  await arrives(streams[0], `last.${round}`)
  const holder = await cluster.client()
  await holder.query('BEGIN; LOCK TABLE herald.ticking IN SHARE UPDATE EXCLUSIVE MODE')
  await client.query(asynchronous(`behind.${round}`))
  await cluster.kill9()
  streams[1].drop()
  await cluster.startServer()
}

test('after crashes that take asynchronous commits back, no event was a phantom, none is lost, and streams go on', {
  skip: missing(), timeout: 300_000,
}, async (t) => {
  const stage = await openStage({ settings, prepare })
  const streams = []
  try {
    const { cluster, daemon } = stage
    const ann = await token({ sub: 'ann' })
    for (const reconnect of [false, true]) streams.push(await daemon.subscribe('/notes', { token: ann, reconnect }))
    for (const stream of streams) await stream.next('connected')
    const acked = { async: [], sync: [] }
    let over = false
    const writers = ['a', 'b', 'c'].map((name) => write(cluster, name, asynchronous, 2, acked.async, () => over))
    writers.push(write(cluster, 's', synchronous, 50, acked.sync, () => over))
    const begun = now()
    for (let round = 0; round < crashes; round++) await crash(stage, streams, round).catch((error) => { over = true; throw error })
    over = true
    await Promise.all(writers)
    const table = (await cluster.psql('SELECT mark FROM notes')).split('\n')
    const behind = Array.from({ length: crashes }, (_, round) => `behind.${round}`)
    const taken = [...acked.async, ...behind].filter((mark) => !table.includes(mark)).length
    t.diagnostic(`${crashes} crashes in ${Math.round(now() - begun)} ms; ${table.length} rows, ${taken} asynchronous commits were taken back`)
    await judge(cluster, streams, table, acked.sync)
    assert.ok(taken > 0, 'the crashes took nothing back: they show nothing')
  } finally {
    for (const stream of streams) await stream.close()
    await stage.close()
  }
})

async function judge(cluster, streams, table, sync) {
  const there = new Set(table)
  for (const [index, stream] of streams.entries()) {
    await until(() => table.length <= stream.events.length, { timeout: 60_000, every: 100 }).catch(() => {}) // assertions below say what is missing
    const seen = new Set(stream.events.map(markOf))
    assert.deepEqual([...seen].filter((mark) => !there.has(mark)), [], `phantoms of stream ${index}`)
    assert.deepEqual(sync.filter((mark) => !seen.has(mark)), [], `synchronous commits that stream ${index} lost`)
    assert.deepEqual(table.filter((mark) => !seen.has(mark)), [], `rows that stream ${index} lost`)
    const ids = stream.events.map(({ id }) => id)
    for (let i = 1; i < ids.length; i++) assert.ok(compareIds(ids[i - 1], ids[i]) < 0, `${ids[i]} after ${ids[i - 1]}`)
    assert.ok(!stream.frames.some(({ name }) => name === 'reset'), 'no reset')
  }
  assert.deepEqual(streams[0].events.map(({ id }) => id), streams[1].events.map(({ id }) => id))
  assert.deepEqual(streams.map(({ connections }) => connections.length), [1, 1 + crashes])
  assert.equal(await chainFaults(cluster), '')
}
