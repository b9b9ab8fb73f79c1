// The schedule of several streams in one connection, from a seed. Rows move between owners and
// stores, while subscribers of random sets of streams come and go at two instances. Each stream has
// a witness, which is alone and never gone. It says what the stream shows. A set must have shown
// the union:
//
// - each change once, in order, with the bytes of the witness;
// - `left` only if no stream of the set still sees the row, which the log tells.
import { Random } from './random.mjs'
import { compareIds, Subscriber } from './sse.mjs'
import { openStage } from './stage.mjs'
import { token } from './token.mjs'
import { now, pause, until } from './wait.mjs'

const users = ['ann', 'bob', 'eve']
const stores = ['s0', 's1', 's2', 's3']
const rows = 40
const patience = 60_000
const claims = (sub) => ({ sub, stores: stores.slice(users.indexOf(sub), users.indexOf(sub) + 2) })

const tables = `
  CREATE TABLE hot (id int PRIMARY KEY, owner text, store text, n int NOT NULL DEFAULT 0, pad text NOT NULL DEFAULT repeat('x', 12000));
  INSERT INTO hot SELECT n, ('{${users}}'::text[])[1 + n % ${users.length}], 's' || n % ${stores.length} FROM generate_series(1, ${rows}) n;
  CREATE FUNCTION anybody(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
  SELECT herald.watch('hot', audience => '{owner,store}');
  SELECT herald.stream('/own', '{hot}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/stores', '{hot}', match => '{"store": "claims.stores"}', authorize => 'public.anybody');
  SELECT herald.stream('/store/:store', '{hot}', match => '{"store": "params.store"}');
  SELECT herald.stream('/both/:store', '{hot}', match => '{"store": "params.store", "owner": "claims.sub"}');
  SELECT herald.stream('/gone', '{hot}', events => '{hot.delete}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/news', '{news}', format => 'message', anonymous => true);`

/** The streams, and which audiences each of them shows to a user. */
const kinds = [
  ...['/own', '/gone'].map((path) => ({ path, topic: 'hot', sees: (user, keys) => keys.includes(`owner=${user}`) })),
  { path: '/stores', topic: 'hot', sees: (user, keys) => claims(user).stores.some((store) => keys.includes(`store=${store}`)) },
  ...stores.map((store) => ({ path: `/store/${store}`, topic: 'hot', sees: (_, keys) => keys.includes(`store=${store}`) })),
  ...stores.map((store) => ({ path: `/both/${store}`, topic: 'hot', sees: (user, keys) => keys.includes(`store=${store}`) && keys.includes(`owner=${user}`) })),
  { path: '/news', topic: 'news', sees: () => true },
]
const filters = ['hot.update', 'hot.insert,hot.delete', 'said']

/** Runs one seed: { lost, foreign, duplicated, differing, figures }. */
export async function runSeveral({ seed, duration = 6000, subscribers = 20, writers = 4 }) {
  const random = new Random(seed)
  const show = { random, tokens: {}, visits: [] }
  try {
    show.stage = await openStage({ prepare: (cluster) => cluster.psql(tables), daemon: { flags: ['--log-size', '64MB'] } })
    show.daemons = [show.stage.daemon, await show.stage.addDaemon({ flags: ['--log-size', '1MB'] })]
    for (const user of users) show.tokens[user] = await token(claims(user))
    show.witnesses = await openWitnesses(show)
    show.visitors = Array.from({ length: subscribers }, () => drawVisitor(show))
    const end = now() + duration
    const stopped = () => now() >= end
    await Promise.all([
      ...Array.from({ length: writers }, () => write(show, random.fork(), stopped)),
      ...show.visitors.map((visitor) => visit(show, visitor, random.fork(), stopped)),
    ])
    await gather(show)
    return await judge(show)
  } finally {
    for (const each of [...(show.witnesses?.values() ?? []), ...(show.visitors ?? []).map(({ subscriber }) => subscriber)]) await each?.close()
    await show.stage?.close()
  }
}

const witnessOf = (show, user, { path }) => show.witnesses.get(`${user} ${path}`)

