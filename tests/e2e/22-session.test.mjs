// Sessions. A page shows its token once and gets it as a cookie, with which a plain EventSource
// opens streams and comes back. Chromium does that in 22-session-pages.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { EventSource } from 'eventsource'
import { Curl } from '../lib/curl.mjs'
import { missing } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const refusal = '{"success":false,"errors":["Not authorized, token failed"]}'
const allowed = 'https://app.example'

describe('sessions', { skip: missing() }, () => {
  let stage, daemon, own
  before(async () => {
    stage = await openStage({
      daemon: { flags: ['--allowed-origins', allowed, '--retry', '100ms', '--log-level', 'debug'] },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');`),
    })
    daemon = stage.daemon
    own = { Origin: `http://127.0.0.1:${daemon.port}` }
  })
  after(() => stage?.close())

  const bearer = async (claims = { sub: 'ann' }) => ({ Authorization: `Bearer ${await token(claims)}` })
  const ask = (headers, { method = 'POST', path = '/stream/session', from = daemon, body } = {}) => request(from.url(path), { method, headers, body })
  const begin = async (headers = {}, claims) => ask({ ...own, ...await bearer(claims), ...headers })

  /** The cookie that an answer sets: { pair, name, value, Path: '/', HttpOnly: '', … }. */
  function cookieOf({ headers }) {
    assert.equal(headers['set-cookie']?.length, 1)
    const [pair, ...attributes] = headers['set-cookie'][0].split('; ')
    const at = pair.indexOf('=')
    return { pair, name: pair.slice(0, at), value: pair.slice(at + 1), ...Object.fromEntries(attributes.map((each) => [each.split('=')[0], each.split('=')[1] ?? ''])) }
  }

  let id = 0
  /** Writes a row of ann's and returns its id. */
  async function write() {
    await stage.cluster.psql(`INSERT INTO notes VALUES (${++id}, 'ann')`)
    return id
  }

  /** With this cookie a stream is opened. Returns its status. */
  async function statusOf(Cookie, from = daemon) {
    const stream = await Subscriber.open(from.url('/own'), { headers: { Cookie } })
    await stream.close()
    return stream.status
  }

  test('a token becomes a cookie that scripts cannot read, until the token ends', async () => {
    const jwt = await token({ sub: 'ann', exp: seconds() + 600 })
    const answer = await ask({ ...own, Authorization: `Bearer ${jwt}` })
    assert.deepEqual([answer.status, answer.text], [204, ''])
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['content-type'], undefined)
    const { pair, name, value, 'Max-Age': age, ...attributes } = cookieOf(answer)
    assert.deepEqual([name, value], ['jwt', jwt])
    assert.ok(age > 570 && age <= 600, `${age} s, without the leeway`)
    assert.deepEqual(attributes, { Path: '/', HttpOnly: '', SameSite: 'Lax' })
    assert.equal(await statusOf(pair), 200)
  })

  test('a token that has ended, but for the leeway, is kept for a second', async () => {
    assert.equal(cookieOf(await begin({}, { sub: 'ann', exp: seconds() - 5 }))['Max-Age'], '1')
  })

  test('behind https the cookie is for https only, as the page that asks says', async () => {
    const site = { 'Sec-Fetch-Site': 'same-origin' }
    for (const [secure, headers] of [[true, { Origin: `https://127.0.0.1:${daemon.port}` }], [true, { ...site, Origin: 'https://shop.example' }],
      [false, own], [false, { ...site, Origin: 'http://shop.example' }], [false, {}]]) {
      for (const method of ['POST', 'DELETE']) {
        const cookie = cookieOf(await ask({ ...headers, ...await bearer() }, { method }))
        assert.equal('Secure' in cookie, secure, `${method} ${JSON.stringify(headers)}`)
      }
    }
  })

  test('pages of no other origin begin or end one, not even of an allowed one', async () => {
    const others = [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { Origin: allowed }, { ...own, 'Sec-Fetch-Site': 'same-site' }, { 'Sec-Fetch-Site': 'cross-site' },
      { Origin: allowed, 'Sec-Fetch-Site': 'same-site' }, { Origin: allowed, 'X-Forwarded-Host': 'app.example' }]
    for (const headers of others) {
      for (const method of ['POST', 'DELETE']) {
        const answer = await ask({ ...headers, ...await bearer() }, { method })
        assert.equal(answer.status, 403, `${method} ${JSON.stringify(headers)}`)
        assert.match(answer.json.errors[0], /own origin.*\/stream\/ticket/)
        assert.equal(answer.headers['set-cookie'], undefined)
      }
    }
  })

  test('only a Bearer token begins one: not a cookie, which would prolong itself, nor what stands in the URL', async () => {
    const good = await token({ sub: 'ann' }), cookie = { Cookie: `jwt=${good}` }
    const { json: { ticket } } = await ask(await bearer(), { path: '/stream/ticket' })
    for (const [headers, path] of [[cookie], [{ ...cookie, Authorization: `Basic ${good}` }], [{}, `/stream/session?token=${good}`], [{}, `/stream/session?ticket=${ticket}`]]) {
      const answer = await ask({ ...own, ...headers }, { path })
      assert.deepEqual([answer.status, answer.text, answer.headers['www-authenticate']], [401, refusal, 'Bearer'], `${Object.keys(headers)} ${path?.slice(0, 25)}`)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    assert.equal((await request(daemon.url(`/own?ticket=${ticket}`), { headers: { Accept: 'application/json' } })).status, 200, 'the ticket is unused')
  })

  test('of a cookie and a Bearer token the latter is the new cookie', async () => {
    const jwt = await token({ sub: 'bob' })
    const answer = await ask({ ...own, Authorization: `Bearer ${jwt}`, Cookie: `jwt=${await token({ sub: 'ann' })}` })
    assert.equal(cookieOf(answer).value, jwt)
  })

  test('a token that is forged, has ended or was revoked begins none', async () => {
    const good = await token({ sub: 'ann' })
    await stage.cluster.psql("SELECT herald.revoke(jti => 's1')")
    await until(async () => (await begin({}, { sub: 'ann', jti: 's1' })).status === 401, { what: 'the revocation' })
    const ended = await token({ sub: 'ann', exp: seconds() - 60 }), revoked = await token({ sub: 'ann', jti: 's1' })
    // A blank at the end is no part of a field's value (RFC 9110 5.5), and one within it is.
    for (const bad of [`${good.slice(0, -4)}AAAA`, ended, revoked, 'x', `${good} x`, `${good};Path=/x`]) {
      const answer = await ask({ ...own, Authorization: `Bearer ${bad}` })
      assert.deepEqual([answer.status, answer.text, answer.headers['set-cookie']], [401, refusal, undefined])
      assert.match(answer.headers['www-authenticate'], /invalid_token/)
    }
  })

  test('a token that no browser would keep as a cookie is 413, and the answer says what to do', async () => {
    const other = `a=${'x'.repeat(11_950)}` // leaves the library little room for the answer
    const statuses = []
    for (let filler = 2930; statuses.at(-1) !== 413 && statuses.length < 20; filler += 6) {
      const jwt = await token({ sub: 'ann', filler: 'x'.repeat(filler) })
      const answer = await ask({ ...own, Authorization: `Bearer ${jwt}`, Cookie: other })
      statuses.push(answer.status)
      if (answer.status === 204) {
        assert.ok(answer.headers['set-cookie'][0].length <= 4096)
        assert.equal(await statusOf(cookieOf(answer).pair), 200)
      } else {
        assert.match(answer.json.errors[0], new RegExp(`^The token has ${jwt.length} bytes, .* 4096 .*/stream/ticket`))
        assert.equal(answer.headers['set-cookie'], undefined)
        assert.ok(jwt.length > 4046 && jwt.length < 4060, `${jwt.length} bytes`)
      }
    }
    assert.deepEqual([...new Set(statuses)], [204, 413])
  })

  test('an end makes the browser forget the cookie, whatever token it has', async () => {
    for (const headers of [{}, { Cookie: `jwt=${await token({ sub: 'ann', exp: seconds() - 99 })}` }, await bearer()]) {
      const answer = await ask({ ...own, ...headers }, { method: 'DELETE' })
      assert.deepEqual([answer.status, answer.text, answer.headers['cache-control']], [204, '', 'no-store'])
      assert.equal(answer.headers['set-cookie'][0], 'jwt=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax')
    }
  })

  test('other methods are 405, and a body means nothing', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH']) {
      const { status, headers } = await ask(await bearer(), { method })
      assert.deepEqual([status, headers.allow, headers['set-cookie']], [405, 'POST, DELETE, OPTIONS', undefined])
    }
    const { status, headers } = await ask({}, { method: 'OPTIONS' })
    assert.deepEqual([status, headers.allow], [204, 'POST, DELETE, OPTIONS'])
    assert.equal((await ask({ ...own, ...await bearer(), 'Content-Type': 'application/json' }, { body: '{"a":1}' })).status, 204)
  })

  test('refusals are counted, and logged without the token', async () => {
    const counted = async (reason) => Number(new RegExp(`refused_total\\{reason="${reason}"\\} (\\d+)`).exec((await request(daemon.adminUrl('/metrics'))).text)[1])
    const before = [await counted('token'), await counted('forbidden')]
    const bad = await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' })
    await until(async () => {
      await ask({ ...own, Authorization: `Bearer ${bad}` })
      return /refused: token of a request for '\/stream\/session' from 127\.0\.0\.1: /.test(daemon.logs())
    }, { what: 'the line of the log' })
    await ask({ Origin: 'https://evil.example', ...await bearer() })
    assert.ok(await counted('token') > before[0])
    assert.equal(await counted('forbidden'), before[1] + 1)
    await daemon.said(/refused: a page of 'https:\/\/evil\.example' may not ask for '\/stream\/session'/)
    await daemon.assertNoLeak()
  })

  test('the cookie has the configured name, and one that asks for it is for https only', async () => {
    const named = await stage.addDaemon({ flags: ['--jwt-cookie', '__Host-herald', '--token-sources', 'cookie'] })
    const jwt = await token({ sub: 'ann' })
    const cookie = cookieOf(await ask({ Authorization: `Bearer ${jwt}` }, { from: named }))
    assert.deepEqual([cookie.name, cookie.Path, 'Secure' in cookie, 'Domain' in cookie], ['__Host-herald', '/', true, false])
    assert.equal(await statusOf(cookie.pair, named), 200)
    assert.equal((await request(named.url('/own'), { headers: { Authorization: `Bearer ${jwt}` } })).status, 401, 'streams take the cookie alone')
  })

  test('where no stream would read a cookie, the answer says which option makes it so', async () => {
    const without = await stage.addDaemon({ flags: ['--token-sources', 'header,query'] })
    for (const method of ['POST', 'DELETE']) {
      const answer = await ask(await bearer(), { from: without, method })
      assert.equal(answer.status, 404)
      assert.match(answer.json.errors[0], /token-sources/)
    }
    assert.equal((await ask({}, { from: without, method: 'GET' })).status, 405)
  })

  test("curl's cookies carry a session from its begin to its end", async () => {
    const jar = join(processes.temporaryDirectory('cookies'), 'jar')
    const { Authorization } = await bearer()
    const curl = (...args) => processes.run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-b', jar, '-c', jar, ...args])
    assert.equal((await curl('-X', 'POST', '-H', `Authorization: ${Authorization}`, daemon.url('/stream/session'))).stdout, '204')
    const stream = Curl.start(daemon.url('/own'), ['-b', jar])
    await stream.frame(({ event }) => event === 'connected')
    const note = await write()
    await stream.frame(({ event, data }) => event === 'notes.insert' && JSON.parse(data).row.id === note)
    await stream.stop()
    assert.equal((await curl('-X', 'DELETE', daemon.url('/stream/session'))).stdout, '204')
    assert.equal((await curl(daemon.url('/own'))).stdout, '401')
  })

  /** The `eventsource` package with the cookies of a browser: they come with answers, and go with requests. */
  function withCookies(fetchOnce = fetch) {
    const jar = new Map()
    return async (url, init = {}) => {
      const response = await fetchOnce(url, { ...init, headers: { ...init.headers, Cookie: [...jar].map((pair) => pair.join('=')).join('; ') } })
      // getSetCookie is of Node 18.14, and Debian 12 has 18.13. These values have no comma.
      for (const field of (response.headers.get('set-cookie') ?? '').split(', ').filter(Boolean)) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(field)
        if (field.includes('Max-Age=0')) jar.delete(name)
        else jar.set(name, value)
      }
      return response
    }
  }

  test('a plain EventSource with a session outlives its connection and restarts of the daemon, and misses nothing', async () => {
    const fetchWithCookies = withCookies()
    const answer = await fetchWithCookies(daemon.url('/stream/session'), { method: 'POST', headers: await bearer() })
    assert.equal(answer.status, 204)
    const source = new EventSource(daemon.url('/own'), { fetch: fetchWithCookies })
    const got = [], wrote = []
    source.addEventListener('notes.insert', ({ data }) => got.push(JSON.parse(data).row.id))
    try {
      await until(() => source.readyState === source.OPEN, { what: 'the stream' })
      for (let round = 0; round < 3; round++) {
        wrote.push(await write())
        await until(() => got.length === wrote.length, { what: 'the event before the restart' })
        assert.equal(await daemon.stop(), 0)
        wrote.push(await write())
        await daemon.start()
        wrote.push(await write())
        await until(() => got.length === wrote.length, { what: 'the events of the restart' })
      }
      assert.deepEqual(got, wrote)
      assert.equal((await fetchWithCookies(daemon.url('/stream/session'), { method: 'DELETE' })).status, 204)
      assert.equal(await daemon.stop(), 0)
      await daemon.start()
      await until(() => source.readyState === source.CLOSED, { what: 'the end: without the cookie it is 401' })
    } finally {
      source.close()
    }
  })
})
