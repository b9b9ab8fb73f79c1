// What the writers of the random schedule do: the basic acts of writer.mjs, and whatever else the
// change log can meet. Every act logs what it did as the oracle wants it. It returns whether it
// ended as it was to.
import { copy } from './copy.mjs'
import { pause } from '../wait.mjs'
import { nobody } from '../writer.mjs'

/**
 * What the acts need beside the hot table: columns to alter, and a filler, so that a small memory
 * forgets. hot_count counts the versions of rows that come and go.
 */
export const stock = (comers) => `
  ALTER TABLE public.hot ADD COLUMN extra int, ADD COLUMN extra_0 int, ADD COLUMN filler text DEFAULT repeat('x', 100);
  CREATE TABLE public.hot_count (id int PRIMARY KEY, version int NOT NULL);
  INSERT INTO public.hot_count SELECT n, 0 FROM unnest('{${comers}}'::int[]) n;
  CREATE FUNCTION public.change_or_not(key int, mark text, fails boolean) RETURNS TABLE (version int, owner text)
  LANGUAGE plpgsql AS $$
  #variable_conflict use_column
  BEGIN
    UPDATE public.hot SET version = version + 1, note = mark WHERE id = key RETURNING hot.version, hot.owner INTO version, owner;
    PERFORM 1 / (CASE WHEN fails THEN 0 ELSE 1 END);
    RETURN NEXT;
  EXCEPTION WHEN division_by_zero THEN
    NULL;
  END $$;`

/** Keys of rows that come and go. All other rows are always there. */
export const comers = Array.from({ length: 20 }, (_, index) => 101 + index)

export const repertoire = [
  [40, 'single', (writer) => writer.transaction(writer.keys(1), {})],
  [12, 'several', (writer) => writer.transaction(writer.keys(writer.random.integer(2, 5)), { pauses: true })],
  [8, 'rolledBack', (writer) => writer.transaction(writer.keys(2), { pauses: true, end: 'ROLLBACK' })],
  [6, 'savepoint', (writer) => writer.savepoint(writer.keys(3))],
  [4, 'exceptionBlock', exceptionBlock],
  [1, 'manyBlocks', manyBlocks],
  [4, 'multiRow', (writer) => plain(writer, (write) => writer.change(write, writer.keys(15)))],
  [4, 'asynchronous', asynchronous],
  [3, 'repeatableRead', (writer) => writer.transaction(writer.keys(2), { isolation: 'REPEATABLE READ' })],
  [1, 'serializable', (writer) => writer.transaction(writer.keys(2), { isolation: 'SERIALIZABLE' })],
  [5, 'upsert', (writer) => plain(writer, (write) => upsert(writer, write, writer.random.pick(comers)))],
  [3, 'delete', (writer) => plain(writer, (write) => vanish(writer, write, writer.random.pick(comers)))],
  [2, 'copy', (writer) => plain(writer, (write) => copyIn(writer, write))],
  [4, 'publish', (writer) => plain(writer, publishing(writer), writer.random.next() < 0.2 ? 'ROLLBACK' : 'COMMIT')],
  [1, 'mute', (writer) => plain(writer, muted(writer))],
  [2, 'twoPhase', twoPhase],
  [1, 'severed', severed],
]

const plain = (writer, body, end = 'COMMIT') => {
  const write = writer.begin()
  return writer.perform(write, () => body(write), { end })
}

// One row changes in a block that succeeds, another in a block that fails and takes the change
// back.
function exceptionBlock(writer) {
  const undone = writer.begin()
  const block = async (write, key, fails) => {
    const mark = writer.mark()
    const { rows } = await writer.query('SELECT * FROM public.change_or_not($1, $2, $3)', [key, mark, fails])
    if (fails) undone.changes.push({ mark, key: String(key) })
    else writer.note(write, rows.map((row) => ({ ...row, key, mark, from: row.owner })))
  }
  return plain(writer, async (write) => {
    const [first, second, third] = writer.keys(3)
    await block(write, first, false)
    await block(write, second, true)
    await writer.change(write, [third])
  })
}

// More subtransactions than the list holds that a session shares (64). One row gets many versions.
function manyBlocks(writer) {
  const sql = `SELECT $1::int AS key, $2 || '.' || n AS mark, c.version, c.owner, c.owner AS "from"
    FROM generate_series(1, 70) n, public.change_or_not($1, $2 || '.' || n, false) c`
  return plain(writer, async (write) => {
    writer.note(write, (await writer.query(sql, [writer.keys(1)[0], writer.mark()])).rows)
  })
}

// A crash may take it back until its WAL is flushed. doubtAsynchronous() in schedule.mjs allows for
// that.
function asynchronous(writer) {
  const before = (write) => {
    write.asynchronous = true
    return writer.query('SET LOCAL synchronous_commit = off')
  }
  return writer.transaction(writer.keys(writer.random.integer(1, 3)), { before })
}

// The connection is lost before COMMIT is answered. Nobody but the log can say what became of it.
async function severed(writer) {
  const write = writer.begin()
  await writer.perform(write, () => writer.change(write, writer.keys(1)), { severed: true }).catch(() => writer.end())
  return write.fate === 'unknown'
}