async function openWitnesses({ daemons, tokens }) {
  const witnesses = new Map()
  for (const user of users) {
    for (const { path } of kinds) witnesses.set(`${user} ${path}`, await Subscriber.open(daemons[0].url(path), { token: tokens[user] }))
  }
  for (const witness of witnesses.values()) await witness.next('connected', patience)
  return witnesses
}

// Some paths are narrowed by their own query, some by the request's.
function drawVisitor({ random, tokens }) {
  const user = random.pick(users)
  const targets = random.shuffle(kinds).slice(0, random.integer(2, 6)).map((kind) => ({ ...kind, own: random.next() < 0.2 ? random.pick(filters) : undefined }))
  const all = random.next() < 0.25 ? random.pick(filters) : undefined
  const paths = targets.map(({ path, own }) => encodeURIComponent(own ? `${path}?events=${own}` : path)).join(',')
  const subscriber = new Subscriber('http://none', { token: tokens[user] })
  for (const target of targets) target.names = (target.own ?? all)?.split(',')
  return { user, targets, subscriber, path: `/stream/multi?paths=${paths}${all ? `&events=${all}` : ''}` }
}

async function connect(show, { subscriber, path }, daemon = show.random.pick(show.daemons)) {
  subscriber.url = daemon.url(path)
  await subscriber.connect({ timeout: patience })
  if (subscriber.status !== 200) throw new Error(`${subscriber.url}: ${subscriber.current.head || subscriber.status}`)
  const connection = subscriber.connections.length - 1
  await subscriber.when(() => subscriber.frames.some((frame) => frame.connection === connection), patience)
}

// Mostly a moment here and a moment away. Now and then away until the smaller log has forgotten
// where they were.
async function visit(show, visitor, random, stopped) {
  while (!stopped()) {
    await connect(show, visitor, random.pick(show.daemons))
    await pause(random.between(0, 700))
    if (stopped()) break
    visitor.subscriber.drop()
    await visitor.subscriber.current.done
    await pause(random.next() < 0.2 ? 1500 : random.between(0, 200))
  }
}

// All come back, half of them to an instance that has just started. It has nothing of what they
// missed.
async function gather(show) {
  for (const { subscriber } of show.visitors) subscriber.drop()
  await Promise.all(show.visitors.map(({ subscriber }) => subscriber.current.done))
  await show.stage.cluster.psql(`UPDATE hot SET owner = 'ann', store = 's0' WHERE id % 2 = 0; UPDATE hot SET owner = 'bob', store = 's1'`)
  const fresh = await show.stage.addDaemon()
  show.daemons.push(fresh)
  for (const [index, visitor] of show.visitors.entries()) await connect(show, visitor, index % 2 ? fresh : undefined)
  await show.stage.cluster.psql(`INSERT INTO hot (id) VALUES (100000);
    SELECT herald.publish(topic, event, '{"end": true}', '{"owner": ["${users.join('","')}"], "store": ["${stores.join('","')}"]}')
      FROM unnest('{hot,news}'::text[]) topic, unnest('{hot.update,hot.insert,hot.delete,said}'::text[]) event`)
  const ends = ({ frames }) => frames.slice(-8).filter(({ data }) => /"end": ?true/.test(data)).length
  const short = () => [...show.witnesses].find(([name, witness]) => ends(witness) < (name.endsWith('/gone') ? 1 : 4)) // /gone carries only deletes
  await until(() => !short(), { timeout: patience, every: 50, what: 'the end at each witness' })
  show.log = await readLog(show.stage)
  await until(() => compared(show).lost.length === 0, { timeout: patience, every: 300 }).catch(() => {}) // the report says so
}

