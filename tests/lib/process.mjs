// Child processes that never outlive the test. Each one is registered, and dies with this process.
// The kernel's parent-death signal ends it even if this process is killed with -9. What a process
// does is read in /proc.
import { spawn, execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './wait.mjs'

const children = new Map() // child -> signal that ends it
const directories = new Set()
const reserved = new Set() // the links of reserve()

process.on('exit', sweep)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130))

const lastWords = 1000 // ms for which another process may hold the pipes of one that has ended

/**
 * Spawns `command`. `death` is the signal that it gets when this process ends. `exited` resolves
 * when it has ended and all that it has written has been read.
 */
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

/** Runs a program to its end: { code, signal, stdout, stderr }. Never throws for its status. */
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

/** A directory that goes when this process ends. Its name has the pid, so that strays are found. */
export function temporaryDirectory(name) {
  const root = temporaryRoot()
  removeStrays(root)
  const path = mkdtempSync(join(root, `${process.pid}-${name}-`))
  directories.add(path)
  return path
}

const temporaryRoot = () => ofEverybody(join(tmpdir(), 'pgherald-tests'))

// A directory in which every user of this machine may make something, as in /tmp.
function ofEverybody(directory) {
  if (existsSync(directory)) return directory
  mkdirSync(directory, { recursive: true })
  chmodSync(directory, 0o1777)
  return directory
}

export function removeDirectory(path) {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  directories.delete(path)
}

/**
 * A TCP port of the loopback that belongs to this process until it ends. It is free now. No other
 * test file gets it, even while nobody listens on it. It is below the range from which the kernel
 * draws the ports of outgoing connections, so that it is still free when a killed program comes
 * back.
 */
export async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = 16_000 + Math.floor(Math.random() * 15_000)
    if (reserve(port) && (await canListen(port))) return port
  }
  throw new Error('no free port between 16000 and 31000')
}

// Makes a link that is named after the port and points to the process. The file system lets only
// one process make it.
function reserve(port) {
  const path = join(ofEverybody(join(temporaryRoot(), 'ports')), String(port))
  try {
    symlinkSync(String(process.pid), path)
    reserved.add(path)
    return true
  } catch {
    removeStray(path)
    return false
  }
}

// Removes the link of a process that was killed. The next try of any process finds the port free.
function removeStray(path) {
  try {
    if (!existsSync(`/proc/${readlinkSync(path)}`)) rmSync(path)
  } catch {
    // Its process has just ended in good order.
  }
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Does the process exist, and is it no zombie? */
export function alive(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Has SIGSTOP stopped it, or is it gone? */
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

/** User and system time so far, in ms. The kernel counts in hundredths of a second. */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** A file of /proc/PID. Empty if it cannot be read. */
export function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/**
 * How many of the connections that a program took on this port are open. The kernel's table tells,
 * since the daemon shows its descriptors only to root. A socket that no descriptor refers to any
 * more has no inode there.
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
    // Another test file removes it too, or a helper of its process still writes in it. The next try
    // finds it.
  }
}

// The last act of this process. It is synchronous, as an exit handler must be.
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
      // A process that wrote in it lived too long. The next run of a test removes strays.
    }
  }
}
