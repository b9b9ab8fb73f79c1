// Requests, as bytes, that two programs could read differently. Behind a proxy, the bytes that one
// of them leaves over are a second request.
// run: both
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { hostile, second } from '../lib/hostile.mjs'
import { addressOf, answers, exchange, isStream } from '../lib/raw.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const tokens = { good: await token({ sub: 'ann' }), bad: await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' }) }

describe('framing', { skip: missing() }, () => {
  let stage, daemon, address
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/open', '{notes}', anonymous => true);
        SELECT herald.stream('/smuggled', '{notes}', anonymous => true);`),
      daemon: { flags: ['--log-level', 'debug'] }, // which tells of each stream that is opened
    })
    daemon = stage.daemon
    address = addressOf(daemon.url('/'))
  })
  after(() => stage?.close())

  const send = (bytes) => exchange(address, Buffer.concat([Buffer.from(bytes, 'latin1'), Buffer.from(second)]), { enough: isStream })
  const smuggled = () => daemon.logs().includes("'/smuggled'")

  /** The number of requests so far, and of those that were refused for any reason. */
  async function counted() {
    const { text } = await request(daemon.adminUrl('/metrics'))
    const sum = (name) => [...text.matchAll(new RegExp(`^pgherald_${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce((sum, [, count]) => sum + Number(count), 0)
    return [sum('requests_total'), sum('refused_total')]
  }

  for (const [row, what, bytes, status] of hostile(tokens)) {
    test(`${row} ${what}: ${status}, once and counted, and nothing behind it is run`, async () => {
      const [before, refused] = await counted()
      const count = [bytes].flat().length
      for (const each of [bytes].flat()) {
        const answer = await send(each)
        const shown = `${JSON.stringify(String(each).slice(0, 200))}: ${answer.slice(0, 400)}`
        assert.deepEqual(answers(answer), [status], shown)
        assert.equal(isStream(answer), status === 200 && !answer.includes('"status":"ok"'), shown)
      }
      assert.ok(!smuggled())
      assert.deepEqual(await counted(), [before + count, refused + (status < 400 ? 0 : count)])
    })
  }

  // Without this the daemon's silence about /smuggled would prove nothing.
  test('a second request is seen where it is a first one', async () => {
    await exchange(address, second, { enough: isStream })
    await until(smuggled, { what: 'the log to tell of /smuggled' })
  })

  test('our refusals are JSON that says why, and say that the connection ends', async () => {
    for (const [row, , bytes, status] of hostile(tokens)) {
      if (status < 400) continue
      const [first] = [bytes].flat()
      const answer = await send(first)
      assert.match(answer, /\r\nConnection: close\r\n/i, row)
      assert.match(answer, /\r\nContent-Type: application\/json\r\n/, row)
      assert.match(answer, /\r\nContent-Security-Policy: default-src 'none'\r\n/, row)
      assert.doesNotMatch(answer, /\r\nServer:/i, row)
      assert.match(answer, /"success":false,"errors":\["[^"]+"\]\}$/, row)
    }
  })

  test('H20 the answer to HEAD is a head and nothing behind it', async () => {
    for (const path of ['/open', '/stream/status', '/nowhere']) {
      const answer = await exchange(address, `HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n${second}`)
      assert.match(answer, /^HTTP\/1\.1 \d{3} [^]*\r\n\r\n$/)
      assert.equal(answer.indexOf('\r\n\r\n'), answer.length - 4, answer)
    }
  })

  test('H34 requests behind an open stream are never served, and do it no harm', async () => {
    const many = `GET /open HTTP/1.1\r\nHost: a\r\n\r\n${'GET /stream/status HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000)}`
    let inserted
    const answer = await exchange(address, many, {
      enough: (text) => {
        if (isStream(text)) inserted ??= stage.cluster.psql("INSERT INTO notes VALUES (1, 'ann')")
        return text.includes('event: notes.insert')
      },
    })
    await inserted
    assert.deepEqual(answers(answer), [200])
    assert.ok(answer.includes('event: notes.insert'))
    assert.ok(!answer.includes('uptime_s'))
  })
})
