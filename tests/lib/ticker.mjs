// Which of several daemons is the ticker: the one whose session has the advisory lock.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { applicationName } from './cluster.mjs'
import { mayLook } from './memory.mjs'

// The ports of all sessions that hold an advisory lock for themselves, without those of the tests.
const query = `
  SELECT DISTINCT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted AND a.client_port IS NOT NULL AND a.application_name <> '${applicationName}'`

/** The daemon that ticks, or undefined if that cannot be told. */
export async function findTicker(cluster, daemons) {
  const ports = (await cluster.psql(query)).split('\n').filter(Boolean).map(Number)
  const owners = daemons.filter((daemon) => !daemon.ended && ports.some((port) => ownsPort(daemon.pid, port)))
  return owners.length === 1 ? owners[0] : undefined
}

/**
 * The session that holds one of pgherald's locks for itself, { pid, name }. Lock 1 is the ticker's
 * role. The ticker holds lock 3 while it is awake.
 */
export async function holder(cluster, lock) {
  const [pid, name] = (await cluster.psql(`
    SELECT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.classid = 1751478881 AND l.objid = ${lock} AND l.mode = 'ExclusiveLock' AND l.granted`)).split('|')
  return pid ? { pid: Number(pid), name } : {}
}

/**
 * What is wrong with the chain of ticks. Each tick begins where the one before it ended. Ids may
 * jump only where another server began.
 */
export const chainFaults = (cluster) => cluster.psql(`
  SELECT id, since, before
    FROM (SELECT id, since, lag(id) OVER w AS last, lag(snapshot) OVER w AS before, lag(origin) OVER w = origin AS same
            FROM herald.ticks WINDOW w AS (ORDER BY id)) t
   WHERE (same AND id <> last + 1) OR since::text <> before::text`)

/**
 * Does the process have a TCP connection from this local port? The daemon hides its descriptors, so
 * without root the answer is no.
 */
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
