// The other side of a server: loadclient, many subscribers in one process, and pacer, which makes the changes. See their C.
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { environment } from '../lib/cluster.mjs'
import * as processes from '../lib/process.mjs'
import { now, pause, until, within } from '../lib/wait.mjs'
import { compile, here } from './stage.mjs'

const drainMs = 60_000 // what has not arrived by then is lost
const quietMs = 7000   // nor what does not arrive for so long, longer than a safety poll
const slowestMs = 120_000 // for all to open, or to be complete

const loadclient = () => compile('loadclient', ...['crowd', 'cursors', 'score', 'sse'].map((name) => join(here, `${name}.c`)), '-lm')

export class Crowd {
  /**
   * Subscribers of the server on this port. lines: who each is, `USER PATH [TOKEN]`. still: so many of them never read. window:
   * so many at most are being opened at a time.
   */
  static start(port, lines, { still = 0, window = 256 } = {}) {
    const crowd = new Crowd()
    Object.assign(crowd, { count: lines.length, still, reached: 0, heard: [], faults: { again: 0, missing: 0, astray: 0, refused: 0 }, errors: '' })
    crowd.directory = processes.temporaryDirectory('crowd')
    const file = join(crowd.directory, 'lines')
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 }) // tokens stand there
    crowd.child = processes.start(loadclient(), [port, lines.length, file, still, window].map(String), { env: environment() })
    crowd.child.stderr.on('data', (chunk) => (crowd.errors += chunk))
    createInterface({ input: crowd.child.stdout }).on('line', (line) => crowd.#take(line))
    return crowd
  }

  #take(line) {
    if (line.startsWith('reached ')) this.reached = Number(line.slice(8))
    else this.heard.push(line)
  }

  #check() {
    if (this.child.exitCode !== null) throw new Error(`loadclient has ended: ${this.errors}`)
  }

  #say(command) {
    this.child.stdin.write(`${command}\n`)
  }

  /** The next line that begins with the word. */
  async #hear(word) {
    const find = () => {
      this.#check()
      return this.heard.findIndex((line) => line.startsWith(word)) + 1
    }
    const place = await until(find, { timeout: slowestMs, every: 5, what: `loadclient to say ${word}` })
    return this.heard.splice(place - 1, 1)[0]
  }

  async #seconds(word) {
    return Number((await this.#hear(word)).split(' ')[1])
  }

  /** All connect. Returns how many seconds that took. */
  open() {
    this.#say('open')
    return this.#seconds('open ')
  }

  /** All close at once. */
  async leave() {
    this.#say('leave')
    await this.#hear('left')
  }

  /** All come back, with cursors of different ages. goal: the number of the event with which each is complete. */
  async comeBack(goal) {
    this.#say(`return ${goal}`)
    const live = await this.#seconds('open ')
    return { live, complete: await this.#seconds('complete ') }
  }

  /**
   * What came since the last report, as score.c prints it: { seen, bytes, p50, p99, max, lastAt, … }. again, missing and astray
   * are those of all reports together.
   */
  async report() {
    this.#say('report')
    const report = JSON.parse(await this.#hear('{'))
    for (const name of Object.keys(this.faults)) report[name] = this.faults[name] += report[name]
    this.reached = report.reached
    return report
  }

  /**
   * Waits until the numbers of the subscribers' last events add up to the target, or no more come. Then a report. Its `lost` is
   * what was passed over or has not come.
   */
  async drained(target) {
    const deadline = now() + drainMs
    for (let last = -1, since = now(); this.reached < target && now() < deadline && now() - since < quietMs; await pause(20)) {
      this.#check()
      if (this.reached !== last) [last, since] = [this.reached, now()]
    }
    const report = await this.report()
    return { ...report, lost: report.missing + target - report.reached }
  }

  async end() {
    this.child.stdin.end()
    await within(this.child.exited, 10_000, 'the end of loadclient').catch(() => this.child.kill('SIGKILL'))
    await this.child.exited
    processes.removeDirectory(this.directory)
  }
}

/** Who makes the changes. */
export class Pacer {
  static start(disk) {
    const pacer = new Pacer()
    pacer.errors = ''
    pacer.child = processes.start(compile('pacer', `-I${disk.includes}`, '-lpq'), [disk.url], { env: environment() })
    pacer.child.stderr.on('data', (chunk) => (pacer.errors += chunk))
    createInterface({ input: pacer.child.stdout }).on('line', (line) => (pacer.answer = JSON.parse(line)))
    return pacer
  }

  /**
   * Changes `beats` so often a second, for so many seconds. users: 0, all changes are user 0's; N, they go round among 1 to N.
   * filler: so many bytes make events longer. Returns { count, begun, ended, reached }: seconds of the wall clock, and the rate.
   */
  async pace({ rate, seconds, users = 0, filler = 0 }) {
    const count = Math.max(1, Math.round(rate * seconds))
    this.answer = undefined
    this.child.stdin.write(`${rate} ${count} ${users} ${filler}\n`)
    const done = () => this.answer || this.child.exitCode !== null
    await until(done, { timeout: (3 * seconds + 60) * 1000, every: 10, what: 'the end of the changes' })
    if (!this.answer) throw new Error(`pacer: ${this.errors}`)
    const { begun, ended } = this.answer
    return { ...this.answer, count, reached: count / Math.max(seconds, ended - begun) }
  }

  async end() {
    this.child.stdin.end()
    await within(this.child.exited, 10_000, 'the end of pacer').catch(() => this.child.kill('SIGKILL'))
  }
}
