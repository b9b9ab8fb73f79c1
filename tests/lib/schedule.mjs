// The random schedule: writers on hot rows, subscribers that come and go, and faults, all drawn from one
// seed; then quiet, and the oracle. Used by the test of one seed and by soak.mjs for many.
import { applicationName } from './cluster.mjs'
import { watch } from './daemon.mjs'
import { check } from './oracle.mjs'
import { Random } from './random.mjs'
import { Subscriber } from './sse.mjs'
import { openStage } from './stage.mjs'
import { token } from './token.mjs'
import { now, pause, until } from './wait.mjs'
import { endState, hotTable, marksOf, Writer } from './writer.mjs'

const rows = 60
const owners = Array.from({ length: 20 }, (_, index) => `user-${index}`)
const longRow = rows + 1 // what the long transaction writes first: nobody else's, so that nobody waits
const longTransaction = 20_000
const patience = 5000 // when all faults are over, nothing may take this long

/** Runs one seed; the report is the oracle's, with figures of the faults that were really injected. */
export async function runSchedule({ seed, duration = 27_000, writers = 24, streams = 40, faults = {}, say = () => {} }) {
  const plan = { daemonKills: 2, terminations: 5, serverRestarts: 1, long: true, ...faults }
  const random = new Random(seed)
  const stage = await openStage({ prepare })
  try {
    const show = { stage, plan, random, duration, say, log: [], stalls: [], done: { daemonKills: 0, terminations: 0, serverRestarts: 0, drops: 0 } }
    show.subscribers = await openSubscribers(show, streams)
    await perform(show, writers)
    return await judge(show)
  } finally {
    await stage.close()
  }
}

async function prepare(cluster) {
  await cluster.psql(`${hotTable}
    INSERT INTO public.hot SELECT n, 'user-' || n % ${owners.length}, 0, 'start' FROM generate_series(1, ${longRow}) n;`)
  await watch(cluster, 'public.hot', '--audience', 'owner')
  await cluster.psql(`
    SELECT herald.stream('/hot', ARRAY['hot'], match => '{"owner": "claims.sub"}');
    SELECT herald.stream('/hot/all', ARRAY['hot'], require => '{"role": ["admin"]}');`)
}

async function openSubscribers({ stage, random }, streams) {
  const all = []
  const open = async (name, path, claims, sees) => {
    const reconnect = () => (random.next() < 0.1 ? random.between(1000, 4000) : random.between(1, 300))
    const subscriber = new Subscriber(stage.daemon.url(path), { name, token: await token(claims), reconnect })
    await subscriber.connect()
    await subscriber.next('connected')
    all.push(Object.assign(subscriber, { sees, connectedAt: now() }))
  }
  for (let index = 0; index < streams; index++) {
    const user = owners[index % owners.length]
    await open(`${user}/${index}`, '/hot', { sub: user }, (owner) => owner === user)
  }
  for (const name of ['admin/1', 'admin/2']) await open(name, '/hot/all', { sub: 'admin', role: 'admin' }, () => true)
  return all
}

async function perform(show, count) {
  const { stage, random, duration, log, plan } = show
  const end = now() + duration
  const stopped = () => now() >= end
  const make = (name) => new Writer({ name, cluster: stage.cluster, log, random: random.fork(), rows, owners })
  const actors = Array.from({ length: count }, (_, index) => make(`w${index}`).run(stopped))
  if (plan.long) actors.push(longWriter(show, make('long'), end))
  actors.push(churn(show, random.fork(), stopped), injectFaults(show, random.fork(), end))
  await Promise.all(actors)
}

// Takes its transaction id at once and touches the hot rows only 20 s later: an old id that commits late.
async function longWriter({ duration, random }, writer, end) {
  writer.client = await writer.cluster.client()
  const hold = () => pause(Math.min(longTransaction, duration - 1500))
  try {
    await writer.transaction([longRow], { hold, late: random.distinct(3, 1, rows) })
  } catch {
    // its connection was lost: the log says so
  }
  await writer.end()
}

