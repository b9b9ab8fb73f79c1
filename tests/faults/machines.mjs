// Several machines, as network namespaces: HAProxy in front of two daemons at a primary and two at
// its hot standby, which is synchronous. 500 clients, 200 writes a second. The daemons are restarted
// one by one, a machine dies, and the primary's machine dies: the standby is promoted.
//
// All of it is in a namespace of its own, where the clients are. Each machine is a further one, with
// a link to it. So nothing is left behind, and nothing of the system's network is touched.
//   node machines.mjs roam, vanish      the inner parts, which unshare starts
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Cluster, environment } from '../lib/cluster.mjs'
import { migrate, program } from '../lib/daemon.mjs'
import { textOf } from '../lib/proxies.mjs'
import * as processes from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { secret, token } from '../lib/token.mjs'
import { now, until } from '../lib/wait.mjs'
import { forMs, onBed, shown, within } from './bed.mjs'
import { Beats, gapsShown, prepareBeats, Rovers } from './rovers.mjs'

const self = fileURLToPath(import.meta.url)
const users = 50
const clients = Number(process.env.CLIENTS ?? 500), rate = Number(process.env.RATE ?? 200)

const ip = (...args) => execFileSync('ip', args.join(' ').split(' '), { stdio: ['ignore', 'ignore', 'pipe'] })

/** A machine: a namespace that lives as long as a process in it, with a link to this one. */
class Machine {
  static async boot(number) {
    const machine = new Machine()
    const child = processes.start('unshare', ['--net', 'sleep', 'infinity'])
    Object.assign(machine, { number, child, address: `10.77.${number}.2`, link: `far${number}` })
    const own = execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' })
    await until(() => execFileSync('readlink', [`/proc/${child.pid}/ns/net`], { encoding: 'utf8' }) !== own, { what: 'a namespace' })
    machine.enter = ['nsenter', `--net=/proc/${child.pid}/ns/net`, '--']
    ip('link add', machine.link, 'type veth peer name near netns', child.pid)
    ip('addr add', `10.77.${number}.1/30`, 'dev', machine.link)
    machine.up()
    for (const args of [`link set lo up`, `addr add ${machine.address}/30 dev near`, 'link set near up', `route add default via 10.77.${number}.1`]) {
      execFileSync('nsenter', [...machine.enter.slice(1), 'ip', ...args.split(' ')])
    }
    return machine
  }

  up() {
    ip('link set', this.link, 'up')
  }

  /** What it was sent, or sends, from now on goes nowhere. Nobody is told. */
  down() {
    ip('link set', this.link, 'down')
  }

  start(command, args, options) {
    const child = processes.start(this.enter[0], [...this.enter.slice(1), command, ...args], options)
    child.said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (child.said = (child.said + chunk).slice(-4000)))
    return child
  }
}

