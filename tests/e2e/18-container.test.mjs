// The files for containers. No test here has a container engine, so the file system that the image
// consists of is made by its own script, and the program runs in it as it would there. The other
// files are read, and compared with the program.
// run: release
import assert from 'node:assert/strict'
import { chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { environment } from '../lib/cluster.mjs'
import { missing, program, repository, sanitized } from '../lib/daemon.mjs'
import { freePort, removeDirectory, run, start, temporaryDirectory } from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { secret } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const read = (name) => readFileSync(join(repository, 'contrib', name), 'utf8')
const options = async () => (await run(program, ['config', 'table'])).stdout.match(/(?<=^\| `)[\w-]+/gm)
const variable = (option) => `PGHERALD_${option.replaceAll('-', '_').toUpperCase()}`

describe('a container', { skip: missing(), timeout: 120_000 }, () => {
  const containerfile = read('container/Containerfile')
  const compose = parse(read('container/compose.yaml'), { merge: true })
  const objects = parseAllDocuments(read('kubernetes/pgherald.yaml')).map((document) => {
    assert.deepEqual(document.errors, [])
    return document.toJS()
  })
  const [deployment] = objects.filter(({ kind }) => kind === 'Deployment')
  const [pod] = deployment.spec.template.spec.containers
  let directory, root
  before(async () => {
    directory = temporaryDirectory('container')
    root = join(directory, 'root')
  })
  after(() => removeDirectory(directory))

  test('has the program, what it needs, and less than 60 MB', { skip: missing() || sanitized() }, async () => {
    const { code, stdout, stderr } = await run(join(repository, 'contrib/container/root'), [program, root])
    assert.equal(code, 0, stderr)
    assert.ok(parseInt(stdout) < 60, stdout)
    assert.ok(statSync(join(root, 'etc/ssl/certs/ca-certificates.crt')).size > 100_000)
    assert.ok(!existsSync(join(root, 'bin/sh')))
  })

  test('serves, as a user without rights and without a file that it may write', { skip: missing() || sanitized() || (process.getuid() !== 0 && 'chroot needs root') }, async () => {
    const stage = await openStage({ daemon: false })
    const [port, admin] = [await freePort(), await freePort()]
    writeFileSync(join(root, 'jwt.secret'), secret, { mode: 0o400 })
    chownSync(join(root, 'jwt.secret'), 65532, 65532)
    const env = { ...environment(), DATABASE_URL: stage.cluster.url(), PGHERALD_LISTEN: `:${port}`, PGHERALD_ADMIN_LISTEN: `:${admin}`, PGHERALD_JWT_SECRET_FILE: '/jwt.secret' }
    const [, uid] = /^USER (\d+):/m.exec(containerfile)
    const child = start('chroot', [`--userspec=${uid}:${uid}`, root, ...JSON.parse(/^ENTRYPOINT (.+)$/m.exec(containerfile)[1]), ...JSON.parse(/^CMD (.+)$/m.exec(containerfile)[1])], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.on('data', (chunk) => (log += chunk))
    try {
      await until(() => request(`http://127.0.0.1:${admin}${pod.readinessProbe.httpGet.path}`).then(({ status }) => status === 200, () => false), { what: `readiness: ${log}` })
      assert.equal((await request(`http://127.0.0.1:${admin}${pod.livenessProbe.httpGet.path}`)).status, 200)
      child.kill('SIGTERM')
      assert.equal((await child.exited).code, 0, log)
    } finally {
      child.kill('SIGKILL')
      await child.exited
      await stage.close()
    }
  })

  test('gets options and commands that there are', async () => {
    const known = [...(await options()).map(variable), 'DATABASE_URL']
    const env = (list = []) => list.map(({ name }) => name)
    const given = [...containerfile.matchAll(/\b(PGHERALD_\w+)=/g)].map(([, name]) => name)
      .concat(env(pod.env), Object.keys(compose.services.pgherald.environment), objects.flatMap((object) => object.kind === 'Job' ? env(object.spec.template.spec.containers[0].env) : []))
      .filter((name) => name !== 'PGPASSWORD')
    assert.ok(given.length > 8)
    assert.deepEqual(given.filter((name) => !known.includes(name)), [])
    const { stdout } = await run(program, ['help'])
    for (const [command] of [pod.args, compose.services.migrate.command]) assert.match(stdout, new RegExp(`^ {2}pgherald ${command} `, 'm'))
    assert.match(containerfile, new RegExp(`^CMD \\["${pod.args[0]}"\\]$`, 'm'))
  })

  test('is found by its Services, has time to drain, and no variables of Kubernetes', () => {
    const kinds = objects.map(({ kind }) => kind).sort()
    assert.deepEqual(kinds, ['Deployment', 'Job', 'PodDisruptionBudget', 'Service', 'Service'])
    const ports = Object.fromEntries(pod.ports.map(({ name, containerPort }) => [name, containerPort]))
    assert.deepEqual(ports, { http: 8000, admin: 8001 })
    for (const { spec } of objects.filter(({ kind }) => kind === 'Service')) {
      assert.deepEqual(spec.selector, deployment.spec.template.metadata.labels)
      assert.deepEqual(spec.selector, deployment.spec.selector.matchLabels)
      for (const { targetPort } of spec.ports) assert.ok(targetPort in ports, targetPort)
    }
    for (const probe of [pod.readinessProbe, pod.livenessProbe]) assert.equal(probe.httpGet.port, 'admin')
    const delay = parseInt(pod.env.find(({ name }) => name === 'PGHERALD_DRAIN_DELAY').value)
    assert.ok(deployment.spec.template.spec.terminationGracePeriodSeconds >= delay + 5)
    for (const { spec } of objects.filter(({ kind }) => ['Deployment', 'Job'].includes(kind))) {
      assert.equal(spec.template.spec.enableServiceLinks, false)
      assert.equal(spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem, true)
      assert.equal(spec.template.spec.securityContext.runAsUser, Number(/^USER (\d+)/m.exec(containerfile)[1]))
    }
  })

  test('waits in compose until the database is there and migrated', () => {
    const { migrate, pgherald } = compose.services
    assert.equal(migrate.depends_on.postgres.condition, 'service_healthy')
    assert.equal(pgherald.depends_on.migrate.condition, 'service_completed_successfully')
    assert.equal(pgherald.environment.DATABASE_URL, migrate.environment.DATABASE_URL)
    assert.ok(existsSync(join(repository, 'contrib/container', compose.services.pgherald.build.context, compose.services.pgherald.build.dockerfile)))
    for (const name of pgherald.secrets) assert.ok(name in compose.secrets && pgherald.environment.PGHERALD_JWT_SECRET_FILE.endsWith(name))
  })
})
