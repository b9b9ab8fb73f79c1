// Names of hosts on the way to PostgreSQL, and a DNS that does not answer. Only the session that
// asks waits for it.
// run: long
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster, environment, least } from '../lib/cluster.mjs'
import { Daemon, missing, program, run } from '../lib/daemon.mjs'
import { makeDns } from '../lib/nodns.mjs'
import * as processes from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { makeCertificate, TlsProxy } from '../lib/tls.mjs'
import { until } from '../lib/wait.mjs'

const names = { 'db.test': '127.0.0.1', 'other.test': '127.0.0.1', 'two.test': '127.0.0.3 127.0.0.1', 'gone.test': 'gone', 'hangs.test': 'hangs' }
const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, text text);
  SELECT herald.watch('notes');
  SELECT herald.stream('/notes', '{notes}', anonymous => true);`)

describe('names of hosts', { skip: missing(), timeout: 180_000 }, () => {
  let stage, directory, dns, rows = 0

  before(async () => {
    directory = processes.temporaryDirectory('dns')
    dns = makeDns(directory, names)
    stage = await openStage({ prepare, daemon: false })
  })
  after(async () => {
    await stage?.close()
    processes.removeDirectory(directory)
  })

  const keywords = (host, port = stage.cluster.port, more = '') => `host=${host} port=${port} user=postgres dbname=${stage.cluster.database} ${more}`
  const start = (databaseUrl, { env = {}, flags = [] } = {}) => Daemon.start({ cluster: stage.cluster, databaseUrl, flags, env: { ...dns.env, ...env } })
  const insert = () => stage.cluster.psql(`INSERT INTO notes VALUES (${++rows}, 'x')`)
  const has = (stream, id) => stream.events.some((event) => JSON.parse(event.data).row.id === id)
  const terminate = (who) => stage.cluster.psql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgherald${who}'`)

  async function works(databaseUrl, options) {
    const daemon = await start(databaseUrl, options)
    try {
      const stream = await daemon.subscribe('/notes')
      await stream.next('connected')
      await insert()
      await until(() => has(stream, rows), { what: `an event by way of ${databaseUrl}` })
      await stream.close()
    } finally {
      assert.equal(await daemon.destroy(), 0)
    }
  }

  test('a DNS that hangs keeps only those waiting who ask it', async () => {
    const daemon = await start(keywords('db.test'), { flags: ['--heartbeat', '1s'] })
    try {
      const stream = await daemon.subscribe('/notes')
      await stream.next('connected')
      dns.set({ 'db.test': 'hangs' })
      await terminate(' replay') // what is left follows the log
      await insert()
      await until(() => has(stream, rows), { what: 'an event' })
      await terminate('%')
      await until(async () => (await daemon.status()).json.status === 'degraded', { what: 'a status that says so' })
      const pings = stream.comments.length
      await until(() => stream.comments.length > pings + 2, { what: 'pings' })
      await insert()
      dns.set(names)
      await until(() => has(stream, rows), { what: 'the event, when DNS is back' })
      await until(async () => (await daemon.status()).json.status === 'ok')
      await stream.close()
    } finally {
      assert.equal(await daemon.destroy(), 0)
    }
  })

  test('SIGTERM is not kept waiting by it, nor are threads by the dozen left in it', async () => {
    const daemon = await start(keywords('db.test'))
    dns.set({ 'db.test': 'hangs' })
    await terminate('%')
    await until(async () => (await daemon.status()).json.status === 'degraded')
    for (let asked = 0; asked < 100; asked++) await daemon.status() // turns of the loop
    const threads = Number(/^Threads:\s+(\d+)/m.exec(processes.read(daemon.pid, 'status'))[1])
    assert.ok(threads <= 5, `${threads} threads`)
    assert.equal(await daemon.destroy(), 0)
    dns.set(names)
  })

  test('it may hang at the start as well: probes are answered, and SIGTERM ends it', async () => {
    const [port, admin] = [await processes.freePort(), await processes.freePort()]
    const child = processes.start(program, ['serve', '--database-url', keywords('hangs.test'), '--listen', `127.0.0.1:${port}`, '--admin-listen',
      `127.0.0.1:${admin}`, '--jwt-secret', 'x'.repeat(40)], { env: { ...environment(), ...dns.env }, stdio: 'ignore' })
    await until(async () => (await request(`http://127.0.0.1:${admin}/healthz`)).status === 200, { what: 'an answer' })
    assert.equal((await request(`http://127.0.0.1:${admin}/readyz`)).status, 503)
    child.kill('SIGTERM')
    assert.deepEqual(await child.exited, { code: 0, signal: null })
  })

  test('of several hosts and addresses one that works is found', async () => {
    await works(keywords('two.test'))
    await works(keywords('gone.test,db.test'))
    await works(keywords('hangs.test,db.test'))
    if (!least) await works(`postgresql://postgres@gone.test:1,db.test:${stage.cluster.port}/${stage.cluster.database}`) // the tests' own client cannot read such a URL
    await works(keywords('/nowhere,db.test', `1,${stage.cluster.port}`))
  })

  test('a host that is silent is passed over, with or without a name, and a socket as well', async () => {
    const mutes = [1, 2].map(() => createServer((socket) => socket.on('error', () => {}))) // they take connections and say nothing on them
    const port = await processes.freePort()
    await new Promise((resolve) => mutes[0].listen(port, '127.0.0.1', resolve))
    await new Promise((resolve) => mutes[1].listen(join(directory, `.s.PGSQL.${port}`), resolve))
    const ports = `${port},${stage.cluster.port}`
    try {
      await works(keywords('db.test,127.0.0.1', ports))
      await works(keywords('', ports, 'hostaddr=127.0.0.1,127.0.0.1').replace('host= ', ''))
      await works(keywords(`${directory},127.0.0.1`, ports))
      const doctor = await run(['doctor', '--json', '--database-url', keywords(`${directory},127.0.0.1`, ports), '--listen', '127.0.0.1:1', '--admin-listen', '',
        '--jwt-secret', 'x'.repeat(40)], { timeout: 60_000 })
      assert.equal(JSON.parse(doctor.stdout).checks.find(({ check }) => check === 'session')?.outcome, 'ok', doctor.stdout)
    } finally {
      for (const mute of mutes) mute.close()
    }
  })

  test('of several servers what looks after a session, and what is connected on demand, goes where it is', async () => {
    let tried = ''
    const mute = createServer((socket) => socket.on('error', () => {}).on('data', (bytes) => (tried += bytes)))
    const port = await processes.freePort()
    await new Promise((resolve) => mute.listen(port, '127.0.0.1', resolve))
    const daemon = await start(keywords('db.test,127.0.0.1', `${port},${stage.cluster.port}`, 'sslmode=disable'))
    try {
      assert.equal((await request(daemon.url('/stream/schema'))).status, 200)
      assert.match(tried, /pgherald ticker/)
      assert.doesNotMatch(tried, /pgherald (proof|asker)/)
    } finally {
      assert.equal(await daemon.destroy(), 0)
      mute.close()
    }
  })

  test('an address that is given is used, and no name asked for', async () => {
    await works(keywords('hangs.test', stage.cluster.port, 'hostaddr=127.0.0.1'))
  })

  test('environment, service files and sockets lead where they did', async () => {
    const service = join(directory, 'service')
    writeFileSync(service, `[here]\n${keywords('db.test').trim().split(' ').join('\n')}\n`)
    await works('service=here', { env: { PGSERVICEFILE: service } })
    await works(`dbname=${stage.cluster.database} user=postgres`, { env: { PGHOST: 'db.test', PGPORT: String(stage.cluster.port) } })
    await works(keywords(stage.cluster.directory))
  })

  test('target_session_attrs chooses among names', async () => {
    const other = await Cluster.start({ database: stage.cluster.database })
    await other.psql(`ALTER DATABASE ${other.database} SET default_transaction_read_only = on`)
    try {
      await works(keywords('db.test,two.test', `${other.port},${stage.cluster.port}`, 'target_session_attrs=read-write'))
    } finally {
      await other.destroy()
    }
  })

  test('verify-full compares the certificate with the name', async () => {
    const { cert, key } = await makeCertificate(directory, ['db.test'])
    const proxy = await TlsProxy.open(stage.cluster.port, { cert, key })
    const verified = (host) => keywords(host, proxy.port, `sslmode=verify-full sslrootcert=${cert}`)
    try {
      await works(verified('db.test'))
      const port = await processes.freePort()
      const child = processes.start(program, ['serve', '--database-url', verified('other.test'), '--listen', `127.0.0.1:${port}`, '--admin-listen', '',
        '--jwt-secret', 'x'.repeat(40)], { env: { ...environment(), ...dns.env }, stdio: ['ignore', 'ignore', 'pipe'] })
      let log = ''
      child.stderr.on('data', (chunk) => (log += chunk))
      await until(() => /does not match host name "other\.test"/.test(log), { what: 'a complaint of the name' })
      child.kill('SIGTERM')
      assert.equal((await child.exited).code, 0)
    } finally {
      await proxy.close()
    }
  })
})
