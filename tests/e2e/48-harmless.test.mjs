// One change harms nobody. Rows of any size, with any numbers, characters and keys, are written to
// one table. The subscribers of two other tables lose nothing, and wait hardly longer than while the
// like is written to tables that nobody watches: that, too, takes the processors of a small machine.
// The daemon's memory stays within its bound. What is written is drawn from a seed.
//   SEED=…           another course
//   HARMLESS=long    rows of up to 64 MB, for some minutes
// run: measures, both
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, sanitized } from '../lib/daemon.mjs'
import { Random } from '../lib/random.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, now, pause } from '../lib/wait.mjs'

const long = process.env.HARMLESS === 'long'
const seed = Number(process.env.SEED ?? Date.now() % 1e9)
const acts = long ? 150 : 16 // changes in a round
const largest = (long ? 64 : 3) << 20
const share = long ? 0.99 : 0.95 // of some hundred changes the last hundredth is one or two
const logSize = 16 << 20
const besides = 24 << 20

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE wild (id int PRIMARY KEY, body text, doc jsonb, ns float8[], readers text[]);
  CREATE TABLE ruled (id int PRIMARY KEY, doc jsonb);
  CREATE TABLE plain_wild (LIKE wild INCLUDING ALL); CREATE TABLE plain_ruled (LIKE ruled INCLUDING ALL);
  CREATE TABLE first (id int PRIMARY KEY, owner text); CREATE TABLE second (id int PRIMARY KEY, doc jsonb);
  SELECT herald.watch('wild', audience => '{readers}', exclude => '{readers}'), herald.watch('ruled'), herald.watch('first', audience => '{owner}'), herald.watch('second');
  SELECT herald.rule('ruled', 'told', 'any', data => 'NEW.doc');
  SELECT herald.stream('/wild', '{wild}', match => '{"readers": "claims.sub"}'), herald.stream('/ruled', '{ruled}', anonymous => true),
         herald.stream('/first', '{first}', match => '{"owner": "claims.sub"}'), herald.stream('/second', '{second}', anonymous => true, format => 'message');`)

// Each is SQL for a value. Sizes are drawn so that most are small and some are large, as in life.
const numbers = ['1e131071', '-1e131071', '1e-16383', '0e-16383', '1.5', '123456789012345678901234567890']
const repertoire = (random, size) => ({
  text: () => ['body', `repeat('x', ${size()})`],
  noise: () => ['body', `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, ${Math.ceil(size() / 32)}) i)`],
  controls: () => ['body', `repeat(chr(1), ${Math.ceil(size() / 4)})`],
  letters: () => ['body', `repeat('ä€"\\', ${Math.ceil(size() / 8)})`],
  numbers: () => ['doc', `(SELECT jsonb_agg(n) FROM (SELECT '${random.pick(numbers)}'::numeric n FROM generate_series(1, ${random.integer(1, long ? 900 : 120)})) s)`],
  nested: () => ['doc', `(SELECT jsonb_build_object('a', jsonb_build_object('b', jsonb_agg(i))) FROM generate_series(1, ${Math.ceil(size() / 40)}) i)`],
  members: () => ['doc', `(SELECT jsonb_object_agg('k' || i, i::text) FROM generate_series(1, ${Math.ceil(size() / 60)}) i)`],
  floats: () => ['ns', `(SELECT array_agg('1e308'::float8) FROM generate_series(1, ${Math.ceil(size() / 300)}))`],
  readers: () => ['readers', `(SELECT array_agg('user-' || i) || '{reader}' FROM generate_series(1, ${random.integer(1, 90_000)}) i)`],
})

test('one change harms nobody', { skip: missing(), timeout: long ? 3_600_000 : 400_000 }, async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const random = new Random(seed)
  const stage = await openStage({ prepare, daemon: { flags: ['--log-size', '16MB'] } })
  try {
    const { cluster, daemon } = stage
    const writer = await cluster.client()
    const open = async (path, options) => {
      const stream = await daemon.subscribe(path, options)
      await stream.next('connected')
      return stream
    }
    const reader = await open('/wild', { token: await token({ sub: 'reader' }) })
    const ruled = await open('/ruled')
    const others = [
      { table: 'first', value: `'ann'`, stream: await open('/first', { token: await token({ sub: 'ann' }) }), count: 0, client: await cluster.client() },
      { table: 'second', value: `'{"a": 1.50}'`, stream: await open('/second'), count: 0, client: await cluster.client() },
    ]
    const baseline = daemon.rssBytes()
    let id = 0, wild = 0, made = 0, peak = 0
    const size = () => Math.floor(largest ** random.next())
    const kinds = repertoire(random, size)

    /** prefix: of the tables that nobody watches, or none. */
    async function writeOne(prefix) {
      const kind = random.pick(Object.keys(kinds))
      const [column, value] = kinds[kind]()
      id++
      if (column === 'doc' && random.next() < 0.3) {
        await writer.query(`INSERT INTO ${prefix}ruled VALUES (${id}, ${value})`)
        if (!prefix) made++
        return
      }
      const table = `${prefix}wild`
      await writer.query(`INSERT INTO ${table} (id, readers) VALUES (${id}, '{reader}'); UPDATE ${table} SET ${column} = ${value} WHERE id = ${id}`)
      if (!prefix) wild += 2
      if (random.next() < 0.5) {
        await writer.query(`DELETE FROM ${table} WHERE id = ${id}`)
        if (!prefix) wild++
      }
    }
    /**
     * Changes two other rows in turn while `busy` lasts. Returns how long each change took from its
     * commit to its arrival.
     */
    async function probe(busy) {
      const waits = []
      while (!busy.done || waits.length < 40) {
        for (const other of others) {
          other.count++
          await other.client.query(`INSERT INTO ${other.table} VALUES (${other.count}, ${other.value})`)
          const committed = now()
          await other.stream.when(() => other.stream.events.length >= other.count, 30_000)
          waits.push(now() - committed)
        }
        peak = Math.max(peak, daemon.rssBytes())
        await pause(10)
      }
      return waits.sort((a, b) => a - b)
    }
    const slowest = (waits) => waits[Math.floor(waits.length * share)]
    async function probeBeside(prefix) {
      const busy = { done: false }
      const writing = (async () => {
        for (let i = 0; i < acts; i++) {
          await writeOne(prefix)
          if (!long) await pause(50)
        }
      })().finally(() => (busy.done = true))
      const waits = await probe(busy)
      await writing
      return waits
    }
    const round = async () => {
      const before = await probeBeside('plain_')
      const beside = await probeBeside('')
      const after = await probeBeside('plain_')
      return { beside: slowest(beside), control: Math.max(slowest(before), slowest(after)), count: beside.length }
    }
    const good = ({ beside, control }) => beside < 100 + 2 * control
    const shown = ({ beside, control, count }) => `p${share * 100} of ${count} changes of others: ${beside.toFixed(1)} ms beside, ${control.toFixed(1)} ms beside tables that nobody watches`
    const figures = await measured(t, round, good, { shown })
    t.diagnostic(shown(figures))
    assert.ok(good(figures), shown(figures))

    await reader.when(() => reader.frames.length > wild, 60_000, () => `${wild} events of wild rows; ${reader.frames.length - 1} came; ${reader.tail(2)}`)
    await ruled.when(() => ruled.frames.length > made, 60_000, () => `${made} events of a rule; ${ruled.frames.length - 1} came`)
    assert.equal(reader.frames.length, wild + 1, 'each change is told once')
    assert.equal(ruled.frames.length, made + 1)
    for (const frame of [...reader.frames, ...ruled.frames]) assert.doesNotThrow(() => JSON.parse(frame.data))
    for (const { stream, count } of others) {
      assert.equal(stream.frames.length, count + 1, stream.tail())
      assert.deepEqual(stream.events.map(({ data }) => JSON.parse(data).row.id), Array.from({ length: count }, (_, i) => i + 1))
    }
    t.diagnostic(`${wild + made} changes; memory: ${(baseline / 1048576).toFixed(1)} MB before, at the most ${(peak / 1048576).toFixed(1)} MB, log-size 16 MB`)
    if (!sanitized()) assert.ok(peak < baseline + logSize + besides, `peak ${peak}, baseline ${baseline}`)
  } finally {
    await stage.close()
  }
})
