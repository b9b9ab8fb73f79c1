// What every benchmark stands on: a throw-away cluster on a fast or a slow disk, a template database, pgbench, CPU time, tables.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Cluster, environment } from '../lib/cluster.mjs'
import { clientProgram } from '../lib/postgres.mjs'
import * as processes from '../lib/process.mjs'
import { now, until } from '../lib/wait.mjs'

export const here = dirname(fileURLToPath(import.meta.url))
export const sqlFile = (name) => join(here, 'sql', name)

/** What goes on, for whoever waits; tables alone go to stdout. */
export const say = (text) => process.stderr.write(`${text}\n`)

const settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  wal_sync_method: 'fdatasync',
  wal_level: 'logical', // for all variants alike, so that the one that needs it can be compared
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
  autovacuum: 'on',
  autovacuum_naptime: '1min',
  max_prepared_transactions: 0,
}

let directory
const compiled = new Map()
/** Compiles name.c of this directory, once, and returns the path of the program or library. */
export function compile(name, ...flags) {
  if (compiled.has(name)) return compiled.get(name)
  directory ??= processes.temporaryDirectory('bench')
  chmodSync(directory, 0o755) // the server, another user, loads the library
  const path = join(directory, name)
  execFileSync(process.env.CC ?? 'cc', ['-O2', '-Wall', '-Wextra', '-D_GNU_SOURCE', '-o', path, join(here, `${name}.c`), ...flags],
    { stdio: 'inherit' })
  compiled.set(name, path)
  return path
}

/** A cluster on a disk: 'fast' is the disk as it is, 'slow' makes every flush a millisecond longer. */
export class Disk {
  static async start(name) {
    const disk = new Disk()
    disk.name = name
    if (name === 'slow') process.env.LD_PRELOAD = compile('slowsync', '-shared', '-fPIC', '-ldl')
    try {
      disk.cluster = await Cluster.start({ settings, database: 'original' })
    } finally {
      delete process.env.LD_PRELOAD
    }
    disk.admin = await disk.cluster.client({ database: 'postgres' })
    disk.flushMs = await disk.#measureFlush()
    if (name === 'slow' && disk.flushMs < 1) throw new Error(`the slow disk is not slow: a flush takes ${disk.flushMs} ms`)
    return disk
  }

