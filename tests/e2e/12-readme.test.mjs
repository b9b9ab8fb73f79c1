// What the README has a reader type, typed as it stands there. The shell gets a PATH with the program, and DATABASE_URL.
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

const readme = readFileSync(join(repository, 'README.md'), 'utf8')

/** The first block behind these words: of ```sql, or of lines with four blanks. */
function block(words, pattern) {
  const at = readme.indexOf(words)
  assert.ok(at > 0, `the README says '${words}'`)
  return pattern.exec(readme.slice(at))[1]
}

describe('a reader of the README', { skip: missing() }, () => {
  let stage, bin, env
  before(async () => {
    stage = await openStage({ prepare: (cluster) => cluster.psql('CREATE TABLE public.orders (id serial PRIMARY KEY, user_id int, total int, status text)') })
    bin = mkdtempSync(join(tmpdir(), 'pgherald-readme-'))
    symlinkSync(program, join(bin, 'pgherald'))
    env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, DATABASE_URL: stage.cluster.url(), PGHERALD_JWT_SECRET_FILE: stage.daemon.secretFile }
  })
  after(async () => {
    await stage?.close()
    if (bin) rmSync(bin, { recursive: true })
  })

  const shell = (command) => processes.start('bash', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'] })

  /** The block's commands: the first one stays, the others follow when it has begun; what the stream says. */
  async function listenAnd(listen, change, wanted) {
    const curl = shell(`exec ${listen.replace('http://127.0.0.1:8000', stage.daemon.url('').replace(/\/$/, ''))}`)
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
    const words = 'Another table joins while the daemon runs'
    const began = Date.now()
    await stage.cluster.psql(block(words, /```sql\n([^`]+)```/))
    await until(async () => (await fetch(stage.daemon.url('/my/deliveries'))).status === 401, { timeout: 30_000, what: 'the new stream' }) // a reader types slower
    const [listen, change] = block(words, /```\n\n((?: {4}.+\n)+)/).split('\n').map((line) => line.trim())
    await listenAnd(listen, change, ({ event, data }) => event === 'delivery_moved' && JSON.parse(data).state === 'on its way')
    t.diagnostic(`from CREATE TABLE to the event: ${Date.now() - began} ms`)
  })
})

// The README's two ways to open a stream in a page. What a page shows first must not be what the next restart ends.
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
  /** The snippet's page, before and after a restart of the daemon. begin: opens it and runs the snippet. */
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

  test('with the cookie goes on after a restart', () => outlivesARestart(async () => {
    const context = await browser.context()
    await context.addCookies([{ name: 'jwt', value: await token({ sub: '7' }), url: stage.daemon.url('/'), httpOnly: true }])
    const page = await context.newPage()
    await page.goto(stage.daemon.url('/stream/status')) // any page of this host
    await page.evaluate(listening)
    await page.addScriptTag({ content: block("into the cookie `jwt`", /```js\n([^`]+)```/) })
    return page
  }))

  test('with the package goes on after a restart', () => outlivesARestart(async () => {
    const page = await (await browser.context()).newPage()
    await page.goto(packages.origin)
    await page.evaluate(listening)
    await page.evaluate((text) => (window.session = { token: () => text }), await token({ sub: '7' }))
    const snippet = block('takes the package', /```js\n([^`]+)```/)
    await page.addScriptTag({ type: 'module', content: snippet.replace('@pgherald/client', '/index.js').replace("'/my/orders'", `'${stage.daemon.url('/my/orders')}'`) })
    return page
  }))
})
