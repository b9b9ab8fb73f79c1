// What most end-to-end tests stand on: a cluster with the schema `herald`, and a daemon. It can
// have the example application. close() ends all of it, and fails if a daemon did not end well.
import assert from 'node:assert/strict'
import { Cluster } from './cluster.mjs'
import { Daemon, loadExample, migrate } from './daemon.mjs'

/**
 * prepare(cluster) declares tables and streams before the daemon starts. daemon: the options of
 * Daemon.start, or false for no daemon.
 */
export async function openStage({ settings, example = false, prepare = () => {}, daemon = {} } = {}) {
  const cluster = await Cluster.start({ settings })
  const stage = { cluster, daemons: [], close: () => close(stage), addDaemon: (options) => add(stage, options) }
  try {
    await migrate(cluster)
    if (example) await loadExample(cluster)
    await prepare(cluster)
    if (daemon) stage.daemon = await add(stage, daemon)
    return stage
  } catch (error) {
    await cluster.destroy()
    throw error
  }
}

async function add(stage, options = {}) {
  const daemon = await Daemon.start({ cluster: stage.cluster, ...options })
  stage.daemons.push(daemon)
  return daemon
}

async function close({ cluster, daemons }) {
  const ends = await Promise.allSettled(daemons.map((daemon) => daemon.destroy()))
  await cluster.destroy()
  for (const [index, end] of ends.entries()) {
    if (end.status === 'rejected') throw end.reason
    const log = daemons[index].logs().slice(-2000)
    assert.ok(end.value === 0 || end.value === 'SIGKILL', `the daemon ended with ${end.value}:\n${log}`)
  }
}
