// Tests of the tests' own tools: the throw-away cluster, the tokens and the subscriber. A small
// server does to the subscriber what networks do.
// run: once
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { jwtVerify } from 'jose'
import { applicationName, Cluster } from '../lib/cluster.mjs'
import { Curl } from '../lib/curl.mjs'
import { repository } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { compareIds, eventOf, eventSource, request, Subscriber } from '../lib/sse.mjs'
import { rawToken, secret, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('the cluster', () => {
  let cluster
  before(async () => (cluster = await Cluster.start({ settings: { work_mem: '5MB' } })))
  after(() => cluster.destroy())

  test('answers psql and a client, with the settings asked for', async () => {
    assert.equal(await cluster.psql('SHOW work_mem; SELECT 1;'), '5MB\n1')
    const client = await cluster.client()
    const { rows } = await client.query("SELECT current_setting('application_name') AS name")
    assert.equal(rows[0].name, applicationName)
    await assert.rejects(cluster.psql('SELECT broken'), /column "broken" does not exist/)
  })

  for (const mode of ['fast', 'immediate']) {
    test(`restarts in mode ${mode} with what was committed`, async () => {
      await cluster.psql(`CREATE TABLE kept_${mode} (n int); INSERT INTO kept_${mode} VALUES (7);`)
      await cluster.restart(mode)
      assert.equal(await cluster.psql(`SELECT n FROM kept_${mode}`), '7')
    })
  }

  test('comes back after kill -9', async () => {
    await cluster.kill9()
    await cluster.startServer()
    assert.equal(await cluster.psql('SELECT n FROM kept_fast'), '7')
  })

  test('ends with the process that started it, even by kill -9', async () => {
    const lib = (name) => fileURLToPath(new URL(`../lib/${name}`, import.meta.url))
    const script = `import { Cluster } from ${JSON.stringify(lib('cluster.mjs'))}
      const c = await Cluster.start(); console.log(c.server.pid, c.directory); setInterval(() => {}, 1000)`
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      const child = processes.start(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      let line = ''
      child.stdout.on('data', (chunk) => (line += chunk))
      await until(() => line.includes('\n'), { timeout: 30_000 })
      const [pid, directory] = line.trim().split(' ')
      child.kill(signal)
      await processes.gone(Number(pid))
      if (signal === 'SIGTERM') await until(() => !existsSync(directory))
    }
  })
})

test('a free port is given to one process only, and is free again after its end', async () => {
  const owner = (port) => {
    try {
      return readlinkSync(join(tmpdir(), 'pgherald-tests', 'ports', port))
    } catch {
      return undefined
    }
  }
  const script = `import { freePort } from ${JSON.stringify(fileURLToPath(new URL('../lib/process.mjs', import.meta.url)))}
    const ports = []; while (ports.length < 300) ports.push(await freePort())
    console.log(process.pid, ...ports); process.stdin.once('data', () => process.exit())`
  const children = [1, 2, 3, 4].map(() => processes.start(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }))
  const lines = await Promise.all(children.map(async (child) => String((await once(child.stdout, 'data'))[0]).trim().split(' ')))
  const owned = owner(lines[0][1]) === lines[0][0]
  for (const child of children) child.stdin.write('end')
  await Promise.all(children.map((child) => child.exited))

  assert.ok(owned)
  assert.equal(new Set(lines.flatMap(([, ...ports]) => ports)).size, 1200)
  for (const [pid, ...ports] of lines) for (const port of ports) assert.notEqual(owner(port), pid)
})

test('the tests of one user leave room for those of another', async () => {
  await processes.freePort()
  const root = join(tmpdir(), 'pgherald-tests')
  for (const shared of [root, join(root, 'ports')]) assert.equal(statSync(shared).mode & 0o7777, 0o1777, shared)
})

test('tokens verify with their key and with no other', async () => {
  const made = await token({ sub: 'u1', role: 'staff', stores: ['centro'] })
  const { payload } = await jwtVerify(made, Buffer.from(secret))
  assert.deepEqual([payload.sub, payload.role, payload.stores], ['u1', 'staff', ['centro']])
  await assert.rejects(jwtVerify(made, Buffer.from('another-secret-of-thirty-two-bytes!!')))
  assert.equal((await token({ sub: 'u1' }, { alg: 'none' })).split('.')[2], '')
  assert.equal(rawToken({ alg: 'HS256' }, {}).split('.').length, 3)
})

