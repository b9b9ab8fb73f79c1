// The random schedule. One seed draws writers on hot rows, subscribers that come and go, faults,
// and whatever else the change log can meet. Then all come to rest, and the oracle judges.
// 30-schedule runs one seed, soak.mjs many.
//
//   repertoire.mjs  what the writers do
//   upkeep.mjs      what is done to the database meanwhile
//   crowd.mjs       who subscribes (reread.mjs: what a subscriber does at `bulk` and `reset`)
//   faults.mjs      what breaks, and lulls (gate.mjs: where the writers stand during a lull)
//   neighbour.mjs   another application on the same database, which does what it likes
import { applicationName, Cluster } from '../cluster.mjs'
import { Crowd } from './crowd.mjs'
import { watch } from '../daemon.mjs'
import { faultNames, Faults, flags, planFaults } from './faults.mjs'
import { Gate } from './gate.mjs'
import { besides, neverBeside, Neighbour } from './neighbour.mjs'
import { check } from '../oracle.mjs'
import { Random } from '../random.mjs'
import { comers, publish, repertoire, stock } from './repertoire.mjs'
import { openStage } from '../stage.mjs'
import { cards, Upkeep } from './upkeep.mjs'
import { now, pause, until } from '../wait.mjs'
import { deal, endState, hotTable, marksOf, nobody, Writer } from '../writer.mjs'

const rows = 60
const users = Array.from({ length: 20 }, (_, index) => `user-${index}`)
const owners = [...users, nobody]
const longTransaction = 18_000
const keep = 7000 // ms; what is pruned is older than this
// ms; nothing may take this long after the last fault. A change that was forgotten takes until the
// safety poll, which is longer.
const patience = 20_000
const defaults = { daemonKills: 2, freezes: 2, wakeRestarts: 1, terminations: 4, serverRestarts: 1, lulls: 2, orphans: 1, long: true }
const people = { streams: 36, roamers: 6, sleepers: 2 }

/**
 * Runs one seed. upkeep.mjs says what patience and eager are. duration is in ms.
 * The report is the oracle's. Its figures also say what was really done, and `show` is all that the
 * report was made of.
 */
export async function runSchedule({ seed, duration = 27_000, writers = 24, faults = {}, patience = 1500, eager = [], say = () => {} }) {
  const random = new Random(seed)
  const show = { random, duration, patience, eager, say, plan: { ...defaults, ...faults }, gate: new Gate(), log: [], stalls: [], acts: {} }
  try {
    await setUp(show)
    await perform(show, writers)
    return await judge(show)
  } finally {
    await tearDown(show)
  }
}

// Two instances are on the primary, and one is on a hot standby. The first has room for everything
// in its memory.
async function setUp(show) {
  const settings = { max_prepared_transactions: 30, wal_retrieve_retry_interval: '200ms' }
  show.stage = await openStage({ settings, prepare, daemon: { flags: flags('64MB') } })
  const { stage, random, patience, eager } = show
  const second = await stage.addDaemon({ flags: flags('1MB') })
  show.standby = await Cluster.standbyOf(stage.cluster)
  const far = await stage.addDaemon({ cluster: show.standby, flags: ['--log-size', '1MB', '--poll-interval', '1s'] })
  Object.assign(show, { clusters: [stage.cluster, show.standby], daemons: [stage.daemon, second, far] })
  show.crowd = new Crowd({ cluster: stage.cluster, daemons: show.daemons, random: random.fork(), keep, owners: users })
  await show.crowd.open(people)
  show.neighbour = await Neighbour.open({ daemon: stage.daemon, cluster: stage.cluster, log: show.log, random: random.fork(), done: show.acts,
    gate: show.gate, pace: [50, 300], shared: 'hot', patience, eager })
}

async function prepare(cluster) {
  await cluster.psql(`${hotTable} ${stock(comers)}
    INSERT INTO public.hot SELECT n, 'user-' || n % ${users.length}, 0, 'start' FROM generate_series(1, ${rows}) n;`)
  await watch(cluster, 'public.hot', '--audience', 'owner')
  await cluster.psql(`
    SELECT herald.stream('/hot', ARRAY['hot'], match => '{"owner": "claims.sub"}');
    SELECT herald.stream('/hot/all', ARRAY['hot'], require => '{"role": ["admin"]}');
    ${besides}`)
}

async function tearDown({ stage, standby }) {
  try {
    await stage?.close()
  } finally {
    await standby?.destroy()
  }
}

