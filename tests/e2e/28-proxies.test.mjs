// The files of contrib/proxy, as they are, in the real proxies. Application and daemon have one
// origin, with HTTP/2. Events come at once. A plain EventSource lives through each restart of the
// daemon and misses nothing. Nobody can forge where a request comes from. Debian has no Traefik, so
// its file is only read.
// run: long, once
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { Curl } from '../lib/curl.mjs'
import { missing } from '../lib/daemon.mjs'
import { Http2 } from '../lib/http2.mjs'
import * as processes from '../lib/process.mjs'
import { FrontProxy, host, missingProxy, names, textOf } from '../lib/proxies.mjs'
import { exchange } from '../lib/raw.mjs'
import { eventOf, request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { measured, now, until } from '../lib/wait.mjs'

const cookie = { Cookie: `jwt=${await token({ sub: 'ann' })}` }
const closed = 2 // EventSource.CLOSED
const away = 'retry: 2000\n\n'
const away5xx = { nginx: 502, haproxy: 503, caddy: 502, apache: 503 }
const asks = ['haproxy', 'caddy'] // those that ask /readyz
const shared = { apache: 6 } // requests at a time in a connection of HTTP/2, at first; others have 100

/** A server in the place of an application or a daemon. It tells what it was asked. */
async function standIn(answer = (request, response) => response.end(JSON.stringify(request.headers))) {
  const server = createServer((request, response) => answer(request, response))
  const port = await processes.freePort()
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { port, close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) }
}

