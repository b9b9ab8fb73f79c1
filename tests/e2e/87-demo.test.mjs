// make demo, as its first user runs it. contrib/demo/run works in a directory of its own.
// run: browser, once
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { after, describe, test } from 'node:test'
import { openBrowser } from '../lib/browser.mjs'
import { environment } from '../lib/cluster.mjs'
import { missing, program, repository } from '../lib/daemon.mjs'
import { Visit } from '../lib/pages.mjs'
import { serverDirectory } from '../lib/postgres.mjs'
import { removeDirectory, run, start, temporaryDirectory } from '../lib/process.mjs'
import { until, within } from '../lib/wait.mjs'

const patience = 120_000

/** A place where a demo may make its directory. open: PostgreSQL's user can get there. */
function place({ open }) {
  const parent = temporaryDirectory('demo')
  chmodSync(parent, open ? 0o755 : 0o700)
  return parent
}

const settings = (directory) => ({ ...environment(), ...(process.env.PG_BIN && { PG_BIN: process.env.PG_BIN }), PGHERALD: program, DEMO_DIRECTORY: directory })

/** Begins a demo. more: variables of its environment. cwd: the directory in which it begins. */
function begin(directory, args = [], more = {}, cwd = repository) {
  const child = start(relative(cwd, join(repository, 'contrib/demo/run')), args, { death: 'SIGTERM', cwd, env: { ...settings(directory), ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
  child.said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (child.said += chunk))
  return child
}

/** What a demo says that changes an order, shows the event, and ends. */
async function once(directory, more, cwd) {
  const child = begin(directory, ['--once'], more, cwd)
  const { code } = await within(child.exited, patience, 'the end of the demo')
  assert.equal(code, 0, child.said)
  assert.match(child.said, /^data: .*ORD-A7X3B2.*Preparing/m)
  return child.said
}

/** What a demo says that does not start. */
async function refusal(directory, more) {
  const child = begin(directory, ['--once'], more)
  assert.equal((await within(child.exited, patience, 'the end of the demo')).code, 1, child.said)
  return child.said
}

/**
 * Makes PostgreSQL, the daemon and the pages come too late for their ports, once each. Another
 * server takes the port after the demo has found it free. Returns the variables with which a demo
 * begins these programs, and the ports (`lost`).
 */
async function latecomers(place) {
  const real = { postgres: join(serverDirectory(), 'postgres'), pgherald: program, perl: (await run('sh', ['-c', 'command -v perl'])).stdout.trim() }
  const rivals = new Map(Object.keys(real).map((name) => [name, createServer()]))
  chmodSync(place, 0o777) // PostgreSQL's user writes here, too
  symlinkSync(join(serverDirectory(), 'initdb'), join(place, 'initdb'))
  for (const [name, path] of Object.entries(real)) {
    const asks = `case "$*" in *--version|*migrate*|*token*) ;; *) if mkdir "$0.came"; then echo "$PAGE_PORT $*" >"$0.asks"; until [ -e "$0.go" ]; do sleep 0.05; done; fi ;; esac`
    writeFileSync(join(place, name), `#!/bin/sh\n${asks} 2>/dev/null\nexec "${path}" "$@"\n`, { mode: 0o755 })
  }
  const lost = []
  const takeWhatIsAsked = () => rivals.forEach((rival, name) => {
    const [asks, go] = ['asks', 'go'].map((what) => join(place, `${name}.${what}`))
    const [, port] = (existsSync(asks) && !lost.some((each) => each.name === name) && /(?:^| -p |--listen 127\.0\.0\.1:)(\d+) .*\n/.exec(readFileSync(asks, 'utf8'))) || []
    if (!port) return
    lost.push({ name, port })
    rival.listen(port, '127.0.0.1', () => writeFileSync(go, ''))
  })
  const looking = setInterval(takeWhatIsAsked, 50)
  const close = () => (clearInterval(looking), rivals.forEach((rival) => rival.close()))
  return { lost, close, variables: { PG_BIN: place, PGHERALD: join(place, 'pgherald'), PATH: `${place}:${process.env.PATH}` } }
}

/** Listens on a port. If somebody listens there already, that will do. */
function take(port) {
  const server = createServer()
  return new Promise((resolve) => server.once('error', () => resolve(server)).listen(port, '127.0.0.1', () => resolve(server)))
}

/** The clusters in /var/tmp that belong to a demo in this directory. */
const elsewhere = (directory) => readdirSync('/var/tmp').filter((name) => {
  const of = join('/var/tmp', name, 'of')
  return name.startsWith('pgherald-demo.') && existsSync(of) && readFileSync(of, 'utf8') === directory
})

describe('make demo', { skip: missing(), timeout: 600_000 }, () => {
  const parents = [place({ open: true }), place({ open: false }), place({ open: true })]
  const [open, hidden] = parents.map((parent) => join(parent, '.demo'))
  after(() => parents.forEach(removeDirectory))

  test('the addresses that it prints are live pages, for the browser that came by the first one; Ctrl-C stops all of it', async () => {
    const child = begin(open)
    const browser = await openBrowser()
    try {
      await until(() => child.said.includes('Ctrl-C stops') || child.exitCode !== null, { timeout: patience, what: 'the demo' })
      const [first, ...others] = [...child.said.matchAll(/^ {2}(http:\S+)/gm)].map(([, address]) => address)
      assert.equal(others.length, 5, child.said)
      const index = await Visit.open(browser, first)
      await index.seesText('#commands pre', 'curl -N')
      for (const address of others) {
        const it = await Visit.open(browser, address, { beside: index })
        await it.isLive()
        await it.close()
      }
      const it = await Visit.open(browser, others.at(-1), { beside: index })
      await it.isLive()
      const [, command] = /^ {2}(psql .*Preparing.*)$/m.exec(child.said)
      const { code, stderr } = await run('bash', ['-c', command])
      assert.equal(code, 0, stderr)
      await it.seesText('.toast', 'ORD-A7X3B2 — Preparing')
      await it.close()
      await index.close()
    } finally {
      await browser.close()
      child.kill('SIGINT')
      const { code } = await within(child.exited, 60_000, 'the end of the demo')
      assert.equal(code, 0, child.said)
    }
    const port = /127\.0\.0\.1:(\d+)\/my-orders/.exec(child.said)[1]
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
  })

  for (const taken of [[8000], [8001]])
    test(`it finds other ports where ${taken.join(', ')} are taken, and says so`, async () => {
      const servers = await Promise.all(taken.map(take))
      try {
        const said = await once(open)
        assert.match(said, taken.includes(8000) ? /port 8000 is taken: the daemon is on 80\d\d/ : /metrics are on port 80\d\d/)
      } finally {
        servers.forEach((server) => server.close())
      }
    })

  test('who comes too late for a port takes the next one', async () => {
    const others = await latecomers(parents[2])
    try {
      await once(open, others.variables)
      assert.deepEqual(others.lost.map(({ name }) => name), ['postgres', 'pgherald', 'perl'])
    } finally {
      others.close()
    }
  })

  test('no proxy of the caller stands in its way, no setting of a shell, nor a directory for temporary files that only root can enter', async () => {
    const settings = { http_proxy: 'http://127.0.0.1:9', CDPATH: '.:/', POSIXLY_CORRECT: '1', PERL_UNICODE: 'SDA' }
    const said = await once(join(parents[0], 'second'), { ...settings, TMPDIR: parents[1] })
    assert.match(said, /making a PostgreSQL cluster/)
  })

  test('a PostgreSQL that is not there is told, with what to do', async () => {
    assert.match(await refusal(open, { PG_BIN: '', PG: '99' }), /no PostgreSQL server of version 99: install it, or .*PG_BIN=/)
    assert.match(await refusal(open, { PG_BIN: parents[1] }), /no PostgreSQL server in \S+: PG_BIN is the directory that has its initdb/)
  })

  test('PG_BIN may be relative', async () => {
    const [directory] = parents
    symlinkSync(serverDirectory(), join(directory, 'bin'))
    await once(join(directory, 'third'), { PG_BIN: 'bin' }, directory)
  })

  // Only root runs PostgreSQL as another user.
  test('rm -rf starts afresh, also where PostgreSQL cannot get into the directory', { skip: process.getuid() !== 0 && 'only as root is the cluster elsewhere' }, async () => {
    const said = await once(hidden)
    const [, cluster] = /cannot reach .*: the cluster is in (\S+)$/m.exec(said)
    assert.ok(existsSync(join(cluster, 'PG_VERSION')))
    assert.doesNotMatch(await once(hidden), /making a PostgreSQL cluster/, 'the same cluster is used again')
    rmSync(hidden, { recursive: true })
    assert.match(await once(hidden), /making a PostgreSQL cluster/)
    assert.equal(existsSync(cluster), false, 'the old one is gone')
    rmSync(hidden, { recursive: true })
    await once(open)
    assert.deepEqual(elsewhere(hidden), [], 'nothing is left')
  })

  test('another PostgreSQL than the cluster was made by is told in a sentence', async () => {
    writeFileSync(join(open, 'cluster/PG_VERSION'), '9\n')
    assert.match(await refusal(open), /is of PostgreSQL 9, the server in \S+ of \d+: rm -rf '\S+' starts afresh/)
  })
})