describe('the subscriber', () => {
  let server
  const seen = []
  // Sends two events for each connection, resumes after Last-Event-ID, and ends in the middle of a
  // third.
  const serve = (req, res) => {
    seen.push(req.headers)
    if (req.url === '/refused') return res.writeHead(401).end('{"success":false}')
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    if (req.url === '/idle') return res.write(': ping\n')
    const from = Number(req.headers['last-event-id']?.split('-')[1] ?? 0)
    res.write('retry: 2000\n')
    for (const n of [from + 1, from + 2]) res.write(`id: 1-${n}\nevent: e\ndata: {"n":${n}}\n\n`)
    res.write(`id: 1-${from + 3}\ndata: {"n"`, () => res.destroy())
  }
  const url = (path) => `http://127.0.0.1:${server.address().port}${path}`
  before(async () => {
    server = http.createServer(serve).listen(0, '127.0.0.1')
    await until(() => server.listening)
  })
  after(() => server.closeAllConnections() ?? server.close())

  test('resumes after the last whole event and sees each once', async () => {
    const subscriber = new Subscriber(url('/'), { reconnect: () => 1 })
    await subscriber.connect()
    await subscriber.next((frame) => frame.id === '1-7')
    await subscriber.close()
    assert.deepEqual(subscriber.frames.slice(0, 7).map(({ id }) => id), [1, 2, 3, 4, 5, 6, 7].map((n) => `1-${n}`))
    assert.equal(subscriber.frames[0].raw, 'retry: 2000\nid: 1-1\nevent: e\ndata: {"n":1}\n\n')
    assert.deepEqual(subscriber.connections.slice(0, 3).map((c) => c.resumedFrom), ['', '1-2', '1-4'])
    assert.equal(subscriber.connections[0].partial, 'id: 1-3\ndata: {"n"')
    assert.deepEqual(subscriber.faults, [])
  })

  test('takes a refusal as an answer, sends its token and sees comments', async () => {
    const refused = await Subscriber.open(url('/refused'), { token: 'abc' })
    assert.equal(refused.status, 401)
    assert.equal(seen.at(-1).authorization, 'Bearer abc')
    const idle = await Subscriber.open(url('/idle'))
    await idle.when(() => idle.comments.length > 0)
    assert.equal(idle.comments[0].text, 'ping')
    await assert.rejects(idle.next('never', 30), /not within 30 ms: a frame of .*never/)
    await idle.close()
    assert.equal((await request(url('/refused'))).json.success, false)
  })

  test('is not the only one: curl and the eventsource package see the same', async () => {
    const curl = Curl.start(url('/'))
    await curl.frame((frame) => frame.id === '1-2')
    await curl.ended()
    assert.deepEqual(curl.lines.slice(0, 5), ['retry: 2000', 'id: 1-1', 'event: e', 'data: {"n":1}', ''])
    const source = eventSource(url('/'), { headers: { 'X-Test': '1' } })
    const event = await eventOf(source, 'e')
    source.close()
    assert.deepEqual([event.lastEventId, event.data], ['1-1', '{"n":1}'])
    assert.equal(seen.at(-1)['x-test'], '1')
  })
})

test('ids compare as numbers', () => {
  assert.equal(compareIds('9-1', '10-1'), -1)
  assert.equal(compareIds('10-9', '10-10'), -1)
  assert.equal(compareIds('18446744073709551615-1', '18446744073709551616-1'), -1)
  assert.throws(() => compareIds('10', '10-1'), /not an id/)
})

test('what is in lib/ itself imports nothing from the folders of the schedules', () => {
  const lib = join(repository, 'tests/lib')
  for (const name of readdirSync(lib).filter((name) => name.endsWith('.mjs'))) {
    assert.doesNotMatch(readFileSync(join(lib, name), 'utf8'), /from '\.\/(schedule|isolation)\//, name)
  }
})

test('a name that no test has is an error, before anything is built or run', async () => {
  for (const args of [['no-such-test'], ['unit', '10-path'], ['sql', 'divides_by_zero', 'e2e', 'no-such-test']]) {
    const { code, stdout, stderr } = await processes.run(join(repository, 'tests/run'), args)
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, new RegExp(`^No test has "${args.at(-1)}" in its name\\. Looked in: tests/.*\\.\n$`))
  }
})
