// Sessions in Chromium: what it keeps of the cookie, which pages it lets ask, and what a plain
// EventSource gets of it.
// run: browser
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBrowser, servePage } from '../lib/browser.mjs'
import { missing, repository } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('a session in a browser', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemon, browser, other
  before(async () => {
    other = await servePage(join(repository, 'contrib/client/dist'))
    stage = await openStage({
      daemon: { flags: ['--allowed-origins', other.origin, '--retry', '100ms', '--jwt-leeway', '0s'] },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');`),
    })
    daemon = stage.daemon
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await other?.close()
    await stage?.close()
  })

  async function openPage(url = daemon.url('/stream/status')) {
    const page = await (await browser.context()).newPage()
    await page.goto(url)
    return page
  }

  /** What the page's fetch gets: [status, text], or the error's name. */
  const session = (page, method, jwt) => page.evaluate(async ([url, method, jwt]) => {
    const headers = jwt ? { Authorization: `Bearer ${jwt}` } : {}
    return fetch(url, { method, headers, credentials: 'include' }).then(async (answer) => [answer.status, await answer.text()], ({ name }) => name)
  }, [daemon.url('/stream/session'), method, jwt])

  /** Opens an EventSource whose row ids gather in the page's `got`. */
  const listen = (page) => page.evaluate(() => {
    window.got = []
    window.source = new EventSource('/own')
    source.addEventListener('notes.insert', ({ data }) => got.push(JSON.parse(data).row.id))
  })
  const state = (page, wanted) => until(() => page.evaluate((wanted) => source.readyState === wanted, wanted), { what: `state ${wanted} of the EventSource` })
  const got = (page, wanted) => until(async () => (await page.evaluate(() => got)).join() === wanted.join(), { what: `rows ${wanted}` })

  let id = 0
  async function write() {
    await stage.cluster.psql(`INSERT INTO notes VALUES (${++id}, 'ann')`)
    return id
  }

  test('no script sees the cookie, all tabs have it, and their streams outlive a restart of the daemon', async () => {
    const page = await openPage()
    assert.deepEqual(await session(page, 'POST', await token({ sub: 'ann' })), [204, ''])
    assert.equal(await page.evaluate(() => document.cookie), '')
    const [{ name, httpOnly, sameSite, path }] = await page.context().cookies()
    assert.deepEqual({ name, httpOnly, sameSite, path }, { name: 'jwt', httpOnly: true, sameSite: 'Lax', path: '/' })
    const tab = await page.context().newPage()
    await tab.goto(daemon.url('/stream/status'))
    for (const each of [page, tab]) await listen(each), await state(each, 1)
    const wrote = [await write()]
    for (const each of [page, tab]) await got(each, wrote)
    assert.equal(await daemon.stop(), 0)
    wrote.push(await write())
    await daemon.start()
    wrote.push(await write())
    for (const each of [page, tab]) await got(each, wrote)
    await page.context().close()
  })

  test('after its end the browser has no cookie, and opens no stream', async () => {
    const page = await openPage()
    await session(page, 'POST', await token({ sub: 'ann' }))
    assert.deepEqual(await session(page, 'DELETE'), [204, ''])
    assert.deepEqual(await page.context().cookies(), [])
    await listen(page)
    await state(page, 2)
    await page.context().close()
  })

  test('a page that signs in again in time goes on beyond the end of its first token', async () => {
    const page = await openPage()
    const end = seconds() + 12
    await session(page, 'POST', await token({ sub: 'ann', exp: end }))
    await page.exposeFunction('newToken', () => token({ sub: 'ann' }))
    await listen(page)
    await page.evaluate(() => {
      window.said = []
      source.addEventListener('expiring', async () => said.push((await fetch('/stream/session', { method: 'POST', headers: { Authorization: `Bearer ${await newToken()}` } })).status))
      source.addEventListener('closing', ({ data }) => said.push(JSON.parse(data).reason))
    })
    await until(async () => (await page.evaluate(() => said.join())) === '204,expired', { timeout: 60_000, what: 'a second session, then the end of the first token' })
    const wrote = [await write()]
    await got(page, wrote)
    assert.ok(seconds() >= end)
    await page.context().close()
  })

  test('the longest token that is taken is kept, and a longer one is refused', async () => {
    const page = await openPage()
    const seen = new Set()
    for (let filler = 2930; !seen.has(413); filler += 6) {
      const [status] = await session(page, 'POST', await token({ sub: 'ann', filler: 'x'.repeat(filler) }))
      seen.add(status)
      if (status === 413) continue
      assert.equal((await page.context().cookies()).length, 1, `with ${filler} bytes of filler`)
      await page.context().clearCookies()
    }
    assert.deepEqual([...seen], [204, 413])
    await page.context().close()
  })

  test('a page of another origin begins and ends none; one that is allowed may read why', async () => {
    const jwt = await token({ sub: 'ann' })
    const own = await openPage()
    await session(own, 'POST', jwt)
    for (const [url, refusal] of [[other.origin, /own origin/], [other.origin.replace('127.0.0.1', 'localhost'), /TypeError/]]) {
      const page = await own.context().newPage()
      await page.goto(url)
      for (const method of ['POST', 'DELETE']) assert.match(String(await session(page, method, jwt)), refusal)
    }
    assert.equal((await own.context().cookies()).filter(({ name }) => name === 'jwt').length, 1)
    await own.context().close()
  })
})