  /** What PostgreSQL itself measures for a flush of its log. */
  async #measureFlush() {
    await this.admin.query('SET track_wal_io_timing = on')
    await this.admin.query("SELECT pg_stat_reset_shared('wal')")
    for (let i = 0; i < 100; i++) await this.admin.query("SELECT pg_logical_emit_message(true, 'bench', '')")
    await this.admin.query('SET track_wal_io_timing = off')
    await this.admin.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await this.admin.query('SELECT wal_sync_time / nullif(wal_sync, 0) AS ms FROM pg_stat_wal')
    return rows[0].ms
  }

  /** Makes the database that all others are copies of: the schema herald, by a function, and the table. */
  async prepare(install) {
    await install(this)
    await this.file(sqlFile('orders.sql'), 'original')
    await this.cluster.psql('VACUUM (FREEZE, ANALYZE)', { database: 'original' })
  }

  async file(path, database = 'bench') {
    const { code, stderr, error } = await this.cluster.psqlFile(path, { database, timeout: 60_000 })
    if (code !== 0) throw new Error(`${path}: ${stderr || error}`)
  }

  /**
   * A fresh database `bench`, set up by the file. The checkpoint comes before the copy, whose pages are logged whole: so
   * no measurement pays for full-page writes, and none finds the bloat of an earlier one.
   */
  async fresh(file) {
    await this.admin.query('DROP DATABASE IF EXISTS bench WITH (FORCE)')
    await this.admin.query('CHECKPOINT')
    await this.admin.query('CREATE DATABASE bench TEMPLATE original STRATEGY wal_log')
    await this.file(file)
  }

  /** How programs with libpq connect: over the socket, which costs both sides the least. */
  get url() {
    return `postgresql://postgres@/bench?host=${encodeURIComponent(this.cluster.directory)}&port=${this.cluster.port}`
  }

  /** Runs pgbench, at full speed or at a rate of transactions a second: { transactions, tps, latencyMs }. */
  async pgbench(clients, seconds, rate) {
    const args = [...(rate ? ['-R', rate] : []), '-n', '-M', 'prepared', '-c', clients, '-j', Math.min(clients, 2), '-T', seconds, '-f', sqlFile('update.pgbench'),
      '-h', this.cluster.directory, '-p', this.cluster.port, '-U', 'postgres', 'bench']
    const { code, stdout, stderr } = await processes.run(clientProgram('pgbench'), args.map(String),
      { env: environment(), timeout: (seconds + 60) * 1000 })
    const figure = (pattern) => Number(pattern.exec(stdout)?.[1])
    const transactions = figure(/transactions actually processed: (\d+)/)
    if (code !== 0 || !(transactions > 0)) throw new Error(`pgbench: ${stderr || stdout}`)
    return { transactions, tps: figure(/^tps = ([\d.]+)/m), latencyMs: figure(/^latency average = ([\d.]+)/m) }
  }

  /** Milliseconds of one UPDATE of many rows, commit included. */
  async bulk(rows) {
    const client = await this.cluster.client({ database: 'bench' })
    try {
      const begin = now()
      await client.query('UPDATE orders SET status = \'bulk\', revision = revision + 1 WHERE id <= $1', [rows])
      return now() - begin
    } finally {
      await client.end()
    }
  }

  /** How many updates of orders are committed in `bench`. */
  async updates() {
    return Number(await this.cluster.psql('SELECT sum(revision) FROM orders', { database: 'bench' }))
  }

  /** Transactions that `bench` has seen; this question is asked in another database. */
  async statements() {
    const { rows } = await this.admin.query("SELECT xact_commit + xact_rollback AS n FROM pg_stat_database WHERE datname = 'bench'")
    return Number(rows[0].n)
  }

  async wal() {
    const { rows } = await this.admin.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes")
    return rows[0].bytes
  }

  /** CPU time of all server processes so far, in milliseconds: of those that live, and to within 20 ms of those that have ended. */
  cpuSoFar() {
    const server = this.cluster.server.pid
    const living = [server, ...processes.childrenOf(server)].reduce((sum, pid) => sum + cpuMs(pid), 0)
    return living + endedMs(server)
  }

  /** CPU time of all server processes that have ended, in milliseconds; waits until the clients' ones have. */
  async cpuMs() {
    const server = this.cluster.server.pid
    const ended = () => processes.childrenOf(server).every((pid) => {
      const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8') // empty: has ended, but is not yet counted
      return title && !title.startsWith('postgres: postgres bench ')
    })
    await until(ended, { what: 'the end of the clients\' server processes' })
    return endedMs(server)
  }
}

/** CPU time of a process so far, in milliseconds, finer than the hundredths of a second of /proc/PID/stat. 0: it is gone. */
export function cpuMs(pid) {
  const tasks = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : []
  return tasks.reduce((sum, task) => sum + Number(processes.read(pid, `task/${task}/schedstat`).split(' ')[0]) / 1e6, 0)
}

/** CPU time of the children of a process that have ended, in milliseconds. */
function endedMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** The same things in another order each round, so that none always follows the same other. */
export const rotate = (list, by) => list.map((_, i) => list[(i + by) % list.length])

/** The middle, or the mean of the two in the middle. */
export function median(numbers) {
  const sorted = numbers.filter((n) => Number.isFinite(n)).sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** 'median [min..max]' */
export function spread(all, digits = 0) {
  const numbers = all.filter((n) => Number.isFinite(n))
  if (!numbers.length) return '-'
  const [middle, least, most] = [median(numbers), Math.min(...numbers), Math.max(...numbers)].map((n) => n.toFixed(digits))
  return numbers.length > 1 ? `${middle} [${least}..${most}]` : middle
}

/** Median of the ratios within one round, which other load of the machine disturbs the least. */
export const share = (numbers, base) => spread([median(numbers.map((n, i) => n / base[i]))], 2)

export function table(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(headings), `|${headings.map((_, i) => (i ? '--:' : '---')).join('|')}|`, ...rows.map(line)].join('\n')
}

/** Date, machine and server, in a line. */
export async function machine(disks) {
  const version = (await disks[0].admin.query('SHOW server_version')).rows[0].server_version
  const filesystem = execFileSync('df', ['--output=fstype', disks[0].cluster.directory], { encoding: 'utf8' }).split('\n')[1]
  const flushes = disks.map((disk) => `${disk.name} ${disk.flushMs.toFixed(2)} ms`).join(', ')
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  return `${new Date().toISOString().slice(0, 16)}Z, ${cpus().length} cores, Linux ${kernel}, PostgreSQL ${version}, ` +
    `on ${filesystem}; a flush takes: ${flushes}; load of the machine ${loadavg()[0].toFixed(1)}.`
}
