// Who serves in fanout: each starts in a fresh database, and says where and as whom to subscribe. cpuMs, peakBytes and rssBytes are
// of all processes that a server has between PostgreSQL and its subscribers.
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { environment } from '../lib/cluster.mjs'
import { Daemon } from '../lib/daemon.mjs'
import { missingNginx, Nginx } from '../lib/nginx.mjs'
import * as processes from '../lib/process.mjs'
import { secret, seconds } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'
import { compile, cpuMs, sqlFile } from './stage.mjs'

const peakBytes = (pid) => Number(/^VmHWM:\s+(\d+) kB/m.exec(processes.read(pid, 'status'))?.[1] ?? 0) * 1024
const sum = (pids, figure) => pids.reduce((total, pid) => total + figure(pid), 0)

/**
 * pids: a function. line(user): how loadclient subscribes as a user, 0: to what is for all. stop(): ends it. also: connections on
 * its port that are no subscribers.
 */
const server = ({ port, pids, line, stop, also = 0, ...rest }) => ({
  port, line, stop,
  cpuMs: () => sum(pids(), cpuMs),
  rssBytes: () => sum(pids(), processes.rssBytes),
  peakBytes: () => sum(pids(), peakBytes),
  connections: () => processes.connectionsAt(port) - also,
  ...rest,
})

/** Starts a program that says `ready` on stdout. */
async function ready(path, args) {
  const child = processes.start(path, args.map(String), { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let said = '', errors = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  await until(() => said.includes('ready') || child.exitCode !== null, { what: `${path} to be ready` })
  if (child.exitCode !== null) throw new Error(`${path}: ${errors}`)
  return child
}

async function end(child) {
  child.kill('SIGKILL')
  await child.exited
}

// ---- the raw server --------------------------------------------------------------------------------------------------

const raw = {
  name: 'raw', label: 'raw server',
  async start(disk) {
    await disk.fresh(sqlFile('fanout-notify.sql'))
    const port = await processes.freePort()
    const child = await ready(compile('rawserver', `-I${disk.includes}`, '-lpq'), [disk.url, port])
    const line = (user) => `${user} ${user ? `/?user=${user}` : '/'}`
    return server({ port, pids: () => [child.pid], line, stop: () => end(child) })
  },
}

// ---- nchan -----------------------------------------------------------------------------------------------------------

const modules = [process.env.NCHAN, '/usr/lib/nginx/modules/ngx_nchan_module.so', '/usr/lib64/nginx/modules/ngx_nchan_module.so']
const nchanModule = modules.find((path) => path && existsSync(path))

/** Why nchan cannot take part; false: it can. */
export const missingNchan = () => missingNginx() || (!nchanModule && 'the module nchan is not installed (libnginx-mod-nchan, or NCHAN=/path/ngx_nchan_module.so)')

// It keeps what a reconnect storm asks for, and logs nothing. A newcomer gets what comes from now on, as elsewhere.
const channels = `
  access_log off;
  error_log /dev/null crit;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  location ~ ^/sub/(\\d+)$ {
    nchan_subscriber eventsource;
    nchan_channel_id $1;
    nchan_subscriber_first_message newest;
  }
  location ~ ^/pub/(\\d+)$ {
    nchan_publisher http;
    nchan_channel_id $1;
    nchan_message_buffer_length 1000;
    nchan_message_timeout 1h;
  }`

const nchan = {
  name: 'nchan', label: 'nchan and a bridge',
  async start(disk, { connections }) {
    await disk.fresh(sqlFile('fanout-notify.sql'))
    const nginx = await Nginx.start(channels, '', {
      main: `load_module ${nchanModule};\nworker_rlimit_nofile ${connections};`, events: `worker_connections ${connections};`,
    })
    const bridge = await ready(compile('bridge', `-I${disk.includes}`, '-lpq'), [disk.url, nginx.port]).catch(async (error) => {
      await nginx.stop()
      throw error
    })
    const stop = async () => {
      await end(bridge)
      await nginx.stop()
    }
    const pids = () => [nginx.child.pid, ...processes.childrenOf(nginx.child.pid), bridge.pid]
    return server({ port: nginx.port, pids, line: (user) => `${user} /sub/${user}`, stop, also: 1 })
  },
}

// ---- pgherald --------------------------------------------------------------------------------------------------------

const base64url = (value) => Buffer.from(value).toString('base64url')

/** A token by hand: those of lib/token.mjs are all remembered, and each end of a daemon is searched for them. These are too many. */
function token(sub) {
  const text = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify({ sub: String(sub), exp: seconds() + 7200 }))}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

const pgherald = {
  name: 'pgherald', label: 'pgherald',
  async start(disk) {
    await disk.fresh(sqlFile('fanout-pgherald.sql'))
    const daemon = await Daemon.start({ databaseUrl: disk.url })
    const line = (user) => (user ? `${user} /own ${token(user)}` : '0 /all')
    const restart = async () => {
      await daemon.stop()
      await daemon.start()
    }
    return server({ port: daemon.port, pids: () => [daemon.pid], line, stop: () => daemon.destroy(), restart })
  },
}

export const contenders = [raw, nchan, pgherald]
