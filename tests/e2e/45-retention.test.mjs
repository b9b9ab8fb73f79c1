// Retention. The log is pruned as fast as it grows, by one instance or by hand. Nobody waits for
// that, and nothing goes that no tick has covered.
// run: measures
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { missing, watch } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { holder } from '../lib/ticker.mjs'
import { token } from '../lib/token.mjs'
import { measured, now, pause, percentile, until } from '../lib/wait.mjs'

const rows = 10

async function prepare(cluster) {
  await cluster.psql(`
    CREATE TABLE load (id int PRIMARY KEY, owner text, n int NOT NULL);
    INSERT INTO load SELECT i, 'ann', 0 FROM generate_series(1, ${rows}) i;`)
  await watch(cluster, 'public.load', '--audience', 'owner')
  await cluster.psql(`SELECT herald.stream('/load', '{load}', match => '{"owner": "claims.sub"}')`)
}

const change = { name: 'change', text: 'UPDATE load SET n = n + 1' } // one for each row
const logged = async (cluster, what = 'changes') => Number(await cluster.psql(`SELECT count(*) FROM herald.${what}`))
const prune = async (cluster, keep) => Number(await cluster.psql(`SELECT herald.prune('${keep}', 15)`))

describe('retention', { skip: missing(), timeout: 300_000 }, () => {
  let stage, cluster, ann
  beforeEach(async () => {
    stage = await openStage({ prepare, settings: { log_statement: 'all' }, daemon: false })
    ;({ cluster } = stage)
    ann = await token({ sub: 'ann' })
  })
  afterEach(() => stage?.close())

  // Its sessions carry its name. The server logs what they run with that name.
  const named = (name) => stage.addDaemon({ databaseUrl: `${cluster.url()}?application_name=${name}`, flags: ['--retention', '1s'] })
  const pruners = (since = 0) => {
    const lines = cluster.logs().slice(since).matchAll(/ (first|second) LOG: .*execute prune: /g)
    return [...new Set([...lines].map(([, name]) => name))]
  }

  // Makes 1,000 changes a second, or what the machine gives. Counts four times a second how many
  // changes are in the log, and how many were made lately. What is too much depends on those,
  // because on a busy machine the rate goes up and down.
  async function flood(duration) {
    const client = await cluster.client()
    const begun = now()
    const samples = []
    const commits = []
    const made = (since) => rows * commits.filter((at) => at > since).length
    for (let n = 0; now() - begun < duration; n++) {
      const sent = now()
      await client.query(change)
      commits.push(sent)
      if (now() - begun > samples.length * 250) {
        const asked = now()
        const live = Number((await client.query('SELECT count(*) FROM herald.changes')).rows[0].count)
        samples.push({ at: asked - begun, live, young: made(now() - 1000), due: made(asked - 2500), most: made(asked - 5000) })
      }
      await pause(Math.max(0, begun + (n + 1) * rows - now()))
    }
    const written = Number(await cluster.psql('SELECT last_value FROM herald.change_id'))
    return { samples, rate: (written * 1000) / (now() - begun) }
  }

  test('under a steady load the log levels off, and one of two instances prunes; when it is gone, the other', async (t) => {
    const daemons = { first: await named('first'), second: await named('second') }
    const level = async () => {
      const from = cluster.logs().length
      const { samples, rate } = await flood(10_000)
      const late = samples.filter(({ at }) => at > 3000)
      const steady = late.map(({ live }) => live)
      t.diagnostic(`${Math.round(rate)} changes/s; live after 3 s: ${Math.min(...steady)} to ${Math.max(...steady)}`)
      assert.ok(rate > 10, `${rate} changes/s`)
      for (const { live, young } of late) assert.ok(live >= young, `${live} in the log, ${young} made within the last second`)
      const share = (what) => late.filter((sample) => sample.live > sample[what]).length / late.length
      return { old: share('due'), ancient: share('most'), pruners: pruners(from) }
    }
    // A second of changes stays, and what comes between two rounds. The log is almost never longer
    // than that.
    const good = ({ old, ancient, pruners }) => old <= 0.1 && ancient === 0 && pruners.length === 1
    const shown = ({ old, ancient, pruners }) => `${Math.round(100 * old)} % of the looks found changes older than 2.5 s, ${Math.round(100 * ancient)} % than 5 s; ${pruners} pruned`
    const figures = await measured(t, level, good, { shown }) // if an instance is held up, the other one stands in
    assert.ok(good(figures), shown(figures))
    const [name] = figures.pruners
    assert.equal((await holder(cluster, 1)).name, name)

    const from = cluster.logs().length
    await daemons[name].stop()
    await cluster.psql(change.text)
    const other = name === 'first' ? 'second' : 'first'
    await until(() => pruners(from).includes(other), { timeout: 30_000, every: 100, what: 'the other to prune' })
    await until(async () => (await logged(cluster)) <= rows, { timeout: 30_000, what: 'the log to be empty but for the last tick' })
  })

  test('a prune that is open in another session holds up no writer, no tick and no event, and the daemon prunes on afterwards', async (t) => {
    const daemon = await named('first')
    const stream = await daemon.subscribe('/load', { token: ann })
    await stream.next('connected')
    const [client, pruner] = [await cluster.client(), await cluster.client()]
    await client.query('SET statement_timeout = 20000')
    for (let n = 0; n < 5; n++) {
      await client.query(change)
      await stream.when(() => stream.events.length === (n + 1) * rows)
    }
    const timed = async (times, query) => {
      const begun = now()
      await client.query(query)
      times.push(now() - begun)
    }
    let count = 5
    const load = async (duration) => { // the daemon's own rounds are among the load
      const times = { writes: [], ticks: [] }
      for (let end = now() + duration; now() < end; await pause(5)) {
        await timed(times.writes, change)
        await timed(times.ticks, 'SELECT herald.tick()')
        await stream.when(() => stream.events.length === (count + 1) * rows, 60_000, () => 'an event')
        count++
      }
      return times
    }
    const prunes = async () => {
      const before = await load(1500)
      await pruner.query('BEGIN')
      const gone = async () => Number((await pruner.query("SELECT herald.prune('0 seconds')")).rows[0].prune)
      await until(async () => (await gone()) > 0, { what: 'rows in its hands' }) // nothing goes while the daemon prunes
      const beside = await load(2500)
      await pruner.query('COMMIT')
      t.diagnostic(`${beside.writes.length} writes, longest ${Math.max(...beside.writes).toFixed(1)} ms; ticks ${Math.max(...beside.ticks).toFixed(1)} ms`)
      return ['writes', 'ticks'].map((what) => ({ what, p99: percentile(beside[what], 99), usual: percentile(before[what], 99) }))
    }
    const good = (figures) => figures.every(({ p99, usual }) => p99 < 2 * usual + 100)
    const shown = (figures) => figures.map(({ what, p99, usual }) => `${what}: ${p99} ms, and ${usual} ms before`).join('; ')
    const figures = await measured(t, prunes, good, { shown })
    assert.ok(good(figures), shown(figures))
    await until(async () => (await logged(cluster)) <= rows, { what: 'the daemon to prune on' })
    await stream.close()
  })

  test('by hand, what no tick has covered is never pruned, and reaches the first subscriber that asks for all', async () => {
    for (let n = 0; n < 3; n++) await cluster.psql(change.text)
    assert.equal(await prune(cluster, '0 seconds'), 0)
    assert.equal(await logged(cluster), 3 * rows)
    const daemon = await stage.addDaemon()
    const stream = await daemon.subscribe('/load', { token: ann, lastEventId: 'earliest' })
    await stream.when(() => stream.events.length === 3 * rows)
    await stream.close()
  })

  test('by hand, it says how many went, to be repeated until none does; the last tick stays, and an old cursor is told `expired`', async () => {
    const daemon = await stage.addDaemon()
    const stream = await daemon.subscribe('/load', { token: ann })
    await stream.next('connected')
    for (let n = 1; n <= 4; n++) {
      await cluster.psql(change.text)
      await stream.when(() => stream.events.length === n * rows)
    }
    await stream.close()
    assert.equal(await daemon.stop(), 0)
    await cluster.psql(change.text) // while nobody makes ticks
    const last = await cluster.psql('SELECT max(id) FROM herald.ticks')
    assert.equal(await prune(cluster, '1 hour'), 0)
    await until(async () => (await cluster.psql("SELECT max(at) < now() - interval '1 second' FROM herald.ticks")) === 't')
    const went = []
    while (went.at(-1) !== 0) went.push(await prune(cluster, '1 second'))
    assert.deepEqual(went, [15, 15, 0])
    assert.equal(await cluster.psql('SELECT array_agg(id) FROM herald.ticks'), `{${last}}`)
    assert.equal(await logged(cluster), 2 * rows, 'what the last tick holds, and what none does')
    await daemon.start()
    await toldExpired(daemon, stream.events[0].id)
    await continues(daemon, stream.events.at(-1).id)
  })

  async function toldExpired(daemon, lastEventId) {
    const stream = await daemon.subscribe('/load', { token: ann, lastEventId })
    assert.equal(JSON.parse((await stream.next('reset')).data).reason, 'expired')
    await stream.close()
  }

  // A stream with a cursor of the tick that stays.
  async function continues(daemon, lastEventId) {
    const stream = await daemon.subscribe('/load', { token: ann, lastEventId })
    await stream.when(() => stream.events.length === rows)
    assert.ok(!stream.frames.some(({ name }) => name === 'reset'))
    await stream.close()
  }
})
