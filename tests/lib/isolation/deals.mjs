// The tables of the isolation schedule, and what is done to their rows. They change, and change
// hands, in every way. Each change is logged with the row before and after it, as the database has
// returned them to the writer.
import { groups, stores } from './rights.mjs'

const columns = '(id int PRIMARY KEY, owner text, store text, viewers text[], version int NOT NULL, note text NOT NULL)'
const routing = { deals: ['owner', 'store', 'viewers'], news: ['store'] }
const rows = { deals: 90, news: 12 }
/** What nobody may ever see. It stands in a column that is excluded. */
export const secret = 'not for the log'

export const users = Array.from({ length: 50 }, (_, index) => `u${index}`)

export const tables = `CREATE SEQUENCE public.epochs;` + Object.entries(rows).map(([table, count]) => `
  CREATE TABLE public.${table} ${columns};
  ALTER TABLE public.${table} ADD COLUMN hidden text NOT NULL DEFAULT '${secret}';
  INSERT INTO public.${table} SELECT n, 'u' || n % ${users.length}, 's' || n % ${stores.length}, ARRAY['g' || n % ${groups.length}], 0, 'start ${table} ' || n
    FROM generate_series(1, ${count}) n;
  SELECT herald.watch('public.${table}', audience => '{${routing[table]}}', exclude => '{hidden}');`).join('')

const list = (value) => (value ?? []).filter((one) => one !== null)

/** Whom a row is for: a list of values for each routing column. */
export const audienceOf = (topic, row) =>
  Object.fromEntries(routing[topic].map((column) => [column, list(Array.isArray(row[column]) ? row[column] : [row[column]])]))

const shown = (alias) => `to_jsonb(${alias}) - 'hidden'`

// $3, `how`, names the columns that are set. `pass` gives a row to the next user.
const updateOf = (table) => `
  WITH b AS MATERIALIZED (SELECT * FROM public.${table} WHERE id = ANY ($1) OR store = $4 ORDER BY id FOR UPDATE)
  UPDATE public.${table} d SET version = d.version + 1, note = $2 || '.' || d.id,
         owner = CASE WHEN $3::jsonb ? 'pass' THEN 'u' || (substr(b.owner, 2)::int + 1) % ${users.length}
                      WHEN $3::jsonb ? 'owner' THEN $3::jsonb ->> 'owner' ELSE b.owner END,
         store = CASE WHEN $3::jsonb ? 'store' THEN $3::jsonb ->> 'store' ELSE b.store END,
         viewers = CASE WHEN $3::jsonb -> 'viewers' = 'null' THEN NULL
                        WHEN $3::jsonb ? 'viewers' THEN ARRAY(SELECT jsonb_array_elements_text($3::jsonb -> 'viewers')) ELSE b.viewers END
    FROM b WHERE d.id = b.id RETURNING ${shown('b')} AS was, ${shown('d')} AS now`

function note(writer, write, table, changed) {
  for (const { was, now } of changed) {
    const { id, version, note: mark } = now ?? { ...was, version: was.version + 0.5, note: `${was.note} gone` }
    write.changes.push({ mark, topic: table, key: String(id), version, was, now })
  }
}

async function update(writer, write, { table = 'deals', keys = [], how = {}, store = null }) {
  const { rows: changed } = await writer.query({ name: `update ${table}`, text: updateOf(table), values: [keys, writer.mark(), how, store] })
  note(writer, write, table, changed)
}

// Takes a key that is free, or frees one that is taken. Versions go on rising: those of a new row
// begin at an epoch.
async function swap(writer, write, { table = 'deals' }) {
  const { random } = writer
  const key = random.integer(1, rows[table])
  const gone = await writer.query(`DELETE FROM public.${table} d WHERE id = $1 RETURNING ${shown('d')} AS was`, [key])
  note(writer, write, table, gone.rows)
  if (gone.rows.length > 0 && random.next() < 0.5) return
  const values = [key, ownerOf(random), storeOf(random), viewersOf(random), writer.mark()]
  const come = await writer.query(`INSERT INTO public.${table} AS d SELECT $1, $2, $3, $4, nextval('public.epochs') * 1000, $5
    ON CONFLICT DO NOTHING RETURNING ${shown('d')} AS now`, values)
  note(writer, write, table, come.rows)
}

