// The subscribers of the isolation schedule. Every user has some places, each for one stream. They
// leave and come back:
//
// - with the same claims or others;
// - with the token in the header, a cookie, the query or a ticket;
// - to either instance;
// - with any Last-Event-ID that a client can think of.
//
// Each visit is kept with its times and frames for the warden, whether it was let in or not.
import { definitions, groups, stores, urlPath } from './rights.mjs'
import { request, Subscriber } from '../sse.mjs'
import { now, pause, until } from '../wait.mjs'

const placesEach = 5
const isAnonymous = ({ path }) => Boolean(definitions.find((one) => one.path === path).anonymous)
const open = ({ subscriber, status, droppedAt }) => status === 200 && !droppedAt && subscriber.open

// Works on the list, six at a time.
async function inLanes(list, work, lanes = 6) {
  const rest = [...list]
  await Promise.all(Array.from({ length: lanes }, async () => {
    while (rest.length) await work(rest.shift())
  }))
}

export class Visitors {
  constructor({ daemons, random, registry }) {
    Object.assign(this, { daemons, random, registry, visits: [], places: [], ids: [], invented: new Set(), spent: 0 })
    for (const user of registry.users) this.places.push({ user, ...this.#stream('/own') }, ...this.#others(user))
  }

  #others(user) {
    return Array.from({ length: placesEach - 1 }, () => ({ user, ...this.#stream() }))
  }

  #stream(path = this.random.pick(definitions).path) {
    return { path, params: path.includes(':') ? { store: this.random.pick(stores) } : {} }
  }

  /** Every place is taken. Two witnesses come as well, who see everything and never leave. */
  async open() {
    const admin = await this.registry.login({ sub: 'witness', role: 'admin', stores, groups, sessions: [] }, { lasting: true, other: false })
    for (const [path, session] of [['/all', admin], ['/news', null]]) await this.visit({ path, params: {} }, { session, at: this.daemons[0] })
    await inLanes(this.places, (place) => this.come(place, 'none'))
  }

  /** Random comings and goings until stopped(). */
  async run(stopped) {
    while (!stopped()) {
      const place = this.random.pick(this.places)
      if (!place.busy) {
        place.busy = true
        await this.#one(place)
        place.busy = false
      }
      await pause(this.random.between(5, 60))
    }
  }

  async #one(place) {
    if (this.random.next() < 0.1) return this.#elsewhere(place)
    if (place.visit && open(place.visit)) await this.leave(place.visit)
    await this.come(place)
  }

  // A visit to any stream, maybe one that is not for this user, beside the stream of the place.
  async #elsewhere({ user }) {
    const visit = await this.come({ user, ...this.#stream() })
    if (open(visit)) await pause(this.random.between(0, 300))
    await this.leave(visit)
  }

  async leave(visit) {
    if (open(visit)) visit.droppedAt = now()
    await visit.subscriber?.close()
  }

  async come(place, kind = this.#kind(), session = this.#session(place.user)) {
    const lastEventId = this.#from(kind, place)
    return (place.visit = await this.visit(place, { session: isAnonymous(place) ? null : await session, lastEventId }))
  }

  /** All who are not there come back to where they left off, with a token that lasts. */
  async gather() {
    await inLanes(this.places.filter(({ visit }) => !open(visit)), async (place) => {
      const login = () => this.registry.login(place.user, { lasting: true, other: false })
      const back = async () => [200, 403].includes((await this.come(place, 'own', login())).status)
      await until(back, { timeout: 30_000, every: 200, what: `${place.user.sub} is back at ${place.path}` })
        .catch(() => {}) // the warden says so
    })
  }

  async close() {
    await Promise.all(this.visits.map((visit) => this.leave(visit)))
  }

  get standing() {
    return this.visits.filter(open)
  }

  // Mostly the user's last token. Else a new one, or any that the user ever had, even a dead one.
  async #session(user) {
    const { random, registry } = this
    const last = user.sessions.at(-1)
    const chance = random.next()
    if (chance < 0.15 && last) return random.pick(user.sessions)
    return last && chance < 0.7 && registry.isAlive(last) ? last : registry.login(user)
  }

  #kind() {
    return this.random.weighted([[70, 'own'], [8, 'none'], [6, 'old'], [6, 'foreign'], [4, 'madeUp'], [3, 'unknown'], [3, 'earliest']])[1]
  }

  #from(kind, { visit }) {
    const { random } = this
    const last = visit?.subscriber?.lastEventId || visit?.lastEventId || ''
    if (kind === 'own') return last
    if (kind === 'none') return ''
    if (kind === 'earliest') return kind
    if (kind === 'unknown') return this.#invent(random.pick(['x', '1', '7-', '-1-1', '9999999999999999999-1', `${last} `, '1-2-3', 'null']))
    const id = random.pick(kind === 'old' && visit?.subscriber?.events.length ? visit.subscriber.events : this.ids)?.id ?? last
    if (kind !== 'madeUp' || !id) return id
    const [tick, change] = id.split('-').map(Number)
    return this.#invent(`${Math.max(1, tick + random.integer(-3, 3))}-${Math.max(0, change + random.integer(-50, 50))}`)
  }