async function write({ stage }, random, stopped) {
  const client = await stage.cluster.client()
  const owner = () => (random.next() < 0.15 ? null : random.pick(users))
  const store = () => (random.next() < 0.15 ? null : random.pick(stores))
  const ids = () => random.distinct(random.integer(1, 4), 1, rows)
  const acts = [
    [20, () => client.query('UPDATE hot SET n = n + 1 WHERE id = ANY ($1)', [ids()])],
    [25, () => client.query('UPDATE hot SET owner = $2 WHERE id = ANY ($1)', [ids(), owner()])],
    [25, () => client.query('UPDATE hot SET store = $2 WHERE id = ANY ($1)', [ids(), store()])],
    [20, () => client.query('UPDATE hot SET owner = $2, store = $3 WHERE id = ANY ($1)', [ids(), owner(), store()])],
    [6, () => client.query('DELETE FROM hot WHERE id = ANY ($1)', [ids()])],
    [12, () => client.query('INSERT INTO hot SELECT i, $2, $3 FROM unnest($1::int[]) i ON CONFLICT (id) DO UPDATE SET n = hot.n + 1', [ids(), owner(), store()])],
    [8, () => client.query(`SELECT herald.publish('news', $1, '{"x": 1}')`, [random.pick(['said', 'told'])])],
  ]
  try {
    while (!stopped()) {
      await client.query('BEGIN')
      try {
        for (let n = random.integer(1, 4); n > 0; n--) {
          await random.weighted(acts)[1]()
          await pause(random.between(0, 8))
        }
        await client.query(random.next() < 0.1 ? 'ROLLBACK' : 'COMMIT')
      } catch (error) {
        if (error.code !== '40P01') throw error // unless a deadlock
        await client.query('ROLLBACK')
      }
      await pause(random.between(0, 20))
    }
  } finally {
    await client.end()
  }
}

const readLog = async ({ cluster }) => new Map(JSON.parse(await cluster.psql(
  `SELECT json_agg(json_build_object('id', tick || '-' || id, 'topic', topic, 'event', event, 'unless', unless)) FROM herald.read(1)`)).map((row) => [row.id, row]))

async function judge(show) {
  const report = compared(show)
  report.figures.pages = await pagesOf(show.daemons)
  return report
}

function compared(show) {
  const report = { lost: [], foreign: [], duplicated: [], differing: [], figures: { events: show.log.size, connections: 0, frames: 0, left: 0, kept: 0 } }
  for (const visitor of show.visitors) judgeOne(show, visitor, show.log, report)
  return report
}

function judgeOne(show, visitor, log, { lost, foreign, duplicated, differing, figures }) {
  const { subscriber, path, user } = visitor
  const expected = expectedOf(show, visitor, log, figures)
  const seen = new Set()
  let last = subscriber.frames[0].id
  for (const { id, data, name } of subscriber.frames.filter((frame) => frame.name !== 'connected')) {
    const what = `${name} ${id} at ${user} ${path}`
    if (seen.has(id)) duplicated.push(what)
    else if (compareIds(id, last) <= 0) duplicated.push(`${what}: after ${last}`)
    seen.add(id)
    last = id
    if (!expected.has(id)) foreign.push(what)
    else if (expected.get(id) !== data) differing.push(what)
  }
  for (const id of expected.keys()) if (!seen.has(id)) lost.push(`${log.get(id).event} ${id} at ${user} ${path}`)
  figures.connections += subscriber.connections.length
  figures.frames += subscriber.frames.length
}

/** id -> data of what this set of streams must have shown since it first came. */
function expectedOf(show, { user, targets, subscriber }, log, figures) {
  const expected = new Map()
  for (const target of targets) {
    for (const { id, data, name } of witnessOf(show, user, target).frames) {
      if (name === 'connected' || compareIds(id, subscriber.frames[0].id) <= 0) continue
      const { topic, unless } = log.get(id)
      const still = unless && targets.some((other) => other.topic === topic && other.sees(user, unless))
      if (target.names && name !== 'left' && !target.names.includes(name)) continue
      if (still) figures.kept++
      else expected.set(id, data)
      if (unless && !still) figures.left++
    }
  }
  return expected
}

async function pagesOf(daemons) {
  const texts = await Promise.all(daemons.map(async (daemon) => (await fetch(daemon.adminUrl('/metrics'))).text()))
  return texts.reduce((sum, text) => sum + Number(/^pgherald_replay_pages_total (\d+)/m.exec(text)[1]), 0)
}
