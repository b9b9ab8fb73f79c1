// A writer runs transactions on the hot rows and logs the fate of each as the oracle wants it. If
// the connection is lost before COMMIT is sent, the fate is aborted. If it is lost later, it is
// unknown. The repertoire is what a writer can do. `basic` is here, others are in
// schedule/repertoire.mjs and isolation/deals.mjs.
import { now, pause } from './wait.mjs'

export const hotTable = `
  CREATE TABLE public.hot (id int PRIMARY KEY, owner text, version int NOT NULL, note text NOT NULL);`

/** Stands for NULL in lists of owners. Nobody may see a row without an owner. */
export const nobody = 'nobody'

// Rows are locked in the order of their keys, so that writers do not deadlock.
const update = `
  WITH before AS (SELECT id, owner FROM public.hot WHERE id = ANY ($1) ORDER BY id FOR UPDATE)
  UPDATE public.hot SET version = version + 1, note = $2 || '.' || hot.id,
         owner = CASE $3 WHEN '${nobody}' THEN NULL ELSE coalesce($3, hot.owner) END
    FROM before WHERE hot.id = before.id
  RETURNING hot.id AS key, hot.note AS mark, hot.version, hot.owner, before.owner AS "from"`

const basic = [
  [50, 'single', (writer) => writer.transaction(writer.keys(1), {})],
  [25, 'several', (writer) => writer.transaction(writer.keys(writer.random.integer(2, 5)), { pauses: true })],
  [12, 'rolledBack', (writer) => writer.transaction(writer.keys(2), { pauses: true, end: 'ROLLBACK' })],
  [13, 'savepoint', (writer) => writer.savepoint(writer.keys(3))],
]

export class Writer {
  /**
   * log: the list of transactions that all writers share. rows: how many hot rows there are.
   * owners: whose they can be. repertoire: [[weight, name, act(writer)], …]; act returns whether
   * the transaction ended as it was to. done: counts of acts by name, for all writers. gate: if
   * there is one, every act passes it. pace: [least, most] ms between two acts. first: acts that
   * come first, the last of the list before the others.
   */
  constructor({ name, cluster, log, random, rows, owners, repertoire = basic, done = {}, gate, pace = [2, 30], first = [] }) {
    Object.assign(this, { name, cluster, log, random, rows, owners, repertoire, done, gate, pace, first: [...first] })
    this.count = 0
  }

  /** Writes until `stopped()`. Connects again after every lost connection. */
  async run(stopped) {
    while (!stopped() || this.settle) {
      try {
        this.client ??= await this.cluster.client()
        await this.settle?.() // decides what a lost connection left undecided
        if (!stopped()) await (this.gate ? this.gate.pass(() => this.#one()) : this.#one())
        await pause(this.random.between(...this.pace))
      } catch (error) {
        if (error instanceof TypeError || error instanceof ReferenceError) throw error // a mistake of the test
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

  choose() {
    return this.first.pop() ?? this.random.weighted(this.repertoire)
  }

  async #one() {
    const [, name, act] = this.choose()
    const done = (this.done[name] ??= { well: 0, else: 0 })
    done.else++ // until it has ended well
    if (await act(this)) done.else--, done.well++
  }

  keys(count) {
    return this.random.distinct(count, 1, this.rows)
  }

  query(text, values) {
    return this.client.query(text, values)
  }

  /**
   * One transaction that updates the rows in order. before() comes first, then `keys`, hold() and
   * `late`.
   */
  transaction(keys, { pauses = false, end = 'COMMIT', before, hold, late = [], ...mode }) {
    const write = this.begin()
    return this.perform(write, async () => {
      await before?.(write)
      for (const key of keys) await this.change(write, [key], { pauses })
      await hold?.()
      for (const key of late) await this.change(write, [key])
    }, { end, ...mode })
  }

  savepoint([first, second, third]) {
    const write = this.begin()
    const undone = this.begin()
    return this.perform(write, async () => {
      await this.change(write, [first], { pauses: true })
      await this.query('SAVEPOINT s')
      await this.change(undone, [second], { pauses: true })
      await this.query('ROLLBACK TO SAVEPOINT s')
      await this.change(write, [third], { pauses: true })
    })
  }

  /**
   * Logs a transaction. It cannot have happened before COMMIT is sent. After that only an answer
   * tells.
   */
  begin() {
    const write = { fate: 'aborted', beganAt: now(), writer: this.name, changes: [] }
    this.log.push(write)
    return write
  }

  /**
   * Runs body() as the transaction `write`. Returns whether it ended as it was to. `severed` cuts
   * the connection right after COMMIT is sent, and the loss is thrown.
   */
  async perform(write, body, { end = 'COMMIT', isolation = 'READ COMMITTED', severed = false } = {}) {
    try {
      await this.query(`BEGIN ISOLATION LEVEL ${isolation}`)
      await body()
      if (end === 'COMMIT') write.fate = 'unknown'
      write.sentAt = now()
      const answer = this.query(end)
      if (severed) this.client.connection.stream.destroy()
      const { command } = await answer
      if (end === 'COMMIT') write.fate = command === 'COMMIT' ? 'acked' : 'aborted'
      write.endedAt = now()
      return command === end.split(' ')[0]
    } catch (error) {
      if (!error.code || error.severity !== 'ERROR') throw error
      write.fate = 'aborted'
      write.error = error.message
      await this.query('ROLLBACK')
      return false
    }
  }

  mark() {
    return `${this.name}.${++this.count}`
  }

  /** Updates these rows with one statement. Now and then they go to another owner. */
  async change(write, keys, { pauses = false, ...more } = {}) {
    const values = [keys, this.mark(), this.random.next() < 0.06 ? this.random.pick(this.owners) : null]
    const { rows } = await this.query({ name: 'update', text: update, values })
    this.note(write, rows, more)
    if (pauses) await pause(this.random.between(0, 25))
  }

  /** Logs rows that have changed: { key, mark, version, owner, from: the owner before }. */
  note(write, rows, more = {}) {
    for (const { key, mark, version, owner, from } of rows) {
      write.changes.push({ mark, key: String(key), version, owner, ...(owner !== from && { from }), ...more })
    }
  }
}

/**
 * Deals the repertoire to so many writers, as what they do first. So an act that is drawn seldom
 * has its turn on a slow machine, too.
 */
export function deal(repertoire, count, random) {
  const cards = random.shuffle(repertoire)
  return Array.from({ length: count }, (_, writer) => cards.filter((_, card) => card % count === writer))
}

/** The marks in the frames that a subscriber has got so far. A call reads only new frames. */
export function marksOf(subscriber) {
  const known = (subscriber.known ??= { marks: new Set(), frames: 0 })
  for (; known.frames < subscriber.frames.length; known.frames++) {
    // The note of `row`, not of `old`, which is the mark of another change.
    const match = /(?:"row": \{[^}]*"note"|^\{"mark"): ?"([^"]+)"/.exec(subscriber.frames[known.frames].data)
    if (match) known.marks.add(match[1])
  }
  return known.marks
}

/** The hot rows as the oracle wants the end state. */
export async function endState(cluster) {
  const rows = 'SELECT id::text AS key, version, owner, note AS mark FROM public.hot'
  return JSON.parse(await cluster.psql(`SELECT coalesce(json_agg(t), '[]') FROM (${rows}) t`))
}
