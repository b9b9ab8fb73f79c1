// The real curl as a subscriber, as people try a stream: `curl -N URL`.
import { Parser } from './parser.mjs'
import * as processes from './process.mjs'
import { now, until, within } from './wait.mjs'

export class Curl {
  /** Starts `curl -N`. args go before the URL, as in Curl.start(url, ['-b', 'jwt=...']). */
  static start(url, args = []) {
    return new Curl(String(url), args)
  }

  constructor(url, args) {
    this.text = ''
    this.frames = []
    this.errors = ''
    this.parser = new Parser({ onFrame: (frame) => this.frames.push({ ...frame, at: now() }) })
    this.child = processes.start('curl', ['-sSN', ...args, url], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout.on('data', (chunk) => {
      this.text += chunk.toString('latin1')
      this.parser.push(chunk)
    })
    this.child.stderr.on('data', (chunk) => (this.errors += chunk))
    this.output = new Promise((resolve) => this.child.stdout.once('close', resolve))
  }

  get lines() {
    return Buffer.from(this.text, 'latin1').toString('utf8').split('\n')
  }

  until(condition, timeout = 60_000) {
    const what = () => `${condition} in what curl shows: ${this.text.slice(-500)} ${this.errors}`
    return until(() => condition(this), { timeout, every: 5, what: what() })
  }

  frame(wanted, timeout) {
    return this.until(() => this.frames.find(wanted), timeout)
  }

  /** SIGSTOP makes it a reader that does not read. SIGCONT wakes it. */
  signal(name) {
    this.child.kill(name)
  }

  /** Waits until it ends by itself and all its output is there: { code }. */
  async ended(timeout = 60_000) {
    const result = await within(this.child.exited, timeout, 'end of curl')
    await within(this.output, timeout, 'all output of curl')
    return result
  }

  async stop() {
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    return this.child.exited
  }
}
