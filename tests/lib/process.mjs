// Child processes that never outlive the test: each one is registered, dies with this process
// (also when this one is killed with -9, by the kernel's parent-death signal) and is looked at
// through /proc.
import { spawn, execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './wait.mjs'

const children = new Map() // child -> signal that ends it
const directories = new Set()
const reserved = new Set() // the links of reserve()

process.on('exit', sweep)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130))

const lastWords = 1000 // ms: so long may somebody else hold the pipes of a process that has ended

/** Spawns `command`; `death` is the signal it gets when this process ends. `exited` comes when all that it has written has been read, too. */
export function start(command, args, { death = 'SIGKILL', user = [], ...options } = {}) {
  const guard = ['--pdeathsig', death.slice(3), ...user, '--', command, ...args]
  const child = spawn('setpriv', guard, options)
  children.set(child, death)
  child.exited = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }))
    child.once('exit', (code, signal) => {
      children.delete(child)
      const late = setTimeout(resolve, lastWords, { code, signal })
      child.once('close', () => (clearTimeout(late), resolve({ code, signal })))
    })
  })
  child.once('error', () => children.delete(child))
  return child
}

/** Runs a program to its end: { code, signal, stdout, stderr }, never throws for its status. */
export function run(command, args, { input, timeout = 120_000, ...options } = {}) {
  return new Promise((resolve) => {
    const settings = { timeout, killSignal: 'SIGKILL', maxBuffer: 256 << 20, ...options }
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      children.delete(child)
      const code = error ? (typeof error.code === 'number' ? error.code : null) : 0
      resolve({ code, signal: error?.signal ?? null, stdout, stderr, error })
    })
    children.set(child, 'SIGKILL')
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
  })
}

/** A directory that goes when the process does. Its name carries the pid, so strays are found. */
export function temporaryDirectory(name) {
  const root = temporaryRoot()
  removeStrays(root)
  const path = mkdtempSync(join(root, `${process.pid}-${name}-`))
  directories.add(path)
  return path
}

function temporaryRoot() {
  const root = join(tmpdir(), 'pgherald-tests')
  mkdirSync(root, { recursive: true, mode: 0o755 })
  return root
}

export function removeDirectory(path) {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  directories.delete(path)
}

/**
 * A TCP port of the loopback that is this process's until it ends: free now, and given to none of the other
 * test files that run beside it, though nobody listens on it yet, or again. Taken below the range from which
 * the kernel draws the ports of outgoing connections, so that it is still free when a killed program comes back.
 */
export async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = 16_000 + Math.floor(Math.random() * 15_000)
    if (reserve(port) && (await canListen(port))) return port
  }
  throw new Error('no free port between 16000 and 31000')
}

// A link named after the port that points to the process: the file system lets only one make it.
function reserve(port) {
  const directory = join(temporaryRoot(), 'ports')
  mkdirSync(directory, { recursive: true })
  const path = join(directory, String(port))
  try {
    symlinkSync(String(process.pid), path)
    reserved.add(path)
    return true
  } catch {
    removeStray(path)
    return false
  }
}

// What a killed process has left: somebody's next try finds the port free.
function removeStray(path) {
  try {
    if (!existsSync(`/proc/${readlinkSync(path)}`)) rmSync(path)
  } catch {
    // its process has just ended in good order
  }
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Whether the process exists and is not a zombie. */
export function alive(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Whether SIGSTOP has stopped it, or it is gone. */
export const stopped = (pid) => /^State:\s+T/m.test(read(pid, 'status')) || !alive(pid)

export const gone = (pid, timeout = 30_000) =>
  until(() => !alive(pid), { timeout, what: `end of process ${pid}` })

export function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

export function signal(pid, name) {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}

export function rssBytes(pid) {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1] ?? 0) * 1024
}

/** User and system time so far, in milliseconds (the kernel counts in hundredths of a second). */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** A file of /proc/PID, empty where it cannot be read. */
export function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/**
 * How many connections a program has open that it took on this port. Read from the kernel's table, for the daemon shows its
 * descriptors to nobody but root. A socket that no descriptor refers to any more has no inode there.
 */
export function connectionsAt(port) {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`, listening = '0A'
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1).map((line) => line.trim().split(/\s+/))
  return lines.filter(([, address, , state, , , , , , inode]) => address?.endsWith(local) && state !== listening && inode !== '0').length
}

function removeStrays(root) {
  for (const name of readdirSync(root)) {
    const pid = Number(name.split('-')[0])
    if (pid && pid !== process.pid && !existsSync(`/proc/${pid}`)) removeStrayDirectory(join(root, name))
  }
}

function removeStrayDirectory(path) {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // another file's test takes it away too, or a helper of its process writes in it still: the next one finds it
  }
}

// The last act, synchronous as an exit handler must be.
function sweep() {
  const pids = [...children.keys()].map((child) => child.pid).filter(Boolean)
  for (const [child, death] of children) if (child.pid) signal(child.pid, 'SIGCONT'), signal(child.pid, death)
  const deadline = performance.now() + 3000
  while (pids.some(alive) && performance.now() < deadline) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }
  for (const pid of pids.filter(alive)) signal(pid, 'SIGKILL')
  for (const path of reserved) rmSync(path, { force: true })
  for (const path of directories) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    } catch {
      // who wrote in it lived too long: the next run of a test takes strays away
    }
  }
}
