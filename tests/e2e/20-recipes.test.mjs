// The recipes of identity.md. Their options, their SQL and their tokens are read from the page, and
// the page's last table is compared with what comes of them.
// run: release
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, repository } from '../lib/daemon.mjs'
import { Idp } from '../lib/idp.mjs'
import { makeKey, signWith } from '../lib/keys.mjs'
import { remember, rememberToken } from '../lib/leaks.mjs'
import { temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds } from '../lib/token.mjs'
import { Tunnel } from '../lib/tunnel.mjs'

const page = readFileSync(join(repository, 'contrib/doc/identity.md'), 'utf8')

/** The text between a heading and the next one. */
const sections = new Map(page.split(/^##+ /m).slice(1).map((text) => [text.slice(0, text.indexOf('\n')), text]))

/** The blocks of a kind in a text, such as all ```sql. */
const blocks = (text, kind) => [...text.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]+?)^\`\`\``, 'gm'))].map(([, block]) => block)

/** A recipe as it stands in the page: { header, claims, options, sql }. streams: whose SQL it has. */
function read(title, streams = title) {
  assert.ok(sections.has(title), `the page has a recipe '${title}'`)
  const [[token], [options]] = ['json', 'ini'].map((kind) => blocks(sections.get(title), kind))
  const [sql] = blocks(sections.get(streams), 'sql')
  const [header, claims] = JSON.parse(`[${token.replace(/^(\{.+\})\n/, '$1,')}]`)
  return { header, claims, options, sql }
}

const option = (options, name) => new RegExp(`^${name} *= *(.+)$`, 'm').exec(options)?.[1].split(',').map((item) => item.trim())