// The second instance, as each file has it in a comment.
const uncomment = (words) => (text) => text.replace(new RegExp(`^(\\s*)# (${words}.*)$`, 'gm'), '$1$2')
const pairs = {
  nginx: (text) => uncomment('(?:[ ]+server 127.*|})')(text.replace(/^ *upstream pgherald \{\n.*\n *\}\n/m, '').replace('# upstream', 'upstream')),
  haproxy: uncomment('server two'),
  apache: uncomment('BalancerMember'),
  caddy: (text) => {
    const quoted = (words) => new RegExp(`\`(${words}.*?)\``).exec(text)[1]
    const before2_7 = /^v?2\.[0-6]\./.test(execFileSync('caddy', ['version'], { encoding: 'utf8' }))
    const pair = uncomment('(?:fail_duration|buffer_requests)')(text).replace(/^\t*health_.*\n/gm, '').replace(/reverse_proxy 127\.0\.0\.1:8000 \{/, quoted('reverse_proxy'))
    return before2_7 ? pair : pair.replace(/buffer_requests$/m, quoted('request_buffers'))
  },
}

describe('contrib/proxy', { skip: missing() }, () => {
  let stage, daemon, application
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/my/own', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/my/open', '{notes}', anonymous => true);
        CREATE FUNCTION echo(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', request -> 'body') $$;
        SELECT herald.action('POST', '/my/echo', 'public.echo');`),
    })
    daemon = stage.daemon
    application = await standIn()
  })
  after(async () => {
    await application?.close()
    await stage?.close()
  })

  let id = 0
  const write = async () => (await stage.cluster.psql(`INSERT INTO notes VALUES (${++id}, 'ann')`), id)

  for (const name of names) {
    describe(`behind ${name}`, () => {
      const skip = missingProxy(name)
      let proxy, client
      before(async () => {
        if (skip) return
        proxy = await FrontProxy.start(name, { application: application.port, daemons: [daemon] })
        client = new Http2(proxy.origin, proxy.ca)
      })
      after(async () => {
        client?.close()
        await proxy?.stop()
      })

      /** Runs the body with a proxy of its own. options: as of FrontProxy.start. */
      async function beside(options, body) {
        const own = await FrontProxy.start(name, { application: application.port, ...options })
        const client = new Http2(own.origin, own.ca)
        try {
          return await body(client, own)
        } finally {
          client.close()
          await own.stop()
        }
      }

      /** An EventSource of the page of ann, and what it has seen. */
      async function openPage(at = client, session) {
        const page = { source: at.eventSource('/my/own', { headers: cookie, session }), opened: 0, seen: [], close: () => page.source.close() }
        page.source.addEventListener('open', () => page.opened++)
        page.source.addEventListener('error', ({ code, message }) => page.failed = `${code} ${message}`)
        page.source.addEventListener('notes.insert', ({ data }) => page.seen.push(JSON.parse(data).row.id))
        await eventOf(page.source, 'connected')
        return page
      }
      const sees = (page, wanted) => until(() => {
        assert.notEqual(page.source.readyState, closed, `it has given up: ${page.failed}`)
        return page.seen.includes(wanted)
      }, { what: `note ${wanted} in the page` })

      const trust = () => ['--cacert', join(proxy.directory, 'cert.pem'), '--resolve', `${host}:${proxy.ports[443]}:127.0.0.1`]

      test('application and daemon have one origin, with HTTP/2, and http:// leads there', { skip }, async () => {
        const page = await client.request('/anything')
        assert.deepEqual([page.status, JSON.parse(page.text).host], [200, new URL(proxy.origin).host])
        assert.equal(JSON.parse((await client.request('/stream/status')).text).status, 'ok')
        const { stdout } = await processes.run('curl', ['-sS', '--http2', ...trust(), '-o', join(proxy.directory, 'page'), '-w', '%{http_version} %{http_code}', `${proxy.origin}/`])
        assert.equal(stdout, '2 200')
        const plain = await exchange({ host: '127.0.0.1', port: proxy.ports[80] }, `GET /my/page HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
        assert.match(plain, /^HTTP\/1\.1 30[18] [^]*\r\nlocation: https:\/\/example\.com(:\d+)?\/my\/page\r\n/i)
      })

      /** The longer one of the waits for `connected` and for an event. */
      async function waits(args) {
        const begun = now()
        const curl = Curl.start(`${proxy.origin}/my/open`, [...trust(), ...args])
        try {
          const connected = await curl.frame(({ event }) => event === 'connected')
          await write()
          const written = now()
          const event = await curl.frame(({ event }) => event === 'notes.insert')
          return Math.max(connected.at - begun, event.at - written)
        } finally {
          await curl.stop()
        }
      }
      for (const args of [['--http2'], ['--http1.1'], ['--http2', '--compressed']]) {
        test(`connected, and then an event, arrive within a second each: curl ${args.join(' ')}`, { skip }, async (t) => {
          const longest = await measured(t, () => waits(args), (ms) => ms < 1000)
          assert.ok(longest < 1000, `${longest} ms`)
        })
      }

      const count = shared[name] ?? 20
      test(`${count} streams share one connection`, { skip }, async () => {
        const session = client.connect(), pages = []
        try {
          pages.push(...await Promise.all(Array.from({ length: count }, () => openPage(client, session))))
          const note = await write()
          for (const page of pages) await sees(page, note)
        } finally {
          for (const page of pages) page.close()
          session.destroy()
        }
      })

      test("Host is passed on, so a page's own POST is answered and another page's is not", { skip }, async () => {
        const ask = async (Origin) => (await client.request('/stream/ticket', { method: 'POST', headers: { ...cookie, Origin } })).status
        assert.deepEqual([await ask(proxy.origin), await ask('https://other.example')], [201, 403])
      })

      test('a refusal of the daemon comes through with its own words', { skip }, async () => {
        const answer = await client.request('/my/own', { headers: { Accept: 'text/event-stream' } })
        assert.deepEqual([answer.status, answer.headers['www-authenticate'], JSON.parse(answer.text).errors], [401, 'Bearer', ['Not authorized, token failed']])
      })

      test('a path comes with its own letters, and an address that a client forges does not come', { skip }, async () => {
        const [echo, ready] = [await standIn((request, response) => response.end(JSON.stringify([request.url, request.headers]))), await standIn()]
        const forged = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'gopher', Forwarded: 'for=192.0.2.1' }
        try {
          await beside({ daemons: [{ port: echo.port, adminPort: ready.port }] }, async (client, own) => {
            const fields = (headers) => [headers.host, headers['x-forwarded-for'], headers['x-forwarded-proto'], headers.forwarded]
            const expected = [new URL(own.origin).host, '127.0.0.1', 'https', undefined]
            await until(async () => (await client.request('/my/a%2Fb?c=%3d')).status === 200, { what: 'an answer of the stand-in' })
            const [url, headers] = JSON.parse((await client.request('/my/a%2Fb?c=%3d', { headers: forged })).text)
            assert.deepEqual([url, fields(headers)], ['/my/a%2Fb?c=%3d', expected])
            assert.deepEqual(fields(JSON.parse((await client.request('/', { headers: forged })).text)), expected)
            const lines = [...Object.entries(forged).map((each) => each.join(': ')), 'Connection: close, X-Forwarded-For, X-Forwarded-Proto'].flatMap((line) => ['-H', line])
            const { stdout } = await processes.run('curl', ['-sS', '--http1.1', '--cacert', join(own.directory, 'cert.pem'), '--resolve', `${host}:${own.ports[443]}:127.0.0.1`, ...lines, `${own.origin}/my/x`])
            assert.deepEqual(fields(JSON.parse(stdout)[1]), expected)
          })
        } finally {
          await echo.close()
          await ready.close()
        }
      })

      for (const [how, end] of [['stops', async () => assert.equal(await daemon.stop(), 0)], ['is killed', () => daemon.kill9()]]) {
        test(`an EventSource goes on, without loss, when the daemon ${how} and comes back later`, { skip }, async (t) => {
          const page = await openPage()
          try {
            const notes = [await write()]
            await sees(page, notes[0])
            const begun = now(), { opened } = page
            await end()
            try {
              await until(() => page.opened > opened, { what: 'an answer while no daemon listens' })
              t.diagnostic(`answered while no daemon listens, after ${Math.round(now() - begun)} ms`)
              notes.push(await write())
            } finally {
              await daemon.start()
            }
            const back = now()
            await sees(page, notes[1])
            t.diagnostic(`back ${Math.round(now() - back)} ms after the daemon`)
            notes.push(await write())
            await sees(page, notes[2])
            assert.deepEqual(page.seen, notes)
          } finally {
            page.close()
          }
        })
      }

      test('an EventSource goes on after five restarts at once', { skip }, async () => {
        const page = await openPage()
        try {
          const notes = []
          for (let turn = 0; turn < 5; turn++) {
            notes.push(await write())
            await daemon.stop()
            await daemon.start()
          }
          for (const note of notes) await sees(page, note)
          assert.deepEqual(page.seen, notes)
        } finally {
          page.close()
        }
      })

      test(`while no daemon listens, an EventSource gets an empty stream, and all else ${away5xx[name]}`, { skip }, async () => {
        await daemon.stop()
        try {
          const ask = (headers, more) => client.request('/my/own', { headers, ...more })
          const [stream, ...others] = await Promise.all([
            ask({ Accept: 'text/event-stream' }), ask({ Accept: '*/*' }), ask({ Accept: 'application/json' }), ask({}), ask({}, { method: 'POST' })])
          assert.deepEqual([stream.status, stream.text, stream.headers['content-type'], stream.headers['cache-control']], [200, away, 'text/event-stream', 'no-store'])
          assert.deepEqual(others.map(({ status }) => status), others.map(() => others[0].status))
          assert.ok([away5xx[name], 503].includes(others[0].status), `${others[0].status}`)
          assert.equal((await client.request('/page')).status, 200)
        } finally {
          await daemon.start()
        }
      })

      test("a daemon's own 503 passes as it is", { skip }, async () => {
        const answer = { status: 503, text: '{"success":false,"errors":["no stream is free"]}' }
        const full = await standIn((request, response) => response.writeHead(503, { 'Retry-After': '5', 'Content-Type': 'application/json' }).end(answer.text)), ready = await standIn()
        try {
          await beside({ daemons: [{ port: full.port, adminPort: ready.port }] }, async (client) => {
            const got = await until(async () => {
              const got = await client.request('/my/own', { headers: { Accept: 'text/event-stream' } })
              return got.text !== away && got
            }, { what: 'the answer of the stand-in' })
            assert.deepEqual([got.status, got.text, got.headers['retry-after']], [503, answer.text, '5'])
          })
        } finally {
          await full.close()
          await ready.close()
        }
      })

      if (asks.includes(name)) {
        test('a daemon that listens and is not ready is not asked, until it is ready', { skip }, async () => {
          let status = 503
          const paths = new Set()
          const listens = await standIn(), admin = await standIn((request, response) => (paths.add(request.url), response.writeHead(status).end()))
          try {
            await beside({ daemons: [{ port: listens.port, adminPort: admin.port }] }, async (client) => {
              const ask = async () => (await client.request('/my/own', { headers: { Accept: 'text/event-stream' } })).text === away
              await until(ask, { what: 'an empty stream' })
              status = 200
              await until(async () => !(await ask()), { what: 'the answer of the stand-in' })
              assert.deepEqual([...paths], ['/readyz'])
            })
          } finally {
            await listens.close()
            await admin.close()
          }
        })
      }

      /** Does a request through the proxy come to this daemon? */
      async function isAsked(daemon, client) {
        const count = async () => Number(/^pgherald_requests_total (\d+)$/m.exec((await request(daemon.adminUrl('/metrics'))).text)[1])
        const before = await count()
        assert.equal((await client.request('/stream/status')).status, 200)
        return (await count()) > before
      }

      test('with two instances nobody notices that they are restarted one after the other', { skip }, async () => {
        const daemons = [daemon, await stage.addDaemon()]
        await beside({ daemons, change: pairs[name] }, async (client) => {
          const page = await openPage(client)
          try {
            const notes = []
            for (const each of daemons) {
              await each.stop()
              try {
                for (let turn = 0; turn < 6; turn++) {
                  assert.equal((await client.request('/stream/status')).status, 200)
                  const body = { turn }
                  assert.deepEqual(JSON.parse((await client.request('/my/echo', { method: 'POST', headers: { ...cookie, Origin: client.origin, 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).text), body)
                }
                notes.push(await write())
                await sees(page, notes.at(-1))
              } finally {
                await each.start()
              }
              await until(() => isAsked(each, client), { what: 'a request to the instance that is back' })
            }
            assert.deepEqual(page.seen, notes)
          } finally {
            page.close()
          }
        })
      })

      // Without this it would prove nothing that the checker takes the file.
      test('its checker refuses the file when a word of it is wrong', { skip }, async () => {
        const change = (text) => text.replace(/reverse_proxy|ProxyPreserveHost|http-request|proxy_http_version/, 'nonsense')
        await assert.rejects(FrontProxy.start(name, { application: 1, daemons: [daemon], change }), /nonsense|unrecognized|Caddyfile/)
      })
    })
  }

  test('traefik: the file is YAML, and all that a router names is there', () => {
    const { http, tls } = parse(textOf('traefik'))
    const kinds = Object.keys(http.middlewares)
    for (const [name, { rule, service, middlewares, entryPoints }] of Object.entries(http.routers)) {
      assert.ok(rule.startsWith(`Host(\`${host}\`)`), name)
      assert.ok(http.services[service], name)
      assert.deepEqual(middlewares.filter((each) => !kinds.includes(each)), [], name)
      assert.deepEqual(entryPoints, ['websecure'], name)
    }
    assert.ok(http.services[http.middlewares.away.errors.service])
    assert.deepEqual(Object.values(http.services).map(({ loadBalancer }) => loadBalancer.servers.map(({ url }) => url)), [['http://127.0.0.1:3000'], ['http://127.0.0.1:8000']])
    assert.ok(tls.certificates.every(({ certFile, keyFile }) => certFile && keyFile))
  })

  test('traefik runs its file', { skip: 'Debian has no Traefik' }, () => {})
})
