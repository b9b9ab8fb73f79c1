// Who shares a connection in Chromium, and what becomes of it when the tab that has it is stopped.
// The bounds are those that the package's README promises.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openBrowser, renderersOf } from '../lib/browser.mjs'
import { serveClient } from '../lib/client.mjs'
import { missing } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, pause, until } from '../lib/wait.mjs'

const patience = 30_000
const takeoverMs = 6000

describe('a shared connection', { skip: missing(), timeout: 280_000 }, () => {
  const frozen = []
  let stage, daemon, browser, server, client, last = 0
  before(async () => {
    server = await serveClient()
    stage = await openStage({
      daemon: { flags: ['--allowed-origins', server.origin, '--retry', '100ms'] },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        CREATE TABLE lines (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}'), herald.watch('lines', audience => '{owner}');
        SELECT herald.stream('/lines', '{lines}', match => '{"owner": "claims.sub"}');
        CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
          $$ SELECT to_jsonb(n) FROM public.notes n WHERE n.owner = claims ->> 'sub' ORDER BY id $$;
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}'), herald.stream('/all', '{notes}', anonymous => true),
               herald.stream('/state', '{notes}', match => '{"owner": "claims.sub"}', snapshot => 'public.state');`),
    })
    ;({ daemon } = stage)
    client = await stage.cluster.client()
    browser = await openBrowser()
  })
  after(async () => {
    for (const goOn of frozen) try { goOn() } catch { /* it has ended */ } // Chromium waits for one that is stopped
    await browser?.close()
    await server?.close()
    await stage?.close()
  })

  const streams = async () => (await daemon.status()).json.streams
  const streamsAre = (count) => until(async () => await streams() === count, { timeout: patience, what: `${count} streams` })
  const write = async (owner = 'ann') => {
    await client.query('INSERT INTO notes VALUES ($1, $2)', [++last, owner])
    return last
  }

  /** A tab with streams whose ids and states stand in `all`. setup: makes options, in the page. */
  async function open(context, setup, args) {
    const page = await context.newPage()
    await page.goto(server.origin)
    await page.evaluate(`(async () => {
      const { connect } = await import('@pgherald/client')
      window.all = []
      window.add = (options) => {
        const it = { ids: [], at: [], states: [], errors: [], resets: [] }
        it.stream = connect({ backoff: { min: 50, max: 400 }, ...options, onError: ({ message }) => it.errors.push(message), onReset: (reason) => it.resets.push(reason),
          onState: (state) => it.states.push(state), onEvent: ({ event, data }) => { if (event !== 'ready') it.ids.push(event === 'snapshot' ? data.id : data.row.id), it.at.push(Date.now()) } })
        window.all.push(it)
      }
      ;(${setup})(${JSON.stringify(args)})
    })()`)
    return page
  }
  const seen = (page, member) => page.evaluate((member) => window.all.map((it) => it[member]), member)
  const areOpen = (page) => until(() => page.evaluate(() => window.all.every(({ stream }) => stream.state === 'open')), { timeout: patience, what: 'open streams' })
  const own = async (sub = 'ann') => ({ url: daemon.url('/own'), token: await token({ sub }) })
  const one = (options) => window.add(options)
  /** The tab whose page holds the lock. */
  const leaderOf = async (pages) => {
    for (const page of pages) {
      const holds = await page.evaluate(async () => {
        const { held } = await navigator.locks.query(), mine = `${Math.random()}`
        const { clientId } = await navigator.locks.request(mine, async () => (await navigator.locks.query()).held.find(({ name }) => name === mine))
        return held.some((lock) => lock.clientId === clientId && /^pgherald \d/.test(lock.name))
      })
      if (holds) return page
    }
  }
  /** Writes rows until stop(), which returns their ids. */
  const writing = () => {
    const ids = []
    let done = false
    const run = (async () => {
      for (; !done; await pause(10)) ids.push(await write())
    })()
    const more = (count, from = ids.length) => until(() => ids.length >= from + count, { timeout: patience, what: 'writes' })
    return { more, stop: async () => ((done = true), await run, ids) }
  }

  const shows = (page, ids) => until(async () => JSON.stringify((await seen(page, 'ids'))[0]) === JSON.stringify(ids), { timeout: patience, what: `${ids} in a tab` })

  /** Stops what the page runs by. Returns a function that lets it go on. */
  const dialog = (name) => async (page) => {
    const asked = new Promise((resolve) => page.on('dialog', resolve))
    await page.evaluate((name) => void setTimeout(() => window[name]('Delete?')), name)
    return async () => (await asked).dismiss()
  }
  const work = async (page) => {
    await page.evaluate(() => void setTimeout(() => { for (const end = Date.now() + 9000; Date.now() < end; ); }))
    return () => {}
  }
  const answers = (page) => Promise.race([page.evaluate(() => true), new Promise((resolve) => setTimeout(resolve, 1000, false))])
  const freeze = async (page) => {
    for (const pid of await renderersOf(page)) {
      const goOn = () => process.kill(pid, 'SIGCONT')
      frozen.push(goOn)
      process.kill(pid, 'SIGSTOP')
      if (!(await answers(page))) return goOn
      goOn()
    }
    assert.fail('no renderer is that of the page')
  }
  const ways = { 'a confirm() that nobody answers': dialog('confirm'), 'an alert() that nobody answers': dialog('alert'), 'work without end': work, 'a SIGSTOP of its renderer': freeze }

  for (const [what, stop] of Object.entries(ways)) {
    test(`${what} in the tab that has the connection: another one that is shown takes over within 6 s, and says stale before`, async (t) => {
      const take = async () => {
        const context = await browser.context()
        const pages = []
        for (let n = 0; n < 2; n++) await areOpen(pages[n] = await open(context, one, await own()))
        const first = await write()
        for (const page of pages) await shows(page, [first])
        const goOn = await stop(pages[0])
        await until(async () => !(await answers(pages[0])), { timeout: patience, what: 'a page that is stopped' })
        const written = Date.now(), id = await write()
        await shows(pages[1], [first, id])
        const [{ at, states, resets }] = await pages[1].evaluate(() => window.all.map(({ at, states, resets }) => ({ at, states, resets })))
        assert.deepEqual([states.slice(-2), resets], [['stale', 'open'], []])
        await goOn()
        await shows(pages[0], [first, id])
        await streamsAre(1)
        const last = await write()
        for (const page of pages) await shows(page, [first, id, last])
        await context.close()
        return at[1] - written
      }
      const ms = await measured(t, take, (ms) => ms < takeoverMs, { shown: (ms) => `${ms} ms` })
      t.diagnostic(`taken over after ${ms} ms`)
      assert.ok(ms < takeoverMs, `${ms} ms`)
    })
  }

  test('eight tabs have one connection, while its tab crashes, and the next one has an open dialog; nothing is missed', async (t) => {
    const take = async () => {
      const context = await browser.context(), pages = []
      for (let n = 0; n < 8; n++) await areOpen(pages[n] = await open(context, one, await own()))
      await streamsAre(1)
      const written = writing()
      await written.more(50)
      const crasher = await context.newCDPSession(pages[0])
      crasher.send('Page.crash').catch(() => {})
      await written.more(50)
      await streamsAre(1)
      const leader = await until(() => leaderOf(pages.slice(1)), { timeout: patience, what: 'a tab with the connection' })
      const goOn = await dialog('confirm')(leader)
      const others = pages.slice(1).filter((page) => page !== leader)
      await written.more(50)
      await until(async () => (await Promise.all(others.map((page) => seen(page, 'states')))).every(([states]) => states.slice(-2).join() === 'stale,open'), { timeout: patience, what: 'a takeover' })
      await goOn()
      await written.more(20)
      const ids = await written.stop()
      for (const page of pages.slice(1)) await shows(page, ids)
      await streamsAre(1)
      const ats = await Promise.all(others.map((page) => seen(page, 'at')))
      await context.close()
      return { events: ids.length, silence: Math.max(...ats.map(([at]) => Math.max(...at.slice(1).map((ms, n) => ms - at[n])))) }
    }
    const good = ({ silence }) => silence < takeoverMs
    const figure = await measured(t, take, good, { shown: JSON.stringify })
    t.diagnostic(`7 tabs have all of ${figure.events} events; the longest silence was ${figure.silence} ms`)
    assert.ok(good(figure), JSON.stringify(figure))
  })

  test('components of a page share by url and by the function that gives tickets, and by nothing else', async () => {
    const context = await browser.context()
    const page = await open(context, ({ url, base, jwt }) => {
      const ticketOf = () => async () => (await (await fetch(`${base}/stream/ticket`, { method: 'POST', headers: { Authorization: `Bearer ${jwt}` } })).json()).ticket
      const [ticket, other] = [ticketOf(), ticketOf()]
      for (const it of [ticket, ticket, ticket, other]) window.add({ url, ticket: it })
    }, { url: daemon.url('/own'), base: daemon.url(''), jwt: (await own()).token })
    await areOpen(page)
    await streamsAre(2)
    const id = await write()
    await until(async () => (await seen(page, 'ids')).every((ids) => ids.includes(id)), { timeout: patience, what: 'the event, four times' })
    await page.evaluate(() => window.all[0].stream.close())
    const next = await write()
    await until(async () => (await seen(page, 'ids')).slice(1).every((ids) => ids.includes(next)), { timeout: patience, what: 'the next' })
    assert.deepEqual(await seen(page, 'ids'), [[id], [id, next], [id, next], [id, next]])
    await streamsAre(2)
    await page.evaluate(() => window.all.forEach(({ stream }) => stream.close()))
    await streamsAre(0)
    await context.close()
  })

  test('components with cookies share, and each gets the state by itself', async () => {
    const context = await browser.context()
    await write('cid')
    const jwt = await token({ sub: 'cid' })
    await context.addCookies([{ name: 'jwt', value: jwt, url: daemon.url('') }])
    const add = (url) => window.add({ url, credentials: 'include' })
    const page = await open(context, add, daemon.url('/state'))
    await areOpen(page)
    await page.evaluate(`(${add})(${JSON.stringify(daemon.url('/state'))})`)
    const all = (await client.query("SELECT id FROM notes WHERE owner = 'cid' ORDER BY id")).rows.map(({ id }) => id)
    await until(async () => JSON.stringify(await seen(page, 'ids')) === JSON.stringify([all, all]), { timeout: patience, what: 'the state, twice' })
    all.push(await write('cid'))
    await until(async () => JSON.stringify(await seen(page, 'ids')) === JSON.stringify([all, all]), { timeout: patience, what: 'the event, twice' })
    await streamsAre(1)
    await context.close()
  })

  test('a page that may use no locks shares among its components all the same', async () => {
    const context = await browser.context()
    await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
    const page = await open(context, (options) => { for (let n = 0; n < 3; n++) window.add(options) }, await own())
    await areOpen(page)
    await streamsAre(1)
    await context.close()
  })

  test('where six connections are taken the seventh stream says so', async () => {
    const context = await browser.context()
    const page = await open(context, ({ url, token }) => { for (let n = 0; n < 7; n++) window.add({ url: `${url}?widget=${n}`, token }) }, await own())
    await until(async () => (await page.evaluate(() => window.all.map(({ stream }) => stream.error && `${stream.error.message} ${stream.error.hint}`))).some((text) => /six streams open to it.*`paths`/.test(text)), { timeout: patience, what: 'a reason' })
    const states = await page.evaluate(() => window.all.map(({ stream }) => stream.state))
    assert.deepEqual(states.toSorted?.() ?? states.sort(), ['connecting', ...Array(6).fill('open')])
    await page.evaluate(() => window.all.find(({ stream }) => stream.state === 'open').stream.close())
    await until(() => page.evaluate(() => window.all.filter(({ stream }) => stream.state === 'open').length === 6), { timeout: patience, what: 'the seventh' })
    await context.close()
  })

  test('a page whose origin is not allowed is told so, and which option allows it', async () => {
    const strange = await serveClient()
    const page = await (await browser.context()).newPage()
    await page.goto(strange.origin)
    const error = await page.evaluate(async (url) => {
      const { connect } = await import('@pgherald/client')
      return new Promise((resolve) => connect({ url, onError: ({ message, hint, final }) => resolve({ message, hint, final }) }))
    }, daemon.url('/own'))
    assert.deepEqual(error, { message: 'The server does not let this page read its answer', final: false,
      hint: `Add ${strange.origin} to allowed-origins of the daemon. If it is there, a proxy in front answers by itself` })
    await page.context().close()
    await strange.close()
  })

  test('seven streams in one connection by `paths`', async () => {
    const context = await browser.context()
    const page = await open(context, (options) => window.add(options), { ...(await own()), url: daemon.url('/stream/multi'), paths: ['/own', ...Array.from({ length: 6 }, (_, n) => `/all?widget=${n}`)] })
    await areOpen(page)
    const ids = [await write(), await write('bob')]
    await until(async () => JSON.stringify((await seen(page, 'ids'))[0]) === JSON.stringify(ids), { timeout: patience, what: 'both, once' })
    await streamsAre(1)
    await context.close()
  })

  test('stores of a page share one connection of several streams, and each keeps the rows of its topic', async () => {
    const context = await browser.context()
    const page = await open(context, async (options) => {
      const { rows } = await import('@pgherald/client')
      window.stores = ['notes', 'lines'].map((topic) => rows({ ...options, topic, key: 'id', load: async () => [] }))
      for (const store of window.stores) store.subscribe(() => {})
    }, { ...(await own()), url: daemon.url('/stream/multi'), paths: ['/own', '/lines'] })
    const shown = () => page.evaluate(() => window.stores?.map((store) => [store.getSnapshot().status, ...store.getSnapshot().rows.map(({ id }) => id)]))
    await until(async () => (await shown())?.every(([status]) => status === 'ready'), { timeout: patience, what: 'both' })
    await streamsAre(1)
    const id = await write()
    await client.query("INSERT INTO lines VALUES (70, 'ann'), (71, 'bob')")
    await until(async () => JSON.stringify(await shown()) === JSON.stringify([['ready', id], ['ready', 70]]), { timeout: patience, what: 'a row each' })
    await context.close()
  })
})
