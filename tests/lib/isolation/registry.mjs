// Who has which right, and since when. The registry changes subscriptions, revocations and
// definitions of streams at random. It writes each change down with the times between which it was
// committed: `sentAt` and `ackedAt`, by the clock of wait.mjs.
import { groups, definitions, roles, stores, streamSql } from './rights.mjs'
import { seconds, token } from '../token.mjs'
import { now } from '../wait.mjs'

/** How long after its commit a loss may take to count, in ms. */
export const bounds = { expired: 1000, revoked: 5000, forbidden: 5000, changed: 5000 }

/**
 * For openStage: what the streams' authorize function looks at. What is asked decides whether it
 * waits up to 0.2 s. Then its answer is old when it comes.
 */
export const subscriptions = `
  CREATE TABLE public.subscriptions (who text PRIMARY KEY, active boolean NOT NULL);
  CREATE FUNCTION public.is_subscribed(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE yes boolean := (SELECT s.active FROM public.subscriptions s WHERE s.who = claims ->> 'sub');
      lot int := hashtext(format('%s %s %s', claims ->> 'jti', params, yes)) & 65535;
    BEGIN IF lot % 10 < 3 THEN PERFORM pg_sleep(lot / 10 % 200 / 1000.0); END IF; RETURN yes; END $$;`

// From now() to the wall clock. Another process may run between the two looks, so it is taken where
// they were closest together.
const wallOffset = Array.from({ length: 100 }, () => {
  const before = now(), wall = Date.now()
  return { took: now() - before, offset: wall - before }
}).reduce((best, look) => (look.took < best.took ? look : best)).offset

export class Registry {
  constructor({ cluster, random, users }) {
    Object.assign(this, { cluster, random, losses: [], lapses: [], sessions: 0, rereads: 0 })
    this.users = users.map((sub) => ({ sub, ...this.#claims(), sessions: [] }))
    this.versions = new Map(definitions.map((definition) => [definition.path, [{ definition, sentAt: -Infinity, ackedAt: -Infinity }]]))
  }

  async open() {
    this.client = await this.cluster.client()
    await this.client.query(`INSERT INTO public.subscriptions SELECT unnest($1::text[]), true`, [this.users.map(({ sub }) => sub)])
  }

  #claims() {
    const { random } = this
    const some = (all) => all.filter(() => random.next() < 0.5)
    return { role: random.pick(roles), stores: some(stores), groups: some(groups) }
  }

  // Queries run one after the other, in the order of the calls.
  #query(text, values) {
    this.last = (this.last ?? Promise.resolve()).then(() => this.client.query(text, values))
    return this.last
  }

  async #commit(text, values, entry = {}) {
    entry.sentAt = now()
    await this.#query(text, values)
    return Object.assign(entry, { ackedAt: now() })
  }

  /**
   * A new token. Now and then it has other claims, no time of issue, or only a few seconds to live.
   * lasting: neither of the last two.
   */
  async login(user, { lasting = false, other = this.random.next() < 0.3 } = {}) {
    const { random } = this
    if (other) Object.assign(user, this.#claims())
    const iat = seconds()
    const exp = iat + (!lasting && random.next() < 0.3 ? random.integer(2, 5) : 3600)
    const jti = `j${++this.sessions}`
    const dated = lasting || random.next() < 0.95 ? { iat } : {}
    const claims = { sub: user.sub, role: user.role, stores: user.stores, groups: user.groups, jti, exp, ...dated }
    const session = { claims, token: await token(claims), endsAt: exp * 1000 - wallOffset }
    user.sessions.push(session)
    return session
  }

  /** May this session still be used, as far as the test can know? */
  isAlive({ claims, endsAt }) {
    return endsAt > now() && !this.losses.some((loss) => loss.concerns(claims))
  }

  isLapsed({ claims }) {
    return this.lapses.some(({ sub, back }) => sub === claims.sub && !back)
  }

  async revokeToken({ claims: { jti } }) {
    const concerns = (claims) => claims.jti === jti
    const entry = { reason: 'revoked', concerns }
    this.losses.push(entry)
    await this.#commit('SELECT herald.revoke(jti => $1)', [jti], entry)
  }

  async revokeSubject({ sub }) {
    const entry = { reason: 'revoked', atMs: Infinity }
    entry.concerns = (claims) => claims.sub === sub && (claims.iat === undefined || claims.iat * 1000 <= entry.atMs)
    this.losses.push(entry)
    await this.#commit("SELECT herald.revoke(sub => $1, until => now() + interval '1 hour')", [sub], entry)
    const { rows } = await this.#query('SELECT extract(epoch FROM max(at))::float * 1000 AS at FROM herald.revocations WHERE sub = $1', [sub])
    entry.atMs = rows[0].at
  }

  /**
   * A revocation comes and goes that concerns no token. Every instance reads all revocations again.
   */
  async reread() {
    this.rereads++
    await this.#query("SELECT herald.revoke(jti => 'nobody''s')")
    await this.#query("DELETE FROM herald.revocations WHERE jti = 'nobody''s'")
  }

  /** The user's subscription lapses, or comes back. */
  async toggle({ sub }) {
    const lapse = this.lapses.find((one) => one.sub === sub && !one.back)
    const text = 'UPDATE public.subscriptions SET active = $2 WHERE who = $1'
    if (lapse) {
      await this.#commit(text, [sub, true], (lapse.back = {}))
    } else {
      this.lapses.push({ sub })
      await this.#commit(text, [sub, false], this.lapses.at(-1))
    }
  }

  /** Gives a stream its other definition, or the first one again. */
  async redefine() {
    const path = this.random.pick(definitions.filter(({ anew }) => anew)).path
    const versions = this.versions.get(path)
    const { anew, ...first } = definitions.find((one) => one.path === path)
    const definition = versions.length % 2 ? { ...first, ...anew } : first
    const entry = { definition, sentAt: now() }
    versions.push(entry)
    await this.#commit(streamSql(definition), [], entry)
  }

  get redefinitions() {
    return [...this.versions.values()].reduce((sum, { length }) => sum + length - 1, 0)
  }

  async close() {
    await this.client.end()
  }
}
