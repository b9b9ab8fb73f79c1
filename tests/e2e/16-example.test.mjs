// What contrib/example's documents have a reader type, typed as it stands there. Also the tests
// that its statements name.
// run: release
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, program, repository } from '../lib/daemon.mjs'
import { encryptionKey } from '../lib/iron.mjs'
import { Parser } from '../lib/parser.mjs'
import { clientProgram } from '../lib/postgres.mjs'
import * as processes from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { until } from '../lib/wait.mjs'

const read = (path) => readFileSync(join(repository, path), 'utf8')

/** The commands of each block of the section. A command that goes on in the next line is one. */
const blocks = [...read('contrib/example/README.md').split('## Try')[1].split('\n## ')[0].matchAll(/(?:^ {4}.+\n)+/gm)]
  .map(([block]) => block.trimEnd().split(/\n(?= {4}(?:curl|psql) )/).map((command) => command.trim()))

describe('a reader of the example', { skip: missing() }, () => {
  let stage, bin, env
  before(async () => {
    stage = await openStage({ example: true, daemon: { env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
    bin = mkdtempSync(join(tmpdir(), 'pgherald-example-'))
    symlinkSync(program, join(bin, 'pgherald'))
    symlinkSync(clientProgram('psql'), join(bin, 'psql'))
    const { hostname, port, pathname } = new URL(stage.cluster.url())
    env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, PGHOST: hostname, PGPORT: port, PGUSER: 'postgres', PGDATABASE: pathname.slice(1),
      PGHERALD_JWT_SECRET_FILE: stage.daemon.secretFile }
  })
  after(async () => {
    await stage?.close()
    if (bin) rmSync(bin, { recursive: true })
  })

  const shell = (command) => processes.start('bash', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'] })

  async function type(command) {
    const child = shell(command)
    let said = ''
    child.stdout.on('data', (chunk) => (said += chunk))
    assert.equal((await child.exited).code, 0, command)
    return said
  }

  /**
   * Types a block. Its first command listens, and each of the others must bring one event. Returns
   * what came, `connected` first.
   */
  async function listenAnd([listen, ...changes]) {
    const curl = shell(`exec ${listen.replace('http://127.0.0.1:8000', stage.daemon.url('').replace(/\/$/, ''))}`)
    const frames = []
    const parser = new Parser({ onFrame: (frame) => frames.push(frame) })
    curl.stdout.on('data', (chunk) => parser.push(chunk))
    const begun = ({ event, data }) => event === 'ready' || (event === 'connected' && !listen.includes('rounds')) || data.includes('"connected"')
    try {
      await until(() => frames.some(begun), { timeout: 30_000, what: 'connected' })
      for (const change of changes) {
        const seen = frames.length
        await type(change)
        await until(() => frames.length > seen, { timeout: 30_000, what: `what comes of ${change}` })
      }
      return frames
    } finally {
      curl.kill('SIGTERM')
      await curl.exited
    }
  }

  test('sees the change of an order', async () => {
    const { event, data } = (await listenAnd(blocks[0])).at(-1)
    assert.equal(event, 'order_status_update')
    assert.deepEqual([JSON.parse(data).order_code, JSON.parse(data).order_status], ['ORD-A7X3B2', 'Preparing'])
  })

  test('sees all that may happen to a card, an event for each line', async () => {
    const news = (await listenAnd(blocks[1])).slice(1).map(({ data }) => JSON.parse(data))
    assert.deepEqual(news.map(({ changeType }) => changeType), ['part', 'invoice', 'customer', 'vehicle', 'email', 'email'])
    assert.ok(!JSON.stringify(news).includes('+316'), 'no number of a customer is told')
  })

  test('gets sealed numbers, until the subscription ends', async () => {
    const frames = await listenAnd(blocks[2])
    const [number, end] = frames.slice(-2)
    assert.equal(number.event, 'update')
    assert.match(number.data, /^Fe26\.2\*/)
    assert.deepEqual([end.event, JSON.parse(end.data).reason], ['closing', 'forbidden'])
  })

  test('calls an action without the daemon', async () => {
    const said = await type(blocks[3].join('\n'))
    assert.match(said, /Order status updated/)
    assert.match(said, /Out for Delivery/)
    assert.equal(blocks.length, 4)
  })
})

// The example's page of statements names a test for each of them. That test must exist.
describe("the example's statements", () => {
  const text = read('contrib/example/statements.md')
  const rows = text.split(/^(?=- |## )/m).filter((part) => part.startsWith('- ')).map((row) => row.replace(/\s+/g, ' '))
  const source = (name) => read(`tests/e2e/${name}.test.mjs`)

  test('are those of all documents', () => assert.equal(rows.length > 80 && text.match(/^## 00\d/gm).length, 5))

  test('name tests that are there', () => {
    let named = 0
    for (const row of rows) {
      assert.ok(row.includes(' Shown by '), row)
      const shown = row.slice(row.lastIndexOf(' Shown by '))
      for (const [, sql] of shown.matchAll(/\bsql\/(\w+)/g)) assert.ok(existsSync(join(repository, `tests/sql/${sql}.sql`)), `${sql}: ${row}`)
      for (const [, unit] of shown.matchAll(/\bunit\/(\w+)/g)) assert.ok(existsSync(join(repository, `tests/unit/${unit}.c`)), `${unit}: ${row}`)
      for (const [, file, names] of shown.matchAll(/\be2e\/([\w-]+)((?:[^;]*?"[^"]+")*)/g)) {
        const code = source(file).replaceAll("\\'", "'")
        for (const [, name] of names.matchAll(/"([^"]+)"/g)) {
          named++
          assert.ok(new RegExp(`['"\`]${name.replace(/ ?…$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).test(code), `e2e/${file} "${name}": ${row}`)
        }
      }
    }
    assert.ok(named > 60, `${named} tests are named`)
  })
})
