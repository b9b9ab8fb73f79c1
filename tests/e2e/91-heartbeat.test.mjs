// Pings come only after silence. The daemon learns their pace from a real nginx that cuts idle
// connections. A proxy that cuts by age does not mislead it. Also what /metrics says of
// connections.
// run: long
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { missingNginx, Nginx } from '../lib/nginx.mjs'
import { run } from '../lib/process.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { measured, now, pause, until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE items (id serial PRIMARY KEY, owner text);
  SELECT herald.watch('items', audience => '{owner}');
  SELECT herald.stream('/items', '{items}', match => '{"owner": "claims.sub"}'), herald.stream('/rooms/:room', '{items}', match => '{"owner": "params.room"}', anonymous => true);`)

/** A metric's value, by its whole name with labels. 0 if it is not there. */
async function metric(daemon, name) {
  const { text } = await request(daemon.adminUrl('/metrics'))
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return line === undefined ? 0 : Number(line.slice(name.length))
}

const becomes = (daemon, name, value, timeout = 30_000) =>
  until(async () => (await metric(daemon, name)) === value, { timeout, every: 100, what: `${name} to be ${value}` })

describe('a heartbeat', { skip: missing(), timeout: 180_000, concurrency: true }, () => {
  let stage, daemon
  before(async () => {
    stage = await openStage({ prepare, daemon: { flags: ['--heartbeat', '2s'] } })
    daemon = stage.daemon
  })
  after(() => stage?.close())

  test('a stream that is sent something needs no ping, and gets one when it falls silent', async (t) => {
    const stream = await daemon.subscribe('/items', { token: await token({ sub: 'ann' }) })
    await stream.next('connected')
    const client = await stage.cluster.client()
    const hasty = async () => {
      const begun = now()
      while (now() - begun < 5000) {
        await client.query("INSERT INTO items (owner) VALUES ('ann')")
        await stream.next('items.insert', 30_000)
        await pause(400)
      }
      // The writer may have been held up, so that a ping was due. A reader that is late sees both
      // at once.
      return stream.comments.filter(({ at }) => at > begun && stream.frames.some((frame) => frame.at <= at && at - frame.at < 1000)).length
    }
    assert.equal(await measured(t, hasty, (count) => count === 0), 0, 'pings behind an event')
    const pings = stream.comments.length
    await stream.when(() => stream.comments.length > pings + 1, 30_000)
    await stream.close()
  })

  test('what is sent to others is no reason to leave a ping out', async () => {
    const stream = await daemon.subscribe('/items', { token: await token({ sub: 'bob' }) })
    const client = await stage.cluster.client()
    const begun = now()
    while (stream.comments.length < 2 && now() - begun < 30_000) {
      await client.query("INSERT INTO items (owner) VALUES ('ann')")
      await pause(400)
    }
    assert.ok(stream.comments.length >= 2)
    await stream.close()
  })
})

describe('a ping that a page can see', { skip: missing(), timeout: 180_000 }, () => {
  let stage
  before(async () => (stage = await openStage({ prepare, daemon: { flags: ['--heartbeat', '1s'] } })))
  after(() => stage?.close())

  test('says where the log ends, moves no cursor, and comes in each form that asks for it', async () => {
    const { daemon, cluster } = stage
    const value = await token({ sub: 'ann' })
    const [asked, plain] = await Promise.all(['?ping=event', '?ping=comment'].map((query) => daemon.subscribe(`/items${query}`, { token: value })))
    await cluster.psql("INSERT INTO items (owner) VALUES ('ann')")
    const { id } = await asked.next('items.insert', 20_000)
    const ping = await asked.next('ping', 20_000)
    assert.equal(ping.id ?? '', '')
    const { head, lag_ms: lag, ...more } = JSON.parse(ping.data)
    assert.match(head, /^\d+-\d+$/)
    assert.ok(Number(head.split('-')[0]) >= Number(id.split('-')[0]))
    assert.ok(lag >= 0 && lag < 5000, `${lag} ms`)
    assert.deepEqual(more, {})
    assert.equal(asked.lastEventId, id, 'a client that comes back goes on after the event')
    await plain.when(() => plain.comments.length > 1, 20_000)
    assert.equal(plain.frames.some(({ name }) => name === 'ping'), false)
    assert.equal(asked.comments.length, 0)
    await Promise.all([asked.close(), plain.close()])
    const lines = linesOf(daemon.url('/items?ping=event'), value)
    assert.match(await lines, /^\{"event":"ping","data":\{"head":"\d+-\d+","lag_ms":\d+\}\}$/m)
  })
})

/** What curl gets of the stream as lines, in four seconds. */
async function linesOf(url, value) {
  const { stdout } = await run('curl', ['-sN', '-m', '4', '-H', 'Accept: application/x-ndjson', '-H', `Authorization: Bearer ${value}`, url], { timeout: 30_000 })
  return stdout
}

describe('a heartbeat behind a proxy', { skip: missing() || missingNginx(), timeout: 240_000, concurrency: true }, () => {
  const cut = 2400
  let stage, daemon, nginx
  before(async () => {
    stage = await openStage({ prepare })
    daemon = stage.daemon
    nginx = await Nginx.start(`location / { proxy_pass http://127.0.0.1:${daemon.port}; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout ${cut}ms; }`)
  })
  after(async () => {
    await nginx?.stop()
    await stage?.close()
  })

  const through = async (sub, port = nginx.port) => {
    const stream = new Subscriber(`http://127.0.0.1:${port}/items`, { token: await token({ sub }), reconnect: true, name: sub })
    await stream.connect({ timeout: 30_000 })
    return stream
  }
  /** The connection that is open has outlived several cuts. */
  const stays = (stream) => until(() => stream.open && now() - stream.current.openedAt > 3 * cut, { timeout: 90_000, every: 100, what: `a connection of ${stream.name} that is not cut` })

  test('two cuts of an nginx teach a client its pings, three clients their path', async (t) => {
    const streams = await Promise.all(['ann', 'bob', 'cid'].map((sub) => through(sub)))
    for (const stream of streams) {
      await stays(stream)
      assert.ok(stream.connections.length >= 3, `${stream.connections.length} connections of ${stream.name}`)
      assert.equal(stream.current.partial ?? '', '')
    }
    await becomes(daemon, 'pgherald_heartbeats_learned', 3)
    await daemon.said(/\[STREAM\] '\/items' by 'ann' from 127\.0\.0\.1 was cut after [2-5]\.\d s of silence again: it is pinged every [12]\.\d s/)
    await daemon.said(/\[STREAM\] '\/items': 3 clients were cut after about [2-5]\.\d s of silence: new ones are pinged every [12]\.\d s/)
    assert.ok((await metric(daemon, 'pgherald_pings_total')) > 6)

    const cuts = async () => {
      const fresh = await through('zoe')
      await stays(fresh)
      await fresh.close()
      return fresh.connections.length - 1
    }
    assert.equal(await measured(t, cuts, (count) => count === 0), 0, 'a new client of the path is never cut')
    for (const stream of streams) await stream.close()
  })

  test('a proxy that cuts by age is found out, and an operator told once', async () => {
    const proxy = await Proxy.open(daemon.port, { lifetime: 2800 })
    const other = await stage.addDaemon()
    proxy.target = other.port
    const stream = await through('dan', proxy.port)
    await becomes(other, 'pgherald_heartbeats_unlearned_total', 1, 90_000)
    await becomes(other, 'pgherald_heartbeats_learned', 0)
    await other.said(/was cut after [2-5]\.\d s of silence again/)
    const seen = stream.connections.length
    await stream.when(() => stream.connections.length > seen + 2, 60_000)
    assert.equal((await other.said(/a proxy ends connections of '\/items' after [2-5]\.\d s, pings or not: raise its read timeout/g)).length, 1)
    assert.equal(await metric(other, 'pgherald_heartbeats_unlearned_total'), 1)
    await stream.close()
    await proxy.close()
  })
})

