// A throw-away PostgreSQL cluster with its own directory, port and server. It is gone after the
// test, however that ends. The server is a child of the test. It runs as `postgres` when the test
// is root.
import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { clientProgram, serverDirectory, serverMajor, tooOld } from './postgres.mjs'
import * as processes from './process.mjs'
import { until, within } from './wait.mjs'

const defaults = {
  listen_addresses: '127.0.0.1',
  max_connections: 120,
  shared_buffers: '64MB',
  fsync: 'off',
  max_prepared_transactions: 10,
  deadlock_timeout: '500ms',
  log_line_prefix: '%m %p %a ',
}
const shutdown = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' }

/** Every connection of the tests has this name. Any other belongs to the daemon. */
export const applicationName = 'test'

/**
 * With PGHERALD_TEST_ROLE=least every daemon connects as a role that has the rights that serve
 * needs, and no others on herald.
 */
export const least = process.env.PGHERALD_TEST_ROLE === 'least'

/**
 * A data directory that clusters are copied from, since initdb takes a second. tests/run has it
 * made (lib/template.mjs).
 */
const template = process.env.CLUSTER_TEMPLATE

/**
 * What pg_dump and pg_restore write, without the setting that those from version 17 on write for
 * every server, and that older servers do not know.
 */
const forThisServer = (script) => (serverMajor() >= 17 ? script : script.replace(/^SET transaction_timeout = 0;$/m, ''))

export class Cluster {
  /**
   * settings: lines of postgresql.conf that differ from the defaults above. unique: the cluster has
   * a system identifier of its own, even if others are copied from a template. bin: the directory
   * of another server than the one that is tested.
   */
  static async start({ settings = {}, database = 'app', bin, unique = bin !== undefined } = {}) {
    const cluster = new Cluster(database, bin)
    await cluster.#init(settings, unique)
    await cluster.startServer()
    await cluster.psql(`CREATE DATABASE ${database}`, { database: 'postgres' })
    if (least) await cluster.psql('CREATE ROLE pgherald LOGIN', { database: 'postgres' })
    return cluster
  }