async function churn({ subscribers, done }, random, stopped) {
  while (!stopped()) {
    await pause(random.between(20, 200))
    const subscriber = random.pick(subscribers)
    if (!subscriber.open) continue
    subscriber.drop()
    done.drops++
  }
}

// The server's restart comes after the long transaction's end, which it would only abort.
async function injectFaults(show, random, end) {
  const { plan, duration } = show
  const first = now() + 500
  const late = plan.long ? Math.min(first + longTransaction + 500, end - 2000) : first
  const at = (count, from, act) => Array.from({ length: count }, () => ({ at: random.between(from, end - 1500), act }))
  const list = [
    ...at(plan.daemonKills, first, killDaemon),
    ...at(plan.terminations, first, terminateListener),
    ...at(plan.serverRestarts, late, restartServer),
  ].sort((a, b) => a.at - b.at)
  for (const { at: when, act } of list) {
    await pause(Math.max(0, when - now()))
    await act(show, random, duration)
  }
}

async function killDaemon({ stage, say, done }, random) {
  say('the daemon is killed')
  await stage.daemon.kill9()
  await pause(random.between(0, 1000))
  await stage.daemon.start()
  done.daemonKills++
}

// All backends that are not the tests' own are the daemon's.
async function terminateListener({ stage, say, done }) {
  say("the daemon's backends are terminated")
  const sql = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name <> '${applicationName}'`
  const found = await until(async () => Number(await stage.cluster.psql(sql)), { timeout: 10_000, what: "a backend of the daemon's" })
  done.terminations++
  done.backends = (done.backends ?? 0) + found
}

async function restartServer({ stage, say, done }) {
  say('the server is restarted with -m immediate')
  await stage.cluster.restart('immediate')
  done.serverRestarts++
}

// Two last updates of every row by an undisturbed writer; who has seen the second has seen everything.
async function judge(show) {
  const { stage, log, subscribers, done, stalls } = show
  for (const subscriber of subscribers) subscriber.reconnect = () => 20
  await until(() => subscribers.every(({ open }) => open), { timeout: 20_000, what: 'all subscribers are back' })
  const writer = new Writer({ name: 'last', cluster: stage.cluster, log, random: new Random(0), rows, owners: [] })
  writer.random.next = () => 0.5
  writer.client = await stage.cluster.client()
  const started = now()
  for (let round = 0; round < 2; round++) {
    for (let key = 1; key <= longRow; key++) await writer.transaction([String(key)], {})
    await settled(show)
  }
  const drain = now() - started
  await Promise.all(subscribers.map((subscriber) => subscriber.close()))
  const report = check({ writes: log, subscribers, table: await endState(stage.cluster) })
  Object.assign(report.figures, done, { connections: subscribers.reduce((sum, s) => sum + s.connections.length, 0), drainMs: Math.round(drain) })
  return Object.assign(report, { stalls, ok: report.ok && stalls.length === 0 })
}

// What does not come at all is for the oracle to say; what comes late, though nothing is broken any more, is
// a stall, and kept with what the daemon and its sessions were doing.
async function settled({ stage, subscribers, stalls }) {
  const table = await endState(stage.cluster)
  const ready = (subscriber) => table.every(({ owner, mark }) => !subscriber.sees(owner) || marksOf(subscriber).has(mark))
  const all = (timeout) => until(() => subscribers.every(ready), { timeout, every: 20 }).then(() => true, () => false)
  if (await all(patience)) return
  const late = subscribers.filter((subscriber) => !ready(subscriber)).map(({ name }) => name)
  const sessions = await stage.cluster.psql(`SELECT pid, application_name, state, wait_event, now() - state_change, left(query, 80)
    FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> '${applicationName}'`)
  stalls.push(`${late.length} of ${subscribers.length} had to wait for the last changes more than ${patience} ms: ${late.join(', ')}\n` +
    `${sessions}\n${stage.daemon.logs().slice(-6000)}`)
  await all(40_000)
}