describe('metrics of connections', { skip: missing(), timeout: 120_000 }, () => {
  let stage, daemon
  before(async () => {
    stage = await openStage({ prepare, daemon: { flags: ['--heartbeat', '500ms', '--jwt-leeway', '0s'] } })
    daemon = stage.daemon
  })
  after(() => stage?.close())

  test('streams are counted by path, user, reason and age, and no label holds a user', async () => {
    const ann = await token({ sub: 'ann-of-the-metrics' })
    const streams = [await daemon.subscribe('/items', { token: ann }), await daemon.subscribe('/items', { token: ann }),
      await daemon.subscribe('/rooms/blue'), await daemon.subscribe('/rooms/green')]
    for (const stream of streams) await stream.next('connected', 30_000)
    await becomes(daemon, 'pgherald_path_streams{path="/items"}', 2)
    await becomes(daemon, 'pgherald_path_streams{path="/rooms/:room"}', 2)
    await becomes(daemon, 'pgherald_users', 1)
    await streams[0].when(() => streams[0].comments.length > 0, 30_000)
    assert.ok((await metric(daemon, 'pgherald_pings_total')) > 0)
    assert.ok((await metric(daemon, 'pgherald_sent_bytes_total')) > 1000)
    const { text } = await request(daemon.adminUrl('/metrics'))
    assert.doesNotMatch(text, /ann-of-the-metrics|blue|green/)
    assert.match(text, /^pgherald_loop_busy_ratio [01]\.\d{3}$/m)
    for (const stream of streams) await stream.close()
    await becomes(daemon, 'pgherald_path_streams{path="/items"}', 0)
    await becomes(daemon, 'pgherald_path_streams_opened_total{path="/items"}', 2)
    await becomes(daemon, 'pgherald_streams_closed_total{reason="client"}', 4)
    await becomes(daemon, 'pgherald_stream_age_seconds_count', 4)
    await becomes(daemon, 'pgherald_stream_age_seconds_bucket{le="+Inf"}', 4)
    await becomes(daemon, 'pgherald_users', 0)
  })

  test('streams that the server ends are counted by the reason that they are told', async () => {
    const told = async (stream, reason) => {
      assert.equal(JSON.parse((await stream.next('closing', 30_000)).data).reason, reason)
      await becomes(daemon, `pgherald_streams_closed_total{reason="${reason}"}`, 1)
    }
    const short = await daemon.subscribe('/items', { token: await token({ sub: 'bob', exp: seconds() + 4 }) })
    await told(short, 'expired')
    const out = await daemon.subscribe('/items', { token: await token({ sub: 'cid', iat: seconds() - 5 }) })
    await out.next('connected', 30_000)
    await stage.cluster.psql("SELECT herald.revoke(sub => 'cid')")
    await told(out, 'revoked')
    const old = await daemon.subscribe('/rooms/red')
    await old.next('connected', 30_000)
    await stage.cluster.psql(`SELECT herald.stream('/rooms/:room', '{items}', match => '{"owner": "params.room"}', anonymous => true, format => 'message')`)
    await told(old, 'changed')
    for (const stream of [short, out, old]) await stream.close()
  })

  test('every metric has its help and its type, and the same in the manual', async () => {
    const { readFileSync } = await import('node:fs')
    const manual = readFileSync(new URL('../../contrib/doc/metrics.md', import.meta.url), 'utf8')
    const { text } = await request(daemon.adminUrl('/metrics'))
    const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name, type }))
    assert.ok(families.length > 15)
    for (const [, name] of text.matchAll(/^((?:pgherald|process)_\w+)/gm))
      assert.ok(families.some((f) => f.name === name.replace(/_(bucket|sum|count)$/, '') || f.name === name), name)
    const rows = families.map(({ name, type }) => `| \`${name}\` | ${type} | ${new RegExp(`^# HELP ${name} (.+)$`, 'm').exec(text)?.[1]} |`)
    assert.deepEqual(manual.match(/^\| `(?:pgherald|process)_\w+` \| (gauge|counter|histogram) \| .+$/gm), rows)
    for (const [name] of manual.matchAll(/\b(?:pgherald|process)_\w+/g)) assert.ok(families.some((f) => f.name === name), name)
  })
})
