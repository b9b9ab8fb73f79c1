// Keys that an identity provider gives over the network: found by discovery or by their address,
// changed while streams are open, and not to be had.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { Idp, misbehaviours } from '../lib/idp.mjs'
import { makeKey } from '../lib/keys.mjs'
import { freePort, temporaryDirectory } from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { now, pause, until } from '../lib/wait.mjs'

describe('keys of identity providers', { skip: missing(), concurrency: 4 }, () => {
  let stage
  const idps = []
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');`),
      daemon: false,
    })
  })
  after(async () => {
    for (const idp of idps) await idp.close()
    await stage?.close()
  })

  async function openIdp(options) {
    const idp = await Idp.open(temporaryDirectory('idp'), options)
    idps.push(idp)
    return idp
  }
  const serve = (flags) => stage.addDaemon({ keys: flags })
  const serveIdp = (idp, ...more) => serve(['--oidc-issuer', idp.issuer, '--jwks-ca-file', idp.ca, ...more])
  const metric = async (daemon, name) => Number((await request(daemon.adminUrl('/metrics'))).text.match(new RegExp(`^pgherald_provider_${name}\\{[^}]*\\} (-?\\d+)$`, 'm'))?.[1])
  const statusOf = async (daemon, value) => {
    const stream = await daemon.subscribe('/own', { token: value })
    await stream.close()
    return stream.status
  }
  /** A stream that has an event, so its whole way works. */
  async function assertOpens(daemon, value, what) {
    const stream = await daemon.subscribe('/own', { token: value, name: what })
    assert.equal(stream.status, 200, what)
    await stream.when(() => stream.frames.length > 0, 20_000, () => `connected: ${what}`)
    return stream
  }

  test('are found by discovery and by their address, and each verifies its issuer alone', async () => {
    const [one, two] = [await openIdp(), await openIdp({ plain: true })]
    const [key, other] = [one.add('RS256', 'a'), two.add('ES256', 'a')]
    const daemon = await serve(['--oidc-issuer', one.issuer, '--jwks-ca-file', one.ca, '--jwks-url', `${two.issuer} ${two.jwksUrl}`])
    for (const [idp, its] of [[one, key], [two, other]]) await (await assertOpens(daemon, await idp.sign(its), idp.issuer)).close()
    const foreign = { 'of the other issuer': await two.sign(key), 'the other way': await one.sign(other), 'of no issuer': await one.sign(key, { iss: undefined }),
      'of an unknown issuer': await one.sign(key, { iss: `${one.issuer}/` }) }
    for (const [what, value] of Object.entries(foreign)) assert.equal(await statusOf(daemon, value), 401, what)
  })

  test('a set without an issuer is for those of jwt-issuer, and stands beside a key of our own', async () => {
    const idp = await openIdp({ plain: true })
    const key = idp.add('RS256', 'a')
    const daemon = await stage.addDaemon({ flags: ['--jwks-url', idp.jwksUrl, '--jwt-issuer', `${idp.issuer},ours`] })
    await (await assertOpens(daemon, await idp.sign(key), 'a key of the set')).close()
    await (await assertOpens(daemon, await token({ sub: 'ann', iss: 'ours' }), 'the secret')).close()
    assert.equal(await statusOf(daemon, await idp.sign(key, { iss: 'theirs' })), 401)
  })

  test('a new key is taken at the first token that it has signed, and a key that is gone ends its streams', async (t) => {
    const idp = await openIdp()
    const old = idp.add('RS256', 'old')
    const daemon = await serveIdp(idp)
    const stream = await assertOpens(daemon, await idp.sign(old), 'the old key')
    await pause(5100) // PROVIDER_ASK_MS
    const fresh = idp.add('RS256', 'new')
    const begun = now()
    const second = await assertOpens(daemon, await idp.sign(fresh), 'the new key')
    t.diagnostic(`a token of a new key opened its stream after ${Math.round(now() - begun)} ms`)
    assert.equal(stream.open, true, 'the old key is still in the set')
    idp.keys.shift()
    await pause(5100)
    assert.equal(await statusOf(daemon, await idp.sign(makeKey('RS256', { kid: 'none' }))), 401, 'a key that no set has')
    await stream.when(() => stream.frames.some(({ name }) => name === 'closing'), 20_000, () => 'the end of what the old key opened')
    assert.deepEqual(JSON.parse(stream.frames.at(-1).data), { reason: 'revoked', retry: true })
    assert.equal(second.open, true)
    await Promise.all([stream.close(), second.close()])
  })

  test('unknown keys make no storm: many tokens ask once, and soon after nobody asks', async () => {
    const idp = await openIdp()
    idp.add('RS256', 'a')
    const daemon = await serveIdp(idp)
    await until(async () => (await metric(daemon, 'keys')) === 1, { what: 'the keys' })
    await pause(5100)
    const before = idp.fetches
    const forged = await Promise.all(Array.from({ length: 40 }, async (_, n) => statusOf(daemon, await idp.sign(makeKey('ES256', { kid: `forged-${n}` })))))
    assert.deepEqual(new Set(forged), new Set([401]))
    assert.equal(idp.fetches - before, 1, 'they share one fetch')
    assert.equal(await statusOf(daemon, await idp.sign(makeKey('ES256', { kid: 'again' }))), 401)
    assert.equal(idp.fetches - before, 1, 'and the next one is told at once')
    assert.equal(await statusOf(daemon, await idp.sign(makeKey('ES256', { kid: 'else' }), { iss: 'https://else.where' })), 401)
    assert.equal(idp.fetches - before, 1, 'nor is it asked for another issuer')
  })

  test('a provider that is away at the start has its streams wait, and others not', async () => {
    const idp = await openIdp()
    const key = idp.add('RS256', 'a')
    idp.behave = (path, response) => response.writeHead(503).end()
    const daemon = await stage.addDaemon({ flags: ['--oidc-issuer', idp.issuer, '--jwks-ca-file', idp.ca] })
    await daemon.said(/answered 503, not 200: it has given no keys yet, so its tokens wait/)
    await (await assertOpens(daemon, await token({ sub: 'ann' }), 'a key of our own')).close()
    const value = await idp.sign(key)
    const waiting = assertOpens(daemon, value, 'a stream that waits')
    const { status, headers } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { authorization: `Bearer ${value}` } })
    assert.equal(status, 503, 'what cannot wait is told to come again')
    assert.ok(headers['retry-after'])
    idp.behave = undefined
    await (await waiting).close()
    await daemon.said(/gives 1 keys/)
  })

  for (const [what, [behave, says]] of Object.entries(misbehaviours)) {
    test(`the last good set stays in force when the provider ${what}`, async () => {
      const idp = await openIdp()
      const key = idp.add('RS256', 'a')
      const daemon = await serveIdp(idp)
      const stream = await assertOpens(daemon, await idp.sign(key), 'before')
      await pause(5100)
      idp.behave = behave
      assert.equal(await statusOf(daemon, await idp.sign(makeKey('RS256', { kid: 'unknown' }))), 401)
      await daemon.said(says)
      await daemon.said(/the keys that it gave before stay in force/)
      assert.ok(await metric(daemon, 'failures_total') >= 1)
      await (await assertOpens(daemon, await idp.sign(key), 'after')).close()
      assert.equal(stream.open, true)
      await stream.close()
    })
  }

  test('a document that names another issuer gives no keys', async () => {
    const idp = await openIdp()
    const key = idp.add('RS256', 'a')
    const daemon = await serve(['--oidc-issuer', `${idp.origin}/realms/two`, '--jwks-ca-file', idp.ca])
    idp.behave = (path, response) => path.includes('openid') && response.end(JSON.stringify({ issuer: idp.issuer, jwks_uri: idp.jwksUrl }))
    await daemon.said(/names another issuer/)
    assert.equal(await statusOf(daemon, await idp.sign(key)), 401, 'an issuer that nobody configured')
    assert.equal(idp.fetches, 0)
  })

  test('a server whose certificate nobody vouches for gives no keys', async () => {
    const idp = await openIdp()
    idp.add('RS256', 'a')
    const daemon = await serve(['--oidc-issuer', idp.issuer])
    await daemon.said(/cannot be had: .*certificate/i)
    assert.equal(idp.asked.length, 0)
  })

  test('a provider that does not answer holds nobody up', async (t) => {
    const idp = await openIdp()
    const key = idp.add('RS256', 'a')
    const daemon = await serveIdp(idp)
    const stream = await assertOpens(daemon, await idp.sign(key), 'beside it')
    await pause(5100)
    const before = daemon.logs().length
    idp.behave = () => true // and never says a word
    const waiting = statusOf(daemon, await idp.sign(makeKey('RS256', { kid: 'unknown' })))
    const givenUp = () => /did not answer within 10 s/.test(daemon.logs().slice(before))
    const writer = await stage.cluster.client()
    const waits = []
    while (waits.length < 50 && !givenUp()) {
      const begun = now(), n = waits.length + 1
      await writer.query('INSERT INTO notes VALUES ($1, $2)', [n, 'ann'])
      await stream.when(() => stream.events.length >= n, 20_000, () => `event ${n}`)
      if (!givenUp()) waits.push(now() - begun)
    }
    t.diagnostic(`events beside a provider that hangs: ${waits.length}, after ${Math.round(Math.max(...waits))} ms at most`)
    // If the provider held up the daemon, none would come, or one at the moment when it is given up.
    assert.ok(waits.length >= 2, `${waits.length} events before the provider is given up`)
    assert.equal(await waiting, 200, 'its client gets a head, and pings')
    await until(givenUp, { what: 'that it is given up' })
    await writer.end()
    await stream.close()
  })

  test('a provider that takes no connection is told apart from one that does not answer', async () => {
    const port = await freePort(), sockets = []
    const mute = createServer((socket) => sockets.push(socket)).listen(port, '127.0.0.1') // TCP, and never TLS
    try {
      const daemon = await serve(['--oidc-issuer', `https://127.0.0.1:${port}/`])
      await daemon.said(/took no connection within 5 s/)
    } finally {
      mute.close()
      for (const socket of sockets) socket.destroy()
    }
  })

  test('SIGHUP adds a provider, and takes one away with its streams', async () => {
    const [one, two] = [await openIdp({ plain: true }), await openIdp({ plain: true })]
    const [key, other] = [one.add('RS256', 'a'), two.add('RS256', 'b')]
    const { writeFileSync } = await import('node:fs')
    const file = `${temporaryDirectory('conf')}/pgherald.conf`
    writeFileSync(file, `oidc-issuer = ${one.issuer}\n`)
    const daemon = await serve(['--config', file])
    const stream = await assertOpens(daemon, await one.sign(key), 'of the first')
    writeFileSync(file, `oidc-issuer = ${one.issuer}, ${two.issuer}\n`)
    await daemon.reload(/oidc-issuer is/)
    const second = await assertOpens(daemon, await two.sign(other), 'of the second')
    assert.equal(one.fetches, 1, 'the first keeps its keys')
    writeFileSync(file, `oidc-issuer = ${two.issuer}\n`)
    await daemon.reload(/oidc-issuer is/)
    await stream.when(() => stream.frames.some(({ name }) => name === 'closing'), 20_000, () => 'the end of the first')
    assert.equal(second.open, true)
    assert.equal(await statusOf(daemon, await one.sign(key)), 401)
    await Promise.all([stream.close(), second.close()])
  })

  test('doctor says whether the providers give their keys, and explain verifies with them', async () => {
    const idp = await openIdp()
    const key = idp.add('RS256', 'a')
    const flags = ['--oidc-issuer', idp.issuer, '--jwks-ca-file', idp.ca, '--database-url', stage.cluster.url()]
    const daemon = await serve(flags.slice(0, 4))
    const doctor = async (...more) => (await run(['doctor', '--listen', `127.0.0.1:${daemon.port}`, '--admin-listen', `127.0.0.1:${daemon.adminPort}`, ...flags, ...more])).stdout
    assert.match(await doctor(), new RegExp(`providers +'${idp.issuer}' gives 1 key\\n! +providers +jwt-audience is not given`))
    assert.doesNotMatch(await doctor('--jwt-audience', 'app'), /! +providers/)
    await stage.cluster.psql("INSERT INTO notes VALUES (1000, 'ann')")
    const change = await stage.cluster.psql('SELECT max(id) FROM herald.changes')
    const explain = async (value) => (await run(['explain', '--stream', '/own', '--change', change, ...flags], { env: { PGHERALD_TOKEN: value } })).stdout
    assert.match(await explain(await idp.sign(key)), /signature +good/)
    assert.match(await explain(await idp.sign(makeKey('RS256', { kid: 'b' }))), /signature +no configured key/)
    idp.behave = (path, response) => response.writeHead(500).end()
    assert.match(await doctor(), /providers +'https:.*' answered 500, not 200/)
  })

  test('config check says which address keys cannot come from', async () => {
    const cases = [
      [['--jwks-url', 'http://example.com/keys'], /is not https/],
      [['--jwks-url', 'ftp://example.com/keys'], /is not https/],
      [['--jwks-url', 'example.com/keys'], /is no URL/],
      [['--oidc-issuer', 'https://user:pw@example.com'], /user or a fragment/],
      [['--jwks-url', 'https://a.example/1,https://b.example/2'], /whose keys they are/],
    ]
    for (const [flags, sentence] of cases) {
      const { code, stderr } = await run(['config', 'check', ...flags])
      assert.equal(code, 3, `${flags}: ${stderr}`)
      assert.match(stderr, sentence)
    }
    for (const good of ['https://a.example/1', 'http://127.0.0.1:8080/k', 'http://[::1]/k', 'http://localhost:9/k', 'https://x/ https://a.example/1, https://y/ https://b.example/2']) {
      assert.equal((await run(['config', 'check', '--jwks-url', good])).code, 0, good)
    }
  })
})