  /** A hot standby that streams from the primary. promote() makes it a primary of its own. */
  static async standbyOf(primary) {
    const cluster = await Cluster.backupOf(primary)
    writeFileSync(join(cluster.data, 'standby.signal'), '')
    cluster.configure({ primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres` })
    await cluster.startServer()
    return cluster
  }

  /** A base backup of a running cluster, with a port of its own. It is not started. */
  static async backupOf(primary) {
    const cluster = new Cluster(primary.database)
    await cluster.#place()
    await (tooOld('pg_basebackup') ? cluster.#copyFiles(primary) : cluster.#baseBackup(primary))
    cluster.configure({ unix_socket_directories: cluster.directory, port: cluster.port })
    return cluster
  }

  async #baseBackup(primary) {
    const source = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres', '-D', this.data, '--checkpoint=fast', '--no-sync']
    const { code, stderr } = await processes.run('setpriv', [...asPostgres(), '--', clientProgram('pg_basebackup'), ...source],
      { timeout: 60_000, cwd: this.directory })
    if (code !== 0) throw new Error(`pg_basebackup failed: ${stderr}`)
  }

  // The same by hand, for a server that is newer than pg_basebackup. It copies the files, and then
  // the WAL up to the end of the backup.
  async #copyFiles(primary) {
    const client = await primary.client({ database: 'postgres' })
    await client.query("SELECT pg_backup_start('test', true)")
    await copyDirectory(primary.data, this.data)
    const { rows: [end] } = await client.query('SELECT labelfile FROM pg_backup_stop(false)')
    await client.end()
    for (const name of ['pg_wal', 'pg_replslot', 'postmaster.pid']) rmSync(join(this.data, name), { recursive: true, force: true })
    for (const name of ['pg_wal', 'pg_replslot']) {
      mkdirSync(join(this.data, name), { mode: 0o700 })
      giveToPostgres(join(this.data, name))
    }
    await copyDirectory(join(primary.data, 'pg_wal'), join(this.data, 'pg_wal'))
    writeFileSync(join(this.data, 'backup_label'), end.labelfile)
    giveToPostgres(join(this.data, 'backup_label'))
  }

  /**
   * Adds lines of postgresql.conf for the next start. If there is a port, the server is found there
   * from then on.
   */
  configure(settings) {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
    appendFileSync(join(this.data, 'postgresql.conf'), lines.join(''))
    this.port = settings.port ?? this.port
  }

  /**
   * Starts a base backup as a point-in-time restore. Returns when it has become a primary.
   * settings: from where it restores, and up to which point.
   */
  async recover(settings) {
    this.configure({ ...settings, recovery_target_action: 'promote' })
    writeFileSync(join(this.data, 'recovery.signal'), '')
    await this.startServer()
    await until(async () => (await this.psql('SELECT pg_is_in_recovery()')) === 'f', { timeout: 30_000, what: 'the end of recovery' })
  }

  promote() {
    return this.psql('SELECT pg_promote()', { database: 'postgres' })
  }

  constructor(database, bin = serverDirectory()) {
    this.database = database
    this.bin = bin
    this.clients = new Set()
  }

  async #place() {
    this.port = await processes.freePort()
    this.directory = processes.temporaryDirectory('cluster')
    this.data = join(this.directory, 'data')
    mkdirSync(this.data, { mode: 0o700 })
    for (const path of [this.directory, this.data]) giveToPostgres(path)
  }

  async #init(settings, unique) {
    await this.#place()
    await (template && !unique ? copyTemplate(this.data) : initdb(this.bin, this.data))
    if (template) this.configure({ wal_keep_size: '128MB' }) // segments are small; a standby finds what it lacks
    this.configure({ ...defaults, unix_socket_directories: this.directory, port: this.port, ...settings })
  }

  /** Starts the server on the same directory and port. Returns when it takes connections. */
  async startServer({ timeout = 60_000 } = {}) {
    const log = openSync(join(this.directory, 'server.log'), 'a')
    this.server = processes.start(join(this.bin, 'postgres'), ['-D', this.data], {
      user: asPostgres(), death: 'SIGQUIT', cwd: this.directory, stdio: ['ignore', log, log],
    })
    closeSync(log)
    const server = this.server
    await until(() => this.#accepts(server), { timeout, every: 30, what: 'the PostgreSQL server' })
    if (server.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${this.logs().slice(-3000)}`)
  }

  async #accepts(server) {
    if (server.exitCode !== null || server.signalCode !== null) return true
    const client = this.#newClient('postgres')
    try {
      await client.connect()
      return true
    } finally {
      await client.end().catch(() => {})
    }
  }

  /** mode: smart, fast or immediate. */
  async stop(mode = 'fast') {
    const { server } = this
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    server.kill(shutdown[mode])
    await within(server.exited, 60_000, `${mode} shutdown of PostgreSQL`)
  }

  async restart(mode = 'fast') {
    await this.stop(mode)
    await this.startServer()
  }

  /**
   * Copies the stopped server's directory, as a snapshot of its volume does. putBack() replaces the
   * directory by the copy.
   */
  async keepCopy() {
    const { code, stderr } = await processes.run('cp', ['-a', this.data, `${this.data}.copy`])
    if (code !== 0) throw new Error(`cp: ${stderr}`)
  }

  putBack() {
    rmSync(this.data, { recursive: true })
    renameSync(`${this.data}.copy`, this.data)
  }

  /** Kills the postmaster and all its processes at once, as a power cut does. */
  async kill9() {
    const { pid: postmaster } = this.server
    // Without this it may make one more child, which keeps the next server from starting.
    processes.signal(postmaster, 'SIGSTOP')
    await until(() => processes.stopped(postmaster), { every: 1, what: 'the postmaster to stand still' })
    const pids = [postmaster, ...processes.childrenOf(postmaster)]
    for (const pid of pids) processes.signal(pid, 'SIGKILL')
    await this.server.exited
    for (const pid of pids) await processes.gone(pid)
  }

  url(database = this.database, user = 'postgres') {
    return `postgresql://${user}@127.0.0.1:${this.port}/${database}`
  }

