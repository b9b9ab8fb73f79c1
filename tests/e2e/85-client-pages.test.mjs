// The client package in Chromium, with tabs that share a connection. The real daemon serves the
// example.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openBrowser } from '../lib/browser.mjs'
import { serveClient } from '../lib/client.mjs'
import { missing } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { pause, until, within } from '../lib/wait.mjs'

const patience = 30_000

describe('the client in pages', { skip: missing(), timeout: 280_000 }, () => {
  let stage, daemon, browser, server, client, last = 0
  before(async () => {
    server = await serveClient()
    stage = await openStage({
      example: true,
      daemon: { flags: ['--allowed-origins', server.origin, '--heartbeat', '1s', '--retry', '100ms'] },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
          $$ SELECT jsonb_build_object('row', to_jsonb(n)) FROM public.notes n WHERE n.owner = claims ->> 'sub' ORDER BY id $$;
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}'),
               herald.stream('/state', '{notes}', match => '{"owner": "claims.sub"}', snapshot => 'public.state');`),
    })
    ;({ daemon } = stage)
    client = await stage.cluster.client()
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await server?.close()
    await stage?.close()
  })

  const streams = async () => (await daemon.status()).json.streams
  const streamsAre = (count) => until(async () => await streams() === count, { timeout: patience, what: `${count} streams` })
  const write = async (owner) => {
    await client.query('INSERT INTO notes VALUES ($1, $2)', [++last, owner])
    return last
  }

  /** A tab with a stream whose events are in `got`. */
  async function open(context, { sub = 'ann', path = '/own', ...options } = {}) {
    const page = await context.newPage()
    await page.goto(server.origin)
    await page.evaluate(async (options) => {
      const { connect } = await import('@pgherald/client')
      const got = (window.got = { ids: [], states: [], resets: [], errors: [] })
      window.stream = connect({
        backoff: { min: 50, max: 400 }, ...options, ...(options.tokens && { token: () => options.tokens[window.turn ?? 0] }),
        onEvent: ({ event, data }) => event !== 'ready' && got.ids.push(data.row.id), onState: (state) => got.states.push(state),
        onReset: (reason) => got.resets.push(reason), onError: ({ message }) => got.errors.push(message),
      })
    }, { url: daemon.url(path), token: await token({ sub }), ...options })
    return page
  }
  const stateOf = (page) => page.evaluate(() => window.stream.state)
  const isOpen = (page) => until(async () => await stateOf(page) === 'open', { timeout: patience, what: 'an open stream' }).catch(async (error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await page.evaluate(() => window.got))}`)
  })
  const idsOf = (page) => page.evaluate(() => window.got.ids)
  async function has(page, ids) {
    await until(async () => (await idsOf(page)).includes(ids.at(-1)), { timeout: patience, what: `event ${ids.at(-1)}` }).catch(() => {})
    assert.deepEqual(await idsOf(page), ids)
  }
  /** Three tabs of one user. The first one has the connection. */
  async function three(options) {
    const context = await browser.context()
    const pages = []
    for (let n = 0; n < 3; n++) {
      pages.push(await open(context, options))
      await isOpen(pages[n])
    }
    return { context, pages }
  }
  /** Writes rows all the while. */
  function writing(owner) {
    const ids = []
    let done = false
    const run = (async () => {
      for (; !done; await pause(5)) ids.push(await write(owner))
    })()
    return { ids, more: (count, from = ids.length) => until(() => ids.length >= from + count, { timeout: patience, what: 'writes' }), stop: async () => ((done = true), await run, ids) }
  }

  test('three tabs have one stream; when its tab closes the others go on, without gap or duplicate', async () => {
    const { context, pages } = await three()
    await streamsAre(1)
    const written = writing('ann')
    await written.more(50)
    await pages[0].close()
    await written.more(100)
    await streamsAre(1)
    await pages[1].close({ runBeforeUnload: false })
    await written.more(100)
    const late = await open(context)
    await isOpen(late)
    await written.more(20)
    const ids = await written.stop()
    await has(pages[2], ids)
    await until(async () => (await idsOf(late)).at(-1) === ids.at(-1), { timeout: patience, what: 'the late one' })
    const seen = await idsOf(late)
    assert.deepEqual(seen, ids.slice(-seen.length), 'from where it began, all of it')
    assert.ok(seen.length >= 20)
    await streamsAre(1)
    assert.deepEqual(await pages[2].evaluate(() => [window.got.resets, window.got.errors]), [[], []])
    await context.close()
    await streamsAre(0)
  })

  test('close() of the tab that has the connection hands it on; all tabs see a restart of the daemon through', async () => {
    const { context, pages } = await three()
    const written = writing('ann')
    await written.more(20)
    await pages[0].evaluate(() => window.stream.close())
    await written.more(20)
    await daemon.stop()
    await written.more(20)
    await daemon.start()
    await written.more(50)
    const ids = await written.stop()
    for (const page of pages.slice(1)) await has(page, ids)
    await streamsAre(1)
    const states = await pages[2].evaluate(() => window.got.states)
    assert.ok(states.includes('connecting', states.indexOf('open')), `the others are told the state: ${states}`)
    await context.close()
  })

  test('a tab that crashes, or is put to sleep, keeps nothing from the others, and misses nothing', async () => {
    const { context, pages } = await three({ staleAfter: 4000 })
    const written = writing('ann')
    await written.more(20)
    const sleeper = await context.newCDPSession(pages[0])
    const sleeps = new Promise((resolve) => sleeper.once('Debugger.paused', resolve))
    await sleeper.send('Debugger.enable') // a page that a debugger holds does nothing, and does not leave
    await sleeper.send('Debugger.pause')
    await within(sleeps, patience, 'the pause')
    const asleep = written.ids.length
    await written.more(20)
    await until(async () => (await idsOf(pages[1])).length > asleep + 10, { timeout: patience, what: 'events without the sleeper' })
    await sleeper.send('Debugger.resume')
    await sleeper.detach()
    await written.more(20)
    const crasher = await context.newCDPSession(pages[1])
    crasher.send('Page.crash').catch(() => {})
    await written.more(50)
    const ids = await written.stop()
    for (const page of [pages[0], pages[2]]) await has(page, ids)
    await streamsAre(1)
    await context.close()
  })

  test('a tab of another subject, or with other rights, has a stream of its own', async () => {
    const context = await browser.context()
    const pages = [await open(context), await open(context, { sub: 'bob' }), await open(context, { token: await token({ sub: 'ann', role: 'x' }) })]
    for (const page of pages) await isOpen(page)
    await streamsAre(3)
    const alone = [await open(context, { share: false }), await open(context, { share: false })]
    for (const page of alone) await isOpen(page)
    await streamsAre(5)
    const [one, two] = [await write('ann'), await write('bob')]
    for (const page of [pages[0], pages[2], ...alone]) await has(page, [one])
    await has(pages[1], [two])
    await context.close()
  })

  test('a tab whose token says other rights than before leaves the others, and goes on where it was', async () => {
    const context = await browser.context()
    const pages = [await open(context, { sub: 'eve' }), await open(context, { sub: 'eve' })]
    for (const page of pages) await isOpen(page)
    const ids = [await write('eve')]
    for (const page of pages) await has(page, ids)
    const tokens = [await token({ sub: 'eve' }), await token({ sub: 'eve', role: 'x' })]
    const turns = await open(context, { sub: 'eve', lastEventId: 'earliest', tokens })
    await has(turns, ids)
    await streamsAre(1)
    for (const page of pages) await page.close()
    await streamsAre(1)
    const other = await open(context, { sub: 'eve' })
    await isOpen(other)
    await turns.evaluate(() => (window.turn = 1, window.stream.reconnect()))
    await streamsAre(2)
    ids.push(await write('eve'))
    await has(turns, ids)
    await has(other, ids.slice(1))
    await context.close()
  })

  test('where a state comes first each tab gets it, by itself, and then shares the connection', async () => {
    const before = (await client.query("SELECT id FROM notes WHERE owner = 'cid' ORDER BY id")).rows.map(({ id }) => id)
    for (let n = 0; n < 5; n++) before.push(await write('cid'))
    const { context, pages } = await three({ sub: 'cid', path: '/state' })
    await streamsAre(1)
    const written = writing('cid')
    await written.more(20)
    const late = await open(context, { sub: 'cid', path: '/state' })
    await isOpen(late)
    await written.more(20)
    await pages[0].close()
    await written.more(20)
    const ids = await written.stop()
    for (const page of [pages[1], pages[2], late]) await has(page, [...before, ...ids])
    await streamsAre(1)
    await context.close()
  })

  test('a tab that says where to begin gets what lies behind, and then shares the connection', async () => {
    const context = await browser.context()
    const first = await open(context, { sub: 'dan' })
    await isOpen(first)
    const ids = []
    for (let n = 0; n < 5; n++) ids.push(await write('dan'))
    await has(first, ids)
    const all = await open(context, { sub: 'dan', lastEventId: 'earliest' })
    await has(all, ids)
    await streamsAre(1)
    ids.push(await write('dan'))
    for (const page of [first, all]) await has(page, ids)
    await context.close()
  })

  test('where the server refuses, each tab says so by itself, and lets the others try', async () => {
    const context = await browser.context()
    const closed = (page) => until(async () => await stateOf(page) === 'closed', { timeout: patience, what: 'the end' })
    const pages = [await open(context, { path: '/api/events' }), await open(context, { path: '/api/events' })]
    for (const page of pages) {
      await closed(page)
      assert.deepEqual(await page.evaluate(() => window.got.errors), ['The server refuses the stream: 403 Not allowed to open this stream'])
    }
    const held = () => pages[0].evaluate(async () => (await navigator.locks.query()).held.length)
    await until(async () => await held() === 0, { timeout: patience, what: 'no lock' })
    await context.close()
  })

  test('a frame in a sandbox, which may not use locks, has a stream of its own', async () => {
    const context = await browser.context()
    const page = await context.newPage()
    await page.route('**/own', (route) => route.fulfill({ contentType: 'text/event-stream', headers: { 'Access-Control-Allow-Origin': '*' }, body: 'retry: 60000\nid: 5-1\ndata: 1\n\n' }))
    await page.goto(server.origin)
    const heard = page.evaluate((stream) => new Promise((resolve) => {
      addEventListener('message', ({ data }) => resolve(data))
      const frame = Object.assign(document.createElement('iframe'), { sandbox: 'allow-scripts', srcdoc: `<script type="module">
        import { connect } from '/dist/index.js'
        connect({ url: '${stream}', identity: 'ann', onEvent: ({ id }) => parent.postMessage(id, '*') })</script>` })
      document.body.append(frame)
    }), daemon.url('/own'))
    assert.equal(await within(heard, patience, 'an event in the frame'), '5-1')
    await context.close()
  })

  test('offline it waits, online it is there at once', async () => {
    const context = await browser.context()
    const page = await open(context, { backoff: { min: 60_000, max: 60_000 } })
    await isOpen(page)
    const ids = [await write('ann')]
    await has(page, ids)
    await context.setOffline(true)
    await daemon.stop() // what is open ends, and only `online` can be waited for
    ids.push(await write('ann'))
    await until(async () => await stateOf(page) === 'connecting', { timeout: patience, what: 'the loss' })
    await daemon.start()
    await context.setOffline(false)
    await isOpen(page)
    await has(page, ids)
    await context.close()
  })
})
