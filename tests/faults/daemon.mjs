// Faults of the daemon itself, and of the machine that it runs on.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { environment } from '../lib/cluster.mjs'
import { Daemon, program, repository } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { seconds, token } from '../lib/token.mjs'
import { now, until } from '../lib/wait.mjs'
import { forMs, next, onBed, within } from './bed.mjs'
import { Nuisance } from './nuisance.mjs'
import { Beats, gapsShown, prepareBeats, Rovers } from './rovers.mjs'

const users = 50

// Another user, if this one is root, for whom the limit does not count.
const alone = [...(process.getuid() === 0 ? ['--reuid=65534', '--regid=65534', '--clear-groups'] : []), 'prlimit', '--nproc=1:1']

/** Why no row can count on RLIMIT_NPROC here. Some kernels do not enforce it. */
function nprocCounts() {
  const { stdout } = spawnSync('setpriv', [...alone, 'sh', '-c', '(:) && echo more'], { encoding: 'utf8' })
  return /more/.test(stdout) ? 'this kernel does not enforce RLIMIT_NPROC' : undefined
}

/** Clients of counters under load. body returns figures for within(). */
const withRovers = (count, rate, body) => () => onBed({ prepare: (cluster) => prepareBeats(cluster, users), flags: ['--max-streams-per-user', '1000'] }, async (bed) => {
  const rovers = await Rovers.open(count, users, () => bed.daemon.url('/beat'))
  const beats = new Beats(() => bed.cluster.url(), users, rate)
  try {
    const figures = await body(bed, rovers)
    await beats.end()
    const { lost, again, resets, refused } = await rovers.judge(bed.cluster)
    const result = within(figures, `${beats.acked} changes, ${lost} lost, ${again} twice, ${resets} reset, ${refused} refused`, gapsShown(rovers.gaps()))
    return { ...result, held: result.held && lost + again + resets === 0 }
  } finally {
    beats.over = true
    rovers.close()
  }
})

async function backTogether(rovers, since) {
  await rovers.opened()
  return now() - since
}

/** A figure of a process over ten minutes, from samples [ms, value]. */
function slope(samples) {
  const [n, mean] = [samples.length, (at) => samples.reduce((sum, each) => sum + each[at], 0) / samples.length]
  const [x, y] = [mean(0), mean(1)]
  const up = samples.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0), down = samples.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
  return n > 1 ? (up / down) * 600_000 : 0
}

const soakMinutes = Number(process.env.SOAK ?? 3)
const restartMs = soakMinutes < 20 ? 60_000 : 300_000
const descriptors = (text) => Number(/^process_open_fds (\d+)/m.exec(text)?.[1])

