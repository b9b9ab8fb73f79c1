// Where the daemon listens, and whom it takes its clients for: several addresses, unix sockets, and
// proxies that are trusted to say who asks.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, lstatSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { missing, run } from '../lib/daemon.mjs'
import { freePort, removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE n (id int PRIMARY KEY);
  SELECT herald.watch('n');
  SELECT herald.stream('/n', '{n}', anonymous => true), herald.stream('/own', '{n}', match => '{"owner": "claims.sub"}');`)

/** Status and first bytes of an answer to a request by these bytes, at a path or a port. */
const exchange = (where, bytes, wanted = '\r\n') => new Promise((resolve, reject) => {
  const socket = net.connect(where)
  let got = ''
  socket.on('data', (chunk) => {
    got += chunk
    if (got.includes(wanted)) socket.destroy()
  })
  socket.on('error', reject)
  socket.on('close', () => resolve(got))
  for (const part of [bytes].flat()) socket.write(part)
})
const statusOf = (answer) => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1])
const ask = (path, ...fields) => [`GET ${path} HTTP/1.1`, 'Host: x', ...fields, '', ''].join('\r\n')

describe('addresses', { skip: missing(), timeout: 120_000 }, () => {
  let stage, cluster, directory, socket, six, daemon, last = 0
  before(async () => {
    directory = temporaryDirectory('addresses')
    socket = join(directory, 'http')
    six = await freePort()
    stage = await openStage({ prepare, daemon: { also: [`[::1]:${six}`, `unix:${socket}`], flags: ['--max-streams-per-ip', '2', '--trusted-proxies', '127.0.0.2/32,10.0.0.0/8,unix', '--log-level', 'debug'] } })
    ;({ cluster, daemon } = stage)
  })
  after(async () => {
    await stage?.close()
    removeDirectory(directory)
  })

  const write = () => cluster.psql(`INSERT INTO n VALUES (${++last})`)

  test('a stream comes through a unix socket, which everybody on the machine may use', async () => {
    assert.equal(lstatSync(socket).mode & 0o777, 0o666)
    const answer = exchange(socket, ask('/n'), 'n.insert')
    const curl = promisify(execFile)('curl', ['-sN', '--max-time', '20', '--unix-socket', socket, 'http://localhost/n'], { encoding: 'utf8' }).catch(({ stdout }) => ({ stdout }))
    await until(async () => (await daemon.status()).json.streams >= 2, { what: 'two streams' })
    await write()
    assert.equal(statusOf(await answer), 200)
    await cluster.psql("SELECT herald.unstream('/n'), herald.stream('/n', '{n}', anonymous => true)")
    assert.match((await curl).stdout, /event: n\.insert/)
  })

  test('one daemon is at all its addresses', async () => {
    for (const where of [socket, { port: six, host: '::1' }, { port: daemon.port, host: '127.0.0.1' }]) assert.equal(statusOf(await exchange(where, ask('/stream/status'))), 200)
  })

  test('commands of this machine find it there', async () => {
    const { stdout } = await run(['doctor', '--database-url', cluster.url(), '--listen', `unix:${socket}`, '--admin-listen', '', '--jwt-secret-file', daemon.secretFile], { timeout: 60_000 })
    assert.match(stdout, /daemon +answers on unix:/)
  })

  test('a socket that a killed daemon has left is taken over, one in use is not, and an end takes it away', async () => {
    const place = join(directory, 'other')
    const first = await stage.addDaemon({ also: [`unix:${place}`] })
    const taken = await run(['serve', '--database-url', cluster.url(), '--listen', `unix:${place}`, '--admin-listen', '', '--jwt-secret-file', first.secretFile], { timeout: 30_000 })
    assert.equal(taken.code, 1)
    assert.match(taken.stderr, /cannot listen on 'unix:.*other': Address already in use/)
    await first.kill9()
    assert.ok(existsSync(place))
    await first.start()
    assert.equal(statusOf(await exchange(place, ask('/stream/status'))), 200)
    await first.stop()
    assert.ok(!existsSync(place))
  })

  /** The addresses that the log names for refusals of these requests. */
  const addressOf = async (bytes, where = socket) => {
    const before = daemon.logs().length
    assert.equal(statusOf(await exchange(where, bytes)), 401)
    const line = () => / from (\S+):/.exec(daemon.logs().slice(before))
    await until(line, { what: 'the refusal in the log' })
    return line()[1]
  }
  const bad = ['Authorization: Bearer bad']

  test('who asks is what a trusted proxy says, and nobody else', async () => {
    assert.equal(await addressOf(ask('/own', ...bad)), 'unix')
    assert.equal(await addressOf(ask('/own', ...bad, 'X-Forwarded-For: 6.6.6.6, 198.51.100.7, 10.1.2.3')), '198.51.100.7')
    assert.equal(await addressOf(ask('/own', ...bad, 'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 198.51.100.8')), '198.51.100.8')
    assert.equal(await addressOf(ask('/own', ...bad, 'Forwarded: for="[2001:db8::7]:47";proto=https')), '2001:db8::7')
    const port = { port: daemon.port, host: '127.0.0.1' }
    assert.equal(await addressOf(ask('/own', ...bad, 'X-Forwarded-For: 198.51.100.7', 'Forwarded: for=198.51.100.7'), port), '127.0.0.1')
    assert.equal(await addressOf(ask('/own', ...bad, 'X-Forwarded-For: 198.51.100.9'), { ...port, localAddress: '127.0.0.2' }), '198.51.100.9')
  })

  test('a PROXY head of a trusted proxy says it, in both versions, also in pieces', async () => {
    const line = 'PROXY TCP4 198.51.100.7 10.0.0.1 4711 443\r\n'
    const binary = Buffer.from('0d0a0d0a000d0a515549540a2111000cc63364080a000001123401bb', 'hex')
    assert.equal(await addressOf([line, ask('/own', ...bad)]), '198.51.100.7')
    assert.equal(await addressOf([binary, ask('/own', ...bad)]), '198.51.100.8')
    assert.equal(await addressOf([binary, ask('/own', ...bad, 'X-Forwarded-For: 6.6.6.6')]), '198.51.100.8', 'whom it names is no proxy')
    const pieces = [...line].slice(0, 20)
    assert.equal(await addressOf([...pieces, line.slice(20), ask('/own', ...bad)]), '198.51.100.7')
    assert.equal(await exchange(socket, 'PROXY nonsense\r\n').catch(({ code }) => code), 'ECONNRESET')
    assert.equal(statusOf(await exchange({ port: daemon.port, host: '127.0.0.1' }, [line, ask('/n')])), 400)
    const health = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex') // LOCAL
    assert.equal(statusOf(await exchange(socket, [health, ask('/stream/status')])), 200)
  })

  test('a limit for an address counts clients, not their proxy', async () => {
    const open = (address) => new Promise((resolve, reject) => {
      const answer = http.get({ socketPath: socket, path: '/n', agent: false, headers: { 'X-Forwarded-For': address } }, resolve)
      answer.on('error', reject)
    })
    const answers = []
    for (const address of ['198.51.100.1', '198.51.100.1', '198.51.100.2', '198.51.100.1']) answers.push(await open(address))
    assert.deepEqual(answers.map(({ statusCode }) => statusCode), [200, 200, 200, 429])
    for (const answer of answers) answer.destroy()
  })

  test('SIGHUP changes who is trusted, and what is no address is refused', async () => {
    const check = (...flags) => run(['config', 'check', '--database-url', cluster.url(), '--jwt-secret-file', daemon.secretFile, ...flags], { timeout: 30_000 })
    assert.equal((await check('--trusted-proxies', '10.0.0.0/8, fd00::/8, unix')).code, 0)
    const { code, stderr } = await check('--trusted-proxies', '10.0.0.0/8,localhost')
    assert.equal(code, 3)
    assert.match(stderr, /trusted-proxies has 'localhost', which is no address/)
    assert.equal((await check('--listen', 'unix:/run/x,127.0.0.1:8000')).code, 0)
    assert.match((await check('--listen', '127.0.0.1')).stderr, /listen is '127\.0\.0\.1', not an address/)
  })
})
