// A writer of the random schedule: runs transactions on the hot rows and logs the fate of each as the
// oracle wants it. A lost connection before COMMIT was sent means aborted, after it unknown.
import { now, pause } from './wait.mjs'

export const hotTable = `
  CREATE TABLE public.hot (id int PRIMARY KEY, owner text NOT NULL, version int NOT NULL, note text NOT NULL);`

const update = `
  WITH before AS (SELECT id, owner FROM public.hot WHERE id = $1 FOR UPDATE)
  UPDATE public.hot SET version = version + 1, note = $2, owner = coalesce($3, hot.owner)
    FROM before WHERE hot.id = before.id
  RETURNING hot.version, hot.owner, before.owner AS "from"`

export class Writer {
  /** log: the list of transactions all writers share; rows: how many hot rows; owners: whose they can be. */
  constructor({ name, cluster, log, random, rows, owners }) {
    Object.assign(this, { name, cluster, log, random, rows, owners })
    this.count = 0
  }

  /** Writes until `stopped()`, coming back after every lost connection. */
  async run(stopped) {
    while (!stopped()) {
      try {
        this.client ??= await this.cluster.client()
        await this.#one()
        await pause(this.random.between(2, 30))
      } catch {
        await this.end()
        await pause(50)
      }
    }
    await this.end()
  }

  async end() {
    const { client } = this
    this.client = undefined
    await client?.end().catch(() => {})
  }

  #one() {
    const choice = this.random.next()
    if (choice < 0.5) return this.transaction(this.#keys(1), {})
    if (choice < 0.75) return this.transaction(this.#keys(this.random.integer(2, 5)), { pauses: true })
    if (choice < 0.87) return this.transaction(this.#keys(2), { pauses: true, end: 'ROLLBACK' })
    return this.savepoint(this.#keys(3))
  }

  #keys(count) {
    return this.random.distinct(count, 1, this.rows)
  }

  /** One transaction that updates the rows in order; hold() is awaited before the rows in `late`. */
  async transaction(keys, { pauses = false, end = 'COMMIT', hold, late = [] }) {
    const write = this.#begin()
    await this.#in(write, async () => {
      for (const key of keys) await this.#change(write, key, pauses)
      await hold?.()
      for (const key of late) await this.#change(write, key, false)
    }, end)
  }

  async savepoint([first, second, third]) {
    const write = this.#begin()
    const undone = { fate: 'aborted', beganAt: write.beganAt, changes: [] }
    this.log.push(undone)
    await this.#in(write, async () => {
      await this.#change(write, first, true)
      await this.client.query('SAVEPOINT s')
      await this.#change(undone, second, true)
      await this.client.query('ROLLBACK TO SAVEPOINT s')
      await this.#change(write, third, true)
    }, 'COMMIT')
  }

  // Without COMMIT sent the transaction cannot have happened; with it sent, only an answer tells.
  #begin() {
    const write = { fate: 'aborted', beganAt: now(), writer: this.name, changes: [] }
    this.log.push(write)
    return write
  }

  async #in(write, body, end) {
    try {
      await this.client.query('BEGIN')
      await body()
      if (end === 'COMMIT') write.fate = 'unknown'
      const { command } = await this.client.query(end)
      if (end === 'COMMIT') write.fate = command === 'COMMIT' ? 'acked' : 'aborted'
    } catch (error) {
      if (error.code && error.severity === 'ERROR') {
        write.fate = 'aborted'
        await this.client.query('ROLLBACK')
      } else throw error
    }
  }

  async #change(write, id, pauses) {
    const mark = `${this.name}.${++this.count}`
    const owner = this.random.next() < 0.06 ? this.random.pick(this.owners) : null
    const change = { mark, key: String(id) }
    const { rows } = await this.client.query({ name: 'update', text: update, values: [id, mark, owner] })
    write.changes.push({ ...change, version: rows[0].version, owner: rows[0].owner, ...moved(rows[0]) })
    if (pauses) await pause(this.random.between(0, 25))
  }
}

const moved = ({ owner, from }) => (owner === from ? {} : { from })

/** The marks in the frames that a subscriber has got so far; only new frames are looked at. */
export function marksOf(subscriber) {
  const known = (subscriber.known ??= { marks: new Set(), frames: 0 })
  for (; known.frames < subscriber.frames.length; known.frames++) {
    // the row as it is now: the note of `old` is another change's mark
    const match = /"row": \{[^}]*"note": ?"([^"]+)"/.exec(subscriber.frames[known.frames].data)
    if (match) known.marks.add(match[1])
  }
  return known.marks
}

/** The hot rows as the oracle wants the end state. */
export async function endState(cluster) {
  const rows = 'SELECT id::text AS key, version, owner, note AS mark FROM public.hot'
  return JSON.parse(await cluster.psql(`SELECT json_agg(t) FROM (${rows}) t`))
}