/** Rows of the page's tables, by their first cell without its link. */
function rows(text) {
  const cells = [...text.matchAll(/^\| (.+) \|$/gm)].map(([, row]) => row.split(' | '))
  return new Map(cells.map(([name, ...rest]) => [name.replace(/^\[(.+)\]\(.+\)$/, '$1'), rest]))
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The claims with changes at any depth. undefined takes a claim away. */
function changed(claims, changes) {
  const all = { ...claims }
  for (const [name, value] of Object.entries(changes)) all[name] = isObject(value) && isObject(all[name]) ? changed(all[name], value) : value
  return all
}

const hours = (count) => seconds() + count * 3600

/**
 * What the page does not say of its recipes:
 * - user, tenant: what a row of theirs holds
 * - member: changes that leave a user of the tenant, and no manager
 * - elsewhere: changes to a manager of another tenant
 * - audience: changes to what another application gets; issuer: to another issuer's
 * - managers: changes with which somebody still is one, each way that `require` leaves
 * - also: tokens that open /my/orders, too, as [changes of claims, of the header, key]
 * - never: tokens that do not, as [status, changes of claims, of the header]
 * - ttl: seconds until the end
 * - prepare(idp): more keys of the provider
 * - published: what its set says of the key that signs
 * - says: what the daemon's log has
 * - streams: the recipe whose streams it has
 */
const recipes = {
  'Auth0': {
    user: ({ sub }) => sub, tenant: ({ org_id: id }) => id,
    member: { 'permissions': ['orders:read'], 'https://example.com/roles': ['member'] },
    managers: { 'by permission': { 'https://example.com/roles': undefined }, 'by role': { permissions: undefined } },
    elsewhere: { org_id: 'org_globex' },
    audience: { aud: ['https://else.example.com', 'https://example.eu.auth0.com/userinfo'] },
    also: {
      'of the profile RFC 9068': [{ azp: undefined, client_id: 'my_client_id', jti: '73WakrfVbNJBaAmhQtEeDv' }, { typ: 'at+jwt' }],
      'of one audience': [{ aud: 'https://orders.example.com' }],
    },
    never: { 'whose issuer has no slash': [401, { iss: 'https://example.eu.auth0.com' }], 'for userinfo alone': [401, { aud: 'https://example.eu.auth0.com/userinfo' }] },
  },
  'Keycloak': {
    user: ({ sub }) => sub, tenant: ({ tenant }) => tenant,
    member: { realm_access: { roles: ['offline_access'] }, resource_access: { 'orders-api': { roles: ['view'] }, 'else': { roles: ['manage', 'manager'] } } },
    managers: { 'of the realm': { resource_access: undefined }, 'of the client': { realm_access: undefined } },
    elsewhere: { tenant: 'globex' },
    audience: { aud: 'account' },
    also: { 'of 250 roles': [{ resource_access: { app: { roles: Array.from({ length: 250 }, (_, n) => `department-${n}-manage-reports`) } } }] },
    never: { 'without audience': [401, { aud: undefined }], 'without sub': [401, { sub: undefined }] },
    prepare: (idp) => ({ enc: idp.add('RS256', 'enc', { use: 'enc', alg: 'RSA-OAEP' }) }),
    says: /left out/,
  },
  'Supabase': {
    user: ({ sub }) => sub, tenant: ({ app_metadata: { tenant } }) => tenant,
    member: { app_metadata: { role: 'member' }, user_metadata: { role: 'manager' } },
    elsewhere: { app_metadata: { tenant: 'globex' }, user_metadata: { tenant: 'acme' } },
    audience: { aud: 'anon' },
    also: { 'of an RSA key': [{}, {}, 'rsa'] },
    never: { 'of an anonymous user': [403, { is_anonymous: true }], 'of the key anon': [401, { sub: undefined, role: 'anon' }] },
    prepare: (idp) => ({ rsa: idp.add('RS256', 'rsa') }),
  },
  'Supabase, JWT secret': {
    streams: 'Supabase',
    user: ({ sub }) => sub, tenant: ({ app_metadata: { tenant } }) => tenant,
    member: { app_metadata: { role: 'member' } },
    elsewhere: { app_metadata: { tenant: 'globex' } },
    audience: { aud: 'anon' },
    also: { 'of the new key': [{}, {}, 'next'] },
    never: { 'of the key service_role': [401, { sub: undefined, iss: 'supabase', role: 'service_role' }] },
    prepare: (idp) => ({ next: idp.add('ES256', 'next') }),
  },
  'Firebase': {
    user: ({ user_id: id }) => id, tenant: ({ tenant }) => tenant,
    member: { manager: false },
    elsewhere: { tenant: 'globex' },
    audience: { aud: 'else-5678' },
    issuer: { iss: 'https://securetoken.google.com/else-5678' },
    never: { 'of a mail that nobody has confirmed': [403, { email_verified: false }], 'of a session cookie': [401, { iss: 'https://session.firebase.google.com/shop-1234' }] },
  },
  'Clerk': {
    user: ({ sub }) => sub, tenant: ({ o: { id } }) => id,
    member: { o: { rol: 'member' } },
    elsewhere: { o: { id: 'org_globex' } },
    audience: { azp: 'https://else.example.com' },
    never: { 'of a session that is pending': [403, { sts: 'pending' }], 'without azp': [403, { azp: undefined }] },
    ttl: 60,
  },
  'Cognito': {
    user: ({ sub }) => sub, tenant: (claims) => claims['cognito:groups'][0],
    member: { 'cognito:groups': ['acme'] },
    elsewhere: { 'cognito:groups': ['globex', 'managers'] },
    audience: { client_id: '2example23456789' },
    issuer: { iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_else' },
    never: { 'of the ID kind': [403, { token_use: 'id', aud: '1example23456789', client_id: undefined }] },
    prepare: (idp) => ({ id: idp.add('RS256', 'of the ID tokens') }),
  },
  'Entra': {
    user: ({ oid }) => oid, tenant: ({ tid }) => tid,
    member: { roles: ['Orders.Reader'] },
    elsewhere: { tid: 'aaaabbbb-0000-cccc-1111-dddd2222ffff', iss: 'https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222ffff/v2.0' },
    audience: { aud: '00000003-0000-0000-c000-000000000000' },
    issuer: { iss: 'https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222ffff/v2.0' },
    never: {
      'of version 1': [401, { ver: '1.0', iss: 'https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/' }],
      'of an application without user': [403, { scp: undefined }],
      'without oid': [401, { oid: undefined }],
    },
    published: { alg: undefined, x5c: ['MIIC'], x5t: 'nbCw', issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }, // as Microsoft's keys are
  },
  'Okta': {
    user: ({ uid }) => uid, tenant: ({ tenant }) => tenant,
    member: { groups: ['Everyone'] },
    elsewhere: { tenant: 'globex' },
    audience: { aud: 'api://else' },
    also: { 'of typ at+jwt': [{}, { typ: 'at+jwt' }], 'of a scope with blanks': [{ scp: 'openid orders:read' }] },
    never: { 'of the org server': [401, { iss: 'https://example.okta.com', aud: 'https://example.okta.com' }, { typ: 'application/okta-internal-at+jwt' }] },
  },
  'Laravel': {
    user: ({ sub }) => sub, tenant: ({ tenant }) => tenant,
    member: { role: 'member' },
    elsewhere: { tenant: 'globex' },
    also: { 'whose sub is a number': [{ sub: 7 }], 'of a refresh': [{ iss: 'https://shop.example.com/api/refresh' }] },
    never: { 'of an administrator': [403, { prv: '87e0af1ef9fd15812fdec97153a14e0b047546aa' }] },
  },
  'Django': {
    user: ({ user_id: id }) => id, tenant: ({ tenant }) => tenant,
    member: { role: 'member' },
    elsewhere: { tenant: 'globex' },
    audience: { aud: 'else' },
    also: { 'whose user_id is a text': [{ user_id: '7' }] },
    never: { 'of the refresh kind': [403, { token_type: 'refresh' }] },
  },
  'Rails': {
    user: ({ sub }) => sub, tenant: ({ tenant }) => tenant,
    member: { role: 'member' },
    elsewhere: { tenant: 'globex' },
    also: { 'without aud': [{ aud: undefined }] },
    never: { 'of an administrator': [403, { scp: 'admin' }] },
  },
}

describe('recipes', { skip: missing() }, () => {
  let stage, tunnel, stranger, directory
  const table = rows(sections.get('What was tried'))
  before(async () => {
    directory = temporaryDirectory('recipes')
    tunnel = await Tunnel.open()
    stranger = await Idp.open(directory, { plain: true })
    const [orders] = blocks(page.slice(0, page.indexOf('\n## ')), 'sql')
    stage = await openStage({ daemon: false, prepare: (cluster) => cluster.psql(orders) })
  })
  after(async () => {
    await stage?.close()
    await stranger?.close()
    await tunnel?.close()
  })

  /** The provider of a recipe, with the key that signs: { idp, key, keys }. One that shares a secret has no idp. */
  async function openProvider({ header, options, claims }, { prepare = () => ({}), published }) {
    const [secretFile] = option(options, 'jwt-secret-file') ?? []
    const [issuer, jwksUrl] = [option(options, 'oidc-issuer')?.[0] ?? claims.iss, option(options, 'jwks-url')?.[0].split(' ').at(-1)]
    const idp = option(options, 'oidc-issuer') || jwksUrl ? await Idp.open(temporaryDirectory('idp'), { issuer, jwksUrl }) : undefined
    if (idp) tunnel.lead(idp.hosts, idp.port)
    const keys = idp ? prepare(idp) : {}
    if (!secretFile) return { idp, keys, key: idp.add(header.alg, header.kid, published) }
    const secret = remember(randomBytes(32).toString('hex'), 'a shared secret')
    writeFileSync(join(directory, secretFile.split('/').at(-1)), `${secret}\n`, { mode: 0o600 })
    return { idp, keys, key: { alg: header.alg, secret: Buffer.from(secret) } }
  }

  /** A daemon with the options of a recipe, that knows the stranger's keys, too. */
  function serve(options, idp) {
    const file = join(directory, 'pgherald.conf')
    writeFileSync(file, options.replaceAll('/etc/pgherald/', `${directory}/`), { mode: 0o600 })
    const other = option(options, 'jwks-url') ? ['--oidc-issuer', stranger.issuer] : ['--jwks-url', `${stranger.issuer} ${stranger.jwksUrl}`]
    return stage.addDaemon({ keys: ['--config', file, ...(idp ? ['--jwks-ca-file', idp.ca] : []), ...other], env: tunnel.environment })
  }

  async function sign(key, claims, header = {}, ttl = 3600) {
    return rememberToken(await signWith(key, { iat: seconds(), exp: seconds() + ttl, ...claims }, { typ: undefined, ...header }))
  }

  async function statusOf(daemon, path, token) {
    const stream = await daemon.subscribe(path, { token })
    await stream.close()
    return stream.status
  }

  let written = 0
  /** Writes rows of these users and tenants, in this order. Returns their ids. */
  async function write(owners) {
    const quoted = (text) => `'${String(text).replaceAll("'", "''")}'`
    const values = owners.map(([user, tenant]) => `(${++written}, ${quoted(user)}, ${quoted(tenant)})`)
    await stage.cluster.psql(`INSERT INTO orders (id, user_id, tenant) VALUES ${values}`)
    return owners.map((_, at) => written - owners.length + 1 + at)
  }

  /**
   * How many of six rows each stream shows. Which they are is asserted. A row that a stream does
   * not show comes before the last one that it does, so it would have come.
   */
  async function deliver(streams, recipe, claims, elsewhere) {
    const [user, tenant, other] = [recipe.user(claims), recipe.tenant(claims), recipe.tenant(elsewhere)]
    const ids = await write([['else', tenant], [user, other], ['else', 'third'], [user, tenant], ['else', other], [user, tenant]])
    const wanted = { user: [1, 3, 5], team: [0, 3, 5], elsewhere: [1, 4] }
    const counts = {}
    for (const [name, stream] of Object.entries(streams)) {
      const all = wanted[name].map((at) => ids[at])
      const seen = () => stream.events.map(({ data }) => JSON.parse(data).row.id)
      await stream.when(() => seen().includes(all.at(-1)), 30_000, () => `the rows of ${name}: ${stream.tail()}`)
      assert.deepEqual(seen(), all, name)
      counts[name] = all.length
    }
    return counts
  }

  for (const [title, recipe] of Object.entries(recipes)) {
    test(`${title}: what it should open is opened, and all else is refused`, async () => {
      const { header, claims, options, sql } = read(title, recipe.streams)
      const { idp, key, keys } = await openProvider({ header, options, claims }, recipe)
      stranger.keys = []
      const strange = stranger.add(header.alg === 'HS256' ? 'RS256' : header.alg, header.kid)
      await stage.cluster.psql(sql)
      const daemon = await serve(options, idp)
      try {
        const token = (changes = {}, head = {}, by = key) => sign(by, changed(claims, changes), { ...header, ...(by !== key && by !== strange && { alg: by.alg, kid: by.kid }), ...head }, recipe.ttl)
        const elsewhere = changed(claims, recipe.elsewhere)
        const places = { user: ['/my/orders', {}], team: ['/team/orders', {}], elsewhere: ['/team/orders', recipe.elsewhere] }
        const streams = {}, found = { alg: header.alg }
        for (const [name, [path, changes]] of Object.entries(places)) {
          const stream = await daemon.subscribe(path, { token: await token(changes), name })
          if (stream.status === 200) streams[name] = await stream.when(() => stream.frames.length > 0 && stream, 30_000, () => `connected: ${name}`)
          else found[name] = stream.status
        }
        Object.assign(found, await deliver(streams, recipe, claims, elsewhere))
        for (const stream of Object.values(streams)) await stream.close()

        const tells = option(options, 'oidc-issuer') || option(options, 'jwt-issuer')
        found.member = await statusOf(daemon, '/team/orders', await token(recipe.member))
        found.issuer = tells ? await statusOf(daemon, '/my/orders', await token(recipe.issuer ?? { iss: 'https://else.example.com/' })) : '-'
        found.audience = recipe.audience ? await statusOf(daemon, '/my/orders', await token(recipe.audience)) : '-'
        const foreign = [await token({}, { alg: strange.alg, kid: header.kid }, strange), ...(header.alg === 'HS256' ? [await token({}, {}, { ...makeKey('HS256'), kid: header.kid })] : [])]
        found.key = [...new Set(await Promise.all(foreign.map((value) => statusOf(daemon, '/my/orders', value))))].join()
        found.expired = await statusOf(daemon, '/my/orders', await token({ iat: hours(-2), exp: hours(-1) }))

        assert.equal(await statusOf(daemon, '/my/orders', await token({ iss: stranger.issuer }, { alg: strange.alg }, strange)), 200, 'that other provider is one that the daemon knows')
        for (const [what, changes] of Object.entries(recipe.managers ?? {})) {
          assert.equal(await statusOf(daemon, '/team/orders', await token(changes)), 200, `a manager ${what}`)
        }
        for (const [what, [changes, head, by]] of Object.entries(recipe.also ?? {})) {
          assert.equal(await statusOf(daemon, '/my/orders', await token(changes, head, by ? keys[by] : key)), 200, `a token ${what}`)
        }
        for (const [what, [status, changes, head]] of Object.entries(recipe.never)) {
          assert.equal(await statusOf(daemon, '/my/orders', await token(changes, head)), status, `a token ${what}`)
        }
        const [cookie] = option(options, 'jwt-cookie') ?? []
        if (cookie) {
          const stream = await daemon.subscribe('/my/orders', { headers: { Cookie: `${cookie}=${await token()}` } })
          await stream.close()
          assert.equal(stream.status, 200, `a token in the cookie ${cookie}`)
        }
        if (recipe.says) await daemon.said(recipe.says)
        const order = ['alg', 'user', 'team', 'member', 'elsewhere', 'issuer', 'audience', 'key', 'expired']
        assert.deepEqual(table.get(title), order.map((name) => String(found[name])), `the row of ${title} in the page's last table`)
      } finally {
        await daemon.destroy()
        stage.daemons.splice(stage.daemons.indexOf(daemon), 1)
        await idp?.close()
      }
    })
  }

  test('a stream of several providers is for the users of the one that it names', async () => {
    const { header, claims, options } = read('Auth0')
    const { idp, key } = await openProvider({ header, options, claims }, {})
    await stage.cluster.psql(blocks(sections.get('Several providers'), 'sql')[0])
    stranger.keys = []
    const strange = stranger.add('RS256', 'of several')
    const daemon = await serve(options, idp)
    try {
      const same = { aud: claims.aud, sub: claims.sub }
      assert.equal(await statusOf(daemon, '/my/orders', await sign(key, claims, header)), 200)
      assert.equal(await statusOf(daemon, '/my/orders', await stranger.sign(strange, same)), 403)
    } finally {
      await daemon.destroy()
      stage.daemons.splice(stage.daemons.indexOf(daemon), 1)
      await idp.close()
    }
  })

  test('the tables have the recipes of the page, each claim of the first one stands in its token', () => {
    const withToken = [...sections].filter(([, text]) => blocks(text, 'json').length > 0).map(([title]) => title)
    const first = rows(page.slice(0, page.indexOf('\n## ')))
    for (const names of [Object.keys(recipes), [...table.keys()].slice(1), [...first.keys()].slice(1)]) assert.deepEqual(names, withToken)
    for (const title of withToken) {
      const words = first.get(title).join().match(/`[^`]+`/g).map((word) => word.slice(1, -1))
      assert.deepEqual(words.filter((word) => !(word in read(title).claims)), [], title)
    }
  })
})
