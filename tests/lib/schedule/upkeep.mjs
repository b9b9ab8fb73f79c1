// Upkeep looks after the database while others write. It switches the doorbell, alters and
// truncates the table, and prunes. It is a Writer, since a TRUNCATE is a change. Its acts are dealt
// like cards, so that each has its turn.
import { applicationName } from '../cluster.mjs'
import { announce } from './repertoire.mjs'
import { Writer } from '../writer.mjs'

export class Upkeep extends Writer {
  /**
   * keep: how much of the log stays, in ms. patience: how long an act waits for a lock, in ms.
   * eager: names of acts whose turn comes first.
   */
  constructor({ keep, patience, eager, ...options }) {
    super({ ...options, name: 'upkeep', pace: [100, 600] })
    // rewrites: statements that have given rows other values, or may have
    Object.assign(this, { keep, patience, eager, columns: ['extra', 'extra_0'], pruned: 0, rewrites: 0 })
  }

  choose() {
    if (!this.hand?.length) this.hand = dealt(cards, this)
    return this.hand.pop()
  }
}

/** The cards, shuffled. Hands are dealt from the end, so the eager ones are there. */
export function dealt(cards, { random, eager }) {
  const late = ([, name]) => !eager.includes(name)
  const shuffled = random.shuffle(cards)
  return [...shuffled.filter(late), ...shuffled.filter((card) => !late(card))]
}

const wake = (mode) => async (upkeep) => {
  const { rows } = await upkeep.query('SELECT herald.wake($1)', [mode])
  return rows[0].wake // true if that was a change
}

// From another setting back to this one, since otherwise it would be a change only by luck.
const adaptive = async (upkeep) => (await wake('always')(upkeep), wake('adaptive')(upkeep))

export const cards = [
  ['', 'wake=adaptive', adaptive],
  ['', 'wake=always', wake('always')],
  ['', 'wake=never', wake('never')],
  ['', 'wake=adaptive', adaptive],
  ['', 'wake=never', wake('never')],
  ['', 'prune', prune],
  ['', 'prune', prune],
  ['', 'cancelWriters', (upkeep) => disturb(upkeep, 'pg_cancel_backend')],
  ['', 'terminateWriters', (upkeep) => disturb(upkeep, 'pg_terminate_backend')],
  ['', 'vacuum', (upkeep) => upkeep.query('VACUUM herald.changes, herald.ticks')],
  ['', 'addColumn', (upkeep) => alter(upkeep, add)],
  ['', 'alterColumn', (upkeep) => alter(upkeep, retype)],
  ['', 'dropColumn', (upkeep) => alter(upkeep, drop)],
  ['', 'watchAnew', (upkeep) => declare(upkeep, "SELECT herald.watch('public.hot', audience => '{owner}')")],
  ['', 'streamAnew', (upkeep) => declare(upkeep, `SELECT herald.stream('/hot', '{hot}', match => '{"owner": "claims.sub"}')`)],
  ['', 'truncate', truncate],
  ['', 'stranger', stranger],
]

async function prune(upkeep) {
  const { rows } = await upkeep.query('SELECT herald.prune($1::interval)', [`${upkeep.keep} ms`])
  upkeep.pruned += Number(rows[0].prune)
  return rows[0].prune > 0
}

// The writer that keeps a transaction open for long is idle, so it is spared.
async function disturb(upkeep, how) {
  const { rows } = await upkeep.query(`SELECT count(${how}(pid)) FROM pg_stat_activity
    WHERE application_name = '${applicationName}' AND state = 'active' AND pid <> pg_backend_pid() AND (pid + $1) % 2 = 0`, [upkeep.random.integer(0, 1)])
  return rows[0].count > 0
}

// An act that does not get its lock in time is not done. So nobody waits long behind one that waits
// for a lock of the whole table.
export const beImpatient = (who) => who.query(`SET LOCAL lock_timeout = '${who.patience}ms'`)

function declare(upkeep, sql) {
  return upkeep.perform({}, async () => {
    await beImpatient(upkeep)
    await upkeep.query(sql)
  })
}

async function alter(upkeep, change) {
  const { sql, columns } = change(upkeep)
  const done = sql && (await declare(upkeep, `ALTER TABLE public.hot ${sql}`))
  if (done) upkeep.columns = columns
  if (done && change !== drop) upkeep.rewrites++
  return done
}

const add = (upkeep) => {
  const column = `extra_${++upkeep.count}`
  return { sql: `ADD COLUMN ${column} int DEFAULT 7`, columns: [...upkeep.columns, column] }
}

const retype = ({ columns, random }) =>
  ({ columns, sql: `ALTER COLUMN ${columns[0]} TYPE ${random.pick(['bigint', 'numeric', 'int'])}` })

const drop = ({ columns: [first, ...columns] }) => ({ sql: columns.length && `DROP COLUMN IF EXISTS ${columns.pop()}`, columns: [first, ...columns] })

// A table of another schema that has the triggers of the watched one, as a clone has. What is
// written there must be told to nobody.
function stranger(upkeep) {
  const schema = `tenant_${++upkeep.count}`
  return declare(upkeep, `CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.hot (LIKE public.hot);
    DO $$ DECLARE ddl text; BEGIN
      FOR ddl IN SELECT replace(pg_get_triggerdef(oid), ' ON public.hot ', ' ON ${schema}.hot ') FROM pg_trigger WHERE tgrelid = 'public.hot'::regclass AND NOT tgisinternal LOOP
        EXECUTE ddl;
      END LOOP;
    END $$;
    INSERT INTO ${schema}.hot (id, version, owner, note) SELECT id, 1000000 + version, owner, 'stranger' FROM public.hot;
    UPDATE ${schema}.hot SET version = version + 1; DELETE FROM ${schema}.hot; TRUNCATE ${schema}.hot; DROP SCHEMA ${schema} CASCADE`)
}

// The rows that come and go are gone. All others are there again when other sessions see the table
// next.
function truncate(upkeep) {
  const write = upkeep.begin()
  return upkeep.perform(write, async () => {
    await beImpatient(upkeep)
    await upkeep.query('LOCK TABLE public.hot')
    const { rows } = await upkeep.query('SELECT id AS key, version + 1 AS version, owner, owner AS "from" FROM public.hot WHERE id <= $1', [upkeep.rows])
    await upkeep.query('TRUNCATE public.hot')
    for (const row of rows) row.mark = upkeep.mark()
    const column = (name) => rows.map((row) => row[name])
    await upkeep.query('INSERT INTO public.hot (id, version, owner, note) SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::text[])',
      [column('key'), column('version'), column('owner'), column('mark')])
    upkeep.note(write, rows)
    await announce(upkeep, write, 'truncate')
  })
}