async function perform(show, count) {
  const { stage, random, log, plan, gate, acts: done, crowd } = show
  const begin = (show.begin = now())
  const end = begin + show.duration
  const stopped = () => now() >= end
  const common = () => ({ cluster: stage.cluster, log, random: random.fork(), rows, owners, done, gate })
  const actors = deal(repertoire, count, random).map((first, index) => new Writer({ ...common(), name: `w${index}`, repertoire, first }).run(stopped))
  show.upkeep = new Upkeep({ ...common(), keep, patience: show.patience, eager: show.eager })
  show.faults = new Faults(show, random.fork(), new Writer({ ...common(), name: 'late' }))
  const hold = Math.min(longTransaction, show.duration - 1500)
  const list = planFaults({ random: random.fork(), begin, end, plan, longEnd: begin + (plan.long ? hold + 500 : 0) })
  if (plan.long) actors.push(longWriter(new Writer({ ...common(), name: 'long' }), hold))
  await Promise.all([...actors, show.upkeep.run(stopped), show.neighbour.run(stopped), crowd.churn(stopped), show.faults.run(list)])
}

// An old transaction id that commits late: the writer takes its id at once and touches the hot rows
// only at the end. Its first change is of no row, since that would keep the table from being
// altered.
async function longWriter(writer, hold) {
  writer.client = await writer.cluster.client()
  try {
    await writer.transaction([], { before: (write) => publish(writer, write, users), hold: () => pause(hold), late: writer.keys(3) })
  } catch {
    // Its connection was lost. The log says so.
  }
  await writer.end()
}

/** How often each act was done, and in brackets how often it ended otherwise or changed nothing. */
export const actsOf = (acts) => Object.entries(acts).sort()
  .map(([name, { well, else: other }]) => `${name} ${well}${other ? ` (${other})` : ''}`).join(', ')

/** Which of all acts and faults never took place. */
export function neverDone({ acts, ...figures }) {
  const names = new Set([...repertoire, ...cards].map(([, name]) => name))
  const wanted = [...faultNames, 'awakeLulls', 'drops', 'resets', 'pruned', 'rereads', 'announced', 'left', 'unknown']
  return [...[...names].filter((name) => !acts[name]?.well), ...wanted.filter((name) => !figures[name]), ...neverBeside(acts)]
}

// An undisturbed writer changes each odd row twice more. The even rows stay as the schedule has
// left them, so that the replay is worth something. A subscriber that has seen what is published
// last has seen everything.
async function judge(show) {
  const { stage, log, crowd, stalls } = show
  crowd.stay()
  await until(() => crowd.all.every(({ open }) => open), { timeout: 60_000, what: 'all subscribers are back' })
  await stage.cluster.psql("SELECT herald.wake('adaptive')")
  const writer = new Writer({ name: 'last', cluster: stage.cluster, log, random: new Random(0), rows, owners })
  writer.random.next = () => 0.5
  writer.client = await stage.cluster.client()
  const started = now()
  for (let round = 0; round < 2; round++) {
    for (let key = 1; key <= rows; key += 2) await writer.transaction([key], {})
    let mark
    await writer.transaction([], { before: async (write) => (mark = await publish(writer, write, users)) })
    await settled(show, mark)
  }
  const drain = now() - started
  const beside = await show.neighbour.rest()
  await crowd.close()
  doubtAsynchronous(log, show.faults.restarts)
  const report = check({ writes: log, subscribers: crowd.all, log, daemonLogs: show.daemons.map((d) => d.logs()), table: await endState(stage.cluster), keep: keep / 2, rewrites: show.upkeep.rewrites })
  const { figures } = report
  Object.assign(figures, show.faults.figures(), crowd.figures(), { pruned: show.upkeep.pruned, drainMs: Math.round(drain), beside, acts: show.acts })
  return Object.assign(report, { show, stalls, ok: report.ok && stalls.length === 0 })
}

// A crash may have taken back what was committed without waiting for the disk. 5 s is more than the
// WAL writer needs, even on a busy machine.
function doubtAsynchronous(log, restarts) {
  for (const write of log.filter(({ asynchronous, fate }) => asynchronous && fate === 'acked')) {
    if (restarts.some(({ from, to }) => write.endedAt > from - 5000 && write.endedAt <= to)) write.fate = 'unknown'
  }
}

// The oracle says what does not come at all. What comes late, when nothing is broken any more, is a
// stall. It is kept with what the daemons and their sessions were doing.
async function settled({ stage, crowd, stalls, daemons }, mark) {
  const ready = (subscriber) => marksOf(subscriber).has(mark)
  const all = (timeout) => until(() => crowd.all.every(ready), { timeout, every: 20 }).then(() => true, () => false)
  if (await all(patience)) return
  const late = crowd.all.filter((subscriber) => !ready(subscriber)).map(({ name, url }) => `${name} at ${url}`)
  const sessions = await stage.cluster.psql(`SELECT pid, application_name, state, wait_event, now() - state_change, left(query, 80)
    FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> '${applicationName}'`)
  stalls.push(`${late.length} of ${crowd.all.length} had to wait for the last changes more than ${patience} ms: ${late.join(', ')}\n` +
    `${sessions}\n${daemons.map((daemon) => daemon.logs().slice(-3000)).join('\n---\n')}`)
  await all(40_000)
}
