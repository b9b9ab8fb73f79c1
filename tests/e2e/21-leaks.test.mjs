// No token, ticket, cookie or key is ever written down. Every way in is used, with good and bad
// values. Daemon and server log all that they can. After that everything that they left is
// searched.
//
// Every other end-to-end run is searched too, each time that a daemon ends (lib/daemon.mjs).
// run: both
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { assertNoLeak, leaksIn, remember, rememberCookies, rememberToken } from '../lib/leaks.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { rawToken, seconds, secret, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

test('the search finds what tests have minted, sent or got', async () => {
  const made = await token({ sub: 'ann' })
  const [, payload, signature] = made.split('.')
  const raw = rawToken({ alg: 'none' }, { sub: 'somebody' })
  remember('0123456789abcdef0123', 'a ticket')
  rememberCookies('theme=dark; session=a-cookie-of-some-length')
  for (const text of [made, `…${payload}…`, `x${signature}`, made.slice(0, 62), raw, secret, '?ticket=0123456789abcdef0123', 'a-cookie-of-some-length']) {
    assert.throws(() => assertNoLeak(`a line with ${text} in it`, 'the log'), /stands in the log/, text)
  }
  assert.deepEqual(leaksIn(`nothing of theme=dark and ${made.split('.')[0]}`), [])
  assert.deepEqual(leaksIn(made, made), [], 'what is there on purpose')
})

