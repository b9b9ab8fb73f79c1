// `pgherald tail`, a subscriber in the terminal. What it prints, and where it goes on when its
// connection ends.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { environment } from '../lib/cluster.mjs'
import { missing, program, run } from '../lib/daemon.mjs'
import { start } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, owner text);
  CREATE FUNCTION state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$ SELECT '{"id": 7}'::jsonb $$;
  SELECT herald.watch('notes', audience => '{owner}');
  SELECT herald.rule('notes', 'noted', 'insert', NULL, 'jsonb_build_object(''id'', NEW.id)');
  SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/state', '{notes}', snapshot => 'public.state');
  INSERT INTO notes VALUES (1, 'ann'), (2, 'bob'), (3, 'ann');`)

/** The lines that it has printed when `done` is true of them. */
async function tail(args, bearer, done, more = {}) {
  const child = start(program, ['tail', ...args], { env: { ...environment(), PGHERALD_TOKEN: bearer, ...more }, stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  const lines = () => said.split('\n').slice(0, -1)
  try {
    await until(() => done(lines()), { what: 'the last line of tail' })
    return lines()
  } finally {
    child.kill('SIGTERM')
    await child.exited
  }
}
const many = (count) => (lines) => lines.length >= count

/** A server that says these texts, one for each connection, and keeps what it was asked. */
async function scripted(texts) {
  const asked = []
  const server = createServer((request, response) => {
    asked.push(request.headers['last-event-id'])
    response.setHeader('Content-Type', 'text/event-stream')
    if (texts.length > 0) response.end(texts.shift())
    else response.flushHeaders()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { asked, url: `http://127.0.0.1:${server.address().port}`, close: () => (server.closeAllConnections(), server.close()) }
}

describe('tail', { skip: missing(), timeout: 120_000 }, () => {
  let stage, ann, at
  before(async () => {
    stage = await openStage({ prepare })
    ann = await token({ sub: 'ann' })
    at = ['--listen', `127.0.0.1:${stage.daemon.port}`]
  })
  after(() => stage?.close())

  test('a line an event: id, name, data; what has no id has none in the line', async () => {
    const lines = await tail(['/own', '--from', 'earliest', ...at], ann, many(3))
    assert.match(lines[0], /^ +connected +\{"message":"SSE connected"\}$/)
    assert.match(lines[1], /^\d+-\d+ +noted +\{"id": 1\}$/)
    assert.match(lines[2], /^\d+-\d+ +noted +\{"id": 3\}$/)
    const state = await tail(['/state', ...at], ann, many(3))
    assert.match(state[1], /^ +snapshot +\{"id": 7\}$/)
    assert.match(state[2], /^\d+-\d+ +ready +\{"items":1\}$/)
  })

  test('--json: the same, an object a line', async () => {
    const lines = await tail(['/own', '--from', 'earliest', '--json', ...at], ann, many(3))
    assert.deepEqual(lines.map((line) => JSON.parse(line)).map(({ id, event, data }) => [/^\d+-\d+$/.test(id), event, data]),
      [[false, 'connected', { message: 'SSE connected' }], [true, 'noted', { id: 1 }], [true, 'noted', { id: 3 }]])
  })

  test('no proxy of the environment is between it and its own daemon, nor sees the token', async () => {
    const proxy = await scripted([])
    try {
      const lines = await tail(['/own', ...at], ann, many(1), { http_proxy: proxy.url, no_proxy: '' })
      assert.match(lines[0], /connected/)
      assert.deepEqual(proxy.asked, [])
    } finally {
      proxy.close()
    }
  })

  test('who is refused is told why: exit status 1', async () => {
    const { code, stderr } = await run(['tail', '/own', ...at], { env: { PGHERALD_TOKEN: 'none' } })
    assert.equal(code, 1)
    assert.match(stderr, /answered 401: .*Not authorized, token failed/)
  })

  test('it comes back behind the last whole event, and after a reset that takes the id away without one', async () => {
    const server = await scripted(['\nretry: 10\n\nid: 5-1\nevent: a\ndata: 1\n\nid: 6-1\nevent: b\ndata: 2', 'id:\nevent: reset\ndata: 3\n\n'])
    try {
      await tail(['/own', '--url', server.url], ann, () => server.asked.length === 3)
      assert.deepEqual(server.asked, [undefined, '5-1', undefined])
    } finally {
      server.close()
    }
  })
})
