// What documents have an operator type to set up a service, and to take it away again. It is typed
// as it stands there. Stubs stand for sudo, and for what would change this machine.
// run: release
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster, environment } from '../lib/cluster.mjs'
import { missing, program, repository } from '../lib/daemon.mjs'
import { clientProgram } from '../lib/postgres.mjs'
import * as processes from '../lib/process.mjs'
import { until } from '../lib/wait.mjs'

const read = (name) => readFileSync(join(repository, 'contrib/doc', name), 'utf8')

/** The blocks of lines with four blanks below this heading, up to the next heading. */
function blocks(name, heading) {
  const parts = read(name).split(`\n${heading}\n`)
  assert.equal(parts.length, 2, `${name} has the heading '${heading}'`)
  return [...parts[1].split(/\n##/)[0].matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map(([lines]) => lines.replace(/^ {4}/gm, '').trim())
}

const stubs = {
  sudo: '[ "$1" != -u ] || { export PGUSER="$2"; shift 2; }; exec "$@"', // PostgreSQL takes its caller for that user, as `peer` does
  useradd: 'echo useradd "$@" >> "$0.said"', userdel: 'echo userdel "$@" >> "$0.said"', systemctl: 'echo systemctl "$@" >> "$0.said"',
}

describe('an operator who types what the documents say', { skip: missing(), timeout: 300_000 }, () => {
  let cluster, directory, env, ports
  before(async () => {
    cluster = await Cluster.start()
    await cluster.psql(`DROP ROLE IF EXISTS pgherald; CREATE ROLE boss LOGIN; ALTER DATABASE app OWNER TO boss;
      CREATE TABLE public.orders (id serial PRIMARY KEY, user_id int); ALTER TABLE public.orders OWNER TO boss`)
    directory = mkdtempSync(join(tmpdir(), 'pgherald-service-'))
    for (const folder of ['bin', 'etc/systemd/system', 'usr']) mkdirSync(join(directory, folder), { recursive: true })
    for (const [name, script] of Object.entries(stubs)) writeFileSync(join(directory, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    symlinkSync(program, join(directory, 'bin/pgherald'))
    symlinkSync(clientProgram('psql'), join(directory, 'bin/psql'))
    ports = { PGHERALD_LISTEN: `127.0.0.1:${await processes.freePort()}`, PGHERALD_ADMIN_LISTEN: `127.0.0.1:${await processes.freePort()}` }
    env = { ...environment(), ...ports, PATH: `${directory}/bin:${process.env.PATH}`, PGHOST: '127.0.0.1', PGPORT: String(cluster.port), PGUSER: 'boss', PGDATABASE: 'postgres' }
  })
  after(async () => {
    await cluster?.destroy()
    if (directory) rmSync(directory, { recursive: true })
  })

  const place = (path) => join(directory, path)
  const called = (name) => readFileSync(place(`bin/${name}.said`), 'utf8').trim().split('\n')

  /** The text as this machine can have it: files in the test's directory, and no owners of files. */
  const here = (text) => text.replace(/(?<=[ =])\/etc\//g, `${place('etc')}/`).replace('/usr/local/bin/pgherald', program).replace(/ -o \w+| -g \w+/g, '')

  async function type(text, more = {}) {
    const { code, stdout, stderr } = await processes.run('bash', ['-ec', here(text)], { env: { ...env, ...more }, cwd: repository })
    assert.equal(code, 0, `${text}\n${stdout}${stderr}`)
    return stdout
  }

  const step = (number) => {
    const [, heading] = new RegExp(`^(### ${number}\\. .+)$`, 'm').exec(read('operating.md'))
    return blocks('operating.md', heading)
  }

  /** Runs the command of the unit as its user, until it can serve. Returns how to end it. */
  async function serve(unit) {
    const [, user] = /^User=(.+)$/m.exec(unit)
    const daemon = processes.start('bash', ['-c', `exec ${/^ExecStart=(.+)$/m.exec(unit)[1]}`], { env: { ...env, PGUSER: user }, stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    daemon.stderr.on('data', (chunk) => (log += chunk))
    const end = async () => {
      daemon.kill('SIGTERM')
      assert.equal((await daemon.exited).code, 0, log)
    }
    const ready = () => fetch(`http://${ports.PGHERALD_ADMIN_LISTEN}/readyz`).then(({ status }) => status === 200, () => false)
    await until(ready, { what: 'a daemon that can serve' }).catch(async (error) => {
      await end()
      throw new Error(`${error.message}: ${log}`)
    })
    return end
  }

  test('has a service at the end, and doctor is content with it', async () => {
    for (const number of [1, 2, 3, 4]) for (const block of step(number)) await type(block)
    const [unit, start] = step(5)
    assert.equal(readFileSync(join(repository, 'contrib/systemd/pgherald.service'), 'utf8'), `${unit}\n`, 'the file of the tree is the one of the page')
    writeFileSync(place('etc/systemd/system/pgherald.service'), here(unit))
    await type(start)
    assert.deepEqual(called('useradd'), ['useradd --system pgherald'])
    assert.deepEqual(called('systemctl'), ['systemctl daemon-reload', 'systemctl enable --now pgherald'])
    assert.ok(readFileSync(place('etc/pgherald/jwt.secret'), 'utf8').length > 48)
    assert.equal((await processes.run('stat', ['-c', '%a', place('etc/pgherald/jwt.secret')])).stdout, '640\n')
    await type("pgherald watch public.orders --audience user_id; psql app -c \"SELECT herald.stream('/my/orders', '{orders}', match => '{\\\"user_id\\\": \\\"claims.sub\\\"}')\"", { DATABASE_URL: 'postgresql:///app' })
    const end = await serve(here(unit))
    try {
      const said = await type(step(6)[0])
      assert.match(said, /^ok +rights/m)
      assert.match(said, /^ok +daemon/m)
      assert.equal(await cluster.psql("SELECT string_agg(DISTINCT usename, ' ') FROM pg_stat_activity WHERE application_name LIKE 'pgherald %'"), 'pgherald')
    } finally {
      await end()
    }
  })

  test('has a unit that systemd takes', async (t) => {
    const unit = place('etc/systemd/system/pgherald.service')
    const socket = place('etc/systemd/system/pgherald.socket')
    const dropIn = blocks('operating.md', '### Secrets that only root can read')[0]
    mkdirSync(`${unit}.d`)
    writeFileSync(join(`${unit}.d`, 'secrets.conf'), `${dropIn}\n`)
    writeFileSync(socket, readFileSync(join(repository, 'contrib/systemd/pgherald.socket')))
    const { error, code, stderr } = await processes.run('systemd-analyze', ['verify', '--man=no', unit, socket])
    if (error?.code === 'ENOENT') return t.skip('systemd is not installed')
    assert.equal(stderr.split('\n').filter((line) => line.includes('pgherald')).join('\n'), '')
    assert.equal(code, 0, stderr)
    rmSync(`${unit}.d`, { recursive: true })
    rmSync(socket)
  })

  test('has a unit that may do little, as the page says', async (t) => {
    const { error, code, stdout, stderr } = await processes.run('systemd-analyze', ['security', '--offline=true', place('etc/systemd/system/pgherald.service')])
    if (error?.code === 'ENOENT') return t.skip('systemd is not installed')
    assert.equal(code, 0, stderr)
    const [, level] = /Overall exposure level for pgherald.service: ([\d.]+) OK/.exec(stdout) ?? assert.fail(stdout)
    assert.ok(Number(level) <= Number(/`systemd-analyze security pgherald` says (\d.\d)/.exec(read('operating.md'))[1]), level)
  })

  test('has a daemon with a password, for a database on another host', async () => {
    const words = read('operating.md').split('### Who lets the daemon in')[1]
    const [[, line], [, url]] = [/`(db\.example\.com:.+)`/.exec(words), /^ {4}(database-url = .+)$/m.exec(words)]
    const hba = join(cluster.data, 'pg_hba.conf')
    writeFileSync(hba, `host app pgherald 127.0.0.1/32 scram-sha-256\n${readFileSync(hba, 'utf8')}`)
    await cluster.psql("ALTER ROLE pgherald PASSWORD 'open sesame'; SELECT pg_reload_conf()")
    const [unit] = step(5)
    const conf = place('etc/pgherald/pgherald.conf')
    const config = readFileSync(conf, 'utf8')
    writeFileSync(conf, config.replace(/^database-url.*$/m, here(url).replace('db.example.com', `127.0.0.1:${cluster.port}`)))
    await type(blocks('operating.md', '### Who lets the daemon in')[0].split('\n')[0])
    const look = () => processes.run(join(directory, 'bin/pgherald'), ['doctor', '--config', conf], { env })
    assert.match((await look()).stdout, /^no +database/m)
    writeFileSync(place('etc/pgherald/pgpass'), `${line.replace('db.example.com:5432', `127.0.0.1:${cluster.port}`).replace('PASSWORD', 'open sesame')}\n`)
    const end = await serve(here(unit))
    try {
      assert.equal((await look()).code, 0)
    } finally {
      await end()
    }
  })

  test('takes all of it away again', async () => {
    const [own, machines] = blocks('getting-started.md', '## Uninstalling')
    await cluster.psql('GRANT SELECT ON public.orders TO pgherald') // as functions of streams need it
    await type(own, { DATABASE_URL: 'postgresql:///app', PREFIX: place('usr'), SYSCONFDIR: place('etc') })
    assert.equal(await cluster.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'herald'"), '0')
    assert.equal(await cluster.psql('SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal'), '0')
    await type(machines)
    assert.equal(await cluster.psql("SELECT count(*) FROM pg_roles WHERE rolname = 'pgherald'"), '0')
    for (const path of ['etc/pgherald', 'etc/systemd/system/pgherald.service']) assert.ok(!existsSync(place(path)), path)
    assert.deepEqual([called('userdel'), called('systemctl').at(-1)], [['userdel pgherald'], 'systemctl daemon-reload'])
  })
})
