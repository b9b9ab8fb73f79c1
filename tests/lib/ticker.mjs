// Which of several daemons is the ticker: the one that owns the backend with the advisory lock.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { applicationName } from './cluster.mjs'

// The ticker's session names itself; where it does not, the one that waits for no lock but holds one.
const query = `
  SELECT DISTINCT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'advisory' AND l.granted AND a.client_port IS NOT NULL AND a.application_name <> '${applicationName}'`

/** The daemon that ticks, or undefined where that cannot be told. */
export async function findTicker(cluster, daemons) {
  const ports = (await cluster.psql(query)).split('\n').filter(Boolean).map(Number)
  const owners = daemons.filter((daemon) => !daemon.ended && ports.some((port) => ownsPort(daemon.pid, port)))
  return owners.length === 1 ? owners[0] : undefined
}

/** Whether the process has a TCP connection from this local port. */
export function ownsPort(pid, port) {
  const inodes = socketInodes(port)
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1])
    } catch {
      return false // closed meanwhile
    }
  })
}

function socketInodes(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').map((line) => line.trim().split(/\s+/))
  return new Set(lines.filter((fields) => fields[1]?.endsWith(suffix)).map((fields) => fields[9]))
}
