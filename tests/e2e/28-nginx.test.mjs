// Behind a real nginx. Events come at once with its defaults. No bytes make the daemon run a
// request that nginx has not seen. A plain EventSource lives through a restart of the daemon.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Curl } from '../lib/curl.mjs'
import { missing, repository } from '../lib/daemon.mjs'
import { hostile, second } from '../lib/hostile.mjs'
import { missingNginx, Nginx } from '../lib/nginx.mjs'
import { answers, exchange, isStream } from '../lib/raw.mjs'
import { eventOf, eventSource, request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, now, until } from '../lib/wait.mjs'

const tokens = { good: await token({ sub: 'ann' }), bad: await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' }) }

const file = readFileSync(join(repository, 'contrib/proxy/nginx.conf'), 'utf8')
/** The blocks of the file that begin with these words, also as comments. */
const blocks = (words) => [...file.matchAll(new RegExp(`^( *(?:# )?)${words} .*\\n(?:\\1 +.*\\n)+\\1\\}\\n`, 'gm'))].map(([text]) => text)
const [upstream, pair] = blocks('upstream pgherald').map((text) => text.replaceAll('# ', ''))
const [[location], [away]] = ['location ~', 'location @away'].map(blocks)
/** The lines of the file that begin with these words, as comments if they are comments. */
const lines = (words) => [...file.matchAll(new RegExp(`^ *(?:# )?(${words}.*)$`, 'gm'))].map(([, line]) => line).join('\n')
const [headers, hidden, crossing] = ['proxy_(?:set_header|http_version) ', 'location = ', 'add_header Access-'].map(lines)

/**
 * The blocks of contrib/proxy/nginx.conf, for all paths, with connections to the daemon that are
 * kept. nginx itself answers /smuggled, so the daemon must never see it.
 */
const advised = (port) => [`
    client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; large_client_header_buffers 4 64k; client_max_body_size 4m;
    location = /smuggled { return 204; }
    ${location.replace('^/(my|stream)/', '^/')}
    ${away.replace('if (', `${crossing} if (`)}`,
headers + upstream.replace('127.0.0.1:8000;', `127.0.0.1:${port}; keepalive 8;`)]

const plain = (port) => [`location / { proxy_pass http://127.0.0.1:${port}; }`, 'gzip on; gzip_types *; gzip_proxied any;']

describe('behind nginx', { skip: missing() || missingNginx() }, () => {
  let stage, daemon, nginx
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/open', '{notes}', anonymous => true);
        SELECT herald.stream('/smuggled', '{notes}', anonymous => true);`),
      daemon: { flags: ['--log-level', 'debug'] }, // which tells of each stream that is opened
    })
    daemon = stage.daemon
    nginx = { advised: await Nginx.start(...advised(daemon.port)), plain: await Nginx.start(...plain(daemon.port)) }
  })
  after(async () => {
    for (const each of Object.values(nginx ?? {})) await each.stop()
    await stage?.close()
  })

  let id = 0
  /** The longer one of the waits for `connected` and for an event. */
  async function waits(url, args) {
    const begun = now()
    const curl = Curl.start(url, args)
    try {
      const connected = await curl.frame(({ event }) => event === 'connected')
      await stage.cluster.psql(`INSERT INTO notes VALUES (${++id}, 'ann')`)
      const written = now()
      const event = await curl.frame(({ event }) => event === 'notes.insert')
      return Math.max(connected.at - begun, event.at - written)
    } finally {
      await curl.stop()
    }
  }
  for (const [way, what, ...args] of [
    ['plain', 'with its defaults'], ['plain', 'that compresses', '--compressed'], ['plain', 'asked in HTTP/1.0', '-0'], ['advised', 'as contrib/proxy advises'],
  ]) {
    test(`connected, and then an event, arrive within a second each through nginx ${what}`, async (t) => {
      const longest = await measured(t, () => waits(nginx[way].url('/open'), args), (ms) => ms < 1000)
      assert.ok(longest < 1000, `${longest} ms`)
    })
  }

  // nginx's defaults write another Host, so that Origin cannot be compared with it.
  test("a page's own POST is answered, with a cookie where the browser says whose page it is, or Host is passed on", async () => {
    const cookie = { Cookie: `jwt=${tokens.good}` }
    for (const [way, status, headers] of [
      ['advised', 201, cookie], ['plain', 403, cookie],
      ['advised', 201, { ...cookie, 'Sec-Fetch-Site': 'same-origin' }], ['plain', 201, { ...cookie, 'Sec-Fetch-Site': 'same-origin' }],
      ['advised', 403, { ...cookie, 'Sec-Fetch-Site': 'cross-site' }], ['plain', 403, { ...cookie, 'Sec-Fetch-Site': 'same-site' }],
      ['advised', 201, { Authorization: `Bearer ${tokens.good}` }], ['plain', 201, { Authorization: `Bearer ${tokens.good}` }],
      ['plain', 403, { ...cookie, 'X-Forwarded-Host': `127.0.0.1:${nginx.plain.port}` }], ['plain', 403, { ...cookie, Authorization: 'Basic YTpi' }],
    ]) {
      const answer = await request(nginx[way].url('/stream/ticket'), { method: 'POST', headers: { Origin: `http://127.0.0.1:${nginx[way].port}`, ...headers } })
      assert.equal(answer.status, status, `${way} ${Object.keys(headers)} ${headers['Sec-Fetch-Site'] ?? ''}`)
    }
  })

  test('a session begins where the browser says whose page it is, or Host is passed on', async () => {
    for (const [way, status, headers] of [['advised', 204, {}], ['plain', 403, {}], ['plain', 204, { 'Sec-Fetch-Site': 'same-origin' }], ['advised', 403, { 'Sec-Fetch-Site': 'same-site' }]]) {
      const answer = await request(nginx[way].url('/stream/session'), { method: 'POST',
        headers: { Origin: `http://127.0.0.1:${nginx[way].port}`, Authorization: `Bearer ${tokens.good}`, ...headers } })
      assert.deepEqual([answer.status, answer.headers['set-cookie']?.length], [status, status === 204 ? 1 : undefined], `${way} ${JSON.stringify(headers)}`)
    }
  })

  test('a refusal of the daemon comes through with its own words', async () => {
    const answer = await exchange(nginx.advised.address, 'GET /own HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.deepEqual(answers(answer), [401])
    assert.match(answer, /\r\nWWW-Authenticate: Bearer\r\n/)
    assert.match(answer, /"errors":\["Not authorized, token failed"\]/)
  })

  // nginx reads the bytes, and writes a request of its own. If the bytes are unclear, nginx refuses
  // them or makes them clear. It adds two fields, so a request with a hundred (H33) has too many.
  const refusals = [undefined, 400, 405, 501, 505]
  const cleared = {
    H05: 401, H08: 200, H09: 200, H13: 200, H14: 200, H15: 200, H16: 200, H18: 200, H19: 200, H28: 200, H32: 200, H31: 401, H30: 401,
  }
  for (const [row, what, bytes, status] of hostile(tokens)) {
    test(`${row} ${what}: the same through nginx, and the daemon runs nothing that nginx has not seen`, async () => {
      for (const each of [bytes].flat()) {
        const sent = Buffer.concat([Buffer.from(each, 'latin1'), Buffer.from(second)])
        const through = answers(await exchange(nginx.advised.address, sent, { enough: isStream })).filter((each) => each !== 100)[0]
        const expected = [status, ...refusals, cleared[row], ...(row === 'H08' ? [401] : []), ...(row === 'H33' ? [431] : [])]
        assert.ok(expected.includes(through), `${through}: ${JSON.stringify(String(each).slice(0, 200))}`)
      }
      assert.ok(!daemon.logs().includes("'/smuggled'"))
    })
  }

  // Without this the daemon's silence about /smuggled would prove nothing.
  test('a second request is seen where the daemon gets one', async () => {
    await exchange(nginx.plain.address, second, { enough: isStream })
    await until(() => daemon.logs().includes("'/smuggled'"), { what: 'the log to tell of /smuggled' })
  })

  /** An EventSource of the page of ann, and what it has seen. */
  async function openPage(url) {
    const page = { source: eventSource(url, { headers: { Cookie: `jwt=${tokens.good}` } }), opened: 0, seen: [] }
    page.source.addEventListener('open', () => page.opened++)
    page.source.addEventListener('notes.insert', ({ data }) => page.seen.push(JSON.parse(data).row.id))
    await eventOf(page.source, 'connected')
    return page
  }
  const write = async () => (await stage.cluster.psql(`INSERT INTO notes VALUES (${++id}, 'ann')`), id)
  const sees = (page, wanted) => until(() => page.seen.includes(wanted), { what: `note ${wanted} in the page` })
  const closed = 2 // EventSource.CLOSED

  /** Runs the body while this daemon is away, and has it back after that. */
  async function without(each, body) {
    assert.equal(await each.stop(), 0)
    try {
      return await body()
    } finally {
      await each.start()
    }
  }

  test('an EventSource goes on after a restart of the daemon, as contrib/proxy advises, and not without that', async () => {
    const [advised, plain] = [await openPage(nginx.advised.url('/own')), await openPage(nginx.plain.url('/own'))]
    try {
      const notes = [await write()]
      for (const page of [advised, plain]) await sees(page, notes[0])
      await without(daemon, async () => {
        await until(() => plain.source.readyState === closed, { what: 'the end of an EventSource that got 502' })
        const { opened } = advised
        await until(() => advised.opened > opened, { what: 'an answer while no daemon listens' })
        notes.push(await write())
      })
      notes.push(await write())
      await sees(advised, notes.at(-1))
      assert.deepEqual(advised.seen, notes)
    } finally {
      for (const page of [advised, plain]) page.source.close()
    }
  })

  test('while no daemon listens, other requests get 502, and pages of other origins may read what an EventSource gets', () => without(daemon, async () => {
    const ask = (headers, more) => request(nginx.advised.url('/own'), { headers, ...more })
    for (const Accept of ['*/*', 'application/json', 'application/x-ndjson']) assert.equal((await ask({ Accept })).status, 502, Accept)
    assert.equal((await ask({}, { method: 'POST' })).status, 502)
    const answer = await ask({ Accept: 'text/event-stream', Origin: 'http://elsewhere.example' })
    assert.deepEqual([answer.status, answer.text], [200, 'retry: 2000\n\n'])
    assert.equal(answer.headers['access-control-allow-origin'], 'http://elsewhere.example')
    assert.equal(answer.headers['access-control-allow-credentials'], 'true')
  }))

  test('an EventSource goes on while two instances are restarted one after the other', async () => {
    const daemons = [daemon, await stage.addDaemon()]
    const both = daemons.reduce((text, { port }, index) => text.replace(new RegExp(`127\\.0\\.0\\.1:800${2 * index}\\b`), `127.0.0.1:${port}`), pair)
    const proxy = await Nginx.start(location.replace(/error_page .*/, '').replace('^/(my|stream)/', '^/'), headers + both)
    const pages = []
    try {
      pages.push(await openPage(proxy.url('/own')))
      const notes = []
      for (const each of daemons) {
        await without(each, async () => {
          for (const turn of ['first', 'second', 'third']) assert.equal((await request(proxy.url('/stream/status'))).status, 200, turn) // nginx finds out
          notes.push(await write())
          await sees(pages[0], notes.at(-1))
        })
      }
      assert.deepEqual(pages[0].seen, notes)
    } finally {
      for (const page of pages) page.source.close()
      await proxy.stop()
    }
  })

  test('the status and the contract can be kept from visitors', async () => {
    const proxy = await Nginx.start(`${location}${away}${hidden}`, headers + upstream.replace('127.0.0.1:8000', `127.0.0.1:${daemon.port}`))
    try {
      for (const path of ['/stream/status', '/stream/schema']) {
        assert.equal((await request(proxy.url(path))).status, 404, path)
        assert.equal((await request(nginx.advised.url(path))).status, 200, path)
      }
      assert.equal((await request(proxy.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${tokens.good}` } })).status, 201)
    } finally {
      await proxy.stop()
    }
  })
})
