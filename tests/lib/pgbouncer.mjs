// A real pgbouncer in front of a cluster, on a free port of the loopback. All that it writes is in
// a directory of its own.
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import * as processes from './process.mjs'
import { until, within } from './wait.mjs'

const program = '/usr/sbin/pgbouncer'

/** A reason to skip, or false. */
export const missingPgbouncer = () => (existsSync(program) ? false : 'pgbouncer is not installed')

export class Pgbouncer {
  /** mode: session, transaction or statement. port: a free one. */
  static async start(cluster, mode, settings = {}, port = undefined) {
    const bouncer = new Pgbouncer()
    Object.assign(bouncer, { cluster, directory: processes.temporaryDirectory('pgbouncer'), port: port ?? (await processes.freePort()) })
    const lines = { listen_addr: '127.0.0.1', listen_port: bouncer.port, auth_type: 'any', pool_mode: mode, unix_socket_dir: '', max_client_conn: 200,
      default_pool_size: 20, logfile: join(bouncer.directory, 'log'), ...settings }
    const file = join(bouncer.directory, 'pgbouncer.ini')
    writeFileSync(file, `[databases]\n* = host=127.0.0.1 port=${cluster.port} user=postgres\n[pgbouncer]\n${Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`).join('')}`)
    const root = process.getuid() === 0 // pgbouncer refuses to run as root
    if (root) for (const path of [bouncer.directory, file]) chownSync(path, ...['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))))
    bouncer.child = processes.start(program, ['-q', file], { user: root ? ['--reuid=postgres', '--regid=postgres', '--clear-groups'] : [], stdio: 'ignore' })
    await until(() => bouncer.#answers(), { what: 'pgbouncer' })
    return bouncer
  }

  async #answers() {
    const socket = connect(this.port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return true
    } finally {
      socket.destroy()
    }
  }

  get url() {
    return `postgresql://postgres@127.0.0.1:${this.port}/${this.cluster.database}`
  }

  log() {
    return readFileSync(join(this.directory, 'log'), 'utf8')
  }

  async stop() {
    this.child.kill('SIGKILL') // at SIGTERM newer versions wait for their clients
    await within(this.child.exited, 20_000, 'end of pgbouncer')
    processes.removeDirectory(this.directory)
  }
}
