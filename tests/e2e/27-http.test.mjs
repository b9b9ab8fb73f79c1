// What pages of other origins may do, what every answer carries, and how a body is read. Also what
// is counted and logged of refusals.
// run: both
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { addressOf, answers, exchange, isStream } from '../lib/raw.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, until } from '../lib/wait.mjs'

const allowed = 'https://app.example.com'
const others = ['https://example.com', 'https://app.example.com.evil.org', 'https://evil-app.example.com', 'http://app.example.com', 'https://app.example.com:444',
  'null', '*', 'https://app.example.com/', '', 'https://tenants.example', 'https://eviltenants.example', 'https://a.tenants.example.evil.org', 'http://a.tenants.example',
  'https://a.tenants.example:8443', 'https://evil.org/.tenants.example', 'https://.tenants.example', 'https://*.tenants.example', `https://${'a'.repeat(400)}.tenants.example`]

describe('http', { skip: missing() }, () => {
  let stage, daemon, address
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/staff', '{notes}', require => '{"role": ["staff"]}');
        SELECT herald.stream('/of/:name', '{notes}', match => '{"owner": "params.name"}', anonymous => true);
        SELECT herald.stream('/of', '{notes}', match => '{"owner": "params.name"}', anonymous => true);
        SELECT herald.stream('/open', '{notes}', anonymous => true);`),
      daemon: { flags: ['--allowed-origins', `https://other.example.com, HTTPS://App.Example.com:443/, https://*.tenants.example, capacitor://localhost`] },
    })
    daemon = stage.daemon
    address = addressOf(daemon.url('/'))
  })
  after(() => stage?.close())

  const ask = (path, options) => request(daemon.url(path), options)
  const bearer = async (claims) => ({ Authorization: `Bearer ${await token(claims)}` })

  /** The headers of an answer, or of a stream, for a page of this origin. */
  async function headersFor(path, origin, method = 'GET') {
    if (path !== '/open' || method !== 'GET') return (await ask(path, { method, headers: { Origin: origin } })).headers
    const stream = await Subscriber.open(daemon.url(path), { headers: { Origin: origin } })
    await stream.close()
    return stream.current.headers
  }

  const places = [['/open'], ['/own'], ['/nowhere'], ['/open', 'POST'], ['/stream/status'], ['/stream/ticket', 'POST'], ['/open%00']]

  test('a page of an allowed origin may read every answer, refusals too', async () => {
    for (const origin of [allowed, 'https://APP.example.com', 'capacitor://localhost', 'https://a.tenants.example', 'https://b.a.tenants.example']) {
      for (const [path, method] of places) {
        const headers = await headersFor(path, origin, method)
        assert.equal(headers['access-control-allow-origin'], origin, path)
        assert.equal(headers['access-control-allow-credentials'], 'true', path)
        assert.equal(headers['access-control-expose-headers'], 'Retry-After', path)
        assert.match(headers.vary, /\bOrigin\b/, path)
      }
    }
  })

  test('every answer has its date, RFC 9110 6.6.1', async () => {
    const stream = await daemon.subscribe('/open')
    await stream.close()
    const answers = [stream.current]
    for (const [path, method] of places.slice(1)) answers.push(await ask(path, { method }))
    answers.push(await ask('/open', { headers: { Accept: 'application/json' } }), await ask('/stream/ticket', { method: 'POST', headers: await bearer({ sub: 'ann' }) }))
    for (const { headers } of answers) {
      assert.match(headers.date, /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT$/)
      assert.ok(Math.abs(Date.parse(headers.date) - Date.now()) < 60_000, headers.date)
    }
  })

  test('a page of any other origin may read none, whatever it has in common', async () => {
    for (const origin of others) {
      for (const [path, method] of places) {
        const headers = await headersFor(path, origin, method)
        for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^access-control/, `${path} for ${origin}`)
        assert.match(headers.vary, /\bOrigin\b/, path)
      }
    }
  })

  test('preflight: what may be sent depends on the path', async () => {
    for (const [path, methods] of [['/open', 'GET'], ['/own', 'GET'], ['/stream/status', 'GET, HEAD'], ['/stream/ticket', 'POST']]) {
      const preflight = { Origin: allowed, 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization,last-event-id' }
      const { status, headers, text } = await ask(path, { method: 'OPTIONS', headers: preflight })
      assert.equal(status, 204, path)
      assert.equal(text, '')
      assert.equal(headers['access-control-allow-methods'], methods, path)
      assert.equal(headers['access-control-allow-headers'], 'authorization,last-event-id')
      assert.equal(headers['access-control-allow-origin'], allowed)
      assert.equal(headers.vary, 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
      const refused = await ask(path, { method: 'OPTIONS', headers: { ...preflight, Origin: others[0] } })
      for (const name of Object.keys(refused.headers)) assert.doesNotMatch(name, /^access-control/, path)
    }
  })

  test('preflight: a page of an allowed origin may send the fields that it asks for, as tracers add them to each request', async () => {
    const usual = 'Authorization, Cache-Control, Content-Type, Last-Event-ID'
    const fieldsFor = async (asked, origin = allowed) => (await ask('/own', { method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'GET', ...(asked !== undefined && { 'Access-Control-Request-Headers': asked }) } })).headers['access-control-allow-headers']
    const longest = Array.from({ length: 64 }, (_, n) => `x-${String(n).padStart(13, '0')}`).join()
    for (const asked of ['traceparent,tracestate', 'sentry-trace, baggage', 'x-datadog-trace-id', longest, 'authorization']) assert.equal(await fieldsFor(asked), asked)
    for (const asked of [undefined, '', ',', 'a b', 'a;b', 'a:b', '*/*', 'a,', `${longest},y`, 'x'.repeat(20_000)]) assert.equal(await fieldsFor(asked), usual, asked)
    assert.equal(await fieldsFor('traceparent', 'https://a.tenants.example'), 'traceparent')
    for (const origin of others) assert.equal(await fieldsFor('traceparent', origin), undefined)
  })

  test('preflight where nothing is: the page may ask, and reads that nothing is there', async () => {
    const preflight = { Origin: allowed, 'Access-Control-Request-Method': 'DELETE', 'Access-Control-Request-Headers': 'authorization' }
    const { status, headers, text } = await ask('/nowhere', { method: 'OPTIONS', headers: preflight })
    assert.deepEqual([status, text], [204, ''])
    assert.equal(headers['access-control-allow-origin'], allowed)
    assert.equal(headers['access-control-allow-methods'], 'GET, HEAD, POST, PUT, PATCH, DELETE')
    assert.equal(headers['access-control-allow-headers'], 'authorization')
    const answer = await ask('/nowhere', { method: 'DELETE', headers: { Origin: allowed, ...await bearer({ sub: 'ann' }) } })
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [404, allowed])
    for (const origin of others) {
      const refused = await ask('/nowhere', { method: 'OPTIONS', headers: { ...preflight, Origin: origin } })
      for (const name of Object.keys(refused.headers)) assert.doesNotMatch(name, /^access-control/, origin)
    }
    for (const no of [{ Origin: allowed }, { 'Access-Control-Request-Method': 'GET' }, {}]) {
      const plain = await ask('/nowhere', { method: 'OPTIONS', headers: no })
      assert.deepEqual([plain.status, plain.headers['access-control-allow-methods']], [404, undefined])
    }
  })

  test('every refusal says what it is, and nothing about the program', async () => {
    const staff = await bearer({ sub: 'ann' })
    for (const [status, path, options] of [[400, '/open%00'], [401, '/own'], [403, '/staff', { headers: staff }], [404, '/nowhere'], [405, '/own', { method: 'POST' }],
      [417, '/own', { headers: { Expect: 'tea' } }], [501, '/own', { method: 'SEARCH' }]]) {
      const answer = await ask(path, options)
      assert.equal(answer.status, status, path)
      assert.deepEqual(Object.keys(answer.json), ['success', 'errors'])
      const { headers } = answer
      assert.equal(headers['content-type'], 'application/json')
      assert.equal(headers['content-security-policy'], "default-src 'none'")
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers.server, undefined)
    }
    const { headers } = await ask('/stream/status')
    assert.deepEqual([headers.server, headers['x-content-type-options']], [undefined, 'nosniff'])
  })

  test('401 tells a request with a token from one without', async () => {
    const challenge = async (options) => (await ask('/own', options)).headers['www-authenticate']
    assert.equal(await challenge(), 'Bearer')
    assert.equal(await challenge({ headers: { Authorization: 'Basic YTpi' } }), 'Bearer')
    assert.equal(await challenge({ headers: { Authorization: 'Bearer x' } }), 'Bearer error="invalid_token"')
    assert.equal(await challenge({ headers: { Cookie: 'jwt=x' } }), 'Bearer error="invalid_token"')
  })

  test('405 names the methods that there are', async () => {
    const allow = async (path) => (await ask(path, { method: 'DELETE' })).headers.allow
    assert.equal(await allow('/open'), 'GET, OPTIONS')
    assert.equal(await allow('/stream/status'), 'GET, HEAD, OPTIONS')
    assert.equal(await allow('/stream/ticket'), 'POST, OPTIONS')
  })

  const announce = (length, ...lines) => ['POST /stream/ticket HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${length}`, ...lines, '', ''].join('\r\n')

  test('a body may come in pieces, each of any size', async () => {
    const socket = connect(address)
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    for (const piece of [announce(9).slice(0, 40), announce(9).slice(40), '{"a"', ':', '"b', '"}']) {
      assert.equal(answer, '')
      await new Promise((resolve) => socket.write(piece, resolve))
    }
    await closed
    assert.deepEqual(answers(answer), [401])
  })

  test('who asks whether a body is welcome hears 100, or 413 at once', async () => {
    const good = await exchange(address, announce(2, 'Expect: 100-continue'), { enough: (text) => text.includes('\r\n\r\n') })
    assert.match(good, /^HTTP\/1\.1 100 Continue\r\n\r\n/)
    assert.deepEqual(answers(await exchange(address, announce(65537, 'Expect: 100-continue'))), [413])
    assert.deepEqual(answers(await exchange(address, announce(2, 'Expect: 100-continue').replace('json', 'xml'))), [415])
  })

  test('who still sends when the answer has gone out can read it: no reset takes it away', async () => {
    const send = async () => {
      const socket = connect({ ...address, allowHalfOpen: true })
      let answer = '', failed, ended
      socket.on('error', (error) => (failed = error)).on('end', () => (ended = true)).pause()
      socket.write(announce(1 << 21))
      for (let n = 0; n < 32 && !failed; n++) await new Promise((resolve) => socket.write('x'.repeat(1 << 16), resolve))
      socket.on('data', (chunk) => (answer += chunk)).resume()
      await until(() => ended || failed, { what: 'the end of the answer' })
      socket.destroy()
      return [failed, answers(answer)]
    }
    let seen
    for (let i = 0; i < 5 && seen?.[0] !== undefined || i === 0; i++) seen = await send() // the daemon lingers for 2 s, which may be too short on a busy machine
    assert.deepEqual(seen, [undefined, [413]])
  })

  test('the host in the target is the one that counts, for a page of its own too', async () => {
    const post = (target) => `POST ${target} HTTP/1.1\r\nHost: b\r\nOrigin: http://a\r\nCookie: jwt=x\r\n\r\n`
    assert.deepEqual(answers(await exchange(address, post('/stream/ticket'))), [403])
    assert.deepEqual(answers(await exchange(address, post('http://a/stream/ticket'))), [401])
  })

  test('who goes away in the middle of a body leaves nothing behind but until the deadline', async () => {
    const socket = connect(address)
    socket.write(`${announce(100)}{"a"`)
    await new Promise((resolve) => socket.end(resolve))
    await new Promise((resolve) => socket.on('close', resolve).resume())
    assert.equal((await daemon.status()).status, 200)
  })

  test('a name of any characters comes through in path and query, and a cookie beside any bytes', async () => {
    const name = 'é+😀 \u0301%/&=?#;\\'
    const asked = [`/of?name=${encodeURIComponent(name)}`, `/of?name=${encodeURIComponent(name).replaceAll('%20', '+')}&name=x`, `/of/${encodeURIComponent(name.replace(/[/\\]/g, ''))}`]
    for (const [id, path] of asked.entries()) {
      const stream = await daemon.subscribe(path)
      await stage.cluster.psql(`INSERT INTO notes VALUES (${id}, '${path.startsWith('/of?') ? name : name.replace(/[/\\]/g, '')}')`)
      assert.equal(JSON.parse((await stream.next('notes.insert')).data).row.id, id, path)
      await stream.close()
    }
    const jwt = await token({ sub: 'ann' })
    const answer = await exchange(address, `GET /own HTTP/1.1\r\nHost: a\r\nX-Name: \xc3\xa9\xff\r\nCookie: a=\xc3\xa9\xff; jwt=${jwt}\r\n\r\n`, { enough: isStream })
    assert.deepEqual(answers(answer), [200])
  })

  test('the admin port is as strict', async () => {
    const admin = addressOf(daemon.adminUrl('/'))
    for (const [bytes, status] of [['GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n', 200], ['GET /healthz%00 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
      ['GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 200], ['GET /healthz HTTP/1.1\nHost: a\n\n', 400],
      ['POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n', 405], ['GET http://a/metrics HTTP/1.1\r\nHost: a\r\n\r\n', 200], ['GET /healthz HTTP/1.1\r\nHost: a\r\nCookie: ' + 'a=b;'.repeat(400) + '\r\n\r\n', 200]]) {
      assert.deepEqual(answers(await exchange(admin, bytes + bytes)), [status], bytes)
    }
  })

  /** The faults that `promtool check metrics` would find, and a few more. */
  function lint(text) {
    const types = new Map(), helps = new Set(), faults = [], seen = new Set()
    for (const line of text.trimEnd().split('\n')) {
      const [, keyword, about, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
      if (keyword === 'HELP') helps.add(about)
      else if (keyword === 'TYPE') types.set(about, rest)
      else {
        const [, series, name] = /^(([a-z_]+)(?:\{[^}]*\})?) [0-9.e+]+$/.exec(line) ?? []
        const metric = types.has(name) ? name : name?.replace(/_(bucket|sum|count)$/, '')
        const type = types.get(metric)
        if (!type || !helps.has(metric)) faults.push(`no HELP and TYPE: ${line}`)
        if (seen.has(series)) faults.push(`twice: ${series}`)
        if ((type === 'counter') !== /_total$/.test(metric)) faults.push(`${metric} is a ${type}`)
        if (/milli|micro|nano|minute|hour|kilo|mega|percent/.test(metric) || !/^(pgherald|process)_/.test(metric)) faults.push(`no base unit: ${metric}`)
        seen.add(series)
      }
    }
    return faults
  }

  test('metrics are named and typed as Prometheus asks for', async () => {
    const { text } = await request(daemon.adminUrl('/metrics'))
    assert.deepEqual(lint(text), [])
    assert.ok(text.split('\n').length > 60, text)
    assert.match(text, /^pgherald_build_info\{version="\d+\.\d+\.\d+",libmicrohttpd="\d+\.\d+\.\d+"\} 1$/m)
    assert.deepEqual(lint('# HELP pgherald_x_ms X\n# TYPE pgherald_x_ms counter\npgherald_x_ms 1\n'), ['pgherald_x_ms is a counter'])
  })

  test('metrics say what the process uses, as /proc does', async () => {
    const { text } = await request(daemon.adminUrl('/metrics'))
    const use = (name) => Number(new RegExp(`^process_${name} ([\\d.]+)$`, 'm').exec(text)?.[1])
    const near = (name, wanted, within) => assert.ok(Math.abs(use(name) - wanted) <= within, `${name}: ${use(name)}, not ${wanted}`)
    if (process.getuid() === 0) near('open_fds', readdirSync(`/proc/${daemon.pid}/fd`).length, 5) // it shows them to root only
    else assert.ok(use('open_fds') > 5 && use('open_fds') < 500, `open_fds: ${use('open_fds')}`)
    near('max_fds', Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/limits`, 'utf8'))[1]), 0)
    near('resident_memory_bytes', daemon.rssBytes(), 8 << 20)
    near('cpu_seconds_total', daemon.cpuMs() / 1000, 1)
    near('start_time_seconds', Date.now() / 1000 - Number(/^pgherald_uptime_seconds (.+)$/m.exec(text)[1]), 2)
    assert.ok(use('virtual_memory_bytes') > use('resident_memory_bytes'))
  })

  const metric = async (reason) => {
    const { text } = await request(daemon.adminUrl('/metrics'))
    return Number(new RegExp(`^pgherald_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1])
  }

  test('refusals are counted by reason', async () => {
    const forbidden = { headers: await bearer({ sub: 'ann' }) }
    for (const [reason, path, options] of [['framing', '/open%00'], ['path', '/nowhere'], ['path', '/own', { method: 'PUT' }], ['token', '/own'], ['forbidden', '/staff', forbidden]]) {
      const former = await metric(reason)
      await ask(path, options)
      assert.equal(await metric(reason), former + 1, `${reason} ${path}`)
    }
    assert.equal(await metric('full'), 0)
  })

  test('a page of an origin that is not allowed is counted, and one line a minute says what to set', async () => {
    const counted = async () => Number(/^pgherald_origins_refused_total (\d+)$/m.exec((await request(daemon.adminUrl('/metrics'))).text)[1])
    const [origin, own] = ['http://localhost:5173', { Origin: `http://127.0.0.1:${daemon.port}` }], before = await counted()
    for (let n = 0; n < 5; n++) await headersFor('/open', origin)
    await ask('/own', { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'GET' } })
    assert.equal(await counted(), before + 6)
    await daemon.said(new RegExp(`a page of '${origin}' asks for '/open' and may not read the answer: if it may, name that origin in allowed-origins`))
    for (const headers of [own, { Origin: allowed }, { Origin: '' }, {}, { Origin: 'https://proxied.example', 'Sec-Fetch-Site': 'same-origin' }]) await ask('/stream/status', { headers })
    assert.equal(await counted(), before + 6, 'none of these is a stranger')
    for (let n = 0; n < 100; n++) await ask('/stream/status', { headers: { Origin: `https://${n}.example` } })
    assert.equal(await counted(), before + 106)
    await daemon.said(/pages of more than 32 other origins/)
    const lines = daemon.logs().split('\n').filter((line) => / other origins |may not read the answer/.test(line))
    assert.equal(lines.filter((line) => line.includes(origin)).length, 1)
    assert.ok(lines.length <= 33, `${lines.length} lines`)
  })

  test('of a flood of bad tokens the log has ten lines a second and the number of the others', async (t) => {
    const told = () => daemon.logs().split('\n').filter((line) => /refused: (?!\d+ more)/.test(line)).length
    const others = () => [...daemon.logs().matchAll(/refused: (\d+) more requests/g)].reduce((sum, [, number]) => sum + Number(number), 0)
    const refused = async () => (await metric('token')) + (await metric('forbidden'))
    const whole = async () => told() + others() === (await refused())
    const refuse300 = async () => {
      await until(whole, { what: 'all that was refused so far to be in the log' })
      const [before, began] = [told(), performance.now()]
      for (let n = 0; n < 300; n++) await ask('/own', { headers: { Authorization: 'Bearer x' } })
      await until(whole, { what: 'all that was refused to be in the log' })
      return { lines: told() - before, seconds: Math.ceil((performance.now() - began) / 1000) + 1 }
    }
    const shown = ({ lines, seconds }) => `${lines} lines in ${seconds} s`
    const flood = await measured(t, refuse300, ({ seconds }) => seconds < 20, { shown }) // if it takes longer, no line was left out
    assert.ok(flood.lines <= 10 * flood.seconds && flood.seconds < 20, shown(flood))
  })
})
