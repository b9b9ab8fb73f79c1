// Who is asking. Where the token may be, which tokens are not valid, what is refused, and how.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { rawToken, seconds, secret, token } from '../lib/token.mjs'

const refusal = '{"success":false,"errors":["Not authorized, token failed"]}'

describe('identity', { skip: missing() }, () => {
  let stage, daemon
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/staff', '{notes}', require => '{"role": ["staff", "admin"]}');
        SELECT herald.stream('/open', '{notes}', anonymous => true);`),
    })
    daemon = stage.daemon
  })
  after(() => stage?.close())

  const bearer = (value) => ({ Authorization: `Bearer ${value}` })
  const cookie = (value) => ({ Cookie: `theme=dark; jwt=${value}; lang=pt` })

  async function statusOf({ path = '/own', headers = {}, query } = {}) {
    const url = query === undefined ? path : `${path}?token=${encodeURIComponent(query)}`
    const stream = await Subscriber.open(daemon.url(url), { headers })
    await stream.close()
    return stream.status
  }

  test('the token is taken from the cookie, the Bearer header or the query', async () => {
    const good = await token({ sub: 'ann' })
    for (const way of [{ headers: cookie(good) }, { headers: bearer(good) }, { headers: { authorization: `bearer ${good}` } }, { query: good }]) {
      assert.equal(await statusOf(way), 200, JSON.stringify(way).slice(0, 60))
    }
  })

  test('the first place that holds a token decides: cookie, then header, then query', async () => {
    const good = await token({ sub: 'ann' })
    const bad = await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' })
    const status = (...values) => statusOf({
      headers: { ...(values[0] && cookie(values[0])), ...(values[1] && bearer(values[1])) }, query: values[2],
    })
    assert.equal(await status(good, bad, bad), 200)
    assert.equal(await status(bad, good, good), 401)
    assert.equal(await status(null, good, bad), 200)
    assert.equal(await status(null, bad, good), 401)
  })

  test('without a token the answer is the 401 of the documents', async () => {
    const { status, headers, text } = await request(daemon.url('/own'))
    assert.equal(status, 401)
    assert.equal(text, refusal)
    assert.match(headers['www-authenticate'], /^Bearer/)
    assert.match(headers['content-type'], /^application\/json/)
  })

  const now = seconds()
  const refused = {
    'without exp': () => token({ sub: 'ann', exp: null }),
    'expired': () => token({ sub: 'ann', exp: now - 120 }),
    'whose exp is text': () => token({ sub: 'ann', exp: null, ...{ exp: String(now + 3600) } }),
    'not valid yet': () => token({ sub: 'ann', nbf: now + 600 }),
    'of another key': () => token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' }),
    'of algorithm none': () => token({ sub: 'ann' }, { alg: 'none' }),
    'of algorithm nOnE': () => rawToken({ alg: 'nOnE' }, { sub: 'ann', exp: now + 3600 }, ''),
    'of HS384 where HS256 is pinned': () => token({ sub: 'ann' }, { alg: 'HS384' }),
    'of HS512 where HS256 is pinned': () => token({ sub: 'ann' }, { alg: 'HS512' }),
    'without algorithm': () => rawToken({ typ: 'JWT' }, { sub: 'ann', exp: now + 3600 }),
    'with a number as algorithm': () => rawToken({ alg: 256 }, { sub: 'ann', exp: now + 3600 }),
    'with an empty signature': async () => `${(await token({ sub: 'ann' })).split('.').slice(0, 2).join('.')}.`,
    'with a signature cut short': async () => (await token({ sub: 'ann' })).slice(0, -4),
    'with a changed payload': async () => {
      const [header, , signature] = (await token({ sub: 'ann' })).split('.')
      return `${header}.${Buffer.from(JSON.stringify({ sub: 'bob', exp: now + 3600 })).toString('base64url')}.${signature}`
    },
    'over-long': async () => (await token({ sub: 'ann', filler: 'x'.repeat(13_000) })),
  }
  for (const [what, make] of Object.entries(refused)) {
    test(`a token ${what} is refused`, async () => {
      const { status, text } = await request(daemon.url('/own'), { headers: bearer(await make()) })
      assert.equal(status, 401)
      assert.equal(text, refusal)
    })
  }

  test('malformed tokens are refused wherever they stand, and the daemon lives', async () => {
    const good = await token({ sub: 'ann' })
    const malformed = ['.', '..', '...', 'a', 'a.b', 'a.b.c', 'a.b.c.d', '.a.b', 'a..b', 'a.b.', `.${good}`, `${good}.`,
      `${good}=`, `${good}+/`, good.replaceAll('.', '%2e'), `${good} x`, 'x'.repeat(9000), '*', '{}', 'null', 'é.é.é'.normalize()]
    for (const value of malformed) {
      assert.equal(await statusOf({ query: value }), 401, `query: ${value.slice(0, 40)}`)
      if (!/[^\x21-\x7e]/.test(value)) {
        assert.equal(await statusOf({ headers: bearer(value) }), 401, `header: ${value.slice(0, 40)}`)
        if (!value.includes(';')) assert.equal(await statusOf({ headers: cookie(value) }), 401, `cookie: ${value.slice(0, 40)}`)
      }
    }
    for (const headers of [bearer(''), { Authorization: 'Bearer' }, { Authorization: 'Basic YTpi' }, { Cookie: 'jwt=' }]) {
      assert.equal(await statusOf({ headers }), 401, JSON.stringify(headers))
    }
    assert.equal(await statusOf({ query: '' }), 401)
    assert.equal(await statusOf({ query: good }), 200)
  })

  test('a flipped bit anywhere in the signature is refused', async () => {
    const [header, payload, signature] = (await token({ sub: 'ann' })).split('.')
    const bytes = Buffer.from(signature, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes)
      wrong[at] ^= 1 << at % 8
      assert.equal(await statusOf({ headers: bearer(`${header}.${payload}.${wrong.toString('base64url')}`) }), 401, `byte ${at}`)
    }
  })

  test('who is known but not entitled gets 403', async () => {
    assert.equal(await statusOf({ path: '/staff', headers: bearer(await token({ sub: 'ann', role: 'staff' })) }), 200)
    for (const claims of [{ role: 'customer' }, {}, { role: 'STAFF' }, { role: null }, { role: { staff: true } }]) {
      const { status, json } = await request(daemon.url('/staff'), { headers: bearer(await token({ sub: 'ann', ...claims })) })
      assert.equal(status, 403, JSON.stringify(claims))
      assert.equal(json.success, false)
      assert.ok(json.errors[0].length > 0)
    }
  })

  test('an anonymous stream asks for no token', async () => assert.equal(await statusOf({ path: '/open' }), 200))

  test('an unknown path is 404', async () => {
    for (const path of ['/nowhere', '/own/', '/own/more', '/OWN', '//own', '/ow', '/']) {
      const { status, json } = await request(daemon.url(path), { headers: bearer(await token({ sub: 'ann' })) })
      assert.equal(status, 404, path)
      assert.equal(json?.success, false, path)
    }
  })

  test('other methods on a stream are 405 and name GET, HEAD too', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      const answer = await request(daemon.url('/own'), { method, headers: bearer(await token({ sub: 'ann' })) })
      assert.equal(answer.status, 405, method)
      assert.match(answer.headers.allow ?? '', /\bGET\b/, method)
      if (method !== 'HEAD') assert.equal(answer.json?.success, false, method)
    }
  })

  test('no token ever stands in the log', async () => {
    const good = await token({ sub: 'ann' })
    await statusOf({ query: good })
    await statusOf({ headers: bearer(`${good}x`) })
    for (const part of good.split('.').slice(1)) assert.ok(!daemon.logs().includes(part))
    assert.ok(!daemon.logs().includes(secret))
  })

  const keys = { 'an empty key': '', 'a key of blanks': '   \n', 'a key of 31 bytes': 'x'.repeat(31) }
  for (const [what, key] of Object.entries(keys)) {
    test(`the daemon does not start with ${what}`, async () => {
      const file = join(daemon.directory, 'short')
      writeFileSync(file, key, { mode: 0o600 })
      for (const options of [
        { args: ['--jwt-secret-file', file] }, { args: [], env: { PGHERALD_JWT_SECRET_FILE: file } }, { args: [], env: { PGHERALD_JWT_SECRET: key } },
      ]) {
        const args = ['serve', '--database-url', stage.cluster.url(), '--listen', '127.0.0.1:1', ...options.args]
        const { code, stderr } = await run(args, { env: options.env, timeout: 60_000 })
        assert.equal(code, 3, stderr)
        assert.match(stderr, /jwt-secret.* (bytes|empty)/)
      }
    })
  }
})