/** Has the cluster's server run on the machine. */
async function settle(cluster, machine) {
  await cluster.stop('fast').catch(() => {})
  cluster.machine = machine
  appendFileSync(join(cluster.data, 'pg_hba.conf'), 'host all all 10.77.0.0/16 trust\nhost replication all 10.77.0.0/16 trust\n')
  cluster.url = (database = cluster.database, user = 'postgres') => `postgresql://${user}@${machine.address}:${cluster.port}/${database}`
  cluster.server = machine.start('setpriv', ['--pdeathsig', 'QUIT', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--', join(cluster.bin, 'postgres'), '-D', cluster.data], { cwd: cluster.directory, death: 'SIGQUIT', stdio: 'ignore' })
  await until(() => cluster.psql('SELECT 1', { database: 'postgres' }), { timeout: 60_000, what: 'the server on its machine' })
}

class Instance {
  constructor(machine, databaseUrl, secretFile) {
    Object.assign(this, { machine, databaseUrl, secretFile, address: machine.address })
  }

  async start() {
    this.child = this.machine.start(program, ['serve', '--database-url', this.databaseUrl, '--listen', `${this.address}:8000`, '--admin-listen', `${this.address}:8001`,
      '--jwt-secret-file', this.secretFile, '--max-streams-per-user', '1000', '--max-streams-per-ip', '5000'], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    await this.ready()
  }

  ready() {
    return until(async () => {
      if (this.child.exitCode !== null) throw new Error(`it has ended: ${this.child.said}`)
      return (await request(`http://${this.address}:8001/readyz`, { timeout: 2000 })).status === 200
    }, { timeout: 60_000, what: `the daemon at ${this.address}` })
  }

  async stop() {
    this.child.kill('SIGTERM')
    const { code } = await this.child.exited
    assert.equal(code, 0, this.child.said)
  }
}

/** The committed file's backend for event streams, with these instances and without TLS. */
function haproxyFile(address, instances) {
  const text = textOf('haproxy')
  const servers = (rest) => instances.map(({ address: at }, n) => `    server s${n} ${at}:8000 ${rest(n)}`).join('\n')
  const backends = text.slice(text.indexOf('backend pgherald\n'))
    .replace('    server one 127.0.0.1:8000 check port 8001', servers(() => 'check port 8001'))
    .replace('    server one 127.0.0.1:8000 track pgherald/one', servers((n) => `track pgherald/s${n}`))
  const defaults = text.slice(text.indexOf('defaults\n'), text.indexOf('frontend web')).replace(/^ *(log|option httplog).*\n/gm, '')
  return `global\n    maxconn 8000\n${defaults}frontend web\n    bind ${address}:8080\n    acl eventsource req.hdr(Accept) -m str text/event-stream\n` +
    `    use_backend pgherald_eventsource if eventsource\n    default_backend pgherald\n${backends}`
}

/** F74: the machine of a client dies. A proxy cannot do that: its kernel goes on to say that all arrives. */
async function vanish() {
  ip('link set lo up')
  const machine = await Machine.boot(1)
  await onBed({ flags: ['--heartbeat', '5s'] }, async (bed) => {
    const near = await bed.stage.addDaemon({ flags: ['--heartbeat', '5s'], also: [`10.77.1.1:${await processes.freePort()}`] })
    const streams = async () => (await near.status()).json.streams
    const figures = []
    for (const writes of [false, true]) {
      const child = machine.start('curl', ['-sN', '-H', `Authorization: Bearer ${await token({ sub: 'ann' })}`, `http://${near.also[0]}/hot`], { stdio: 'ignore' })
      await until(async () => (await streams()) === 1, { what: 'the stream' })
      if (writes) await bed.write()
      machine.down()
      const begun = now()
      await until(async () => (await streams()) === 0, { timeout: 90_000, every: 100, what: 'its end' })
      figures.push([writes ? 'under load' : 'in the quiet', now() - begun, 25_000])
      child.kill('SIGKILL')
      machine.up()
    }
    await bed.rest()
    console.log(JSON.stringify(within(figures)))
  })
}

async function inner() {
  ip('link set lo up')
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1') // of this namespace
  const machines = []
  for (let n = 1; n <= 5; n++) machines.push(await Machine.boot(n))
  const [one, two, three, four, front] = machines
  const directory = processes.temporaryDirectory('machines')
  const secretFile = join(directory, 'secret')
  writeFileSync(secretFile, secret, { mode: 0o600 })
  const primary = await Cluster.start({ settings: { listen_addresses: '*', wal_keep_size: '256MB', wal_sender_timeout: '5s', wal_receiver_timeout: '5s' } })
  const clusters = [primary]
  let rovers, beats
  try {
    await migrate(primary)
    await prepareBeats(primary, users)
    const standby = await Cluster.backupOf(primary)
    clusters.push(standby)
    await settle(primary, one)
    writeFileSync(join(standby.data, 'standby.signal'), '')
    standby.configure({ primary_conninfo: `host=${one.address} port=${primary.port} user=postgres` })
    await settle(standby, three)
    await synchronous(primary)
    const roaming = `host=${one.address},${three.address} port=${primary.port},${standby.port} user=postgres dbname=${primary.database} target_session_attrs=read-write connect_timeout=2`
    const instances = [[one, primary.url()], [two, roaming], [three, standby.url()], [four, standby.url()]].map(([machine, url]) => new Instance(machine, url, secretFile))
    for (const instance of instances) await instance.start()
    writeFileSync(join(directory, 'haproxy.cfg'), haproxyFile(front.address, instances))
    const haproxy = front.start('haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')], { stdio: ['ignore', 'pipe', 'pipe'], death: 'SIGTERM' })
    await until(async () => {
      if (haproxy.exitCode !== null) throw new Error(haproxy.said)
      return (await request(`http://${front.address}:8080/stream/status`)).status === 200
    }, { what: 'haproxy' })

    let writable = primary
    rovers = await Rovers.open(clients, users, () => `http://${front.address}:8080/beat`)
    beats = new Beats(() => writable.url(), users, rate)
    await forMs(5000)
    const figures = []
    const phase = async (name, act) => {
      const before = beats.acked, begun = now()
      const more = await act()
      await rovers.opened(90_000)
      await forMs(2000)
      figures.push({ name, gaps: gapsShown(rovers.gaps()), rate: ((beats.acked - before) / ((now() - begun) / 1000)).toFixed(0), more: more ?? '' })
      rovers.broken = undefined
      process.stderr.write(`   ${name}: ${figures.at(-1).gaps}\n`)
    }

    await phase('rolling restart of all four', async () => {
      for (const instance of instances) {
        await instance.stop()
        await instance.start()
        await rovers.opened()
      }
    })
    await phase('a daemon\'s machine dies', async () => {
      rovers.broken = now()
      two.down()
      await until(() => rovers.all.some(({ open }) => !open), { timeout: 60_000, what: 'the end of its streams' })
      await rovers.opened(90_000)
      two.up()
      await instances[1].ready()
    })
    await phase("the primary's machine dies, the standby is promoted", async () => {
      rovers.broken = now()
      one.down()
      await standby.psql('SELECT pg_promote()', { database: 'postgres' })
      writable = standby
      const promoted = now(), before = beats.acked
      await until(() => beats.acked > before + 20, { timeout: 60_000, what: 'writers at the new primary' })
      await until(() => rovers.all.some(({ open }) => !open), { timeout: 60_000, what: 'the end of its streams' }).catch(() => {})
      return `writers are back ${shown(now() - promoted)} after the promotion`
    })
    await beats.end()
    const { lost, again, resets, refused, statuses } = await rovers.judge(standby)
    console.log(JSON.stringify({ figures, acked: beats.acked, lost, again, resets, refused, statuses }))
    for (const instance of instances.slice(1)) await instance.stop()
  } finally {
    if (beats) beats.over = true
    rovers?.close()
    for (const machine of machines) machine.up()
    for (const cluster of clusters.reverse()) await cluster.destroy().catch(() => {})
  }
}

/** Each commit waits for the standby. ALTER SYSTEM must stand alone. */
async function synchronous(cluster) {
  await cluster.psql("ALTER SYSTEM SET synchronous_standby_names = '*'", { database: 'postgres' })
  await cluster.psql('SELECT pg_reload_conf()', { database: 'postgres' })
}

/** What an inner part prints in a namespace of its own. */
async function printed(part) {
  const { code, stdout, stderr } = await processes.run('unshare', ['--net', process.execPath, self, part], { timeout: 400_000, env: process.env })
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (code !== 0 || !line) throw new Error(stderr.trim().split('\n').slice(-12).join(' '))
  return JSON.parse(line)
}

async function row() {
  const { figures, acked, lost, again, resets, refused, statuses } = await printed('roam')
  const phases = figures.map(({ name, gaps, rate: writes, more }) => [`${name}: ${gaps}`, `${writes} writes/s`, more].filter(Boolean).join(', '))
  return { held: lost + again + resets === 0, figure: [`${clients} clients, ${acked} changes, ${lost} lost, ${again} twice, ${resets} reset, ${refused} refused ${statuses}`, ...phases].join('; ') }
}

function needs() {
  if (process.getuid() !== 0) return 'network namespaces need root'
  for (const path of ['/usr/sbin/haproxy', '/usr/bin/unshare', '/usr/bin/nsenter']) if (!existsSync(path)) return `${path} is not installed`
  try {
    execFileSync('unshare', ['--net', 'ip', 'link', 'add', 'near0', 'type', 'veth', 'peer', 'name', 'far0'], { stdio: 'ignore' })
  } catch {
    return 'this machine lets nobody make a network namespace with a link'
  }
}

export const rows = [
  { name: 'F74', fault: 'the machine of a client dies', wanted: 'gone after ping + 20 s', needs, run: () => printed('vanish') },
  { name: 'machines', fault: 'HAProxy, four daemons, a standby: rolling restart, a machine dies, promotion', wanted: '0 lost, 0 twice, 0 reset', limit: 420, needs, run: row },
]

if (process.argv[1] === self) await { roam: inner, vanish }[process.argv[2]]().then(() => process.exit(0), (error) => (console.error(error.stack), process.exit(1)))
