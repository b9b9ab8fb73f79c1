// The neighbour is another application on the same database. Both schedules have one.
//
// - Its rows cannot be printed, or they are large.
// - Its rule fails, and its tables come and go.
// - It dumps everything, and it locks the log as maintenance does.
//
// Whatever it does, nobody else may notice. Its own subscriber still hears of its last change. It
// is a Writer, since it loses its connections as writers do. Its acts are dealt like cards.
import { environment } from '../cluster.mjs'
import { clientProgram, tooOld } from '../postgres.mjs'
import { run } from '../process.mjs'
import { token } from '../token.mjs'
import { pause } from '../wait.mjs'
import { beImpatient, dealt } from './upkeep.mjs'
import { Writer } from '../writer.mjs'

const resident = 'neighbour'

/** Its tables, rule and stream. */
export const besides = `
  CREATE TABLE public.beside (id int PRIMARY KEY, owner text NOT NULL, tags text[], doc jsonb, note text);
  INSERT INTO public.beside SELECT n, '${resident}' FROM generate_series(1, 40) n;
  SELECT herald.watch('public.beside', audience => '{owner,tags}');
  CREATE TABLE public.faulty (id int PRIMARY KEY, owner text NOT NULL, note text);
  INSERT INTO public.faulty SELECT n, '${resident}' FROM generate_series(1, 40) n;
  SELECT herald.watch('public.faulty', audience => '{owner}');
  SELECT herald.rule('public.faulty', 'broken', 'update', '1 / (NEW.id - NEW.id) > 0');
  SELECT herald.stream('/beside', '{beside,faulty}', match => '{"owner": "claims.sub"}');`

export class Neighbour extends Writer {
  /**
   * shared: the watched table of the others. It is renamed and gets its name back in one
   * transaction. patience, eager: as in upkeep.mjs.
   */
  static async open({ daemon, shared, patience = 1500, eager = [], ...options }) {
    const neighbour = Object.assign(new Neighbour({ ...options, name: resident }), { shared, patience, eager })
    neighbour.subscriber = await daemon.subscribe('/beside', { token: await token({ sub: resident }), reconnect: true })
    return neighbour
  }

  choose() {
    if (!this.hand?.length) this.hand = dealt(cards.filter(([, name]) => name !== 'dump' || !tooOld('pg_dump')), this)
    return this.hand.pop()
  }

  /**
   * Waits until its subscriber hears of what comes last, whatever came before. Returns figures of
   * what it was told. To be called when the others have come to rest.
   */
  async rest() {
    await this.cluster.psql(`SELECT herald.publish('beside', 'rest', 'null', '{"owner": "${resident}"}')`)
    await this.subscriber.when(() => this.subscriber.frames.some(({ name }) => name === 'rest'), 60_000, () => `the neighbour's last event; before it ${this.subscriber.tail()}`)
    const heard = (test) => this.subscriber.frames.filter(test).length
    const figures = { told: heard(({ id }) => id), cut: heard(({ data }) => data.includes('"truncated"')), bulk: heard(({ name }) => name === 'bulk') }
    await this.subscriber.close()
    return figures
  }
}

/** Which of all acts never took place. */
export const neverBeside = (acts) => cards.map(([, name]) => name).filter((name) => !acts[name]?.well && !(name === 'dump' && tooOld('pg_dump')))

const cards = [
  ['', 'unprintable', (it) => write(it, 'doc = (SELECT jsonb_agg(1e131071::numeric) FROM generate_series(1, $1))', it.random.integer(10, 3000))],
  ['', 'controls', (it) => write(it, 'note = repeat(chr(1), $1)', it.random.integer(1, 1_000_000))],
  ['', 'large', (it) => write(it, "note = repeat('x', $1)", it.random.integer(10_000, 12_000_000))],
  ['', 'manyKeys', (it) => write(it, "tags = ARRAY(SELECT 'k' || n FROM generate_series(1, $1) n)", it.random.integer(1000, 70_000))],
  ['', 'fault', (it) => alone(it, ["UPDATE public.faulty SET note = 'all'"])],
  ['', 'faults', faults],
  ['', 'rename', (it) => alone(it, [`ALTER TABLE public.${it.shared} RENAME TO renamed`, `ALTER TABLE public.renamed RENAME TO ${it.shared}`])],
  ['', 'comeAndGo', comeAndGo],
  ['', 'replace', replace],
  ['', 'lockLog', (it) => hold(it, 'LOCK TABLE herald.changes, herald.ticks IN SHARE UPDATE EXCLUSIVE MODE')],
  ['', 'maintain', (it) => it.query('ANALYZE herald.changes, herald.ticks, public.beside')],
  ['', 'dump', dump],
]

// An act that does not get its lock of the whole table in time is not done.
const alone = (it, statements) => it.perform({}, async () => {
  await beImpatient(it)
  for (const statement of statements) await it.query(statement)
})

// The row is small again afterwards. Otherwise it would be large in every event to come.
const write = (it, set, size) => it.perform({}, async () => {
  const id = it.random.integer(1, 40)
  await it.query(`UPDATE public.beside SET ${set} WHERE id = ${id}`, [size])
  await it.query(`UPDATE public.beside SET doc = NULL, note = NULL, tags = NULL WHERE id = ${id}`)
})

// Each change in a transaction of its own.
async function faults(it) {
  for (let n = 1; n <= 20; n++) await it.query(`UPDATE public.faulty SET note = 'one' WHERE id = ${n}`)
  return true
}

// A table that is watched, written and dropped. Only readers of its own topic hear of that.
async function comeAndGo(it) {
  const table = `brief_${++it.count}`
  const made = await alone(it, [`CREATE TABLE public.${table} (id int PRIMARY KEY)`, `SELECT herald.watch('public.${table}')`])
  if (!made) return false
  await it.query(`INSERT INTO public.${table} VALUES (1), (2)`)
  return alone(it, [`DROP TABLE public.${table}`])
}

// Replaces a table by its copy, as a migration does.
function replace(it) {
  return alone(it, ['CREATE TABLE public.beside_new (LIKE public.beside INCLUDING ALL)', 'INSERT INTO public.beside_new SELECT * FROM public.beside',
  'ALTER TABLE public.beside RENAME TO beside_old', 'ALTER TABLE public.beside_new RENAME TO beside', "SELECT herald.watch('public.beside', audience => '{owner,tags}')",
  'DROP TABLE public.beside_old'])
}

const hold = (it, lock) => it.perform({}, async () => {
  await it.query(lock)
  await pause(it.random.between(100, 900))
})

async function dump({ cluster }) {
  const { code } = await run(clientProgram('pg_dump'), ['-f', '/dev/null', cluster.url()], { env: environment(), timeout: 60_000 })
  return code === 0
}
