// node with-cluster.mjs COMMAND…: runs a command beside a throw-away cluster. PGHOST, PGPORT and
// PGUSER name the cluster, and THROWAWAY_CLUSTER says that it is one. The first psql of the PATH is
// the one to use. The exit status is the command's.
import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { Cluster } from './cluster.mjs'
import { clientProgram } from './postgres.mjs'

const [command, ...args] = process.argv.slice(2)
const cluster = await Cluster.start()
const path = [dirname(clientProgram('psql')), process.env.PATH].join(delimiter)
const env = { ...process.env, PATH: path, PGHOST: '127.0.0.1', PGPORT: String(cluster.port), PGUSER: 'postgres', THROWAWAY_CLUSTER: 'yes' }
const child = spawn(command, args, { env, stdio: 'inherit' })
child.on('exit', async (code) => {
  await cluster.destroy()
  process.exit(code ?? 1)
})
