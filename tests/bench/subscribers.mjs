// Who reads what is captured: a way each, with the same three things to do: start, forget (the warm-up), finish.
import { createInterface } from 'node:readline'
import { environment } from '../lib/cluster.mjs'
import { Daemon } from '../lib/daemon.mjs'
import { clientProgram } from '../lib/postgres.mjs'
import * as processes from '../lib/process.mjs'
import { now, pause, until, within } from '../lib/wait.mjs'
import { compile } from './stage.mjs'

const drainMs = 30_000 // what has not arrived by then is lost
const quietMs = 7000   // nor what does not arrive for so long, longer than a safety poll

/** A C program that counts events: see measure.h for what it prints. */
export class Program {
  static async start(path, args) {
    const program = new Program()
    program.seen = 0
    program.errors = ''
    program.child = processes.start(path, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    program.child.stderr.on('data', (chunk) => (program.errors += chunk))
    program.lines = createInterface({ input: program.child.stdout }).on('line', (line) => program.#take(line))
    await until(() => program.ready || program.child.exitCode !== null, { what: 'a subscriber that listens' })
    program.#check()
    return program
  }

  #take(line) {
    if (line === 'ready') this.ready = true
    else if (line.startsWith('seen ')) this.seen = Number(line.slice(5))
    else this.result = JSON.parse(line)
  }

  #check() {
    if (this.child.exitCode !== null) throw new Error(`the subscriber has ended: ${this.errors}`)
  }

  forget() {
    this.child.kill('SIGUSR1')
  }

  /** Waits until `committed` events have arrived, or no more come; returns what it has measured. */
  async finish(committed) {
    const deadline = now() + drainMs
    for (let seen = -1, since = now(); this.seen < committed && now() < deadline && now() - since < quietMs; await pause(50)) {
      this.#check()
      if (this.seen !== seen) [seen, since] = [this.seen, now()]
    }
    this.child.kill('SIGTERM')
    await within(this.child.exited, 5000, 'the end of the subscriber')
    await until(() => this.result, { what: 'the result of the subscriber' })
    return { ...this.result, lost: committed - this.result.seen }
  }

  async end() {
    this.child.kill('SIGKILL')
    await this.child.exited
  }
}

/** A client of libpq that listens. how: notify (reads payloads) or outbox (reads rows). */
export const listener = (how) => (disk) => {
  const include = `-I${disk.includes}`
  return Program.start(compile('listener', include, '-lpq', '-lm'), [disk.url, how])
}

/** `pgherald serve` and one subscriber of its stream. */
export const pgherald = (...flags) => async (disk) => {
  const daemon = await Daemon.start({ databaseUrl: disk.url, flags })
  try {
    const program = await Program.start(compile('consumer', '-lm'), [String(daemon.port), '/bench'])
    return {
      daemon,
      forget: () => program.forget(),
      finish: (committed) => program.finish(committed),
      end: async () => {
        await program.end()
        await daemon.destroy()
      },
    }
  } catch (error) {
    await daemon.destroy().catch(() => {})
    throw error
  }
}

/** A replication slot and pg_recvlogical, which throws away what it gets. */
export const logical = () => async (disk) => {
  const args = ['-d', disk.url, '--slot', 'bench', '--create-slot', '--start', '-P', 'pgoutput', '-o', 'proto_version=1',
    '-o', 'publication_names=bench', '-s', '1', '-F', '1', '-f', '/dev/null']
  const child = processes.start(clientProgram('pg_recvlogical'), args, { env: environment(), stdio: 'ignore' })
  const slot = async (what) =>
    (await disk.admin.query(`SELECT ${what} AS value FROM pg_replication_slots WHERE slot_name = 'bench'`)).rows[0]?.value
  const end = async () => {
    child.kill('SIGINT')
    await within(child.exited, 5000, 'the end of pg_recvlogical').catch(() => child.kill('SIGKILL'))
    await until(async () => (await slot('active')) !== true, { what: 'the end of the walsender' })
    await disk.admin.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'bench'")
  }
  try {
    await until(() => slot('active'), { what: 'the replication slot' })
  } catch (error) {
    await end()
    throw error
  }
  return {
    forget: () => {},
    finish: async () => {
      const begin = now()
      const { rows } = await disk.admin.query('SELECT pg_current_wal_lsn()::text AS lsn')
      await until(() => slot(`confirmed_flush_lsn >= '${rows[0].lsn}'`), { timeout: drainMs, what: 'the slot' }).catch(() => {})
      return { behindS: (now() - begin) / 1000 }
    },
    end,
  }
}
