// What each stream of the isolation schedule shows to whom. It is worked out a second time, beside
// the product, from the definition, the claims and the parameters, by plain comparison. The SQL
// that declares a stream is made of the same definition.

export const stores = ['s0', 's1', 's2']
export const roles = ['customer', 'guest', 'staff', 'admin']
export const groups = ['g0', 'g1', 'g2', 'g3', 'g4']

const deals = ['deals']
const atStore = { store: 'params.store' }

/** All streams. `anew`: the other definition of a stream that is defined again. */
export const definitions = [
  { path: '/own', topics: deals, match: { owner: 'claims.sub' } },
  { path: '/own/plain', topics: deals, match: { owner: 'claims.sub' }, format: 'message' },
  { path: '/own/:store', topics: deals, match: { owner: 'claims.sub', ...atStore } },
  { path: '/own/held', topics: deals, match: { owner: 'claims.sub', store: 'claims.stores' } },
  { path: '/held', topics: deals, match: { store: 'claims.stores' } },
  { path: '/groups', topics: deals, match: { viewers: 'claims.groups' } },
  { path: '/groups/:store', topics: deals, match: { viewers: 'claims.groups', ...atStore }, require: { role: ['customer', 'staff'] } },
  { path: '/all', topics: deals, require: { role: ['staff', 'admin'] } },
  { path: '/club/:store', topics: deals, match: atStore, authorize: 'public.is_subscribed', recheck: { 'public.subscriptions': 'who' } },
  { path: '/club', topics: deals, match: { owner: 'claims.sub' }, authorize: 'public.is_subscribed', recheck: { 'public.subscriptions': 'who' } },
  { path: '/store/:store', topics: deals, match: atStore, require: [{ stores: ['params.store'] }, { role: ['admin'] }],
    anew: { require: { role: ['staff', 'admin'], stores: ['params.store'] } } },
  { path: '/lobby', topics: deals, match: { store: '=s0' }, anew: { match: { store: '=s1', owner: 'claims.sub' } } },
  { path: '/news', topics: ['news'], anonymous: true },
  { path: '/news/:store', topics: ['news'], match: atStore, anonymous: true },
]

const literal = (value) => `'${JSON.stringify(value)}'`

/** The call of herald.stream that declares a definition. */
export function streamSql({ path, topics, match = {}, require = {}, authorize, recheck = {}, format = 'named', anonymous = false }) {
  return `SELECT herald.stream('${path}', '{${topics}}', match => ${literal(match)}, require => ${literal(require)}, format => '${format}',
    anonymous => ${anonymous}, authorize => ${authorize ? `'${authorize}'` : 'NULL'}, recheck => ${literal(recheck)});`
}

export const urlPath = (path, params) => path.replace(/:(\w+)/g, (_, name) => params[name])

const list = (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value])

function valuesOf(source, { claims, params }) {
  if (source.startsWith('=')) return [source.slice(1)]
  const [from, name] = source.split('.')
  return list((from === 'claims' ? claims : params)[name])
}

function meets(alternative, { claims, params }) {
  const allows = (allowed, value) => allowed.some((one) => (one.startsWith('params.') ? params[one.slice(7)] : one) === value)
  return Object.entries(alternative).every(([claim, allowed]) => list(claims[claim]).some((value) => allows(allowed, value)))
}

/** May these claims open it with these parameters? What `authorize` says is left out. */
export function admits({ match = {}, require = {}, anonymous }, who) {
  if (!anonymous && !(Array.isArray(require) ? require : [require]).some((alternative) => meets(alternative, who))) return false
  return Object.values(match).every((source) => valuesOf(source, who).length > 0)
}

/**
 * Returns sees(topic, audience): does a stream of this definition show that to these claims?
 * audience: { key: [values] }.
 */
export function sightOf({ topics, match = {} }, who) {
  const wanted = Object.entries(match).map(([key, source]) => [key, new Set(valuesOf(source, who))])
  return (topic, audience) => topics.includes(topic) && wanted.every(([key, values]) => audience[key]?.some((value) => values.has(value)))
}
