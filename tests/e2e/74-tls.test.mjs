// TLS on the way to PostgreSQL, in records that are longer than libpq makes room for. No row waits
// for the next one.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { makeCertificate, TlsProxy } from '../lib/tls.mjs'
import { until } from '../lib/wait.mjs'

const rows = 9, rounds = 25
const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, text text NOT NULL DEFAULT '');
  INSERT INTO notes SELECT generate_series(1, ${rows});
  SELECT herald.watch('notes');
  CREATE FUNCTION state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS
    'SELECT jsonb_build_object(''n'', i, ''text'', repeat(''y'', 3000 + i * 7)) FROM generate_series(1, 200) i';
  SELECT herald.stream('/notes', '{notes}', anonymous => true);
  SELECT herald.stream('/state', '{notes}', anonymous => true, snapshot => 'public.state');`)

describe('TLS to the database', { skip: missing(), timeout: 180_000 }, () => {
  let stage, directory, certificate

  before(async () => {
    directory = processes.temporaryDirectory('tls')
    certificate = await makeCertificate(directory)
    stage = await openStage({ prepare, daemon: false })
  })
  after(async () => {
    await stage?.close()
    processes.removeDirectory(directory)
  })

  for (const record of [4096, 16_384]) {
    test(`records of ${record} bytes hold no row back`, async () => {
      const proxy = await TlsProxy.open(stage.cluster.port, certificate, { record })
      const daemon = await stage.addDaemon({ databaseUrl: `host=127.0.0.1 port=${proxy.port} user=postgres dbname=${stage.cluster.database} sslmode=require` })
      try {
        const stream = await daemon.subscribe('/notes')
        await stream.next('connected')
        for (let round = 1; round <= rounds; round++) { // of many sizes, because it matters where in the rows a record ends
          await stage.cluster.psql(`UPDATE notes SET n = n + 1, text = repeat('x', ${3000 + round * 37})`)
          // Rows that wait do so for 10 s. Then the daemon gives up the connection, and the log
          // says so. A row that comes only with the next change would be late too.
          await until(() => stream.events.length === round * rows, { what: `${rows} events of round ${round}` })
        }
        const page = await request(daemon.url('/notes?after=earliest'), { headers: { Accept: 'application/json' } })
        assert.ok(page.json.events.length >= rounds, page.text.slice(0, 300))
        const states = await daemon.subscribe('/state')
        await states.next('ready', 30_000)
        assert.equal(states.frames.filter((frame) => frame.name === 'snapshot').length, 200)
        await Promise.all([stream.close(), states.close()])
        assert.doesNotMatch(daemon.log, /no answer in time/)
      } finally {
        await proxy.close()
      }
    })
  }
})
