// The isolation schedule. 50 users have streams of every kind at two instances. Rows change hands
// under load. Meanwhile tokens end or are revoked, subscriptions lapse, claims change and streams
// are defined again. Then the warden judges. One seed draws all of it.
//
//   rights.mjs     the streams, and what they show
//   registry.mjs   who has which right, and since when
//   deals.mjs      what the writers do
//   visitors.mjs   who comes and goes
//   outsider.mjs   subscribers that must not notice anything
//   warden.mjs     the oracle, with committed.mjs
//   ../schedule/neighbour.mjs   another application on the same database, which does what it likes
import { publish, repertoire, tables, users } from './deals.mjs'
import { besides, Neighbour } from '../schedule/neighbour.mjs'
import { Outsider } from './outsider.mjs'
import { Random } from '../random.mjs'
import { Registry, subscriptions } from './registry.mjs'
import { definitions, groups, stores, streamSql } from './rights.mjs'
import { request } from '../sse.mjs'
import { openStage } from '../stage.mjs'
import { token } from '../token.mjs'
import { Visitors } from './visitors.mjs'
import { now, pause, until } from '../wait.mjs'
import { judge } from './warden.mjs'
import { deal, Writer } from '../writer.mjs'

const heartbeat = 1000
const flags = (logSize) => ['--jwt-leeway', '0s', '--heartbeat', `${heartbeat}ms`, '--log-size', logSize]

/** Runs one seed for `duration` ms. The report is the warden's. */
export async function runIsolation({ seed, duration = 9000, writers = 5, comers = 4 }) {
  const random = new Random(seed)
  const show = { random, log: [], acts: {} }
  try {
    await setUp(show)
    await perform(show, { end: now() + duration, writers, comers })
    return await finish(show)
  } finally {
    await show.stage?.close()
  }
}

// The second instance forgets soon. A client that comes back there gets what it missed from the
// database.
async function setUp(show) {
  const prepare = (cluster) => cluster.psql(`${tables} ${subscriptions} ${definitions.map(streamSql).join('\n')}; ${besides}`)
  const stage = (show.stage = await openStage({ prepare, daemon: { flags: flags('64MB') } }))
  const daemons = [stage.daemon, await stage.addDaemon({ flags: flags('1MB') })]
  show.registry = new Registry({ cluster: stage.cluster, random: show.random.fork(), users })
  await show.registry.open()
  show.visitors = new Visitors({ daemons, random: show.random.fork(), registry: show.registry })
  show.outsiders = await openOutsiders(daemons)
  await show.visitors.open()
  show.neighbour = await Neighbour.open({ daemon: stage.daemon, cluster: stage.cluster, log: show.log, random: show.random.fork(), done: show.acts, pace: [20, 200], shared: 'news' })
}

// At each instance, streams that are allowed and that nothing is ever for. One of them begins where
// the log begins.
async function openOutsiders(daemons) {
  const outside = { token: await token({ sub: 'outsider', role: 'customer', stores: ['s9'], groups: ['g9'] }), heartbeat }
  const paths = ['/own', '/held', '/groups', '/own/s0', '/groups/s1', '/news/s9', '/own?last_event_id=earliest']
  return Promise.all(daemons.flatMap((daemon) => paths.map((path) => Outsider.open(daemon, path, outside))))
}

async function perform({ stage, random, log, acts, visitors, registry, neighbour }, { end, writers, comers }) {
  const stopped = () => now() >= end
  const hands = deal(repertoire, writers, random)
  const writer = (index) => new Writer({ name: `w${index}`, cluster: stage.cluster, log, random: random.fork(), repertoire, first: hands[index], done: acts, pace: [8, 45] })
  await Promise.all([
    neighbour.run(stopped),
    ...Array.from({ length: writers }, (_, index) => writer(index).run(stopped)),
    ...Array.from({ length: comers }, () => visitors.run(stopped)),
    changeRights({ random: random.fork(), visitors, registry, acts }, stopped),
  ])
}

