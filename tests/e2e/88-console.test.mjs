// The console at the admin address: what its JSON says, who may see it, and the page in a browser.
import assert from 'node:assert/strict'
import { execFile as callback } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { openBrowser } from '../lib/browser.mjs'
import { missing, program, run } from '../lib/daemon.mjs'
import { childrenOf, freePort, removeDirectory, start, temporaryDirectory } from '../lib/process.mjs'
import { shoot } from '../lib/shots.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const execFile = promisify(callback)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const tables = `CREATE TABLE orders (id int PRIMARY KEY, user_id text, note text); GRANT SELECT ON orders TO PUBLIC;
  SELECT herald.watch('orders', audience => '{user_id}');
  SELECT herald.stream('/my/orders', '{orders}', match => '{"user_id": "claims.sub"}');
  SELECT herald.stream('/staff', '{orders}', require => '{"role": ["service", "admin"]}');
  SELECT herald.stream('/wrong', '{orders}', match => '{"user_id": "claims.name"}');
  INSERT INTO orders VALUES (1, '7', 'a secret note')`

describe('the console', { skip: missing(), timeout: 180_000 }, () => {
  let stage, seven, browser
  before(async () => {
    stage = await openStage({ prepare: (cluster) => cluster.psql(tables) })
    seven = await stage.daemon.subscribe('/my/orders', { token: await token({ sub: '7' }) })
  })
  after(async () => {
    await browser?.close()
    await seven?.close()
    await stage?.close()
  })

  const url = (path) => stage.daemon.adminUrl(path)
  const json = async (path, options) => {
    const answer = await request(url(path), options)
    return { ...answer, json: JSON.parse(answer.text) }
  }
  const post = (path, body, headers = {}) =>
    json(path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } })
  /** Writes, and returns the id of the event that the subscriber got. */
  const change = async (note) => {
    const seen = seven.events.length
    await stage.cluster.psql(`UPDATE orders SET note = '${note}' WHERE id = 1`)
    await until(() => seven.events.length > seen, { what: 'the event' })
    return seven.events.at(-1).id
  }

  test('its JSON has health, streams with what goes through them, and connections without a token', async () => {
    const id = await change('b')
    const status = await json('/api/status')
    assert.equal(status.headers['content-type'], 'application/json')
    assert.deepEqual([status.json.now.status, status.json.now.streams, status.json.workers, status.json.unready], ['ok', 1, 1, null])
    assert.equal(status.json.now.head, id)
    const { streams } = (await json('/api/streams')).json
    const mine = streams.find(({ path }) => path === '/my/orders')
    assert.deepEqual([mine.topics, mine.match, mine.require, mine.connections, mine.events], [['orders'], { user_id: 'claims.sub' }, {}, 1, 1])
    assert.deepEqual(streams.find(({ path }) => path === '/staff').require, { role: ['service', 'admin'] })
    assert.ok(mine.bytes > 100)
    const all = await json('/api/connections')
    assert.equal(all.json.open, 1)
    const [one] = all.json.connections
    assert.deepEqual([one.user, one.path, one.phase, one.at, one.behind, one.unsent], ['7', '/my/orders', 'live', id, 0, 0])
    assert.ok(!all.text.includes('eyJ'))
  })

  test('live events have no values until they are asked for, and none before somebody looks', async () => {
    const first = (await json('/api/events?topic=orders')).json
    assert.deepEqual(first, { topic: 'orders', masked: true, last: 0, events: [] })
    const id = await change('nobody may read this')
    const { json: masked, text } = await json('/api/events?topic=orders')
    assert.equal(masked.events.length, 1)
    const [event] = masked.events
    assert.deepEqual([event.id, event.event, event.audience, event.keys], [id, 'orders.update', ['user_id=•'], 1])
    assert.deepEqual(event.data.row, { id: '•', user_id: '•', note: '•' })
    assert.ok(!text.includes('nobody may read'))
    const shown = (await json('/api/events?topic=orders&data=shown')).json
    assert.deepEqual([shown.events[0].audience, shown.events[0].data.row.note], [['user_id=7'], 'nobody may read this'])
    assert.deepEqual((await json('/api/events?topic=orders&after=1')).json.events, [])
    await stage.cluster.psql(`UPDATE orders SET note = repeat('x', 10000) WHERE id = 1`)
    await until(async () => (await json('/api/events?topic=orders&after=1')).json.events[0]?.data === null, { what: 'a long event without its data' })
    assert.equal((await json('/api/events')).status, 400)
  })

  test('explain and doctor say what the commands say', async () => {
    const id = await change('c')
    const claims = { sub: '7' }
    const got = await post('/api/explain', { stream: '/my/orders', change: id, claims })
    const said = JSON.parse((await run(['explain', '--json', '--database-url', stage.cluster.url(), '--jwt-secret-file', stage.daemon.secretFile, '--stream', '/my/orders', '--change', id, '--claims', JSON.stringify(claims)])).stdout)
    assert.equal(got.json.verdict, 'gets')
    assert.deepEqual(got.json, said)
    const not = await post('/api/explain', { stream: '/wrong', change: id, claims: '{"sub": "7"}' })
    assert.equal(not.json.verdict, 'does not get')
    assert.match(not.json.reason, /claims\.name/)
    assert.match((await post('/api/explain', { row: 'orders:1' })).text, /orders\.update/)
    const doctor = await post('/api/doctor', {})
    assert.ok(doctor.json.checks.length > 10)
    assert.equal(doctor.json.checks.find(({ check }) => check === 'configuration').outcome, 'ok')
    assert.equal((await post('/api/explain', { stream: 'x' })).status, 400)
    assert.match((await post('/api/explain', { stream: 'x' })).json.errors[0], /explain needs --stream with a path/)
    assert.match((await post('/api/explain', [])).json.errors[0], /The body is not an object/)
    await until(() => childrenOf(stage.daemon.pid).length === 0, { what: 'the end of all commands' })
  })

  test('one command runs at a time, and ends with its client', async () => {
    const leaver = new AbortController()
    const held = await stage.cluster.client()
    await held.query('BEGIN; LOCK herald.streams')
    try {
      const asked = fetch(url('/api/explain'), { method: 'POST', signal: leaver.signal, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ stream: '/my/orders', change: '1-1', claims: {} }) }).catch(() => {})
      await until(() => childrenOf(stage.daemon.pid).length === 1, { what: 'the command' })
      const second = await post('/api/doctor', {})
      assert.equal(second.status, 503)
      assert.match(second.json.errors[0], /A command of the console is running/)
      leaver.abort()
      await asked
      await until(() => childrenOf(stage.daemon.pid).length === 0, { what: 'its end' })
    } finally {
      await held.query('ROLLBACK')
    }
    await held.end()
  })

  test('only reading: other methods, other pages and rebound names are refused', async () => {
    assert.equal((await json('/api/status', { method: 'POST' })).status, 405)
    assert.equal((await json('/api/doctor')).status, 405)
    assert.equal((await json('/nothing')).status, 404)
    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }]) {
      assert.equal((await json('/api/connections', { headers })).status, 403)
    }
    const rebound = await json('/api/status', { headers: { Host: `evil.example:${stage.daemon.adminPort}` } })
    assert.equal(rebound.status, 403)
    assert.match(rebound.json.errors[0], /by a loopback address/)
    for (const host of ['[::1].evil.example', '[::1]evil', 'localhost.evil.example']) assert.equal((await json('/api/status', { headers: { Host: host } })).status, 403, host)
    const socket = join(temporaryDirectory('socket'), 'admin')
    const both = await stage.addDaemon({ flags: ['--admin-listen', `unix:${socket},127.0.0.1:${await freePort()}`] })
    const port = both.flags.at(-1).split(':').at(-1)
    assert.equal((await request(`http://127.0.0.1:${port}/api/status`, { headers: { Host: 'evil.example' } })).status, 403)
    const { stdout } = await execFile('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--unix-socket', socket, 'http://anything/api/status'])
    assert.equal(stdout, '200')
    for (const host of ['localhost:1', '127.9.9.9', '[::1]:8001']) assert.equal((await json('/api/status', { headers: { Host: host } })).status, 200, host)
    const page = await request(url('/'))
    assert.match(page.headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/)
    assert.equal(page.headers['access-control-allow-origin'], undefined)
  })

  test('the page shows it all: a wrong match is found with it', async () => {
    browser = await openBrowser()
    const page = await browser.page(url('/'))
    const faults = []
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    page.on('pageerror', (error) => faults.push(error.message))
    const sees = (selector, pattern) => until(async () => pattern.test(await page.textContent(selector)), { what: `${pattern} in ${selector}` })
    await sees('#word', /^ok$/)
    await sees('#streams-rows', /\/my\/ordersordersuser_id is claims\.sub1/)
    await sees('#streams-rows', /\/staffordersrole: service, admin0/)
    await sees('#connections-rows', /7\/my\/orderslive/)
    await page.fill('#live input[name=topic]', 'orders')
    await page.click('#live button')
    await sees('#live-state', /Looking at orders/)
    const id = await change('d')
    await sees('#live-events', new RegExp(`${id} orders\\.update to user_id=•`))
    await page.fill('#explain input[name=stream]', '/wrong')
    await page.fill('#explain input[name=change]', id)
    await page.fill('#explain input[name=claims]', '{"sub": "7"}')
    await page.click('#explain button')
    await sees('#explain-report', /does not get: .*claims\.name/)
    await page.click('#doctor button')
    await until(async () => (await page.locator('#doctor-report dt').count()) > 10, { what: 'the report of doctor' })
    await until(async () => (await page.locator('#cards polyline').first().getAttribute('points'))?.includes(' '), { what: 'a line of two samples' })
    await page.fill('#filter', 'nobody like this')
    await sees('#connections-empty', /No connection fits/)
    for (const scheme of ['light', 'dark']) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme: scheme })
        await page.setViewportSize({ width, height: 800 })
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
        assert.ok(!wide, `no sideways scrolling at ${width} px`)
        // The policy of the page allows no script but its own, so axe comes by the debugger.
        const found = await page.evaluate(`${axe}; axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })`)
        assert.deepEqual(found.violations.map(({ id: rule, nodes }) => [rule, nodes.map(({ html }) => html)]), [], `${scheme}, ${width} px`)
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.fill('#filter', '')
    await sees('#connections-rows', /live/)
    await page.locator('#filter').blur()
    await page.evaluate(() => scrollTo(0, 0))
    await shoot(page, 'console')
    await stage.daemon.kill9()
    await sees('#word', /no answer/)
    await stage.daemon.start()
    await sees('#word', /^ok$/)
    await page.close()
    assert.deepEqual(faults.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(text)), [])
  })

  /** SIGHUP moves no socket. So it must not make the guard believe that the console is on the loopback. */
  async function staysWhereItListens(secret, directory) {
    const conf = join(directory, 'pgherald.conf'), port = await freePort()
    writeFileSync(conf, `admin-listen = 0.0.0.0:${port}\nretry = 2s\n`)
    const child = start(program, ['serve', '--database-url', stage.cluster.url(), '--listen', `127.0.0.1:${await freePort()}`, '--jwt-secret-file', secret, '--config', conf], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk) => (said += chunk))
    const status = async () => (await request(`http://127.0.0.1:${port}/`)).status
    await until(async () => (await status()) === 403, { what: 'the refusal' })
    writeFileSync(conf, 'admin-listen = 127.0.0.1:1\nretry = 3s\n')
    child.kill('SIGHUP')
    await until(() => /retry is/.test(said), { what: `the reload: ${said}` })
    assert.equal(await status(), 403)
    child.kill('SIGTERM')
    await child.exited
  }

  test('with a token, and away from this machine', async () => {
    const directory = temporaryDirectory('console')
    const file = join(directory, 'token')
    writeFileSync(file, 'the-token-of-operators\n', { mode: 0o600 })
    const flags = ['--admin-token-file', file]
    const guarded = await stage.addDaemon({ flags })
    const ask = async (headers) => (await request(guarded.adminUrl('/api/status'), { headers })).status
    const basic = (secret) => ({ Authorization: `Basic ${Buffer.from(`anybody:${secret}`).toString('base64')}` })
    const without = await request(guarded.adminUrl('/'))
    assert.equal(without.status, 401)
    assert.match(without.headers['www-authenticate'], /^Basic realm="pgherald"/)
    assert.equal(await ask({ Authorization: 'Bearer the-token-of-operators' }), 200)
    assert.equal(await ask(basic('the-token-of-operators')), 200)
    for (const wrong of ['the-token-of-operator', 'the-token-of-operators2', '', 'THE-TOKEN-OF-OPERATORS']) {
      assert.equal(await ask({ Authorization: `Bearer ${wrong}` }), 401)
      assert.equal(await ask(basic(wrong)), 401)
    }
    assert.equal(await ask({ Authorization: 'Basic !!!' }), 401)
    assert.equal((await request(guarded.adminUrl('/metrics'))).status, 200, 'which Prometheus reads')
    const far = await stage.addDaemon({ flags: ['--admin-listen', `0.0.0.0:${guarded.adminPort + 1}`] })
    const away = await request(`http://127.0.0.1:${guarded.adminPort + 1}/`)
    assert.deepEqual([away.status, /this machine alone unless admin-token-file/.test(away.text)], [403, true])
    await staysWhereItListens(guarded.secretFile, directory)
    const off = await stage.addDaemon({ flags: ['--console', 'off'] })
    assert.equal((await request(off.adminUrl('/'))).status, 404)
    assert.equal((await request(off.adminUrl('/healthz'))).status, 200)
    assert.ok(far.pid > 0)
    writeFileSync(file, 'short\n')
    const refused = await run(['config', 'check', '--database-url', stage.cluster.url(), '--jwt-secret-file', guarded.secretFile, ...flags])
    assert.deepEqual([refused.code, /admin-token-file '.*' has 5 bytes, not 16 to 512/.test(refused.stderr)], [3, true])
    writeFileSync(file, 'the-token-of-operators\n')
    chmodSync(file, 0o644)
    const exposed = await run(['config', 'check', '--database-url', stage.cluster.url(), '--jwt-secret-file', guarded.secretFile, ...flags])
    assert.deepEqual([exposed.code, /admin-token-file '.*': everybody can read or write this file: chmod 600 it/.test(exposed.stderr)], [3, true])
    const word = await run(['config', 'check', '--database-url', stage.cluster.url(), '--jwt-secret-file', guarded.secretFile, '--console', 'maybe'])
    assert.match(word.stderr, /console is 'maybe', not on or off/)
    removeDirectory(directory)
  })
})
