// What README and documents have a reader type, typed as it stands there. The shell gets a PATH
// with the program, and DATABASE_URL.
// run: release
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBrowser, servePage } from '../lib/browser.mjs'
import { missing, program, repository } from '../lib/daemon.mjs'
import { Parser } from '../lib/parser.mjs'
import * as processes from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const read = (path) => readFileSync(join(repository, path), 'utf8')
const readme = read('README.md')
const gettingStarted = read('contrib/doc/getting-started.md')

/**
 * The first block after these words of a document. It is one of ```sql, or of lines with four
 * blanks.
 */
function block(text, words, pattern) {
  const at = text.indexOf(words)
  assert.ok(at > 0, `the document says '${words}'`)
  return pattern.exec(text.slice(at))[1]
}

/**
 * The commands of a section, each as text for a shell. They are in its blocks of lines with four
 * blanks.
 */
function commands(text, title) {
  const section = text.split(`\n## ${title}\n`)[1].split(/\n## /)[0].replace(/^```[^]*?^```/gm, '')
  return [...section.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map(([lines]) => lines.replace(/^ {4}/gm, '').trim())
}

describe('a reader of the README and of the documents', { skip: missing() }, () => {
  let stage, bin, env
  before(async () => {
    const prepare = (cluster) => cluster.psql(`CREATE TABLE public.orders (id serial PRIMARY KEY, user_id int, status text);
      INSERT INTO orders (user_id, status) VALUES (7, 'new'), (8, 'new'); CREATE SCHEMA app; CREATE TABLE app.members (user_id text, club text, active boolean)`)
    stage = await openStage({ prepare })
    bin = mkdtempSync(join(tmpdir(), 'pgherald-readme-'))
    symlinkSync(program, join(bin, 'pgherald'))
    env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, DATABASE_URL: stage.cluster.url(), PGHERALD_JWT_SECRET_FILE: stage.daemon.secretFile }
  })
  after(async () => {
    await stage?.close()
    if (bin) rmSync(bin, { recursive: true })
  })

  const shell = (command, more = {}) => processes.start('bash', ['-c', command], { env: { ...env, ...more }, cwd: bin, stdio: ['ignore', 'pipe', 'pipe'] })
  const here = (command) => command.replace('http://127.0.0.1:8000', stage.daemon.url('').replace(/\/$/, ''))

  test('the first five minutes end with a change at the terminal', async () => {
    const [begin, listen, change] = commands(readme, 'Five minutes to your own table')
    const [install, url, ...rest] = begin.split('\n')
    assert.match(install, /^make deps && make && sudo make install$/) // the program is in the PATH
    assert.match(url, /^export DATABASE_URL=postgresql:/)
    assert.equal(rest.at(-1), 'pgherald serve')
    const ports = { PGHERALD_LISTEN: `127.0.0.1:${await processes.freePort()}`, PGHERALD_ADMIN_LISTEN: `127.0.0.1:${await processes.freePort()}` }
    const daemon = shell(['set -e', ...rest.slice(0, -1), 'exec pgherald serve'].join('\n'), ports)
    let tail
    try {
      const asks = () => fetch(`http://${ports.PGHERALD_LISTEN}/my/orders`).then(({ status }) => status, () => 0)
      await until(async () => (await asks()) === 401, { timeout: 30_000, what: 'the stream' })
      tail = shell(listen, { ...ports, PGHERALD_JWT_SECRET_FILE: join(bin, 'jwt.secret') })
      let said = ''
      tail.stdout.on('data', (chunk) => (said += chunk))
      const open = async () => (await (await fetch(`http://${ports.PGHERALD_LISTEN}/stream/status`)).json()).streams
      await until(async () => (await open()) === 1, { timeout: 30_000, what: 'the subscriber' })
      assert.equal((await shell(change).exited).code, 0)
      await until(() => /orders\.update.*"paid"/.test(said), { timeout: 30_000, what: `the change at the terminal: ${said}` })
    } finally {
      for (const child of [tail, daemon]) child?.kill('SIGTERM')
      for (const child of [tail, daemon]) await child?.exited
    }
  })

  /**
   * Types the commands of a block, and returns what the stream says. The first command stays, and
   * the others follow after it has begun.
   */
  async function listenAnd(listen, change, wanted) {
    const curl = shell(`exec ${here(listen)}`)
    const frames = []
    const parser = new Parser({ onFrame: (frame) => frames.push(frame) })
    curl.stdout.on('data', (chunk) => parser.push(chunk))
    try {
      await until(() => frames.length > 0, { timeout: 30_000, what: 'connected' })
      const psql = shell(change)
      assert.equal((await psql.exited).code, 0)
      await until(() => frames.some(wanted), { timeout: 30_000, what: 'the event' })
    } finally {
      curl.kill('SIGTERM')
      await curl.exited
    }
  }

  test('another table joins while the daemon runs, and its first event arrives', async (t) => {
    const words = 'You can add a table while the daemon runs'
    const began = Date.now()
    await stage.cluster.psql(block(gettingStarted, words, /```sql\n([^`]+)```/))
    await until(async () => (await fetch(stage.daemon.url('/my/deliveries'))).status === 401, { timeout: 30_000, what: 'the new stream' }) // a reader types more slowly
    const [, listen, change] = /^(curl .+)\n(psql [^]+)$/.exec(commands(gettingStarted, 'Another table')[0])
    await listenAnd(listen, change, ({ event, data }) => event === 'delivery_moved' && JSON.parse(data).state === 'on its way')
    t.diagnostic(`from CREATE TABLE to the event: ${Date.now() - began} ms`)
  })

  test('the change is in the log, where troubleshooting looks first', async () => {
    const [, look] = /`(SELECT id, topic[^`]+)`/.exec(read('contrib/doc/troubleshooting.md'))
    assert.match(await stage.cluster.psql(look), /^\d+\|deliveries\|delivery_moved\|\{user_id=7\}$/m)
  })

  test('a watch keeps a column to itself, and all that is not said', async () => {
    assert.equal((await shell(commands(gettingStarted, 'Changing a watch')[0]).exited).code, 0)
    assert.equal(await stage.cluster.psql("SELECT audience, exclude FROM herald.watches WHERE topic = 'deliveries'"), '{user_id}|{note}')
  })

  test('members see their own orders, managers those of their tenant', async () => {
    const [, recipe] = /^## Tenants\n[^]*?```sql\n([^]+?)^```/m.exec(read('contrib/doc/access.md'))
    await stage.cluster.psql(`ALTER TABLE orders ADD tenant_id text; ${recipe}`)
    const people = { member: { sub: '7', tenant: 'acme', role: 'member' }, manager: { sub: '9', tenant: 'acme', role: 'manager' }, namesake: { sub: '7', tenant: 'other', role: 'manager' } }
    const tokens = {}
    for (const [name, claims] of Object.entries(people)) tokens[name] = await token(claims)
    const ask = (path, name) => fetch(stage.daemon.url(path), { headers: { Authorization: `Bearer ${tokens[name]}`, Accept: 'application/json' } }).then(({ status }) => status)
    await until(async () => (await ask('/team/orders', 'manager')) === 200 && (await ask('/my/orders', 'member')) === 200, { timeout: 30_000, what: 'the streams' })
    assert.equal(await ask('/team/orders', 'member'), 403)
    const places = [['/my/orders', 'member'], ['/team/orders', 'manager'], ['/my/orders', 'namesake'], ['/team/orders', 'namesake']]
    const streams = await Promise.all(places.map(([path, name]) => stage.daemon.subscribe(path, { token: tokens[name], name })))
    const orders = [['acme', 8], ['other', 8], ['acme', 7], ['other', 7]] // everybody sees one of the last two
    for (const [tenant, user] of orders) await stage.cluster.psql(`INSERT INTO orders (tenant_id, user_id) VALUES ('${tenant}', ${user})`)
    const seen = (stream) => stream.frames.filter(({ event }) => event === 'orders.insert').map(({ data }) => JSON.parse(data).row).map((row) => `${row.tenant_id} ${row.user_id}`)
    const wanted = [['acme 7'], ['acme 8', 'acme 7'], ['other 7'], ['other 8', 'other 7']]
    await Promise.all(streams.map((stream, at) => stream.when(() => seen(stream).includes(wanted[at].at(-1)))))
    for (const stream of streams) await stream.close()
    assert.deepEqual(streams.map(seen), wanted)
  })

  test('the SQL of the documents is SQL, and their requests are answered', async () => {
    await stage.cluster.psql("SELECT herald.watch('public.orders', audience => '{user_id}')")
    for (const name of ['getting-started', 'snapshot', 'actions', 'access', 'sealed']) {
      const blocks = [...read(`contrib/doc/${name}.md`).matchAll(/^```sql\n([^]+?)^```/gm)].map(([, sql]) => sql)
      assert.ok(blocks.length > 0, name)
      for (const sql of blocks) if (!sql.includes('TABLE public.deliveries')) await stage.cluster.psql(sql) // which was typed above
    }
    const TOKEN = await token({ sub: '7', role: 'customer', tenant: 'acme' })
    const typed = async (command) => {
      const child = shell(`exec ${here(command).replace('curl', 'curl -s')}`, { TOKEN })
      let said = ''
      child.stdout.on('data', (chunk) => (said += chunk))
      await child.exited
      return said
    }
    const answer = async (command) => JSON.parse(await typed(command))
    const [pay] = /curl -X POST .+/.exec(read('contrib/doc/actions.md'))
    await until(async () => (await answer(pay)).id === 1, { timeout: 30_000, what: 'the answer of the action' })
    assert.deepEqual(await answer(pay.replace('/1/', '/2/')), { success: false, errors: ['Order not found'] })
    const [ask] = /curl -X POST .+ticket/.exec(read('contrib/doc/access.md'))
    assert.equal((await answer(ask)).expires_in, 30)
    const [begin] = /curl -i -X POST .+session/.exec(read('contrib/doc/access.md'))
    assert.match(await typed(begin), /^HTTP\/1\.1 204 No Content\r\n(.+\r\n)*Set-Cookie: jwt=[^;]+; Path=\/; Max-Age=35\d\d; HttpOnly; SameSite=Lax\r\n/)
    const [now, later] = /^ {4}curl [^]+wait=30'$/m.exec(read('contrib/doc/protocol.md'))[0].split(/\n(?= {4}curl)/)
    assert.match((await answer(now)).cursor, /^\d+-\d+$/)
    assert.ok('reset' in (await answer(later.replace('wait=30', 'wait=0'))))
  })
})

// The README's two ways to open a stream in a page. A snippet that a reader copies must survive a
// restart of the daemon.
describe('a page of the README', { skip: missing(), timeout: 300_000 }, () => {
  let stage, browser, packages
  before(async () => {
    const prepare = (cluster) => cluster.psql(`CREATE TABLE public.orders (id serial PRIMARY KEY, user_id int, note int); INSERT INTO orders (user_id) VALUES (7);
      SELECT herald.watch('orders', audience => '{user_id}'); SELECT herald.stream('/my/orders', '{orders}', match => '{"user_id": "claims.sub"}')`)
    packages = await servePage(join(repository, 'contrib/client/dist'))
    stage = await openStage({ prepare, daemon: { flags: ['--allowed-origins', packages.origin] } })
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await packages?.close()
    await stage?.close()
  })

  const update = (note) => stage.cluster.psql(`UPDATE orders SET note = ${note}`)
  const shows = (page, note) => until(() => page.evaluate((wanted) => window.shown.includes(wanted), note), { what: `note ${note} in the page` })

  let notes = 0
  /**
   * The snippet's page, before and after a restart of the daemon. begin: opens the page and runs
   * the snippet.
   */
  async function outlivesARestart(begin) {
    const page = await begin()
    await until(async () => (await stage.daemon.status()).json.streams === 1, { what: 'the stream' })
    const [before, meanwhile, after] = [++notes, ++notes, ++notes]
    await update(before)
    await shows(page, before)
    assert.equal(await stage.daemon.stop(), 0)
    await update(meanwhile)
    await stage.daemon.start()
    await update(after)
    await shows(page, after)
    assert.deepEqual(await page.evaluate(() => window.shown), [before, meanwhile, after])
    await page.context().close()
    await until(async () => (await stage.daemon.status()).json.streams === 0, { what: 'the end of the stream' })
  }

  const listening = () => {
    window.shown = []
    window.reload = () => window.shown.push('reload')
    console.log = (...what) => what.at(-1).row && window.shown.push(what.at(-1).row.note) // the package tells of `connected` too
  }

  const signedIn = async (page) => page.evaluate((text) => (window.session = { token: () => text }), await token({ sub: '7' }))

  test('with a session goes on after a restart', () => outlivesARestart(async () => {
    const page = await (await browser.context()).newPage()
    await page.goto(stage.daemon.url('/stream/status')) // any page of this host
    await page.evaluate(listening)
    await signedIn(page)
    await page.addScriptTag({ type: 'module', content: block(readme, 'shows the token once', /```js\n([^]+?)^```/m) })
    return page
  }))

  test('with the package goes on after a restart', () => outlivesARestart(async () => {
    const page = await (await browser.context()).newPage()
    await page.goto(packages.origin)
    await page.evaluate(listening)
    await page.evaluate((text) => (window.session = { token: (renew) => (renew === false ? text : 'another one') }), await token({ sub: '7' }))
    const snippet = block(readme, 'The [client package]', /```js\n([^`]+)```/)
    await page.addScriptTag({ type: 'module', content: snippet.replace('@pgherald/client', '/index.js').replace("'/my/orders'", `'${stage.daemon.url('/my/orders')}'`) })
    return page
  }))
})