// The rights that end are mostly those of somebody who is there.
async function changeRights({ random, visitors, registry, acts }, stopped) {
  const someone = () => random.pick(registry.users)
  const present = (test) => random.pick(visitors.standing.filter((visit) => visit.session && test(visit)))?.session
  const cards = [
    [8, 'revokeToken', () => registry.revokeToken(present(() => true) ?? random.pick(someone().sessions))],
    [2, 'revokeSubject', () => registry.revokeSubject(someone())],
    [5, 'toggle', () => registry.toggle((random.next() < 0.5 && present(({ path }) => path.startsWith('/club'))?.claims) || someone())],
    [1, 'redefine', () => registry.redefine()],
    [2, 'reread', () => registry.reread()],
  ]
  for (let round = 0; !stopped(); round++) {
    const [, name, act] = { 6: cards[4], 12: cards[3] }[round % 25] ?? random.weighted(cards) // these two for certain
    await act()
    acts[name] = { well: (acts[name]?.well ?? 0) + 1, else: 0 }
    await pause(random.between(20, 200))
  }
}

// A visit that has lost its right gets time to be told. All others come back, and get what is
// published last.
async function finish(show) {
  const { stage, visitors, registry, log, outsiders } = show
  const lost = ({ path, session }) => session && (!registry.isAlive(session) || (path.startsWith('/club') && registry.isLapsed(session)))
  await until(() => !visitors.standing.some(lost), { timeout: 20_000, every: 50 }).catch(() => {}) // the warden says how late
  await visitors.gather()
  const ends = await publishEnds(show)
  await until(() => visitors.standing.every((visit) => hasEnd(visit, ends)), { timeout: 30_000, every: 50 }).catch(() => {})
  for (const visit of visitors.standing) visit.toTheEnd = true
  const standing = visitors.standing.length
  const beside = await show.neighbour.rest()
  const pages = await pagesOf(stage.daemons)
  const noise = outsiders.flatMap((outsider) => outsider.faults())
  for (const outsider of outsiders) outsider.close()
  await visitors.close()
  await registry.close()
  const report = judge({ writes: log, visits: visitors.visits, registry, ends, noise })
  Object.assign(report.figures, { standing, outsiders: outsiders.length, spentTickets: visitors.spent, pages, rereads: registry.rereads, beside })
  return Object.assign(report, { acts: show.acts })
}

async function pagesOf(daemons) {
  const texts = await Promise.all(daemons.map(async (daemon) => (await request(daemon.adminUrl('/metrics'))).text))
  return texts.reduce((sum, text) => sum + Number(/^pgherald_replay_pages_total (\d+)/m.exec(text)[1]), 0)
}

// These events are for every user that is entitled to anything.
async function publishEnds({ stage, log }) {
  const writer = new Writer({ name: 'end', cluster: stage.cluster, log })
  writer.client = await stage.cluster.client()
  const write = writer.begin()
  const ends = {}
  await writer.perform(write, async () => {
    ends.deals = await publish(writer, write, 'deals', { owner: users, store: stores, viewers: groups })
    ends.news = await publish(writer, write, 'news', { store: stores })
  })
  await writer.end()
  return ends
}

const hasEnd = ({ path, subscriber }, { deals, news }) => {
  const mark = `"${path.startsWith('/news') ? news : deals}"`
  return subscriber.frames.slice(-5).some(({ data }) => data.includes(mark))
}

/** Which of all that should have taken place never did. */
export function neverDone({ acts, figures }) {
  const { closed, ...counts } = figures
  const wanted = ['left', 'unauthorized', 'forbidden', 'resumed', 'resets', 'redefinitions', 'spentTickets', 'pages', 'rereads']
  return [...wanted.filter((name) => !counts[name]), ...Object.keys(closed).filter((reason) => !closed[reason]),
    ...repertoire.map(([, name]) => name).filter((name) => name !== 'rolledBack' && !acts[name]?.well)]
}