/**
 * A row that comes or changes, maybe to another owner. The writer that counts its version holds its
 * key until the end of the transaction.
 */
async function upsert(writer, write, key, more = {}) {
  const version = await count(writer, key)
  const [before] = (await writer.query('SELECT owner FROM public.hot WHERE id = $1', [key])).rows
  const stays = before && writer.random.next() < 0.6
  const owner = stays ? before.owner : ownerOf(writer)
  const mark = writer.mark()
  await writer.query(`INSERT INTO public.hot (id, owner, version, note) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, version = excluded.version, note = excluded.note`, [key, owner, version, mark])
  writer.note(write, [{ key, mark, version, owner, from: before ? before.owner : owner }], more)
  return { key, mark, version, owner }
}

async function count(writer, key) {
  const { rows } = await writer.query('UPDATE public.hot_count SET version = version + 1 WHERE id = $1 RETURNING version', [key])
  return rows[0].version
}

const ownerOf = ({ random, owners }) => {
  const owner = random.pick(owners)
  return owner === nobody ? null : owner
}

/**
 * A row that goes. It is marked first, so that the event of its end can be traced to this attempt.
 */
async function vanish(writer, write, key, more = {}) {
  const { mark, version, owner } = await upsert(writer, write, key, more)
  await writer.query('DELETE FROM public.hot WHERE id = $1', [key])
  writer.note(write, [{ key, mark: `${mark} gone`, version: version + 0.5, owner, from: owner }], more)
}

// Rows with these keys go first, and come again in the same transaction.
async function copyIn(writer, write) {
  const keys = writer.random.distinct(3, comers[0], comers.at(-1))
  const rows = []
  for (const key of keys) {
    await vanish(writer, write, key)
    rows.push({ key, owner: ownerOf(writer), version: await count(writer, key), mark: writer.mark() })
  }
  await copy(writer.client, 'public.hot (id, owner, version, note)', rows.map(({ key, owner, version, mark }) => [key, owner, version, mark]))
  writer.note(write, rows.map((row) => ({ ...row, from: row.owner })))
}

/**
 * An event of the application's own, for these owners. Without owners it is for the streams that
 * match nothing.
 */
export async function publish(writer, write, owners) {
  const mark = writer.mark()
  const audience = owners.length ? { owner: owners } : {}
  await writer.query("SELECT herald.publish('hot', 'note', jsonb_build_object('mark', $1::text), $2)", [mark, audience])
  write.changes.push({ mark, owners: owners.length ? owners : [null] })
  return mark
}

const publishing = (writer) => async (write) => {
  const { random, owners } = writer
  const some = owners.filter((owner) => owner !== nobody && random.next() < 0.2)
  await publish(writer, write, some)
  await writer.change(write, writer.keys(1), { pauses: true })
  if (random.next() < 0.5) await publish(writer, write, [random.pick(owners)])
}

/**
 * Logs that every subscriber must hear of `name`, and publishes a mark for all of them. The mark
 * tells in which tick that is.
 */
export async function announce(writer, write, name) {
  const everybody = writer.owners.filter((owner) => owner !== nobody)
  write.announces = { name, mark: await publish(writer, write, everybody) }
}

// A change before herald.mute() is an event, and none after it is. A savepoint that is rolled back
// takes its muted changes with it, and their share of the bulk.
const muted = (writer) => async (write) => {
  const [first, second, third, ...rest] = writer.keys(7)
  await writer.change(write, [first], { pauses: true })
  await writer.query('SELECT herald.mute()')
  if (writer.random.next() < 0.5) {
    await writer.query('SAVEPOINT m')
    await writer.change(writer.begin(), [second], { muted: true })
    await writer.query('ROLLBACK TO SAVEPOINT m')
  }
  await writer.change(write, [third], { muted: true, pauses: true })
  await writer.change(write, rest, { muted: true })
  const act = writer.random.next() < 0.5 ? upsert : vanish
  await act(writer, write, writer.random.pick(comers), { muted: true })
  await announce(writer, write, 'bulk')
}

// PREPARE TRANSACTION is refused after a NOTIFY. Then this is an aborted transaction like any
// other. A prepared transaction outlives the connection. The writer's next connection settles it,
// so that its fate never stays unknown.
async function twoPhase(writer) {
  const id = `${writer.name}.${writer.count}`
  const write = writer.begin()
  const state = { id, write, commit: writer.random.next() < 0.7, sent: false }
  const prepared = await writer.perform(write, async () => {
    for (const key of writer.keys(2)) await writer.change(write, [key])
    writer.settle = () => settle(writer, state)
  }, { end: `PREPARE TRANSACTION '${id}'` })
  if (!prepared) writer.settle = undefined
  else await pause(writer.random.between(0, 200))
  await writer.settle?.()
  return prepared
}

async function settle(writer, state) {
  const { rowCount } = await writer.query('SELECT FROM pg_prepared_xacts WHERE gid = $1', [state.id])
  const ending = state.commit ? 'COMMIT' : 'ROLLBACK'
  if (rowCount) {
    state.sent = true
    await writer.query(`${ending} PREPARED '${state.id}'`)
  }
  state.write.fate = state.sent && state.commit ? 'acked' : 'aborted'
  writer.settle = undefined
}
