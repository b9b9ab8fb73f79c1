// Slow clients and a flood of bad tokens beside live streams. The daemon gets rid of them, at a
// bounded cost of memory, and nobody else notices.
// run: both
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { missing, sanitized } from '../lib/daemon.mjs'
import { addressOf, answers } from '../lib/raw.mjs'
import { openStage } from '../lib/stage.mjs'
import { flood, SlowClients } from '../lib/storm.mjs'
import { token } from '../lib/token.mjs'
import { now, until } from '../lib/wait.mjs'

const deadline = 10_000 // VISIT_MS
const megabyte = 1 << 20

describe('storm', { skip: missing() }, () => {
  let stage, daemon, address, streams, files, rss, bad
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');`),
    })
    daemon = stage.daemon
    address = addressOf(daemon.url('/'))
    bad = await token({ sub: 'ann' }, { secret: 'another-secret-of-more-than-32-bytes' })
    const good = await token({ sub: 'ann' })
    streams = await Promise.all(Array.from({ length: 20 }, () => daemon.subscribe('/own', { token: good })))
    files = streams.length
    await until(() => daemon.connections() === files, { what: 'no connection but those of the streams' })
    rss = [daemon.rssBytes()]
  })
  after(async () => {
    await Promise.all((streams ?? []).map((stream) => stream.close()))
    await stage?.close()
  })

  const head = 'POST /stream/ticket HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n'

  /** Sends half a head, then goes. */
  function knockAndGo() {
    const socket = connect(address, () => socket.write('GET /own HTTP/1.1\r\nHo', () => socket.destroy()))
    socket.on('error', () => {})
  }

  test('300 slow heads, 20 slow bodies and a flood of bad tokens beside 20 streams', async (t) => {
    const slow = {
      heads: new SlowClients(address, 300, 'GET /own HTTP/1.1\r\nX: '),
      bodies: new SlowClients(address, 20, `${head}\r\n`),
      'empty lines': new SlowClients(address, 5, '\r\n'.repeat(100), { more: '\r\n' }),
      'silent ones': new SlowClients(address, 5, '', { more: '' }),
    }
    for (let n = 0; n < 50; n++) knockAndGo()
    try {
      // Without the empty lines, which are refused at once. On a slow machine they would be gone
      // before the last of the others has come.
      await until(() => daemon.connections() >= files + 325, { what: 'all slow clients to be connected' })
      const flooding = flood(address, `GET /own HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bad}\r\n\r\n`, 16, now() + 5000)
      let id = 0
      const writing = until(async () => {
        await stage.cluster.psql(`INSERT INTO notes VALUES (${++id}, 'ann')`)
        return now() > slow.heads.began + 5000
      }, { timeout: 60_000, what: 'the end of the writing' })
      await until(() => now() > slow.heads.began + 2500)
      rss.push(daemon.rssBytes())
      const statuses = await flooding
      await writing
      rss.push(daemon.rssBytes())

      await Promise.all(streams.map((stream) => stream.when(() => stream.events.length >= id, 30_000, () => 'every event')))
      for (const stream of streams) {
        assert.deepEqual(stream.events.map(({ data }) => JSON.parse(data).row.id), Array.from({ length: id }, (_, n) => n + 1))
      }
      assert.deepEqual(Object.keys(statuses), ['401'])

      for (const [what, clients] of Object.entries(slow)) {
        await until(() => clients.gone, { timeout: deadline + 20_000, what: `the end of the slow ${what}` })
        const [least, most] = [Math.min(...clients.ends), Math.max(...clients.ends)]
        if (what === 'empty lines') assert.ok(most < deadline / 2, `a second empty line is the end: ${most} ms`)
        else assert.ok(least > deadline - 500, `slow ${what} were given ${least} ms`)
        assert.ok(most < 2 * deadline, `slow ${what} were given ${most} ms`)
        assert.deepEqual(answers(clients.answers), what === 'empty lines' ? [400, 400, 400, 400, 400] : [])
      }
      await until(() => daemon.connections() <= files, { what: 'the end of every connection but the streams' })
      assert.ok(streams.every((stream) => stream.open))
      rss.push(daemon.rssBytes())
      const [before, early, late, end] = rss.map((bytes) => bytes / megabyte)
      t.diagnostic(`${statuses[401]} refusals in 5 s, ${id} events to each of 20 streams; RSS ${[before, early, late, end].map((mb) => mb.toFixed(1)).join(', ')} MB`)
      if (!sanitized()) {
        assert.ok(early - before < 12, 'what 380 connections may take')
        assert.ok(late - early < 2, 'the flood goes on, the memory does not')
        assert.ok(end - before < 12)
      }
    } finally {
      for (const clients of Object.values(slow)) clients.close()
    }
  })
})