const ownerOf = (random) => (random.next() < 0.15 ? null : random.pick(users))
const storeOf = (random) => (random.next() < 0.1 ? null : random.pick(stores))
const viewersOf = (random) => (random.next() < 0.15 ? null : groups.filter(() => random.next() < 0.3))

const hands = {
  touch: () => ({}),
  owner: (random) => ({ owner: ownerOf(random) }),
  noOwner: () => ({ owner: null }),
  store: (random) => ({ store: storeOf(random) }),
  viewers: (random) => ({ viewers: viewersOf(random) }),
  all: (random) => ({ owner: ownerOf(random), store: storeOf(random), viewers: viewersOf(random) }),
}

const keysOf = (writer, table, most) => writer.random.distinct(writer.random.integer(1, most), 1, rows[table])

const changing = (name, { table = 'deals', most = 2 } = {}) => (writer) => {
  const write = writer.begin()
  return writer.perform(write, () => update(writer, write, { table, keys: keysOf(writer, table, most), how: hands[name](writer.random) }))
}

const swapping = (table) => (writer) => {
  const write = writer.begin()
  return writer.perform(write, () => swap(writer, write, { table }))
}

// Every row of a store at once, to the next owner or to another store.
function bulk(writer) {
  const { random } = writer
  const how = random.next() < 0.5 ? { pass: true } : { store: random.pick(stores) }
  const write = writer.begin()
  return writer.perform(write, () => update(writer, write, { how, store: random.pick(stores) }))
}

function rolledBack(writer) {
  const write = writer.begin()
  return writer.perform(write, () => update(writer, write, { keys: keysOf(writer, 'deals', 3), how: hands.all(writer.random) }), { end: 'ROLLBACK' })
}

// There and back again in one transaction. An owner who had the row in between must get it, and
// lose it.
function thereAndBack(writer) {
  const write = writer.begin()
  const undone = writer.begin()
  const keys = keysOf(writer, 'deals', 1)
  const to = (how, log = write) => update(writer, log, { keys, how })
  return writer.perform(write, async () => {
    await to(hands.owner(writer.random))
    await writer.query('SAVEPOINT s')
    await to(hands.all(writer.random), undone)
    await writer.query('ROLLBACK TO SAVEPOINT s')
    await to(hands.owner(writer.random))
  })
}

/** An event of the application's own, for these routing keys. */
export async function publish(writer, write, topic, audience) {
  const mark = writer.mark()
  await writer.query("SELECT herald.publish($1, 'note', jsonb_build_object('mark', $2::text), $3)", [topic, mark, audience])
  write.changes.push({ mark, topic, published: audience })
  return mark
}

function publishing(writer) {
  const { random } = writer
  const some = (all) => random.shuffle(all).slice(0, random.integer(0, 3))
  const audience = { owner: some(users), store: some(stores), viewers: some(groups) }
  const write = writer.begin()
  return writer.perform(write, () => publish(writer, write, random.pick(['deals', 'deals', 'news']), audience))
}

/** For Writer: [[weight, name, act], …] */
export const repertoire = [
  [32, 'touch', changing('touch')], [10, 'owner', changing('owner')], [6, 'noOwner', changing('noOwner')], [8, 'store', changing('store')],
  [7, 'viewers', changing('viewers')], [4, 'all', changing('all')], [3, 'bulk', bulk], [9, 'swap', swapping('deals')],
  [5, 'rolledBack', rolledBack], [4, 'thereAndBack', thereAndBack], [5, 'publish', publishing],
  [3, 'news', changing('touch', { table: 'news' })], [2, 'newsStore', changing('store', { table: 'news' })], [3, 'newsSwap', swapping('news')],
]
