// The warden's view of the writers' log: what was committed, in the order in which it went out. The
// frames tell where a change stands, and which `left` belongs to it. The rows tell what the frames
// must say.
import { isDeepStrictEqual } from 'node:util'
import { audienceOf } from './deals.mjs'

/** `<tick>-<change>` as numbers. undefined if it is no id, or too large for numbers. */
export function placeOf(id) {
  const match = /^(\d{1,18})-(\d{1,18})$/.exec(id ?? '')
  return match ? { tick: Number(match[1]), change: Number(match[2]) } : undefined
}

export const compare = (a, b) => a.tick - b.tick || a.change - b.change

export class Committed {
  constructor(writes, report) {
    Object.assign(this, { report, marks: new Map(), ids: new Map(), texts: new Map(), leftIds: new Map() })
    for (const write of writes) for (const change of write.changes) this.marks.set(change.mark, prepare(change, write))
  }

  /**
   * The change that a frame tells of. The first frame of a change is compared with the row, all
   * others with the first. undefined for a phantom.
   */
  read(frame, visit) {
    const data = JSON.parse(frame.data)
    const change = this.marks.get(data.mark ?? (data.op === 'delete' ? `${data.old?.note} gone` : data.row?.note))
    if (change?.fate !== 'acked') {
      this.report.phantom.push(`${visit.name}: ${frame.id} ${frame.name} ${frame.data.slice(0, 200)}`)
      return undefined
    }
    this.#compareText(change, frame, data, visit)
    if ((this.ids.get(change.mark) ?? frame.id) !== frame.id) this.report.disagreed.push(`${change.mark}: ${frame.id} and ${this.ids.get(change.mark)}`)
    this.ids.set(change.mark, frame.id)
    return change
  }

  #compareText(change, frame, { type, ...data }, { name, path }) {
    const plain = path === '/own/plain'
    const known = this.texts.get(`${change.mark} ${plain}`)
    const good = known === undefined ? isDeepStrictEqual(data, change.data) && (!plain || type === change.event) : known === frame.data
    if (!good || frame.name !== change.event) this.report.altered.push(`${name}: ${frame.id} ${frame.name} ${frame.data} is not ${JSON.stringify(change.data)}`)
    else this.texts.set(`${change.mark} ${plain}`, frame.data)
  }

  /** To be called when all frames have been read. Gives every committed change its place. */
  settle(ends) {
    this.ordered = []
    for (const change of this.marks.values()) {
      change.place = placeOf(this.ids.get(change.mark))
      if (change.place) this.ordered.push(change)
      else if (change.fate === 'acked' && change.beganAt) this.report.lost.push(`nobody got ${change.mark} of ${change.topic}`)
    }
    this.ordered.sort((a, b) => compare(a.place, b.place))
    this.rows = new Map()
    for (const change of this.ordered.filter(({ key }) => key)) {
      const row = `${change.topic} ${change.key}`
      this.rows.set(row, [...(this.rows.get(row) ?? []), change])
    }
    for (const changes of this.rows.values()) this.#checkVersions(changes)
    this.ends = Object.fromEntries(Object.entries(ends).map(([topic, mark]) => [topic, this.marks.get(mark)?.place]))
  }

  // Ordered by the number of the change, which is drawn while the row is locked.
  #checkVersions(changes) {
    changes.sort((a, b) => a.place.change - b.place.change)
    changes.slice(1).forEach((change, index) => {
      const before = changes[index]
      if (change.version <= before.version || compare(change.place, before.place) <= 0) {
        this.report.unordered.push(`row ${change.key}: version ${change.version} (${this.ids.get(change.mark)}) after ${before.version}`)
      }
    })
  }

  /** The change that a `left` tells of: the last one of its row before it, in the same tick. */
  moveOf({ topic, key, place }) {
    const last = (this.rows.get(`${topic} ${key}`) ?? []).findLast((change) => change.place.change < place.change)
    return last?.moved && last.place.tick === place.tick ? last : undefined
  }

  /** The changes whose places are in (after, upto]. */
  * between(after, upto) {
    let [low, high] = [0, this.ordered.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(this.ordered[middle].place, after) <= 0) low = middle + 1
      else high = middle
    }
    for (; low < this.ordered.length && compare(this.ordered[low].place, upto) <= 0; low++) yield this.ordered[low]
  }
}

function prepare(change, { fate, beganAt, sentAt }) {
  const { topic, was, now, published } = change
  const common = { ...change, fate, beganAt, sentAt }
  if (published) return { ...common, audience: published, event: 'note', data: { mark: change.mark } }
  const [before, audience] = [was, now ?? was].map((row) => row && audienceOf(topic, row))
  const op = now ? (was ? 'update' : 'insert') : 'delete'
  const moved = op === 'update' && !isDeepStrictEqual(routed(topic, was), routed(topic, now))
  return { ...common, audience, before, moved, event: `${topic}.${op}`, data: dataOf(change, op, moved) }
}

const routed = (topic, row) => Object.keys(audienceOf(topic, row)).map((column) => row[column])

// An event of a row that has moved has nothing of its former state. The one who gets it now may not
// have been entitled to that.
function dataOf({ topic, key, was, now }, op, moved) {
  const changed = op === 'update' && !moved ? Object.keys(now).filter((column) => !isDeepStrictEqual(now[column], was[column])) : []
  const old = op === 'delete' ? was : changed.length ? Object.fromEntries(changed.map((column) => [column, was[column]])) : null
  return { op, table: `public.${topic}`, key: { id: Number(key) }, row: now ?? null, old, changed: changed.sort() }
}
