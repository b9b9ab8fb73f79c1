// Which of several daemons is the ticker: the one that owns the backend with the advisory lock.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { applicationName } from './cluster.mjs'
import { mayLook } from './memory.mjs'

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

/** The session that holds one of pgherald's locks, { pid, name }: 1 is the ticker's role, 3 is held while it is awake. */
export async function holder(cluster, lock) {
  const [pid, name] = (await cluster.psql(`
    SELECT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.classid = 1751478881 AND l.objid = ${lock} AND l.mode = 'ExclusiveLock' AND l.granted`)).split('|')
  return pid ? { pid: Number(pid), name } : {}
}

/** What is wrong with the chain of ticks: each one begins where the one before it ended; ids jump where a server began. */
export const chainFaults = (cluster) => cluster.psql(`
  SELECT id, since, before
    FROM (SELECT id, since, lag(id) OVER w AS last, lag(snapshot) OVER w AS before, lag(origin) OVER w = origin AS same
            FROM herald.ticks WINDOW w AS (ORDER BY id)) t
   WHERE (same AND id <> last + 1) OR since::text <> before::text`)

/** Whether the process has a TCP connection from this local port. The daemon hides itself: who is not root cannot tell, and hears no. */
export function ownsPort(pid, port) {
  if (!mayLook()) return false
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