export const rows = [
  { name: 'F50', fault: 'the daemon is killed (-9) with 500 streams, under load', wanted: 'all back in 10 s', run: withRovers(500, 100, async (bed, rovers) => {
    await forMs(2000)
    await bed.daemon.kill9()
    await forMs(1000)
    const begun = now()
    await bed.daemon.start()
    return [['all back', await backTogether(rovers, begun), 10_000]]
  }) },

  { name: 'F51', quick: true, fault: 'SIGTERM with 1,000 idle streams', wanted: 'exit 0 in 5 s, all told', run: () => onBed({ flags: ['--max-streams-per-user', '2000', '--max-streams-per-ip', '2000'] }, async (bed) => {
    const head = `GET /hot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await token({ sub: 'ann' })}\r\n\r\n`
    const clients = Array.from({ length: 1000 }, () => {
      const client = { text: '', socket: connect(bed.daemon.port, '127.0.0.1') }
      client.socket.on('error', () => {})
      client.socket.on('data', (chunk) => (client.text += chunk))
      client.ended = new Promise((resolve) => client.socket.once('close', resolve))
      client.socket.write(head)
      return client
    })
    await until(() => clients.every(({ text }) => text.includes('event: connected')), { timeout: 60_000, what: 'all streams' })
    const begun = now()
    const code = await bed.daemon.stop()
    const took = now() - begun
    await Promise.all(clients.map(({ ended }) => ended))
    const told = clients.filter(({ text }) => text.includes('event: closing')).length
    const result = within([['end', took, 5000]], `exit status ${code}`, `${told} told`)
    return { ...result, held: result.held && code === 0 && told === 1000 }
  }) },

  { name: 'F52', quick: true, fault: 'SIGTERM at the start, without a database; SIGHUP with a bad configuration', wanted: 'exit 0; keeps the old', run: () => onBed({}, async (bed) => {
    const port = await processes.freePort()
    const child = processes.start(program, ['serve', '--database-url', `postgresql://x@127.0.0.1:${port}/x`, '--listen', `127.0.0.1:${await processes.freePort()}`, '--admin-listen', '', '--jwt-secret-file', bed.daemon.secretFile], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
    await until(() => said.includes('\n'), { what: 'its first line' })
    const begun = now()
    child.kill('SIGTERM')
    const { code } = await child.exited
    const took = now() - begun
    const file = join(bed.daemon.directory, 'pgherald.conf')
    writeFileSync(file, 'heartbeat = 20s\n')
    const other = await bed.stage.addDaemon({ databaseUrl: bed.cluster.url(), flags: ['--config', file] })
    const stream = await bed.listen('other', other)
    writeFileSync(file, 'heartbeat = soon\n')
    await other.reload(/heartbeat/)
    const wait = await bed.lone(stream)
    const result = within([['end', took, 2000], ['a change after SIGHUP', wait, 2000]], `exit status ${code}`)
    return { ...result, held: result.held && code === 0 }
  }) },

  { name: 'F53', fault: 'SIGSTOP of the daemon for 30 s', wanted: '5 s; one ping; an ended token is cut', run: () => onBed({ flags: ['--heartbeat', '2s', '--jwt-leeway', '0s'] }, async (bed) => {
    const stream = await bed.listen()
    const short = await bed.daemon.subscribe('/hot', { token: await token({ sub: 'ann', exp: seconds() + 10 }), name: 'short' })
    await short.next('connected')
    await bed.write()
    await next(stream)
    bed.daemon.pause()
    await forMs(30_000)
    const pings = stream.comments.length
    const begun = now()
    bed.daemon.resume()
    await short.ended()
    const cut = now() - begun
    const mark = bed.log.findLast(({ fate }) => fate === 'acked').changes.at(-1)?.mark
    await until(() => stream.frames.some(({ data }) => data.includes(mark)), { what: mark })
    const took = now() - begun
    const after = stream.comments.length - pings
    const late = short.events.filter(({ at }) => at > begun + 1000).length
    await short.close()
    const result = within([['drained', took, 5000], ['cut', cut, 1000]], `${after} pings`, await bed.judge([stream]))
    return { ...result, held: result.held && after <= 1 && late === 0 }
  }) },

  { name: 'F56', quick: true, fault: 'no threads (RLIMIT_NPROC)', wanted: 'serves, or exit 1', needs: nprocCounts, run: () => onBed({}, async (bed) => {
    const port = await processes.freePort()
    const child = processes.start('setpriv', [...alone, program, 'serve', '--database-url', bed.cluster.url(), '--listen', `127.0.0.1:${port}`, '--admin-listen', '', '--jwt-secret', 'a-secret-for-the-tests-only-0123456789abcdef'], { env: environment(), stdio: 'ignore' })
    const serves = async () => child.exitCode !== null || (await request(`http://127.0.0.1:${port}/stream/status`)).json.status === 'ok'
    await until(serves, { what: 'an answer, or its end' })
    if (child.exitCode !== null) return { held: child.exitCode === 1, figure: `exit status ${child.exitCode}` }
    child.kill('SIGTERM')
    const { code } = await child.exited
    return { held: code === 0, figure: `it serves without threads, and ends with ${code}` }
  }) },

  { name: 'F57', fault: "the daemon's clock: -1 h, +1 h, -1 day, +20 years", wanted: 'pings; CPU < 0.2', run: async () => {
    const nuisance = new Nuisance()
    try {
      return await onBed({ env: nuisance.env, flags: ['--heartbeat', '2s'] }, async (bed) => {
        const figures = []
        const stream = await bed.daemon.subscribe('/hot', { token: await token({ sub: 'ann', exp: seconds() + 40 * 365 * 86_400 }), name: 'clock' })
        await stream.next('connected')
        for (const shift of [-3600, 3600, -86_400, 20 * 365 * 86_400]) {
          nuisance.say({ seconds: shift })
          const [pings, cpu, begun] = [stream.comments.length, bed.daemon.cpuMs(), now()]
          await forMs(7500)
          figures.push({ pings: stream.comments.length - pings, cpu: (bed.daemon.cpuMs() - cpu) / (now() - begun) })
        }
        nuisance.say()
        const wait = await bed.lone(stream)
        assert.equal(stream.connections.length, 1)
        await stream.close()
        const pings = figures.map((each) => each.pings), cpu = Math.max(...figures.map((each) => each.cpu))
        const result = within([['a change after', wait, 2000]], `${pings.join(', ')} pings in 7.5 s each`, `CPU ${cpu.toFixed(2)}`)
        return { ...result, held: result.held && Math.min(...pings) >= 2 && Math.max(...pings) <= 5 && cpu < 0.2 }
      })
    } finally {
      nuisance.close()
    }
  } },

  { name: 'F76', fault: '500 clients drop at once, 3 times', wanted: 'served in 10 s', run: withRovers(500, 100, async (bed, rovers) => {
    const figures = []
    for (let wave = 1; wave <= 3; wave++) {
      await forMs(1000)
      const begun = now()
      for (const rover of rovers.all) rover.request.destroy()
      await until(() => rovers.open === 0, { what: 'the drop' })
      figures.push([`wave ${wave}`, await backTogether(rovers, begun), 10_000 + 2500]) // and the wait that `retry` asks for
    }
    return figures
  }) },

  { name: 'F61', fault: `soak of ${soakMinutes} min: 200 streams, churn, the server restarted each ${restartMs / 60_000} min`, wanted: '0 lost; 1 MB/10 min', limit: soakMinutes * 60 + 120, run: () => onBed({ prepare: (cluster) => prepareBeats(cluster, users), flags: ['--max-streams-per-user', '1000', '--log-size', '1MB'] }, async (bed) => { // a shared log that is soon full
    const rovers = await Rovers.open(200, users, () => bed.daemon.url('/beat'))
    const beats = new Beats(() => bed.cluster.url(), users, 100)
    const samples = [], files = []
    let churned = 0, restarts = 0
    try {
      const begun = now(), end = begun + soakMinutes * 60_000
      for (let n = 0; now() < end; n++) {
        rovers.all[n % rovers.all.length].request.destroy()
        churned++
        if (n % 40 === 0) {
          const visit = connect(bed.daemon.port, '127.0.0.1') // aborts in its head
          visit.on('error', () => {})
          visit.write('GET /beat HT', () => visit.destroy())
        }
        if (now() - begun > (restarts + 1) * restartMs) {
          restarts++
          await bed.cluster.restart('fast')
        }
        if (now() - begun > Math.min(60_000, soakMinutes * 20_000) && n % 10 === 0) {
          samples.push([now(), bed.daemon.rssBytes() / 1048576])
          files.push(descriptors(await (await fetch(bed.daemon.adminUrl('/metrics'))).text()))
        }
        await forMs(100)
      }
      await rovers.opened()
      await beats.end()
      const { lost, again, resets } = await rovers.judge(bed.cluster)
      const grows = slope(samples)
      return { held: lost + again + resets === 0 && (grows < 1 || soakMinutes < 10), figure: `${churned} drops, ${restarts} restarts, ${beats.acked} changes, ${lost} lost, ${again} twice, ${resets} reset, ` +
        `RSS ${Math.min(...samples.map(([, mb]) => mb)).toFixed(1)} to ${Math.max(...samples.map(([, mb]) => mb)).toFixed(1)} MB, ${grows.toFixed(2)} MB/10 min, descriptors ${Math.min(...files)} to ${Math.max(...files)}` }
    } finally {
      beats.over = true
      rovers.close()
    }
  }) },

  { name: 'F62', fault: 'the random schedule, 3 seeds', wanted: '0/0/0/0/0', limit: 420, run: async () => {
    const { code, stdout, stderr } = await processes.run('node', [join(repository, 'tests/e2e/soak.mjs'), '3'], { timeout: 400_000, env: { ...process.env, PGHERALD: program } })
    return { held: code === 0, figure: code === 0 ? `${stdout.trim().split('\n').length} lines, all clean` : (stderr || stdout).slice(-200) }
  } },
]