describe('secrets', { skip: missing() }, () => {
  let stage
  const daemons = {}
  before(async () => {
    stage = await openStage({
      daemon: false,
      settings: { log_statement: 'all', log_min_duration_statement: '0', log_parameter_max_length: '-1', log_parameter_max_length_on_error: '-1', log_min_messages: 'debug1' },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        CREATE FUNCTION decides(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS
          $$ BEGIN RETURN CASE params ->> 'how' WHEN 'no' THEN false WHEN 'fail' THEN 1 / 0 = 1 ELSE true END; END $$;
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/staff', '{notes}', require => '{"role": ["staff"]}');
        SELECT herald.stream('/asked/:how', '{notes}', authorize => 'public.decides');`),
    })
    for (const format of ['text', 'json']) {
      daemons[format] = await stage.addDaemon({ flags: ['--log-level', 'debug', '--log-format', format, '--jwt-leeway', '0s'] })
    }
  })
  after(() => stage?.close()) // which searches their logs, pages and processes

  // Makes any request. Of a stream it reads only the beginning.
  const knock = (daemon, path, { method = 'GET', headers = {}, body } = {}) => new Promise((resolve, reject) => {
    rememberCookies(headers.Cookie)
    const req = http.request(daemon.url(path), { method, headers, agent: false }, (response) => {
      let text = ''
      const done = () => resolve({ status: response.statusCode, headers: response.headers, text })
      response.on('data', (chunk) => (text += chunk)).on('end', done).on('error', done)
      if (response.headers['content-type'] === 'text/event-stream') response.once('data', () => { done(); req.destroy() })
    })
    req.on('error', reject)
    req.end(body)
  })

  let made = 0
  /** Tokens of every kind, named by what is wrong with them. */
  async function tokens() {
    const good = await token({ sub: 'ann', role: 'none', jti: `id-${++made}` })
    const [header, payload, signature] = good.split('.')
    return {
      good, over: rememberToken(`${header}.${payload.repeat(80)}.${signature}`),
      changed: rememberToken(`${header}.${Buffer.from(JSON.stringify({ sub: 'bob', exp: seconds() + 99 })).toString('base64url')}.${signature}`),
      cut: good.slice(0, -5), odd: `${good}.more`, foreign: await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' }),
      expired: await token({ sub: 'ann', exp: seconds() - 100 }), unsigned: await token({ sub: 'ann' }, { alg: 'none' }),
      strange: rawToken({ alg: 'HS256' }, { exp: 'never', sub: 'somebody' }, 'x'.repeat(43)), huge: await token({ sub: 'ann', filler: 'x'.repeat(13_000) }),
    }
  }

  /** The ways in which a token may be sent. */
  const ways = {
    cookie: (value) => ({ headers: { Cookie: `theme=dark; jwt=${value}` } }),
    'another cookie': (value) => ({ headers: { Cookie: `session=${value}` } }),
    header: (value) => ({ headers: { Authorization: `Bearer ${value}` } }),
    'another scheme': (value) => ({ headers: { Authorization: `Basic ${value}` } }),
    query: (value) => ({ query: `?token=${value}` }),
    'last event id': (value) => ({ headers: { 'Last-Event-ID': value } }),
    'the query of nothing': (value) => ({ query: `?${value}=${value}` }),
    ticket: (value) => ({ query: `?ticket=${value}` }),
  }

  const ticketOf = async (daemon) => (await request(daemon.url('/stream/ticket'), {
    method: 'POST', headers: { Authorization: `Bearer ${await token({ sub: 'ann' })}` } })).json.ticket

  for (const format of ['text', 'json']) {
    test(`are in no answer, whichever way they came (log in ${format})`, async () => {
      const daemon = daemons[format]
      const seen = new Set()
      for (const [what, value] of Object.entries(await tokens())) {
        for (const [way, make] of Object.entries(ways)) {
          for (const [method, path] of [['GET', '/own'], ['GET', '/staff'], ['GET', '/asked/no'], ['GET', '/asked/fail'], ['GET', '/asked/yes'], ['GET', '/nowhere'],
            ['DELETE', '/own'], ['POST', '/stream/ticket'], ['POST', '/stream/renew'], ['GET', '/stream/status'], ['POST', '/stream/session'], ['DELETE', '/stream/session']]) {
            const { query = '', headers = {} } = make(value)
            const answer = await knock(daemon, path + query, { method, headers: { ...(way !== 'header' && { Origin: `https://${what}.example` }), ...headers } })
            seen.add(answer.status)
            const given = path === '/stream/ticket' && answer.status === 201 ? remember(JSON.parse(answer.text).ticket, 'a ticket') : ''
            if (path === '/stream/session' && answer.status === 204) delete answer.headers['set-cookie'] // which is the token
            const where = `the answer to ${method} ${path}, ${what} token by ${way}`
            assertNoLeak(JSON.stringify(answer), where, given)
            for (let at = 0; at + 16 <= Math.min(value.length, 1000); at += 16) assert.ok(!JSON.stringify(answer).includes(value.slice(at, at + 16)), where)
          }
        }
      }
      for (const status of [200, 201, 204, 401, 403, 404, 405]) assert.ok(seen.has(status), `no answer was ${status}`)
    })

    test(`stay between daemon and client when tickets and renewals go through the database (log in ${format})`, async () => {
      const daemon = daemons[format]
      const other = daemons[format === 'text' ? 'json' : 'text']
      const ticket = await ticketOf(daemon)
      for (const bad of [ticket.slice(1), `${ticket}0`, ticket.toUpperCase(), remember('f'.repeat(ticket.length), 'a ticket')]) await knock(daemon, `/own?ticket=${bad}`)
      for (const expected of [200, 401]) {
        const { status, text } = await knock(daemon, `/own?ticket=${ticket}`)
        assert.equal(status, expected)
        assertNoLeak(text, 'the answer to a ticket')
      }
      const stream = await Subscriber.open(daemon.url('/own'), { token: await token({ sub: 'ann', exp: seconds() + 6 }) })
      const { stream: code } = JSON.parse((await stream.next('expiring')).data)
      for (const from of [other, daemon]) {
        for (const claims of [{ sub: 'bob' }, { sub: 'ann', exp: seconds() + 60 }]) {
          await knock(from, '/stream/renew', { method: 'POST', body: JSON.stringify({ stream: code }),
            headers: { Authorization: `Bearer ${await token(claims)}`, 'Content-Type': 'application/json' } })
        }
      }
      await stream.close()
      const hash = createHash('sha256').update(ticket).digest('hex')
      await until(() => stage.cluster.logs().includes(hash), { what: "the ticket's hash in the server's log: parameters do stand there" })
      assertNoLeak(stage.cluster.logs(), "the server's log")
    })

    test(`are in no line of the daemon, though each refusal has one (log in ${format})`, async () => {
      const daemon = daemons[format]
      const all = await tokens()
      const bearer = (value) => ({ headers: { Authorization: `Bearer ${value}` } })
      const lines = [ // the log tells ten of many a second, so each request is made until its line is there
        ...['changed', 'cut', 'odd', 'foreign', 'expired', 'unsigned', 'strange', 'huge'].map((kind) => [/refused: token of a request/g, '/own', bearer(all[kind])]),
        [/refused: token of a request/g, `/own?token=${all.cut}`, {}], [/refused: token of a request/g, '/own', { headers: { Cookie: `jwt=${all.cut}` } }],
        [/refused: token of a request for '\/stream\/ticket'/g, '/stream/ticket', { ...bearer(all.cut), method: 'POST' }],
        [/refused: ticket of a request/g, `/own?ticket=${all.good}`, {}], [/refused: ticket of a request/g, `/own?ticket=${remember('e'.repeat(64), 'a ticket')}`, {}],
        [/may not open/g, '/staff', bearer(all.good)], [/is not authorized/g, '/asked/no', bearer(all.good)], [/division by zero/g, '/asked/fail', bearer(all.good)],
      ]
      for (const [line, path, options] of lines) {
        const told = () => daemon.logs().match(line)?.length ?? 0
        const before = line.source.includes('division') ? 0 : told() // the same fault of a query is told once a minute
        await until(async () => told() > before || (await knock(daemon, path, options)) === undefined, { what: `${line} in the log` })
      }
      await daemon.assertNoLeak()
      if (format === 'json') for (const line of daemon.logs().trim().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line)
    })
  }
})
