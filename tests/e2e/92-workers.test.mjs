// `workers`: several processes at one address are one program to clients and to operators. Limits count
// over all of them, metrics are added up, each signal concerns all, and a worker that dies is replaced.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { alive, childrenOf, gone, removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const tables = `CREATE TABLE orders (id int PRIMARY KEY, n int); SELECT herald.watch('orders');
  SELECT herald.stream('/orders', '{orders}'); INSERT INTO orders SELECT g, 0 FROM generate_series(1, 9) g`

describe('several workers', { skip: missing(), timeout: 180_000 }, () => {
  let stage, ann, directory, file
  before(async () => {
    directory = temporaryDirectory('workers')
    file = join(directory, 'pgherald.conf')
    writeFileSync(file, 'max-streams-per-user = 40\n')
    stage = await openStage({
      prepare: (cluster) => cluster.psql(tables),
      daemon: { flags: ['--config', file, '--workers', '3', '--max-streams', '50', '--heartbeat', '1s'] },
    })
    ann = await token({ sub: 'ann' })
    await ready()
  })
  after(async () => {
    await stage?.close()
    removeDirectory(directory)
  })

  const workers = () => childrenOf(stage.daemon.pid)
  const ready = () => until(async () => (await request(stage.daemon.adminUrl('/readyz'))).status === 200, { what: 'all workers' })
  const metrics = async () => (await request(stage.daemon.adminUrl('/metrics'))).text
  const value = async (name) => Number((await metrics()).split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1])
  const open = (count, sub) => Promise.all(Array.from({ length: count }, async () => stage.daemon.subscribe('/orders', { token: sub ?? ann })))
  const close = (all) => Promise.all(all.map((each) => each.close()))

  test('all serve, and each event reaches every connection of each of them, once', async () => {
    assert.equal(workers().length, 3)
    const all = await open(30)
    assert.deepEqual(all.map((each) => each.status), all.map(() => 200))
    await stage.cluster.psql('UPDATE orders SET n = n + 1')
    await until(() => all.every((each) => each.events.length >= 9), { what: 'nine events at each' })
    for (const each of all) assert.equal(new Set(each.events.map((event) => event.id)).size, 9)
    await until(async () => (await value('pgherald_streams')) === 30, { what: 'the sum of the streams' })
    assert.equal(JSON.parse((await stage.daemon.status()).text).streams, 30)
    assert.equal(await value('pgherald_path_streams{path="/orders"}'), 30)
    await close(all)
    await until(async () => (await value('pgherald_streams')) === 0, { what: 'no stream' })
  })

  test('a user has as many connections as the limit says, whichever worker has them', async () => {
    const all = []
    for (let i = 0; i < 45; i++) all.push(...(await open(1)))
    assert.equal(all.filter((each) => each.status === 200).length, 40)
    assert.equal(all.filter((each) => each.status === 429).length, 5)
    const others = []
    for (let i = 0; i < 12; i++) others.push(...(await open(1, await token({ sub: `user${i}` }))))
    assert.equal(others.filter((each) => each.status === 200).length, 10, 'and the program as many as max-streams says')
    await close([...all, ...others])
    await until(async () => (await value('pgherald_streams')) === 0, { what: 'no stream' })
  })

  test('/metrics has each sample once, and of a gauge the worst', async () => {
    const lines = (await metrics()).split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.slice(0, line.lastIndexOf(' ')))
    assert.deepEqual(lines.filter((line, n) => lines.indexOf(line) !== n), [])
    assert.equal(await value('pgherald_up'), 1)
    assert.ok((await value('pgherald_head_tick')) > 0)
    assert.equal((await metrics()).match(/^# TYPE pgherald_streams gauge$/mg).length, 1)
  })

  test('a worker that is killed is replaced; its clients come back, and miss nothing', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => stage.daemon.subscribe('/orders', { token: ann, reconnect: () => 50 })))
    const [victim] = workers()
    const seen = all.map((each) => each.events.length)
    process.kill(victim, 'SIGKILL')
    await gone(victim)
    for (let i = 0; i < 5; i++) await stage.cluster.psql('UPDATE orders SET n = n + 1 WHERE id = 1')
    await until(() => workers().length === 3 && !workers().includes(victim), { what: 'a new worker' })
    await until(() => all.every((each, n) => each.events.length - seen[n] >= 5), { what: 'all events at all' })
    for (const [n, each] of all.entries()) assert.equal(each.events.length - seen[n], 5)
    await stage.daemon.said(/worker 0 was ended by signal 9, another one takes its place/)
    await ready()
    await until(async () => (await value('pgherald_streams')) === 12, { what: 'the count without the dead' })
    await close(all)
  })

  test('/readyz says 503 while a worker does not answer', async () => {
    const one = workers()[1] // not the first worker, which answers here, wherever it stands now
    process.kill(one, 'SIGSTOP')
    try {
      await until(async () => (await request(stage.daemon.adminUrl('/readyz'))).text === 'not ready: another worker does not answer\n', { what: '503' })
    } finally {
      process.kill(one, 'SIGCONT')
    }
    await ready()
  })

  test('a worker that hangs is killed after 30 s, and replaced', async () => {
    const hung = workers()[1]
    process.kill(hung, 'SIGSTOP')
    await stage.daemon.said(/worker \d has said nothing for 30 s, it is killed/)
    await gone(hung)
    await until(() => workers().length === 3 && !workers().includes(hung), { what: 'a new worker' })
    await ready()
  })

  test('SIGHUP reaches all, and those that are started after it', async () => {
    writeFileSync(file, 'max-streams-per-user = 7\n')
    const log = await stage.daemon.reload(/(max-streams-per-user[^]*){3}/)
    assert.equal(log.match(/max-streams-per-user/g).length, 3)
    const victim = workers()[1]
    process.kill(victim, 'SIGKILL')
    await until(() => workers().length === 3 && !workers().includes(victim), { what: 'a new worker' })
    await ready()
    const all = []
    for (let i = 0; i < 12; i++) all.push(...(await open(1)))
    assert.equal(all.filter((each) => each.status === 200).length, 7)
    await close(all)
    await until(async () => (await value('pgherald_streams')) === 0, { what: 'no stream' })
  })

  test('SIGTERM ends every stream with a whole event, and the program with 0', async () => {
    const all = await open(6)
    stage.daemon.child.kill('SIGTERM')
    await until(() => all.every((each) => !each.open), { what: 'the end of all' })
    for (const each of all) assert.equal(each.frames.at(-1).name, 'closing')
    assert.deepEqual(await stage.daemon.child.exited, { code: 0, signal: null })
    assert.doesNotMatch(stage.daemon.logs(), /ended by signal (?!9)/)
    await stage.daemon.start()
    await ready()
  })

  test('workers end with their parent, also when it is killed', async () => {
    const pids = workers()
    assert.equal(pids.length, 3)
    await stage.daemon.kill9()
    for (const pid of pids) await gone(pid)
    assert.ok(pids.every((pid) => !alive(pid)))
    await stage.daemon.start()
  })

  test('an address that is taken, and a unix socket, are refused with a sentence', async () => {
    const flags = ['--database-url', stage.cluster.url(), '--jwt-secret-file', stage.daemon.secretFile, '--admin-listen', '', '--workers', '2']
    const taken = await run(['serve', ...flags, '--listen', `127.0.0.1:${stage.daemon.port}`])
    assert.equal(taken.code, 1)
    assert.match(taken.stderr, /cannot listen on '127\.0\.0\.1:\d+': Address already in use/)
    const path = await run(['config', 'check', ...flags, '--listen', 'unix:/tmp/herald'])
    assert.equal(path.code, 3)
    assert.match(path.stderr, /listen has a unix socket, which 2 workers cannot share: give an address and a port, or workers = 1/)
    const word = await run(['config', 'check', ...flags.slice(0, -1), 'many'])
    assert.match(word.stderr, /workers is 'many', not a number, nor auto/)
  })

  test('a program whose worker cannot serve ends, and says why', async () => {
    const flags = ['--database-url', stage.cluster.url('postgres'), '--jwt-secret-file', stage.daemon.secretFile, '--admin-listen', '', '--workers', '2']
    const misfit = await run(['serve', ...flags, '--listen', `127.0.0.1:${stage.daemon.port + 1}`], { timeout: 60_000 })
    assert.equal(misfit.code, 4, misfit.stderr)
    assert.match(misfit.stderr, /worker \d has ended, so all end: it has said why/)
  })
})
