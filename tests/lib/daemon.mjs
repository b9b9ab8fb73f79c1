// The program under test: the daemon as a child process, and its commands.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { environment, least } from './cluster.mjs'
import { assertNoLeak, remember } from './leaks.mjs'
import * as processes from './process.mjs'
import { request, Subscriber } from './sse.mjs'
import { secret as defaultSecret } from './token.mjs'
import { until, within } from './wait.mjs'

export const repository = resolve(fileURLToPath(new URL('../..', import.meta.url)))
export const program = resolve(process.env.PGHERALD ?? join(repository, 'build/pgherald'))

/** A reason to skip, or false, for { skip: missing() }. */
export function missing() {
  return existsSync(program) ? false : `the program is not built: ${program}`
}

/** Was the program built with AddressSanitizer? Then figures of memory mean nothing. */
export const sanitized = () => readFileSync(program).includes('__asan_init')

const reports = /ERROR: AddressSanitizer|runtime error:|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer/

/** Fails if a sanitizer has left a report in what the program wrote. */
export function assertClean(log) {
  const match = reports.exec(log)
  if (match) assert.fail(`a sanitizer's report:\n${log.slice(Math.max(0, match.index - 200), match.index + 4000)}`)
}

async function leastRole(url) {
  const client = new pg.Client({ connectionString: url.replace('//pgherald@', '//postgres@') })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query("SELECT herald.grant_daemon('pgherald')")
  } catch {
    // A standby, no schema yet, or no server. The daemon gets what there is.
  } finally {
    await client.end().catch(() => {})
  }
  return url.replace('//postgres@', '//pgherald@')
}

export class Daemon {
  /**
   * Starts `pgherald serve` and waits until it answers. flags: more arguments. env: more
   * environment. also: more addresses to listen on. keys: flags in place of --jwt-secret-file. stderr: a descriptor for the log, which
   * then is not in `log`. The same object can be started again after its end, on the same ports, as
   * another build if `program` is set.
   */
  static async start({ cluster, databaseUrl = cluster.url(), secret = defaultSecret, flags = [], also = [], keys, env = {}, stderr } = {}) {
    const daemon = new Daemon()
    Object.assign(daemon, { databaseUrl, flags, also, keys, env, stderr, log: '' })
    daemon.directory = processes.temporaryDirectory('daemon')
    daemon.secretFile = join(daemon.directory, 'secret')
    writeFileSync(daemon.secretFile, remember(secret, 'the key of tokens'), { mode: 0o600 })
    daemon.port = await processes.freePort()
    daemon.adminPort = await processes.freePort()
    await daemon.start()
    return daemon
  }

  get arguments() {
    return ['serve', ...(this.databaseUrl ? ['--database-url', this.databaseUrl] : []), '--listen', [`127.0.0.1:${this.port}`, ...this.also].join(','),
      '--admin-listen', `127.0.0.1:${this.adminPort}`, ...(this.keys ?? ['--jwt-secret-file', this.secretFile]), ...this.flags]
  }