  #invent(id) {
    this.invented.add(id)
    return id
  }

  /**
   * One visit. session: null for a visit without a token. The answer's status is kept, whatever it
   * is. 0 means no answer.
   */
  async visit({ path, params }, { session, lastEventId = '', at = this.random.pick(this.daemons) }) {
    const name = `${session?.claims.sub ?? 'anybody'}/${this.visits.length} at ${urlPath(path, params)}`
    const visit = { name, path, params, session, lastEventId, invented: this.invented.has(lastEventId), askedAt: now(), status: 0 }
    this.visits.push(visit)
    const bearer = await this.#carry(session)
    visit.carrier = bearer.carrier
    const query = new URLSearchParams(bearer.query)
    const byQuery = lastEventId && this.random.next() < 0.2
    if (byQuery) query.set(this.random.pick(['last_event_id', 'lastEventId']), lastEventId)
    if (bearer.refused) Object.assign(visit, { status: bearer.refused, answeredAt: now() })
    else await this.#ask(visit, at.url(`${urlPath(path, params)}?${query}`), bearer.headers, byQuery ? '' : lastEventId)
    if (bearer.query?.ticket && this.random.next() < 0.1) await this.#again(visit, at, bearer.query.ticket)
    this.#remember(visit)
    return visit
  }

  async #ask(visit, url, headers, lastEventId) {
    const subscriber = (visit.subscriber = new Subscriber(url, { name: visit.name, headers, lastEventId }))
    const overtaken = visit.path.startsWith('/club') && this.random.next() < 0.3
    const answer = subscriber.connect().catch((error) => (visit.error = error.message))
    if (overtaken) await this.#overtake(visit)
    await answer
    Object.assign(visit, { answeredAt: now(), status: subscriber.status })
    if (visit.status !== 200) await subscriber.close()
  }

  // The right changes while the daemon asks for it.
  async #overtake({ session }) {
    await pause(this.random.between(0, 60))
    await this.registry.toggle(session.claims)
  }

  async #carry(session) {
    const carrier = session ? this.random.pick(['header', 'cookie', 'query', 'ticket']) : 'none'
    if (carrier === 'none') return { carrier }
    if (carrier === 'query') return { carrier, query: { token: session.token } }
    if (carrier === 'cookie') return { carrier, headers: { Cookie: `theme=dark; jwt=${session.token}` } }
    const headers = { Authorization: `Bearer ${session.token}` }
    if (carrier === 'header') return { carrier, headers }
    const { status, json } = await request(this.random.pick(this.daemons).url('/stream/ticket'), { method: 'POST', headers })
    return status === 201 ? { carrier, query: { ticket: json.ticket } } : { carrier, refused: status }
  }

  // A ticket that has been used opens nothing.
  async #again(first, at, ticket) {
    const { path, params, session } = first
    const visit = { name: `${first.name} again`, path, params, session, lastEventId: '', carrier: 'spent', askedAt: now() }
    this.visits.push(visit)
    await this.#ask(visit, at.url(`${urlPath(path, params)}?ticket=${ticket}`), {}, '')
    await this.leave(visit)
    this.spent++
  }

  #remember({ subscriber }) {
    if (subscriber && this.ids.length < 500) this.ids.push(...subscriber.events.slice(-2))
  }
}
