// Descriptors run out, whoever uses them up.
// - A client that comes then waits.
// - Streams and database go on.
// - Probes and log say what happens.
// - The door opens by itself when there are descriptors again.
// run: both
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { environment } from '../lib/cluster.mjs'
import { missing, program, run } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { addressOf } from '../lib/raw.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, text text);
  SELECT herald.watch('notes');
  SELECT herald.stream('/notes', '{notes}', anonymous => true);`)

describe('descriptors run out', { skip: missing(), timeout: 180_000 }, () => {
  let stage, daemon, stream, rows = 0

  before(async () => {
    stage = await openStage({ prepare, daemon: { flags: ['--max-streams-per-user', '0'] } })
    daemon = stage.daemon
    stream = await daemon.subscribe('/notes')
    await stream.next('connected')
    // Sessions that come late would take the last descriptors.
    const sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('pgherald ticker', 'pgherald replay')"
    await until(async () => await stage.cluster.psql(sessions) === '3', { timeout: 60_000, what: 'the sessions of the daemon' })
  })
  after(() => stage?.close())

  const limit = async (soft) => {
    const { code, stderr } = await processes.run('prlimit', ['--pid', String(daemon.pid), `--nofile=${soft}:`])
    assert.equal(code, 0, stderr)
  }
  const metric = async (name) => Number(new RegExp(`^pgherald_${name} (\\d+)$`, 'm').exec((await request(daemon.adminUrl('/metrics'))).text)[1])
  const eventComes = async () => {
    await stage.cluster.psql(`INSERT INTO notes VALUES (${++rows}, 'x')`)
    await until(() => stream.events.some((event) => JSON.parse(event.data).row.id === rows), { what: 'an event' })
  }
  const answers = async () => (await request(daemon.url('/stream/status'), { timeout: 2000 })).status === 200

  const staysShut = async () => {
    for (let looks = 0; looks < 5; looks++) {
      const { status } = await request(daemon.adminUrl('/readyz'), { timeout: 2000 }).catch(() => ({}))
      if (status !== 503) return false
    }
    return true
  }

  // Not everybody may see which numbers are in use. So the test tries limits, until it finds one at
  // which probes are answered and clients are not.
  const shutForClients = async () => {
    for (const patience of [600, 1200, 2400]) { // on a busy machine the right one may be passed over
      for (let soft = 16, found; soft < 250 && found !== 'open'; soft += 2) {
        await limit(soft)
        const guest = new Subscriber(daemon.url('/notes'))
        guest.connect().catch(() => {})
        const look = async () => {
          const inside = guest.open
          const { status } = await request(daemon.adminUrl('/readyz'), { timeout: patience / 2 })
          return status === 503 ? 'shut' : inside && 'open'
        }
        found = await until(look, { timeout: patience }).catch(() => '')
        if (found === 'shut' && await staysShut()) return guest
        guest.drop()
      }
    }
    assert.fail('no limit shuts clients out and lets probes in')
  }

  test('probes, metrics and the log say that nobody is let in, streams and the database go on', async () => {
    const guest = await shutForClients()
    assert.match((await request(daemon.adminUrl('/readyz'))).text, /not ready: new connections wait for descriptors/)
    assert.equal(await metric('accept_suspended'), 1)
    assert.ok(await metric('accept_suspensions_total') >= 1)
    await until(() => /new connections wait on .* raise LimitNOFILE=/.test(daemon.log), { what: 'a line of the log' })
    await eventComes()
    await stage.cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgherald%'")
    await eventComes()
    await limit(4000)
    await until(answers, { what: 'an answer' })
    await until(async () => (await request(daemon.adminUrl('/readyz'))).status === 200, { what: 'readiness' })
    assert.equal(await metric('accept_suspended'), 0)
    guest.drop()
  })

  test('without any descriptor clients wait, cost nothing, and are let in when there are some', async () => {
    await limit(8)
    const waiting = Array.from({ length: 20 }, () => Subscriber.open(daemon.url('/notes'), { name: 'waits' }))
    const cpu = daemon.cpuMs()
    await eventComes()
    await until(async () => {
      const before = daemon.cpuMs()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      return daemon.cpuMs() - before < 200
    }, { what: `a process that does not spin, after ${cpu} ms` })
    await limit(4000)
    for (const guest of await Promise.all(waiting)) {
      assert.equal(guest.status, 200)
      await guest.close()
    }
  })

  test('clients that all leave while no more could be let in do not shut the door for good', async () => {
    const halves = (count) => Array.from({ length: count }, () => connect(addressOf(daemon.url('/')), function () { this.write('GET /notes HTTP/1.1\r\nHo') }))
    const inside = halves(1).map((socket) => socket.on('error', () => {}))
    await until(() => daemon.connections() === 2, { what: 'one that says its head, beside the stream' })
    await limit(8)
    const outside = halves(50).map((socket) => socket.on('error', () => {}))
    await Promise.all(outside.map((socket) => once(socket, 'connect')))
    for (const socket of [...inside, ...outside]) socket.destroy()
    await limit(4000)
    await until(answers, { what: 'an answer' })
  })
})

describe('limits of descriptors at the start', { skip: missing(), timeout: 60_000 }, () => {
  const serve = (limits, ...flags) => processes.run('prlimit', [`--nofile=${limits}`, program, 'serve', '--jwt-secret', 'x'.repeat(40), '--listen',
    '127.0.0.1:1', '--admin-listen', '', '--database-url', 'host=/nowhere', ...flags], { env: environment(), timeout: 20_000 })

  test('more streams than they allow are refused, with what to do', async () => {
    const { code, stderr } = await serve('64:1024', '--max-streams', '5000')
    assert.equal(code, 3, stderr)
    assert.match(stderr, /max-streams is 5000, but this program may have 1024 descriptors, of which streams can take 896: lower it, or raise the limit/)
  })

  test('the soft limit does not count, for it is raised to the hard one', async () => {
    const { code, stderr } = await serve('64:1024', '--max-streams', '896', '--listen', '203.0.113.1:1')
    assert.equal(code, 1, stderr) // it fails only at the address, which is nobody's here
    assert.match(stderr, /cannot listen on '203\.0\.113\.1:1'/)
  })

  test('a program whose standard files are closed gives their numbers to nobody', async () => {
    const { stdout } = await processes.run('sh', ['-c', `"${program}" version <&- >&- 2>&-; echo $?`])
    assert.equal(stdout.trim(), '1') // its output went nowhere
    assert.equal((await run(['version'])).code, 0)
  })
})