  async start({ timeout = 30_000 } = {}) {
    if (least) this.databaseUrl = await leastRole(this.databaseUrl)
    const env = { ...environment(), ...this.env }
    const child = processes.start(this.program ?? program, this.arguments, { env, cwd: this.directory, stdio: ['ignore', 'pipe', this.stderr ?? 'pipe'] })
    this.child = child
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.log += chunk))
    this.written = new Promise((resolve) => (child.stderr ?? child.stdout).once('close', resolve))
    const answers = async () => this.ended || (await this.status()).status === 200
    await until(answers, { timeout, what: 'an answer of the daemon' }).catch((error) => {
      child.kill('SIGKILL')
      throw new Error(`${error.message}; its log: ${this.log.slice(-2000)}`)
    })
    if (this.ended) throw new Error(`the daemon ended at once:\n${this.log.slice(-3000)}`)
  }

  get pid() {
    return this.child.pid
  }

  get ended() {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  url(path) {
    return `http://127.0.0.1:${this.port}${path}`
  }

  adminUrl(path) {
    return `http://127.0.0.1:${this.adminPort}${path}`
  }

  status() {
    return request(this.url('/stream/status'), { timeout: 20_000 })
  }

  /** A subscriber of a path. options: as in sse.mjs. */
  subscribe(path, options) {
    return Subscriber.open(this.url(path), options)
  }

  /**
   * Fails if a secret of the tests can be read in the daemon's pages, in its log, or in what other
   * users of the machine see of its process.
   */
  async assertNoLeak() {
    const pages = [this.url('/stream/status'), this.adminUrl('/metrics'), this.adminUrl('/readyz')]
    const answers = await Promise.allSettled(pages.map((page) => request(page, { timeout: 1000 })))
    for (const [n, { value }] of answers.entries()) assertNoLeak(JSON.stringify(value ?? ''), pages[n])
    const given = [...this.flags, ...Object.values(this.env)].join('\0') // the test itself has put these there
    for (const file of ['cmdline', 'environ']) assertNoLeak(processes.read(this.pid, file), `/proc/PID/${file}`, given)
    assertNoLeak(this.log, 'the log')
  }

  #assertCleanLog() {
    assertClean(this.log)
    assertNoLeak(this.log, 'the log')
  }

  /**
   * Ends it with SIGTERM and returns the exit status. Fails on a sanitizer's report, or on a leak.
   */
  async stop({ timeout = 30_000 } = {}) {
    let leak
    if (!this.ended) {
      this.child.kill('SIGCONT')
      await this.assertNoLeak().catch((error) => (leak = error))
      this.child.kill('SIGTERM')
    }
    try {
      const { code, signal } = await within(this.child.exited, timeout, 'end of the daemon after SIGTERM')
      await within(this.written, 20_000, 'end of the log')
      this.#assertCleanLog()
      if (leak) throw leak
      return code ?? signal
    } finally {
      if (!this.ended) await this.kill9()
    }
  }

  /** Kills it. Fails if it had ended by itself before. */
  async kill9() {
    const { code, signal } = this.ended ? await this.child.exited : {}
    this.child.kill('SIGKILL')
    await this.child.exited
    this.#assertCleanLog()
    if (code !== undefined) assert.fail(`the daemon had ended with ${code ?? signal}:\n${this.log.slice(-2000)}`)
  }

  /** Sends SIGHUP. Returns what the log then says, once that has these words. */
  async reload(words) {
    const before = this.log.length
    this.child.kill('SIGHUP')
    await until(() => words.test(this.log.slice(before)), { what: `${words} in the log after SIGHUP: ${this.log.slice(before)}` })
    return this.log.slice(before)
  }

  pause() {
    this.child.kill('SIGSTOP')
  }

  resume() {
    this.child.kill('SIGCONT')
  }

  rssBytes() {
    return processes.rssBytes(this.pid)
  }

  cpuMs() {
    return processes.cpuMs(this.pid)
  }

  /** How many connections of clients there are. */
  connections() {
    return processes.connectionsAt(this.port)
  }

  /**
   * What matches in the log, once it does. A thread of its own writes the log, so a line may come
   * later than what it is about.
   */
  said(pattern) {
    return until(() => this.logs().match(pattern), { timeout: 60_000, what: `the log to say ${pattern}` })
  }

  logs() {
    return this.log
  }

  async destroy() {
    try {
      return await this.stop()
    } finally {
      processes.removeDirectory(this.directory)
    }
  }
}

/** Runs a command of the program to its end: { code, stdout, stderr }. */
export async function run(args, { env = {}, input, timeout, cwd } = {}) {
  const result = await processes.run(program, args, { env: { ...environment(), ...env }, input, timeout, cwd })
  assertClean(result.stderr)
  assertNoLeak(result.stderr, `what ${args[0]} says`)
  return result
}

export async function migrate(cluster, { database } = {}) {
  const result = await run(['migrate', '--database-url', cluster.url(database)])
  if (result.code !== 0) throw new Error(`pgherald migrate: exit status ${result.code}: ${result.stderr}`)
}

export async function watch(cluster, ...args) {
  const result = await run(['watch', ...args, '--database-url', cluster.url()])
  if (result.code !== 0) throw new Error(`pgherald watch ${args}: exit status ${result.code}: ${result.stderr}`)
}

export async function loadExample(cluster) {
  const result = await cluster.psqlFile(join(repository, 'contrib/example/install.sql'))
  if (result.code !== 0) throw new Error(`contrib/example/install.sql: ${result.stderr}`)
}