  /** Runs statements with psql and returns what it prints, unaligned, without headings. */
  async psql(sql, { database = this.database, args = [] } = {}) {
    const result = await this.tryPsql(['-qAt', ...args], { database, input: sql })
    if (result.code !== 0) throw new Error(`psql: ${result.stderr.trim()}\n${sql.slice(0, 500)}`)
    return result.stdout.replace(/\n$/, '')
  }

  psqlFile(path, options = {}) {
    return this.tryPsql(['-q', '-f', path], options)
  }

  tryPsql(args, { database = this.database, user, input, timeout } = {}) {
    const env = { ...environment(), PGAPPNAME: applicationName }
    const all = ['-X', '-v', 'ON_ERROR_STOP=1', '-d', this.url(database, user), ...args]
    return processes.run(clientProgram('psql'), all, { env, input, timeout })
  }

  async dump(args, { database = this.database } = {}) {
    const result = await processes.run(clientProgram('pg_dump'), [...args, '-d', this.url(database)], { env: environment() })
    if (result.code !== 0) throw new Error(`pg_dump: ${result.stderr}`)
    return forThisServer(result.stdout)
  }

  /** pg_restore of a dump in a file, into a database that is there. */
  async restore(path, { database = this.database } = {}) {
    const run = async (args) => {
      const result = await processes.run(clientProgram('pg_restore'), [...args, path], { env: environment() })
      if (result.code !== 0) throw new Error(`pg_restore: ${result.stderr}`)
      return result.stdout
    }
    if (serverMajor() >= 17) await run(['--exit-on-error', '-d', this.url(database)])
    else await this.psql(forThisServer(await run(['-f', '-'])), { database })
  }

  #newClient(database, user) {
    const client = new pg.Client({ connectionString: this.url(database, user), application_name: applicationName })
    client.on('error', () => {}) // the next query shows that the connection is lost
    return client
  }

  /** A connected pg.Client. destroy() ends it. */
  async client({ database = this.database, user } = {}) {
    const client = this.#newClient(database, user)
    await client.connect()
    this.clients.add(client)
    client.on('end', () => this.clients.delete(client))
    return client
  }

  logs() {
    return readFileSync(join(this.directory, 'server.log'), 'utf8')
  }

  async destroy() {
    await Promise.all([...this.clients].map((client) => within(client.end(), 2000, 'end').catch(() => {})))
    await this.stop('immediate')
    processes.removeDirectory(this.directory)
  }
}

/** The environment without all that would steer libpq or the daemon. */
export function environment() {
  const foreign = /^(PG|PGHERALD_|DATABASE_URL$|POLL_INTERVAL$|SSE_ENCRYPTION_KEY$)/
  const entries = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  return { ...Object.fromEntries(entries), LC_ALL: 'C.UTF-8' }
}

async function initdb(bin, data, extra = []) {
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', ...extra]
  const { code, stderr } = await processes.run('setpriv', [...asPostgres(), '--', join(bin, 'initdb'), ...args], { timeout: 60_000, cwd: data })
  if (code !== 0) throw new Error(`initdb failed: ${stderr}`)
}

// The server may be running, so files may go meanwhile.
async function copyDirectory(from, to) {
  const { code, stderr } = await processes.run('cp', ['-a', `${from}/.`, to], { timeout: 60_000, env: environment() })
  if (code !== 0 && /^(?!.*No such file or directory$)./m.test(stderr)) throw new Error(`cp: ${stderr}`)
}

async function copyTemplate(data) {
  const { code, stderr } = await processes.run('cp', ['-a', `${template}/.`, data], { timeout: 60_000 })
  if (code !== 0) throw new Error(`cp: ${stderr}`)
}

/** Makes an empty directory a template of clusters. */
export async function makeTemplate(directory) {
  giveToPostgres(directory)
  await initdb(serverDirectory(), directory, ['--wal-segsize=1']) // MB; the default writes 16 for each
}

// PostgreSQL refuses to run as root.
const root = process.getuid() === 0
const asPostgres = () => (root ? ['--reuid=postgres', '--regid=postgres', '--clear-groups'] : [])

function giveToPostgres(path) {
  if (!root) return
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  chownSync(path, id('-u'), id('-g'))
}
